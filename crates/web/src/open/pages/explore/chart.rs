//! The chart of groups.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use lake::Filter;
use platform::registry::Asset;
use url::form_urlencoded;
use vocabulary::Bilingual;

use super::ask::{Ask, MOST_GROUPS};
use super::condition::Kinds;
use crate::open::pages::cells::title_of;
use crate::open::pages::dataset::quoted;
use crate::parts::{Chart, Series, plain_number};

/// Most bars; the numbers of all groups are in the download.
const BARS: usize = 30;

/// A group with its measure.
#[derive(Clone, Debug, PartialEq)]
struct Group {
    name: String,
    value: Option<f64>,
    /// Its place in the order of the groups.
    place: usize,
}

/// The chart of groups with one measure: a line over what has an order, else bars,
/// the largest first.
pub(super) fn of_groups(
    asset: &Asset,
    ask: &Ask,
    found: &RecordBatch,
    kinds: &Kinds,
    filter: Option<&Filter>,
) -> Option<Chart> {
    let mut groups = groups(found)?;
    let is_line = match ask.kind.as_str() {
        "line" => true,
        "bar" => false,
        _ => kinds.is_ordered(&ask.group) && groups.len() > 2,
    };
    let all = groups.len();
    let summary = summary(&groups, if is_line { all } else { BARS });
    if !is_line {
        groups.sort_by(|a, b| b.value.unwrap_or(f64::MIN).total_cmp(&a.value.unwrap_or(f64::MIN)));
        groups.truncate(BARS);
        if ask.sort == "name" {
            // As the lake gives them: in the order of the groups themselves.
            groups.sort_by_key(|group| group.place);
        }
    }
    let name = title_of(asset, &ask.group);
    let measure = ask.measure_label(asset);
    let english = if name.en.is_empty() { &name.zh } else { &name.en };
    Some(Chart {
        id: "chart-main".to_owned(),
        title: Bilingual::new(
            format!("按{}分组的{}", name.zh, measure.zh),
            format!("{} by {english}", measure.en),
        ),
        summary,
        kind: if is_line { "line" } else { "bar" },
        x_name: name,
        y_name: measure.clone(),
        x: groups.iter().map(|group| group.name.clone()).collect(),
        series: vec![Series {
            name: measure,
            values: groups.iter().map(|group| group.value).collect(),
        }],
        points: Vec::new(),
        limit: None,
        file_url: Some(file_url(asset, ask, filter)),
    })
}

/// The first column names the group, the last one measures it.
fn groups(found: &RecordBatch) -> Option<Vec<Group>> {
    let (names, values) = (found.columns().first()?, found.columns().last()?);
    let options = FormatOptions::default().with_null("—");
    let formatter = ArrayFormatter::try_new(names.as_ref(), &options).ok()?;
    let numbers = cast(values, &DataType::Float64).ok()?;
    let numbers = numbers.as_primitive::<Float64Type>();
    let group = |row: usize| {
        let name = formatter.value(row).try_to_string().ok()?;
        let value = (!numbers.is_null(row)).then(|| numbers.value(row));
        Some(Group { name, value, place: row })
    };
    let groups: Option<Vec<Group>> = (0..found.num_rows()).map(group).collect();
    groups.filter(|groups| !groups.is_empty())
}

/// Which group has the most and which the least, and what is not shown. Of groups that
/// were cut off neither is known.
///
/// - `groups`: all groups that were measured.
/// - `shown`: how many of them are drawn.
fn summary(groups: &[Group], shown: usize) -> Bilingual {
    if u64::try_from(groups.len()).unwrap_or(u64::MAX) >= MOST_GROUPS {
        return Bilingual::new(
            format!(
                "组数超过上限，只计算了前 {MOST_GROUPS} 组，无法说明哪一组最大。请先筛选，或换一列分组。"
            ),
            format!(
                "There are more than {MOST_GROUPS} groups; only the first {MOST_GROUPS} were measured, so the largest is not known. Filter first, or group by another column."
            ),
        );
    }
    let known = groups.iter().filter_map(|group| Some((group.name.as_str(), group.value?)));
    let most = known.clone().max_by(|a, b| a.1.total_cmp(&b.1));
    let least = known.min_by(|a, b| a.1.total_cmp(&b.1));
    let (Some(most), Some(least)) = (most, least) else {
        return Bilingual::new("各组都没有值。", "No group has a value.");
    };
    let (high, low) = (plain_number(most.1), plain_number(least.1));
    let mut zh = format!("“{}”最大，为 {high}；“{}”最小，为 {low}。", most.0, least.0);
    let mut en = format!("“{}” is the largest, {high}; “{}” the smallest, {low}.", most.0, least.0);
    let all = groups.len();
    if shown < all {
        zh.push_str(&format!("共 {all} 组，图中是最大的 {shown} 组。"));
        en.push_str(&format!(" The largest {shown} of {all} groups are drawn."));
    }
    Bilingual::new(zh, en)
}

/// The numbers of all groups as CSV.
fn file_url(asset: &Asset, ask: &Ask, filter: Option<&Filter>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("by", &quoted(&ask.group)).append_pair("measures", &ask.measure_text());
    if let Some(filter) = filter {
        query.append_pair("where", &filter.to_string());
    }
    format!("/dataset/{}/explore/groups.csv?{}", asset.id, query.finish())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, StringArray};
    use arrow::datatypes::{Field, Schema};

    use super::*;

    #[test]
    fn groups_keep_the_one_without_a_name_and_the_one_without_a_value() {
        let schema = Schema::new(vec![
            Field::new("市", DataType::Utf8, true),
            Field::new("sum(人口)", DataType::Int64, true),
        ]);
        let names = StringArray::from(vec![Some("太原"), None, Some("大同")]);
        let values = Int64Array::from(vec![Some(5), Some(2), None]);
        let batch = RecordBatch::try_new(Arc::new(schema), vec![Arc::new(names), Arc::new(values)])
            .unwrap();
        let groups = groups(&batch).unwrap();
        assert_eq!(groups[1], Group { name: "—".to_owned(), value: Some(2.0), place: 1 });
        assert_eq!(groups[2].value, None);
        assert_eq!(summary(&groups, 3).zh, "“太原”最大，为 5；“—”最小，为 2。");
        assert!(summary(&groups, 2).en.contains("The largest 2 of 3 groups"));
    }
}

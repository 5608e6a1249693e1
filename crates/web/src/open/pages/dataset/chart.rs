//! The chart that a data set is shown with at once, made from its profile.
//!
//! ```text
//! at most 100 rows, one for each year or day   ─▶ a line of the first number
//! a column with 2 to 20 values, repeated       ─▶ rows for each value
//! a number or date                             ─▶ a histogram
//! ```

use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use lake::{Order, RowQuery};
use platform::gate::release::Release;
use platform::open::{self, Dataset};
use quality::{ColumnProfile, TableProfile};
use vocabulary::Bilingual;

use crate::app::App;
use crate::open::pages::cells::{Table, title_of};
use crate::parts::{Chart, Series, encoded};
use crate::visitor::Visitor;

/// Most rows of a line.
const LINE_ROWS: u64 = 100;
/// Most bars.
const BARS: u64 = 20;
/// Years that a column of whole numbers may name.
const YEARS: std::ops::RangeInclusive<i64> = 1800..=2200;

/// The chart of a data set, if its columns give one.
pub(super) async fn chart(
    app: &App,
    visitor: &Visitor,
    dataset: &Dataset,
    release: &Release,
) -> Option<Chart> {
    if let Some((time, number)) = line_columns(&release.profile) {
        return line(app, visitor, dataset, time, number).await;
    }
    bars(dataset, &release.profile).or_else(|| histogram(dataset, &release.profile))
}

/// A column that orders all rows in time, and the first number beside it.
fn line_columns(profile: &TableProfile) -> Option<(&ColumnProfile, &ColumnProfile)> {
    if !(3..=LINE_ROWS).contains(&profile.rows) {
        return None;
    }
    let time = profile.columns.iter().find(|column| {
        column.distinct == profile.rows
            && column.missing == 0
            && (column.kind == "date" || is_year(column))
    })?;
    let number = profile.columns.iter().find(|column| {
        column.name != time.name
            && is_number(column)
            && column.distinct > 1
            && !is_running_number(column, profile.rows)
    })?;
    Some((time, number))
}

fn is_number(column: &ColumnProfile) -> bool {
    column.kind == "int64" || column.kind == "float64"
}

fn is_year(column: &ColumnProfile) -> bool {
    let year = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<i64>().ok());
    column.kind == "int64"
        && [&column.min, &column.max]
            .into_iter()
            .all(|text| year(text).is_some_and(|y| YEARS.contains(&y)))
}

/// Whether a column numbers the rows without a gap.
fn is_running_number(column: &ColumnProfile, rows: u64) -> bool {
    let end = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<i64>().ok());
    let (Some(min), Some(max)) = (end(&column.min), end(&column.max)) else { return false };
    column.kind == "int64" && column.distinct == rows && max.abs_diff(min).saturating_add(1) == rows
}

/// A number over time, from the rows themselves.
async fn line(
    app: &App,
    visitor: &Visitor,
    dataset: &Dataset,
    time: &ColumnProfile,
    number: &ColumnProfile,
) -> Option<Chart> {
    let asset = &dataset.asset;
    let query = RowQuery {
        select: Some(vec![time.name.clone(), number.name.clone()]),
        order: vec![Order { column: time.name.clone(), descending: false }],
        limit: Some(LINE_ROWS),
        ..RowQuery::default()
    };
    let page = match open::rows::page(&visitor.caller, &app.platform, asset.id, &query).await {
        Ok((_, page)) => page.rows,
        Err(error) => {
            tracing::warn!(%error, "the rows of a chart could not be read");
            return None;
        }
    };
    let table = Table::of(&page, asset).ok()?;
    let x: Vec<String> =
        table.rows.iter().map(|row| row.first().cloned().flatten().unwrap_or_default()).collect();
    let numbers = cast(page.column(1), &DataType::Float64).ok()?;
    let numbers = numbers.as_primitive::<Float64Type>();
    let values: Vec<Option<f64>> = numbers.iter().collect();
    let known: Vec<(&String, f64)> =
        x.iter().zip(&values).filter_map(|(x, value)| Some((x, (*value)?))).collect();
    let (first, last) = (known.first()?, known.last()?);
    let (name, over) = (title_of(asset, &number.name), title_of(asset, &time.name));
    let summary = Bilingual::new(
        format!("从 {} 的 {} 到 {} 的 {}。", first.0, shown(first.1), last.0, shown(last.1)),
        format!("From {} in {} to {} in {}.", shown(first.1), first.0, shown(last.1), last.0),
    );
    Some(Chart {
        id: "chart-main".to_owned(),
        title: name.clone(),
        summary,
        kind: "line",
        x_name: over,
        y_name: name.clone(),
        x,
        series: vec![Series { name, values }],
        points: Vec::new(),
        limit: None,
        file_url: None,
    })
}

/// Rows for each value of the first column that has few values, and each of them often.
fn bars(dataset: &Dataset, profile: &TableProfile) -> Option<Chart> {
    let column = profile.columns.iter().find(|column| {
        (column.kind == "text" || column.kind == "boolean")
            && (2..=BARS).contains(&column.distinct)
            && column.distinct.saturating_mul(2) <= profile.rows
            && u64::try_from(column.top.len()).unwrap_or(0) == column.distinct
    })?;
    let (most, fewest) = (column.top.first()?, column.top.last()?);
    let asset = &dataset.asset;
    let name = title_of(asset, &column.name);
    let english = if name.en.is_empty() { &name.zh } else { &name.en };
    let rows = || Bilingual::new("行数", "rows");
    Some(Chart {
        id: "chart-main".to_owned(),
        title: Bilingual::new(format!("各{}的行数", name.zh), format!("Rows by {english}")),
        summary: Bilingual::new(
            format!(
                "“{}”最多，有 {} 行；“{}”最少，有 {} 行。",
                most.value, most.count, fewest.value, fewest.count
            ),
            format!(
                "“{}” has the most, {}; “{}” the fewest, {}.",
                most.value, most.count, fewest.value, fewest.count
            ),
        ),
        kind: "bar",
        x_name: name.clone(),
        y_name: rows(),
        x: column.top.iter().map(|top| top.value.clone()).collect(),
        series: vec![Series {
            name: rows(),
            values: column.top.iter().map(|top| Some(count(top.count))).collect(),
        }],
        points: Vec::new(),
        limit: None,
        file_url: Some(format!(
            "/dataset/{}/explore/groups.csv?by={}",
            asset.id,
            encoded(&super::quoted(&column.name))
        )),
    })
}

/// How the values of the first number or date are spread.
fn histogram(dataset: &Dataset, profile: &TableProfile) -> Option<Chart> {
    let column = profile.columns.iter().find(|column| {
        // A number that is different in each row is more likely a key than a measure.
        column.histogram.len() > 2 && (column.kind != "int64" || column.distinct < profile.rows)
    })?;
    let fullest = column.histogram.iter().max_by_key(|bin| bin.count)?;
    let name = title_of(&dataset.asset, &column.name);
    let english = if name.en.is_empty() { &name.zh } else { &name.en };
    let label = |bin: &quality::Bin| format!("{} – {}", bin.from, bin.to);
    let rows = || Bilingual::new("行数", "rows");
    Some(Chart {
        id: "chart-main".to_owned(),
        title: Bilingual::new(format!("{}的分布", name.zh), format!("How {english} is spread")),
        summary: Bilingual::new(
            format!("最多的一段是 {}，有 {} 行。", label(fullest), fullest.count),
            format!("Most rows, {}, are in {}.", fullest.count, label(fullest)),
        ),
        kind: "bar",
        x_name: name,
        y_name: rows(),
        x: column.histogram.iter().map(label).collect(),
        series: vec![Series {
            name: rows(),
            values: column.histogram.iter().map(|bin| Some(count(bin.count))).collect(),
        }],
        points: Vec::new(),
        limit: None,
        file_url: None,
    })
}

fn shown(value: f64) -> String {
    crate::parts::plain_number(value)
}

#[expect(clippy::cast_precision_loss, reason = "a count for a chart")]
fn count(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, kind: &str, distinct: u64, range: (&str, &str)) -> ColumnProfile {
        ColumnProfile {
            name: name.to_owned(),
            kind: kind.to_owned(),
            missing: 0,
            distinct,
            distinct_exact: true,
            min: Some(range.0.to_owned()),
            max: Some(range.1.to_owned()),
            mean: None,
            std_dev: None,
            histogram: Vec::new(),
            top: Vec::new(),
            top_exact: true,
            shortest_chars: None,
            longest_chars: None,
        }
    }

    #[test]
    fn a_table_with_one_row_a_year_is_a_line_over_the_years() {
        let profile = TableProfile {
            rows: 44,
            complete_rows: 44,
            columns: vec![
                column("序号", "int64", 44, ("1", "44")),
                column("年份", "int64", 44, ("1978", "2021")),
                column("人口", "float64", 40, ("1", "2")),
            ],
        };
        let (time, number) = line_columns(&profile).unwrap();
        // The running number is no measure.
        assert_eq!((time.name.as_str(), number.name.as_str()), ("年份", "人口"));
        assert!(line_columns(&TableProfile { rows: 4_000, ..profile }).is_none());
    }
}

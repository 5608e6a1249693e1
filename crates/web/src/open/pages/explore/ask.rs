//! The question of the explore page, as it stands in the address.
//!
//! The form has two conditions, an order, and a group with a measure. A condition
//! becomes a `where` of the row API, so both give the same answer.

use std::collections::BTreeMap;

use lake::{Filter, GroupQuery, Measure, Order};
use platform::registry::Asset;
use serde::Serialize;
use url::form_urlencoded;
use vocabulary::Bilingual;

use super::condition::{Condition, Kinds};
use crate::open::pages::cells::title_of;
use crate::open::pages::dataset::quoted;
use crate::parts::{Choice, FormProblem};

/// Conditions of the form.
const CONDITIONS: usize = 2;
/// Most groups of a chart.
pub(super) const MOST_GROUPS: u64 = 1_000;

/// The question.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Ask {
    filters: Vec<Condition>,
    order: String,
    dir: String,
    /// The column that makes a group.
    pub(super) group: String,
    /// What is measured in each group.
    pub(super) measure: String,
    /// How it is drawn: `auto`, `bar` or `line`.
    pub(super) kind: String,
    /// The order of bars: `value` or `name`.
    pub(super) sort: String,
    /// Where the page begins.
    #[serde(skip)]
    pub(super) cursor: Option<String>,
}

impl Ask {
    /// What stands in an address; what is not understood is left out.
    pub(super) fn parse(query: &str) -> Self {
        let mut given: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            given.entry(name.into_owned()).or_insert_with(|| value.trim().to_owned());
        }
        let mut take = |name: &str| given.remove(name).unwrap_or_default();
        let filters = (0..CONDITIONS).map(|n| {
            let op = take(&format!("op{n}"));
            Condition {
                column: take(&format!("column{n}")),
                op: if op.is_empty() { "eq".to_owned() } else { op },
                value: take(&format!("value{n}")),
            }
        });
        let filters = filters.collect();
        let measure = take("measure");
        let mut word = |name: &str, known: [&str; 3]| {
            let given = take(name);
            let found = known.into_iter().find(|word| *word == given);
            found.or(known.first().copied()).unwrap_or_default().to_owned()
        };
        let (kind, sort) =
            (word("type", ["auto", "bar", "line"]), word("sort", ["value", "name", "value"]));
        Self {
            filters,
            order: take("order"),
            dir: if take("dir") == "desc" { "desc" } else { "asc" }.to_owned(),
            group: take("group"),
            measure: if measure.is_empty() { "count".to_owned() } else { measure },
            kind,
            sort,
            cursor: Some(take("cursor")).filter(|cursor| !cursor.is_empty()),
        }
    }

    /// The address of this question, from another row on.
    pub(super) fn url(&self, path: &str, cursor: Option<&str>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (n, condition) in self.filters.iter().enumerate().filter(|(_, c)| !c.column.is_empty())
        {
            query.append_pair(&format!("column{n}"), &condition.column);
            query.append_pair(&format!("op{n}"), &condition.op);
            query.append_pair(&format!("value{n}"), &condition.value);
        }
        if !self.order.is_empty() {
            query.append_pair("order", &self.order).append_pair("dir", &self.dir);
        }
        if !self.group.is_empty() {
            query.append_pair("group", &self.group).append_pair("measure", &self.measure);
            if self.kind != "auto" {
                query.append_pair("type", &self.kind);
            }
            if self.sort != "value" {
                query.append_pair("sort", &self.sort);
            }
        }
        if let Some(cursor) = cursor {
            query.append_pair("cursor", cursor);
        }
        match query.finish() {
            query if query.is_empty() => path.to_owned(),
            query => format!("{path}?{query}"),
        }
    }

    /// The conditions as a `where`.
    ///
    /// # Errors
    ///
    /// Every mistake, at its field.
    pub(super) fn filter(&self, kinds: &Kinds) -> Result<Option<Filter>, Vec<FormProblem>> {
        let mut whole: Option<Filter> = None;
        let mut errors = Vec::new();
        for (n, condition) in self.filters.iter().enumerate() {
            if condition.column.is_empty() {
                continue;
            }
            match condition.parse(n, kinds) {
                Ok(part) => {
                    whole = Some(match whole.take() {
                        Some(before) => before.and(part),
                        None => part,
                    });
                }
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(whole) } else { Err(errors) }
    }

    /// The order of the rows.
    pub(super) fn order(&self) -> Vec<Order> {
        if self.order.is_empty() {
            return Vec::new();
        }
        vec![Order { column: self.order.clone(), descending: self.dir == "desc" }]
    }

    /// The order as the API reads it.
    pub(super) fn order_text(&self) -> Option<String> {
        (!self.order.is_empty()).then(|| format!("{} {}", quoted(&self.order), self.dir))
    }

    /// The groups to count or measure, if any are asked for.
    pub(super) fn groups(&self, filter: Option<&Filter>) -> Option<GroupQuery> {
        (!self.group.is_empty()).then(|| GroupQuery {
            by: vec![self.group.clone()],
            measures: vec![self.measure()],
            filter: filter.cloned(),
            limit: Some(MOST_GROUPS),
        })
    }

    /// What is measured; rows if nothing else is understood.
    fn measure(&self) -> Measure {
        let Some((name, column)) = self.measure.split_once(':') else { return Measure::Count };
        let column = column.to_owned();
        match name {
            "sum" => Measure::Sum(column),
            "mean" => Measure::Avg(column),
            "min" => Measure::Min(column),
            "max" => Measure::Max(column),
            _ => Measure::Count,
        }
    }

    /// The measure as the API reads it.
    pub(super) fn measure_text(&self) -> String {
        match self.measure() {
            Measure::Count => "count".to_owned(),
            Measure::Sum(column) => format!("sum({})", quoted(&column)),
            Measure::Avg(column) => format!("avg({})", quoted(&column)),
            Measure::Min(column) => format!("min({})", quoted(&column)),
            Measure::Max(column) => format!("max({})", quoted(&column)),
        }
    }

    /// The name of the measure for people.
    pub(super) fn measure_label(&self, asset: &Asset) -> Bilingual {
        let column = self.measure.split_once(':').map(|(_, column)| title_of(asset, column));
        match (self.measure(), column) {
            (Measure::Sum(_), Some(column)) => measured(&column, "之和", "sum of"),
            (Measure::Avg(_), Some(column)) => measured(&column, "的平均值", "mean of"),
            (Measure::Min(_), Some(column)) => measured(&column, "的最小值", "smallest"),
            (Measure::Max(_), Some(column)) => measured(&column, "的最大值", "largest"),
            _ => Bilingual::new("行数", "rows"),
        }
    }
}

/// The directions of an order.
pub(super) fn directions() -> Vec<Choice> {
    let directions = [("asc", "从小到大", "ascending"), ("desc", "从大到小", "descending")];
    directions.map(|(value, zh, en)| Choice::new(value, Bilingual::new(zh, en))).into()
}

/// How a chart can be drawn.
pub(super) fn kinds() -> Vec<Choice> {
    let kinds =
        [("auto", "自动", "automatic"), ("bar", "条形图", "bars"), ("line", "折线图", "line")];
    kinds.map(|(value, zh, en)| Choice::new(value, Bilingual::new(zh, en))).into()
}

/// The orders of bars.
pub(super) fn sorts() -> Vec<Choice> {
    let sorts = [("value", "按数值", "by value"), ("name", "按组名", "by name")];
    sorts.map(|(value, zh, en)| Choice::new(value, Bilingual::new(zh, en))).into()
}

/// What can be measured in groups: rows, and each number.
pub(super) fn measures(asset: &Asset, kinds: &Kinds) -> Vec<Choice> {
    let mut measures = vec![Choice::new("count", Bilingual::new("行数", "count of rows"))];
    for name in kinds.numbers() {
        let title = title_of(asset, name);
        let each = [
            ("sum", "之和", "sum of"),
            ("mean", "的平均值", "mean of"),
            ("min", "的最小值", "smallest"),
            ("max", "的最大值", "largest"),
        ];
        measures.extend(
            each.map(|(word, zh, en)| {
                Choice::new(format!("{word}:{name}"), measured(&title, zh, en))
            }),
        );
    }
    measures
}

fn measured(title: &Bilingual, zh: &str, en: &str) -> Bilingual {
    let english = if title.en.is_empty() { &title.zh } else { &title.en };
    Bilingual::new(format!("{}{zh}", title.zh), format!("{en} {english}"))
}

#[cfg(test)]
mod tests {
    use super::super::condition::tests::kinds;
    use super::*;

    fn asked(pairs: &[(&str, &str)]) -> Ask {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        Ask::parse(&query)
    }

    #[test]
    fn conditions_become_a_where_of_the_row_api() {
        let ask = asked(&[
            ("column0", "人口"),
            ("op0", "gt"),
            ("value0", "50,000"),
            ("column1", "名称"),
            ("op1", "contains"),
            ("value1", "d'or"),
        ]);
        let filter = ask.filter(&kinds()).unwrap().unwrap();
        assert_eq!(filter.to_string(), "\"人口\" > 50000 and \"名称\" contains 'd''or'");
        let ask = asked(&[("column0", "设立"), ("op0", "empty"), ("value0", "ignored")]);
        assert_eq!(ask.filter(&kinds()).unwrap().unwrap().to_string(), "\"设立\" is null");
    }

    #[test]
    fn every_mistake_is_told_at_its_field() {
        let ask = asked(&[
            ("column0", "人口"),
            ("op0", "gt"),
            ("value0", "many"),
            ("column1", "无此列"),
            ("op1", "eq"),
            ("value1", "1"),
        ]);
        let errors = ask.filter(&kinds()).unwrap_err();
        let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["value0", "column1"]);
        let ask = asked(&[("column1", "设立"), ("op1", "ge"), ("value1", "")]);
        assert_eq!(ask.filter(&kinds()).unwrap_err()[0].field, "value1");
    }

    #[test]
    fn a_question_can_be_shared_by_its_address() {
        let pairs = [
            ("column1", "人口"),
            ("op1", "ge"),
            ("value1", "1"),
            ("order", "人口"),
            ("dir", "desc"),
            ("group", "名称"),
            ("measure", "mean:人口"),
            ("type", "line"),
            ("sort", "name"),
        ];
        let ask = asked(&pairs);
        let url = ask.url("/dataset/x/explore", None);
        assert_eq!(Ask::parse(url.split_once('?').unwrap().1), ask);
        assert_eq!(ask.measure_text(), "avg(\"人口\")");
        assert_eq!(Ask::parse("").url("/p", None), "/p");
    }
}

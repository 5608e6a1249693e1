//! A condition of the explore page as a filter of the row API.

use std::collections::BTreeMap;

use lake::Filter;
use platform::gate::release::Release;
use serde::Serialize;
use vocabulary::Bilingual;

use crate::open::pages::dataset::quoted;
use crate::parts::{Choice, FormProblem};

/// A comparison of one column with a value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Condition {
    /// The column; without one the condition is not there.
    pub(super) column: String,
    /// A word of [`ops`].
    pub(super) op: String,
    /// What was typed.
    pub(super) value: String,
}

/// The kinds of a release's columns, by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Kinds(BTreeMap<String, String>);

impl Kinds {
    /// The kinds as the profile of a release has them.
    pub(super) fn of(release: &Release) -> Self {
        let columns = release.profile.columns.iter();
        Self(columns.map(|column| (column.name.clone(), column.kind.clone())).collect())
    }

    fn get(&self, column: &str) -> Option<&str> {
        self.0.get(column).map(String::as_str)
    }

    /// The columns that hold numbers, by name.
    pub(super) fn numbers(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str).filter(|name| self.is_number(name))
    }

    fn is_number(&self, column: &str) -> bool {
        matches!(self.get(column), Some("int64" | "float64"))
    }

    /// Whether the values of a column have a natural order that a line may follow.
    pub(super) fn is_ordered(&self, column: &str) -> bool {
        matches!(self.get(column), Some("int64" | "float64" | "date" | "timestamp"))
    }
}

impl Condition {
    /// The condition as a filter; `n` is its number in the form.
    ///
    /// # Errors
    ///
    /// The mistake, at its field.
    pub(super) fn parse(&self, n: usize, kinds: &Kinds) -> Result<Filter, FormProblem> {
        let at_value =
            |zh: &str, en: &str| FormProblem::new(format!("value{n}"), Bilingual::new(zh, en));
        let Some(kind) = kinds.get(&self.column) else {
            let text = Bilingual::new(
                format!("没有“{}”这一列。", self.column),
                format!("There is no column “{}”.", self.column),
            );
            return Err(FormProblem::new(format!("column{n}"), text));
        };
        let column = quoted(&self.column);
        let text = match self.op.as_str() {
            "empty" => format!("{column} is null"),
            "present" => format!("{column} is not null"),
            _ if self.value.is_empty() => {
                return Err(at_value("请填写要比较的值。", "Give a value to compare with."));
            }
            "contains" => format!("{column} contains {}", text(&self.value)),
            op => format!("{column} {} {}", sign(op), self.literal(kind, n)?),
        };
        Filter::parse(&text).map_err(|error| FormProblem::new(format!("value{n}"), error.message))
    }

    /// The value as its column wants it written.
    fn literal(&self, kind: &str, n: usize) -> Result<String, FormProblem> {
        let wrong =
            |zh: &str, en: &str| Err(FormProblem::new(format!("value{n}"), Bilingual::new(zh, en)));
        match kind {
            "int64" | "float64" => {
                // People write thousands separators.
                let number = self.value.replace([',', '，'], "");
                match number.parse::<f64>() {
                    Ok(value) if value.is_finite() => Ok(number),
                    _ => wrong("请填写数字，例如 50000。", "Give a number, for example 50000."),
                }
            }
            "boolean" => match self.value.to_lowercase().as_str() {
                "true" | "1" | "是" | "yes" => Ok("true".to_owned()),
                "false" | "0" | "否" | "no" => Ok("false".to_owned()),
                _ => wrong("请填写“是”或“否”。", "Give “yes” or “no”."),
            },
            "date" => match self.value.parse::<jiff::civil::Date>() {
                Ok(date) => Ok(text(&date.to_string())),
                Err(_) => {
                    wrong("请填写日期，例如 2020-01-31。", "Give a date, for example 2020-01-31.")
                }
            },
            _ => Ok(text(&self.value)),
        }
    }
}

/// A text of the filter language.
fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

fn sign(op: &str) -> &'static str {
    match op {
        "ne" => "<>",
        "gt" => ">",
        "ge" => ">=",
        "lt" => "<",
        "le" => "<=",
        _ => "=",
    }
}

/// The comparisons of the form.
pub(super) fn ops() -> Vec<Choice> {
    let ops = [
        ("eq", "等于", "equals"),
        ("ne", "不等于", "differs from"),
        ("gt", "大于", "more than"),
        ("ge", "大于等于", "at least"),
        ("lt", "小于", "less than"),
        ("le", "小于等于", "at most"),
        ("contains", "包含", "contains"),
        ("empty", "没有值", "has no value"),
        ("present", "有值", "has a value"),
    ];
    ops.map(|(value, zh, en)| Choice::new(value, Bilingual::new(zh, en))).into()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Kinds for the tests of questions.
    pub(in crate::open::pages::explore) fn kinds() -> Kinds {
        let kinds = [("人口", "int64"), ("名称", "text"), ("设立", "date"), ("撤销", "boolean")];
        Kinds(kinds.map(|(name, kind)| (name.to_owned(), kind.to_owned())).into())
    }
}

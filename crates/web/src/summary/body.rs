//! A question of a summary as fields of text: what JSON and forms have in common.

use std::str::FromStr;

use deident::dp::{Bounds, Decimal, Epsilon};
use platform::summary::{Measure, Question};
use platform::{Error, FieldProblem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vocabulary::Bilingual;

use crate::form::Posted;
use crate::problem::TextView;

/// A question of a summary. Which fields it needs follows from `statistic`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuestionBody {
    /// Heading of the answer.
    #[serde(default)]
    pub title: TextView,
    /// `count`, `sum`, `mean`, `quantile`, `categories` or `intervals`.
    pub statistic: String,
    /// The column; not for `count`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub column: String,
    /// For `sum`, `mean`, `quantile`: smaller values count as this one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub lower: String,
    /// For `sum`, `mean`, `quantile`: greater values count as this one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub upper: String,
    /// For `sum`, `mean`, `quantile`: values are rounded to multiples of this.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub step: String,
    /// For `quantile`: which one, above 0 and below 1; 0.5 is the median.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub quantile: String,
    /// For `categories`: all that are told, with none as with many rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// For `intervals`: the edges, rising.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edges: Vec<String>,
    /// What the answer costs: a decimal number above 0, e.g. `"0.1"`.
    pub epsilon: String,
}

impl QuestionBody {
    /// What a form typed; categories stand in lines, edges between commas or blanks.
    pub(crate) fn of_form(form: &Posted) -> Self {
        let text = |name: &str| form.text(name).to_owned();
        let lines = form.text("categories").lines().map(str::trim).filter(|line| !line.is_empty());
        let apart = |letter: char| letter.is_whitespace() || matches!(letter, ',' | '，' | '、');
        let edges = form.text("edges").split(apart).filter(|edge| !edge.is_empty());
        Self {
            title: TextView { zh: text("title_zh"), en: text("title_en") },
            statistic: text("statistic"),
            column: text("column"),
            lower: text("lower"),
            upper: text("upper"),
            step: text("step"),
            quantile: text("quantile"),
            categories: lines.map(str::to_owned).collect(),
            edges: edges.map(str::to_owned).collect(),
            epsilon: text("epsilon"),
        }
    }

    /// The question.
    ///
    /// - `number`: its place, from 0, for the names of fields in errors.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] with every field that cannot be read.
    pub(crate) fn question(&self, number: usize) -> Result<Question, Error> {
        let mut reader = Reader { body: self, number, problems: Vec::new() };
        let measure = reader.measure();
        let epsilon: Epsilon = reader.number("epsilon", &self.epsilon);
        let title = match self.title.zh.trim() {
            "" => measure.as_ref().map(title_of).unwrap_or_default(),
            zh => Bilingual::new(zh, self.title.en.trim()),
        };
        match measure {
            Some(measure) if reader.problems.is_empty() => Ok(Question { title, measure, epsilon }),
            _ => Err(Error::Invalid { problems: reader.problems }),
        }
    }
}

/// What a question is called that nobody named.
fn title_of(measure: &Measure) -> Bilingual {
    let what = measure.label();
    match measure.column() {
        None => what,
        Some(column) => {
            Bilingual::new(format!("{column}：{}", what.zh), format!("{column}: {}", what.en))
        }
    }
}

/// Reads the fields and notes what is wrong.
struct Reader<'a> {
    body: &'a QuestionBody,
    number: usize,
    problems: Vec<FieldProblem>,
}

impl Reader<'_> {
    fn wrong(&mut self, field: &str, zh: &str, en: &str) {
        let field = format!("questions.{}.{field}", self.number);
        self.problems.push(FieldProblem::new(field, zh, en));
    }

    fn number<T: FromStr + Default>(&mut self, field: &str, text: &str) -> T {
        text.trim().parse().unwrap_or_else(|_| {
            self.wrong(
                field,
                "费用应为数字，如 0.1。",
                "A number is asked for as price, such as 0.1.",
            );
            T::default()
        })
    }

    fn decimal(&mut self, field: &str, text: &str) -> Option<Decimal> {
        let read = text.trim().parse().ok();
        if read.is_none() {
            let (zh, en) = match field {
                "lower" => ("下界", "lower bound"),
                "upper" => ("上界", "upper bound"),
                "step" => ("步长", "step"),
                "quantile" => ("分位", "quantile"),
                _ => ("分界", "edges"),
            };
            let zh = format!("{zh}应为数字，如 120 或 0.5。");
            self.wrong(field, &zh, &format!("A number is asked for as {en}, such as 120 or 0.5."));
        }
        read
    }

    fn bounds(&mut self) -> Option<Bounds> {
        let lower = self.decimal("lower", &self.body.lower);
        let upper = self.decimal("upper", &self.body.upper);
        let step = self.decimal("step", &self.body.step);
        Some(Bounds { lower: lower?, upper: upper?, step: step? })
    }

    fn measure(&mut self) -> Option<Measure> {
        let column = self.body.column.clone();
        if self.body.statistic != "count" && column.is_empty() {
            self.wrong("column", "请选择字段。", "Choose a column.");
        }
        match self.body.statistic.as_str() {
            "count" => Some(Measure::Count),
            "sum" => self.bounds().map(|bounds| Measure::Sum { column, bounds }),
            "mean" => self.bounds().map(|bounds| Measure::Mean { column, bounds }),
            "quantile" => {
                let (bounds, quantile) =
                    (self.bounds(), self.decimal("quantile", &self.body.quantile));
                Some(Measure::Quantile { column, bounds: bounds?, quantile: quantile? })
            }
            "categories" => {
                Some(Measure::Categories { column, categories: self.body.categories.clone() })
            }
            "intervals" => {
                let edges = self.body.edges.iter();
                let edges: Vec<_> = edges.map(|edge| self.decimal("edges", edge)).collect();
                edges
                    .into_iter()
                    .collect::<Option<_>>()
                    .map(|edges| Measure::Intervals { column, edges })
            }
            _ => {
                self.wrong(
                    "statistic",
                    "应为 count、sum、mean、quantile、categories 或 intervals。",
                    "count, sum, mean, quantile, categories or intervals.",
                );
                None
            }
        }
    }
}

impl From<&Question> for QuestionBody {
    fn from(question: &Question) -> Self {
        let base = Self {
            title: question.title.clone().into(),
            column: question.measure.column().unwrap_or_default().to_owned(),
            epsilon: question.epsilon.to_string(),
            ..Self::default()
        };
        let bounded = |statistic: &str, bounds: &Bounds| Self {
            statistic: statistic.to_owned(),
            lower: bounds.lower.to_string(),
            upper: bounds.upper.to_string(),
            step: bounds.step.to_string(),
            ..base.clone()
        };
        match &question.measure {
            Measure::Count => Self { statistic: "count".to_owned(), ..base },
            Measure::Sum { bounds, .. } => bounded("sum", bounds),
            Measure::Mean { bounds, .. } => bounded("mean", bounds),
            Measure::Quantile { bounds, quantile, .. } => {
                Self { quantile: quantile.to_string(), ..bounded("quantile", bounds) }
            }
            Measure::Categories { categories, .. } => {
                Self { statistic: "categories".to_owned(), categories: categories.clone(), ..base }
            }
            Measure::Intervals { edges, .. } => Self {
                statistic: "intervals".to_owned(),
                edges: edges.iter().map(ToString::to_string).collect(),
                ..base
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_and_json_ask_the_same_question() {
        let typed =
            b"statistic=intervals&column=%E5%B9%B4%E9%BE%84&edges=18%2C+60%EF%BC%8C80&epsilon=0.1";
        let question = QuestionBody::of_form(&Posted::parse(typed)).question(0).unwrap();
        assert_eq!(question.title.zh, "年龄：各段计数");
        let json = serde_json::to_value(QuestionBody::from(&question)).unwrap();
        let again: QuestionBody = serde_json::from_value(json).unwrap();
        assert_eq!(again.question(0).unwrap(), question);
    }

    #[test]
    fn every_field_that_cannot_be_read_is_named() {
        let body = QuestionBody {
            statistic: "mean".to_owned(),
            lower: "zero".to_owned(),
            epsilon: "-1".to_owned(),
            ..QuestionBody::default()
        };
        let Err(Error::Invalid { problems }) = body.question(3) else { panic!() };
        let fields: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
        let expected = ["column", "lower", "upper", "step", "epsilon"];
        assert_eq!(fields, expected.map(|field| format!("questions.3.{field}")));
    }
}

//! Answers as rows: a figure with the interval in which the figure without noise lies.

use deident::dp::{Answer, MechanismName, Noisy, Release, Unit};
use platform::summary::{Measure, Question, Summary};
use serde::Serialize;
use utoipa::ToSchema;
use vocabulary::Bilingual;

use crate::parts::{plain, plain_number};
use crate::problem::TextView;

/// The answer to a question.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Told {
    /// Heading.
    pub(super) title: Bilingual,
    /// What was computed, of which column, within which bounds.
    pub(super) what: Bilingual,
    /// What it cost.
    pub(super) epsilon: String,
    /// The noise.
    pub(super) noise: Bilingual,
    /// The figures.
    pub(super) rows: Vec<Row>,
    /// Whether they are parts of a whole, which bars compare.
    pub(super) bars: bool,
}

/// A figure.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Row {
    pub(super) label: Bilingual,
    pub(super) value: f64,
    pub(super) shown: String,
    pub(super) low: Option<f64>,
    pub(super) high: Option<f64>,
    pub(super) between: Option<String>,
    /// Length of its bar, 0 to 100.
    pub(super) share: f64,
}

/// A figure in the API.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FigureView {
    /// The category, the interval, or what the figure is.
    pub label: TextView,
    /// The figure with noise; counts may be negative.
    pub value: f64,
    /// The figure without noise lies above this and below `high` with probability 0.95; absent
    /// for quantiles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// See `low`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
}

impl From<&Row> for FigureView {
    fn from(row: &Row) -> Self {
        let Row { label, value, low, high, .. } = row;
        Self { label: label.clone().into(), value: *value, low: *low, high: *high }
    }
}

/// Every answer of a summary, in the order of its questions; none before it is published.
pub(super) fn told(summary: &Summary) -> Vec<Told> {
    let answers = summary.answers.iter().flatten();
    summary.proposal.questions.iter().zip(answers).map(|(one, answer)| tell(one, answer)).collect()
}

fn tell(question: &Question, release: &Release) -> Told {
    let label = question.measure.label();
    let figure = |label: Bilingual, noisy: &Noisy| Row {
        label,
        value: noisy.value,
        shown: shown(noisy.value),
        low: Some(noisy.low),
        high: Some(noisy.high),
        between: Some(format!("{} – {}", shown(noisy.low), shown(noisy.high))),
        share: 0.0,
    };
    let mut rows = match &release.answer {
        Answer::Figure { figure: noisy } => vec![figure(label, noisy)],
        Answer::Mean { mean, count, .. } => vec![
            figure(label, mean),
            figure(Bilingual::new("有值的行", "rows with a value"), count),
        ],
        Answer::Quantile { value, .. } => vec![Row {
            label,
            value: *value,
            shown: shown(*value),
            low: None,
            high: None,
            between: None,
            share: 0.0,
        }],
        Answer::Histogram { counts, .. } => {
            counts.iter().map(|one| figure(plain(&one.category), &one.count)).collect()
        }
    };
    let bars = matches!(release.answer, Answer::Histogram { .. });
    if bars {
        let peak = rows.iter().map(|row| row.value).fold(0.0, f64::max);
        for row in &mut rows {
            row.share = if peak > 0.0 { (row.value.max(0.0) / peak * 100.0).round() } else { 0.0 };
        }
    }
    Told {
        title: question.title.clone(),
        what: what(question),
        epsilon: question.epsilon.to_string(),
        noise: noise(release),
        rows,
        bars,
    }
}

/// Whom the answers protect.
pub(super) fn protects(unit: &Unit) -> Bilingual {
    match unit {
        Unit::OneRowOnePerson => {
            Bilingual::new("任何一个人（每人至多一行）", "any person, who has one row at most")
        }
        Unit::Person { column, most_rows } => Bilingual::new(
            format!("任何一个人（按“{column}”识别，每人至多计 {most_rows} 行）"),
            format!("whoever `{column}` names, with at most {most_rows} rows each"),
        ),
    }
}

/// Two places are more than noise leaves sure.
fn shown(number: f64) -> String {
    plain_number((number * 100.0).round() / 100.0)
}

/// What was asked, with what was known beforehand.
pub(super) fn what(question: &Question) -> Bilingual {
    let label = question.measure.label();
    match &question.measure {
        Measure::Count => label,
        Measure::Sum { column, bounds }
        | Measure::Mean { column, bounds }
        | Measure::Quantile { column, bounds, .. } => Bilingual::new(
            format!(
                "{column} 的{}；取值限于 {} 至 {}，步长 {}",
                label.zh, bounds.lower, bounds.upper, bounds.step
            ),
            format!(
                "{} of {column}; values within {} and {}, in steps of {}",
                label.en, bounds.lower, bounds.upper, bounds.step
            ),
        ),
        Measure::Categories { column, categories } => Bilingual::new(
            format!("{column} 的{}：{}", label.zh, categories.join("、")),
            format!("{} of {column}: {}", label.en, categories.join(", ")),
        ),
        Measure::Intervals { column, edges } => {
            let edges: Vec<String> = edges.iter().map(ToString::to_string).collect();
            Bilingual::new(
                format!("{column} 的{}，分界 {}", label.zh, edges.join("、")),
                format!("{} of {column}, edges {}", label.en, edges.join(", ")),
            )
        }
    }
}

fn noise(release: &Release) -> Bilingual {
    let parts = release.mechanisms.iter().map(|mechanism| {
        let scale = shown(mechanism.scale);
        match mechanism.name {
            MechanismName::DiscreteLaplace => Bilingual::new(
                format!("离散拉普拉斯噪声，尺度 {scale}"),
                format!("discrete Laplace noise of scale {scale}"),
            ),
            MechanismName::DiscreteGaussian => Bilingual::new(
                format!("离散高斯噪声，σ = {scale}"),
                format!("discrete Gaussian noise, σ = {scale}"),
            ),
            MechanismName::Exponential => Bilingual::new(
                format!("指数机制，尺度 {scale} 位"),
                format!("exponential mechanism, scale {scale} ranks"),
            ),
        }
    });
    let (zh, en): (Vec<String>, Vec<String>) = parts.map(|part| (part.zh, part.en)).unzip();
    Bilingual::new(zh.join("；"), en.join("; "))
}

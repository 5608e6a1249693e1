//! What was measured: figures, the frontier of risk against utility, and rows before
//! and after.

use deident::{FrontierPoint, Transform};
use platform::gate::{GateRun, Outcome, Settings};
use platform::registry::Asset;
use serde::Serialize;
use trust::{Action as Act, Caller};
use vocabulary::Bilingual;

use super::run::run_path;
use crate::parts::{Chart, Point, plain, plain_number};

/// A figure beside those of the standard.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Measure {
    pub(super) name: Bilingual,
    pub(super) value: String,
    pub(super) limit: Option<String>,
    good: Option<bool>,
    pub(super) note: Option<Bilingual>,
}

impl Measure {
    fn new(zh: impl Into<String>, en: impl Into<String>, value: String) -> Self {
        Self { name: Bilingual::new(zh, en), value, limit: None, good: None, note: None }
    }
}

/// A few rows before and after.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Sample {
    columns: Vec<Bilingual>,
    rows: Vec<Row>,
}

#[derive(Clone, Debug, Serialize)]
struct Row {
    /// `None` for someone who may not see the version.
    before: Option<Vec<String>>,
    /// `None` for a row that was suppressed.
    after: Option<Vec<Cell>>,
}

#[derive(Clone, Debug, Serialize)]
struct Cell {
    text: String,
    changed: bool,
}

/// A count as a share of another.
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "a share for people")]
    let share = part as f64 / whole as f64;
    share
}

fn percent(share: f64) -> String {
    format!("{:.2}%", share * 100.0)
}

/// The figures beside those of the standard.
pub(super) fn measures(outcome: &Outcome, settings: &Settings) -> Vec<Measure> {
    let mut measures = Vec::new();
    let assessment = &outcome.assessment;
    if assessment.min_class > 0 {
        measures.push(Measure {
            limit: Some(format!("≥ {}", assessment.required_class)),
            good: Some(assessment.min_class >= assessment.required_class),
            ..Measure::new(
                "最小等价类（行）",
                "Smallest class (rows)",
                assessment.min_class.to_string(),
            )
        });
    }
    let suppressed = share(outcome.rows_suppressed, outcome.rows);
    measures.push(Measure {
        limit: Some(format!("≤ {}", percent(settings.suppression_limit))),
        good: Some(suppressed <= settings.suppression_limit),
        ..Measure::new("抑制的行", "Rows suppressed", percent(suppressed))
    });
    if let Some(left_out) = &outcome.left_out {
        let note = Bilingual::new(
            "含在抑制的行之内：否则与先前的发布对照能认出很少的人",
            "among the rows suppressed: with earlier releases they would tell few persons apart",
        );
        measures.push(Measure {
            note: Some(note),
            ..Measure::new(
                "因变动少而不发布的行",
                "Rows left out because few changed",
                left_out.rows.to_string(),
            )
        });
    }
    if let Some(search) = &outcome.search {
        let (checked, lattice) = (search.checked, search.lattice);
        let note = if search.optimal {
            Bilingual::new(
                format!("检查了 {lattice} 个方案中的 {checked} 个，其余已证明不会更好"),
                format!("{checked} of {lattice} plans were checked; no other can be better"),
            )
        } else {
            Bilingual::new(
                format!("检查了 {lattice} 个方案中的 {checked} 个，未证明最优"),
                format!("{checked} of {lattice} plans were checked; a better one is possible"),
            )
        };
        measures.push(Measure {
            note: Some(note),
            ..Measure::new("信息损失", "Information lost", percent(search.loss))
        });
    }
    for fact in &outcome.diversity {
        let column = &fact.column;
        measures.push(Measure {
            note: Some(Bilingual::new(
                "每个等价类至少有这么多不同的值",
                "each class has at least this many values",
            )),
            ..Measure::new(
                format!("l-多样性（{column}）"),
                format!("l-diversity ({column})"),
                fact.distinct_l.to_string(),
            )
        });
        measures.push(Measure {
            note: Some(Bilingual::new(
                "等价类与总体分布的最大差距",
                "greatest distance of a class from the whole",
            )),
            ..Measure::new(
                format!("t-接近性（{column}）"),
                format!("t-closeness ({column})"),
                plain_number(fact.t_closeness),
            )
        });
    }
    let complete = share(outcome.profile.complete_rows, outcome.profile.rows);
    measures.push(Measure::new("各字段都有值的行", "Rows with every value", percent(complete)));
    measures.push(Measure {
        good: Some(outcome.irreversible),
        ..Measure::new(
            "变换不可逆",
            "No transform can be undone",
            if outcome.irreversible { "是 yes".to_owned() } else { "否 no".to_owned() },
        )
    });
    measures
}

/// Utility is what is not lost.
fn utility(point: &FrontierPoint) -> f64 {
    (1.0 - point.loss).clamp(0.0, 1.0)
}

/// Rounded, so that a chart shows no digits that mean nothing.
fn rounded(number: f64) -> f64 {
    (number * 1e6).round() / 1e6
}

/// Risk against utility, one point a class size that was tried.
pub(super) fn frontier(outcome: &Outcome, run: &GateRun) -> Option<Chart> {
    if outcome.frontier.is_empty() {
        return None;
    }
    let accept = law::gate::thresholds(run.settings.model).accept;
    let points = outcome.frontier.iter().map(|point| Point {
        label: Bilingual::new(
            format!("k = {}，抑制 {} 行", point.k, point.suppressed),
            format!("k = {}, {} rows suppressed", point.k, point.suppressed),
        ),
        x: rounded(utility(point)),
        y: rounded(point.risk),
        chosen: point.k == outcome.k,
    });
    let chosen = outcome.frontier.iter().find(|point| point.k == outcome.k);
    let summary = match chosen {
        Some(point) => {
            let (risk, kept) = (plain_number(point.risk), percent(utility(point)));
            Bilingual::new(
                format!("选中的方案 k = {}：风险 {risk}，保留 {kept} 的可用性。", point.k),
                format!(
                    "The chosen plan, k = {}: risk {risk}, {kept} of the utility kept.",
                    point.k
                ),
            )
        }
        None => Bilingual::new(
            "k 越大，风险越低，可用性也越低。",
            "The larger k, the lower the risk, and the lower the utility.",
        ),
    };
    Some(Chart {
        id: "frontier".to_owned(),
        title: Bilingual::new(
            "风险与可用性：每个点是一种方案",
            "Risk against utility: each point is a plan",
        ),
        summary,
        kind: "scatter",
        x_name: Bilingual::new("可用性（1 − 信息损失）", "Utility (1 − loss)"),
        y_name: Bilingual::new("最高重标识风险", "Highest risk of a record"),
        x: Vec::new(),
        series: Vec::new(),
        points: points.collect(),
        limit: Some(accept),
        file_url: Some(format!("{}/frontier.csv", run_path(run))),
    })
}

/// The points of the frontier as CSV.
pub(super) fn frontier_csv(outcome: &Outcome) -> String {
    let mut csv = String::from("k,utility,risk,rows_suppressed,chosen\r\n");
    for point in &outcome.frontier {
        let (utility, risk) = (plain_number(utility(point)), plain_number(point.risk));
        let chosen = point.k == outcome.k;
        csv.push_str(&format!("{},{utility},{risk},{},{chosen}\r\n", point.k, point.suppressed));
    }
    csv
}

/// A few rows before and after. Who may not see the version's rows gets only those
/// that would be released.
pub(super) fn sample(outcome: &Outcome, asset: &Asset, caller: &Caller) -> Option<Sample> {
    if outcome.after.is_empty() {
        return None;
    }
    let may_see_rows = caller.can(Act::DownloadQuarantine, &asset.resource());
    let titles = outcome.columns.iter().map(|column| {
        let item = asset.entry.items.iter().find(|item| item.name == column.name);
        item.map(|item| item.title.clone())
            .filter(|title| !title.zh.is_empty())
            .unwrap_or_else(|| plain(&column.name))
    });
    let rows = outcome.before.iter().zip(&outcome.after).map(|(before, after)| Row {
        before: may_see_rows.then(|| before.iter().map(shown).collect()),
        after: after.as_ref().map(|after| cells(outcome, before, after)),
    });
    Some(Sample { columns: titles.collect(), rows: rows.collect() })
}

/// A row after, with a cell for each column of the version.
fn cells(outcome: &Outcome, before: &[Option<String>], after: &[Option<String>]) -> Vec<Cell> {
    let mut left = after.iter();
    let cell = |(n, transform): (usize, &Transform)| {
        if *transform == Transform::Remove {
            return Cell { text: "—".to_owned(), changed: true };
        }
        let value = left.next().cloned().flatten();
        let changed = before.get(n) != Some(&value);
        Cell { text: shown(&value), changed }
    };
    outcome.columns.iter().map(|column| &column.transform).enumerate().map(cell).collect()
}

fn shown(value: &Option<String>) -> String {
    value.clone().unwrap_or_default()
}

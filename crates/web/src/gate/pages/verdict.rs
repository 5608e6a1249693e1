//! The sentence on top of a run's page and the steps below it.

use detect::Role;
use platform::gate::{Check, CheckVerdict, Figure, GateRun, GateState, Outcome};
use serde::Serialize;
use vocabulary::Bilingual;

use crate::parts::plain_number;

/// May this go out? In one sentence.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Verdict {
    kind: &'static str,
    /// The answer in a word or two.
    pub(super) label: Bilingual,
    pub(super) text: Bilingual,
}

impl Verdict {
    fn new(kind: &'static str, text: Bilingual) -> Self {
        let label = match kind {
            "pass" => Bilingual::new("可以放行", "May go out"),
            "refuse" => Bilingual::new("不能放行", "May not go out"),
            _ => Bilingual::new("尚无结论", "No verdict yet"),
        };
        Self { kind, label, text }
    }
}

/// A step of the gate with what it found.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Step {
    name: Bilingual,
    state: &'static str,
    finding: Option<Bilingual>,
    details: Vec<Bilingual>,
}

/// A check of the report.
#[derive(Clone, Debug, Serialize)]
pub(super) struct CheckRow {
    name: Bilingual,
    verdict: CheckVerdict,
    verdict_label: Bilingual,
    words: Bilingual,
    figures: Vec<Figure>,
    rule: String,
}

/// The checks of a measured run, in the order in which they were made.
pub(super) fn checks(outcome: &Outcome) -> Vec<CheckRow> {
    let row = |check: &Check| CheckRow {
        name: check.kind.label(),
        verdict: check.verdict,
        verdict_label: check.verdict.label(),
        words: check.words.clone(),
        figures: check.figures.clone(),
        rule: check.rule.clone(),
    };
    outcome.checks.iter().map(row).collect()
}

/// The verdict on a run.
pub(super) fn verdict(run: &GateRun) -> Verdict {
    let say = |kind, zh: String, en: String| Verdict::new(kind, Bilingual::new(zh, en));
    let wait = |zh: &str, en: &str| say("wait", zh.to_owned(), en.to_owned());
    let (zh, en) = risk_words(run);
    match run.state {
        GateState::Inspecting => {
            wait("正在逐行检测标识符。", "Every row is being inspected for identifiers.")
        }
        GateState::Confirming => wait(
            "检测完成，等待人工确认字段，然后测量。",
            "The inspection is done; a person confirms the columns, then the risk is measured.",
        ),
        GateState::Measuring => {
            wait("正在按确认的方案处理并测量。", "The plan is being applied and measured.")
        }
        GateState::Passed => say(
            "pass",
            format!("{zh}；提交并经第二人审批即可开放。"),
            format!("{en}; it may open once it is submitted and a second person approves."),
        ),
        GateState::Submitted => {
            say("pass", format!("{zh}；等第二人审批。"), format!("{en}; a second person decides."))
        }
        GateState::Approved => say(
            "pass",
            format!("{zh}；已经第二人审批放行。"),
            format!("{en}; a second person approved it."),
        ),
        GateState::Refused => refused(run),
        GateState::Rejected => {
            let ground = run.decision_ground.clone().unwrap_or_default();
            say(
                "refuse",
                format!("审核员驳回：{ground}"),
                format!("The reviewer rejected it: {ground}"),
            )
        }
        GateState::Failed => {
            let text = run.problem.clone().unwrap_or_else(|| {
                Bilingual::new(
                    "检测出现故障，没有作出任何决定。",
                    "The gate failed; nothing was decided.",
                )
            });
            Verdict::new("wait", text)
        }
    }
}

/// Why a plan does not pass, in the words of its first ground.
fn refused(run: &GateRun) -> Verdict {
    let refusals =
        run.outcome.as_ref().map(|outcome| outcome.refusals.as_slice()).unwrap_or_default();
    let text = match refusals {
        [] => Bilingual::new("按现在的方案不能放行。", "It may not go out like this."),
        [only] => only.detail.clone(),
        [first, rest @ ..] => Bilingual::new(
            format!("{} 另有 {} 条依据。", first.detail.zh, rest.len()),
            format!("{} There are {} more grounds.", first.detail.en, rest.len()),
        ),
    };
    Verdict::new("refuse", text)
}

/// The measured risk in words.
fn risk_words(run: &GateRun) -> (String, String) {
    let Some(outcome) = &run.outcome else {
        return ("测量通过".to_owned(), "It passes".to_owned());
    };
    let (r, level) = (plain_number(outcome.assessment.r), outcome.assessment.level);
    if level == 4 {
        return ("不含个人标识符".to_owned(), "It holds no identifier of persons".to_owned());
    }
    let accept = plain_number(law::gate::thresholds(run.settings.model).accept);
    (
        format!("去标识后重标识风险为 {r}，低于 {accept}"),
        format!("After de-identification the risk is {r}, below {accept}"),
    )
}

/// The five steps of the gate.
pub(super) fn steps(run: &GateRun) -> Vec<Step> {
    let outcome = run.outcome.as_deref();
    let is_measured = outcome.is_some();
    let state = |is_done: bool, is_current: bool| match (is_done, is_current) {
        (true, _) => "done",
        (false, true) => "current",
        (false, false) => "open",
    };
    let measured = state(is_measured, run.state == GateState::Measuring);
    let is_inspected = !run.findings.is_empty();
    let decided = match run.state {
        GateState::Approved => "done",
        GateState::Rejected => "failed",
        GateState::Submitted | GateState::Passed => "current",
        _ => "open",
    };
    vec![
        Step {
            name: Bilingual::new("检测标识符", "Detect identifiers"),
            state: state(is_inspected, run.state == GateState::Inspecting),
            finding: is_inspected.then(|| found(run)),
            details: Vec::new(),
        },
        Step {
            name: Bilingual::new("确认字段", "Confirm the columns"),
            state: state(
                is_measured || run.state == GateState::Measuring,
                run.state == GateState::Confirming,
            ),
            finding: None,
            details: Vec::new(),
        },
        Step {
            name: Bilingual::new("去标识", "De-identify"),
            state: measured,
            finding: outcome.map(treated),
            details: outcome.map(treatments).unwrap_or_default(),
        },
        Step {
            name: Bilingual::new("测量风险", "Measure the risk"),
            state: if outcome.is_some_and(|outcome| !outcome.refusals.is_empty()) {
                "failed"
            } else {
                measured
            },
            finding: outcome.map(|outcome| {
                let r = plain_number(outcome.assessment.r);
                Bilingual::new(
                    format!("R = {r}，{} 级", outcome.assessment.level),
                    format!("R = {r}, level {}", outcome.assessment.level),
                )
            }),
            details: Vec::new(),
        },
        Step {
            name: Bilingual::new("第二人审批", "Approval by a second person"),
            state: decided,
            finding: None,
            details: Vec::new(),
        },
    ]
}

/// How many columns were found in each role.
fn found(run: &GateRun) -> Bilingual {
    let count = |role: Role| run.findings.iter().filter(|finding| finding.role == role).count();
    let (direct, quasi, sensitive) =
        (count(Role::Direct), count(Role::Quasi), count(Role::Sensitive));
    Bilingual::new(
        format!("{direct} 个直接标识符、{quasi} 个准标识符、{sensitive} 个敏感属性"),
        format!("{direct} direct identifiers, {quasi} quasi-identifiers, {sensitive} sensitive"),
    )
}

/// What was done to the rows.
fn treated(outcome: &Outcome) -> Bilingual {
    let removed =
        outcome.columns.iter().filter(|c| c.transform == deident::Transform::Remove).count();
    let changed = outcome.columns.iter().filter(|c| is_changed(&c.transform)).count() - removed;
    Bilingual::new(
        format!(
            "删除 {removed} 个字段，遮蔽或泛化 {changed} 个；{} 行中抑制 {} 行",
            outcome.rows, outcome.rows_suppressed
        ),
        format!(
            "{removed} columns left out, {changed} masked or generalized; {} of {} rows suppressed",
            outcome.rows_suppressed, outcome.rows
        ),
    )
}

/// What was done to each column that does not stay as it was.
fn treatments(outcome: &Outcome) -> Vec<Bilingual> {
    let changed = outcome.columns.iter().filter(|column| is_changed(&column.transform));
    changed
        .map(|column| {
            let (name, words) = (&column.name, &column.words);
            Bilingual::new(format!("{name}：{}", words.zh), format!("{name}: {}", words.en))
        })
        .collect()
}

fn is_changed(transform: &deident::Transform) -> bool {
    !matches!(transform, deident::Transform::Keep | deident::Transform::Generalize { level: 0, .. })
}

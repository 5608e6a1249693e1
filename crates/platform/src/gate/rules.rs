//! Pure decisions of the gate: what a person may decide, and what the law refuses.

use deident::risk::Assessment;
use detect::{ColumnFinding, Kind, Role};
use law::{Audience, OpeningAttribute, SharingModel};
use vocabulary::{Bilingual, DataLevel};

use super::model::{Decision, GateRun, GateState, Settings, Treatment};
use crate::Error;
use crate::error::{FieldProblem, RefusedBy, refused_by};
use crate::registry::Asset;

/// The sharing models that a release for an audience may be measured by.
///
/// What is opened is shared completely publicly (完全公开共享), whoever files it, so
/// no weaker model may stand in. What is opened on condition goes to persons who are
/// known and gave an undertaking (受控公开共享); it may be measured more strictly. For
/// sharing and trading there is none yet: their conditions are not checked here.
pub(super) fn models(audience: Audience) -> &'static [SharingModel] {
    match audience {
        Audience::Open => &[SharingModel::Public],
        Audience::Conditional => &[SharingModel::Controlled, SharingModel::Public],
        Audience::Share | Audience::Trade => &[],
    }
}

/// Checks the settings of a run for an audience.
pub(super) fn check_settings(settings: &Settings, audience: Audience) -> Result<(), Error> {
    let mut problems = Vec::new();
    let models = models(audience);
    if models.is_empty() {
        problems.push(FieldProblem::new(
            "audience",
            "目前只能面向公众开放或有条件开放；共享和交易的条件尚未实现检查。",
            "Only opening, on condition or not, is offered yet; the conditions of sharing and trading are not checked.",
        ));
    } else if !models.contains(&settings.model) {
        problems.push(FieldProblem::new(
            "settings.model",
            "向社会开放属于完全公开共享，有条件开放至少按受控公开共享测量（GB/T 42460-2023）。",
            "What is opened is shared publicly and is measured by that model; what is opened on condition, by the controlled model or the public one (GB/T 42460-2023).",
        ));
    }
    if !(0.0..=1.0).contains(&settings.suppression_limit) {
        problems.push(FieldProblem::new(
            "settings.suppression_limit",
            "抑制上限是 0 到 1 之间的比例。",
            "The suppression limit is a share between 0 and 1.",
        ));
    }
    if settings.l == Some(0) {
        problems.push(FieldProblem::new("settings.l", "l 至少为 1。", "l is at least 1."));
    }
    if settings.t.is_some_and(|t| !(0.0..=1.0).contains(&t)) {
        problems.push(FieldProblem::new(
            "settings.t",
            "t 是 0 到 1 之间的数。",
            "t is a number between 0 and 1.",
        ));
    }
    if settings.k == Some(0) {
        problems.push(FieldProblem::new("settings.k", "k 至少为 1。", "k is at least 1."));
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid { problems }) }
}

/// Checks that a run is in one of the states that a step starts from.
pub(super) fn require_state(
    run: &GateRun,
    needed: &[GateState],
    words: &'static str,
) -> Result<(), Error> {
    if needed.contains(&run.state) {
        return Ok(());
    }
    Err(Error::WrongState {
        subject: format!("gate run {}", run.id),
        found: run.state.code().to_owned(),
        needed: words,
    })
}

/// What the gate proposes for each column, before a person looks at it.
pub(super) fn propose(findings: &[ColumnFinding]) -> Vec<Decision> {
    let proposal = |finding: &ColumnFinding| match finding.transform {
        detect::Proposal::Keep => Treatment::Keep,
        detect::Proposal::Remove | detect::Proposal::Suppress => Treatment::Remove,
        detect::Proposal::Mask => Treatment::Mask,
        detect::Proposal::Generalize => Treatment::Generalize,
    };
    findings
        .iter()
        .map(|finding| Decision {
            column: finding.name.clone(),
            role: finding.role,
            level: finding.level,
            treatment: proposal(finding),
            pinned: None,
            reason: String::new(),
        })
        .collect()
}

/// Takes a person's decisions: every column once, and a reason for each column that
/// is treated as less identifying than it was found.
pub(super) fn confirm(
    run: GateRun,
    settings: Settings,
    decisions: Vec<Decision>,
) -> Result<GateRun, Error> {
    require_state(
        &run,
        &[GateState::Confirming, GateState::Refused, GateState::Passed, GateState::Rejected],
        "confirming, refused, passed or rejected",
    )?;
    check_settings(&settings, run.audience)?;
    let mut problems = Vec::new();
    for decision in &decisions {
        let field = format!("decisions.{}", decision.column);
        let Some(finding) = run.findings.iter().find(|found| found.name == decision.column) else {
            problems.push(FieldProblem::new(
                field,
                format!("没有字段 `{}`。", decision.column),
                format!("There is no column `{}`.", decision.column),
            ));
            continue;
        };
        let generalized =
            decision.treatment == Treatment::Generalize && decision.role == Role::Quasi;
        if decision.pinned.is_some() && !generalized {
            problems.push(FieldProblem::new(
                field.clone(),
                "只有泛化的准标识符才能固定层级。",
                "Only a generalized quasi-identifier can have a fixed step.",
            ));
        }
        if weaker(finding.role, decision.role) && !says_something(&decision.reason) {
            problems.push(FieldProblem::new(
                field,
                format!(
                    "检测结果为“{}”，改为“{}”须写明理由（至少 {LEAST_REASON} 个字）。",
                    finding.role.label().zh,
                    decision.role.label().zh
                ),
                format!(
                    "It was found to be “{}”; give the reason for “{}”, in {LEAST_REASON} characters or more.",
                    finding.role.label().en,
                    decision.role.label().en
                ),
            ));
        }
    }
    for finding in &run.findings {
        let times = decisions.iter().filter(|decision| decision.column == finding.name).count();
        if times != 1 {
            problems.push(FieldProblem::new(
                format!("decisions.{}", finding.name),
                format!("字段 `{}` 须且只须确认一次。", finding.name),
                format!("Decide once, and only once, about column `{}`.", finding.name),
            ));
        }
    }
    if !decisions.iter().any(|decision| decision.treatment != Treatment::Remove) {
        problems.push(FieldProblem::new(
            "decisions",
            "至少保留一个字段。",
            "Leave at least one column in.",
        ));
    }
    if !problems.is_empty() {
        return Err(Error::Invalid { problems });
    }
    Ok(GateRun {
        state: GateState::Measuring,
        settings,
        decisions,
        outcome: None,
        candidate: None,
        decided_by: None,
        decided_at: None,
        decision_ground: None,
        ..run
    })
}

/// Letters and digits of the shortest reason: a stop alone is none.
const LEAST_REASON: usize = 4;

/// Whether a reason is more than a mark.
fn says_something(reason: &str) -> bool {
    reason.chars().filter(|c| c.is_alphanumeric()).count() >= LEAST_REASON
}

/// Columns in which detection found what may point at a person or is sensitive, and which
/// leave as less than that because a person decided so: a judgement that nothing proves, so
/// whoever reads the report or the certificate must see it.
pub(super) fn overridden(run: &GateRun) -> Vec<Bilingual> {
    let decided = |finding: &ColumnFinding| {
        let decision = run.decisions.iter().find(|found| found.column == finding.name)?;
        let leaves = matches!(decision.treatment, Treatment::Keep | Treatment::Generalize);
        (leaves && weaker(finding.role, decision.role)).then_some(decision)
    };
    run.findings
        .iter()
        .filter_map(|finding| Some((finding, decided(finding)?)))
        .map(|(finding, decision)| {
            let hits = format!("{:.1}", finding.hit_rate * 100.0);
            let role = finding.role.label();
            let (kind, kind_en) = match (finding.kind, finding.role) {
                (Some(kind), _) => (
                    format!("{}（{hits}% 的单元格，{}）", kind.label().zh, role.zh),
                    format!("{} ({hits} % of the cells, {})", kind.label().en, role.en),
                ),
                (None, Role::Direct) => (
                    format!("文本中的标识符（{hits}% 的单元格）"),
                    format!("identifiers in its text ({hits} % of the cells)"),
                ),
                (None, _) => (role.zh, role.en),
            };
            Bilingual::new(
                format!(
                    "字段“{}”检测为{kind}，经办人更正为“{}”并保留，理由：{}。此判断未经检测证实",
                    finding.name,
                    decision.role.label().zh,
                    decision.reason.trim()
                ),
                format!(
                    "Column “{}” was found to be {kind_en}; a person corrected it to “{}” and kept it: {}. No test bears this out",
                    finding.name,
                    decision.role.label().en,
                    decision.reason.trim()
                ),
            )
        })
        .collect()
}

/// Whether a decision treats a column as less identifying than it was found.
fn weaker(found: Role, decided: Role) -> bool {
    let rank = |role: Role| match role {
        Role::Direct => 3,
        Role::Quasi => 2,
        Role::Sensitive => 1,
        Role::None => 0,
    };
    rank(decided) < rank(found)
}

/// Checks that an asset is opened to this audience at all: on condition, or to everyone.
///
/// # Errors
///
/// [`Error::Invalid`] if its opening attribute says otherwise.
pub(super) fn check_audience(asset: &Asset, audience: Audience) -> Result<(), Error> {
    let on_condition = asset.entry.opening == Some(OpeningAttribute::Conditional);
    match audience {
        Audience::Open if on_condition => Err(Error::invalid(
            "audience",
            "这份资产有条件开放：请以“有条件开放”为发布对象，获准的申请人才能取得。",
            "This asset opens on condition: release it for the audience `conditional`; those whose request was granted take it.",
        )),
        Audience::Conditional if !on_condition => Err(Error::invalid(
            "audience",
            "这份资产的开放属性不是“有条件开放”。",
            "The opening attribute of this asset is not “conditional”.",
        )),
        _ => Ok(()),
    }
}

/// Why the law refuses to let an asset out to an audience, whatever its data.
///
/// Basis: 山西省大数据发展应用促进条例 第八条第三款 (negative list);
/// GB/T 43697-2024 (important and core data).
pub(super) fn refuse_asset(asset: &Asset, audience: Audience) -> Vec<RefusedBy> {
    let mut refusals = Vec::new();
    if !matches!(audience, Audience::Open | Audience::Conditional) {
        return refusals;
    }
    if let Some(level) = asset.entry.level.filter(|level| *level >= DataLevel::Important) {
        refusals.extend(refused_by(
            "R-OP-06",
            format!("资产级别为“{}”。", level.label().zh),
            format!("The level of the asset is “{}”.", level.label().en),
        ));
    }
    if asset.entry.opening == Some(OpeningAttribute::Withheld) {
        let listed = asset.entry.negative_list.as_ref();
        let basis = listed.map(|item| item.basis.clone()).unwrap_or_default();
        refusals.extend(refused_by(
            "R-OP-03",
            format!("该资产列入负面清单，不予开放（依据：{basis}）。"),
            format!("The asset is on the negative list and is not opened (basis: {basis})."),
        ));
    }
    refusals
}

/// Why a release for an audience must stop after the entry of its asset has changed; `None`
/// if it may go on. What was given on condition may go on when the data open to everyone.
pub(super) fn unfit(asset: &Asset, audience: Audience) -> Option<Bilingual> {
    if let Some(refusal) = refuse_asset(asset, audience).into_iter().next() {
        return Some(refusal.detail);
    }
    let is_narrowed = audience == Audience::Open && check_audience(asset, audience).is_err();
    is_narrowed.then(|| {
        Bilingual::new(
            "开放属性已改为“有条件开放”，不再向所有人提供。",
            "The asset opens on condition now, and is not offered to everyone any more.",
        )
    })
}

/// What was found in the candidate that bears on the verdict.
pub(super) struct Evidence<'a> {
    /// The person's decisions.
    pub(super) decisions: &'a [Decision],
    /// What detection found in the version.
    pub(super) findings: &'a [ColumnFinding],
    /// What detection finds in the candidate itself.
    pub(super) candidate: &'a [ColumnFinding],
    /// The risk measured on the candidate's rows.
    pub(super) assessment: &'a Assessment,
    /// Rows of the candidate in classes that are too small.
    pub(super) exposed: u64,
    /// Rows of the candidate.
    pub(super) rows_released: u64,
    /// Rows that were suppressed, and how many may be.
    pub(super) suppressed: (u64, u64),
}

/// Direct identifiers that would leave.
///
/// Basis: 个人信息保护法 第二十五条; GB/T 42460-2023 (level 1).
pub(super) fn refuse_direct(evidence: &Evidence<'_>) -> Vec<RefusedBy> {
    let direct = direct_identifiers(evidence);
    if direct.is_empty() {
        return Vec::new();
    }
    let (names, names_en) = (direct.join("、"), direct.join(", "));
    let personal = refused_by(
        "R-OP-01",
        format!("拟发布的数据仍含个人信息字段：{names}，且没有单独同意。"),
        format!(
            "The candidate still has personal information, without separate consent: {names_en}."
        ),
    );
    let direct = refused_by(
        "R-OP-02",
        format!("直接标识符仍在：{names}（GB/T 42460 第 1 级）。请删除或遮蔽这些字段。"),
        format!("Direct identifiers remain: {names_en} (GB/T 42460 level 1). Remove or mask them."),
    );
    personal.into_iter().chain(direct).collect()
}

/// A risk of re-identification that is too high. Basis: GB/T 42460-2023.
pub(super) fn refuse_risk(evidence: &Evidence<'_>) -> Option<RefusedBy> {
    let Assessment { level, r, min_class, required_class, .. } = evidence.assessment;
    let exposed = evidence.exposed;
    if *level != 2 {
        return None;
    }
    refused_by(
        "R-OP-02",
        format!(
            "重标识风险 R = {r:.4}，不低于阈值；最小等价类 {min_class} 行，所选模型要求至少 {required_class} 行；{exposed} 行在更小的等价类中。"
        ),
        format!(
            "The re-identification risk R = {r:.4} reaches the threshold; the smallest class has {min_class} rows, the model asks for at least {required_class}; {exposed} rows are in smaller classes."
        ),
    )
}

/// More rows left out than may be, or all of them.
pub(super) fn refuse_suppression(evidence: &Evidence<'_>) -> Vec<RefusedBy> {
    let (suppressed, allowed) = evidence.suppressed;
    let many = if suppressed > allowed {
        refused_by(
            "R-OP-02",
            format!(
                "为达到要求须抑制 {suppressed} 行，超过所设上限 {allowed} 行。请放宽上限，或删除一个准标识符。"
            ),
            format!(
                "Meeting what is asked suppresses {suppressed} rows, more than the {allowed} allowed. Raise the limit, or remove a quasi-identifier."
            ),
        )
    } else {
        None
    };
    let nothing = if evidence.rows_released == 0 {
        refused_by("R-OP-02", "没有任何行可以发布。", "No row is left to release.")
    } else {
        None
    };
    many.into_iter().chain(nothing).collect()
}

/// Columns of important or core data that would leave. Basis: GB/T 43697-2024.
pub(super) fn too_high(decisions: &[Decision]) -> Option<RefusedBy> {
    let high = decisions.iter().filter(|decision| {
        decision.treatment != Treatment::Remove && decision.level >= DataLevel::Important
    });
    let names: Vec<&str> = high.map(|decision| decision.column.as_str()).collect();
    if names.is_empty() {
        return None;
    }
    refused_by(
        "R-OP-06",
        format!("字段 {} 为重要数据或核心数据，不予开放。请删除这些字段。", names.join("、")),
        format!(
            "Important or core data are not opened: {}. Remove these columns.",
            names.join(", ")
        ),
    )
}

/// Columns of the candidate that identify a person directly: those that a person
/// called so and kept, those whose check digits prove it whatever the person said,
/// and those in which detection finds identifiers in the candidate itself.
fn direct_identifiers(evidence: &Evidence<'_>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for decision in evidence.decisions {
        let kept = matches!(decision.treatment, Treatment::Keep | Treatment::Generalize);
        let found = evidence.findings.iter().find(|finding| finding.name == decision.column);
        let proved = found.is_some_and(is_proved);
        if kept && (decision.role == Role::Direct || proved) {
            names.push(decision.column.clone());
        }
    }
    for finding in evidence.candidate.iter().filter(|finding| is_proved(finding)) {
        if !names.contains(&finding.name) {
            names.push(finding.name.clone());
        }
    }
    names
}

/// Whether a column holds person's identifiers whose check digits prove it: no
/// person's opinion stands against that.
fn is_proved(finding: &ColumnFinding) -> bool {
    let has_check =
        |kind: Kind| matches!(kind, Kind::CitizenId | Kind::BankCard | Kind::CreditCard);
    let whole_column = finding.kind.is_some_and(has_check)
        && finding.hit_rate >= 0.01
        && finding.valid_rate >= 0.5;
    // Names and addresses in a text are guesses, which a person may correct.
    let hidden = finding.hidden_hits > 0
        && finding.kinds.iter().any(|found| found.hits > 0 && has_check(found.kind));
    whole_column || hidden
}

/// A ground that is not blank and not longer than a page.
pub(super) fn required_ground(ground: &str) -> Result<String, Error> {
    let ground = ground.trim();
    let characters = ground.chars().count();
    if characters == 0 || characters > 1_000 {
        return Err(Error::invalid(
            "ground",
            "驳回须写明依据（1 至 1000 个字符）。",
            "A rejection cites its ground, in 1 to 1,000 characters.",
        ));
    }
    Ok(ground.to_owned())
}

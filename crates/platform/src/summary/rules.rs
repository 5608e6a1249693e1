//! What may be asked, and whether it can be paid.

use arrow::datatypes::{DataType, Schema};
use deident::dp::{Cost, Epsilon, Ledger, Unit};
use law::OpeningRule;

use super::model::{Budget, Measure, Proposal, Question, Summary, SummaryState};
use crate::error::FieldProblem;
use crate::registry::{Asset, AssetState};
use crate::{Error, wording};

/// Most questions of a summary.
const MOST_QUESTIONS: usize = 50;
/// Most categories or edges of a question.
const MOST_CATEGORIES: usize = 500;
/// Longest heading, category or purpose, in characters.
const LONGEST_HEADING: usize = 200;
const LONGEST_PURPOSE: usize = 2_000;

/// The reason of the negative list for which data may not be on the platform at all.
const STATE_SECRET: &str = "state_secret";

/// Whether a summary is an answer to why the data are not opened.
///
/// # Errors
///
/// [`Error::Refused`] (R-OP-06) for data of a level that is never opened, (R-SH-10) for
/// state secrets, and [`Error::Invalid`] with the provision where the facts themselves are
/// withheld for another reason.
pub(super) fn check_asset(asset: &Asset) -> Result<(), Error> {
    if let Some(level) = asset.entry.level
        && law::gate::level_rule(level).opening == OpeningRule::Never
    {
        let label = level.label();
        return Err(Error::refused(
            "R-OP-06",
            format!("数据级别为“{}”，其摘要也不得公开。", label.zh),
            format!("The level is “{}”: not even a summary may be published.", label.en),
        ));
    }
    let Some(listed) = &asset.entry.negative_list else { return Ok(()) };
    if law::gate::summary().answers_reasons.contains(&listed.reason) {
        return Ok(());
    }
    let reason = law::gate::negative_reason(&listed.reason);
    let name = reason.map(|reason| reason.name.clone()).unwrap_or_default();
    let basis = reason.into_iter().flat_map(|one| &one.basis).map(law::Basis::text);
    let (zh, en): (Vec<String>, Vec<String>) = basis.map(|text| (text.zh, text.en)).unzip();
    let zh = format!(
        "不开放的理由是“{}”（{}）：差分隐私只隐藏个人或企业，不隐藏事实本身，不能作为摘要公开。",
        name.zh,
        zh.join("、"),
    );
    let en = format!(
        "It is closed because of “{}” ({}): differential privacy hides persons or firms and not the facts, so no summary may be published.",
        name.en,
        en.join(", "),
    );
    if listed.reason == STATE_SECRET {
        return Err(Error::refused("R-SH-10", zh, en));
    }
    Err(Error::invalid("asset", zh, en))
}

/// Whether a summary of the asset may be shown now.
///
/// # Errors
///
/// As [`check_asset`]; [`Error::WrongState`] unless its entry is published.
pub(super) fn check_public(asset: &Asset) -> Result<(), Error> {
    check_asset(asset)?;
    if asset.state == AssetState::Published {
        return Ok(());
    }
    Err(Error::WrongState {
        subject: format!("asset {}", asset.id),
        found: asset.state.code().to_owned(),
        needed: "published",
    })
}

/// The ε of a budget.
///
/// # Errors
///
/// [`Error::Invalid`] if it is nothing or above the limit of the law's table.
pub(super) fn check_budget(epsilon: Epsilon, reason: &str) -> Result<(), Error> {
    let most = law::gate::summary().greatest_epsilon;
    let mut problems = Vec::new();
    let is_above = u128::from(epsilon.billionths()) * u128::from(most.denominator)
        > u128::from(most.numerator) * 1_000_000_000;
    if epsilon == Epsilon::ZERO || is_above {
        problems.push(FieldProblem::new(
            "epsilon",
            format!("总 ε 应大于 0，不超过 {}。", most.as_f64()),
            format!("The whole ε must be above 0 and at most {}.", most.as_f64()),
        ));
    }
    if reason.trim().is_empty() || reason.chars().count() > LONGEST_PURPOSE {
        problems.push(FieldProblem::new(
            "reason",
            format!("请说明为何给这样大的预算（至多 {LONGEST_PURPOSE} 字）。"),
            format!(
                "Say why the budget is as large as this, in at most {LONGEST_PURPOSE} characters."
            ),
        ));
    }
    // Everyone reads it.
    problems.extend(wording::objections("reason", reason, true));
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid { problems }) }
}

/// Most rows of one person that an answer may count: beyond it the noise drowns everything.
const MOST_ROWS: u32 = 10_000;

/// Whom answers protect may change only while nothing was told and nothing is on its way:
/// what a second person approved is what is computed.
pub(super) fn check_unit(
    before: Option<&Budget>,
    is_under_way: bool,
    unit: &Unit,
) -> Result<(), Error> {
    if let Unit::Person { most_rows, .. } = unit
        && !(1..=MOST_ROWS).contains(most_rows)
    {
        return Err(Error::invalid(
            "most_rows",
            format!("每人至多计入 1 至 {MOST_ROWS} 行。"),
            format!("Of one person 1 to {MOST_ROWS} rows are counted."),
        ));
    }
    let Some(before) = before else { return Ok(()) };
    if before.unit == *unit || before.ledger.entries().is_empty() && !is_under_way {
        return Ok(());
    }
    Err(Error::invalid(
        "unit",
        "已有摘要按原来的保护对象计算，不能再改。",
        "Answers were given that protect others: this can no longer change.",
    ))
}

/// Everything that is wrong with a proposal, at once.
///
/// - `schema`: the columns of the version.
pub(super) fn check_proposal(proposal: &Proposal, schema: &Schema) -> Result<(), Error> {
    let mut problems = Vec::new();
    let title = proposal.title.zh.trim();
    if title.is_empty() || title.chars().count() > LONGEST_HEADING {
        problems.push(FieldProblem::new(
            "title.zh",
            format!("请写标题，至多 {LONGEST_HEADING} 字。"),
            format!("Give a title of at most {LONGEST_HEADING} characters."),
        ));
    }
    if proposal.purpose.chars().count() > LONGEST_PURPOSE {
        problems.push(FieldProblem::new(
            "purpose",
            format!("至多 {LONGEST_PURPOSE} 字。"),
            format!("At most {LONGEST_PURPOSE} characters."),
        ));
    }
    problems.extend(wording::objections("title.zh", &proposal.title.zh, true));
    problems.extend(wording::objections("title.en", &proposal.title.en, true));
    problems.extend(wording::objections("purpose", &proposal.purpose, true));
    if proposal.questions.len() > MOST_QUESTIONS {
        problems.push(FieldProblem::new(
            "questions",
            format!("至多 {MOST_QUESTIONS} 个问题。"),
            format!("At most {MOST_QUESTIONS} questions."),
        ));
    }
    for (number, question) in proposal.questions.iter().enumerate() {
        check_question(number, question, schema, &mut problems);
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid { problems }) }
}

fn check_question(
    number: usize,
    question: &Question,
    schema: &Schema,
    problems: &mut Vec<FieldProblem>,
) {
    let at = |field: &str| format!("questions.{number}.{field}");
    if let Some(name) = question.measure.column() {
        match schema.field_with_name(name) {
            Err(_) => problems.push(FieldProblem::new(
                at("column"),
                format!("没有“{name}”这一字段。"),
                format!("There is no column `{name}`."),
            )),
            Ok(field) if question.measure.needs_numbers() && !is_number(field.data_type()) => {
                problems.push(FieldProblem::new(
                    at("column"),
                    format!("“{name}”不是数值。"),
                    format!("`{name}` holds no numbers."),
                ));
            }
            Ok(_) => {}
        }
    }
    problems.extend(wording::objections(&at("title"), &question.title.zh, true));
    problems.extend(wording::objections(&at("title"), &question.title.en, true));
    let count = match &question.measure {
        Measure::Categories { categories, .. } => {
            let listed = categories.join("\n");
            problems.extend(wording::objections(&at("categories"), &listed, true));
            if categories.iter().any(|name| name.chars().count() > LONGEST_HEADING) {
                problems.push(FieldProblem::new(
                    at("categories"),
                    format!("每类至多 {LONGEST_HEADING} 字。"),
                    format!("At most {LONGEST_HEADING} characters a category."),
                ));
            }
            categories.len()
        }
        Measure::Intervals { edges, .. } => edges.len(),
        _ => 0,
    };
    if count > MOST_CATEGORIES {
        problems.push(FieldProblem::new(
            at("categories"),
            format!("至多 {MOST_CATEGORIES} 类。"),
            format!("At most {MOST_CATEGORIES} categories."),
        ));
    }
    // Bounds, edges, categories and price are the mathematics' own rules.
    if let Err(error) = question.query(&Unit::OneRowOnePerson).cost() {
        let said = deident::explain(&error);
        let (zh, en) =
            said.map_or_else(|| (error.to_string(), error.to_string()), |said| (said.zh, said.en));
        problems.push(FieldProblem::new(at("measure"), zh, en));
    }
}

fn is_number(kind: &DataType) -> bool {
    kind.is_numeric()
}

/// Whether the budget pays for a summary, beside those that are being computed.
pub(super) fn check_affordable(
    ledger: &Ledger,
    reserved: Epsilon,
    asked: Epsilon,
) -> Result<(), Error> {
    let all = Epsilon::from_billionths(reserved.billionths().saturating_add(asked.billionths()));
    let spent = ledger.spent().and(Cost::Pure { epsilon: all });
    // A stricter limit of the law's table binds budgets that were set before it, too.
    let most = law::gate::summary().greatest_epsilon;
    let is_above = u128::from(super::model::epsilon_of(spent).billionths())
        * u128::from(most.denominator)
        > u128::from(most.numerator) * 1_000_000_000;
    if ledger.budget().covers(spent) && !is_above {
        return Ok(());
    }
    let remaining = super::model::epsilon_of(ledger.remaining());
    let left =
        Epsilon::from_billionths(remaining.billionths().saturating_sub(reserved.billionths()));
    Err(Error::invalid(
        "questions",
        format!("本摘要需要 ε = {asked}，预算只剩 {left}。减少问题或 ε，或由数据管理员提高预算。"),
        format!(
            "The summary asks for ε = {asked}, and {left} is left of the budget. Ask for less, or let the data administrator decide on a larger budget."
        ),
    ))
}

/// A step starts from one of these states.
pub(super) fn require_state(
    summary: &Summary,
    states: &[SummaryState],
    needed: &'static str,
) -> Result<(), Error> {
    if states.contains(&summary.state) {
        return Ok(());
    }
    Err(Error::WrongState {
        subject: format!("summary {}", summary.id),
        found: summary.state.to_string(),
        needed,
    })
}

/// A refusal always cites a ground.
pub(super) fn require_reason(reason: &str) -> Result<String, Error> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > LONGEST_PURPOSE {
        return Err(Error::invalid(
            "reason",
            format!("请说明理由，至多 {LONGEST_PURPOSE} 字。"),
            format!("Give a reason of at most {LONGEST_PURPOSE} characters."),
        ));
    }
    Ok(reason.to_owned())
}

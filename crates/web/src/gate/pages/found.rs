//! The columns of a run: what was found, and what a person decides.

use detect::{ColumnFinding, Role};
use platform::gate::{ColumnOutcome, GateRun};
use platform::registry::Asset;
use serde::Serialize;
use vocabulary::Bilingual;

use super::columns::Typed;
use crate::desk::kind_label;
use crate::gate::api::DecisionBody;
use crate::parts::{Choice, FormProblem};

/// A column with what was found in it and what is decided about it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Column {
    name: String,
    title: Option<Bilingual>,
    kind: Bilingual,
    detected: Bilingual,
    sure: &'static str,
    evidence: Bilingual,
    examples: Vec<String>,
    role: String,
    transform: String,
    pinned: String,
    /// What was done to it in the last measurement.
    outcome: Option<Bilingual>,
    level: String,
    reason: String,
    corrected: bool,
    error: Option<Bilingual>,
}

/// The rows of the table of columns, as they were typed.
pub(super) fn columns(
    asset: &Asset,
    run: &GateRun,
    typed: &Typed,
    errors: &[FormProblem],
) -> Vec<Column> {
    let rows = typed.columns.iter().enumerate().filter_map(|(n, decision)| {
        let finding = run.findings.iter().find(|finding| finding.name == decision.column)?;
        let error = errors.iter().find(|error| error.field == format!("column-{n}"));
        let outcome = run.outcome.iter().flat_map(|outcome| &outcome.columns);
        let mut outcome = outcome.filter(|column| column.name == finding.name);
        let words = outcome.next().map(done);
        Some(column(asset, finding, decision, words, error.map(|error| error.text.clone())))
    });
    rows.collect()
}

fn column(
    asset: &Asset,
    finding: &ColumnFinding,
    decision: &DecisionBody,
    outcome: Option<Bilingual>,
    error: Option<Bilingual>,
) -> Column {
    let item = asset.entry.items.iter().find(|item| item.name == finding.name);
    let title = item.map(|item| item.title.clone()).filter(|title| !title.zh.is_empty());
    let detected = match (finding.kind, finding.attribute) {
        (Some(kind), _) => Some(kind.label()),
        (None, attribute) => attribute.map(|attribute| attribute.label()),
    };
    let sure = match finding.confidence {
        _ if detected.is_none() && finding.hidden_hits == 0 => "none",
        confidence if confidence >= 0.9 => "high",
        confidence if confidence >= 0.6 => "medium",
        _ => "low",
    };
    Column {
        name: finding.name.clone(),
        title,
        kind: item.map(|item| kind_label(&item.kind)).unwrap_or_default(),
        detected: detected.unwrap_or_else(|| Bilingual::new("未发现", "nothing found")),
        sure,
        evidence: finding.reason.clone(),
        examples: finding.examples.clone(),
        corrected: decision.role != role_code(finding.role)
            || decision.level != finding.level.as_str(),
        role: decision.role.clone(),
        transform: decision.treatment.clone(),
        pinned: decision.pinned.map(|step| step.to_string()).unwrap_or_default(),
        outcome,
        level: decision.level.clone(),
        reason: decision.reason.clone(),
        error,
    }
}

/// What was done to a column, with its step where it was generalized.
fn done(column: &ColumnOutcome) -> Bilingual {
    let words = &column.words;
    match column.transform {
        deident::Transform::Generalize { level, .. } => Bilingual::new(
            format!("第 {level} 级：{}", words.zh),
            format!("step {level}: {}", words.en),
        ),
        _ => words.clone(),
    }
}

/// The word of a role in forms and in the API.
fn role_code(role: Role) -> &'static str {
    match role {
        Role::Direct => "direct",
        Role::Quasi => "quasi",
        Role::Sensitive => "sensitive",
        Role::None => "none",
    }
}

/// The roles that a column can have.
pub(super) fn roles() -> Vec<Choice> {
    let roles = [Role::Direct, Role::Quasi, Role::Sensitive, Role::None];
    roles.into_iter().map(|role| Choice::new(role_code(role), role.label())).collect()
}

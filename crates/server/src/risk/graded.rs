//! The grade of a table by GB/T 42460-2023, with its arithmetic step by step.
//!
//! The thresholds are those of `law`. Whether a column is a direct identifier is for
//! `fenhe scan` to find: the grade here is that of the quasi-identifiers.

use ::deident::risk::{
    Assessment, ClassSizes, ContextRisk, Model, RiskError, Thresholds, gbt42460,
};
use clap::ValueEnum;
use law::SharingModel;

use crate::report::Section;
use crate::show::say;

/// How the table is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Sharing {
    /// 完全公开 Released to everyone.
    Public,
    /// 受控 Given to named receivers under an agreement.
    Controlled,
    /// 领地 Used inside a controlled place only.
    Enclave,
}

/// Grades the classes.
///
/// - `context`: how likely a deliberate attack, recognition without intent and a leak are;
///   nothing stands for certain.
pub(super) fn grade(
    classes: &ClassSizes,
    sharing: Sharing,
    context: &[f64],
) -> Result<Assessment, RiskError> {
    let (model, law_model) = match sharing {
        Sharing::Public => (Model::Public, SharingModel::Public),
        Sharing::Controlled => (Model::Controlled, SharingModel::Controlled),
        Sharing::Enclave => (Model::Enclave, SharingModel::Enclave),
    };
    let law::gate::Thresholds { tau, accept } = law::gate::thresholds(law_model);
    let context = match context {
        [deliberate, inadvertent, breach] => {
            ContextRisk { deliberate: *deliberate, inadvertent: *inadvertent, breach: *breach }
        }
        _ => ContextRisk::CERTAIN,
    };
    gbt42460(classes, model, &Thresholds { tau, accept, context })
}

/// Shows the arithmetic.
pub(super) fn show(found: &Assessment) {
    say(&format!("GB/T 42460-2023：{} 级 level", found.level));
    for step in &found.steps {
        let text = &step.text;
        say(&format!(
            "  {:<6} {} = {:.6}  {} {}",
            step.symbol, step.formula, step.value, text.zh, text.en
        ));
    }
    if found.level < 3 && found.required_class > 0 {
        say(&format!(
            "  每类至少 {} 行即为 3 级 with {} rows in each class it is level 3",
            found.required_class, found.required_class
        ));
    }
}

/// The arithmetic in a report.
pub(super) fn section(found: &Assessment) -> Section {
    let rows = found.steps.iter().map(|step| {
        vec![
            step.symbol.clone(),
            step.formula.clone(),
            format!("{:.6}", step.value),
            format!("{} {}", step.text.zh, step.text.en),
        ]
    });
    let head = [("符号", "symbol"), ("算式", "arithmetic"), ("值", "value"), ("含义", "meaning")];
    Section::new("按 GB/T 42460-2023 定级", "Graded by GB/T 42460-2023")
        .text(
            format!("{} 级。只看所列准标识符；有直接标识符的表为 1 级，请用 fenhe scan 检查。", found.level),
            format!("Level {}. Only the listed quasi-identifiers count; a table with a direct identifier is level 1: check with fenhe scan.", found.level),
        )
        .table(&head, rows.collect())
}

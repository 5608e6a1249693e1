//! What the rules of the user say of a column, after everything else.

use vocabulary::Bilingual;

use crate::column::Column;
use crate::finding::{ColumnFinding, Proposal};
use crate::kind::Role;
use crate::rules::{Rule, RuleTally, Rules};

/// Share of the cells that a rule needs, and that it needs when the header says so.
const SHARE: f64 = 0.5;
const SHARE_NAMED: f64 = 0.2;

/// The finding with what the rules add to it.
///
/// A rule whose finds are most cells makes the column its own, unless a kind that
/// is built in explains more of them. Finds inside cells are hidden identifiers.
pub(crate) fn apply(mut finding: ColumnFinding, column: &Column, rules: &Rules) -> ColumnFinding {
    let header = column.name.to_lowercase();
    let named = |rule: &Rule| rule.headers.iter().any(|word| header.contains(&word.to_lowercase()));
    let share = |tally: &RuleTally| {
        if column.cells == 0 { 0.0 } else { tally.whole as f64 / column.cells as f64 }
    };
    let best = rules
        .list()
        .iter()
        .zip(&column.rules)
        .filter(|(rule, tally)| share(tally) >= if named(rule) { SHARE_NAMED } else { SHARE })
        .max_by(|left, right| share(left.1).total_cmp(&share(right.1)));
    if let Some((rule, tally)) = best
        && (finding.kind.is_none() || named(rule) || share(tally) > finding.hit_rate)
    {
        let rate = share(tally);
        finding.kind = None;
        finding.attribute = None;
        finding.rule = Some(rule.name.clone());
        finding.role = rule.role;
        finding.level = rule.level;
        finding.hit_rate = rate;
        finding.valid_rate = 1.0;
        finding.confidence = if named(rule) { 0.5 + 0.5 * rate } else { 0.9 * rate };
        finding.transform = match rule.role {
            Role::Direct => Proposal::Remove,
            Role::Quasi => Proposal::Generalize,
            Role::Sensitive | Role::None => Proposal::Keep,
        };
        finding.reason = Bilingual::new(
            format!("{:.1}%的单元格符合自定义规则 {}", rate * 100.0, rule.name),
            format!("{:.1}% of the cells are finds of the rule {}", rate * 100.0, rule.name),
        );
    }
    for (rule, tally) in rules.list().iter().zip(&column.rules) {
        let hits = tally.inner + if finding.rule.is_none() { tally.whole } else { 0 };
        let (Some(first), true) = (tally.first, hits > 0) else { continue };
        if finding.rule.as_ref() == Some(&rule.name) && tally.inner == 0 {
            continue;
        }
        finding.hidden_hits += hits;
        finding.role = finding.role.min(rule.role);
        finding.level = finding.level.max(rule.level);
        if finding.transform == Proposal::Keep && rule.role != Role::None {
            finding.transform = Proposal::Suppress;
        }
        let row = first + 1;
        finding.reason = Bilingual::new(
            format!(
                "{}；另有自定义规则 {} 的命中{hits}处，首见于第{row}行",
                finding.reason.zh, rule.name
            ),
            format!(
                "{}; {hits} finds of the rule {}, first in row {row}",
                finding.reason.en, rule.name
            ),
        );
    }
    finding
}

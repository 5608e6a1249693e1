//! The report of a measured candidate: each check with its verdict and what it rests
//! on, and every ground on which the law refuses.
//!
//! Pure: what was measured comes in, checks and refusals go out.

use law::Audience;
use vocabulary::Bilingual;

use super::checks::{Check, CheckKind, CheckVerdict, percent};
use super::composition::CompositionFact;
use super::exposure::AttackFact;
use super::model::{DiversityFact, GateRun, Settings};
use super::neighbours::NeighbourFact;
use super::restore::RestorationFact;
use super::rules::{self, Evidence};
use crate::error::{RefusedBy, refused_by};
use crate::registry::Asset;
use crate::registry::version::Version;

/// Everything that was measured of a candidate.
pub(super) struct Measured<'a> {
    pub(super) asset: &'a Asset,
    pub(super) run: &'a GateRun,
    pub(super) version: &'a Version,
    pub(super) evidence: Evidence<'a>,
    pub(super) profile: &'a quality::TableProfile,
    pub(super) diversity: &'a [DiversityFact],
    pub(super) attacks: &'a [AttackFact],
    pub(super) restorations: &'a [RestorationFact],
    pub(super) composition: &'a [CompositionFact],
    /// Rows that are left out so that these tell nothing more.
    pub(super) left_out: u64,
    /// Earlier releases that were not compared because there are too many.
    pub(super) not_compared: usize,
    /// Datasets of others, in Chinese and in English, of which nothing shows whether they
    /// are of the same persons.
    pub(super) unsure: &'a [(String, String)],
    /// Whether the few who changed may be left out.
    pub(super) may_leave_out: bool,
    pub(super) neighbours: &'a [NeighbourFact],
    /// The columns that may point at a person.
    pub(super) quasi: &'a [String],
}

/// The checks in order, and every ground for refusal.
pub(super) fn report(measured: &Measured<'_>) -> (Vec<Check>, Vec<RefusedBy>) {
    let parts = [
        grading(measured),
        detection(measured),
        treatment(measured),
        risk(measured),
        attributes(measured),
        restorability(measured.restorations),
        attacks(measured),
        composition(measured),
        neighbours(measured),
        quality(measured),
        readability(measured),
        legal_basis(measured),
    ];
    let mut checks = Vec::with_capacity(parts.len());
    let mut refusals = Vec::new();
    for (check, refused) in parts {
        let verdict = if refused.is_empty() { check.verdict } else { CheckVerdict::Refuse };
        checks.push(Check { verdict, ..check });
        refusals.extend(refused);
    }
    (checks, refusals)
}

/// A check with the grounds for refusal that it found.
type Part = (Check, Vec<RefusedBy>);

fn check(
    kind: CheckKind,
    verdict: CheckVerdict,
    zh: impl Into<String>,
    en: impl Into<String>,
) -> Check {
    Check::new(kind, verdict, Bilingual::new(zh, en))
}

fn not_needed(kind: CheckKind, zh: &str, en: &str) -> Part {
    (check(kind, CheckVerdict::NotNeeded, zh, en), Vec::new())
}

fn grading(measured: &Measured<'_>) -> Part {
    let Measured { asset, run, .. } = measured;
    let mut refusals = rules::refuse_asset(asset, run.audience);
    refusals.extend(rules::too_high(&run.decisions));
    let level = asset.entry.level.map(|level| level.label());
    let (zh, en) = level.map_or_else(
        || ("未定".to_owned(), "not decided".to_owned()),
        |label| (label.zh, label.en),
    );
    let check = check(
        CheckKind::Grading,
        CheckVerdict::Pass,
        format!("资产级别：{zh}；不在负面清单的禁止开放项内。"),
        format!("Level of the asset: {en}; nothing on the negative list forbids it."),
    )
    .with("资产级别", "Level of the asset", format!("{zh} {en}"))
    .with(
        "开放属性",
        "Opening attribute",
        asset.entry.opening.map_or_else(
            || "—".to_owned(),
            |opening| format!("{} {}", opening.label().zh, opening.label().en),
        ),
    );
    (check, refusals)
}

fn detection(measured: &Measured<'_>) -> Part {
    let Evidence { findings, candidate, .. } = &measured.evidence;
    let count = |role| findings.iter().filter(|finding| finding.role == role).count();
    let (direct, quasi, sensitive) =
        (count(detect::Role::Direct), count(detect::Role::Quasi), count(detect::Role::Sensitive));
    let left = candidate.iter().filter(|found| found.role == detect::Role::Direct).count();
    let told = rules::overridden(measured.run).len();
    let verdict = if told > 0 { CheckVerdict::Attention } else { CheckVerdict::Pass };
    let check = check(
        CheckKind::Detection,
        verdict,
        format!("逐行检测：{direct} 个直接标识符字段、{quasi} 个准标识符字段、{sensitive} 个敏感字段；处理后又检测一遍。"),
        format!("Every row was read: {direct} columns of direct identifiers, {quasi} of quasi-identifiers, {sensitive} sensitive; and read again after the treatment."),
    )
    .with("检测的行数", "Rows inspected", measured.version.rows.unwrap_or(0))
    .with("处理后仍像直接标识符的字段", "Columns that still look direct afterwards", left)
    .with("经办人更正并保留的字段", "Columns that a person corrected and kept", told);
    (check, rules::refuse_direct(&measured.evidence))
}

fn treatment(measured: &Measured<'_>) -> Part {
    let (suppressed, allowed) = measured.evidence.suppressed;
    let released = measured.evidence.rows_released;
    let check = check(
        CheckKind::Treatment,
        CheckVerdict::Pass,
        format!("保留 {released} 行，抑制 {suppressed} 行（至多 {allowed} 行）。"),
        format!("{released} rows are kept, {suppressed} suppressed (at most {allowed})."),
    )
    .with("保留的行", "Rows kept", released)
    .with("抑制的行", "Rows suppressed", suppressed)
    .with("抑制上限（行）", "Most rows that may be suppressed", allowed);
    (check, rules::refuse_suppression(&measured.evidence))
}

fn risk(measured: &Measured<'_>) -> Part {
    let assessed = measured.evidence.assessment;
    if assessed.level == 4 && !rules::overridden(measured.run).is_empty() {
        let words = check(
            CheckKind::Risk,
            CheckVerdict::Attention,
            "经办人把检测出的准标识符都更正为非标识符，所以没有测量风险（第 4 级只凭此判断）。",
            "A person corrected what was found as quasi-identifiers, so no risk was measured: level 4 rests on that judgement alone.",
        );
        return (words, Vec::new());
    }
    if assessed.level == 4 {
        return not_needed(
            CheckKind::Risk,
            "没有准标识符，按 GB/T 42460 为第 4 级。",
            "There are no quasi-identifiers: level 4 of GB/T 42460.",
        );
    }
    let check = check(
        CheckKind::Risk,
        CheckVerdict::Pass,
        format!("重标识风险 R = {:.4}，第 {} 级。", assessed.r, assessed.level),
        format!(
            "The risk of re-identification is R = {:.4}, level {}.",
            assessed.r, assessed.level
        ),
    )
    .with("准标识符", "Quasi-identifiers", measured.quasi.join("、"))
    .with("最小等价类（行）", "Smallest class (rows)", assessed.min_class)
    .with("至少须有（行）", "At least (rows)", assessed.required_class)
    .with("在更小等价类中的行", "Rows in smaller classes", measured.evidence.exposed);
    (check, rules::refuse_risk(&measured.evidence).into_iter().collect())
}

fn attributes(measured: &Measured<'_>) -> Part {
    let Settings { t, .. } = measured.run.settings;
    let needed = measured.run.settings.distinct_l();
    if measured.diversity.is_empty() {
        return not_needed(
            CheckKind::Attributes,
            "没有与人有关的敏感字段。",
            "There is no sensitive column of persons.",
        );
    }
    let default = law::gate::attribute().distinct_l;
    let mut check = check(
        CheckKind::Attributes,
        CheckVerdict::Pass,
        format!("每个等价类中，每个敏感字段至少有 {needed} 个不同的值。"),
        format!("In each class each sensitive column has at least {needed} different values."),
    );
    let mut refusals = Vec::new();
    for fact in measured.diversity {
        let column = &fact.column;
        check = check
            .with(
                format!("“{column}”最少的不同值"),
                format!("Fewest different values of “{column}”"),
                fact.distinct_l,
            )
            .with(
                format!("“{column}”被等价类直接说出的行"),
                format!("Rows whose “{column}” their class tells"),
                fact.known_rows,
            )
            .with(
                format!("“{column}”猜中率：按等价类 / 按全表"),
                format!("“{column}” guessed right: by class / by table"),
                format!(
                    "{} / {}",
                    of_rows(measured, fact.guessed_rows),
                    of_rows(measured, fact.guessed_by_table)
                ),
            )
            .with(
                format!("“{column}”与全表分布的最大距离 t"),
                format!("Greatest distance t of “{column}” from the whole"),
                format!("{:.3}", fact.t_closeness),
            );
        // What everybody has is no secret of anybody.
        if fact.values < 2 {
            continue;
        }
        if fact.distinct_l < u64::from(needed) {
            refusals.extend(refused_by(
                "R-OP-02",
                format!("某等价类中“{column}”只有 {} 个不同的值，至少须有 {needed} 个；{} 行的值由此被直接说出。请删除或泛化该字段，或放宽抑制上限。", fact.distinct_l, fact.known_rows),
                format!("A class has {} different values of “{column}” and needs {needed}; the value of {} rows is told by it. Remove or generalize the column, or raise the limit of suppression.", fact.distinct_l, fact.known_rows),
            ));
        } else if fact.distinct_l < u64::from(default) {
            check.verdict = CheckVerdict::Attention;
        }
        if let Some(most) = t.filter(|most| fact.t_closeness > *most) {
            refusals.extend(refused_by(
                "R-OP-02",
                format!("“{column}”在某等价类中的分布与全表相距 {:.3}，超过所设 t = {most}。", fact.t_closeness),
                format!("In a class “{column}” is {:.3} away from the whole table, more than t = {most}.", fact.t_closeness),
            ));
        }
    }
    if check.verdict == CheckVerdict::Attention {
        check.words = Bilingual::new(
            format!(
                "经办人把要求从 {default} 个不同的值降为 {needed} 个：有的等价类直接说出其中每个人的值。"
            ),
            format!(
                "The filer asks for {needed} values instead of {default}: some classes tell the value of everyone in them."
            ),
        );
    }
    (check, refusals)
}

/// A number of rows as a share of the candidate's.
fn of_rows(measured: &Measured<'_>, rows: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a share for people")]
    let share = rows as f64 / measured.evidence.rows_released.max(1) as f64;
    percent(share)
}

fn restorability(facts: &[RestorationFact]) -> Part {
    if facts.is_empty() {
        return not_needed(
            CheckKind::Restorability,
            "没有保留摘要（散列）字段。",
            "No column of digests is kept.",
        );
    }
    let mut check = check(
        CheckKind::Restorability,
        CheckVerdict::Attention,
        "有字段像摘要（散列）。已用旁边字段的值和小值域逐一尝试，未能恢复；这不证明它用了密钥。",
        "A column looks like digests. The values beside it and small domains were tried and restored nothing; that does not prove a key.",
    );
    let mut refusals = Vec::new();
    for fact in facts {
        let column = &fact.column;
        check = check.with(
            format!("“{column}”恢复的摘要 / 不同的摘要（尝试 {} 次）", fact.tried),
            format!("Digests of “{column}” restored / different ({} tried)", fact.tried),
            format!("{} / {}", fact.best.restored, fact.best.values),
        );
        if !fact.fails() {
            continue;
        }
        let (from, from_en) = match &fact.original {
            Some(original) => {
                (format!("字段“{original}”的值"), format!("the values of “{original}”"))
            }
            None => {
                ("一个可以数尽的值域".to_owned(), "a domain that can be counted through".to_owned())
            }
        };
        refusals.extend(refused_by(
            "R-OP-02",
            format!("字段“{column}”是没有密钥的摘要：用{from}恢复了 {} 个中的 {} 个。请删除，或改用带密钥的假名。", fact.best.values, fact.best.restored),
            format!("Column “{column}” holds digests without a key: {from_en} restored {} of {}. Remove it, or use pseudonyms with a key.", fact.best.restored, fact.best.values),
        ));
    }
    (check, refusals)
}

fn attacks(measured: &Measured<'_>) -> Part {
    if measured.attacks.is_empty() {
        return not_needed(
            CheckKind::Attacks,
            "没有可能指向个人的字段可供攻击。",
            "No column that may point at a person can be attacked.",
        );
    }
    let shown = measured.attacks.iter().all(AttackFact::passes);
    let rule = law::gate::attack();
    let mut check = if shown {
        check(
            CheckKind::Attacks,
            CheckVerdict::Pass,
            format!(
                "以 {} 的行作对照、{} 个随机种子实测：各项攻击的风险上限都在界限之内。",
                rule.control,
                rule.seeds.len()
            ),
            format!(
                "Tried with {} of the rows held back as control and {} seeds: the upper end of each risk is within its limit.",
                rule.control,
                rule.seeds.len()
            ),
        )
    } else if measured.attacks.iter().any(AttackFact::fails) {
        check(
            CheckKind::Attacks,
            CheckVerdict::Refuse,
            "有攻击得手，风险超过界限。",
            "An attack succeeded, with a risk above its limit.",
        )
    } else {
        check(
            CheckKind::Attacks,
            CheckVerdict::Attention,
            "有攻击的风险上限超过界限，但区间太宽或不高于无人时的基线，不足以断定。",
            "The upper end of a risk is above its limit, but the interval is too wide, or not above what is found with no person left, to tell.",
        )
    };
    let mut refusals = Vec::new();
    for fact in measured.attacks {
        let (label, found) = (fact.label(), fact.report.release);
        let risk = found.risk;
        check = check.with(
            format!("{}：风险 [95% 区间]，界限", label.zh),
            format!("{}: risk [95 % interval], limit", label.en),
            format!("{:.3} [{:.3}, {:.3}] ≤ {}", risk.value, risk.low, risk.high, fact.limit),
        );
        check = check.with(
            format!("{}：本表 / 对照 / 无人时猜中", label.zh),
            format!("{}: right for the table / the control / with no person left", label.en),
            format!(
                "{} / {} / {}",
                percent(found.table.share),
                found.control.map_or_else(|| "—".to_owned(), |rate| percent(rate.share)),
                percent(fact.report.no_person.table.share)
            ),
        );
        if fact.fails() {
            refusals.extend(refused_by(
                "R-OP-02",
                format!("攻击“{}”得手：{} 次中 {} 次，风险 {:.3}（区间 {:.3} 至 {:.3}），超过 {}。", label.zh, found.table.trials, found.table.successes, risk.value, risk.low, risk.high, fact.limit),
                format!("The attack “{}” succeeded {} times of {}: a risk of {:.3} ({:.3} to {:.3}), above {}.", label.en, found.table.successes, found.table.trials, risk.value, risk.low, risk.high, fact.limit),
            ));
        }
    }
    (check, refusals)
}

fn composition(measured: &Measured<'_>) -> Part {
    if measured.composition.is_empty() && measured.unsure.is_empty() {
        let nothing = check(
            CheckKind::Composition,
            CheckVerdict::NotNeeded,
            "没有先前的发布或含同样人群的开放数据集，或没有可能指向个人的字段。",
            "There is no earlier release and no open dataset of the same persons, or no column that may point at a person.",
        );
        return (nothing, Vec::new());
    }
    let mut check = check(
        CheckKind::Composition,
        CheckVerdict::Pass,
        format!("逐一与 {} 次发布比较：凡能区分开的人群都足够大。", measured.composition.len()),
        format!(
            "Compared with each of {} releases: every group that can be told apart is large enough.",
            measured.composition.len()
        ),
    );
    if measured.left_out > 0 {
        check = check.with("为此不予发布的行", "Rows left out for this", measured.left_out);
    }
    let mut refusals = Vec::new();
    if let Some(words) = not_shown(measured) {
        check.verdict = CheckVerdict::Attention;
        check.words = words;
    }
    let or_leave_out = if measured.may_leave_out {
        (
            "，或选择“变动少的行不发布”再测一次",
            ", or have the few changed rows left out and measure again",
        )
    } else {
        ("", "")
    };
    for fact in measured.composition {
        let (with, with_en) = fact.named();
        check = check.with(
            format!("与{with}：两者都有 / 新增 / 消失的行"),
            format!("With {with_en}: rows in both / new / gone"),
            format!("{} / {} / {}", fact.in_both, fact.new, fact.gone),
        );
        check = check.with(
            format!("与{with}：能区分开的最小人群（至少 {}）", fact.required),
            format!("With {with_en}: smallest group (at least {})", fact.required),
            fact.smallest,
        );
        if fact.no_common_column {
            refusals.extend(refused_by(
                "R-OP-02",
                format!("{with}中可能指向个人的字段，这一版一个也没有（改了名？），无法证明两者相减不暴露个人。请沿用原来的字段名；如果是另一份数据，请登记为新的资产。"),
                format!("This version has none of the columns of {with_en} that may point at a person (were they renamed?), so nothing shows that subtracting one from the other exposes nobody. Keep the names; if these are other data, register them as an asset of their own."),
            ));
        }
        if fact.exposed > 0 {
            refusals.extend(refused_by(
                "R-OP-02",
                format!("与{with}相减或对照，{} 行落在少于 {} 行的人群中，最小的只有 {} 行。请按先前的方案处理，或等变动的行足够多{}。", fact.exposed, fact.required, fact.smallest, or_leave_out.0),
                format!("Held against {with_en}, {} rows stand in groups of fewer than {}, the smallest of {}. Treat the columns as that release did, or wait until more rows have changed{}.", fact.exposed, fact.required, fact.smallest, or_leave_out.1),
            ));
        }
        for (column, rows) in fact.known.iter().filter(|(_, rows)| *rows > 0) {
            let words = Bilingual::new(
                format!("与{with}对照，{rows} 行的“{column}”被说出：其人群只有一个值。"),
                format!(
                    "Held against {with_en}, “{column}” of {rows} rows is told: their group has one value."
                ),
            );
            if measured.run.settings.distinct_l() >= 2 {
                refusals.extend(refused_by("R-OP-02", words.zh, words.en));
            } else {
                check.verdict = CheckVerdict::Attention;
                check.words = words;
            }
        }
    }
    (check, refusals)
}

/// What the comparison with earlier releases could not show, if there is something.
fn not_shown(measured: &Measured<'_>) -> Option<Bilingual> {
    let (mut zh, mut en) = (Vec::new(), Vec::new());
    let facts = measured.composition;
    let aside: Vec<&str> =
        facts.iter().flat_map(|fact| &fact.left_aside).map(String::as_str).collect();
    if !aside.is_empty() {
        zh.push(format!(
            "先前发布中的字段 {} 在这一版里没有（或改了名），无法对照。",
            aside.join("、")
        ));
        en.push(format!("This version lacks {} of an earlier release, or calls them otherwise; they could not be compared.", aside.join(", ")));
    }
    let apart: Vec<String> = facts
        .iter()
        .filter(|fact| fact.asset.is_none() && !fact.is_joined())
        .map(|fact| fact.release.to_string())
        .collect();
    if !apart.is_empty() {
        zh.push(format!("与第 {} 次发布相比，大多数行都不同：要么是别的人，要么写法变了，逐行对照说明不了多少。", apart.join("、")));
        en.push(format!("Most rows differ from release {}: they are other persons, or written otherwise, and a comparison row by row shows little.", apart.join(", ")));
    }
    if measured.not_compared > 0 {
        let left_out = measured.not_compared;
        zh.push(format!("另有 {left_out} 次发布没有比较。"));
        en.push(format!("{left_out} more releases were not compared."));
    }
    for (with, with_en) in measured.unsure {
        zh.push(format!("{with}几乎每一行都能对上，但共有的字段太少，陌生人的数据也会如此，看不出是否为同一批人。如果是同一批人，请审核人要求按同一方案处理。"));
        en.push(format!("Nearly every row is also in {with_en}, but with so few columns in common rows of strangers would be, too: nothing shows whether they are the same persons. If they are, the reviewer should have both treated alike."));
    }
    (!zh.is_empty()).then(|| Bilingual::new(zh.concat(), en.join(" ")))
}

fn neighbours(measured: &Measured<'_>) -> Part {
    if measured.neighbours.is_empty() {
        return not_needed(
            CheckKind::Neighbours,
            "没有其他开放数据集与它共有两个以上可能指向个人的字段。",
            "No other open dataset shares two or more columns that may point at a person.",
        );
    }
    let required = measured.evidence.assessment.required_class;
    let large = measured.neighbours.iter().all(|fact| fact.smallest >= required);
    let verdict = if large { CheckVerdict::Pass } else { CheckVerdict::Attention };
    let count = measured.neighbours.len();
    let mut check = check(
        CheckKind::Neighbours,
        verdict,
        format!("{count} 个开放数据集与它共有准标识符；按共有字段关联，每个人至少对应下列行数。"),
        format!(
            "{count} open datasets share quasi-identifiers; joined by them, a person meets at least these many rows."
        ),
    );
    for fact in measured.neighbours {
        check = check.with(
            format!("《{}》（{}）", fact.title, fact.columns.join("、")),
            format!("“{}” ({})", fact.title, fact.columns.join(", ")),
            fact.smallest,
        );
    }
    (check, Vec::new())
}

fn quality(measured: &Measured<'_>) -> Part {
    let profile = measured.profile;
    let rejected = measured.version.rejected.unwrap_or(0);
    let verdict = if rejected > 0 { CheckVerdict::Attention } else { CheckVerdict::Pass };
    let check = check(
        CheckKind::Quality,
        verdict,
        format!("{} 行中 {} 行各字段都有值；{rejected} 行因不合格式被隔离，未进入数据。", profile.rows, profile.complete_rows),
        format!("{} of {} rows have every value; {rejected} rows did not fit and are in quarantine, not in the data.", profile.complete_rows, profile.rows),
    )
    .with("行", "Rows", profile.rows)
    .with("各字段都有值的行", "Rows with every value", profile.complete_rows)
    .with("隔离的行", "Rows in quarantine", rejected);
    (check, Vec::new())
}

fn readability(measured: &Measured<'_>) -> Part {
    let reading = measured.version.reading.as_ref();
    let format = reading.map_or("—", |reading| reading.format.as_str());
    let columns = measured.profile.columns.len();
    let check = check(
        CheckKind::Readability,
        CheckVerdict::Pass,
        format!(
            "由 {format} 文件读为 {columns} 个有类型的字段，以 CSV、JSON、Parquet、XLSX 和接口提供。"
        ),
        format!(
            "Read from a {format} file into {columns} typed columns; offered as CSV, JSON, Parquet, XLSX and by an interface."
        ),
    );
    (check, Vec::new())
}

fn legal_basis(measured: &Measured<'_>) -> Part {
    let entry = &measured.asset.entry;
    let needs_privacy = measured.run.decisions.iter().any(|d| d.role != detect::Role::None);
    let missing = entry.secrecy_assessment.trim().is_empty()
        || (needs_privacy && entry.privacy_assessment.trim().is_empty());
    let verdict = if missing { CheckVerdict::Attention } else { CheckVerdict::Pass };
    let (zh, en) = match measured.run.audience {
        Audience::Open => (
            "山西省大数据发展应用促进条例第八条第三款：负面清单以外的数据应当脱敏、标准化、机器可读地开放。",
            "Shanxi regulation, art. 8 (3): what is not on the negative list is opened, de-sensitised, standardised and machine-readable.",
        ),
        Audience::Conditional => (
            "山西省大数据发展应用促进条例第八条第三款；有条件开放：申请人作出使用承诺并获准后取得，属于受控公开共享（GB/T 42460-2023）。",
            "Shanxi regulation, art. 8 (3); opened on condition: who was granted it has given an undertaking, which is controlled public sharing (GB/T 42460-2023).",
        ),
        Audience::Share | Audience::Trade => (
            "政务数据共享条例；数据交易须符合个人信息保护法。",
            "Regulation on sharing government data; trade under the Personal Information Protection Law.",
        ),
    };
    let or_none = |text: &str| {
        if text.trim().is_empty() { "—".to_owned() } else { text.trim().to_owned() }
    };
    let check = check(CheckKind::LegalBasis, verdict, zh, en)
        .with("保密风险评估", "Secrecy assessment", or_none(&entry.secrecy_assessment))
        .with("个人信息保护影响评估", "Privacy assessment", or_none(&entry.privacy_assessment));
    (check, Vec::new())
}

//! Decides what a column is, from what was counted of it.
//!
//! The order: a kind that most cells are of; a kind that the header names and the
//! values do not contradict; an attribute; identifiers hidden among other
//! values; nothing. A find counts only beyond what chance gives: one in eleven
//! made-up citizen ids passes its check, one in ten card numbers.

use vocabulary::{Bilingual, DataLevel};

use crate::carrier::Plan;
use crate::column::{Column, Look};
use crate::disguise::{self, Disguise};
use crate::finding::{ColumnFinding, KindCount, Proposal};
use crate::kind::{Attribute, Kind, Role};
use crate::span::Finder;
use crate::unveil::{Proof, Setting, plan_reason, unveil};
use crate::words::attribute_of;

/// Share of the made-up numbers of 18 digits that are citizen ids with a right
/// check digit: 35 of 100 provinces, 127 years and 365 days of 10⁸ dates, 1 of 11.
const CITIZEN_BY_CHANCE: f64 = 1.5e-5;
/// Share of the made-up numbers of 11 digits that start like a mobile number.
const MOBILE_BY_CHANCE: f64 = 0.07;

/// What the counts of a column come to.
pub(crate) struct Decision {
    kind: Option<Kind>,
    attribute: Option<Attribute>,
    by_header: bool,
    masked_already: bool,
    counts: Vec<KindCount>,
    /// Why it is of its kind though its cells do not show it.
    proof: Option<Proof>,
}

/// Decides on one column by itself.
pub(crate) fn decide(column: &Column) -> Decision {
    let mut decision = Decision {
        kind: None,
        attribute: None,
        by_header: false,
        masked_already: false,
        counts: beyond_chance(column),
        proof: None,
    };
    if column.cells == 0 {
        return decision;
    }
    decision.kind = kind_of_cells(column).or_else(|| kind_of_mixture(column, &decision.counts));
    if decision.kind.is_some() {
        return decision;
    }
    decision.kind = kind_by_header(column);
    decision.by_header = decision.kind.is_some();
    if decision.kind.is_none() {
        decision.attribute = attribute(column);
        decision.masked_already = share(column, column.looked(Look::Starred)) >= 0.5
            && column.hint.kind.is_some_and(|kind| kind.role() == Role::Direct);
    }
    decision
}

impl Decision {
    /// Whether the column is of a kind that identifies, by its cells.
    pub(crate) fn is_direct(&self) -> bool {
        self.kind.is_some_and(|kind| kind.role() == Role::Direct) && !self.by_header
    }

    /// Takes off disguises that lie over all of each value, unless the column is
    /// known to identify.
    pub(crate) fn unveil(&mut self, column: &Column, finder: &mut Finder) {
        if self.is_direct() || column.cells == 0 {
            return;
        }
        let number = column.hint.number || column.hint.statistic;
        let setting = Setting { number, distinct: column.distinct_values() };
        if let Some(proof) = unveil(&column.sample.values(), setting, finder) {
            self.prove(&proof);
        }
    }

    /// Takes the kind that was proved, unless the cells show one that identifies.
    pub(crate) fn prove(&mut self, proof: &Proof) {
        if !self.is_direct() {
            self.kind = Some(proof.kind);
            self.by_header = false;
            self.masked_already = false;
            self.attribute = None;
            self.proof = Some(proof.clone());
        }
    }

    /// How the values of its kind and those hidden in it are disguised.
    fn disguises(&self, column: &Column, hidden: &[&KindCount]) -> Vec<Disguise> {
        let proved = self.proof.iter().flat_map(|proof| &proof.disguises);
        let kinds = self.kind.into_iter().chain(hidden.iter().map(|count| count.kind));
        let found = kinds.filter_map(|kind| column.tally(kind)).map(|tally| tally.veils);
        Disguise::of_bits(
            proved.map(|disguise| disguise.bit()).chain(found).fold(0, |all, bits| all | bits),
        )
    }

    /// Whether the column shows that the rows of its table are persons.
    pub(crate) fn shows_persons(&self, column: &Column) -> bool {
        let by_kind = self.kind.is_some_and(|kind| match kind {
            Kind::CitizenId
            | Kind::Mobile
            | Kind::Passport
            | Kind::TravelPermit
            | Kind::BankCard
            | Kind::CreditCard
            | Kind::Ssn
            | Kind::PersonName
            | Kind::BirthDate
            | Kind::SocialSecurity
            | Kind::MedicalId => !column.hint.organization,
            _ => false,
        });
        by_kind || self.attribute.is_some_and(Attribute::shows_persons)
    }

    /// The finding, knowing whether the rows of the table are persons.
    pub(crate) fn finding(self, column: &Column, persons: bool) -> ColumnFinding {
        let kind = self.kind;
        let own = kind.and_then(|kind| column.tally(kind));
        let hidden: Vec<&KindCount> =
            self.counts.iter().filter(|count| !self.is_own(column, count.kind)).collect();
        let hidden_hits: u64 = hidden.iter().map(|count| count.hits).sum();
        let own_hits: u64 = self
            .counts
            .iter()
            .filter(|count| self.is_own(column, count.kind))
            .map(|count| column.tally(count.kind).map_or(0, |tally| tally.valid_cells()))
            .sum();
        let proof = self.proof.as_ref();
        let hit_rate = match kind {
            Some(_) if self.by_header => 1.0,
            Some(Kind::Landline | Kind::PersonName) => {
                share(column, own.map_or(0, |o| o.form_cells()))
            }
            Some(_) => share(column, own_hits.max(own.map_or(0, |own| own.valid_cells()))),
            None => share(column, column.cells_hit),
        };
        let hit_rate = proof.map_or(hit_rate, |proof| proof.hit_rate);
        let valid_rate = match (kind.and_then(Kind::chance), own) {
            (Some(_), Some(own)) if own.form_cells() > 0 => {
                own.valid_cells() as f64 / own.form_cells() as f64
            }
            _ => 1.0,
        };
        let valid_rate = proof.map_or(valid_rate, |proof| proof.valid_rate);
        let (role, level) = self.role_and_level(column, persons, &hidden);
        let transform = match (role, kind) {
            (Role::None | Role::Sensitive, None) if hidden_hits == 0 => Proposal::Keep,
            (_, None) if hidden_hits > 0 || self.masked_already => Proposal::Suppress,
            (Role::Direct, _) | (_, Some(Kind::Secret)) => Proposal::Remove,
            (Role::Quasi, Some(Kind::CreditCode | Kind::OrganizationCode)) => Proposal::Mask,
            (Role::Quasi, _) => Proposal::Generalize,
            (Role::Sensitive | Role::None, _) => Proposal::Keep,
        };
        let examples = kind
            .or_else(|| hidden.first().map(|count| count.kind))
            .and_then(|kind| column.tally(kind))
            .map(|tally| tally.examples.clone())
            .filter(|examples| !examples.is_empty() && proof.is_none())
            .unwrap_or_else(|| {
                column.examples.iter().map(|(_, example)| example.clone()).collect()
            });
        let reason = self.reason(column, hit_rate, valid_rate, role, &hidden);
        let confidence = self.confidence(column, hit_rate, hidden_hits);
        let disguises = self.disguises(column, &hidden);
        ColumnFinding {
            name: column.name.clone(),
            kind,
            rule: None,
            attribute: self.attribute,
            role,
            level,
            hit_rate,
            valid_rate,
            confidence,
            distinct_share: distinct_share(column),
            cells: column.cells,
            hidden_hits,
            disguises,
            examples: examples.into_iter().take(3).collect(),
            reason,
            transform,
            kinds: self.counts,
        }
    }

    /// Whether finds of a kind are what the column is made of: its kind, or in a
    /// mixture every kind that has a good part of the cells.
    fn is_own(&self, column: &Column, kind: Kind) -> bool {
        match self.kind {
            None => false,
            Some(own) if own == kind => true,
            Some(_) => {
                share(column, column.tally(kind).map_or(0, |tally| tally.valid_cells())) >= 0.05
            }
        }
    }

    fn role_and_level(
        &self,
        column: &Column,
        persons: bool,
        hidden: &[&KindCount],
    ) -> (Role, DataLevel) {
        let mut level = DataLevel::General1;
        for count in hidden {
            level = level.max(count.kind.level());
        }
        if let Some(kind) = self.kind {
            level = level.max(kind.level());
            let organization = column.hint.organization
                && matches!(kind, Kind::Address | Kind::Landline | Kind::Email);
            let role = match kind {
                Kind::CreditCode | Kind::OrganizationCode if persons => Role::Quasi,
                Kind::Coordinates if !persons => Role::None,
                _ if organization && !persons => Role::None,
                kind => kind.role(),
            };
            if role == Role::None && hidden.is_empty() {
                level = DataLevel::General1;
            }
            return (hidden.iter().fold(role, |role, count| role.min(count.kind.role())), level);
        }
        if hidden.iter().any(|count| count.kind.role() == Role::Direct) {
            return (Role::Direct, level);
        }
        if self.masked_already {
            return (Role::Quasi, level.max(DataLevel::General2));
        }
        if let Some(attribute) = self.attribute
            && (persons || attribute.shows_persons())
        {
            return (attribute.role(), level.max(attribute.level()));
        }
        let sensitive = hidden.iter().any(|count| count.kind.role() == Role::Sensitive);
        (if sensitive { Role::Sensitive } else { Role::None }, level)
    }

    /// `1 − (1 − a)(1 − b)`: `a` by the values, `b` by the header.
    fn confidence(&self, column: &Column, hit_rate: f64, hidden_hits: u64) -> f64 {
        let strength = match self.kind {
            _ if self.by_header => 0.2,
            Some(kind) if kind.chance().is_some() => 0.99,
            Some(Kind::PersonName | Kind::Address | Kind::Landline | Kind::Passport) => 0.8,
            Some(Kind::Secret | Kind::TravelPermit) => 0.7,
            Some(_) => 0.95,
            None if self.attribute.is_some() => 0.6,
            None => 0.9,
        };
        let values = match self.kind {
            Some(_) => strength * hit_rate,
            None if self.attribute.is_some() || hidden_hits > 0 => strength,
            // Nothing found: the surer, the more cells were read.
            None => strength * (column.cells as f64 / (column.cells as f64 + 10.0)),
        };
        let agrees = self.kind.is_some() && column.hint.kind == self.kind
            || self.attribute.is_some() && column.hint.attribute == self.attribute;
        1.0 - (1.0 - values) * (1.0 - if agrees { 0.5 } else { 0.0 })
    }

    fn reason(
        &self,
        column: &Column,
        hit_rate: f64,
        valid_rate: f64,
        role: Role,
        hidden: &[&KindCount],
    ) -> Bilingual {
        let mut zh = Vec::new();
        let mut en = Vec::new();
        let percent = |share: f64| format!("{:.1}%", share * 100.0);
        if let Some(kind) = self.kind {
            let label = kind.label();
            if let Some(proof) = &self.proof {
                zh.push(proof.reason.zh.clone());
                en.push(proof.reason.en.clone());
            } else if self.by_header {
                zh.push(format!("字段名指向{}，取值形态与之相符", label.zh));
                en.push(format!("the header says {}, and the values fit", label.en));
            } else {
                zh.push(format!("{}的单元格符合{}的形态", percent(hit_rate), label.zh));
                en.push(format!(
                    "{} of the cells have the form of: {}",
                    percent(hit_rate),
                    label.en
                ));
                if let Some(chance) = kind.chance() {
                    zh.push(format!(
                        "其中{}通过校验（随机值约{}）",
                        percent(valid_rate),
                        percent(chance)
                    ));
                    en.push(format!(
                        "{} of these pass the check (made-up ones: {})",
                        percent(valid_rate),
                        percent(chance)
                    ));
                }
                if column.hint.kind == self.kind {
                    zh.push("字段名一致".to_owned());
                    en.push("the header agrees".to_owned());
                } else if let Some(plan) = &column.plan
                    && kind == Kind::Mobile
                    && plan.is_mobile()
                {
                    let why = plan_reason(plan);
                    zh.push(why.zh);
                    en.push(why.en);
                }
            }
            if role == Role::None {
                zh.push("表中没有个人信息的迹象，标识的不是个人".to_owned());
                en.push("nothing shows that the rows are persons".to_owned());
            } else if kind.role() == Role::None {
                zh.push("表中有个人信息，单位可用于推断个人".to_owned());
                en.push("the rows are persons, whom their organization helps to find".to_owned());
            }
        }
        if let Some(attribute) = self.attribute {
            let label = attribute.label();
            let header = column.hint.attribute == self.attribute;
            zh.push(format!("{}表明为{}", if header { "字段名" } else { "取值" }, label.zh));
            let by = if header { "the header says" } else { "the values are those of" };
            en.push(format!("{by} {}", label.en));
            if role == Role::None {
                zh.push("表中没有个人信息的迹象".to_owned());
                en.push("nothing shows that the rows are persons".to_owned());
            }
        }
        if self.masked_already {
            zh.push("取值已作掩码，保留部分仍可缩小范围".to_owned());
            en.push("the values are masked, and what is left still narrows down".to_owned());
        }
        if let Some(first) = hidden.first() {
            let list_zh: Vec<String> = hidden
                .iter()
                .map(|count| format!("{}{}处", count.kind.label().zh, count.hits))
                .collect();
            let list_en: Vec<String> = hidden
                .iter()
                .map(|count| format!("{} {}", count.hits, count.kind.label().en))
                .collect();
            let row = first.rows.first().copied().unwrap_or_default() + 1;
            zh.push(format!("另有隐藏的{}，首见于第{row}行", list_zh.join("、")));
            en.push(format!("hidden in it: {}, first in row {row}", list_en.join(", ")));
        }
        let kinds = self.kind.into_iter().chain(hidden.iter().map(|count| count.kind));
        let veiled: u64 =
            kinds.filter_map(|kind| column.tally(kind)).map(|tally| tally.veiled).sum();
        if veiled > 0 && self.proof.is_none() {
            let names = disguise::names(&self.disguises(column, hidden));
            zh.push(format!("其中{veiled}处的书写方式为{}", names.zh));
            en.push(format!("{veiled} of them are disguised by {}", names.en));
        }
        if self.kind != Some(Kind::Mobile) && is_serial(column) {
            zh.push("11位数字连续编号或末位集中，是编号或统计值，不是手机号码".to_owned());
            en.push(
                "numbers of 11 digits that run on or have few last digits: serial numbers or statistics, no mobile numbers".to_owned(),
            );
        }
        if zh.is_empty() {
            zh.push("未发现标识符".to_owned());
            en.push("no identifier was found".to_owned());
        }
        Bilingual::new(zh.join("；"), en.join("; "))
    }
}

fn share(column: &Column, count: u64) -> f64 {
    if column.cells == 0 { 0.0 } else { count as f64 / column.cells as f64 }
}

fn distinct_share(column: &Column) -> f64 {
    if column.cells == 0 {
        return 0.0;
    }
    (column.distinct_values() / column.cells as f64).clamp(0.0, 1.0)
}

/// The kind that most cells are of.
fn kind_of_cells(column: &Column) -> Option<Kind> {
    Kind::ALL
        .into_iter()
        .filter(|kind| is_kind_of_cells(column, *kind))
        .max_by_key(|kind| column.tally(*kind).map_or(0, |tally| tally.valid_cells()))
}

fn is_kind_of_cells(column: &Column, kind: Kind) -> bool {
    let Some(tally) = column.tally(kind) else { return false };
    if tally.form_cells() == 0 {
        return false;
    }
    let named = column.hint.kind == Some(kind);
    let valid = share(column, tally.valid_cells());
    let form = share(column, tally.form_cells());
    let least = |named_share: f64, share: f64| valid >= if named { named_share } else { share };
    let number = column.hint.number || column.hint.statistic;
    match kind {
        Kind::PersonName => {
            let spread = column.cells < 20 || distinct_share(column) >= 0.05;
            let free = !number && !column.hint.organization && column.hint.attribute.is_none();
            (named && !column.hint.organization && form >= 0.5)
                || (valid >= 0.6 && form >= 0.8 && spread && free)
        }
        Kind::Address => least(0.2, 0.5),
        Kind::Mobile => {
            let planned = column.plan.as_ref().is_some_and(Plan::is_mobile);
            least(0.2, 0.5) && (named || (planned || !number) && !is_serial(column))
        }
        Kind::Landline => {
            let phone = named || column.hint.kind == Some(Kind::Mobile);
            form >= 0.5 && (phone || valid >= 0.3)
        }
        Kind::Passport | Kind::TravelPermit => least(0.2, 0.6) && (named || !number),
        Kind::Email | Kind::Ip | Kind::Mac | Kind::Plate | Kind::Ssn | Kind::Secret => {
            least(0.1, 0.3)
        }
        Kind::CitizenId
        | Kind::CreditCode
        | Kind::OrganizationCode
        | Kind::BankCard
        | Kind::CreditCard
        | Kind::Imei
        | Kind::Iban => {
            let rate = tally.valid_cells() as f64 / tally.form_cells() as f64;
            least(0.1, 0.3) && rate >= 0.5
        }
        Kind::BirthDate | Kind::Coordinates | Kind::SocialSecurity | Kind::MedicalId => false,
    }
}

/// A column of several kinds, none of which most cells are of: its most frequent.
fn kind_of_mixture(column: &Column, counts: &[KindCount]) -> Option<Kind> {
    let whole = |kind: Kind| column.tally(kind).map_or(0, |tally| tally.valid_cells());
    let parts: Vec<Kind> = counts
        .iter()
        .map(|count| count.kind)
        .filter(|kind| *kind != Kind::PersonName && share(column, whole(*kind)) >= 0.05)
        .collect();
    let all: u64 = parts.iter().map(|kind| whole(*kind)).sum();
    if share(column, all) < 0.5 {
        return None;
    }
    parts.into_iter().max_by_key(|kind| whole(*kind))
}

/// A kind that has no form of its own, or other forms than those known, and that
/// the header names.
fn kind_by_header(column: &Column) -> Option<Kind> {
    let coded = share(column, column.looked(Look::Code)) >= 0.8 && distinct_share(column) >= 0.3;
    if share(column, column.looked(Look::DegreePair)) >= 0.8 {
        return Some(Kind::Coordinates);
    }
    let kind = column.hint.kind?;
    let fits = match kind {
        Kind::BirthDate => {
            share(column, column.looked(Look::Day)) >= 0.5
                || share(column, column.looked(Look::Code)) >= 0.8
        }
        Kind::Coordinates => share(column, column.looked(Look::Degree)) >= 0.8,
        Kind::SocialSecurity
        | Kind::MedicalId
        | Kind::Passport
        | Kind::TravelPermit
        | Kind::BankCard
        | Kind::Imei => coded && !column.hint.organization,
        Kind::PersonName => {
            share(column, column.looked(Look::LatinWords)) >= 0.6
                && distinct_share(column) >= 0.3
                && !column.hint.organization
        }
        Kind::Secret => {
            distinct_share(column) >= 0.3 && share(column, column.looked(Look::Starred)) < 0.5
        }
        // In a form that is not known, or damaged: what the header says stands until a
        // person corrects it.
        Kind::CitizenId | Kind::Mobile | Kind::Email => {
            distinct_share(column) >= 0.3
                && share(column, column.looked(Look::Starred)) < 0.5
                && !column.hint.organization
                && !column.hint.statistic
        }
        _ => false,
    };
    fits.then_some(kind)
}

fn attribute(column: &Column) -> Option<Attribute> {
    let few = column.small.len();
    if let Some(attribute) = column.hint.attribute
        && !column.hint.statistic
    {
        let fits = match attribute {
            Attribute::Sex => few.is_some_and(|few| few <= 8),
            Attribute::Ethnicity | Attribute::Marital | Attribute::Religion => few.is_some(),
            Attribute::Division => share(column, column.looked(Look::Division)) >= 0.8,
            Attribute::PostalCode => share(column, column.looked(Look::SixDigits)) >= 0.8,
            _ => true,
        };
        if fits {
            return Some(attribute);
        }
    }
    // A table that lists each value once is a code table.
    if column.cells >= 20 && distinct_share(column) > 0.5 {
        return None;
    }
    attribute_of(column.small.iter())
}

/// Finds of each kind beyond what chance gives, most frequent first.
fn beyond_chance(column: &Column) -> Vec<KindCount> {
    let mut counts = Vec::new();
    for kind in Kind::ALL {
        let Some(tally) = column.tally(kind) else { continue };
        let chance = kind.chance().map_or(0.0, |chance| chance * tally.form as f64);
        let expected = match kind {
            Kind::CitizenId => {
                let tried = column.looked(Look::Eighteen) + column.looked(Look::Pieced);
                // Of numbers made of a division, a day and a counter one in eleven passes;
                // those that fail say how many there are.
                let failed = tally.form.saturating_sub(tally.valid) as f64;
                (CITIZEN_BY_CHANCE * tried as f64).max(failed / 10.0)
            }
            Kind::Mobile => MOBILE_BY_CHANCE * column.looked(Look::Eleven) as f64,
            _ => chance,
        };
        let numbered = column.hint.number || column.hint.statistic;
        let weak = matches!(
            kind,
            Kind::PersonName
                | Kind::Passport
                | Kind::TravelPermit
                | Kind::OrganizationCode
                | Kind::Imei
        ) || numbered
            && matches!(kind, Kind::Mobile | Kind::Landline | Kind::BankCard | Kind::CreditCard);
        let serial = kind == Kind::Mobile && is_serial(column);
        let whole = if (weak || serial) && !is_kind_of_cells(column, kind) {
            0
        } else if is_above_chance(tally.valid, expected) {
            tally.valid
        } else {
            0
        };
        // Codes of nine letters and digits are found in any long text, and so are
        // two characters that could be a name, if no word says that they are.
        let inner = match kind {
            Kind::OrganizationCode | Kind::Imei => 0,
            Kind::PersonName if share(column, tally.inner) < 0.05 => tally.named,
            _ => tally.inner,
        };
        let hits = whole + inner;
        if hits > 0 {
            counts.push(KindCount { kind, hits, rows: tally.rows.clone() });
        }
    }
    counts.sort_by(|left, right| right.hits.cmp(&left.hits).then(left.kind.cmp(&right.kind)));
    counts
}

/// Whether the column is of numbers of 11 digits that run on, or that are rounded.
fn is_serial(column: &Column) -> bool {
    column.hint.kind != Some(Kind::Mobile)
        && column.plan.as_ref().is_some_and(|plan| !plan.looks_drawn())
}

/// Whether so many hits are more than chance gives: four standard deviations.
fn is_above_chance(hits: u64, expected: f64) -> bool {
    hits > 0 && (expected < 0.01 || hits as f64 > expected + 4.0 * expected.sqrt() + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_alone_is_no_find() {
        assert!(is_above_chance(1, 0.0));
        assert!(!is_above_chance(0, 0.0));
        assert!(!is_above_chance(1, 0.1));
        assert!(!is_above_chance(1050, 1000.0));
        assert!(is_above_chance(1300, 1000.0));
    }
}

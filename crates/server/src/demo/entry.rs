//! Descriptions of the demo's datasets: what they share, and what each adds.

use law::{OpeningAttribute, SharingAttribute, UpdateCycle};
use platform::registry::{CatalogueEntry, Item};
use vocabulary::{Bilingual, DataLevel, DivisionCode};

/// What is said of a dataset, beside what all of them share.
#[derive(Clone, Copy, Debug)]
pub(super) struct About<'a> {
    pub(super) title: (&'a str, &'a str),
    pub(super) summary: (&'a str, &'a str),
    pub(super) source: (&'a str, &'a str),
    /// A code of the list `theme`.
    pub(super) theme: &'a str,
    pub(super) keywords: &'a [&'a str],
    /// Six digits.
    pub(super) division: &'a str,
    pub(super) cycle: UpdateCycle,
    /// Name, English name, kind and meaning of each column.
    pub(super) items: &'a [(&'a str, &'a str, &'a str, &'a str)],
}

/// A complete entry for data without persons, open without conditions.
pub(super) fn open_entry(about: &About<'_>) -> CatalogueEntry {
    let item = |(name, en, kind, description): &(&str, &str, &str, &str)| Item {
        name: (*name).to_owned(),
        title: Bilingual::new(*name, *en),
        kind: (*kind).to_owned(),
        description: (*description).to_owned(),
    };
    CatalogueEntry {
        title: words(about.title),
        summary: words(about.summary),
        items: about.items.iter().map(item).collect(),
        format: "csv".to_owned(),
        update_cycle: Some(about.cycle),
        sharing: Some(SharingAttribute::Unconditional),
        sharing_mode: "online_service".to_owned(),
        conditions: "注明来源即可使用。".to_owned(),
        theme: about.theme.to_owned(),
        level: Some(DataLevel::General1),
        opening: Some(OpeningAttribute::Unconditional),
        division: about.division.parse::<DivisionCode>().ok(),
        keywords: about.keywords.iter().map(|word| (*word).to_owned()).collect(),
        source_note: words(about.source),
        secrecy_assessment: "演示-保密审查-2026-001：不涉密".to_owned(),
        privacy_assessment: "不涉及个人信息，无须评估".to_owned(),
        ..CatalogueEntry::default()
    }
}

/// The same entry for data about persons: they leave only after the gate has
/// de-identified them.
pub(super) fn about_persons(entry: CatalogueEntry) -> CatalogueEntry {
    CatalogueEntry {
        sharing: Some(SharingAttribute::Conditional),
        sharing_scope: "省级政务部门，按职责申请".to_owned(),
        sharing_purpose: "公共服务规划和统计分析".to_owned(),
        conditions: "仅开放去标识化并经检测通过的版本；不得尝试识别个人。".to_owned(),
        level: Some(DataLevel::General2),
        privacy_assessment: "演示-影响评估-2026-001".to_owned(),
        ..entry
    }
}

fn words((zh, en): (&str, &str)) -> Bilingual {
    Bilingual::new(zh, en)
}

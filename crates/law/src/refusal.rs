//! What the software refuses, with the ground and what to do instead.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use vocabulary::{Bilingual, RefusalCode};

use crate::{Basis, Confidence, embedded};

/// A refusal: when it applies, what it rests on, and what a person does now.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// Its code, for example `R-OP-02`.
    pub code: RefusalCode,
    /// When it applies.
    pub when: Bilingual,
    /// The provisions that it rests on; at least one, the strongest first.
    pub basis: Vec<Basis>,
    /// The ground as people read it: every citation of `basis`.
    #[serde(skip_deserializing)]
    pub ground: Bilingual,
    /// Key of the source, see [`crate::source`].
    pub source: String,
    /// How far the ground was checked.
    pub confidence: Confidence,
    /// True if the ground binds elsewhere only, or was not fully read: operators
    /// decide whether they want this refusal.
    #[serde(default)]
    pub configurable_default: bool,
    /// What to do now.
    pub remedy: Bilingual,
}

/// Every citation of a ground, in one text.
fn ground_text(basis: &[Basis]) -> Bilingual {
    let texts: Vec<Bilingual> = basis.iter().map(Basis::text).collect();
    let join = |pick: fn(&Bilingual) -> &str, by: &str| {
        texts.iter().map(pick).collect::<Vec<_>>().join(by)
    };
    Bilingual::new(join(|text| &text.zh, "；"), join(|text| &text.en, "; "))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    refusal: Vec<Refusal>,
}

static REFUSALS: LazyLock<Vec<Refusal>> = LazyLock::new(|| {
    let file: File = embedded("refusals.toml", include_str!("../data/refusals.toml"));
    let mut rows = file.refusal;
    for row in &mut rows {
        row.ground = ground_text(&row.basis);
    }
    rows
});

/// Every refusal, in the order of the table.
pub fn refusals() -> &'static [Refusal] {
    &REFUSALS
}

/// The refusal behind a code; `None` for a code of the right form that no row has.
///
/// ```
/// let code = "R-TR-02".parse()?;
/// let refusal = law::refusal(&code).ok_or("no such refusal")?;
/// assert!(refusal.ground.zh.starts_with("《山西省大数据发展应用促进条例》第十一条"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn refusal(code: &RefusalCode) -> Option<&'static Refusal> {
    refusals().iter().find(|refusal| refusal.code == *code)
}

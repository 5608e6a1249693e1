//! How long records are kept at least.

use std::sync::LazyLock;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use vocabulary::Bilingual;

use crate::deadline::Unit;
use crate::due::add_calendar;
use crate::{Basis, CalendarError, Confidence, embedded};

/// The least time for which a kind of record is kept.
///
/// Keeping longer is allowed, except for personal information (个人信息保护法 第十九条).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Key of the kind of record, for example `share_use_record`.
    pub id: String,
    /// Name of the kind of record.
    pub name: Bilingual,
    /// How many units.
    pub n: u32,
    /// Months or years.
    pub unit: Unit,
    /// From which day the time runs.
    pub counted_from: Bilingual,
    /// The provisions.
    pub basis: Vec<Basis>,
    /// Key of the source, see [`crate::source`].
    pub source: String,
    /// How far the number was checked.
    pub confidence: Confidence,
    /// True if the provision binds elsewhere only.
    #[serde(default)]
    pub configurable_default: bool,
}

impl Retention {
    /// The first day on which a record may be deleted.
    ///
    /// # Errors
    ///
    /// [`CalendarError::OutOfRange`] after the year 9999.
    pub fn may_delete_on(&self, start: Date) -> Result<Date, CalendarError> {
        let last = add_calendar(start, self.n, self.unit)?;
        last.tomorrow().map_err(|_| CalendarError::OutOfRange)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    retention: Vec<Retention>,
}

static RETENTIONS: LazyLock<Vec<Retention>> = LazyLock::new(|| {
    embedded::<File>("retention.toml", include_str!("../data/retention.toml")).retention
});

/// Every retention rule.
pub fn retentions() -> &'static [Retention] {
    &RETENTIONS
}

/// The retention rule for a kind of record, for example `impact_assessment`.
pub fn retention(id: &str) -> Option<&'static Retention> {
    retentions().iter().find(|retention| retention.id == id)
}

//! One text form for instants, and the one civil time zone of the platform.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

/// Longest text that [`parse_utc_text`] accepts: `2025-01-02T03:04:05.678901Z`.
const UTC_TEXT_BYTES: usize = 27;

/// Writes an instant as RFC 3339 in UTC with exactly 6 fraction digits and `Z`.
///
/// The length is always 27 for years 0 to 9999, so texts sort as the instants do.
/// Nanoseconds are cut, not rounded. This is the only form that the database holds.
///
/// ```
/// let at: jiff::Timestamp = "2025-08-01T00:00:00.5+08:00".parse()?;
/// assert_eq!(vocabulary::time::utc_text(at), "2025-07-31T16:00:00.500000Z");
/// # Ok::<(), jiff::Error>(())
/// ```
pub fn utc_text(at: Timestamp) -> String {
    format!("{at:.6}")
}

/// Why a text is no instant in the form of [`utc_text`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no UTC time of the form 2025-01-02T03:04:05.678901Z")]
pub struct TimeTextError(String);

/// Reads back what [`utc_text`] wrote, and nothing else.
///
/// # Errors
///
/// [`TimeTextError`] for any other form, also for other valid RFC 3339 texts:
/// they would not sort.
pub fn parse_utc_text(text: &str) -> Result<Timestamp, TimeTextError> {
    let error = || TimeTextError(text.chars().take(40).collect());
    let at: Timestamp = text.parse().map_err(|_| error())?;
    if text.len() == UTC_TEXT_BYTES && utc_text(at) == text { Ok(at) } else { Err(error()) }
}

/// China Standard Time, UTC+8 without daylight saving.
///
/// A fixed offset: mainland China has had no other since 1991, and the platform
/// holds no deadline before 2019. So no time-zone database is needed.
pub fn china() -> TimeZone {
    TimeZone::fixed(Offset::constant(8))
}

/// The calendar day in China of an instant.
pub fn china_date(at: Timestamp) -> Date {
    china().to_datetime(at).date()
}

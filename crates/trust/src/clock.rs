//! The one place that reads the time.

use jiff::{SignedDuration, Timestamp};

/// Where the time comes from. A [`Caller`](crate::Caller) carries what it said
/// when the request came in, so one request sees one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// Always the same time.
    Fixed(Timestamp),
    /// The machine's clock plus a fixed span, for showing deadlines.
    Shifted(SignedDuration),
}

impl Clock {
    /// The time now.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => system_time(),
            Self::Fixed(time) => *time,
            Self::Shifted(span) => {
                let now = system_time();
                now.saturating_add(*span).unwrap_or(now)
            }
        }
    }

    /// A clock that shows `time` now and runs on from there.
    pub fn started_at(time: Timestamp) -> Self {
        Self::Shifted(time.duration_since(system_time()))
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the place that reads the machine's clock")]
fn system_time() -> Timestamp {
    Timestamp::now()
}

//! A reuse of open data.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use vocabulary::{AccountId, Bilingual, ReuseId};

use crate::registry::UnknownWord;

/// Where a reuse stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReuseState {
    /// It waits for its review (待审核).
    Submitted,
    /// Everyone sees it (已展示).
    Shown,
    /// It is not shown, with the reason (不展示).
    Declined,
}

impl ReuseState {
    /// The word in the database and in the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Shown => "shown",
            Self::Declined => "declined",
        }
    }

    /// The name for people.
    pub fn label(self) -> Bilingual {
        match self {
            Self::Submitted => Bilingual::new("待审核", "Waiting for review"),
            Self::Shown => Bilingual::new("已展示", "Shown"),
            Self::Declined => Bilingual::new("不展示", "Declined"),
        }
    }
}

impl std::fmt::Display for ReuseState {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.code())
    }
}

impl std::str::FromStr for ReuseState {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        [Self::Submitted, Self::Shown, Self::Declined]
            .into_iter()
            .find(|state| state.code() == text)
            .ok_or_else(|| UnknownWord(text.chars().take(40).collect()))
    }
}

store::text_column!(ReuseState);

/// Something that was made of open data.
#[derive(Clone, Debug, PartialEq)]
pub struct Reuse {
    /// Its identifier.
    pub id: ReuseId,
    /// Where it stands.
    pub state: ReuseState,
    /// Grows with every change.
    pub revision: i64,
    /// Its name.
    pub title: String,
    /// Where it is, a web address.
    pub link: String,
    /// What it is and what the data are used for.
    pub description: String,
    /// Who made it.
    pub maker: String,
    /// Why it is not shown.
    pub reason: Option<String>,
    /// When it was submitted.
    pub submitted_at: Timestamp,
    /// Who reviewed it.
    pub decided_by: Option<AccountId>,
    /// When it was reviewed.
    pub decided_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Reuse {
    /// What the policies may know of it.
    pub fn resource(&self) -> trust::Resource {
        let resource = trust::Resource::of_kind("reuse").with_id(self.id).in_state(self.state);
        if self.state == ReuseState::Shown { resource.public() } else { resource }
    }
}

//! A reuse of open data.

use jiff::Timestamp;
use vocabulary::{AccountId, ReuseId};

use crate::words::words;

words! {
    /// Where a reuse stands.
    ReuseState {
        /// It waits for its review (待审核).
        Submitted = "submitted", "待审核", "Waiting for review";
        /// Everyone sees it (已展示).
        Shown = "shown", "已展示", "Shown";
        /// It is not shown, with the reason (不展示).
        Declined = "declined", "不展示", "Declined";
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

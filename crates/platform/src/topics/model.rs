//! A topic and what is said of it.

use jiff::Timestamp;
use vocabulary::{AccountId, AssetId, Bilingual};

use crate::words::words;

words! {
    /// Whether everyone sees a topic.
    TopicState {
        /// Everyone sees it (展示).
        Shown = "shown", "展示", "Shown";
        /// Only who edits it sees it (不展示).
        Hidden = "hidden", "不展示", "Hidden";
    }
}

store::text_column!(TopicState);

/// A topic.
#[derive(Clone, Debug)]
pub struct Topic {
    /// The last part of its address: small Latin letters, digits and dashes.
    pub slug: String,
    /// Grows with every change.
    pub revision: i64,
    /// Whether everyone sees it.
    pub state: TopicState,
    /// Its name.
    pub title: Bilingual,
    /// What belongs to it.
    pub summary: Bilingual,
    /// Who changed it last.
    pub edited_by: AccountId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A topic as it is to be.
#[derive(Clone, Debug)]
pub struct Edit {
    /// Whether everyone sees it.
    pub state: TopicState,
    /// Its name, 2 to 40 characters in Chinese; the English one may be empty.
    pub title: Bilingual,
    /// What belongs to it, 10 to 1,000 characters in Chinese.
    pub summary: Bilingual,
    /// Its datasets, in order, at most 100, all published.
    pub datasets: Vec<AssetId>,
}

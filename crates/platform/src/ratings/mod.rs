//! What those who used a dataset think of it (数据评分): one to five stars, from anyone.
//!
//! Only sums are kept. That a voice counts once a day is known by a code of the day, the
//! dataset and whoever rates, which nobody can make without the platform's key; the codes
//! of other days are erased.
//!
//! Basis: 山西省大数据发展应用促进条例 第八条.
//!
//! Invariants (each is also the name of a test):
//! - `a_voice_counts_once_a_day_and_only_sums_stay`
//! - `what_is_not_open_is_not_rated`
//!
//! Start at [`rate`]. SQL is in `table.rs`; neither knows HTTP.

mod table;

use serde_json::json;
use trust::{Action, Caller, Resource, audit};
use vocabulary::{AssetId, EntryId};

use crate::{Error, Platform, open};

/// Most stars.
pub const MOST: i64 = 5;
/// What the code of a voice is for.
const PURPOSE: &str = "voice of a day";

/// How a dataset was rated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ratings {
    /// How many gave one star, two, … five.
    pub counts: [u64; 5],
}

impl Ratings {
    /// How many rated it.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The mean number of stars, 1 to 5; `None` if nobody rated.
    ///
    /// ```
    /// let ratings = platform::ratings::Ratings { counts: [1, 0, 0, 0, 3] };
    /// assert_eq!(ratings.mean(), Some(4.0));
    /// ```
    pub fn mean(&self) -> Option<f64> {
        let total = self.total();
        let stars: u64 = (1..).zip(self.counts).map(|(stars, count)| stars * count).sum();
        #[expect(clippy::cast_precision_loss, reason = "counts of people")]
        (total > 0).then(|| stars as f64 / total as f64)
    }
}

/// Rates an open dataset.
///
/// - `voice`: who rates, as far as it is known, e.g. a network or an account; it is not
///   kept. Of one voice one rating a day counts. `None` counts always.
///
/// # Errors
///
/// [`Error::Invalid`] for other than one to five stars and for a second rating of the day;
/// [`Error::NotFound`] and others of [`open::current_release`] unless the dataset is open.
pub async fn rate(
    caller: &Caller,
    platform: &Platform,
    id: AssetId,
    stars: i64,
    voice: Option<&str>,
) -> Result<(Ratings, EntryId), Error> {
    caller.require(Action::RateDataset, &Resource::of_kind("rating"))?;
    let current = open::current_release(caller, platform, id).await?;
    if !(1..=MOST).contains(&stars) {
        return Err(Error::invalid("stars", "请选择一至五颗星。", "Choose one to five stars."));
    }
    // Opinions are free: who has an account is not told either.
    let caller = &Caller::anonymous(caller.now());
    let day = caller.now().strftime("%F").to_string();
    let mut tx = platform.store.begin().await?;
    if let Some(voice) = voice {
        let code = platform.keyring.code(PURPOSE, &format!("{day} {id} {voice}"));
        table::forget_other_days(&mut tx, &day).await?;
        if !table::note_voice(&mut tx, &code, &day).await? {
            return Err(Error::invalid(
                "stars",
                "今天已经评过分了，明天可以再评。",
                "You rated it today; you can do so again tomorrow.",
            ));
        }
    }
    table::add(&mut tx, id, stars).await?;
    let event = audit::Event {
        kind: "dataset.rated",
        subject: format!("asset:{id}"),
        body: json!({ "asset": id, "release": current.release.id, "stars": stars }),
        ground: None,
    };
    let entry = audit::append(&mut tx, caller, event).await.map_err(Error::evidence)?;
    let ratings = table::of(&mut tx, id).await?;
    tx.commit().await?;
    Ok((ratings, entry))
}

/// How a dataset was rated.
///
/// # Errors
///
/// [`Error::Store`] if it cannot be read.
pub async fn of(platform: &Platform, id: AssetId) -> Result<Ratings, Error> {
    let mut reader = platform.store.read().await?;
    table::of(&mut reader, id).await
}

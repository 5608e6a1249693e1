//! How two open releases of a dataset differ, row by row (版本差异).
//!
//! Only releases that are open now are compared: one that was suspended has no rows here,
//! as it has none anywhere else.

use std::time::Duration;

use lake::{Compared, Difference, DifferenceCounts, LakeError, QueryLimits};
use trust::{Action, Caller};
use vocabulary::AssetId;

use super::sql::Place;
use crate::gate::release::{self, Release};
use crate::registry::{self, Asset, AssetState};
use crate::{Error, Platform};

/// Memory for sorting one of the two; what does not fit is put off to disk.
const MEMORY_BYTES: u64 = 96 << 20;
/// Time until the last difference is taken.
const TIMEOUT: Duration = Duration::from_secs(60);

/// One in so many values may be missing in an estimate of different values (0.8 % is its
/// standard error).
const ESTIMATE_SHARE: u64 = 33;

/// Two releases of a dataset.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The dataset.
    pub asset: Asset,
    /// The earlier one.
    pub before: Release,
    /// The later one.
    pub after: Release,
    /// The numbers of all releases that can be compared, newest first.
    pub numbers: Vec<i64>,
}

impl Pair {
    /// Columns of which each may name a row: as far as the profiles tell, every value stands
    /// once in both releases. Of many values they tell an estimate.
    pub fn keys(&self) -> Vec<String> {
        let unique = |release: &Release, name: &str| {
            release.profile.columns.iter().any(|column| {
                let least = if column.distinct_exact {
                    release.rows
                } else {
                    release.rows - release.rows / ESTIMATE_SHARE
                };
                column.name == name && column.missing == 0 && column.distinct >= least.max(1)
            })
        };
        let names = self.after.columns.iter().map(|column| column.name.clone());
        names.filter(|name| unique(&self.before, name) && unique(&self.after, name)).collect()
    }
}

/// Finds two releases by their numbers; without numbers the newest and the one before it.
///
/// # Errors
///
/// [`Error::NotFound`] for a dataset or a release that is not open, [`Error::Denied`] if the
/// policies say so, [`Error::Invalid`] for twice the same release.
pub async fn pair(
    caller: &Caller,
    platform: &Platform,
    id: AssetId,
    from: Option<i64>,
    to: Option<i64>,
) -> Result<Pair, Error> {
    let missing = || Error::NotFound { what: "release", id: id.to_string() };
    let mut reader = platform.store.read().await?;
    let asset = registry::load(&mut reader, id).await?;
    if asset.state != AssetState::Published {
        return Err(missing());
    }
    let mut open = release::of_asset(&mut reader, id, law::Audience::Open).await?;
    drop(reader);
    open.retain(|release| release.state != "suspended");
    let numbers: Vec<i64> = open.iter().map(|release| release.number).collect();
    let newest = to.or_else(|| numbers.first().copied()).ok_or_else(missing)?;
    let earlier = || numbers.iter().copied().find(|number| *number < newest);
    let oldest = from.or_else(earlier).ok_or_else(missing)?;
    if oldest == newest {
        return Err(Error::invalid(
            "from",
            "from 和 to 是同一个版本，请选两个不同的版本。",
            "from and to are the same version; choose two different ones.",
        ));
    }
    let mut take = |number: i64| {
        let place = open.iter().position(|release| release.number == number);
        place.map(|place| open.swap_remove(place)).ok_or_else(missing)
    };
    let (before, after) = (take(oldest)?, take(newest)?);
    for release in [&before, &after] {
        caller.require(Action::ReadRows, &release.resource(asset.body))?;
    }
    Ok(Pair { asset, before, after, numbers })
}

/// The differences of a pair, one after another.
#[derive(Debug)]
pub struct Differences {
    compared: Compared,
    pair: Pair,
    platform: Platform,
    /// The store's count when the releases were last looked at.
    seen: u64,
    _place: Place,
}

/// Starts comparing two releases.
///
/// - `client`: who asks, for the share of the places ([`super::sql::Places`]).
/// - `key`: the columns that name a row; none to compare whole rows.
///
/// # Errors
///
/// [`Error::Lake`] for a key that is not in both, and for limits.
pub async fn compare(
    platform: &Platform,
    client: &str,
    pair: Pair,
    key: &[String],
) -> Result<Differences, Error> {
    let place = platform.places.enter(client).await?;
    let seen = platform.store.changes();
    let limits = QueryLimits { memory_bytes: MEMORY_BYTES, timeout: TIMEOUT, rows: 1 << 60 };
    let (before, after) = (&pair.before.table, &pair.after.table);
    let (old, new) = (before.table()?, after.table()?);
    let compared = lake::compare(
        platform.lake.as_ref(),
        (&old, Some(before.version)),
        (&new, Some(after.version)),
        key,
        &limits,
    )
    .await?;
    Ok(Differences { compared, pair, platform: platform.clone(), seen, _place: place })
}

impl Differences {
    /// The next difference, in the order of the key.
    ///
    /// # Errors
    ///
    /// [`Error::Lake`] for a key that stands twice, and limits; [`Error::NotFound`] if one of
    /// the releases was suspended in the meantime.
    pub async fn next(&mut self) -> Result<Option<Difference>, Error> {
        let changes = self.platform.store.changes();
        if changes != self.seen {
            still_open(&self.platform, &self.pair).await?;
            self.seen = changes;
        }
        Ok(self.compared.next().await?)
    }

    /// What is compared.
    pub fn comparison(&self) -> &lake::Comparison {
        self.compared.comparison()
    }

    /// What was counted so far; of the whole once there is no next difference.
    pub fn counts(&self) -> &DifferenceCounts {
        self.compared.counts()
    }

    /// The releases.
    pub fn pair(&self) -> &Pair {
        &self.pair
    }
}

/// Whether both releases may still be read.
async fn still_open(platform: &Platform, pair: &Pair) -> Result<(), Error> {
    let mut reader = platform.store.read().await?;
    let all = release::of_asset(&mut reader, pair.asset.id, law::Audience::Open).await?;
    for wanted in [&pair.before, &pair.after] {
        let is_open = |one: &Release| one.id == wanted.id && one.state != "suspended";
        if !all.iter().any(is_open) {
            return Err(Error::NotFound { what: "release", id: wanted.id.to_string() });
        }
    }
    Ok(())
}

/// Differences of a page with the counts of all.
#[derive(Debug)]
pub struct Page {
    /// Those of the page.
    pub differences: Vec<Difference>,
    /// All of them, counted.
    pub counts: DifferenceCounts,
    /// How many there are.
    pub total: u64,
}

/// Counts all differences and keeps those of one page.
///
/// # Errors
///
/// As [`Differences::next`].
pub async fn page(differences: &mut Differences, offset: u64, limit: u64) -> Result<Page, Error> {
    let (mut total, mut kept) = (0_u64, Vec::new());
    while let Some(difference) = differences.next().await? {
        if total >= offset && total - offset < limit {
            kept.push(difference);
        }
        total += 1;
    }
    Ok(Page { differences: kept, counts: differences.counts().clone(), total })
}

/// Whether the key is what is wrong.
pub fn is_mistake(error: &Error) -> bool {
    matches!(error, Error::Lake(LakeError::Query { .. } | LakeError::NoColumn { .. }))
}

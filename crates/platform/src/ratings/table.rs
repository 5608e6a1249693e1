//! The SQL of ratings.

use store::{Error as StoreError, FromRow, Query, Row, Tx, expect_one, params};
use vocabulary::AssetId;

use super::Ratings;
use crate::Error;

/// How often a number of stars was given.
struct Given {
    stars: i64,
    ratings: i64,
}

impl FromRow for Given {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self { stars: row.get("stars")?, ratings: row.get("ratings")? })
    }
}

/// Adds one rating.
pub(super) async fn add(tx: &mut Tx, id: AssetId, stars: i64) -> Result<(), Error> {
    let sql = "INSERT INTO rating (asset_id, stars, ratings) VALUES ($1, $2, 1)
               ON CONFLICT (asset_id, stars) DO UPDATE SET ratings = rating.ratings + 1";
    Ok(expect_one(tx.execute(sql, params![id, stars]).await?)?)
}

/// The ratings of a dataset.
pub(super) async fn of(query: &mut impl Query, id: AssetId) -> Result<Ratings, Error> {
    let sql = "SELECT stars, ratings FROM rating WHERE asset_id = $1";
    let mut found = Ratings::default();
    for Given { stars, ratings } in query.all(sql, params![id]).await? {
        let place = usize::try_from(stars - 1).unwrap_or(usize::MAX);
        if let Some(count) = found.counts.get_mut(place) {
            *count = u64::try_from(ratings).unwrap_or_default();
        }
    }
    Ok(found)
}

/// Erases the codes of other days.
pub(super) async fn forget_other_days(tx: &mut Tx, day: &str) -> Result<(), Error> {
    tx.execute("DELETE FROM rating_voice WHERE day <> $1", params![day]).await?;
    Ok(())
}

/// Notes a voice; `false` if it was noted before.
pub(super) async fn note_voice(tx: &mut Tx, code: &str, day: &str) -> Result<bool, Error> {
    let sql = "INSERT INTO rating_voice (code, day) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    Ok(tx.execute(sql, params![code, day]).await? == 1)
}

//! Open datasets of others that share quasi-identifiers with a candidate.
//!
//! Whoever joins the two by the shared columns finds for each of their rows the rows of
//! the candidate that agree: as many as the smallest class over the shared columns.

use deident::TupleTable;
use serde::{Deserialize, Serialize};
use vocabulary::AssetId;

use super::measure::deident;
use super::release;
use crate::{Error, Platform};

/// Neighbours that are named.
const NAMED: usize = 20;

/// An open dataset and what joining it with the candidate gives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NeighbourFact {
    /// The other asset.
    pub asset: AssetId,
    /// Its title in Chinese.
    pub title: String,
    /// The columns by which they are joined.
    pub columns: Vec<String>,
    /// Fewest rows of the candidate that agree in them.
    pub smallest: u64,
}

/// The neighbours of a candidate: `tuples` counts its `quasi` columns.
pub(super) async fn of(
    platform: &Platform,
    own: AssetId,
    quasi: &[String],
    tuples: &TupleTable,
) -> Result<Vec<NeighbourFact>, Error> {
    if quasi.len() < law::gate::composition().shared_columns || tuples.rows() == 0 {
        return Ok(Vec::new());
    }
    let mut reader = platform.store.read().await?;
    let mut found = Vec::new();
    for other in release::others(&mut reader, own).await? {
        let has = |name: &&String| other.columns.iter().any(|column| column.name == **name);
        let columns: Vec<String> = quasi.iter().filter(has).cloned().collect();
        if columns.len() < law::gate::composition().shared_columns || found.len() >= NAMED {
            continue;
        }
        let classes = tuples.class_sizes_of(&columns).map_err(deident)?;
        let smallest = classes.min().unwrap_or_default();
        found.push(NeighbourFact { asset: other.asset, title: other.title, columns, smallest });
    }
    Ok(found)
}

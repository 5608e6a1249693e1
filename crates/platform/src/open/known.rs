//! Current releases that were read a moment ago.
//!
//! The rows of a dataset are asked for in many small questions. As long as this program
//! commits nothing, its release is what it was, so the database is not asked again; and
//! for no longer than a second, should another program write. A suspension is a commit:
//! it stops the next request; where several programs share a database, those of the others
//! within a second.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use vocabulary::AssetId;

use crate::gate::release::Release;
use crate::registry::Asset;

/// A published asset with a current release.
#[derive(Debug)]
pub struct Current {
    /// The asset.
    pub asset: Asset,
    /// The release: the open one, or the conditional one for whom it was granted to.
    pub release: Release,
    /// Whether the policies were asked whether anyone may read its rows, and said yes.
    pub(super) for_anyone: AtomicBool,
}

impl Current {
    /// A release that was found for this caller.
    pub(crate) fn new(asset: Asset, release: Release) -> Self {
        Self { asset, release, for_anyone: AtomicBool::new(false) }
    }
}

/// How long a release is believed without asking.
const FRESH: Duration = Duration::from_secs(1);
/// How many are remembered.
const MOST: usize = 256;

/// Releases with their assets, by asset.
#[derive(Clone, Debug, Default)]
pub struct Known {
    entries: Arc<Mutex<HashMap<AssetId, Entry>>>,
}

#[derive(Clone, Debug)]
struct Entry {
    changes: u64,
    read_at: Instant,
    found: Arc<Current>,
}

impl Known {
    /// The release, if it was read and nothing was committed since.
    ///
    /// - `changes`: the store's count now.
    pub(super) fn get(&self, id: AssetId, changes: u64) -> Option<Arc<Current>> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get(&id)?;
        let fresh = entry.changes == changes && entry.read_at.elapsed() < FRESH;
        fresh.then(|| Arc::clone(&entry.found))
    }

    /// Remembers a release.
    ///
    /// - `changes`: the store's count before it was read.
    pub(super) fn put(&self, id: AssetId, changes: u64, found: Arc<Current>) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MOST {
            entries.clear();
        }
        entries.insert(id, Entry { changes, read_at: Instant::now(), found });
    }
}

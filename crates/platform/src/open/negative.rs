//! The negative list (负面清单): what is registered here and not opened, and why.
//!
//! It is public: who is refused data can read on what ground, and how much is closed.
//!
//! Basis: 山西省大数据发展应用促进条例 第八条第三款; 政府信息公开条例 第十四条.

use std::collections::BTreeMap;

use jiff::civil::Date;
use law::OpeningAttribute;
use search::{Facet, Query, Sort};

use super::find;
use crate::registry::{Asset, NegativeListEntry};
use crate::{Error, Platform};

/// Entries that are read at once.
const PAGE: usize = 500;

/// An asset that is not opened, and why.
#[derive(Clone, Debug)]
pub struct Withheld {
    /// The asset.
    pub asset: Asset,
    /// Why it is closed.
    pub entry: NegativeListEntry,
    /// Whether the day on which it was to be looked at again has passed.
    pub is_overdue: bool,
}

/// The negative list by title.
///
/// # Errors
///
/// [`Error::Search`] or [`Error::Store`] if it cannot be read.
pub async fn negative_list(platform: &Platform, today: Date) -> Result<Vec<Withheld>, Error> {
    let mut listed = Vec::new();
    let mut offset = 0;
    loop {
        let filters =
            BTreeMap::from([(Facet::Opening, vec![OpeningAttribute::Withheld.code().to_owned()])]);
        let query = Query { filters, sort: Sort::Title, offset, limit: PAGE, ..Query::default() };
        let found = find(platform, query).await?;
        let count = found.hits.hits.len();
        let own = found.assets.into_iter().filter(|asset| asset.body.is_some());
        listed.extend(own.map(|asset| {
            let entry = asset.entry.negative_list.clone().unwrap_or_default();
            let review: Option<Date> = entry.review_on.parse().ok();
            Withheld { is_overdue: review.is_some_and(|day| day < today), asset, entry }
        }));
        offset += count;
        if count < PAGE {
            return Ok(listed);
        }
    }
}

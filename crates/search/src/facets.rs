//! Facets: what a result list can be narrowed by, and how many documents each value has.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::StrColumn;
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader};

/// Most values that a facet returns unless more are asked for, the most frequent ones.
pub(crate) const MOST_VALUES: usize = 100;

/// What a result list can be narrowed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Facet {
    /// Code of the theme.
    Theme,
    /// Division code. A document counts in its own division and in each one above it, up
    /// to the province; a filter by a division finds all that lies inside.
    Division,
    /// Name of the providing body.
    Body,
    /// Key of the providing body.
    Provider,
    /// Code of the licence.
    Licence,
    /// Code of the format.
    Format,
    /// Code of the opening attribute.
    Opening,
    /// `dataset` or `entry`.
    Kind,
    /// Keyword.
    Keyword,
    /// `true` or `false`.
    HasData,
}

impl Facet {
    /// Every facet.
    pub const ALL: &'static [Self] = &[
        Self::Theme,
        Self::Division,
        Self::Body,
        Self::Provider,
        Self::Licence,
        Self::Format,
        Self::Opening,
        Self::Kind,
        Self::Keyword,
        Self::HasData,
    ];

    /// The word in URLs and the API, for example `theme`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Theme => "theme",
            Self::Division => "division",
            Self::Body => "body",
            Self::Provider => "provider",
            Self::Licence => "licence",
            Self::Format => "format",
            Self::Opening => "opening",
            Self::Kind => "kind",
            Self::Keyword => "keyword",
            Self::HasData => "has_data",
        }
    }

    /// The facet of a word; `None` for any other word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|facet| facet.as_str() == word).copied()
    }

    /// Name of the field with the values.
    pub(crate) fn field_name(self) -> &'static str {
        match self {
            Self::Theme => "facet_theme",
            Self::Division => "facet_division",
            Self::Body => "facet_body",
            Self::Provider => "facet_provider",
            Self::Licence => "facet_licence",
            Self::Format => "facet_format",
            Self::Opening => "facet_opening",
            Self::Kind => "facet_kind",
            Self::Keyword => "facet_keyword",
            Self::HasData => "facet_has_data",
        }
    }
}

/// Counts the values of some facets over the documents found, at most so many a facet.
pub(crate) struct FacetCounts(pub(crate) Vec<Facet>, pub(crate) usize);

/// Values with their counts, the most frequent first, equal counts by value.
pub(crate) type Counted = Vec<(Facet, Vec<(String, u64)>)>;

impl Collector for FacetCounts {
    type Fruit = Counted;
    type Child = SegmentCounts;

    fn for_segment(
        &self,
        _: SegmentOrdinal,
        segment: &SegmentReader,
    ) -> tantivy::Result<SegmentCounts> {
        let mut columns = Vec::new();
        for facet in &self.0 {
            if let Some(column) = segment.fast_fields().str(facet.field_name())? {
                let counts = vec![0_u64; column.num_terms()];
                columns.push((*facet, column, counts));
            }
        }
        Ok(SegmentCounts(columns))
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(
        &self,
        segments: Vec<tantivy::Result<Vec<(Facet, HashMap<String, u64>)>>>,
    ) -> tantivy::Result<Counted> {
        let mut merged: HashMap<Facet, HashMap<String, u64>> = HashMap::new();
        for segment in segments {
            for (facet, values) in segment? {
                let counts = merged.entry(facet).or_default();
                for (value, count) in values {
                    *counts.entry(value).or_default() += count;
                }
            }
        }
        let mut all = Vec::new();
        for facet in &self.0 {
            let mut values: Vec<(String, u64)> =
                merged.remove(facet).unwrap_or_default().into_iter().collect();
            values.sort_by(|(a, x), (b, y)| y.cmp(x).then_with(|| a.cmp(b)));
            values.truncate(self.1);
            all.push((*facet, values));
        }
        Ok(all)
    }
}

/// Counts of one segment, by the ordinals of its values.
pub(crate) struct SegmentCounts(Vec<(Facet, StrColumn, Vec<u64>)>);

impl SegmentCollector for SegmentCounts {
    type Fruit = tantivy::Result<Vec<(Facet, HashMap<String, u64>)>>;

    fn collect(&mut self, doc: DocId, _: Score) {
        for (_, column, counts) in &mut self.0 {
            for ordinal in column.term_ords(doc) {
                let slot = usize::try_from(ordinal).ok().and_then(|index| counts.get_mut(index));
                if let Some(count) = slot {
                    *count += 1;
                }
            }
        }
    }

    fn harvest(self) -> Self::Fruit {
        let mut all = Vec::new();
        for (facet, column, counts) in self.0 {
            let mut values = HashMap::new();
            for (ordinal, count) in (0_u64..).zip(counts) {
                if count > 0 {
                    let mut value = String::new();
                    column.ord_to_str(ordinal, &mut value)?;
                    values.insert(value, count);
                }
            }
            all.push((facet, values));
        }
        Ok(all)
    }
}

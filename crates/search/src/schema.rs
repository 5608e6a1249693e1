//! Fields of the index.

use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, STORED, STRING, Schema, SchemaBuilder,
    TextFieldIndexing, TextOptions,
};

use crate::Facet;
use crate::analysis::Analyzer;

/// Name of the fast field with the sortable title.
pub(crate) const TITLE_SORT: &str = "title_sort";
/// Name of the fast field with the last change.
pub(crate) const UPDATED_AT: &str = "updated_at";
/// Name of the fast field with the last change for harvesters.
pub(crate) const CHANGED_AT: &str = "changed_at";
/// Name of the field with the id.
pub(crate) const ID: &str = "id";
/// Name of the fast field with the popularity.
pub(crate) const POPULARITY: &str = "popularity";

/// The fields by name. A change of this list makes old folders unreadable, and that is
/// what tells [`crate::Catalogue::open`] to start anew.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    pub(crate) id: Field,
    /// Whole titles, folded: for the exact title.
    pub(crate) title_exact: Field,
    pub(crate) title_sort: Field,
    pub(crate) title_zh: Field,
    pub(crate) title_en: Field,
    pub(crate) description: Field,
    pub(crate) body: Field,
    pub(crate) keywords: Field,
    pub(crate) items: Field,
    pub(crate) updated_at: Field,
    /// Microseconds since 1970.
    pub(crate) changed_at: Field,
    pub(crate) popularity: Field,
    facets: Vec<(Facet, Field)>,
}

impl Fields {
    /// The field that holds the values of a facet.
    pub(crate) fn facet(&self, facet: Facet) -> Option<Field> {
        self.facets.iter().find(|(known, _)| *known == facet).map(|(_, field)| *field)
    }
}

/// Builds the schema.
pub(crate) fn build() -> (Schema, Fields) {
    let mut builder = SchemaBuilder::new();
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(Analyzer::NAME)
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let text = TextOptions::default().set_indexing_options(indexing).set_stored();
    let fields = Fields {
        id: builder.add_text_field(ID, STRING | STORED | FAST),
        title_exact: builder.add_text_field("title_exact", STRING),
        title_sort: builder.add_text_field(TITLE_SORT, STRING | FAST),
        title_zh: builder.add_text_field("title_zh", text.clone()),
        title_en: builder.add_text_field("title_en", text.clone()),
        description: builder.add_text_field("description", text.clone()),
        body: builder.add_text_field("body", text.clone()),
        keywords: builder.add_text_field("keywords", text.clone()),
        items: builder.add_text_field("items", text),
        updated_at: builder.add_i64_field(UPDATED_AT, FAST | INDEXED),
        changed_at: builder.add_i64_field(CHANGED_AT, FAST | INDEXED),
        popularity: builder.add_u64_field(POPULARITY, FAST | INDEXED),
        facets: Facet::ALL
            .iter()
            .map(|facet| (*facet, builder.add_text_field(facet.field_name(), STRING | FAST)))
            .collect(),
    };
    (builder.build(), fields)
}

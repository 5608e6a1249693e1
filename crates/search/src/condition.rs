//! What programs ask for in addition to facets: conditions that are combined.

use std::ops::Bound;

use serde::{Deserialize, Serialize};
use tantivy::Term;
use tantivy::query::{
    AllQuery, BooleanQuery, ConstScoreQuery, ExistsQuery, Occur, Query, RangeQuery, TermQuery,
};
use tantivy::schema::IndexRecordOption;

use crate::Facet;
use crate::schema::Fields;
use crate::text_query::TextQuery;

/// A condition on documents.
///
/// Unlike [`crate::Query::filters`], it also counts in the facets: a program that asks
/// for a part of the catalogue gets the counts of that part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// All of them; none: every document.
    All(Vec<Self>),
    /// Any of them; none: no document.
    Any(Vec<Self>),
    /// The contrary.
    Not(Box<Self>),
    /// The document with this id.
    Id(String),
    /// The documents that have this value in this facet.
    Value(Facet, String),
    /// The documents that have any value in this facet.
    Has(Facet),
    /// The documents that have all words of this text in any field.
    Text(String),
    /// The documents that changed in this time, in microseconds since 1970.
    Changed(Bound<i64>, Bound<i64>),
}

impl Condition {
    /// The query of the index.
    pub(crate) fn build(&self, fields: &Fields) -> Box<dyn Query> {
        match self {
            Self::All(conditions) if conditions.is_empty() => Box::new(AllQuery),
            Self::All(conditions) => joined(conditions, Occur::Must, fields),
            Self::Any(conditions) => joined(conditions, Occur::Should, fields),
            Self::Not(condition) => Box::new(BooleanQuery::new(vec![
                (Occur::Must, Box::new(AllQuery) as Box<dyn Query>),
                (Occur::MustNot, condition.build(fields)),
            ])),
            Self::Id(id) => exactly(Term::from_field_text(fields.id, id)),
            Self::Value(facet, value) => match fields.facet(*facet) {
                Some(field) => exactly(Term::from_field_text(field, value)),
                None => Box::new(BooleanQuery::new(Vec::new())),
            },
            Self::Has(facet) => Box::new(ExistsQuery::new(facet.field_name().to_owned(), false)),
            Self::Text(text) => match TextQuery::read(text) {
                Some(text) => text.build(fields, true),
                None => Box::new(AllQuery),
            },
            Self::Changed(Bound::Unbounded, Bound::Unbounded) => Box::new(AllQuery),
            Self::Changed(from, until) => {
                let term = |at: &i64| Term::from_field_i64(fields.changed_at, *at);
                Box::new(RangeQuery::new(from.as_ref().map(term), until.as_ref().map(term)))
            }
        }
    }
}

fn joined(conditions: &[Condition], occur: Occur, fields: &Fields) -> Box<dyn Query> {
    let parts = conditions.iter().map(|condition| (occur, condition.build(fields)));
    Box::new(BooleanQuery::new(parts.collect()))
}

/// Documents with a term, without a score.
fn exactly(term: Term) -> Box<dyn Query> {
    Box::new(ConstScoreQuery::new(Box::new(TermQuery::new(term, IndexRecordOption::Basic)), 0.0))
}

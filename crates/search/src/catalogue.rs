//! The index itself: open, write, ask.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard};

use tantivy::collector::{Count, TopDocs};
use tantivy::directory::MmapDirectory;
use tantivy::directory::error::LockError;
use tantivy::query::{AllQuery, BooleanQuery, ConstScoreQuery, Occur, TermSetQuery};
use tantivy::schema::{Field, Value};
use tantivy::tokenizer::TextAnalyzer;
use tantivy::{
    DocAddress, DocId, Index, IndexReader, IndexWriter, Order, ReloadPolicy, Score, Searcher,
    SegmentReader, TantivyDocument, TantivyError, Term,
};
use vocabulary::{DivisionCode, DivisionLevel};

use crate::analysis::{Analyzer, fold};
use crate::facets::{FacetCounts, MOST_VALUES};
use crate::highlight::stands_in;
use crate::schema::{CHANGED_AT, Fields, ID, POPULARITY, TITLE_SORT, UPDATED_AT};
use crate::text_query::TextQuery;
use crate::{Document, Excerpt, Facet, Hit, Hits, MatchedField, Query, SearchError, Sort};
use crate::{schema, suggest};

/// Memory of the one writing thread before it writes a segment.
const WRITER_BYTES: usize = 50_000_000;
/// How much of a description is indexed.
const MOST_DESCRIPTION_CHARS: usize = 20_000;
/// How much of any other text is indexed. Untouched terms must stay below 65,530 bytes.
const MOST_FIELD_CHARS: usize = 2_000;
/// Most hits of one answer.
const MOST_HITS: usize = 1_000;

/// By what the score of a document with data is multiplied: less than a hit in the title
/// weighs beside one in the description, more than the length of a title does.
const WITH_DATA: Score = 1.6;

/// Values with their counts, by facet.
type FacetTable = BTreeMap<Facet, Vec<(String, u64)>>;

/// The catalogue index. Share one among threads.
///
/// Writes are in the index for every reader when the call returns. Reads never wait for
/// writes.
///
/// ```
/// # use search::{Catalogue, Document, Query};
/// let catalogue = Catalogue::in_memory()?;
/// catalogue.replace(&[Document {
///     id: "1".into(),
///     title_zh: "太原市企业信用信息".into(),
///     ..Document::default()
/// }])?;
/// let found = catalogue.query(&Query {
///     text: Some("信用".into()),
///     limit: 10,
///     ..Query::default()
/// })?;
/// assert_eq!(found.total, 1);
/// assert_eq!(found.hits[0].title_zh.ranges, [5..7]);
/// # Ok::<(), search::SearchError>(())
/// ```
pub struct Catalogue {
    fields: Fields,
    reader: IndexReader,
    writer: Mutex<IndexWriter>,
}

impl std::fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Catalogue").field("documents", &self.len()).finish_non_exhaustive()
    }
}

impl Catalogue {
    /// Opens the index in a folder, which is made if it is not there.
    ///
    /// An index of another version, or a damaged one, is thrown away: the result is then
    /// empty, and the caller fills it from the store. Only files of an index are deleted.
    ///
    /// # Errors
    ///
    /// [`SearchError::Locked`] if another process has the folder open,
    /// [`SearchError::Folder`] if the folder cannot be used.
    pub fn open(dir: &Path) -> Result<Self, SearchError> {
        let folder = |source| SearchError::Folder { dir: dir.to_owned(), source };
        std::fs::create_dir_all(dir).map_err(folder)?;
        let (schema, fields) = schema::build();
        let open = || -> Result<Index, TantivyError> {
            let directory = MmapDirectory::open(dir)?;
            Index::open_or_create(directory, schema.clone())
        };
        let readable = open().and_then(|index| {
            let opened = Self::over(&index, fields.clone())?;
            // Reads every segment, so damage shows here and not in a query.
            opened.reader.reload()?;
            Ok(opened)
        });
        match readable {
            Ok(catalogue) => Ok(catalogue),
            Err(TantivyError::LockFailure(LockError::LockBusy, _)) => {
                Err(SearchError::Locked { dir: dir.to_owned() })
            }
            Err(_) => {
                remove_index_files(dir).map_err(folder)?;
                Ok(Self::over(&open()?, fields)?)
            }
        }
    }

    /// An empty index in memory, for tests.
    ///
    /// # Errors
    ///
    /// [`SearchError::Index`] if no thread can be started.
    pub fn in_memory() -> Result<Self, SearchError> {
        let (schema, fields) = schema::build();
        Ok(Self::over(&Index::create_in_ram(schema), fields)?)
    }

    fn over(index: &Index, fields: Fields) -> Result<Self, TantivyError> {
        index.tokenizers().register(Analyzer::NAME, TextAnalyzer::from(Analyzer));
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let writer = index.writer_with_num_threads(1, WRITER_BYTES)?;
        Ok(Self { fields, reader, writer: Mutex::new(writer) })
    }

    /// Adds documents, in place of those with the same ids, in one commit.
    ///
    /// # Errors
    ///
    /// [`SearchError::Index`] if it cannot be written; nothing is changed then.
    pub fn replace(&self, documents: &[Document]) -> Result<(), SearchError> {
        self.write(|writer| {
            for document in documents {
                writer.delete_term(Term::from_field_text(self.fields.id, &document.id));
                writer.add_document(self.convert(document))?;
            }
            Ok(())
        })
    }

    /// Removes documents; ids that are not there do not matter.
    ///
    /// # Errors
    ///
    /// [`SearchError::Index`] if it cannot be written; nothing is changed then.
    pub fn remove(&self, ids: &[String]) -> Result<(), SearchError> {
        self.write(|writer| {
            for id in ids {
                writer.delete_term(Term::from_field_text(self.fields.id, id));
            }
            Ok(())
        })
    }

    /// Removes every document.
    ///
    /// # Errors
    ///
    /// [`SearchError::Index`] if it cannot be written; nothing is changed then.
    pub fn clear(&self) -> Result<(), SearchError> {
        self.write(|writer| writer.delete_all_documents().map(|_| ()))
    }

    /// How many documents the index has.
    pub fn len(&self) -> usize {
        usize::try_from(self.reader.searcher().num_docs()).unwrap_or(usize::MAX)
    }

    /// Whether the index has no document.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn write(
        &self,
        change: impl FnOnce(&mut IndexWriter) -> Result<(), TantivyError>,
    ) -> Result<(), SearchError> {
        let mut writer: MutexGuard<'_, IndexWriter> =
            self.writer.lock().map_err(|_| SearchError::Closed)?;
        let done = change(&mut writer).and_then(|()| writer.commit().map(|_| ()));
        if let Err(error) = done {
            writer.rollback()?;
            return Err(error.into());
        }
        self.reader.reload()?;
        Ok(())
    }

    fn convert(&self, document: &Document) -> TantivyDocument {
        let fields = &self.fields;
        let mut converted = TantivyDocument::new();
        let cut = |text: &str, most: usize| text.chars().take(most).collect::<String>();
        let mut add = |field: Field, text: &str| {
            if !text.is_empty() {
                converted.add_text(field, cut(text, MOST_FIELD_CHARS));
            }
        };
        add(fields.id, &document.id);
        add(fields.title_zh, &document.title_zh);
        add(fields.title_en, &document.title_en);
        add(fields.body, &document.body_name);
        for keyword in &document.keywords {
            add(fields.keywords, keyword);
        }
        for item in &document.items {
            add(fields.items, item);
        }
        for title in [&document.title_zh, &document.title_en] {
            add(fields.title_exact, &fold(title));
        }
        let title =
            if document.title_zh.is_empty() { &document.title_en } else { &document.title_zh };
        add(fields.title_sort, &fold(title));
        for facet in Facet::ALL {
            if let Some(field) = fields.facet(*facet) {
                for value in facet_values(document, *facet) {
                    add(field, &value);
                }
            }
        }
        converted.add_text(fields.description, cut(&document.description, MOST_DESCRIPTION_CHARS));
        converted.add_i64(fields.updated_at, document.updated_at);
        converted.add_i64(fields.changed_at, document.changed_at);
        converted.add_u64(fields.popularity, document.popularity);
        converted
    }

    /// Answers a question. Any text is a good one.
    ///
    /// # Errors
    ///
    /// [`SearchError::Index`] if the index cannot be read.
    pub fn query(&self, query: &Query) -> Result<Hits, SearchError> {
        let searcher = self.reader.searcher();
        let text = query.text.as_deref().and_then(TextQuery::read);
        let mut relaxed = false;
        let mut did_you_mean = None;
        let mut asked: Box<dyn tantivy::query::Query> = match &text {
            None => Box::new(AllQuery),
            Some(text) => text.build(&self.fields, true),
        };
        let (mut total, mut facets) = self.count(&searcher, asked.as_ref(), query)?;
        if let Some(text) = text.as_ref().filter(|_| total == 0) {
            did_you_mean = suggest::suggest(&searcher, &self.fields, text)?;
            if text.units.len() > 1 {
                asked = text.build(&self.fields, false);
                (total, facets) = self.count(&searcher, asked.as_ref(), query)?;
                relaxed = total > 0;
            }
        }
        let all = self.filtered(asked, query, None);
        let by_score = text.is_some() && query.sort == Sort::Relevance;
        let mut hits = Vec::new();
        for (score, address) in self.page(&searcher, &all, query, total, by_score)? {
            hits.push(self.hit(&searcher, address, score, text.as_ref())?);
        }
        Ok(Hits { total, hits, facets, did_you_mean, relaxed })
    }

    /// A query with the filters of every facet but one.
    fn filtered(
        &self,
        asked: Box<dyn tantivy::query::Query>,
        query: &Query,
        except: Option<Facet>,
    ) -> BooleanQuery {
        let mut clauses = vec![(Occur::Must, asked)];
        if let Some(condition) = &query.condition {
            let without_score = ConstScoreQuery::new(condition.build(&self.fields), 0.0);
            clauses.push((Occur::Must, Box::new(without_score)));
        }
        for (facet, values) in &query.filters {
            let Some(field) = self.fields.facet(*facet) else { continue };
            if values.is_empty() || Some(*facet) == except {
                continue;
            }
            let terms = values.iter().map(|value| {
                let value: String = value.chars().take(MOST_FIELD_CHARS).collect();
                Term::from_field_text(field, &value)
            });
            let filter = ConstScoreQuery::new(Box::new(TermSetQuery::new(terms)), 0.0);
            clauses.push((Occur::Must, Box::new(filter)));
        }
        BooleanQuery::new(clauses)
    }

    /// How many documents match, and the counts of every facet: those without a filter
    /// in one pass, the others one by one with their own filter left out.
    fn count(
        &self,
        searcher: &Searcher,
        asked: &dyn tantivy::query::Query,
        query: &Query,
    ) -> Result<(usize, FacetTable), SearchError> {
        let most = query.values.unwrap_or(MOST_VALUES);
        let has_filter =
            |facet: &Facet| query.filters.get(facet).is_some_and(|values| !values.is_empty());
        let (own, free): (Vec<Facet>, Vec<Facet>) =
            Facet::ALL.iter().copied().partition(has_filter);
        let all = self.filtered(asked.box_clone(), query, None);
        let (total, mut counted) = searcher.search(&all, &(Count, FacetCounts(free, most)))?;
        for facet in own {
            let others = self.filtered(asked.box_clone(), query, Some(facet));
            counted.extend(searcher.search(&others, &FacetCounts(vec![facet], most))?);
        }
        Ok((total, counted.into_iter().collect()))
    }

    fn page(
        &self,
        searcher: &Searcher,
        all: &BooleanQuery,
        query: &Query,
        total: usize,
        by_score: bool,
    ) -> Result<Vec<(f32, DocAddress)>, SearchError> {
        let limit = query.limit.min(MOST_HITS).min(total.saturating_sub(query.offset));
        if limit == 0 {
            return Ok(Vec::new());
        }
        let top = TopDocs::with_limit(limit).and_offset(query.offset);
        if by_score {
            return Ok(searcher.search(all, &top.tweak_score(data_first))?);
        }
        let by_text =
            |top: TopDocs, field: &str, order: Order| -> Result<Vec<DocAddress>, TantivyError> {
                let by = top.order_by_string_fast_field(field, order);
                Ok(searcher.search(all, &by)?.into_iter().map(|(_, address)| address).collect())
            };
        let by_time =
            |top: TopDocs, field: &str, order: Order| -> Result<Vec<DocAddress>, TantivyError> {
                let by = top.order_by_fast_field::<i64>(field, order);
                Ok(searcher.search(all, &by)?.into_iter().map(|(_, address)| address).collect())
            };
        let addresses: Vec<DocAddress> = match query.sort {
            Sort::Title => by_text(top, TITLE_SORT, Order::Asc)?,
            Sort::TitleDescending => by_text(top, TITLE_SORT, Order::Desc)?,
            Sort::Id => by_text(top, ID, Order::Asc)?,
            Sort::IdDescending => by_text(top, ID, Order::Desc)?,
            Sort::Popular => {
                let by = top.order_by_fast_field::<u64>(POPULARITY, Order::Desc);
                searcher.search(all, &by)?.into_iter().map(|(_, address)| address).collect()
            }
            Sort::Changed => by_time(top, CHANGED_AT, Order::Desc)?,
            Sort::ChangedAscending => by_time(top, CHANGED_AT, Order::Asc)?,
            Sort::Newest | Sort::Relevance => by_time(top, UPDATED_AT, Order::Desc)?,
        };
        Ok(addresses.into_iter().map(|address| (0.0, address)).collect())
    }

    fn hit(
        &self,
        searcher: &Searcher,
        address: DocAddress,
        score: f32,
        text: Option<&TextQuery>,
    ) -> Result<Hit, SearchError> {
        let stored: TantivyDocument = searcher.doc(address)?;
        let fields = &self.fields;
        let values = |field: Field| {
            stored.get_all(field).filter_map(|value| value.as_str().map(str::to_owned))
        };
        let first = |field: Field| values(field).next().unwrap_or_default();
        let units = text.map_or(&[][..], |text| text.units.as_slice());
        let id = first(fields.id);
        let title_zh = Excerpt::whole(&first(fields.title_zh), units);
        let title_en = Excerpt::whole(&first(fields.title_en), units);
        let description = first(fields.description);
        let mut matched = Vec::new();
        let mut note = |found: bool, field: MatchedField| {
            if found {
                matched.push(field);
            }
        };
        note(text.is_some_and(|text| text.text == id), MatchedField::Id);
        note(!title_zh.ranges.is_empty() || !title_en.ranges.is_empty(), MatchedField::Title);
        for (field, name) in [
            (fields.keywords, MatchedField::Keyword),
            (fields.body, MatchedField::Body),
            (fields.items, MatchedField::Item),
            (fields.description, MatchedField::Description),
        ] {
            note(values(field).any(|value| stands_in(&value, units)), name);
        }
        let description = Excerpt::around_first(&description, units);
        Ok(Hit { id, score, title_zh, title_en, description, matched })
    }
}

/// The values that a document has in a facet.
fn facet_values(document: &Document, facet: Facet) -> Vec<String> {
    let mut values = match facet {
        Facet::Theme => vec![document.theme.clone()],
        Facet::Division => divisions(&document.division),
        Facet::Body => vec![document.body_name.clone()],
        Facet::Provider => vec![document.body_key.clone()],
        Facet::Licence => vec![document.licence.clone()],
        Facet::Format => document.formats.clone(),
        Facet::Opening => vec![document.opening.clone()],
        Facet::Kind => vec![document.kind.clone()],
        Facet::Keyword => document.keywords.clone(),
        Facet::HasData => vec![document.has_data.to_string()],
    };
    // A value counts once a document.
    values.sort();
    values.dedup();
    values
}

/// The division and each one above it, up to the province.
fn divisions(code: &str) -> Vec<String> {
    match code.parse::<DivisionCode>() {
        Ok(division) => division
            .chain()
            .filter(|wider| *wider == division || wider.level() > DivisionLevel::Country)
            .map(|division| division.to_string())
            .collect(),
        Err(_) => vec![code.to_owned()],
    }
}

/// Deletes the files of an index and nothing else in the folder.
fn remove_index_files(dir: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let segment = name.split('.').next().is_some_and(|stem| {
            stem.len() == 32 && stem.bytes().all(|byte| byte.is_ascii_hexdigit())
        });
        let known = matches!(name, "meta.json" | ".managed.json");
        if path.is_file() && (segment || known || name.starts_with(".tantivy-")) {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Ranks documents with data before others that fit as well.
fn data_first(segment: &SegmentReader) -> impl Fn(DocId, Score) -> Score + use<> {
    let column = segment.fast_fields().str(Facet::HasData.field_name()).ok().flatten();
    let yes = column.as_ref().and_then(|column| column.dictionary().term_ord("true").ok()?);
    move |document, score| {
        let has_data = column.as_ref().is_some_and(|column| {
            yes.is_some_and(|yes| column.term_ords(document).any(|ordinal| ordinal == yes))
        });
        if has_data { score * WITH_DATA } else { score }
    }
}

//! Gathers what one query needs of the rows of a table.

use std::borrow::Cow;
use std::sync::Arc;

use ::deident::dp::{Collector, DpError, Query, Statistic, Unit};
use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::filter::Filter;
use crate::table::{ReadError, RowReader, TextTable};

/// Rows that go to the collector at once.
const ROWS: usize = 8192;

/// Takes in rows of text; an empty cell is no value.
pub(super) struct Gatherer<'a> {
    query: &'a Query,
    key: [u8; 16],
    filters: &'a [Filter],
    /// Columns that the query looks at.
    needed: Vec<String>,
    places: Vec<usize>,
    filter_places: Vec<usize>,
    schema: SchemaRef,
    collector: Result<Collector, DpError>,
    waiting: Vec<StringBuilder>,
    rows: usize,
}

impl<'a> Gatherer<'a> {
    /// - `key`: secret of the choice of rows of a person.
    pub(super) fn new(
        query: &'a Query,
        key: [u8; 16],
        filters: &'a [Filter],
    ) -> Result<Self, DpError> {
        let person = match &query.unit {
            Unit::Person { column, .. } => Some(column),
            Unit::OneRowOnePerson => None,
        };
        let column = match &query.statistic {
            Statistic::Count { .. } => None,
            Statistic::Sum { column, .. }
            | Statistic::Mean { column, .. }
            | Statistic::Quantile { column, .. }
            | Statistic::Histogram { column, .. } => Some(column),
        };
        let mut needed: Vec<String> = person.into_iter().chain(column).cloned().collect();
        needed.dedup();
        let fields: Vec<Field> =
            needed.iter().map(|name| Field::new(name, DataType::Utf8, true)).collect();
        Ok(Self {
            collector: Ok(Collector::new(query.clone(), key)?),
            waiting: needed.iter().map(|_| StringBuilder::new()).collect(),
            schema: Arc::new(Schema::new(fields)),
            places: Vec::new(),
            filter_places: Vec::new(),
            rows: 0,
            query,
            key,
            filters,
            needed,
        })
    }

    /// The columns that must be there.
    pub(super) fn columns(&self) -> Vec<String> {
        let mut names = self.needed.clone();
        names.extend(self.filters.iter().map(|filter| filter.column.clone()));
        names
    }

    /// Finds the columns in a table.
    pub(super) fn find(&mut self, table: &TextTable) -> Result<(), ReadError> {
        self.places = table.places(&self.needed)?;
        let names: Vec<String> = self.filters.iter().map(|filter| filter.column.clone()).collect();
        self.filter_places = table.places(&names)?;
        Ok(())
    }

    /// What was gathered.
    pub(super) fn finish(mut self) -> Result<Collector, DpError> {
        self.hand_over();
        self.collector
    }

    fn hand_over(&mut self) {
        let columns: Vec<ArrayRef> =
            self.waiting.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        self.rows = 0;
        let Ok(collector) = &mut self.collector else { return };
        let schema = Arc::clone(&self.schema);
        // Columns and lengths are ours; only the collector can refuse.
        if let Ok(batch) = RecordBatch::try_new_with_options(schema, columns, &options)
            && let Err(error) = collector.update(&batch)
        {
            self.collector = Err(error);
        }
    }
}

impl RowReader for Gatherer<'_> {
    fn begin(&mut self) -> Result<(), ReadError> {
        self.collector = Collector::new(self.query.clone(), self.key);
        self.waiting.iter_mut().for_each(|column| drop(column.finish()));
        self.rows = 0;
        Ok(())
    }

    fn row(&mut self, _: usize, cells: &[Cow<'_, str>]) -> Result<(), ReadError> {
        let cell = |place: &usize| cells.get(*place).map(AsRef::as_ref).unwrap_or_default();
        let met = self.filters.iter().zip(&self.filter_places);
        if !met.into_iter().all(|(filter, place)| filter.holds(cell(place))) {
            return Ok(());
        }
        for (column, place) in self.waiting.iter_mut().zip(&self.places) {
            column.append_option(Some(cell(place)).filter(|cell| !cell.is_empty()));
        }
        self.rows += 1;
        if self.rows >= ROWS {
            self.hand_over();
        }
        Ok(())
    }
}

//! Gathers what one query needs of the rows of a table.

use std::borrow::Cow;
use std::path::Path;

use ::deident::dp::{Collector, DpError, Query, Statistic, Unit};

use super::NoAnswer;
use super::filter::Filter;
use crate::table::{ReadError, RowReader, TextBatch, TextTable};

/// Takes in rows of text; an empty cell is no value.
pub(super) struct Gatherer<'a> {
    query: &'a Query,
    key: [u8; 16],
    filters: &'a [Filter],
    /// Columns that the query looks at.
    needed: Vec<String>,
    places: Vec<usize>,
    filter_places: Vec<usize>,
    collector: Result<Collector, DpError>,
    waiting: TextBatch,
}

impl<'a> Gatherer<'a> {
    /// - `path`: the place of the table, as it is shown.
    /// - `key`: secret of the choice of rows of a person.
    pub(super) fn new(
        path: &Path,
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
        Ok(Self {
            collector: Ok(Collector::new(query.clone(), key)?),
            waiting: TextBatch::new(path, &needed),
            places: Vec::new(),
            filter_places: Vec::new(),
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
    ///
    /// - `read`: how the reading ended.
    pub(super) fn finish(mut self, read: Result<(), ReadError>) -> Result<Collector, NoAnswer> {
        let read = read.and_then(|()| self.hand_over());
        let collector = self.collector?;
        read?;
        Ok(collector)
    }

    fn hand_over(&mut self) -> Result<(), ReadError> {
        let (Some(batch), Ok(collector)) = (self.waiting.take()?, &mut self.collector) else {
            return Ok(());
        };
        collector.update(&batch).map_err(|error| {
            self.collector = Err(error);
            ReadError::Ended
        })
    }
}

impl RowReader for Gatherer<'_> {
    fn begin(&mut self) -> Result<(), ReadError> {
        self.collector = Collector::new(self.query.clone(), self.key);
        self.waiting.clear();
        Ok(())
    }

    fn row(&mut self, _: usize, cells: &[Cow<'_, str>]) -> Result<(), ReadError> {
        let cell = |place: &usize| cells.get(*place).map(AsRef::as_ref).unwrap_or_default();
        let met = self.filters.iter().zip(&self.filter_places);
        if !met.into_iter().all(|(filter, place)| filter.holds(cell(place))) {
            return Ok(());
        }
        let needed = self.places.iter().map(cell);
        self.waiting.push(needed.map(|cell| Some(cell).filter(|cell| !cell.is_empty())));
        if self.waiting.is_full() { self.hand_over() } else { Ok(()) }
    }
}

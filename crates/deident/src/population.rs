//! The counts of a whole population beside those of a table, in the same codes.
//!
//! A register of everyone, or a table published by a census, tells how many persons
//! share a form; a sample cannot. Memory grows with the distinct tuples of both.

use crate::dictionary::Dictionary;
use crate::tuples::{TupleError, TupleTable};

/// Counts of a population in the codes of a table.
#[derive(Debug, Clone)]
pub(crate) struct Population {
    /// By column of the table; `None` where the population was not counted by it.
    columns: Vec<Option<PopulationColumn>>,
    pub(crate) counts: Vec<u64>,
}

#[derive(Debug, Clone)]
struct PopulationColumn {
    /// Codes above those of the table number `others`.
    codes: Vec<u32>,
    /// Values that the table lacks.
    others: Vec<Option<String>>,
}

impl Population {
    fn of(table: &TupleTable, population: &TupleTable) -> Self {
        let columns = table.names.iter().zip(&table.dictionaries);
        let columns = columns.map(|(name, own)| {
            let position = population.position(name)?;
            let values = &population.dictionaries.get(position)?.values;
            let (map, others) = recode(own, values);
            let codes = population.codes.get(position)?.iter();
            let codes = codes.map(|code| map.get(*code as usize).copied().unwrap_or(u32::MAX));
            Some(PopulationColumn { codes: codes.collect(), others })
        });
        Self { columns: columns.collect(), counts: population.counts.clone() }
    }
}

/// The code of each value of a population, and the values that are new.
fn recode(own: &Dictionary, values: &[Option<String>]) -> (Vec<u32>, Vec<Option<String>>) {
    let mut others = Vec::new();
    let map = values
        .iter()
        .map(|value| {
            own.find(value.as_deref()).unwrap_or_else(|| {
                others.push(value.clone());
                u32::try_from(own.values.len() + others.len() - 1).unwrap_or(u32::MAX)
            })
        })
        .collect();
    (map, others)
}

impl TupleTable {
    /// Puts the counts of the population beside those of the table, as k-map and
    /// δ-presence need it. The domain of each quasi-identifier is then that of both.
    ///
    /// - `population`: counts the quasi-identifiers of the whole population, the
    ///   persons of this table among them, with the same values and names.
    ///
    /// ```
    /// # use deident::TupleTable;
    /// let count = |ages: &[&str]| {
    ///     let mut builder = TupleTable::builder(&["age"]);
    ///     for age in ages {
    ///         builder.push(&[Some(age)])?;
    ///     }
    ///     Ok::<_, deident::TupleError>(builder.finish())
    /// };
    /// let table = count(&["20", "21"])?.with_population(&count(&["20", "21", "20", "22"])?);
    /// assert_eq!((table.rows(), table.population_rows()), (2, Some(4)));
    /// # Ok::<(), deident::TupleError>(())
    /// ```
    #[must_use]
    pub fn with_population(mut self, population: &Self) -> Self {
        self.population = Some(Population::of(&self, population).into());
        self
    }

    /// Rows of the population, where it was counted.
    pub fn population_rows(&self) -> Option<u64> {
        self.population.as_ref().map(|population| population.counts.iter().sum())
    }

    /// The counts of the population.
    ///
    /// # Errors
    ///
    /// [`TupleError::NoPopulation`].
    pub(crate) fn require_population(&self) -> Result<&Population, TupleError> {
        self.population.as_deref().ok_or(TupleError::NoPopulation)
    }

    /// The code of each tuple of the population in a column, in the numbers of
    /// [`Self::domain`].
    ///
    /// # Errors
    ///
    /// [`TupleError::NoPopulation`], [`TupleError::NoColumn`].
    pub(crate) fn population_codes(&self, column: &str) -> Result<&[u32], TupleError> {
        let position = self.require(column)?;
        let population = self.require_population()?;
        match population.columns.get(position) {
            Some(Some(column)) => Ok(&column.codes),
            _ => Err(TupleError::NoColumn {
                name: column.to_owned(),
                available: "no such column in the population".to_owned(),
            }),
        }
    }

    /// The values of a column in the table, then those that only the population has.
    pub(crate) fn domain(&self, column: &str) -> Vec<Option<&str>> {
        let own = self.values(column).unwrap_or_default();
        let others = self.population.as_ref().and_then(|population| {
            let column = population.columns.get(self.position(column)?)?.as_ref()?;
            Some(column.others.as_slice())
        });
        own.iter().chain(others.unwrap_or_default()).map(Option::as_deref).collect()
    }
}

//! Gives each row of a table the form that a recoding has for it: the second pass
//! over texts, for full-domain and local recoding alike.

use hashbrown::HashMap;

use crate::hierarchy::Hierarchy;
use crate::search::{KeptClasses, Problem, Recoding, SearchError, hierarchies};
use crate::spill::Counted;
use crate::tuples::{TupleError, TupleTable};

/// Recodes the rows of the table whose tuples were counted.
#[derive(Debug)]
pub struct Recoder<'a> {
    tuples: &'a TupleTable,
    recoding: &'a Recoding,
    /// Place of each quasi-identifier among the counted columns, and its hierarchy.
    quasi: Vec<(usize, Hierarchy)>,
    index: HashMap<Box<[u32]>, u32>,
}

impl<'a> Recoder<'a> {
    /// Makes ready to recode a table wherever its tuples lie; otherwise as [`Self::new`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn counted(
        counted: &'a Counted,
        problem: &Problem,
        recoding: &'a Recoding,
    ) -> Result<Self, SearchError> {
        match counted {
            Counted::Whole(table) => Self::new(table, problem, recoding),
            Counted::Spilled(table) => Self::new(&table.head, problem, recoding),
        }
    }

    /// Makes ready to recode; `recoding` must come from the same table and problem.
    ///
    /// # Errors
    ///
    /// [`SearchError`] if the problem does not fit the table.
    pub fn new(
        tuples: &'a TupleTable,
        problem: &Problem,
        recoding: &'a Recoding,
    ) -> Result<Self, SearchError> {
        let mut quasi = Vec::with_capacity(problem.columns.len());
        for (column, hierarchy) in problem.columns.iter().zip(hierarchies(tuples, problem)?) {
            quasi.push((tuples.require(&column.name)?, hierarchy));
        }
        let mut index = HashMap::with_capacity(tuples.tuples());
        for tuple in (0_u32..).take(tuples.tuples()) {
            let codes = tuples.codes.iter().filter_map(|codes| codes.get(tuple as usize).copied());
            index.insert(codes.collect(), tuple);
        }
        Ok(Self { tuples, recoding, quasi, index })
    }

    /// The released form of each quasi-identifier of a row, in the order of
    /// [`Problem::columns`]; `None` if the row is suppressed or was not counted.
    ///
    /// - `row`: the cells of the counted columns, in the order of
    ///   [`TupleTable::columns`].
    pub fn row(&self, row: &[Option<&str>]) -> Option<Vec<&str>> {
        let codes: Option<Vec<u32>> = row
            .iter()
            .zip(&self.tuples.dictionaries)
            .map(|(value, dictionary)| dictionary.find(*value))
            .collect();
        let codes = codes?;
        let levels = match self.recoding.kept() {
            Some(kept) => self.levels_of_kept(kept, &codes)?,
            None => {
                let tuple = self.index.get(codes.as_slice())?;
                self.recoding.levels_of(*tuple as usize)?
            }
        };
        self.quasi
            .iter()
            .zip(levels)
            .map(|((place, hierarchy), level)| {
                hierarchy.generalize(row.get(*place).copied().flatten(), *level)
            })
            .collect()
    }

    /// The levels of a row whose class stays.
    fn levels_of_kept(&self, kept: &'a KeptClasses, codes: &[u32]) -> Option<&'a [usize]> {
        let group = |((place, _), groups): (&(usize, Hierarchy), &Vec<u32>)| {
            groups.get(*codes.get(*place)? as usize).copied()
        };
        let class: Option<Vec<u32>> = self.quasi.iter().zip(&kept.groups).map(group).collect();
        kept.classes.find(&class?).map(|_| kept.levels.as_slice())
    }

    /// The released forms of the quasi-identifiers, counted: what can be measured of a
    /// release without a look at its rows. Suppressed rows are not there.
    ///
    /// # Errors
    ///
    /// [`TupleError`] if the forms are too many to be counted.
    pub fn released(&self) -> Result<TupleTable, TupleError> {
        let names: Vec<&String> =
            self.quasi.iter().filter_map(|(place, _)| self.tuples.names.get(*place)).collect();
        let mut builder = TupleTable::builder(&names);
        if let Some(kept) = self.recoding.kept() {
            let forms = self.forms_of_kept(kept);
            for (number, rows) in (0_u32..).zip(&kept.classes.counts) {
                let class = kept.classes.tuple(number).iter().zip(&forms);
                let class: Vec<Option<&str>> =
                    class.map(|(group, forms)| *forms.get(*group as usize)?).collect();
                builder.push_rows(&class, *rows)?;
            }
            return Ok(builder.finish());
        }
        for (tuple, rows) in self.tuples.counts.iter().enumerate() {
            let Some(levels) = self.recoding.levels_of(tuple) else { continue };
            let forms: Vec<Option<&str>> = self
                .quasi
                .iter()
                .zip(levels)
                .map(|((place, hierarchy), level)| {
                    let code = *self.tuples.codes.get(*place)?.get(tuple)?;
                    let values = &self.tuples.dictionaries.get(*place)?.values;
                    hierarchy.generalize(values.get(code as usize)?.as_deref(), *level)
                })
                .collect();
            builder.push_rows(&forms, *rows)?;
        }
        Ok(builder.finish())
    }

    /// The form of each group, by column.
    fn forms_of_kept(&self, kept: &KeptClasses) -> Vec<Vec<Option<&str>>> {
        let columns = self.quasi.iter().zip(&kept.groups).zip(&kept.levels);
        let forms = columns.map(|(((place, hierarchy), groups), level)| {
            let values = self.tuples.dictionaries.get(*place).map(|column| &column.values);
            let mut forms = Vec::new();
            for (value, group) in values.into_iter().flatten().zip(groups) {
                let group = *group as usize;
                if group >= forms.len() {
                    forms.resize(group + 1, None);
                }
                if let Some(slot @ None) = forms.get_mut(group) {
                    *slot = hierarchy.generalize(value.as_deref(), *level);
                }
            }
            forms
        });
        forms.collect()
    }
}

//! Released forms and the values they may stand for, numbered for speed.

use hashbrown::HashMap;

use super::random::Random;
use super::{AttackError, Subject};
use crate::hierarchy::Hierarchy;
use crate::tuples::TupleTable;

/// One table with its cells as codes.
#[derive(Debug, Clone)]
pub(super) struct Sheet {
    /// Codes by column, one entry a tuple.
    pub(super) codes: Vec<Vec<u32>>,
    /// Rows of each tuple.
    pub(super) counts: Vec<u64>,
    /// Rows up to and with each tuple.
    ends: Vec<u64>,
}

impl Sheet {
    pub(super) fn new(codes: Vec<Vec<u32>>, counts: Vec<u64>) -> Self {
        let mut sum = 0;
        let ends = counts
            .iter()
            .map(|rows| {
                sum += rows;
                sum
            })
            .collect();
        Self { codes, counts, ends }
    }

    fn of(tuples: &TupleTable, names: &[String], once: bool) -> Result<Self, AttackError> {
        let mut codes = Vec::with_capacity(names.len());
        for name in names {
            let position = tuples.require(name)?;
            codes.push(tuples.codes.get(position).cloned().unwrap_or_default());
        }
        if once {
            return Ok(Self::distinct(&codes));
        }
        Ok(Self::new(codes, tuples.counts.clone()))
    }

    /// Each different tuple once.
    fn distinct(codes: &[Vec<u32>]) -> Self {
        let tuples = codes.first().map_or(0, Vec::len);
        let mut seen = hashbrown::HashSet::new();
        let mut kept = vec![Vec::new(); codes.len()];
        for tuple in 0..tuples {
            let key: Vec<u32> =
                codes.iter().filter_map(|codes| codes.get(tuple).copied()).collect();
            if seen.insert(key.clone()) {
                for (column, code) in kept.iter_mut().zip(key) {
                    column.push(code);
                }
            }
        }
        let tuples = kept.first().map_or(0, Vec::len);
        Self::new(kept, vec![1; tuples])
    }

    pub(super) fn rows(&self) -> u64 {
        self.ends.last().copied().unwrap_or_default()
    }

    pub(super) fn code(&self, column: usize, tuple: usize) -> u32 {
        self.codes.get(column).and_then(|codes| codes.get(tuple)).copied().unwrap_or(u32::MAX)
    }

    /// The tuple of a row.
    pub(super) fn tuple_of(&self, row: u64) -> usize {
        self.ends.partition_point(|end| *end <= row)
    }

    /// The first row of a tuple.
    pub(super) fn first_row(&self, tuple: usize) -> u64 {
        tuple.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default()
    }

    /// A row by chance, as its tuple.
    pub(super) fn any(&self, random: &mut Random) -> usize {
        self.tuple_of(random.below(self.rows()))
    }

    /// Some different rows by chance.
    pub(super) fn sample(&self, count: u64, random: &mut Random) -> Vec<u64> {
        let mut rows: Vec<u64> = (0..self.rows()).collect();
        let count = usize::try_from(count).unwrap_or(usize::MAX).min(rows.len());
        random.shuffle(&mut rows, count);
        rows.truncate(count);
        rows
    }

    /// As many rows as asked for, by chance, as a table of their own.
    pub(super) fn drawn(&self, count: u64, random: &mut Random) -> Self {
        if count >= self.rows() {
            return self.clone();
        }
        let mut counts = vec![0_u64; self.counts.len()];
        for row in self.sample(count, random) {
            if let Some(slot) = counts.get_mut(self.tuple_of(row)) {
                *slot += 1;
            }
        }
        let kept: Vec<usize> =
            (0..counts.len()).filter(|tuple| counts.get(*tuple) > Some(&0)).collect();
        let codes = (0..self.codes.len())
            .map(|column| kept.iter().map(|tuple| self.code(column, *tuple)).collect())
            .collect();
        let counts = kept.iter().filter_map(|tuple| counts.get(*tuple).copied()).collect();
        Self::new(codes, counts)
    }
}

/// What the codes of one column mean in the three tables.
#[derive(Debug, Clone)]
pub(super) struct Meaning {
    /// Values of the release by code, where all are numbers (or null) and the column is
    /// not generalized: `NaN` is null.
    pub(super) numbers: Option<Vec<f64>>,
    /// For each code of the release, the codes it may stand for in the table.
    pub(super) covers: [Cover; 3],
    /// Different values in each of the three tables.
    pub(super) values: [u32; 3],
    /// Numbers by code in the table and in the control.
    pub(super) other_numbers: [Vec<f64>; 2],
    /// Greatest difference of two numbers, at least something.
    pub(super) range: f64,
}

/// For each code of the release, whether it stands for a code of another table.
#[derive(Debug, Clone)]
pub(super) enum Cover {
    /// The same text, and no other.
    Same(Vec<u32>),
    /// By code of the table, the codes of the release that stand for it: one a level at
    /// most.
    Below(Vec<Vec<u32>>),
}

impl Cover {
    pub(super) fn holds(&self, form: u32, value: u32) -> bool {
        match self {
            Self::Same(same) => same.get(form as usize) == Some(&value),
            Self::Below(below) => {
                below.get(value as usize).is_some_and(|forms| forms.contains(&form))
            }
        }
    }
}

/// Which table a guess is tried on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum On {
    Release,
    Table,
    Control,
}

impl On {
    pub(super) fn place(self) -> usize {
        match self {
            Self::Release => 0,
            Self::Table => 1,
            Self::Control => 2,
        }
    }
}

/// A release and what guesses are tried on.
#[derive(Debug, Clone)]
pub(super) struct View {
    pub(super) names: Vec<String>,
    pub(super) meanings: Vec<Meaning>,
    pub(super) release: Sheet,
    pub(super) table: Sheet,
    pub(super) control: Option<Sheet>,
}

impl View {
    pub(super) fn new(subject: &Subject<'_>) -> Result<Self, AttackError> {
        Self::counting(subject, false)
    }

    /// `once`: equal rows count as one.
    pub(super) fn counting(subject: &Subject<'_>, once: bool) -> Result<Self, AttackError> {
        let names = subject.release.columns().to_vec();
        let mut meanings = Vec::with_capacity(names.len());
        for name in &names {
            meanings.push(meaning(subject, name)?);
        }
        let control = match subject.control {
            Some(control) => Some(Sheet::of(control, &names, once)?),
            None => None,
        };
        Ok(Self {
            meanings,
            release: Sheet::of(subject.release, &names, once)?,
            table: Sheet::of(subject.table, &names, once)?,
            control: control.filter(|sheet| sheet.rows() > 0),
            names,
        })
    }

    /// Places of some columns.
    pub(super) fn places(&self, names: &[String]) -> Result<Vec<usize>, AttackError> {
        let mut places = Vec::with_capacity(names.len());
        for name in names {
            let place = self.names.iter().position(|have| have == name).ok_or_else(|| {
                crate::TupleError::NoColumn { name: name.clone(), available: self.names.join(", ") }
            })?;
            places.push(place);
        }
        Ok(places)
    }

    pub(super) fn sheet(&self, on: On) -> Option<&Sheet> {
        match on {
            On::Release => Some(&self.release),
            On::Table => Some(&self.table),
            On::Control => self.control.as_ref(),
        }
    }
}

impl Meaning {
    /// The number of a code in one of the tables.
    pub(super) fn number(&self, on: On, code: u32) -> f64 {
        let numbers = match on {
            On::Release => self.numbers.as_ref(),
            On::Table => self.other_numbers.first(),
            On::Control => self.other_numbers.get(1),
        };
        numbers.and_then(|numbers| numbers.get(code as usize)).copied().unwrap_or(f64::NAN)
    }
}

fn meaning(subject: &Subject<'_>, name: &str) -> Result<Meaning, AttackError> {
    let values = |tuples: &TupleTable| -> Result<Vec<Option<String>>, AttackError> {
        tuples.require(name)?;
        Ok(tuples.values(name).unwrap_or_default().to_vec())
    };
    let release = values(subject.release)?;
    let table = values(subject.table)?;
    let control = match subject.control {
        Some(control) => values(control)?,
        None => Vec::new(),
    };
    let spec = subject.hierarchies.get(name);
    let covers = match spec {
        None => [&release, &table, &control].map(|other| same(&release, other)),
        Some(spec) => {
            let all = table.iter().chain(&control).map(Option::as_deref);
            let hierarchy = spec
                .build(all)
                .map_err(|source| AttackError::Hierarchy { column: name.to_owned(), source })?;
            [
                same(&release, &release),
                below(&release, &table, &hierarchy),
                below(&release, &control, &hierarchy),
            ]
        }
    };
    let all_numbers = spec.is_none()
        && [&release, &table, &control].iter().all(|values| numbers(values).is_some())
        && release.iter().any(Option::is_some);
    let read = |values: &[Option<String>]| {
        if all_numbers { numbers(values).unwrap_or_default() } else { Vec::new() }
    };
    let others = [read(&table), read(&control)];
    let own = read(&release);
    let everything = own.iter().chain(others.iter().flatten()).filter(|number| !number.is_nan());
    let (low, high) =
        everything.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), n| (l.min(*n), h.max(*n)));
    Ok(Meaning {
        numbers: all_numbers.then_some(own),
        covers,
        values: [&release, &table, &control]
            .map(|values| u32::try_from(values.len()).unwrap_or(u32::MAX)),
        other_numbers: others,
        range: if high > low { high - low } else { 1.0 },
    })
}

fn numbers(values: &[Option<String>]) -> Option<Vec<f64>> {
    values
        .iter()
        .map(|value| match value {
            None => Some(f64::NAN),
            Some(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
        })
        .collect()
}

fn same(release: &[Option<String>], other: &[Option<String>]) -> Cover {
    let index: HashMap<&Option<String>, u32> = other.iter().zip(0..).collect();
    Cover::Same(release.iter().map(|form| index.get(form).copied().unwrap_or(u32::MAX)).collect())
}

fn below(release: &[Option<String>], other: &[Option<String>], hierarchy: &Hierarchy) -> Cover {
    let forms: HashMap<&str, u32> =
        release.iter().map(|form| form.as_deref().unwrap_or_default()).zip(0..).collect();
    let above = |value: &Option<String>| {
        let levels = (0..hierarchy.levels())
            .filter_map(|level| forms.get(hierarchy.generalize(value.as_deref(), level)?).copied());
        let mut above: Vec<u32> = levels.collect();
        above.sort_unstable();
        above.dedup();
        above
    };
    Cover::Below(other.iter().map(above).collect())
}

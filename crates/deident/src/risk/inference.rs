//! What a guess of a sensitive value gains by knowing the quasi-identifiers.

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use super::RiskError;
use super::diversity::DiversityError;
use crate::attack::{Rate, Risk};
use crate::criterion::Histogram;
use crate::tuples::TupleTable;

/// The guess of the most frequent value of the class against that of the whole table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModalGuess {
    /// The sensitive column.
    pub column: String,
    /// Rows of the table.
    pub rows: u64,
    /// Classes of the table.
    pub classes: u64,
    /// Rows that have the most frequent value of their class.
    pub right: u64,
    /// Rows that have the most frequent value of the table.
    pub right_by_table: u64,
    /// `right / rows`.
    pub success: f64,
    /// `right_by_table / rows`.
    pub baseline: f64,
    /// `success − baseline`, in `[0, 1)`.
    pub gain: f64,
    /// Rows in classes in which nine tenths or more have one value.
    pub nearly_certain_rows: u64,
}

/// Measures what the class tells of a sensitive column.
///
/// - `tuples`: counts of the released table over at least `quasi` and `sensitive`.
///
/// A class of one row always guesses itself: the gain of a table with many such is
/// high because whoever finds the row reads the value, not because it can be guessed.
///
/// # Errors
///
/// [`DiversityError::Risk`] if there are no rows, [`DiversityError::Tuples`] if a
/// column was not counted.
///
/// # Source
///
/// The modal guess is the classifier of Brickell & Shmatikov, "The cost of privacy",
/// KDD 2008, section 3 (accuracy gain over the trivial guess).
pub fn modal_guess<S: AsRef<str>>(
    tuples: &TupleTable,
    quasi: &[S],
    sensitive: &str,
) -> Result<ModalGuess, DiversityError> {
    let columns = columns(tuples, quasi)?;
    let position = tuples.require(sensitive)?;
    let codes = tuples.codes.get(position).map_or(&[][..], Vec::as_slice);
    let rows = tuples.rows();
    if rows == 0 {
        return Err(RiskError::NoRecords.into());
    }
    let mut classes: HashMap<Vec<u32>, (u64, Histogram)> = HashMap::new();
    for (tuple, count) in tuples.counts.iter().enumerate() {
        let key = columns.iter().filter_map(|codes| codes.get(tuple).copied()).collect();
        let class = classes.entry(key).or_default();
        class.0 += count;
        if let Some(code) = codes.get(tuple) {
            class.1.add(*code, *count);
        }
    }
    let right = classes.values().map(|(_, values)| values.most()).sum();
    let nearly = |(rows, values): &&(u64, Histogram)| values.most() * 10 >= rows * 9;
    let values = tuples.value_rows(sensitive).unwrap_or_default();
    let right_by_table = values.into_iter().max().unwrap_or_default();
    let certain = classes.values().filter(nearly).map(|(rows, _)| rows).sum();
    let classes = classes.len() as u64;
    Ok(ModalGuess::of(sensitive, rows, classes, (right, right_by_table), certain))
}

impl ModalGuess {
    /// The figures from what was counted; `rights` by class and by table.
    pub(crate) fn of(
        column: &str,
        rows: u64,
        classes: u64,
        rights: (u64, u64),
        nearly_certain_rows: u64,
    ) -> Self {
        let (right, right_by_table) = rights;
        let (success, baseline) = (right as f64 / rows as f64, right_by_table as f64 / rows as f64);
        Self {
            column: column.to_owned(),
            rows,
            classes,
            right,
            right_by_table,
            success,
            baseline,
            gain: success - baseline,
            nearly_certain_rows,
        }
    }
}

/// A guess learned from the release, right for the persons of the table and for persons
/// who are not in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LearnedGuess {
    /// The sensitive column.
    pub column: String,
    /// Right guesses for the persons of the table.
    pub table: Rate,
    /// Right guesses for the control sample.
    pub control: Rate,
    /// Right guesses for the persons of the table by the most frequent value alone.
    pub baseline: Rate,
    /// What is known of the persons of the table beyond what is true of everyone.
    pub risk: Risk,
}

/// Learns to guess a sensitive column from a release (naive Bayes with one added to each
/// count) and tries it on the persons of the table and on a control sample.
///
/// - `release`, `table`, `control`: count the quasi-identifiers, in the same forms, and
///   the sensitive column. Nobody of the control is in the table.
///
/// What is as right for the control is knowledge of the world, not of a person.
///
/// # Errors
///
/// As [`modal_guess`].
///
/// # Source
///
/// Control as in Giomi et al., PETS 2023(2); naive Bayes as an attacker: Cormode,
/// "Personal privacy vs population privacy", KDD 2011.
pub fn learned_guess<S: AsRef<str>>(
    release: &TupleTable,
    table: &TupleTable,
    control: &TupleTable,
    quasi: &[S],
    sensitive: &str,
) -> Result<LearnedGuess, DiversityError> {
    if release.rows() == 0 || table.rows() == 0 {
        return Err(RiskError::NoRecords.into());
    }
    let bayes = Bayes::learn(release, quasi, sensitive)?;
    let (right, baseline) = bayes.right(table, quasi, sensitive)?;
    let (of_control, _) = bayes.right(control, quasi, sensitive)?;
    let table_rate = Rate::new(right, table.rows());
    let control = Rate::new(of_control, control.rows());
    Ok(LearnedGuess {
        column: sensitive.to_owned(),
        risk: Risk::of(&table_rate, Some(&control)),
        table: table_rate,
        control,
        baseline: Rate::new(baseline, table.rows()),
    })
}

fn columns<'a, S: AsRef<str>>(
    tuples: &'a TupleTable,
    names: &[S],
) -> Result<Vec<&'a [u32]>, DiversityError> {
    let mut columns = Vec::with_capacity(names.len());
    for name in names {
        let position = tuples.require(name.as_ref())?;
        columns.push(tuples.codes.get(position).map_or(&[][..], Vec::as_slice));
    }
    Ok(columns)
}

/// Logarithms of probabilities, learned from a release.
struct Bayes {
    /// By value of the sensitive column.
    prior: Vec<f64>,
    /// By quasi-identifier, code and value of the sensitive column.
    given: Vec<Vec<Vec<f64>>>,
    /// By quasi-identifier and value, for a form that the release lacks.
    unknown: Vec<Vec<f64>>,
    dictionaries: Vec<HashMap<Option<String>, usize>>,
    /// The values of the sensitive column.
    values: Vec<Option<String>>,
    modal: usize,
}

impl Bayes {
    fn learn<S: AsRef<str>>(
        release: &TupleTable,
        quasi: &[S],
        sensitive: &str,
    ) -> Result<Self, DiversityError> {
        let position = release.require(sensitive)?;
        let codes = release.codes.get(position).map_or(&[][..], Vec::as_slice);
        let rows = release.value_rows(sensitive).unwrap_or_default();
        let total = release.rows() as f64;
        let mut learned = Self {
            prior: rows.iter().map(|count| (*count as f64 / total).ln()).collect(),
            given: Vec::new(),
            unknown: Vec::new(),
            dictionaries: Vec::new(),
            values: release.values(sensitive).unwrap_or_default().to_vec(),
            modal: greatest(rows.iter().map(|count| *count as f64)),
        };
        for (name, own) in quasi.iter().zip(columns(release, quasi)?) {
            let values = release.values(name.as_ref()).unwrap_or_default();
            let mut counts = vec![vec![0_u64; rows.len()]; values.len()];
            for ((code, value), count) in own.iter().zip(codes).zip(&release.counts) {
                let by_value = counts.get_mut(*code as usize);
                if let Some(slot) = by_value.and_then(|by| by.get_mut(*value as usize)) {
                    *slot += count;
                }
            }
            let log = |count: u64, of: u64| {
                ((count + 1) as f64 / (of as f64 + values.len() as f64 + 1.0)).ln()
            };
            let logs = |counts: &Vec<u64>| {
                counts.iter().zip(&rows).map(|(count, of)| log(*count, *of)).collect()
            };
            learned.given.push(counts.iter().map(logs).collect());
            learned.unknown.push(rows.iter().map(|of| log(0, *of)).collect());
            let numbered = values.iter().cloned().zip(0..).collect();
            learned.dictionaries.push(numbered);
        }
        Ok(learned)
    }

    /// Rows whose value is guessed, and rows that have the most frequent value.
    fn right<S: AsRef<str>>(
        &self,
        table: &TupleTable,
        quasi: &[S],
        sensitive: &str,
    ) -> Result<(u64, u64), DiversityError> {
        let position = table.require(sensitive)?;
        let codes = table.codes.get(position).map_or(&[][..], Vec::as_slice);
        let truth = table.values(sensitive).unwrap_or_default();
        let own = columns(table, quasi)?;
        let mut maps = Vec::with_capacity(own.len());
        for (name, dictionary) in quasi.iter().zip(&self.dictionaries) {
            let values = table.values(name.as_ref()).unwrap_or_default();
            let places: Vec<Option<usize>> =
                values.iter().map(|value| dictionary.get(value).copied()).collect();
            maps.push(places);
        }
        let (mut right, mut modal) = (0, 0);
        for (tuple, count) in table.counts.iter().enumerate() {
            let code = codes.get(tuple).copied().unwrap_or_default();
            let Some(value) = truth.get(code as usize) else { continue };
            let mut scores = self.prior.clone();
            for (number, (codes, map)) in own.iter().zip(&maps).enumerate() {
                let place = codes.get(tuple).and_then(|code| *map.get(*code as usize)?);
                let given = self.given.get(number);
                let logs = place
                    .and_then(|place| given.and_then(|given| given.get(place)))
                    .or_else(|| self.unknown.get(number));
                for (score, log) in scores.iter_mut().zip(logs.into_iter().flatten()) {
                    *score += log;
                }
            }
            let guess = greatest(scores.into_iter());
            if self.values.get(guess) == Some(value) {
                right += count;
            }
            if self.values.get(self.modal) == Some(value) {
                modal += count;
            }
        }
        Ok((right, modal))
    }
}

/// Place of the greatest number; of several the first.
fn greatest(numbers: impl Iterator<Item = f64>) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (place, number) in numbers.enumerate() {
        if number > best.1 {
            best = (place, number);
        }
    }
    best.0
}

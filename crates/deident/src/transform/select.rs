//! Which rows of a table take part at all: row suppression by condition, and
//! sampling (抽样).
//!
//! Rows are chosen before anything is counted, so that the sizes of classes are those
//! of the rows that are released.

use arrow::array::{BooleanArray, RecordBatch};
use arrow::datatypes::Schema;
use serde::{Deserialize, Serialize};

use super::condition::{Condition, Test};
use super::error::TransformError;
use crate::cell_text::texts;
use crate::keys::{Keys, Prf, Usage};

/// A Bernoulli sample: each row, or each person with all rows, is in it with the same
/// probability, decided by a key.
///
/// Whoever knows that someone is in the sample has the risk of the sample, not of the
/// population.
///
/// Source: Hundepool et al., "Statistical Disclosure Control", Wiley 2012, chapter 3;
/// ISO/IEC 20889:2018 (sampling).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sampling {
    /// The probability, above 0 and at most 1.
    pub fraction: f64,
    /// Name of the key.
    pub key: String,
    /// The column that says whose row it is: all rows of a person are in or out
    /// together. Without it each row is decided by its place in the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
}

/// Chooses rows, batch after batch.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    conditions: Vec<Test>,
    sample: Option<(Prf, Sampling)>,
    /// Rows seen so far.
    seen: u64,
}

/// The rows of one batch that take part.
#[derive(Debug)]
pub(crate) struct Selected {
    /// Which rows of the batch.
    pub(crate) mask: BooleanArray,
    /// Their numbers in the table, from 0.
    pub(crate) numbers: Vec<u64>,
    /// Rows that a condition took out.
    pub(crate) suppressed: u64,
    /// Rows that are not in the sample.
    pub(crate) not_sampled: u64,
}

impl Selection {
    pub(crate) fn new(
        conditions: &[Condition],
        sample: Option<&Sampling>,
        keys: &Keys,
        schema: &Schema,
    ) -> Result<Self, TransformError> {
        let field = |name: &str| {
            schema
                .field_with_name(name)
                .map_err(|_| TransformError::NoColumn { name: name.to_owned() })
        };
        let conditions: Result<_, _> = conditions
            .iter()
            .map(|condition| condition.prepare(field(&condition.column)?.data_type()))
            .collect();
        let sample = sample
            .map(|sample| {
                if !(sample.fraction > 0.0 && sample.fraction <= 1.0) {
                    let rule = "a fraction is above 0 and at most 1";
                    return Err(TransformError::parameter("fraction", &sample.fraction, rule));
                }
                let domain = sample.person.as_deref().unwrap_or_default();
                if !domain.is_empty() {
                    field(domain)?;
                }
                Ok((keys.derive(&sample.key, Usage::Sample, domain)?, sample.clone()))
            })
            .transpose()?;
        Ok(Self { conditions: conditions?, sample, seen: 0 })
    }

    pub(crate) fn rows(&mut self, batch: &RecordBatch) -> Result<Selected, TransformError> {
        let mut stays = vec![true; batch.num_rows()];
        for condition in &self.conditions {
            for (stays, goes) in stays.iter_mut().zip(condition.rows(batch)?) {
                *stays &= !goes;
            }
        }
        let suppressed = stays.iter().filter(|stays| !**stays).count() as u64;
        let before = batch.num_rows() as u64 - suppressed;
        self.sample(batch, &mut stays)?;
        let numbers: Vec<u64> = (self.seen..)
            .zip(&stays)
            .filter(|(_, stays)| **stays)
            .map(|(number, _)| number)
            .collect();
        self.seen += batch.num_rows() as u64;
        let not_sampled = before - numbers.len() as u64;
        let mask = stays.into_iter().map(Some).collect();
        Ok(Selected { mask, numbers, suppressed, not_sampled })
    }

    fn sample(&self, batch: &RecordBatch, stays: &mut [bool]) -> Result<(), TransformError> {
        let Some((prf, sample)) = &self.sample else { return Ok(()) };
        let inside = |parts: &[&[u8]]| {
            let [word, ..] = prf.words(parts);
            crate::keys::unit(word) < sample.fraction
        };
        let Some(person) = &sample.person else {
            for (number, stays) in (self.seen..).zip(stays) {
                *stays = *stays && inside(&[&number.to_le_bytes()]);
            }
            return Ok(());
        };
        let persons = batch
            .column_by_name(person)
            .ok_or_else(|| TransformError::NoColumn { name: person.clone() })?;
        for (person, stays) in texts(persons).iter().zip(stays) {
            // A row of no one is a person of its own: the one without a name.
            *stays =
                *stays && person.map_or_else(|| inside(&[]), |name| inside(&[name.as_bytes()]));
        }
        Ok(())
    }
}

//! From counts of classes to the kind of a column.

use super::classify::{Class, mark_bit};
use super::names::Name;
use crate::summary::Kind;

/// How the values of a column are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Typing {
    /// The kind of the column.
    pub(crate) kind: Kind,
    /// Whether `20200111` is a date here.
    pub(crate) compact_dates: bool,
}

impl Typing {
    /// Text, which every value fits.
    pub(crate) const TEXT: Self = Self { kind: Kind::Text, compact_dates: false };

    const fn of(kind: Kind) -> Self {
        Self { kind, compact_dates: false }
    }

    /// The class under which fitting values are counted in bulk.
    pub(crate) fn bulk_class(self) -> Class {
        match self.kind {
            Kind::Boolean => Class::Boolean,
            Kind::Int64 => Class::Int,
            Kind::Float64 => Class::Float,
            Kind::Date if self.compact_dates => Class::CompactDate,
            Kind::Date => Class::Date,
            Kind::Timestamp => Class::Timestamp,
            Kind::Text => Class::Text,
        }
    }

    /// Whether one value of this class already proves the type wrong: it is
    /// no error, the type was too narrow.
    pub(crate) fn is_disproved_by(self, class: Class) -> bool {
        match self.kind {
            Kind::Int64 => matches!(class, Class::Float | Class::Code),
            Kind::Float64 => class == Class::Code,
            Kind::Date => {
                class == Class::Timestamp
                    || (self.compact_dates && matches!(class, Class::Int | Class::Phone))
            }
            Kind::Boolean | Kind::Timestamp | Kind::Text => false,
        }
    }
}

/// Counts of classes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts([u64; Class::COUNT]);

impl Counts {
    fn add(&mut self, class: Class, count: u64) {
        if let Some(slot) = self.0.get_mut(class as usize) {
            *slot += count;
        }
    }

    fn merge(&mut self, other: &Self) {
        for (slot, count) in self.0.iter_mut().zip(other.0) {
            *slot += count;
        }
    }

    fn get(&self, class: Class) -> u64 {
        self.0.get(class as usize).copied().unwrap_or(0)
    }

    /// Values that are neither empty nor a mark.
    fn values(&self) -> u64 {
        self.0.iter().sum::<u64>() - self.get(Class::Empty) - self.get(Class::Mark)
    }
}

/// What is known about one column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Evidence {
    /// Counts from rows that look like data.
    pub(crate) dense: Counts,
    /// Counts from rows of which most is empty: they may be remarks.
    pub(crate) sparse: Counts,
    /// Which missing marks were met, one bit a mark.
    pub(crate) marks: u32,
}

impl Evidence {
    /// Counts values of one class.
    pub(crate) fn add(&mut self, class: Class, sparse: bool, count: u64) {
        if sparse {
            self.sparse.add(class, count);
        } else {
            self.dense.add(class, count);
        }
    }

    /// Remembers a missing mark.
    pub(crate) fn mark(&mut self, index: usize) {
        self.marks |= mark_bit(index);
    }

    /// Adds what another part of the file showed.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.dense.merge(&other.dense);
        self.sparse.merge(&other.sparse);
        self.marks |= other.marks;
    }

    /// Values seen, without empty ones and marks.
    pub(crate) fn values(&self) -> u64 {
        self.dense.values() + self.sparse.values()
    }

    /// Values that do not fit.
    pub(crate) fn misfits(&self, typing: Typing) -> u64 {
        self.values() - self.total_of(&fitting(typing))
    }

    /// Whether a value was met that proves the type too narrow.
    pub(crate) fn disproves(&self, typing: Typing) -> bool {
        Class::ALL.iter().any(|class| {
            typing.is_disproved_by(*class) && self.dense.get(*class) + self.sparse.get(*class) > 0
        })
    }

    /// Whether more of the file could still turn a text column into another
    /// kind: most of its values are of one kind, or there was no value yet.
    pub(crate) fn is_contested(&self, name: &Name) -> bool {
        let values = self.values();
        if values == 0 {
            return true;
        }
        let code = self.total_of(&[Class::Code]);
        let phones = self.total_of(&[Class::Phone]);
        if code > 0 || phones == values || name.is_identifier() {
            return false;
        }
        let compact_dates = name.is_date();
        [Kind::Float64, Kind::Timestamp, Kind::Boolean]
            .into_iter()
            .any(|kind| self.total_of(&fitting(Typing { kind, compact_dates })) * 2 >= values)
    }

    fn total_of(&self, classes: &[Class]) -> u64 {
        classes.iter().map(|class| self.dense.get(*class) + self.sparse.get(*class)).sum()
    }
}

fn fitting(typing: Typing) -> Vec<Class> {
    let mut classes = match typing.kind {
        Kind::Boolean => vec![Class::Boolean],
        Kind::Int64 => vec![Class::Int, Class::CompactDate, Class::Phone],
        Kind::Float64 => vec![Class::Int, Class::CompactDate, Class::Phone, Class::Float],
        Kind::Date => vec![Class::Date],
        Kind::Timestamp => vec![Class::Date, Class::Timestamp],
        Kind::Text => Class::ALL.iter().skip(2).copied().collect(),
    };
    if typing.compact_dates {
        classes.push(Class::CompactDate);
    }
    classes
}

/// Rows that may be remarks are left out of the decision up to this share of rows.
const REMARK_SHARE: f64 = 0.01;
/// And up to this number in a short table.
const REMARK_ROWS: u64 = 3;
/// Values needed before digits alone count as dates.
const COMPACT_DATE_VALUES: u64 = 20;

/// The kind of a column, from all that is known about it.
///
/// A kind is chosen when at most `misfit_share` of the values do not fit it. A
/// decimal in a column of integers is no misfit, it makes the column decimal;
/// one code with a leading zero makes the column text.
pub(crate) fn decide(evidence: &Evidence, name: &Name, misfit_share: f64) -> Typing {
    let mut counts = evidence.dense;
    let remarks = evidence.sparse.values();
    let rows = counts.0.iter().sum::<u64>();
    if remarks > REMARK_ROWS && remarks > share_of(rows, REMARK_SHARE) {
        counts.merge(&evidence.sparse);
    } else {
        // What widens a number or a date is never a remark.
        for class in [Class::Float, Class::Code, Class::Timestamp] {
            counts.add(class, evidence.sparse.get(class));
        }
    }
    let values = counts.values();
    if values == 0 {
        return Typing::TEXT;
    }
    let enough = |fits: u64| fits > 0 && values - fits <= share_of(values, misfit_share);
    let compact = counts.get(Class::CompactDate);
    let phones = counts.get(Class::Phone);
    let floats = counts.get(Class::Float);
    let whole = counts.get(Class::Int) + compact + phones;
    let dates = counts.get(Class::Date);
    let times = counts.get(Class::Timestamp);

    let named_dates = name.is_date() && enough(dates + times + compact);
    if named_dates && floats == 0 {
        let kind = if times > 0 { Kind::Timestamp } else { Kind::Date };
        return Typing { kind, compact_dates: compact > 0 };
    }
    if enough(whole + floats) {
        let all_dates = compact == values && values >= COMPACT_DATE_VALUES;
        return if counts.get(Class::Code) > 0 || name.is_identifier() || phones == values {
            Typing::TEXT
        } else if all_dates {
            Typing { kind: Kind::Date, compact_dates: true }
        } else if floats > 0 {
            Typing::of(Kind::Float64)
        } else {
            Typing::of(Kind::Int64)
        };
    }
    if enough(dates + times) {
        return Typing::of(if times > 0 { Kind::Timestamp } else { Kind::Date });
    }
    if enough(counts.get(Class::Boolean)) {
        return Typing::of(Kind::Boolean);
    }
    Typing::TEXT
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of a count is between zero and the count"
)]
fn share_of(count: u64, share: f64) -> u64 {
    (count as f64 * share.clamp(0.0, 1.0)) as u64
}

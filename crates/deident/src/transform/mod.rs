//! What happens to one column (去标识化技术), and which rows take part.
//!
//! [`Transform`] is plain data: a plan holds it, a person can write it, and a reviewer
//! can read in [`Transform::words`] what it does. Made ready for a table it becomes an
//! operation on Arrow arrays, batch by batch:
//!
//! ```text
//! cell by cell    mask, generalize, suppress_cells, top_bottom, round, noise,
//!                 pseudonym, encrypt, date_shift
//! after a count   suppress_cells by rarity, microaggregate, swap
//! by record       microaggregate_together, record_swap
//! ```
//!
//! What was counted grows with the distinct values of those columns; nothing grows
//! with the rows. Each transform says whether it can be undone
//! ([`Transform::reversibility`]) and what it needs ([`Transform::needs`]).
//!
//! Absent on purpose: a digest without a key (see [`Pseudonym`]), and FF3.

mod cell;
mod condition;
mod date_shift;
mod distribution;
mod encrypt;
mod error;
mod joint;
mod mdav;
mod microaggregate;
mod noise;
mod operation;
mod pseudonym;
mod record_swap;
mod round;
mod select;
mod shuffle;
mod suppress;
mod swap;
mod top_bottom;
mod words;

use serde::{Deserialize, Serialize};

pub use condition::{Bound, Condition};
pub use date_shift::DateShift;
pub use encrypt::{Encrypt, Unfit};
pub use error::TransformError;
pub use mdav::MicroaggregateTogether;
pub use microaggregate::{Group, Microaggregate};
pub use noise::{Noise, Shape};
pub use pseudonym::{Encoding, Pseudonym};
pub use record_swap::{Band, RecordSwap, Similar};
pub use round::Round;
pub use select::Sampling;
pub use suppress::SuppressCells;
pub use swap::Swap;
pub use top_bottom::TopBottom;

pub(crate) use cell::{Cell, CellType};
pub(crate) use distribution::DistributionBuilder;
pub(crate) use joint::{JointBuilder, JointName, groups};
pub(crate) use operation::{Counted, Operation, Rows};
pub(crate) use select::Selection;

use crate::hierarchy::Spec;

/// The transform of one column of a release.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "transform", rename_all = "snake_case", deny_unknown_fields)]
pub enum Transform {
    /// The column stays as it is.
    Keep,
    /// The column is left out (屏蔽).
    Remove,
    /// Characters in the middle become `*` (掩码). A text that is not longer than
    /// what would be kept becomes `*` throughout.
    Mask {
        /// Characters kept at the start.
        keep_left: usize,
        /// Characters kept at the end.
        keep_right: usize,
    },
    /// Values become coarser (泛化). This marks the column as a
    /// quasi-identifier, also at level 0, where its values stay.
    Generalize {
        /// The hierarchy.
        spec: Spec,
        /// The level, 0 being the values themselves.
        level: usize,
    },
    /// Some cells become null (单元格抑制).
    SuppressCells(SuppressCells),
    /// Values beyond a bound become the bound (顶端与底端编码).
    TopBottom(TopBottom),
    /// Numbers are rounded (取整).
    Round(Round),
    /// Values become the mean of a group of neighbors (微聚集).
    Microaggregate(Microaggregate),
    /// The columns of a group become the means of groups of records (多元微聚集).
    MicroaggregateTogether(MicroaggregateTogether),
    /// Random numbers are added (加噪).
    Noise(Noise),
    /// Values change places with values near in rank (秩交换).
    Swap(Swap),
    /// Similar records exchange values (记录交换).
    RecordSwap(RecordSwap),
    /// Values become names that only a key explains (假名化).
    Pseudonym(Pseudonym),
    /// Values are encrypted in their own form (保留格式加密).
    Encrypt(Encrypt),
    /// The days of each person move together (日期平移).
    DateShift(DateShift),
}

/// Whether the original value can be had back from what is released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reversibility {
    /// Not from the column alone, by no one.
    Irreversible,
    /// By who has the key.
    WithKey,
    /// By everyone, at least for a part of the values: they are there.
    Plain,
}

/// What a transform needs beside the column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs<'a> {
    /// A pass over the rows that counts the values, before the first row is released.
    pub counting: bool,
    /// The name of a key.
    pub key: Option<&'a str>,
    /// The column that says whose row it is.
    pub person: Option<&'a str>,
}

impl Transform {
    /// Whether the original can be had back. A release with a reversible transform of
    /// an identifier is never anonymous; one with a key is de-identified as long as
    /// the key is kept apart. `Irreversible` says nothing of what else is known: a
    /// small domain can be counted through, a mask may leave enough.
    pub fn reversibility(&self) -> Reversibility {
        match self {
            Self::Keep | Self::SuppressCells(_) | Self::TopBottom(_) => Reversibility::Plain,
            Self::Generalize { level: 0, .. } => Reversibility::Plain,
            Self::Remove
            | Self::Mask { .. }
            | Self::Generalize { .. }
            | Self::Round(_)
            | Self::Microaggregate(_)
            | Self::MicroaggregateTogether(_) => Reversibility::Irreversible,
            Self::Noise(_)
            | Self::Swap(_)
            | Self::RecordSwap(_)
            | Self::Pseudonym(_)
            | Self::Encrypt(_)
            | Self::DateShift(_) => Reversibility::WithKey,
        }
    }

    /// Whether the original value can be had back from what is released, with or
    /// without a key. `Keep` counts: the original is there.
    pub fn is_reversible(&self) -> bool {
        self.reversibility() != Reversibility::Irreversible
    }

    /// What it needs beside the column.
    pub fn needs(&self) -> Needs<'_> {
        let key = |key| Needs { key: Some(key), ..Needs::default() };
        match self {
            Self::Keep | Self::Remove | Self::Mask { .. } | Self::TopBottom(_) | Self::Round(_) => {
                Needs::default()
            }
            Self::SuppressCells(cells) => {
                Needs { counting: cells.rarer_than.is_some(), ..Needs::default() }
            }
            Self::Generalize { .. } | Self::Microaggregate(_) | Self::MicroaggregateTogether(_) => {
                Needs { counting: true, ..Needs::default() }
            }
            Self::Noise(noise) => key(noise.key.as_str()),
            Self::Swap(swap) => Needs { counting: true, ..key(swap.key.as_str()) },
            Self::RecordSwap(swap) => Needs { counting: true, ..key(swap.key.as_str()) },
            Self::Pseudonym(pseudonym) => key(pseudonym.key.as_str()),
            Self::Encrypt(encrypt) => key(encrypt.key.as_str()),
            Self::DateShift(shift) => {
                Needs { person: Some(shift.person.as_str()), ..key(shift.key.as_str()) }
            }
        }
    }
}

/// Masks the middle of a text, character by character.
///
/// ```
/// # use deident::mask;
/// assert_eq!(mask("13812345678", 3, 4), "138****5678");
/// assert_eq!(mask("王五", 1, 0), "王*");
/// assert_eq!(mask("王", 1, 0), "*");
/// ```
pub fn mask(text: &str, keep_left: usize, keep_right: usize) -> String {
    let length = text.chars().count();
    let too_short = length <= keep_left.saturating_add(keep_right);
    text.chars()
        .enumerate()
        .map(|(place, char)| {
            let kept = place < keep_left || place.saturating_add(keep_right) >= length;
            if kept && !too_short { char } else { '*' }
        })
        .collect()
}

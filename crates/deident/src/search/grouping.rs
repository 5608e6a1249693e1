//! Groups tuples into classes at a node of the lattice.
//!
//! The generalized values of a tuple are packed into one number of at most 64
//! bits, each column at its own place; equal numbers are one class. A coarser
//! node is grouped from the classes of a finer one (roll-up), which are fewer:
//! only the columns whose level differs are packed anew.
//!
//! With more than 64 bits the columns are taken in chunks of 32, and the class so
//! far is the upper half of the next number, so that any number of columns works
//! and no two classes are ever mixed up.

use super::table::Base;

/// Rows that agree, and one tuple of them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Class {
    /// The packed values; 0 where they do not fit into 64 bits.
    key: u64,
    /// Rows of the class.
    pub(super) rows: u64,
    /// A tuple of the class, its representative.
    pub(super) tuple: u32,
}

/// Classes of one node.
#[derive(Debug, Clone, Default)]
pub(super) struct Grouping {
    pub(super) levels: Vec<usize>,
    pub(super) classes: Vec<Class>,
}

/// A column to pack.
struct Part<'a> {
    codes: &'a [u32],
    /// Group of each code; `None` for the code itself.
    group: Option<&'a [u32]>,
    shift: u32,
    mask: u64,
}

/// Groups the classes of a problem; holds buffers that are used again.
#[derive(Debug, Default)]
pub(super) struct Grouper {
    /// Place and mask of each column, then of each sensitive column; `None` if
    /// they do not fit into 64 bits.
    layout: Option<Vec<(u32, u64)>>,
    keys: Vec<u64>,
    ids: Vec<u32>,
    slots: Vec<u32>,
}

impl Grouper {
    /// Places for the columns of a table whose levels are never below `low`.
    pub(super) fn new(base: &Base<'_>, low: &[usize]) -> Self {
        let groups = base
            .columns
            .iter()
            .zip(low)
            .map(|(column, level)| column.levels.get(*level).map_or(1, |level| level.groups))
            .chain(base.sensitive.iter().map(|column| small(column.rows.len())));
        let mut layout = Vec::new();
        let mut shift = 0;
        for groups in groups {
            let bits = bits_for(groups);
            let mask = if bits == 0 { 0 } else { u64::MAX >> (64 - bits) };
            layout.push((shift.min(63), mask.checked_shl(shift).unwrap_or(0)));
            shift += bits;
        }
        Self { layout: (shift <= 64).then_some(layout), ..Self::default() }
    }

    /// The finest grouping.
    pub(super) fn ground(&mut self, base: &Base<'_>, low: &[usize]) -> Grouping {
        let tuples: Vec<Class> = (0_u32..)
            .zip(base.counts)
            .map(|(tuple, rows)| Class { key: 0, rows: *rows, tuple })
            .collect();
        let all: Vec<usize> = (0..base.columns.len() + base.sensitive.len()).collect();
        let classes = self.group(base, &tuples, low, &all, !base.sensitive.is_empty());
        Grouping { levels: low.to_vec(), classes }
    }

    /// Rolls a grouping up to a coarser node.
    pub(super) fn roll_up(
        &mut self,
        base: &Base<'_>,
        finer: &Grouping,
        levels: &[usize],
    ) -> Grouping {
        let changed: Vec<usize> = finer
            .levels
            .iter()
            .zip(levels)
            .enumerate()
            .filter(|(_, (fine, coarse))| fine != coarse)
            .map(|(column, _)| column)
            .collect();
        let joint = !base.sensitive.is_empty();
        let classes = self.group(base, &finer.classes, levels, &changed, joint);
        Grouping { levels: levels.to_vec(), classes }
    }

    /// Groups without the sensitive columns, which keep rows apart otherwise. The
    /// class of each member is then in [`Self::ids`].
    pub(super) fn without_sensitive(&mut self, base: &Base<'_>, joint: &Grouping) -> Vec<Class> {
        self.group(base, &joint.classes, &joint.levels, &[], false)
    }

    /// The class of each member of the last grouping, in its order.
    pub(super) fn ids(&self) -> &[u32] {
        &self.ids
    }

    fn group(
        &mut self,
        base: &Base<'_>,
        parent: &[Class],
        levels: &[usize],
        changed: &[usize],
        sensitive: bool,
    ) -> Vec<Class> {
        let mut classes = Vec::new();
        if let Some(layout) = &self.layout {
            let width = base.columns.len();
            let apart = layout.iter().skip(width).fold(0, |sum, (_, mask)| sum | mask);
            let keep = if sensitive { u64::MAX } else { !apart };
            self.keys.clear();
            self.keys.extend(parent.iter().map(|class| class.key & keep));
            for column in changed {
                let place = layout.get(*column).copied().unwrap_or_default();
                if let Some(part) = part(base, levels, *column, place) {
                    pack(&mut self.keys, parent, &part);
                }
            }
            self.assign(parent, &mut classes);
            return classes;
        }
        for (number, chunk) in chunks(base, levels, sensitive).iter().enumerate() {
            self.keys.clear();
            if number == 0 {
                self.keys.resize(parent.len(), 0);
            } else {
                self.keys.extend(self.ids.iter().map(|id| u64::from(*id) << 32));
            }
            for part in chunk {
                pack(&mut self.keys, parent, part);
            }
            classes.clear();
            self.assign(parent, &mut classes);
        }
        classes
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "hot loop; slots has a power-of-two length and positions are masked to it"
    )]
    fn assign(&mut self, parent: &[Class], classes: &mut Vec<Class>) {
        let capacity = (parent.len() * 2).next_power_of_two().max(16);
        let mask = capacity - 1;
        let shift = 64 - capacity.trailing_zeros();
        self.slots.clear();
        self.slots.resize(capacity, u32::MAX);
        self.ids.clear();
        self.ids.reserve(parent.len());
        for (class, key) in parent.iter().zip(&self.keys) {
            let hash = key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> shift;
            let mut position = usize::try_from(hash).unwrap_or_default();
            let id = loop {
                let slot = self.slots[position & mask];
                if slot == u32::MAX {
                    let fresh = small(classes.len());
                    self.slots[position & mask] = fresh;
                    classes.push(Class { key: *key, rows: class.rows, tuple: class.tuple });
                    break fresh;
                }
                let known = &mut classes[slot as usize];
                if known.key == *key {
                    known.rows += class.rows;
                    break slot;
                }
                position += 1;
            };
            self.ids.push(id);
        }
    }
}

/// A column at its level; quasi-identifiers are numbered before sensitive ones.
fn part<'a>(
    base: &'a Base<'_>,
    levels: &[usize],
    column: usize,
    (shift, mask): (u32, u64),
) -> Option<Part<'a>> {
    if let Some(sensitive) = column.checked_sub(base.columns.len()) {
        let codes = base.sensitive.get(sensitive)?.codes;
        return Some(Part { codes, group: None, shift, mask });
    }
    let level = base.level(column, *levels.get(column)?)?;
    let codes = base.columns.get(column)?.codes;
    Some(Part { codes, group: Some(&level.group), shift, mask })
}

/// All columns with something to tell apart, in chunks of at most 32 bits.
fn chunks<'a>(base: &'a Base<'_>, levels: &[usize], sensitive: bool) -> Vec<Vec<Part<'a>>> {
    let mut chunks: Vec<Vec<Part<'a>>> = Vec::new();
    let mut used = 32;
    let width = base.columns.len();
    let all = if sensitive { width + base.sensitive.len() } else { width };
    for column in 0..all {
        let groups = match column.checked_sub(width) {
            None => levels
                .get(column)
                .and_then(|level| base.level(column, *level))
                .map_or(1, |level| level.groups),
            Some(place) => base.sensitive.get(place).map_or(1, |column| small(column.rows.len())),
        };
        let bits = bits_for(groups);
        // The first chunk is never left out, so that there is always a grouping.
        if bits == 0 && !(column + 1 == all && chunks.is_empty()) {
            continue;
        }
        if used + bits > 32 {
            chunks.push(Vec::new());
            used = 0;
        }
        let mask = (u64::MAX >> (64 - bits.max(1))) << used;
        if let (Some(part), Some(chunk)) =
            (part(base, levels, column, (used, mask)), chunks.last_mut())
        {
            chunk.push(part);
        }
        used += bits;
    }
    chunks
}

#[expect(
    clippy::indexing_slicing,
    reason = "hot loop; tuples number the codes and codes number the groups by construction"
)]
fn pack(keys: &mut [u64], parent: &[Class], part: &Part<'_>) {
    match part.group {
        Some(group) => {
            for (key, class) in keys.iter_mut().zip(parent) {
                let code = part.codes[class.tuple as usize];
                let value = u64::from(group[code as usize]) << part.shift;
                *key = *key & !part.mask | value;
            }
        }
        None => {
            for (key, class) in keys.iter_mut().zip(parent) {
                let value = u64::from(part.codes[class.tuple as usize]) << part.shift;
                *key = *key & !part.mask | value;
            }
        }
    }
}

fn bits_for(groups: u32) -> u32 {
    32 - groups.saturating_sub(1).leading_zeros()
}

fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

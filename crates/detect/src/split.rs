//! Identifiers in parts, over columns that stand side by side: 140105 | 19491231002X.
//!
//! While the rows go by, those in which neighboring cells are all digits are drawn
//! by the hash of their parts; in the end the parts are put together and tried.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use arrow::array::ArrayRef;
use vocabulary::Bilingual;

use crate::carrier::Plan;
use crate::cell_text;
use crate::chance::log10_bound;
use crate::disguise::Disguise;
use crate::forms::is_mobile;
use crate::kind::{KINDS, Kind, Role};
use crate::sketch::hash;
use crate::small::Same;
use crate::unveil::{Proof, RULED_OUT, checked_kind, plan_reason, power};

/// Most columns that an identifier is looked for in.
pub(crate) const MOST: usize = 4;
/// Rows that are kept in the end.
const KEPT: usize = 256;
/// Share of the rows drawn that must be of the form.
const SHARE: f64 = 0.9;

/// A cell of digits, at most 17, the last of which may be an X, in one number:
/// the digits as a number, above them their count, above that whether an X is
/// behind. 0 is no part.
pub(crate) type Part = u64;
const LENGTH_SHIFT: u32 = 57;
const X: u64 = 1 << 62;

/// A cell without what is around it. Not inlined, so that the other use is.
#[inline(never)]
pub(crate) fn inner(text: &str) -> &str {
    cell_text::trimmed(text).0
}

/// Where the parts are, in words, and what the chance must be below.
#[derive(Debug)]
pub(crate) struct Over {
    pub(crate) place: Bilingual,
    pub(crate) disguise: Disguise,
    /// log10 of the chance.
    pub(crate) ruled_out: f64,
    /// The same for mobile numbers, whose plan must be followed in any case.
    pub(crate) ruled_out_by_plan: f64,
}

impl Over {
    /// Columns side by side.
    fn neighbors() -> Self {
        Self {
            place: Disguise::Split.label(),
            disguise: Disguise::Split,
            ruled_out: RULED_OUT,
            ruled_out_by_plan: 0.0,
        }
    }
}

/// The part that a cell is; 0 for none.
#[inline]
pub(crate) fn part(text: &str) -> Part {
    let bytes = text.as_bytes();
    if bytes.len() > 17 {
        return 0;
    }
    let mut value = 0_u64;
    let mut length = 0_usize;
    for byte in bytes {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            let closing = matches!(byte, b'X' | b'x') && length + 1 == bytes.len();
            return if closing && length > 0 { packed(value, length) | X } else { 0 };
        }
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        length = length.wrapping_add(1);
    }
    packed(value, length)
}

fn packed(value: u64, length: usize) -> Part {
    value | (length as u64) << LENGTH_SHIFT
}

pub(crate) fn length_of(part: Part) -> usize {
    usize::try_from(part >> LENGTH_SHIFT & 0x1f).unwrap_or_default() + usize::from(part & X != 0)
}

/// Writes a part, with zeros before it up to a length.
pub(crate) fn write(part: Part, least: usize, out: &mut Vec<u8>) {
    let digits = length_of(part) - usize::from(part & X != 0);
    let width = digits.max(least.saturating_sub(usize::from(part & X != 0)));
    let value = part & ((1 << LENGTH_SHIFT) - 1);
    out.extend_from_slice(format!("{value:0width$}").as_bytes());
    if part & X != 0 {
        out.push(b'X');
    }
}

/// A row that was drawn: its parts and where it was.
#[derive(Debug, Clone, Copy)]
struct Row {
    parts: [Part; MOST],
    row: u64,
}

/// The rows drawn of columns that stand side by side.
#[derive(Debug, Clone)]
struct Window {
    rows: HashMap<u64, Row, BuildHasherDefault<Same>>,
    limit: u64,
    /// Rows in which all cells are parts.
    complete: u64,
}

impl Default for Window {
    fn default() -> Self {
        Self { rows: HashMap::default(), limit: u64::MAX, complete: 0 }
    }
}

impl Window {
    fn draw(&mut self, parts: [Part; MOST], row: u64) {
        self.complete += 1;
        let key = key(&parts);
        if key <= self.limit {
            self.rows.entry(key).or_insert(Row { parts, row });
            if self.rows.len() >= 2 * KEPT {
                self.prune();
            }
        }
    }

    fn prune(&mut self) {
        if self.rows.len() <= KEPT {
            return;
        }
        let mut keys: Vec<u64> = self.rows.keys().copied().collect();
        self.limit = *keys.select_nth_unstable(KEPT - 1).1;
        self.rows.retain(|key, _| *key <= self.limit);
    }

    fn merge(&mut self, later: Self, rows: u64) {
        self.complete += later.complete;
        for (key, row) in later.rows {
            self.rows.entry(key).or_insert(Row { row: row.row + rows, ..row });
        }
        self.limit = self.limit.min(later.limit);
        self.prune();
    }
}

fn key(parts: &[Part; MOST]) -> u64 {
    let mut bytes = [0; MOST * 8];
    for (slot, part) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(parts) {
        *slot = part.to_le_bytes();
    }
    hash(&bytes)
}

/// What is drawn of all columns of a table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Splits {
    /// By the last column: windows of two, three and four columns.
    windows: Vec<[Window; MOST - 1]>,
    /// Parts of the last columns of the batch that is read, the latest last.
    recent: [Vec<Part>; MOST],
}

impl Splits {
    /// Draws from the rows of a batch, the first of which is `from`. Only columns
    /// side by side that have parts in it, as `in_parts` says, are read again.
    pub(crate) fn draw(&mut self, columns: &[ArrayRef], in_parts: &[bool], from: u64) {
        if self.windows.len() < columns.len() {
            self.windows.resize_with(columns.len(), Default::default);
        }
        self.recent.iter_mut().for_each(Vec::clear);
        let has_parts = |place: usize| in_parts.get(place).copied().unwrap_or(false);
        for (place, array) in columns.iter().enumerate() {
            self.recent.rotate_left(1);
            let [.., last] = &mut self.recent;
            last.clear();
            let beside = has_parts(place + 1) || place > 0 && has_parts(place - 1);
            if has_parts(place) && beside {
                cell_text::each(array, |cell| {
                    let text = cell.unwrap_or_default();
                    last.push(part(inner(text)));
                });
                self.end_column(place, from);
            }
        }
    }

    /// Draws from the rows of the last column that was read.
    fn end_column(&mut self, column: usize, from: u64) {
        let Some(windows) = self.windows.get_mut(column) else { return };
        let [.., last] = &self.recent;
        for (row, part) in last.iter().enumerate().filter(|(_, part)| **part != 0) {
            let mut parts = [0; MOST];
            let mut total = length_of(*part);
            let mut place = MOST - 1;
            if let Some(slot) = parts.last_mut() {
                *slot = *part;
            }
            for (window, before) in windows.iter_mut().zip(self.recent.iter().rev().skip(1)) {
                let part = before.get(row).copied().unwrap_or(0);
                total += length_of(part);
                if part == 0 || total > 19 {
                    break;
                }
                place -= 1;
                if let Some(slot) = parts.get_mut(place) {
                    *slot = part;
                }
                if total >= 8 {
                    window.draw(parts, from + row as u64);
                }
            }
        }
    }

    /// Adds what was drawn of later rows; `rows` came before them.
    pub(crate) fn merge(&mut self, later: Self, rows: u64) {
        if self.windows.len() < later.windows.len() {
            self.windows.resize_with(later.windows.len(), Default::default);
        }
        for (own, later) in self.windows.iter_mut().zip(later.windows) {
            for (own, later) in own.iter_mut().zip(later) {
                own.merge(later, rows);
            }
        }
    }

    /// The columns over which identifiers are split, with the proof; `cells` says
    /// how many values each column has, `direct` whether it identifies already.
    pub(crate) fn find(
        mut self,
        cells: &[u64],
        direct: &[bool],
    ) -> Vec<(std::ops::Range<usize>, Proof)> {
        let mut found = Vec::new();
        for (last, windows) in self.windows.iter_mut().enumerate() {
            for (width, window) in (2..).zip(windows) {
                let Some(first) = (last + 1).checked_sub(width) else { continue };
                let columns = first..last + 1;
                let most = cells.get(columns.clone()).and_then(|cells| cells.iter().max());
                let new = direct.get(columns.clone()).is_some_and(|all| all.contains(&false));
                // Rows of which a part is missing do not speak against it.
                if !new || window.complete * 2 < most.copied().unwrap_or(0) {
                    continue;
                }
                window.prune();
                if let Some(proof) = proof(window, width) {
                    found.push((columns, proof));
                }
            }
        }
        found
    }
}

/// Puts the parts together and tries what they are: as they stand, and with the
/// zeros that numbers lose at their front.
fn proof(window: &Window, width: usize) -> Option<Proof> {
    let mut rows: Vec<&Row> = window.rows.values().collect();
    rows.sort_unstable_by_key(|row| row.row);
    let mut longest = [0; MOST];
    for row in &rows {
        for (most, part) in longest.iter_mut().zip(row.parts) {
            *most = length_of(part).max(*most);
        }
    }
    // The first part keeps its length.
    if let Some(first) = longest.get_mut(MOST - width) {
        *first = 0;
    }
    let over = Over::neighbors();
    let tried = [longest, [0; MOST]].into_iter().filter_map(|least| {
        let values: Vec<(u64, Vec<u8>)> = rows
            .iter()
            .map(|row| {
                let mut value = Vec::with_capacity(20);
                for (part, least) in row.parts.iter().zip(least).skip(MOST - width) {
                    write(*part, least, &mut value);
                }
                (row.row, value)
            })
            .collect();
        checked(&values, &over).or_else(|| mobile(&values, window.complete, &over))
    });
    tried.max_by(|left, right| left.hit_rate.total_cmp(&right.hit_rate))
}

/// Whether joined values are of a kind with a check digit.
pub(crate) fn checked(values: &[(u64, Vec<u8>)], over: &Over) -> Option<Proof> {
    let mut counts = [(0_usize, 0_usize); KINDS];
    for (kind, passes) in values.iter().filter_map(|(_, value)| checked_kind(value)) {
        if let Some((form, valid)) = counts.get_mut(kind.index()) {
            *form += 1;
            *valid += usize::from(passes);
        }
    }
    let all = values.len();
    let (kind, (form, valid)) = Kind::ALL
        .into_iter()
        .zip(counts)
        .filter(|(kind, _)| kind.role() == Role::Direct)
        .max_by_key(|(_, (_, valid))| *valid)?;
    let chance = kind.chance()?;
    let bound = log10_bound(valid, form, chance);
    let is = form as f64 >= SHARE * all as f64 && valid * 2 >= form && bound <= over.ruled_out;
    is.then(|| {
        let label = kind.label();
        let reason = Bilingual::new(
            format!(
                "{}，拼接后为{}：抽取的{all}行中{form}行形态相符，{valid}行通过校验\
                 （随机值约{:.1}%），随机如此的概率不超过{}",
                over.place.zh,
                label.zh,
                chance * 100.0,
                power(bound)
            ),
            format!(
                "{}, joined they are: {}; of {all} rows drawn {form} have the form and \
                 {valid} pass the check (made-up ones: {:.1}%), by chance with probability {} at most",
                over.place.en,
                label.en,
                chance * 100.0,
                power(bound)
            ),
        );
        let (hit_rate, valid_rate) = (valid as f64 / all as f64, valid as f64 / form as f64);
        Proof { kind, disguises: vec![over.disguise], hit_rate, valid_rate, reason }
    })
}

/// Whether joined values are mobile numbers; `complete` rows have all parts.
pub(crate) fn mobile(values: &[(u64, Vec<u8>)], complete: u64, over: &Over) -> Option<Proof> {
    let numbers: Vec<(u64, u64)> = values
        .iter()
        .filter(|(_, value)| is_mobile(value))
        .filter_map(|(row, value)| Some((*row, std::str::from_utf8(value).ok()?.parse().ok()?)))
        .collect();
    if (numbers.len() as f64) < SHARE * values.len() as f64 {
        return None;
    }
    let plan = Plan::of(&numbers, values.len(), complete as f64);
    let follows = plan.follows_plan() && plan.by_plan <= over.ruled_out_by_plan;
    follows.then(|| {
        let (why, place) = (plan_reason(&plan), &over.place);
        let reason = Bilingual::new(
            format!("{}，拼接后为手机号码：{}", place.zh, why.zh),
            format!("{}, joined they are: mobile number; {}", place.en, why.en),
        );
        let hit_rate = numbers.len() as f64 / values.len() as f64;
        let disguises = vec![over.disguise];
        Proof { kind: Kind::Mobile, disguises, hit_rate, valid_rate: 1.0, reason }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_written_as_they_were_read() {
        for text in ["1", "007", "14010519491231002", "002X", "00000000000000000"] {
            let mut out = Vec::new();
            write(part(text), 0, &mut out);
            assert_eq!(out, text.as_bytes());
            assert_eq!(length_of(part(text)), text.len());
        }
        let mut out = Vec::new();
        write(part("12"), 4, &mut out);
        write(part("2X"), 4, &mut out);
        assert_eq!(out, b"0012002X");
        for text in ["", "a", "1a", "X", "12X4", "1.5", "123456789012345678"] {
            assert_eq!(part(text), 0, "{text}");
        }
    }
}

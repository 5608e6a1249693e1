//! What is wrong with the sheet of a workbook for a machine, and what would put it right
//! (表格修整): headers over several rows, merged cells, units and footnote marks inside the
//! cells of numbers.
//!
//! ```text
//! sample of rows, merged regions ─▶ Found ─▶ proposals: what, where, before and after
//!                                     │
//!                      what a person agreed to ─▶ Mender: names, and cell after cell
//! ```
//!
//! Nothing is changed unless a person agreed to it ([`Hint::repairs`](crate::Hint)). What
//! does not fit afterwards is set aside with its row like any other value: a bare number in
//! a column of `万元` is not taken for one of `万元`.
//!
//! Memory: the merged regions, at most [`MOST_REGIONS`], and for each column the value of the
//! region that is open.
//!
//! Invariants (each is also the name of a test):
//! - `nothing_is_repaired_unless_it_is_agreed_to`
//! - `a_repaired_number_is_the_number_of_the_cell`

mod words;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vocabulary::Bilingual;

pub(crate) use self::words::is_name;
use self::words::{in_unit, is_missing, is_number, unmarked, with_unit};
use crate::columns::Name;
use crate::csv::reads_like_a_remark;
use crate::sink::shown;

/// Examples that are kept of each repair.
const EXAMPLES: usize = 60;
/// Rows of a header at most.
const HEADER_ROWS: u64 = 4;
/// Merged regions of a sheet at most; a sheet with more is not repaired.
pub(crate) const MOST_REGIONS: usize = 100_000;
/// Bytes of a value that is put into merged cells, at most.
const FILL_BYTES: usize = 1_024;
/// Bytes that are put into one row, at most.
const ROW_BYTES: usize = 16 * 1_024;

/// A kind of repair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repair {
    /// A header over several rows becomes one name a column (多行表头).
    HeaderRows,
    /// A word that is merged over several rows is put into each of them (合并单元格).
    MergedCells,
    /// A unit behind each number goes into the name of the column (单元格内的单位).
    Units,
    /// A footnote mark behind a number is taken away (单元格内的注释号).
    Marks,
}

impl Repair {
    /// Every repair.
    pub const ALL: [Self; 4] = [Self::HeaderRows, Self::MergedCells, Self::Units, Self::Marks];

    /// The word in the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::HeaderRows => "header_rows",
            Self::MergedCells => "merged_cells",
            Self::Units => "units",
            Self::Marks => "marks",
        }
    }

    /// The name for people.
    pub fn label(self) -> Bilingual {
        let (zh, en) = match self {
            Self::HeaderRows => ("多行表头合为一行", "Headers of several rows become one"),
            Self::MergedCells => ("合并单元格逐行填上", "Merged cells are filled row by row"),
            Self::Units => ("单位移到列名", "Units go into the column's name"),
            Self::Marks => ("去掉注释号", "Footnote marks are taken away"),
        };
        Bilingual::new(zh, en)
    }
}

/// A repair that is possible, or was made: where, and what the first cells become.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// What would be done.
    pub repair: Repair,
    /// Cells, or columns of a header, in the part of the file that was looked at (its first
    /// 4,096 rows).
    pub cells: u64,
    /// The first of them, from every column that it concerns.
    pub examples: Vec<Example>,
}

/// One cell before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// Row of the sheet, from 1.
    pub line: u64,
    /// Name of the column.
    pub column: String,
    /// What stands there.
    pub before: String,
    /// What would stand there.
    pub after: String,
}

impl Example {
    fn new(line: u64, column: &str, before: &str, after: &str) -> Self {
        let [column, before, after] = [column, before, after].map(shown);
        Self { line, column, before, after }
    }
}

/// A region of merged cells: rows and columns from the first to the last, rows from 1 and
/// columns from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Region {
    pub(crate) rows: (u64, u64),
    pub(crate) columns: (usize, usize),
}

impl Region {
    /// Whether it is more than one cell and not turned round.
    pub(crate) fn is_sound(&self) -> bool {
        let (rows, columns) = (self.rows, self.columns);
        rows.0 <= rows.1 && columns.0 <= columns.1 && (rows.0 < rows.1 || columns.0 < columns.1)
    }

    fn is_wide(&self) -> bool {
        self.columns.0 < self.columns.1
    }
}

/// A row of the sample, and its number in the sheet.
pub(crate) type SampleRow<'a> = (u64, &'a [String]);

/// The first row of a header, as it stands in the sheet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Header {
    /// Number of the row that names the columns, or of the last row before the data.
    pub(crate) row: u64,
    /// Whether that row has names.
    pub(crate) is_named: bool,
    /// The names, as many as the table has columns.
    pub(crate) texts: Vec<String>,
}

/// What can be repaired in a sheet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    /// The last row of the header, and the names that its rows make.
    header: Option<(u64, Vec<String>)>,
    /// Regions of one column below the header, by their first row.
    fills: Vec<Region>,
    units: BTreeMap<usize, String>,
    marks: Vec<usize>,
    pub(crate) proposals: Vec<Proposal>,
}

impl Found {
    /// Looks at the first rows of a sheet and at its merged regions, which are sound.
    pub(crate) fn of(header: &Header, rows: &[SampleRow<'_>], regions: &[Region]) -> Self {
        let mut found = Self::default();
        if header.is_named {
            found.find_header(header, rows, regions);
        }
        let (body, names) = match &found.header {
            Some((last, names)) => (*last, names.clone()),
            None => (header.row, header.texts.clone()),
        };
        let names: Vec<String> = (1..)
            .zip(names)
            .map(|(at, name)| if name.trim().is_empty() { format!("列{at}") } else { name })
            .collect();
        let from = rows.partition_point(|(line, _)| *line <= body);
        let rows = rows.get(from..).unwrap_or_default();
        found.find_fills(&names, rows, regions, body);
        found.find_numbers(&names, rows);
        found
    }

    /// What carries out the repairs that were agreed to; what is made; what is left open.
    pub(crate) fn agreed(self, repairs: &[Repair]) -> (Mender, Vec<Proposal>, Vec<Proposal>) {
        let (made, open): (Vec<_>, Vec<_>) =
            self.proposals.into_iter().partition(|found| repairs.contains(&found.repair));
        let makes = |repair: Repair| made.iter().any(|found| found.repair == repair);
        let mender = Mender {
            header: self.header.filter(|_| makes(Repair::HeaderRows)),
            fills: if makes(Repair::MergedCells) { self.fills } else { Vec::new() },
            units: if makes(Repair::Units) { self.units } else { BTreeMap::new() },
            marks: if makes(Repair::Marks) { self.marks } else { Vec::new() },
        };
        (mender, made, open)
    }

    fn propose(&mut self, repair: Repair, cells: u64, examples: Vec<Example>) {
        if cells > 0 {
            self.proposals.push(Proposal { repair, cells, examples });
        }
    }

    /// A header goes on below where one of its cells is merged over rows, or over columns
    /// whose names stand below. A row with a number is data and no header.
    fn find_header(&mut self, header: &Header, rows: &[SampleRow<'_>], regions: &[Region]) {
        let (first, width) = (header.row, header.texts.len());
        let own: Vec<&Region> = regions
            .iter()
            .filter(|region| (first..first + HEADER_ROWS).contains(&region.rows.0))
            .filter(|region| region.columns.0 < width)
            .collect();
        let area = |region: &&&Region| region.columns.1.min(width - 1) - region.columns.0 + 1;
        let is_crowded = own.iter().map(|region| area(&region)).sum::<usize>() > width * 4;
        if own.is_empty() || is_crowded {
            return;
        }
        let texts = |line: u64| {
            let place = rows.binary_search_by_key(&line, |(line, _)| *line).ok()?;
            rows.get(place).map(|(_, texts)| *texts)
        };
        let mut last = first;
        loop {
            let here = own.iter().filter(|region| region.rows.0 == last);
            let down = here.clone().map(|region| region.rows.1).max().unwrap_or(last);
            let next = down.max(last + u64::from(here.clone().any(|region| region.is_wide())));
            if next == last {
                break;
            }
            let has_names = (last + 1..=next)
                .all(|line| texts(line).is_none_or(|texts| texts.iter().all(|text| is_name(text))));
            if next >= first + HEADER_ROWS || !has_names {
                return;
            }
            last = next;
        }
        // Names below a wide one must be there.
        if last == first || texts(last).is_none() {
            return;
        }
        let mut grid: BTreeMap<(u64, usize), &str> = header
            .texts
            .iter()
            .enumerate()
            .map(|(at, text)| ((first, at), text.as_str()))
            .collect();
        for line in first + 1..=last {
            let below = texts(line).unwrap_or_default();
            grid.extend(below.iter().enumerate().map(|(at, text)| ((line, at), text.as_str())));
        }
        for region in own.iter().filter(|region| region.rows.0 <= last) {
            let text = grid.get(&(region.rows.0, region.columns.0)).copied().unwrap_or_default();
            for row in region.rows.0..=region.rows.1.min(last) {
                for column in region.columns.0..=region.columns.1.min(width - 1) {
                    grid.insert((row, column), text);
                }
            }
        }
        let name = |column: usize| {
            let mut parts: Vec<&str> = Vec::new();
            for row in first..=last {
                let text = grid.get(&(row, column)).map_or("", |text| text.trim());
                if !text.is_empty() && parts.last() != Some(&text) {
                    parts.push(text);
                }
            }
            parts.join("_")
        };
        let names: Vec<String> = (0..width).map(name).collect();
        let changed = |(at, (before, after)): (usize, (&String, &String))| {
            let column = format!("列{}", at + 1);
            (before != after).then(|| Example::new(first, &column, before, after))
        };
        let pairs = header.texts.iter().zip(&names).enumerate();
        let examples: Vec<Example> = pairs.clone().filter_map(changed).take(EXAMPLES).collect();
        let cells = pairs.filter(|(_, (before, after))| before != after).count();
        if cells > 0 {
            self.propose(Repair::HeaderRows, cells as u64, examples);
            self.header = Some((last, names));
        }
    }

    /// Words that are merged over rows below the header. Numbers are left alone: one amount
    /// over three rows is not three amounts.
    fn find_fills(
        &mut self,
        names: &[String],
        rows: &[SampleRow<'_>],
        regions: &[Region],
        body: u64,
    ) {
        let mut fills: Vec<Region> = regions
            .iter()
            .filter(|region| region.rows.0 > body && !region.is_wide())
            .filter(|region| region.columns.0 < names.len())
            .copied()
            .collect();
        // Two regions of a column do not share rows.
        fills.sort_by_key(|region| (region.columns.0, region.rows.0));
        fills.dedup_by(|later, earlier| {
            later.columns.0 == earlier.columns.0 && later.rows.0 <= earlier.rows.1
        });
        fills.sort_by_key(|region| region.rows.0);
        let mut filler = Filler::new(&fills);
        let mut examples = Examples::default();
        for (line, row) in rows {
            let text = |column: usize| row.get(column).map_or("", String::as_str);
            for (column, value) in filler.values(*line, text) {
                if let Some(name) = names.get(column) {
                    examples.add(Example::new(*line, name, "", &value));
                }
            }
        }
        let Examples { cells, first } = examples;
        self.fills = fills;
        self.propose(Repair::MergedCells, cells, first);
    }

    /// Columns whose numbers have a unit or a mark behind them.
    fn find_numbers(&mut self, names: &[String], rows: &[SampleRow<'_>]) {
        let mut seen: Vec<Seen> = vec![Seen::default(); names.len()];
        for (line, row) in rows {
            for (seen, text) in seen.iter_mut().zip(*row) {
                seen.take(*line, text.trim());
            }
        }
        let (mut units, mut marks) = (Examples::default(), Examples::default());
        for (column, (name, seen)) in names.iter().zip(&seen).enumerate() {
            let named = Name { name: name.clone(), source: String::new(), notes: Vec::new() };
            if named.is_identifier() || seen.filled < 3 || seen.others > 0 {
                continue;
            }
            // Where a bare number or another unit stands among them, nobody can tell what
            // it counts.
            if let Some(unit) = &seen.unit
                && seen.in_unit == seen.filled
                && let Some(name) = with_unit(name, unit)
            {
                units.add_all(&name, &seen.unit_examples, seen.in_unit);
                self.units.insert(column, unit.clone());
            } else if seen.marked > 0 && seen.marked * 3 <= seen.filled && seen.in_unit == 0 {
                marks.add_all(name, &seen.mark_examples, seen.marked);
                self.marks.push(column);
            }
        }
        self.propose(Repair::Units, units.cells, units.first);
        self.propose(Repair::Marks, marks.cells, marks.first);
    }
}

/// What was seen of the cells of a column.
#[derive(Debug, Clone, Default)]
struct Seen {
    /// Cells with a value.
    filled: u64,
    unit: Option<String>,
    /// Cells with a number in that unit.
    in_unit: u64,
    /// Cells with a number and a mark.
    marked: u64,
    /// Cells that are no number, or one in another unit.
    others: u64,
    unit_examples: Vec<(u64, String, String)>,
    mark_examples: Vec<(u64, String, String)>,
}

impl Seen {
    fn take(&mut self, line: u64, text: &str) {
        if text.is_empty() || is_missing(text) {
            return;
        }
        self.filled += 1;
        if is_number(text) {
            return;
        }
        if let Some(number) = unmarked(text) {
            self.marked += 1;
            if self.mark_examples.len() < 3 {
                self.mark_examples.push((line, text.to_owned(), number.to_owned()));
            }
            return;
        }
        match in_unit(text) {
            Some((number, unit)) if self.unit.as_deref().is_none_or(|own| own == unit) => {
                self.in_unit += 1;
                if self.unit.is_none() {
                    self.unit = Some(unit.to_owned());
                }
                if self.unit_examples.len() < 3 {
                    self.unit_examples.push((line, text.to_owned(), number.into_owned()));
                }
            }
            _ => self.others += 1,
        }
    }
}

/// The first cells of a repair, and how many there are.
#[derive(Debug, Default)]
struct Examples {
    cells: u64,
    first: Vec<Example>,
}

impl Examples {
    /// Keeps the first of each column, and the first of all.
    fn add(&mut self, example: Example) {
        self.cells += 1;
        let known = self.first.iter().filter(|own| own.column == example.column).count();
        if known < 3 && self.first.len() < EXAMPLES {
            self.first.push(example);
        }
    }

    fn add_all(&mut self, column: &str, cells: &[(u64, String, String)], count: u64) {
        self.cells += count;
        for (line, before, after) in cells {
            if self.first.len() < EXAMPLES {
                self.first.push(Example::new(*line, column, before, after));
            }
        }
    }
}

/// Carries out what was agreed to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mender {
    /// The last row of the header, and the names that its rows make.
    pub(crate) header: Option<(u64, Vec<String>)>,
    /// Regions of one column, by their first row.
    pub(crate) fills: Vec<Region>,
    units: BTreeMap<usize, String>,
    marks: Vec<usize>,
}

impl Mender {
    /// The name of a column with the unit of its numbers.
    pub(crate) fn name(&self, column: usize, name: String) -> String {
        let unit = self.units.get(&column);
        unit.and_then(|unit| with_unit(&name, unit)).unwrap_or(name)
    }

    /// A cell as it should be; `None` for a number of which nobody can tell what it counts:
    /// a bare one, or one in another unit, in a column of one unit.
    pub(crate) fn cell<'a>(&self, column: usize, text: &'a str) -> Option<Cow<'a, str>> {
        let trimmed = text.trim();
        if let Some(unit) = self.units.get(&column) {
            return match in_unit(trimmed) {
                Some((number, found)) if found == unit => Some(number),
                Some(_) => None,
                None if is_number(trimmed) && trimmed != "0" => None,
                None => Some(Cow::Borrowed(text)),
            };
        }
        if self.marks.contains(&column)
            && let Some(number) = unmarked(trimmed)
        {
            return Some(Cow::Borrowed(number));
        }
        Some(Cow::Borrowed(text))
    }
}

/// Puts words that are merged over rows into each of them, row after row from the top.
#[derive(Debug)]
pub(crate) struct Filler<'a> {
    /// Regions that begin further down.
    ahead: &'a [Region],
    /// By column: the last row of the region that reaches here, and its value.
    open: BTreeMap<usize, (u64, String)>,
}

impl<'a> Filler<'a> {
    /// Before the first row; `regions` in the order of their first rows.
    pub(crate) fn new(regions: &'a [Region]) -> Self {
        Self { ahead: regions, open: BTreeMap::new() }
    }

    /// What is put into the empty cells of a row, by column.
    pub(crate) fn values<'b>(
        &mut self,
        line: u64,
        text: impl Fn(usize) -> &'b str,
    ) -> Vec<(usize, String)> {
        self.open.retain(|_, (last, _)| *last >= line);
        while let Some((region, rest)) = self.ahead.split_first()
            && region.rows.0 <= line
        {
            self.ahead = rest;
            let value = text(region.columns.0);
            let is_word = !is_number(value.trim())
                && in_unit(value.trim()).is_none()
                && !value.trim().is_empty()
                && value.len() <= FILL_BYTES
                && !reads_like_a_remark(value.as_bytes());
            if region.rows.0 == line && is_word {
                self.open.insert(region.columns.0, (region.rows.1, value.to_owned()));
            }
        }
        let mut bytes = 0;
        let empty = self.open.iter().filter(|(column, _)| text(**column).trim().is_empty());
        empty
            .map_while(|(column, (_, value))| {
                bytes += value.len();
                (bytes <= ROW_BYTES).then(|| (*column, value.clone()))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_regions_are_looked_at_without_a_panic(
            regions in prop::collection::vec((0..9_u64, 0..9_u64, 0..9_usize, 0..9_usize), 0..20),
            rows in prop::collection::vec(prop::collection::vec("[甲1]{0,2}", 0..6), 0..9),
        ) {
            let regions: Vec<Region> = regions
                .into_iter()
                .map(|(a, b, c, d)| Region { rows: (a, b), columns: (c, d) })
                .filter(Region::is_sound)
                .collect();
            let rows: Vec<SampleRow<'_>> =
                (2..).zip(rows.iter().map(Vec::as_slice)).collect();
            let texts = vec!["甲".to_owned(); 6];
            let header = Header { row: 1, is_named: true, texts };
            let (mender, made, open) = Found::of(&header, &rows, &regions).agreed(&Repair::ALL);
            prop_assert!(open.is_empty());
            prop_assert!(!made.is_empty() || mender.header.is_none());
        }
    }
}

//! Whether what was done to a column can be undone (可复原性): digests without a key,
//! small domains, constant offsets and codes that keep the order.
//!
//! A digest is restored by computing the digests of everything that could have been
//! there. The domains are small: a mobile number has 7 · 10⁹ forms, a citizen id of one
//! county some 4 · 10⁷. What is not restored within the budget is *not shown* to be safe.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use hashbrown::{HashMap, HashSet};
use md5::Digest;
use serde::{Deserialize, Serialize};

use super::RiskError;
use super::candidates::Candidates;
use super::diversity::DiversityError;
use crate::tuples::{TupleError, TupleTable};

/// A digest function without a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DigestFunction {
    /// MD5, 128 bits (RFC 1321).
    Md5,
    /// SHA-1, 160 bits (FIPS 180-4).
    Sha1,
    /// SHA-256, 256 bits (FIPS 180-4).
    Sha256,
    /// SM3, 256 bits (GB/T 32905-2016).
    Sm3,
}

impl DigestFunction {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Md5, Self::Sha1, Self::Sha256, Self::Sm3];

    /// Bytes of a digest.
    pub fn bytes(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 | Self::Sm3 => 32,
        }
    }

    fn digest(self, text: &str) -> Vec<u8> {
        match self {
            Self::Md5 => md5::Md5::digest(text).to_vec(),
            Self::Sha1 => sha1::Sha1::digest(text).to_vec(),
            Self::Sha256 => sha2::Sha256::digest(text).to_vec(),
            Self::Sm3 => sm3::Sm3::digest(text).to_vec(),
        }
    }
}

/// A column whose values have the form of digests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestColumn {
    /// The column.
    pub column: String,
    /// Different values that are no null.
    pub values: u64,
    /// Of these, how many have the form.
    pub of_form: u64,
    /// Bytes of each digest.
    pub bytes: usize,
    /// Functions that give digests of this length.
    pub functions: Vec<DigestFunction>,
}

/// Finds columns that look like digests: at least nineteen in twenty different values
/// are hexadecimal or base64 text of one length of 16, 20 or 32 bytes.
///
/// The form alone proves nothing: keyed digests and random pseudonyms have it too.
/// [`restore_digests`] tells.
///
/// - `tuples`: counts the columns to look at.
pub fn digest_columns(tuples: &TupleTable) -> Vec<DigestColumn> {
    let mut found = Vec::new();
    for column in tuples.columns() {
        let values = tuples.values(column).unwrap_or_default();
        let texts: Vec<&str> = values.iter().flatten().map(String::as_str).collect();
        for bytes in [16_usize, 20, 32] {
            let fit = |text: &&&str| decode(text).is_some_and(|digest| digest.len() == bytes);
            let of_form = texts.iter().filter(fit).count();
            if of_form > 0 && of_form * 20 >= texts.len() * 19 {
                let functions = DigestFunction::ALL.into_iter();
                found.push(DigestColumn {
                    column: column.clone(),
                    values: texts.len() as u64,
                    of_form: of_form as u64,
                    bytes,
                    functions: functions.filter(|one| one.bytes() == bytes).collect(),
                });
            }
        }
    }
    found
}

/// The bytes of hexadecimal or base64 text (both alphabets, with or without padding).
fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    if let Ok(bytes) = hex::decode(text) {
        return Some(bytes);
    }
    let digits = text.trim_end_matches('=');
    STANDARD_NO_PAD.decode(digits).or_else(|_| URL_SAFE_NO_PAD.decode(digits)).ok()
}

/// What trying candidates restored of a column of digests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Restoration {
    /// The column.
    pub column: String,
    /// Where the candidates came from.
    pub candidates: String,
    /// The function that restored most; `None` if nothing was restored.
    pub function: Option<DigestFunction>,
    /// Different digests of the column.
    pub values: u64,
    /// Of these, how many were restored.
    pub restored: u64,
    /// Rows whose value was restored.
    pub restored_rows: u64,
    /// Rows of the table.
    pub rows: u64,
    /// Digests computed, at most the budget.
    pub tried: u64,
    /// Whether every candidate was tried with every function.
    pub complete: bool,
}

/// Tries to restore a column of digests by the digests of candidates.
///
/// - `tuples`: counts the column of digests.
/// - `budget`: digests computed at most; some millions a second and core.
///
/// # Errors
///
/// [`TupleError::NoColumn`].
///
/// # Source
///
/// Demir et al., "The pitfalls of hashing for privacy", IEEE Communications Surveys &
/// Tutorials 20(1), 2018.
///
/// ```
/// # use deident::TupleTable;
/// # use deident::risk::{Candidates, restore_digests};
/// let mut builder = TupleTable::builder(&["年份摘要"]);
/// // MD5 of 1987.
/// builder.push(&[Some("d68a18275455ae3eaa2c291eebb46e6d")])?;
/// let numbers = Candidates::Numbers { prefix: String::new(), digits: 4 };
/// let found = restore_digests(&builder.finish(), "年份摘要", &numbers, 100_000)?;
/// assert_eq!((found.restored, found.complete), (1, true));
/// # Ok::<(), deident::TupleError>(())
/// ```
pub fn restore_digests(
    tuples: &TupleTable,
    column: &str,
    candidates: &Candidates,
    budget: u64,
) -> Result<Restoration, TupleError> {
    tuples.require(column)?;
    let values = tuples.values(column).unwrap_or_default();
    let rows = tuples.value_rows(column).unwrap_or_default();
    let mut digests: HashMap<Vec<u8>, u64> = HashMap::new();
    for (value, rows) in values.iter().zip(&rows) {
        if let Some(bytes) = value.as_deref().and_then(decode) {
            *digests.entry(bytes).or_default() += rows;
        }
    }
    let lengths: HashSet<usize> = digests.keys().map(Vec::len).collect();
    let functions = DigestFunction::ALL.into_iter();
    let functions: Vec<DigestFunction> =
        functions.filter(|function| lengths.contains(&function.bytes())).collect();
    let mut restored: HashMap<DigestFunction, HashSet<Vec<u8>>> = HashMap::new();
    let (mut tried, mut complete) = (0_u64, true);
    candidates.each(&mut |text| {
        if tried + functions.len() as u64 > budget {
            complete = false;
            return false;
        }
        for function in &functions {
            tried += 1;
            let digest = function.digest(text);
            if digests.contains_key(&digest) {
                restored.entry(*function).or_default().insert(digest);
            }
        }
        true
    });
    let best = restored.iter().max_by_key(|(function, found)| (found.len(), **function));
    let restored_rows =
        best.map_or(0, |(_, found)| found.iter().filter_map(|digest| digests.get(digest)).sum());
    Ok(Restoration {
        column: column.to_owned(),
        candidates: candidates.describe(),
        function: best.map(|(function, _)| *function),
        values: digests.len() as u64,
        restored: best.map_or(0, |(_, found)| found.len() as u64),
        restored_rows,
        rows: tuples.rows(),
        tried,
        complete,
    })
}

/// How a released column goes together with an original one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderFinding {
    /// Rows in which both are there and can be put in order.
    pub rows: u64,
    /// The most frequent difference `released − original`, of numbers, or of days where
    /// both are dates; `None` if they are neither.
    pub offset: Option<f64>,
    /// Rows with that difference: all of them if a constant was added.
    pub offset_rows: u64,
    /// Whether a greater original always has a greater released value: the code keeps
    /// the order.
    pub keeps_order: bool,
    /// Rows whose original is had back by whoever knows only how often each original
    /// value occurs: both columns are put in order and matched by rank. An expectation:
    /// rows of one released value share the originals of their ranks by chance.
    pub restored_rows: f64,
    /// `restored_rows / rows`.
    pub restored: f64,
    /// Rows that matching a column in random order restores on average: what equal
    /// values alone give.
    pub by_chance_rows: f64,
}

/// Tests a released column for a constant offset and for an order-preserving code.
///
/// - `pairs`: counts the two columns, row by row of the table.
///
/// # Errors
///
/// [`DiversityError::Tuples`] if a column was not counted; [`DiversityError::Risk`] if no
/// row has both.
///
/// # Source
///
/// Matching by rank: Naveed et al., "Inference attacks on property-preserving encrypted
/// databases", CCS 2015 (the sorting and cumulative attacks).
pub fn order_finding(
    pairs: &TupleTable,
    original: &str,
    released: &str,
) -> Result<OrderFinding, DiversityError> {
    let places = [pairs.require(original)?, pairs.require(released)?];
    let values = |place: usize| pairs.dictionaries.get(place).map_or(&[][..], |d| &d.values);
    let [first, second] = places.map(|place| Scale::of(values(place)));
    let mut joint: Vec<(usize, usize, u64)> = Vec::new();
    let mut differences: HashMap<u64, (f64, u64)> = HashMap::new();
    for (tuple, rows) in pairs.counts.iter().enumerate() {
        let [own, given] = places.map(|place| {
            pairs
                .codes
                .get(place)
                .and_then(|codes| codes.get(tuple))
                .map_or(0, |code| *code as usize)
        });
        let (Some(own_rank), Some(given_rank)) = (first.rank(own), second.rank(given)) else {
            continue;
        };
        joint.push((own_rank, given_rank, *rows));
        if let (Some(own), Some(given)) = (first.number(own), second.number(given)) {
            let difference = ((given - own) * 1e6).round() / 1e6;
            differences.entry(difference.to_bits()).or_insert((difference, 0)).1 += rows;
        }
    }
    let rows: u64 = joint.iter().map(|(_, _, rows)| rows).sum();
    if rows == 0 {
        return Err(RiskError::NoRecords.into());
    }
    let most = differences
        .values()
        .max_by(|left, right| left.1.cmp(&right.1).then(right.0.total_cmp(&left.0)));
    let restored_rows = matched_by_rank(&joint);
    let mut by_value: HashMap<usize, u64> = HashMap::new();
    for (own, _, rows) in &joint {
        *by_value.entry(*own).or_default() += rows;
    }
    let squares: f64 = by_value.values().map(|rows| (*rows as f64).powi(2)).sum();
    Ok(OrderFinding {
        rows,
        offset: most.map(|(difference, _)| *difference),
        offset_rows: most.map_or(0, |(_, rows)| *rows),
        keeps_order: keeps_order(&mut joint),
        restored_rows,
        restored: restored_rows / rows as f64,
        by_chance_rows: squares / rows as f64,
    })
}

/// Whether the released ranks rise strictly with the original ones.
fn keeps_order(joint: &mut [(usize, usize, u64)]) -> bool {
    joint.sort_unstable();
    joint.windows(2).all(|pair| match pair {
        [(own, given, _), (next, after, _)] => own < next && given < after,
        _ => true,
    })
}

/// Rows whose original is that of the same rank when both columns are put in order.
fn matched_by_rank(joint: &[(usize, usize, u64)]) -> f64 {
    let mut originals: BTreeMap<usize, u64> = BTreeMap::new();
    let mut released: BTreeMap<usize, BTreeMap<usize, u64>> = BTreeMap::new();
    for (own, given, rows) in joint {
        *originals.entry(*own).or_default() += rows;
        *released.entry(*given).or_default().entry(*own).or_default() += rows;
    }
    let mut right = 0.0;
    let mut guesses = originals.into_iter();
    let mut guess = guesses.next();
    for truth in released.values() {
        let group: u64 = truth.values().sum();
        let mut missing = group;
        while missing > 0 {
            let Some((value, left)) = guess else { return right };
            let taken = missing.min(left);
            let own = truth.get(&value).copied().unwrap_or_default();
            right += taken as f64 * own as f64 / group as f64;
            missing -= taken;
            guess = if left > taken { Some((value, left - taken)) } else { guesses.next() };
        }
    }
    right
}

/// The values of a column in order: as numbers, as dates, or as text.
struct Scale {
    numbers: Vec<Option<f64>>,
    /// Position of each value; `None` for null.
    ranks: Vec<Option<usize>>,
}

impl Scale {
    fn of(values: &[Option<String>]) -> Self {
        let read = |parse: fn(&str) -> Option<f64>| -> Option<Vec<Option<f64>>> {
            values
                .iter()
                .map(|value| value.as_deref().map_or(Some(None), |text| parse(text).map(Some)))
                .collect()
        };
        let numbers = read(number).or_else(|| read(days)).unwrap_or_default();
        let mut order: Vec<usize> = (0..values.len()).collect();
        if numbers.is_empty() {
            order.sort_by_key(|place| values.get(*place));
        } else {
            let of = |place: &usize| numbers.get(*place).copied().flatten().unwrap_or(f64::MIN);
            order.sort_by(|left, right| of(left).total_cmp(&of(right)));
        }
        let mut ranks = vec![None; values.len()];
        for (rank, place) in order.into_iter().enumerate() {
            if values.get(place).is_some_and(Option::is_some)
                && let Some(slot) = ranks.get_mut(place)
            {
                *slot = Some(rank);
            }
        }
        Self { numbers, ranks }
    }

    fn rank(&self, code: usize) -> Option<usize> {
        self.ranks.get(code).copied().flatten()
    }

    fn number(&self, code: usize) -> Option<f64> {
        self.numbers.get(code).copied().flatten()
    }
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

/// Days since the first of March of year 0 of a date `YYYY-MM-DD`.
fn days(text: &str) -> Option<f64> {
    let mut parts = text.trim().splitn(3, ['-', '/']);
    let mut part = || parts.next()?.parse::<i64>().ok();
    let (year, month, day) = (part()?, part()?, part()?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some((days + (month * 153 + 2) / 5 + day - 1) as f64)
}

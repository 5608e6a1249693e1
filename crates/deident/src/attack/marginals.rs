//! A table in which no person is left: each cell is drawn from its column alone.

use super::random::Random;
use super::view::Sheet;

/// A table of independent marginals: as many rows, each value as frequent as it was up to
/// chance, and no row that goes back to a person.
pub(super) fn independent(sheet: &Sheet, random: &mut Random) -> Sheet {
    let rows = usize::try_from(sheet.rows()).unwrap_or(usize::MAX);
    let codes: Vec<Vec<u32>> = (0..sheet.codes.len())
        .map(|column| (0..rows).map(|_| sheet.code(column, sheet.any(random))).collect())
        .collect();
    Sheet::new(codes, vec![1; rows])
}

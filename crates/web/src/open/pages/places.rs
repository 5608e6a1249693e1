//! Names of administrative divisions (行政区划) by their codes, for lists and facets.
//!
//! The names are data with their source, in `data/divisions.csv`; a code that is not
//! there is shown as it is.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use vocabulary::{Bilingual, DivisionCode};

use crate::parts::plain;

static NAMES: LazyLock<BTreeMap<&'static str, Bilingual>> = LazyLock::new(|| {
    let lines = include_str!("../../../data/divisions.csv").lines();
    let rows = lines.filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut fields = line.splitn(3, ',');
        let (code, zh, en) = (fields.next()?, fields.next()?, fields.next()?);
        Some((code, Bilingual::new(zh, en)))
    });
    rows.collect()
});

/// The name of a division; the code itself if it has none here.
pub(crate) fn name(code: &str) -> Bilingual {
    NAMES.get(code).cloned().unwrap_or_else(|| plain(code))
}

/// The name of the division that a data set is about, townships by their county.
pub(crate) fn name_of(division: &DivisionCode) -> Bilingual {
    let known = division.chain().find_map(|code| NAMES.get(code.as_str()));
    known.cloned().unwrap_or_else(|| plain(division.as_str()))
}

/// The cities of Shanxi: code and name.
pub(crate) fn cities_of_shanxi() -> impl Iterator<Item = (&'static str, &'static Bilingual)> {
    let cities = NAMES.iter().filter(|(code, _)| {
        code.starts_with("14") && code.ends_with("00") && !code.ends_with("0000")
    });
    cities.map(|(code, name)| (*code, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shanxi_has_eleven_cities_and_all_codes_are_division_codes() {
        let cities: Vec<&str> = cities_of_shanxi().map(|(code, _)| code).collect();
        assert_eq!(cities.len(), 11);
        assert_eq!((cities[0], cities[10]), ("140100", "141100"));
        for code in NAMES.keys() {
            assert!(code.parse::<DivisionCode>().is_ok(), "{code}");
        }
        assert_eq!(name("140000").en, "Shanxi");
        assert_eq!(name("999999").zh, "999999");
        let township: DivisionCode = "140105001".parse().unwrap();
        assert_eq!(name_of(&township).zh, "小店区");
    }
}

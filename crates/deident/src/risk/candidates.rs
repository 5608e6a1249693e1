//! Domains small enough to be enumerated: what a digest may be a digest of.

use crate::tuples::TupleTable;

/// Texts to try against a column of digests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Candidates {
    /// Given texts, e.g. the values of another column; see [`Candidates::of_column`].
    Texts {
        /// Where they come from.
        source: String,
        /// The texts.
        texts: Vec<String>,
    },
    /// A prefix and so many digits: the mobile numbers of `138` are prefix `138` and 8
    /// digits.
    Numbers {
        /// What each begins with.
        prefix: String,
        /// Digits that follow, at most 18.
        digits: u32,
    },
    /// Dates of some years, as `19870305`, `1987-03-05` and `1987/03/05`.
    Dates {
        /// First year.
        from_year: u32,
        /// Last year.
        to_year: u32,
    },
    /// Citizen identity numbers (公民身份号码, GB 11643-1999): each division, each day, each
    /// of the 1,000 numbers of a day, with the check digit.
    CitizenIds {
        /// Division codes of six digits.
        divisions: Vec<String>,
        /// First year of birth.
        from_year: u32,
        /// Last year of birth.
        to_year: u32,
    },
}

impl Candidates {
    /// The values of a counted column; `None` if it was not counted.
    pub fn of_column(tuples: &TupleTable, column: &str) -> Option<Self> {
        let texts = tuples.values(column)?.iter().flatten().cloned().collect();
        Some(Self::Texts { source: format!("column `{column}`"), texts })
    }

    /// What they are, for a report.
    pub fn describe(&self) -> String {
        match self {
            Self::Texts { source, texts } => format!("{source} ({} texts)", texts.len()),
            Self::Numbers { prefix, digits } => format!("`{prefix}` and {digits} digits"),
            Self::Dates { from_year, to_year } => format!("dates from {from_year} to {to_year}"),
            Self::CitizenIds { divisions, from_year, to_year } => format!(
                "citizen ids of {} divisions, born {from_year} to {to_year}",
                divisions.len()
            ),
        }
    }

    /// Gives each candidate to `see`, until that answers no.
    pub fn each(&self, see: &mut dyn FnMut(&str) -> bool) {
        match self {
            Self::Texts { texts, .. } => {
                let _ = texts.iter().all(|text| see(text));
            }
            Self::Numbers { prefix, digits } => numbers(prefix, (*digits).min(18), see),
            Self::Dates { from_year, to_year } => dates(*from_year, *to_year, see),
            Self::CitizenIds { divisions, from_year, to_year } => {
                citizen_ids(divisions, *from_year, *to_year, see);
            }
        }
    }
}

fn numbers(prefix: &str, digits: u32, see: &mut dyn FnMut(&str) -> bool) {
    let width = digits as usize;
    for number in 0..10_u64.pow(digits) {
        let text = if width == 0 { prefix.to_owned() } else { format!("{prefix}{number:0width$}") };
        if !see(&text) {
            return;
        }
    }
}

/// Year, month and day of each day of some years.
fn calendar(from_year: u32, to_year: u32) -> impl Iterator<Item = (u32, u32, u32)> {
    (from_year..=to_year).flat_map(|year| {
        let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
        (1..=12).flat_map(move |month| {
            let days = match month {
                2 => 28 + u32::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            (1..=days).map(move |day| (year, month, day))
        })
    })
}

fn dates(from_year: u32, to_year: u32, see: &mut dyn FnMut(&str) -> bool) {
    let _ = calendar(from_year, to_year).all(|(year, month, day)| {
        see(&format!("{year:04}{month:02}{day:02}"))
            && see(&format!("{year:04}-{month:02}-{day:02}"))
            && see(&format!("{year:04}/{month:02}/{day:02}"))
    });
}

fn citizen_ids(
    divisions: &[String],
    from_year: u32,
    to_year: u32,
    see: &mut dyn FnMut(&str) -> bool,
) {
    for division in divisions {
        for (year, month, day) in calendar(from_year, to_year) {
            for number in 0..1000 {
                let mut text = format!("{division}{year:04}{month:02}{day:02}{number:03}");
                text.push(check_digit(&text));
                if !see(&text) {
                    return;
                }
            }
        }
    }
}

/// The last character of a citizen id: ISO 7064 MOD 11-2.
fn check_digit(body: &str) -> char {
    let sum =
        body.bytes().fold(0_u32, |sum, digit| (sum + u32::from(digit.wrapping_sub(b'0'))) * 2 % 11);
    match (12 - sum) % 11 {
        10 => 'X',
        digit => char::from_digit(digit, 10).unwrap_or('X'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn citizen_ids_end_in_their_check_digit() {
        // The two examples of GB 11643-1999.
        assert_eq!(check_digit("11010519491231002"), 'X');
        assert_eq!(check_digit("44052418800101001"), '4');
    }

    #[test]
    fn each_domain_is_gone_through_once() {
        let count = |candidates: Candidates| {
            let mut seen = std::collections::BTreeSet::new();
            let mut all = 0;
            candidates.each(&mut |text| {
                seen.insert(text.to_owned());
                all += 1;
                true
            });
            assert_eq!(seen.len(), all);
            all
        };
        assert_eq!(count(Candidates::Numbers { prefix: "138".to_owned(), digits: 3 }), 1000);
        assert_eq!(count(Candidates::Numbers { prefix: "138".to_owned(), digits: 0 }), 1);
        assert_eq!(count(Candidates::Dates { from_year: 1999, to_year: 2000 }), 3 * 731);
        let divisions = vec!["140105".to_owned()];
        assert_eq!(
            count(Candidates::CitizenIds { divisions, from_year: 2000, to_year: 2000 }),
            366_000
        );
    }
}

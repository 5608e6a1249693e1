//! The storable recipe of a hierarchy, and the hierarchy built from it.
//!
//! A value that the recipe cannot read (a word among numbers) is kept at level
//! 0 and is `*` from level 1 on, and so is a null: what is not understood is
//! never shown in a coarser form.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use super::calendar::{self, Day};
use super::{ANY, Hierarchy, HierarchyError, Line};

/// How the values of a column become coarser.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spec {
    /// Numbers to intervals. Level *i* has intervals of `widths[i − 1]` that
    /// start at `origin`; each width is a multiple of the one before.
    Interval {
        /// Widths, rising.
        widths: Vec<f64>,
        /// Where one interval starts.
        #[serde(default)]
        origin: f64,
        /// Numbers below this become one group (bottom coding).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bottom: Option<f64>,
        /// Numbers from this on become one group (top coding).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        top: Option<f64>,
    },
    /// Days to months, quarters, years, ten years.
    Date,
    /// Division codes (GB/T 2260 and its extension to 9 and 12 digits) to
    /// township, county, city, province.
    Division,
    /// The first characters; `steps` are the numbers kept, falling.
    Prefix {
        /// Characters kept at level 1, 2, ….
        steps: Vec<usize>,
    },
    /// Given line by line, leaf first.
    Table(Vec<Vec<String>>),
    /// The value or `*`, nothing between.
    Flat,
}

impl Spec {
    /// Intervals of the given widths from 0 on, with no top or bottom coding.
    pub fn intervals(widths: &[f64]) -> Self {
        Self::Interval { widths: widths.to_vec(), origin: 0.0, bottom: None, top: None }
    }

    /// Builds the checked hierarchy for the values of a column; `None` is null.
    ///
    /// ```
    /// # use deident::hierarchy::Spec;
    /// let ages = Spec::intervals(&[5.0, 10.0]).build([Some("34"), Some("37"), None])?;
    /// assert_eq!(ages.generalize(Some("34"), 1), Some("30-34"));
    /// assert_eq!(ages.generalize(Some("37"), 2), Some("30-39"));
    /// assert_eq!(ages.generalize(Some("37"), 3), Some("*"));
    /// # Ok::<(), deident::hierarchy::HierarchyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Any [`HierarchyError`]: no values, levels that do not nest, a value that
    /// a table lacks.
    pub fn build<'a>(
        &self,
        values: impl IntoIterator<Item = Option<&'a str>>,
    ) -> Result<Hierarchy, HierarchyError> {
        let values: Vec<Option<&str>> = values.into_iter().collect();
        if let Self::Table(table) = self {
            return from_table(table, &values);
        }
        let lines = match self {
            Self::Interval { widths, origin, bottom, top } => {
                check_widths(widths)?;
                let whole = whole_numbers(&values, widths, *origin);
                lines(&values, widths.len(), |text| {
                    let number: f64 = text.trim().parse().ok().filter(|n: &f64| n.is_finite())?;
                    let form =
                        |width: &f64| interval(number, *width, *origin, *bottom, *top, whole);
                    Some(widths.iter().map(form).collect())
                })
            }
            Self::Date => lines(&values, 4, |text| calendar::day(text).map(date_forms)),
            Self::Division => {
                let longest = values.iter().flatten().map(|v| v.trim().len()).max().unwrap_or(0);
                let steps: &[usize] = match longest {
                    0..=6 => &[4, 2],
                    7..=9 => &[6, 4, 2],
                    _ => &[9, 6, 4, 2],
                };
                lines(&values, steps.len(), |text| division_forms(text.trim(), steps))
            }
            Self::Prefix { steps } => {
                for pair in steps.windows(2) {
                    if let [before, after] = pair
                        && after >= before
                    {
                        return Err(HierarchyError::Prefix { length: *after });
                    }
                }
                lines(&values, steps.len(), |text| {
                    let form = |keep: &usize| {
                        let kept: String = text.chars().take(*keep).collect();
                        format!("{kept}{ANY}")
                    };
                    Some(steps.iter().map(form).collect())
                })
            }
            Self::Table(_) | Self::Flat => lines(&values, 0, |_| Some(Vec::new())),
        };
        Hierarchy::from_lines(&lines)
    }
}

/// One line a distinct value; what `forms` cannot read is `*` at every level.
fn lines(
    values: &[Option<&str>],
    depth: usize,
    forms: impl Fn(&str) -> Option<Vec<String>>,
) -> Vec<Line> {
    let unknown = || vec![ANY.to_owned(); depth];
    let mut seen = std::collections::HashSet::new();
    values
        .iter()
        .filter(|value| seen.insert(**value))
        .map(|value| Line {
            leaf: value.map(str::to_owned),
            parents: value.and_then(&forms).unwrap_or_else(unknown),
        })
        .collect()
}

fn from_table(table: &[Vec<String>], values: &[Option<&str>]) -> Result<Hierarchy, HierarchyError> {
    let depth = table.first().ok_or(HierarchyError::Empty)?.len();
    let mut lines = Vec::with_capacity(table.len() + 1);
    for (number, line) in table.iter().enumerate() {
        let (leaf, parents) = line
            .split_first()
            .ok_or(HierarchyError::Syntax { line: number + 1, reason: "it has no fields" })?;
        if let Some(form) = circle(line) {
            return Err(HierarchyError::Circle { line: number + 1, form: form.to_owned() });
        }
        lines.push(Line { leaf: Some(leaf.clone()), parents: parents.to_vec() });
    }
    let known: std::collections::HashSet<&str> =
        table.iter().filter_map(|line| line.first()).map(String::as_str).collect();
    if let Some(value) = values.iter().flatten().find(|value| !known.contains(**value)) {
        let value = (*value).to_owned();
        let alike = known.iter().find(|leaf| leaf.nfkc().eq(value.nfkc()));
        return Err(match alike {
            Some(leaf) => HierarchyError::OtherForm { leaf: (*leaf).to_owned(), value },
            None => HierarchyError::MissingLeaf { value },
        });
    }
    if values.contains(&None) {
        let parents = vec![ANY.to_owned(); depth.saturating_sub(1)];
        lines.push(Line { leaf: None, parents });
    }
    Hierarchy::from_lines(&lines)
}

/// A form that a line comes back to after another one.
fn circle(line: &[String]) -> Option<&str> {
    line.iter().enumerate().find_map(|(place, form)| {
        let later = line.iter().enumerate().skip(place + 1);
        let mut other = false;
        for (_, next) in later {
            if next != form {
                other = true;
            } else if other {
                return Some(form.as_str());
            }
        }
        None
    })
}

fn check_widths(widths: &[f64]) -> Result<(), HierarchyError> {
    let mut before: Option<f64> = None;
    for width in widths.iter().copied() {
        let wrong = |reason| HierarchyError::Width { width, reason };
        if !width.is_finite() || width <= 0.0 {
            return Err(wrong("a width is a positive number"));
        }
        if let Some(before) = before {
            let times = width / before;
            if times < 1.0 || (times - times.round()).abs() > 1e-9 * times {
                return Err(wrong("each width must be a multiple of the one before"));
            }
        }
        before = Some(width);
    }
    Ok(())
}

/// Whether labels may name the last whole number (`30-34`) instead of the first
/// number that is outside (`[30, 35)`).
fn whole_numbers(values: &[Option<&str>], widths: &[f64], origin: f64) -> bool {
    let whole = |number: f64| number.fract() == 0.0 && number.abs() < 9e15;
    widths.iter().all(|width| whole(*width))
        && whole(origin)
        && values
            .iter()
            .flatten()
            .filter_map(|value| value.trim().parse::<f64>().ok())
            .filter(|number| number.is_finite())
            .all(whole)
}

fn interval(
    number: f64,
    width: f64,
    origin: f64,
    bottom: Option<f64>,
    top: Option<f64>,
    whole: bool,
) -> String {
    if let Some(top) = top
        && number >= top
    {
        return format!("≥{top}");
    }
    if let Some(bottom) = bottom
        && number < bottom
    {
        return format!("<{bottom}");
    }
    let step = ((number - origin) / width).floor();
    let mut low = origin + step * width;
    let mut high = low + width;
    if let Some(bottom) = bottom {
        low = low.max(bottom);
    }
    if let Some(top) = top {
        high = high.min(top);
    }
    if !whole {
        return format!("[{low}, {high})");
    }
    let last = high - 1.0;
    if low >= last {
        format!("{low}")
    } else if low < 0.0 {
        format!("[{low}, {last}]")
    } else {
        format!("{low}-{last}")
    }
}

fn date_forms(day: Day) -> Vec<String> {
    let Day { year, month, .. } = day;
    let decade = year / 10 * 10;
    vec![
        format!("{year:04}-{month:02}"),
        format!("{year:04}-Q{}", (month - 1) / 3 + 1),
        format!("{year:04}"),
        format!("{decade:04}-{:04}", decade + 9),
    ]
}

/// Coarser division codes, filled with zeros to the length they have in GB/T
/// 2260 (6 digits) or in its extension (12 digits).
fn division_forms(text: &str, steps: &[usize]) -> Option<Vec<String>> {
    let digits = text.len() >= 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits {
        return None;
    }
    let form = |keep: &usize| {
        let kept: String = text.chars().take(*keep).collect();
        let length = if *keep > 6 { 12 } else { 6 };
        format!("{kept:0<length$}")
    };
    Some(steps.iter().map(form).collect())
}

//! Proposes a hierarchy for a column from its name, its type and its values.
//!
//! A proposal is a start for a person to change. It is made from what is seen:
//! a column of ages gets intervals of 5, 10, 20 and 40 years, a column that
//! nothing is known of gets the value or `*`.

use arrow::datatypes::DataType;

use super::calendar;
use super::spec::Spec;

/// What a column means, as far as it decides how to make it coarser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Years of age.
    Age,
    /// A day: a birth date, a date of an event.
    Date,
    /// A division code (GB/T 2260).
    Division,
    /// A postal code: six digits, region first.
    PostalCode,
    /// A quantity.
    Number,
    /// A code of which the first characters say more than the last.
    Code,
    /// Words of a small list: sex, ethnic group, education.
    Category,
}

/// What is known of the values of a column.
#[derive(Debug, Clone, Default)]
pub struct Profile {
    /// Some of the values, as text.
    pub sample: Vec<String>,
    /// Number of distinct values, if counted.
    pub distinct: Option<usize>,
    /// Least and greatest number, if the values are numbers and both are known;
    /// otherwise taken from the sample.
    pub range: Option<(f64, f64)>,
}

impl Profile {
    /// Profile of values that are all at hand.
    pub fn of<'a>(values: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        let sample: Vec<String> = values.into_iter().flatten().map(str::to_owned).collect();
        Self { distinct: Some(sample.len()), sample, range: None }
    }

    fn share(&self, holds: impl Fn(&str) -> bool) -> f64 {
        if self.sample.is_empty() {
            return 0.0;
        }
        let hits = self.sample.iter().filter(|value| holds(value.trim())).count();
        hits as f64 / self.sample.len() as f64
    }

    fn numbers(&self) -> Option<(f64, f64)> {
        if let Some((low, high)) = self.range {
            return (low.is_finite() && high.is_finite()).then_some((low, high));
        }
        let mut range: Option<(f64, f64)> = None;
        for number in self.sample.iter().filter_map(|value| value.trim().parse::<f64>().ok()) {
            if number.is_finite() {
                let (low, high) = range.unwrap_or((number, number));
                range = Some((low.min(number), high.max(number)));
            }
        }
        range
    }
}

/// Nearly all values are of one form.
const MOST: f64 = 0.9;

impl Spec {
    /// Proposes a hierarchy.
    ///
    /// - `name`: the header, Chinese or English.
    /// - `meaning`: what is known of the column from elsewhere; it wins.
    /// - `data_type`: the Arrow type.
    /// - `profile`: values seen.
    pub fn propose(
        name: &str,
        meaning: Option<Meaning>,
        data_type: &DataType,
        profile: &Profile,
    ) -> Self {
        let meaning = meaning.unwrap_or_else(|| guess(name, data_type, profile));
        match meaning {
            Meaning::Age => ages(profile),
            Meaning::Date => Self::Date,
            Meaning::Division => Self::Division,
            Meaning::PostalCode => Self::Prefix { steps: vec![4, 3, 2] },
            Meaning::Number => numbers(profile),
            Meaning::Code => code(profile),
            Meaning::Category => Self::Flat,
        }
    }
}

fn guess(name: &str, data_type: &DataType, profile: &Profile) -> Meaning {
    let name = name.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let numeric = data_type.is_numeric() || profile.share(|v| v.parse::<f64>().is_ok()) >= MOST;
    if says(&["年龄", "岁"]) || name == "age" || name.ends_with("_age") {
        return Meaning::Age;
    }
    if matches!(data_type, DataType::Date32 | DataType::Date64 | DataType::Timestamp(_, _))
        || profile.share(|value| calendar::day(value).is_some()) >= MOST
    {
        return Meaning::Date;
    }
    let digits = |value: &str, lengths: &[usize]| {
        lengths.contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit())
    };
    if says(&["邮编", "邮政编码", "postal", "postcode", "zip"])
        && profile.share(|v| digits(v, &[6])) >= MOST
    {
        return Meaning::PostalCode;
    }
    if says(&["区划", "行政区", "division", "adcode", "region_code", "区县代码"])
        && profile.share(|v| digits(v, &[2, 4, 6, 9, 12])) >= MOST
    {
        return Meaning::Division;
    }
    let few = profile.distinct.is_some_and(|distinct| distinct <= 12);
    if numeric && !few {
        return Meaning::Number;
    }
    let lengths: std::collections::BTreeSet<usize> =
        profile.sample.iter().map(|value| value.chars().count()).collect();
    let one_length = lengths.len() == 1 && lengths.first().is_some_and(|length| *length >= 4);
    if one_length && !few && profile.share(|v| v.bytes().all(|b| b.is_ascii_alphanumeric())) >= MOST
    {
        return Meaning::Code;
    }
    Meaning::Category
}

/// Ages in steps that halve the detail; the oldest, who are few, are one group.
fn ages(profile: &Profile) -> Spec {
    let high = profile.numbers().map_or(100.0, |(_, high)| high);
    Spec::Interval {
        widths: vec![5.0, 10.0, 20.0, 40.0],
        origin: 0.0,
        bottom: None,
        top: (high > 90.0).then_some(90.0),
    }
}

/// Intervals of 1, 2 or 5 times a power of ten: about 50, 10 and 2 to 5 of them.
fn numbers(profile: &Profile) -> Spec {
    let Some((low, high)) = profile.numbers() else { return Spec::Flat };
    let span = high - low;
    if !span.is_finite() || span <= 0.0 {
        return Spec::Flat;
    }
    let power = (span / 20.0).log10().floor();
    let first = 10_f64.powf(power);
    if !first.is_normal() {
        return Spec::Flat;
    }
    Spec::intervals(&[first, first * 10.0, first * 50.0])
}

fn code(profile: &Profile) -> Spec {
    let length = profile.sample.iter().map(|value| value.chars().count()).max().unwrap_or(0);
    let mut steps: Vec<usize> = [length * 3 / 4, length / 2, length / 4]
        .into_iter()
        .filter(|keep| *keep > 0 && *keep < length)
        .collect();
    steps.dedup();
    if steps.is_empty() { Spec::Flat } else { Spec::Prefix { steps } }
}

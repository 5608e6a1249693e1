//! Whether numbers of 11 digits are mobile numbers, whatever their header says.
//!
//! They have no check digit. What made-up numbers lack is the plan by which
//! prefixes are given out: 56 of the 70 prefixes from 130 to 199 are in use.
//! Numbers that are drawn from the span of their prefixes without knowing the
//! plan miss it, and the chance that they do not is what is counted here.
//!
//! Source: 工业和信息化部 电信网编号计划（2017年版） and the allocations since.

use crate::chance::log10_bound;

/// Prefixes in use by the last two digits after the 1, from 30 to 99, as bits of
/// their tens: 3 to 9.
const ASSIGNED: [u16; 7] = [
    0b11_1111_1111, // 130 to 139
    0b11_1110_0000, // 145 to 149
    0b11_1110_1111, // 150 to 159 without 154
    0b00_1110_0100, // 162, 165 to 167
    0b01_1111_1111, // 170 to 178
    0b11_1111_1111, // 180 to 189
    0b11_1110_1111, // 190 to 199 without 194
];

/// Whether a prefix of three digits is in use.
fn is_assigned(prefix: u64) -> bool {
    let Some(rest) = prefix.checked_sub(130) else { return false };
    let tens = usize::try_from(rest / 10).ok().and_then(|tens| ASSIGNED.get(tens));
    tens.is_some_and(|bits| bits >> (rest % 10) & 1 == 1)
}

/// Fewest numbers by which anything is decided.
const LEAST: usize = 20;
/// Share of the numbers that have a prefix in use.
const ASSIGNED_SHARE: f64 = 0.9;
/// log10 of the chance below which made-up numbers are ruled out.
const RULED_OUT: f64 = -3.0;
/// The same for numbers that do not follow the plan.
const MADE_UP: f64 = -6.0;
/// Fewest different prefixes in use.
const PREFIXES: usize = 8;
/// Entropy of each of the last four digits, of log2(10).
const SPREAD: f64 = 0.8;

/// What numbers show of where they come from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Plan {
    /// Different numbers that were looked at, those of other lengths included.
    pub(crate) numbers: usize,
    /// Those that start with a prefix in use.
    pub(crate) assigned: usize,
    /// Different prefixes in use among them.
    pub(crate) prefixes: usize,
    /// Prefixes in use, of all between the least and the greatest that occur.
    pub(crate) in_use: (u64, u64),
    /// log10 of the chance that made-up numbers of these prefixes hit the plan as
    /// often.
    pub(crate) by_plan: f64,
    /// log10 of the chance that made-up numbers have no 0, 1 or 2 behind the 1; 0
    /// unless all of them have not.
    pub(crate) by_second: f64,
    /// Least entropy of the last four digits, of log2(10).
    pub(crate) spread: f64,
    running: bool,
}

impl Plan {
    /// Looks at numbers with their rows, in the order of the rows. `all` is how
    /// many different values the column has, `looked_at` how many were drawn.
    pub(crate) fn of(numbers: &[(u64, u64)], looked_at: usize, all: f64) -> Self {
        let values: Vec<u64> = numbers.iter().map(|(_, number)| *number).collect();
        let mobile: Vec<u64> =
            values.iter().map(|n| n / 100_000_000).filter(|p| *p >= 130).collect();
        let (least, greatest) =
            (mobile.iter().min().copied().unwrap_or(0), mobile.iter().max().copied().unwrap_or(0));
        let in_span = greatest - least + 1;
        let in_use = (least..=greatest).filter(|prefix| is_assigned(*prefix)).count() as u64;
        let mut assigned: Vec<u64> = mobile.iter().copied().filter(|p| is_assigned(*p)).collect();
        let hits = assigned.len();
        assigned.sort_unstable();
        assigned.dedup();
        let chance = in_use as f64 / in_span as f64;
        Self {
            numbers: looked_at,
            assigned: hits,
            prefixes: assigned.len(),
            in_use: (in_use, in_span),
            by_plan: log10_bound(hits, mobile.len(), chance),
            by_second: second_digits(&values, looked_at),
            spread: spread(&values),
            running: is_running(&values, all * values.len() as f64 / looked_at.max(1) as f64),
        }
    }

    /// Whether they are mobile numbers though nothing else says so: they follow the
    /// plan, or all of them are within 13 to 19 as numbers are that someone made up
    /// who does not know it.
    pub(crate) fn is_mobile(&self) -> bool {
        let made_up = self.by_second <= MADE_UP && self.prefixes >= PREFIXES;
        self.follows_plan() || made_up && self.numbers >= LEAST && self.looks_drawn()
    }

    /// Whether they follow the plan: nine of ten have a prefix in use, of eight and
    /// more prefixes, made-up numbers would not hit it as often, the last digits
    /// are spread, and they do not run on.
    pub(crate) fn follows_plan(&self) -> bool {
        self.numbers >= LEAST
            && self.assigned as f64 >= ASSIGNED_SHARE * self.numbers as f64
            && self.prefixes >= PREFIXES
            && self.by_plan <= RULED_OUT
            && self.looks_drawn()
    }

    /// Whether they are spread like numbers that were given out to persons.
    pub(crate) fn looks_drawn(&self) -> bool {
        !self.running && (self.numbers < LEAST || self.spread >= SPREAD)
    }

    /// Whether they run on: 13800000001, 13800000002.
    pub(crate) fn is_running(&self) -> bool {
        self.running
    }
}

/// log10 of the chance that made-up numbers starting with 1 have no 0, 1 or 2 behind
/// it, where all of 3 to 9 but one occur: 7 of 10 each.
fn second_digits(values: &[u64], looked_at: usize) -> f64 {
    let mut seen = [0_usize; 7];
    for value in values {
        let second = (value / 1_000_000_000).checked_sub(13);
        let slot = second.and_then(|second| usize::try_from(second).ok());
        if let Some(count) = slot.and_then(|second| seen.get_mut(second)) {
            *count += 1;
        }
    }
    let all: usize = seen.iter().sum();
    let kinds = seen.iter().filter(|count| **count > 0).count();
    if kinds < 6 || all < looked_at { 0.0 } else { log10_bound(all, all, 0.7) }
}

/// Least entropy of the last four digits, each by itself, of log2(10).
fn spread(values: &[u64]) -> f64 {
    let mut least = f64::INFINITY;
    for power in [1, 10, 100, 1000] {
        let mut counts = [0_u32; 10];
        for value in values {
            let digit = usize::try_from(value / power % 10).unwrap_or_default();
            if let Some(count) = counts.get_mut(digit) {
                *count += 1;
            }
        }
        let entropy: f64 = counts
            .iter()
            .filter(|count| **count > 0)
            .map(|count| f64::from(*count) / values.len() as f64)
            .map(|share| -share * share.log10())
            .sum();
        least = least.min(entropy);
    }
    least
}

/// Whether numbers run on. They fill half of the span between the least and the
/// greatest, or a thousandth of it and rise (or fall) from row to row.
fn is_running(values: &[u64], all: f64) -> bool {
    let (Some(least), Some(greatest)) = (values.iter().min(), values.iter().max()) else {
        return false;
    };
    if values.len() < 3 {
        return false;
    }
    let filled = all / (greatest - least + 1) as f64;
    let rises = values.windows(2).filter(|pair| pair.first() < pair.last()).count();
    let steps = values.len() - 1;
    let ordered = values.len() >= 10 && (rises * 20 >= steps * 19 || rises * 20 <= steps);
    filled >= 0.5 || filled >= 0.001 && ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of the whole plan, or of what `prefix` gives.
    fn plan(count: u64, prefix: impl Fn(u64) -> u64) -> Plan {
        let numbers: Vec<(u64, u64)> = (0..count)
            .map(|row| (row, prefix(row) * 100_000_000 + row * 48_271_939 % 99_999_989))
            .collect();
        Plan::of(&numbers, numbers.len(), count as f64)
    }

    #[test]
    fn fifty_six_prefixes_are_in_use() {
        assert_eq!((100..1000).filter(|prefix| is_assigned(*prefix)).count(), 56);
    }

    #[test]
    fn the_plan_is_told_from_made_up_numbers() {
        let assigned: Vec<u64> = (130..200).filter(|prefix| is_assigned(*prefix)).collect();
        let real = plan(60, |row| {
            *assigned.iter().cycle().nth(usize::try_from(row).unwrap() * 37).unwrap()
        });
        assert!(real.is_mobile(), "{real:?}");
        // 56 of 70 prefixes, sixty times.
        assert!((real.by_plan - 60.0 * 0.8_f64.log10()).abs() < 1.5, "{real:?}");
        let one = plan(500, |_| 138);
        assert!(!one.is_mobile() && !one.is_running(), "{one:?}");
        let made_up = plan(500, |row| 100 + row * 37 % 100);
        assert!(!made_up.is_mobile(), "{made_up:?}");
    }

    #[test]
    fn numbers_that_run_on_are_told() {
        let of = |step: u64| {
            let numbers: Vec<(u64, u64)> =
                (0..200).map(|row| (row, 13_800_000_001 + row * step)).collect();
            Plan::of(&numbers, 200, 200.0).is_running()
        };
        assert!(of(1) && of(7) && of(500) && !of(400_000));
    }
}

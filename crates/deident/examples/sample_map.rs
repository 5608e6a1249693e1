//! How far k-map from a sample is off: `sample_map FILE QUASI K`.
//!
//! The file (text with plain fields set apart by `;` or `,`) is the population. Samples are
//! drawn from it, and what is estimated from each is set beside what is true. Prints a line
//! a sampling fraction, the mean of 20 samples.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a tool for measuring, not a library"
)]

use std::collections::HashMap;

use deident::risk::{ClassSizes, Estimator, at_least_in_population, below_in_population};

/// Numbers that look random and are the same every time (xorshift, Marsaglia 2003).
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Samples that are drawn of each fraction.
const SAMPLES: u32 = 20;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let text = std::fs::read_to_string(&arguments[0]).unwrap();
    let head = text.lines().next().unwrap();
    let separator = if head.contains(';') { ';' } else { ',' };
    let header: Vec<&str> = head.split(separator).collect();
    let names = arguments[1].split(',');
    let places: Vec<usize> =
        names.map(|name| header.iter().position(|have| *have == name).unwrap()).collect();
    let k: u64 = arguments[2].parse().unwrap();
    let key = |line: &str| -> Vec<String> {
        let fields: Vec<&str> = line.split(separator).collect();
        places.iter().map(|place| fields[*place].to_owned()).collect()
    };
    let rows: Vec<Vec<String>> = text.lines().skip(1).map(key).collect();
    let count = |rows: &mut dyn Iterator<Item = &Vec<String>>| {
        let mut classes: HashMap<Vec<String>, u64> = HashMap::new();
        for row in rows {
            *classes.entry(row.clone()).or_default() += 1;
        }
        classes
    };
    let population = count(&mut rows.iter());
    println!("fraction true negative-binomial poisson | accepted and wrong, asked for at most 5 %");
    let mut random = Random(0x853c_49e6_748f_ea9b);
    for fraction in [0.5, 0.2, 0.1, 0.05] {
        let mut sums = [0.0; 5];
        for _ in 0..SAMPLES {
            let sample = count(&mut rows.iter().filter(|_| random.unit() < fraction));
            let all: u64 = sample.values().sum();
            let few = |of: &mut dyn Iterator<Item = (&Vec<String>, &u64)>| {
                of.filter(|(form, _)| population[*form] < k).map(|(_, rows)| *rows).sum::<u64>()
            };
            let sizes = ClassSizes::from_sizes(sample.values().copied());
            let found = below_in_population(&sizes, k, fraction).unwrap();
            let wrong = |estimator| {
                let passes = |rows: u64| {
                    at_least_in_population(rows, k, fraction, estimator).unwrap() >= 0.95
                };
                let accepted = || sample.iter().filter(|(_, rows)| passes(**rows));
                let rows: u64 = accepted().map(|(_, rows)| *rows).sum();
                few(&mut accepted()) as f64 / rows.max(1) as f64
            };
            let truth = few(&mut sample.iter()) as f64 / all as f64;
            let both = [Estimator::NegativeBinomial, Estimator::Poisson].map(wrong);
            let figures = [truth, found.negative_binomial, found.poisson, both[0], both[1]];
            for (sum, figure) in sums.iter_mut().zip(figures) {
                *sum += figure;
            }
        }
        let [truth, cautious, poisson, wrong, wrong_poisson] = sums.map(|s| s / f64::from(SAMPLES));
        println!(
            "{fraction:>8} {truth:.4} {cautious:.4} {poisson:.4} | {wrong:.4} {wrong_poisson:.4}"
        );
    }
}

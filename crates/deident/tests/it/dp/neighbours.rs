//! What one person can change.

use std::collections::BTreeMap;

use deident::dp::{Answer, Categories, DiscreteLaplace, Epsilon, Query, Statistic};
use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::{Row, ask, batch, bounds, counts, delta, epsilon, laplace, no_noise, persons};

fn rows() -> impl Strategy<Value = Vec<Row>> {
    proptest::collection::vec((0_u8..8, -20_i64..40, 0_u8..4), 0..60)
}

/// The exact figures of a query: one of each number that noise is put on.
fn exact(query: &Query, rows: &[Row]) -> BTreeMap<String, f64> {
    let release = ask(query, &[batch(rows)], &mut StdRng::seed_from_u64(1));
    match &release.answer {
        Answer::Figure { figure } => [("figure".to_owned(), figure.value)].into(),
        Answer::Mean { sum, count, .. } => {
            [("sum".to_owned(), sum.value), ("count".to_owned(), count.value)].into()
        }
        Answer::Histogram { .. } => counts(&release),
        Answer::Quantile { .. } => panic!(),
    }
}

/// Most change in all figures together by taking away each person in turn.
fn most_change(query: &Query, rows: &[Row], only: Option<&str>) -> f64 {
    let whole = exact(query, rows);
    (0..8)
        .map(|person| {
            let rest: Vec<Row> = rows.iter().filter(|row| row.0 != person).copied().collect();
            let rest = exact(query, &rest);
            let named = whole.iter().filter(|(name, _)| only.is_none_or(|only| only == *name));
            named.map(|(name, value)| (value - rest[name]).abs()).sum::<f64>()
        })
        .fold(0.0, f64::max)
}

fn queries(most_rows: u32) -> Vec<Query> {
    let (column, noise) = (|| "x".to_owned(), no_noise());
    let names = ["k0", "k1", "k2"].map(str::to_owned).to_vec();
    let statistics = [
        Statistic::Count { noise },
        Statistic::Sum { column: column(), bounds: bounds("-10", "25", "0.5"), noise },
        Statistic::Mean {
            column: column(),
            bounds: bounds("-9", "30", "1"),
            sum: noise,
            count: noise,
        },
        Statistic::Histogram {
            column: "kind".to_owned(),
            categories: Categories::Listed { names },
            noise,
        },
    ];
    statistics.map(|statistic| Query { unit: persons(most_rows), statistic }).to_vec()
}

#[test]
fn a_person_alone_in_categories_is_seen_with_at_most_delta() {
    for (most_rows, price, chance) in
        [(1_u32, "1", "0.00001"), (4, "0.5", "0.001"), (10, "8", "0.01"), (3, "3", "0.3")]
    {
        let statistic = Statistic::Histogram {
            column: "kind".to_owned(),
            categories: Categories::Unlisted { delta: delta(chance) },
            noise: laplace(price),
        };
        let query = Query { unit: persons(most_rows), statistic };
        let release = ask(&query, &[batch(&[])], &mut StdRng::seed_from_u64(1));
        let Answer::Histogram { threshold: Some(least), .. } = release.answer else { panic!() };
        let noise = DiscreteLaplace::new(most_rows.into(), epsilon(price)).unwrap();
        // Every way to divide the rows of the person over categories.
        let mut ways = vec![Vec::new()];
        for _ in 0..most_rows {
            ways = ways
                .into_iter()
                .flat_map(|way: Vec<u32>| {
                    let (more, mut apart) = (way.clone(), way.clone());
                    apart.push(1);
                    let grown = (0..way.len()).map(move |place| {
                        let mut way = more.clone();
                        way[place] += 1;
                        way.sort_unstable();
                        way
                    });
                    grown.chain([apart]).collect::<Vec<_>>()
                })
                .collect();
            ways.iter_mut().for_each(|way| way.sort_unstable());
            ways.sort();
            ways.dedup();
        }
        for way in ways {
            let seen: f64 =
                way.iter().map(|rows| noise.tail(least as u64 - u64::from(*rows))).sum();
            assert!(seen <= delta(chance).as_f64(), "{way:?} {seen} {chance}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn one_person_changes_no_answer_by_more_than_the_stated_sensitivity(
        rows in rows(), most_rows in 1_u32..4,
    ) {
        for query in queries(most_rows) {
            let stated = ask(&query, &[], &mut StdRng::seed_from_u64(1)).mechanisms;
            if let Statistic::Mean { .. } = query.statistic {
                for (mechanism, name) in stated.iter().zip(["sum", "count"]) {
                    prop_assert!(most_change(&query, &rows, Some(name)) <= mechanism.sensitivity);
                }
            } else {
                prop_assert!(most_change(&query, &rows, None) <= stated[0].sensitivity);
            }
        }
    }

    #[test]
    fn neighbouring_tables_are_told_apart_by_no_more_than_epsilon(
        rows in rows(), most_rows in 1_u32..4, price in 1_u64..3_000_000_000, person in 0_u8..8,
        quantile in 1_u32..100,
    ) {
        let price = Epsilon::from_billionths(price);
        let rest: Vec<Row> = rows.iter().filter(|row| row.0 != person).copied().collect();
        // Noise on figures: the joint probability of any outcome.
        for query in queries(most_rows).into_iter().filter(|query| {
            !matches!(query.statistic, Statistic::Mean { .. })
        }) {
            let half = matches!(query.statistic, Statistic::Sum { .. });
            let unit = if half { 0.5 } else { 1.0 };
            let stated = ask(&query, &[], &mut StdRng::seed_from_u64(1)).mechanisms[0].sensitivity;
            let noise = DiscreteLaplace::new((stated / unit) as u128, price).unwrap();
            let (left, right) = (exact(&query, &rows), exact(&query, &rest));
            for outcome in [-400_i64, -7, 0, 1, 3, 20, 55, 400] {
                let ratio: f64 = left
                    .iter()
                    .map(|(name, value)| {
                        let at = |exact: f64| outcome - (exact / unit) as i64;
                        noise.ln_probability(at(*value)) - noise.ln_probability(at(right[name]))
                    })
                    .sum();
                prop_assert!(ratio.abs() <= price.as_f64() * (1.0 + 1e-9) + 1e-9, "{ratio}");
            }
        }
        // The exponential mechanism, one row a person.
        let one_each = |rows: &[Row]| -> BTreeMap<u8, i64> {
            rows.iter().map(|row| (row.0, row.1)).collect()
        };
        let q = f64::from(quantile) / 100.0;
        let log_probabilities = |values: &BTreeMap<u8, i64>| -> Vec<f64> {
            let logs: Vec<f64> = (-20_i64..40)
                .map(|at| {
                    let below = values.values().filter(|value| **value < at).count() as f64;
                    let above = values.values().filter(|value| **value > at).count() as f64;
                    let loss = ((1.0 - q) * below - q * above).abs();
                    -price.as_f64() * loss / (2.0 * q.max(1.0 - q))
                })
                .collect();
            let total: f64 = logs.iter().map(|log| log.exp()).sum();
            logs.iter().map(|log| log - total.ln()).collect()
        };
        let pairs = log_probabilities(&one_each(&rows)).into_iter();
        for (left, right) in pairs.zip(log_probabilities(&one_each(&rest))) {
            prop_assert!((left - right).abs() <= price.as_f64() + 1e-9);
        }
    }

    #[test]
    fn batches_of_any_size_give_the_same_answer(rows in rows(), cut in 0_usize..60) {
        let whole = batch(&rows);
        let cut = cut.min(rows.len());
        let parts = [whole.slice(0, cut), whole.slice(cut, rows.len() - cut)];
        for query in queries(2) {
            let once = ask(&query, std::slice::from_ref(&whole), &mut StdRng::seed_from_u64(2));
            let twice = ask(&query, &parts, &mut StdRng::seed_from_u64(2));
            prop_assert_eq!(once, twice);
        }
    }
}

//! Draws and choices against their exact probabilities, and against `opendp`.

use std::collections::BTreeMap;

use deident::dp::{Answer, DiscreteGaussian, DiscreteLaplace, Rho, Statistic};
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::{Row, ask, batch, bounds, critical, decimal, delta, each_row, epsilon, rho};

/// Pearson's statistic of draws against log probabilities, values with few expected
/// draws taken together at either end; fails where it is beyond what one in a million
/// right samplers would show.
fn assert_distribution(draws: &[i64], ln_probability: impl Fn(i64) -> f64) {
    let total = draws.len() as f64;
    let mut seen: BTreeMap<i64, f64> = BTreeMap::new();
    for draw in draws {
        *seen.entry(*draw).or_default() += 1.0;
    }
    let mut inner = 0_i64;
    while total * ln_probability(inner + 1).exp() >= 20.0 {
        inner += 1;
    }
    let (mut statistic, mut inside, mut inside_expected) = (0.0, 0.0, 0.0);
    for value in -inner..=inner {
        let expected = total * ln_probability(value).exp();
        let found = seen.get(&value).copied().unwrap_or(0.0);
        statistic += (found - expected).powi(2) / expected;
        inside += found;
        inside_expected += expected;
    }
    let (outside, rest) = (total - inside, total - inside_expected);
    if rest > 5.0 {
        statistic += (outside - rest).powi(2) / rest;
    }
    let positive = draws.iter().filter(|draw| **draw > 0).count() as f64;
    let negative = draws.iter().filter(|draw| **draw < 0).count() as f64;
    assert!((positive - negative).abs() < 5.0 * (positive + negative).sqrt());
    let degrees = (2 * inner + 1) as f64;
    assert!(statistic < critical(degrees), "{statistic} with {degrees} degrees of freedom");
}

#[test]
fn laplace_draws_follow_their_exact_probabilities() {
    let cases = [(1, "1"), (1, "0.1"), (10, "3"), (1, "2.5"), (7, "0.7"), (3, "0.333333333")];
    for (seed, (sensitivity, price)) in (11_u64..).zip(cases) {
        let mut rng = StdRng::seed_from_u64(seed);
        let noise = DiscreteLaplace::new(sensitivity, epsilon(price)).unwrap();
        let draws: Vec<i64> =
            (0..20_000).map(|_| i64::try_from(noise.sample(&mut rng)).unwrap()).collect();
        assert_distribution(&draws, |x| noise.ln_probability(x));
    }
}

#[test]
fn gaussian_draws_follow_their_exact_probabilities() {
    let cases = [(1, "0.5"), (1, "0.005"), (7, "0.1"), (1, "4"), (3, "0.333333333")];
    for (seed, (sensitivity, price)) in (31_u64..).zip(cases) {
        let mut rng = StdRng::seed_from_u64(seed);
        let noise = DiscreteGaussian::new(sensitivity, rho(price)).unwrap();
        let draws: Vec<i64> =
            (0..20_000).map(|_| i64::try_from(noise.sample(&mut rng)).unwrap()).collect();
        assert_distribution(&draws, |x| noise.ln_probability(x));
    }
}

#[test]
fn draws_of_very_large_scale_have_the_spread_of_their_distribution() {
    let mut rng = StdRng::seed_from_u64(5);
    let sensitivity = 4_000_000_000_000_000_u128;
    let laplace = DiscreteLaplace::new(sensitivity, epsilon("0.000001")).unwrap();
    let gaussian = DiscreteGaussian::new(sensitivity, rho("0.000001")).unwrap();
    // Share within one scale: 1 − 1/e, and 0.6827.
    for (scale, share, draws) in [
        (
            laplace.scale(),
            0.632_12,
            (0..4000).map(|_| laplace.sample(&mut rng)).collect::<Vec<_>>(),
        ),
        (gaussian.scale(), 0.682_69, (0..4000).map(|_| gaussian.sample(&mut rng)).collect()),
    ] {
        let within = draws.iter().filter(|draw| draw.unsigned_abs() as f64 <= scale).count();
        assert!((within as f64 / 4000.0 - share).abs() < 0.035, "{within} {share}");
    }
}

#[test]
fn probabilities_add_up_to_one_and_half_widths_hold_the_rest() {
    let laplace = DiscreteLaplace::new(10, epsilon("3")).unwrap();
    let gaussian = DiscreteGaussian::new(7, rho("0.1")).unwrap();
    for (wide, log) in [
        (
            laplace.half_width(0.05),
            Box::new(|x| laplace.ln_probability(x)) as Box<dyn Fn(i64) -> f64>,
        ),
        (gaussian.half_width(0.05), Box::new(|x| gaussian.ln_probability(x))),
    ] {
        let within = |end: f64| {
            (-500_i64..=500).filter(|x| x.abs() as f64 <= end).map(|x| log(x).exp()).sum::<f64>()
        };
        assert!((within(500.0) - 1.0).abs() < 1e-12);
        assert!(within(wide) >= 0.95 && within(wide - 1.0) < 0.95, "{}", within(wide));
    }
    assert!(
        (laplace.tail(4) - (4..500).map(|x| laplace.ln_probability(x).exp()).sum::<f64>()).abs()
            < 1e-12
    );
}

#[test]
fn gaussian_noise_keeps_the_renyi_divergence_that_it_pays() {
    for (sensitivity, price) in [(1_i64, "0.5"), (3, "0.02"), (7, "1.7")] {
        let noise = DiscreteGaussian::new(sensitivity.unsigned_abs().into(), rho(price)).unwrap();
        for alpha in [1.01, 1.5, 2.0, 8.0, 40.0] {
            let end = (60.0 * noise.scale()) as i64 + 400;
            let logs: Vec<f64> = (-end..=end)
                .map(|x| {
                    let (p, q) = (noise.ln_probability(x), noise.ln_probability(x - sensitivity));
                    alpha * p + (1.0 - alpha) * q
                })
                .collect();
            let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = logs.iter().map(|log| (log - most).exp()).sum();
            let divergence = (sum.ln() + most) / (alpha - 1.0);
            assert!(divergence <= alpha * rho(price).as_f64() + 1e-9, "{alpha} {divergence}");
        }
    }
}

#[test]
fn scales_and_conversions_equal_those_of_opendp() {
    let golden: serde_json::Value =
        serde_json::from_str(include_str!("../../data/opendp-0.16.0.json")).unwrap();
    let number = |row: &serde_json::Value, key: &str| row[key].as_f64().unwrap();
    let text = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap().to_owned();
    let whole = |row: &serde_json::Value| u128::from(row["sensitivity"].as_u64().unwrap());
    for row in golden["laplace"].as_array().unwrap() {
        let noise = DiscreteLaplace::new(whole(row), epsilon(&text(row, "epsilon"))).unwrap();
        assert!((noise.scale() - number(row, "scale")).abs() < 1e-9);
        // There P(|X| ≥ a) ≤ 0.05 for a real a, here P(|X| > a) for a whole one.
        assert!((noise.half_width(0.05) - (number(row, "accuracy_95").ceil() - 1.0)).abs() < 1e-9);
    }
    for row in golden["gaussian"].as_array().unwrap() {
        let noise = DiscreteGaussian::new(whole(row), rho(&text(row, "rho"))).unwrap();
        assert!((noise.scale() - number(row, "sigma")).abs() < 1e-9);
        assert!((noise.half_width(0.05) - (number(row, "accuracy_95") - 1.0)).abs() < 1e-9);
    }
    for row in golden["zcdp_to_approx"].as_array().unwrap() {
        let at = delta(&text(row, "delta"));
        let price = rho(&text(row, "rho"));
        let found = price.epsilon_at(at).unwrap();
        let expected = number(row, "epsilon");
        assert!((found.as_f64() - expected).abs() < 1e-6 * expected, "{found} {expected}");
        let (rho, ln) = (price.as_f64(), -at.as_f64().ln());
        assert!(found.as_f64() < rho + 2.0 * (rho * ln).sqrt());
        let back = Rho::within(found, at);
        assert!(back.epsilon_at(at).unwrap() <= found);
        assert!(back >= price, "{back} {price}");
    }
    for row in golden["threshold"].as_array().unwrap() {
        let noise = DiscreteLaplace::new(1, epsilon(&text(row, "epsilon"))).unwrap();
        let least = row["threshold"].as_u64().unwrap();
        // There a count is shown from the threshold on, and the tail is taken above it.
        assert!((noise.tail(least) / number(row, "delta") - 1.0).abs() < 1e-6);
    }
}

#[test]
fn quantiles_follow_the_exponential_mechanism() {
    let values = [3_i64, 3, 4, 9];
    let rows: Vec<Row> = values.iter().zip(0_u8..).map(|(value, id)| (id, *value, 0)).collect();
    let (top, price) = (12_i64, 1.3_f64);
    // q = 1/4: a row below counts 3/4, one above 1/4, one person at most 3/4.
    let loss = |at: i64| {
        let below = values.iter().filter(|value| **value < at).count() as f64;
        let above = values.iter().filter(|value| **value > at).count() as f64;
        (0.75 * below - 0.25 * above).abs()
    };
    let weight = |at: i64| (-price * loss(at) / (2.0 * 0.75)).exp();
    let total: f64 = (0..=top).map(weight).sum();
    let statistic = Statistic::Quantile {
        column: "x".to_owned(),
        bounds: bounds("0", "12", "1"),
        quantile: decimal("0.25"),
        epsilon: epsilon("1.3"),
    };
    let (query, table) = (each_row(statistic), [batch(&rows)]);
    let mut rng = StdRng::seed_from_u64(8);
    let mut seen = [0.0_f64; 13];
    for _ in 0..8000 {
        let Answer::Quantile { value, .. } = ask(&query, &table, &mut rng).answer else { panic!() };
        seen[value as usize] += 1.0;
    }
    let statistic: f64 = (0..=top)
        .map(|at| {
            let expected = 8000.0 * weight(at) / total;
            (seen[at as usize] - expected).powi(2) / expected
        })
        .sum();
    assert!(statistic < critical(12.0), "{statistic} {seen:?}");
}

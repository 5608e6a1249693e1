//! What is answered, what is refused, and what a release says.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use deident::dp::{
    Answer, Categories, Collector, Cost, Decimal, DpError, Epsilon, MechanismName, Noise, Query,
    Release, Statistic,
};
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::{
    KEY, Row, ask, batch, bounds, counts, decimal, delta, each_row, epsilon, figure, laplace,
    no_noise, persons, pure, rho,
};

#[test]
fn a_sum_without_bounds_is_refused_with_what_to_give() {
    let column = || "income".to_owned();
    let noise = laplace("1");
    for statistic in [
        Statistic::Sum { column: column(), bounds: None, noise },
        Statistic::Mean { column: column(), bounds: None, sum: noise, count: noise },
        Statistic::Quantile {
            column: column(),
            bounds: None,
            quantile: decimal("0.5"),
            epsilon: epsilon("1"),
        },
    ] {
        let refused = Collector::new(each_row(statistic), KEY).unwrap_err();
        assert!(matches!(refused, DpError::NoBounds { .. }));
        let text = refused.to_string();
        for word in ["`income`", "lower bound", "upper bound", "step", "not taken from the data"] {
            assert!(text.contains(word), "{text}");
        }
    }
}

#[test]
fn queries_that_make_no_sense_are_refused() {
    let sum = |bounds, noise| {
        each_row(Statistic::Sum { column: "x".to_owned(), bounds, noise }).cost().unwrap_err()
    };
    let one = laplace("1");
    assert!(matches!(sum(bounds("5", "5", "1"), one), DpError::BoundsOrder { .. }));
    assert!(matches!(sum(bounds("0", "5", "0"), one), DpError::BoundsOrder { .. }));
    assert!(matches!(sum(bounds("0", "5", "0.3"), one), DpError::OffGrid { .. }));
    assert!(matches!(
        sum(bounds("0", "99999999", "0.000000000000000001"), one),
        DpError::OffGrid { .. }
    ));
    assert!(matches!(sum(bounds("0", "5", "1"), laplace("0")), DpError::NoCost { .. }));
    let histogram = |categories, noise| {
        let column = "kind".to_owned();
        each_row(Statistic::Histogram { column, categories, noise }).cost().unwrap_err()
    };
    let listed = |names: &[&str]| Categories::Listed {
        names: names.iter().map(|n| (*n).to_owned()).collect(),
    };
    assert!(matches!(histogram(listed(&[]), one), DpError::Categories { .. }));
    assert!(matches!(histogram(listed(&["a", "a"]), one), DpError::Categories { .. }));
    let edges = Categories::Between { edges: vec![decimal("2"), decimal("1.5")] };
    assert!(matches!(histogram(edges, one), DpError::Categories { .. }));
    let unlisted = |text| Categories::Unlisted { delta: delta(text) };
    assert_eq!(histogram(unlisted("0"), one), DpError::NoDelta);
    assert_eq!(histogram(unlisted("0.5"), one), DpError::NoDelta);
    assert_eq!(
        histogram(unlisted("0.000001"), Noise::Gaussian { rho: rho("1") }),
        DpError::NoDelta
    );
    let nobody = Query { unit: persons(0), statistic: Statistic::Count { noise: one } };
    assert_eq!(nobody.cost().unwrap_err(), DpError::NoRows);
    let quantile = |text| Statistic::Quantile {
        column: "x".to_owned(),
        bounds: bounds("0", "5", "1"),
        quantile: decimal(text),
        epsilon: epsilon("1"),
    };
    for text in ["0", "1", "-0.5", "0.12345"] {
        let refused = each_row(quantile(text)).cost().unwrap_err();
        assert!(matches!(refused, DpError::Quantile { .. }));
    }
}

#[test]
fn amounts_are_exact_decimals() {
    assert_eq!(epsilon("0.1").billionths(), 100_000_000);
    assert_eq!(epsilon("1.50").to_string(), "1.5");
    assert_eq!(delta("0.000000000000000001").quintillionths(), 1);
    for text in ["", "-1", ".5", "1e-3", "0.0000000001", "１", "NaN", "1.2.3", "99999999999"] {
        assert!(text.parse::<Epsilon>().is_err(), "{text}");
    }
    assert_eq!(decimal("-0.50").to_string(), "-0.5");
    assert_eq!(decimal("100").to_string(), "100");
    assert!("1e5".parse::<Decimal>().is_err());
    let json = serde_json::to_string(&pure("0.25")).unwrap();
    assert_eq!(json, r#"{"measure":"pure","epsilon":"0.25"}"#);
}

#[test]
fn values_outside_the_bounds_count_as_the_bounds() {
    let values = [1e300, f64::INFINITY, -5.0, f64::NAN, 2.25, f64::NEG_INFINITY];
    let column: ArrayRef = Arc::new(Float64Array::from(values.to_vec()));
    let batch = RecordBatch::try_from_iter([("x", column)]).unwrap();
    let sum = |lower, upper| {
        let column = "x".to_owned();
        let statistic =
            Statistic::Sum { column, bounds: bounds(lower, upper, "0.5"), noise: no_noise() };
        figure(&ask(
            &each_row(statistic),
            std::slice::from_ref(&batch),
            &mut StdRng::seed_from_u64(1),
        ))
    };
    assert!((sum("0", "10") - 22.5).abs() < 1e-12);
    assert!((sum("-1", "10") - 20.5).abs() < 1e-12);
}

#[test]
fn any_numeric_column_is_read_on_the_same_grid() {
    use arrow::array::{Decimal128Array, UInt64Array};
    let columns: [ArrayRef; 5] = [
        Arc::new(Int64Array::from(vec![Some(3), None, Some(700)])),
        Arc::new(UInt64Array::from(vec![Some(3), None, Some(u64::MAX)])),
        Arc::new(Float64Array::from(vec![Some(3.0), None, Some(1e9)])),
        Arc::new(StringArray::from(vec![Some("3"), Some("unknown"), Some("3000")])),
        Arc::new(
            Decimal128Array::from(vec![Some(300), None, Some(70_000)])
                .with_precision_and_scale(10, 2)
                .unwrap(),
        ),
    ];
    let (column, bounds) = ("x".to_owned(), bounds("0", "100", "0.1"));
    let query = each_row(Statistic::Sum { column, bounds, noise: no_noise() });
    for array in columns {
        let batch = RecordBatch::try_from_iter([("x", array)]).unwrap();
        let found = figure(&ask(&query, &[batch], &mut StdRng::seed_from_u64(1)));
        assert!((found - 103.0).abs() < 1e-9, "{found}");
    }
    let flags: ArrayRef = Arc::new(arrow::array::BooleanArray::from(vec![true]));
    let batch = RecordBatch::try_from_iter([("x", flags)]).unwrap();
    let mut collector = Collector::new(query.clone(), KEY).unwrap();
    assert!(matches!(collector.update(&batch).unwrap_err(), DpError::NotNumeric { .. }));
    let missing = RecordBatch::new_empty(Arc::new(arrow::datatypes::Schema::empty()));
    let refused = collector.update(&missing).unwrap_err();
    assert!(matches!(refused, DpError::NoColumn { .. }));
}

#[test]
fn a_release_carries_mechanism_scale_sensitivity_and_interval() {
    let rows: Vec<Row> = (0..100).map(|row| (row, i64::from(row), 0)).collect();
    let statistic = Statistic::Sum {
        column: "x".to_owned(),
        bounds: bounds("-10", "50", "0.5"),
        noise: laplace("0.5"),
    };
    let query = Query { unit: persons(3), statistic };
    let release = ask(&query, &[batch(&rows)], &mut StdRng::seed_from_u64(3));
    let mechanism = &release.mechanisms[0];
    assert_eq!(mechanism.name, MechanismName::DiscreteLaplace);
    assert!((mechanism.sensitivity - 150.0).abs() < 1e-9);
    assert!((mechanism.scale - 300.0).abs() < 1e-9);
    assert!(mechanism.derivation.contains("每人至多 3 行"), "{}", mechanism.derivation);
    assert_eq!(release.cost, pure("0.5"));
    let Answer::Figure { figure } = release.answer else { panic!() };
    assert!((figure.high - figure.low - 2.0 * 898.5).abs() < 1e-9, "{figure:?}");
    assert!(((figure.high + figure.low) / 2.0 - figure.value).abs() < 1e-9);
    let json = serde_json::to_string(&release).unwrap();
    assert_eq!(serde_json::from_str::<Release>(&json).unwrap(), release);
    for word in ["clamped", "dropped", "rows_in"] {
        assert!(!json.contains(word), "{json}");
    }
}

#[test]
fn the_exact_figures_are_not_in_the_debug_form() {
    let rows: Vec<Row> = (0..7).map(|row| (row, 987_654, 0)).collect();
    let statistic = Statistic::Sum {
        column: "x".to_owned(),
        bounds: bounds("0", "1000000", "1"),
        noise: laplace("1"),
    };
    let mut collector = Collector::new(each_row(statistic), KEY).unwrap();
    collector.update(&batch(&rows)).unwrap();
    let shown = format!("{collector:?}");
    assert!(!shown.contains("987654") && !shown.contains("6913578"), "{shown}");
}

#[test]
fn intervals_hold_the_true_figure_as_often_as_stated() {
    let rows: Vec<Row> = (0..200).map(|row| (row, i64::from(row % 50), row % 3)).collect();
    let table = [batch(&rows)];
    let column = || "x".to_owned();
    let mean = Statistic::Mean {
        column: column(),
        bounds: bounds("0", "100", "1"),
        sum: laplace("0.5"),
        count: laplace("0.2"),
    };
    let mut rng = StdRng::seed_from_u64(77);
    let (mut counted, mut averaged) = (0, 0);
    let count = Statistic::Count { noise: Noise::Gaussian { rho: rho("0.02") } };
    for _ in 0..1000 {
        let release = ask(&each_row(count.clone()), &table, &mut rng);
        let Answer::Figure { figure } = release.answer else { panic!() };
        counted += u32::from(figure.low <= 200.0 && 200.0 <= figure.high);
        let release = ask(&each_row(mean.clone()), &table, &mut rng);
        let Answer::Mean { mean, .. } = release.answer else { panic!() };
        averaged += u32::from(mean.low <= 24.5 && 24.5 <= mean.high);
    }
    // At least 950; standard deviation 7.
    assert!(counted > 920 && averaged > 920, "{counted} {averaged}");
}

#[test]
fn a_quantile_of_many_rows_on_a_fine_grid_is_near() {
    let column: ArrayRef = Arc::new(Int64Array::from_iter_values((0..50_000).map(|row| row * 7)));
    let batch = RecordBatch::try_from_iter([("x", column)]).unwrap();
    let statistic = Statistic::Quantile {
        column: "x".to_owned(),
        bounds: bounds("0", "100000000", "0.01"),
        quantile: decimal("0.9"),
        epsilon: epsilon("0.5"),
    };
    let release = ask(&each_row(statistic), &[batch], &mut StdRng::seed_from_u64(4));
    let Answer::Quantile { value, rank_error } = release.answer else { panic!() };
    assert!(rank_error < 110.0, "{rank_error}");
    assert!((value - 315_000.0).abs() <= rank_error * 7.0 + 7.0, "{value}");
}

#[test]
fn unlisted_categories_are_shown_only_from_the_threshold_on() {
    let mut rows: Vec<Row> = (0..200).map(|row| (row, 0, 1)).collect();
    rows.push((200, 0, 2));
    let statistic = Statistic::Histogram {
        column: "kind".to_owned(),
        categories: Categories::Unlisted { delta: delta("0.000001") },
        noise: laplace("1"),
    };
    let query = each_row(statistic);
    let mut rng = StdRng::seed_from_u64(6);
    for _ in 0..100 {
        let release = ask(&query, &[batch(&rows)], &mut rng);
        assert_eq!(counts(&release).keys().collect::<Vec<_>>(), ["k1"]);
        let Answer::Histogram { threshold, .. } = release.answer else { panic!() };
        // 1 + 14: P(X ≥ 14) = e^-14 / (1 + e^-1) = 6.1e-7, P(X ≥ 13) = 1.7e-6.
        assert_eq!(threshold, Some(15.0));
    }
    assert_eq!(
        query.cost().unwrap(),
        Cost::Approximate { epsilon: epsilon("1"), delta: delta("0.000001") }
    );
}

#[test]
fn listed_categories_and_edges_show_every_category() {
    let rows: Vec<Row> = vec![(0, 17, 1), (1, 18, 1), (2, 64, 9), (3, 65, 2), (4, -3, 1)];
    let ask_for = |column: &str, categories| {
        let column = column.to_owned();
        let statistic = Statistic::Histogram { column, categories, noise: no_noise() };
        counts(&ask(&each_row(statistic), &[batch(&rows)], &mut StdRng::seed_from_u64(1)))
    };
    let names = ["k1", "k2", "k3"].map(str::to_owned).to_vec();
    let listed = ask_for("kind", Categories::Listed { names });
    assert_eq!(listed.into_values().collect::<Vec<_>>(), [3.0, 1.0, 0.0]);
    let edges = vec![decimal("18"), decimal("65")];
    let between = ask_for("x", Categories::Between { edges });
    let expected = [("<18", 2.0), ("[18, 65)", 2.0), ("≥65", 1.0)];
    assert_eq!(between, expected.map(|(name, count)| (name.to_owned(), count)).into());
}

/// The example of `docs/deident.md`.
#[test]
fn the_worked_example_of_differential_privacy_is_right() {
    let ages = [20_i64, 20, 20, 21, 20, 20, 22, 22, 23, 23];
    let rows: Vec<Row> = ages.iter().zip(0_u8..).map(|(age, id)| (id, *age, 0)).collect();
    let table = [batch(&rows)];
    let column = || "x".to_owned();
    let mut rng = StdRng::seed_from_u64(2024);
    let near = |left: f64, right: f64| assert!((left - right).abs() < 5e-4, "{left} {right}");

    let count = Statistic::Count { noise: laplace("0.5") };
    let release = ask(&each_row(count), &table, &mut rng);
    near(release.mechanisms[0].scale, 2.0);
    let Answer::Figure { figure } = release.answer else { panic!() };
    near((figure.high - figure.low) / 2.0, 6.0);

    let gauss = Statistic::Count { noise: Noise::Gaussian { rho: rho("0.125") } };
    let release = ask(&each_row(gauss), &table, &mut rng);
    near(release.mechanisms[0].scale, 2.0);
    let Answer::Figure { figure } = release.answer else { panic!() };
    near((figure.high - figure.low) / 2.0, 4.0);
    near(rho("0.125").epsilon_at(delta("0.000001")).unwrap().as_f64(), 2.4191);

    let sum =
        Statistic::Sum { column: column(), bounds: bounds("0", "120", "1"), noise: laplace("0.5") };
    let release = ask(&each_row(sum), &table, &mut rng);
    near(release.mechanisms[0].sensitivity, 120.0);
    near(release.mechanisms[0].scale, 240.0);

    let (bounds_of_age, half) = (bounds("18", "26", "1"), laplace("0.25"));
    let mean = Statistic::Mean { column: column(), bounds: bounds_of_age, sum: half, count: half };
    let release = ask(&each_row(mean), &table, &mut rng);
    near(release.mechanisms[0].sensitivity, 4.0);
    near(release.mechanisms[0].scale, 16.0);
    near(release.mechanisms[1].scale, 4.0);
    assert_eq!(release.cost, pure("0.5"));

    let median = Statistic::Quantile {
        column: column(),
        bounds: bounds("18", "26", "1"),
        quantile: decimal("0.5"),
        epsilon: epsilon("2"),
    };
    let release = ask(&each_row(median), &table, &mut rng);
    near(release.mechanisms[0].scale, 0.5);
    let Answer::Quantile { rank_error, .. } = release.answer else { panic!() };
    near(rank_error, 2.5965);

    let unlisted = Statistic::Histogram {
        column: "kind".to_owned(),
        categories: Categories::Unlisted { delta: delta("0.01") },
        noise: laplace("1"),
    };
    let Answer::Histogram { threshold, .. } = ask(&each_row(unlisted), &table, &mut rng).answer
    else {
        panic!()
    };
    assert_eq!(threshold, Some(6.0));
}

//! Optima of ARX 3.9.2 on the Adult data: 111 answers, and every node of the
//! nine-column lattice.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::ops::ControlFlow;

use arrow::array::RecordBatch;
use deident::hierarchy::{Spec, read_table};
use deident::{Criterion, Metric, Model, Problem, QuasiColumn, TupleTable, risk, search, utility};
use serde_json::Value;

use crate::shared::{csv, shared};

fn adult() -> Option<RecordBatch> {
    let text = std::fs::read_to_string(shared("deident/adult/adult.csv")?).unwrap();
    Some(csv(&text, ';'))
}

fn hierarchy(column: &str) -> Spec {
    let path = shared(&format!("deident/adult/adult_hierarchy_{column}.csv")).unwrap();
    Spec::Table(read_table(&std::fs::read_to_string(path).unwrap()).unwrap())
}

fn quasi(names: &[&str]) -> Vec<QuasiColumn> {
    names.iter().map(|name| QuasiColumn::new(*name, hierarchy(name))).collect()
}

fn metric(code: &str) -> Option<Metric> {
    Some(match code {
        "loss-am" => Metric::Loss,
        "loss-gm" => Metric::LossGeometric,
        "aecs" => Metric::Aecs,
        "dm" => Metric::Dm,
        "nmentropy" | "nmentropy-pre" => Metric::Entropy,
        "nnentropy" => Metric::NormalizedEntropy,
        "ebil" => Metric::EntropyLoss,
        "ambiguity" => Metric::Ambiguity,
        "precision" => Metric::Precision,
        _ => return None,
    })
}

/// `k:5;dl:occupation:3` to a class size and the other models.
fn models(code: &str) -> (u32, Vec<Criterion>) {
    let mut k = 1;
    let mut criteria = Vec::new();
    for part in code.split(';') {
        let fields: Vec<&str> = part.split(':').collect();
        let number = |place: usize| fields[place].parse::<f64>().unwrap();
        let whole = |place: usize| fields[place].parse::<u32>().unwrap();
        let model = match fields[0] {
            "k" => {
                k = whole(1);
                continue;
            }
            "dl" => Model::DistinctL { l: whole(2) },
            "el" => Model::EntropyL { l: number(2) },
            "rcl" => Model::RecursiveL { c: number(2), l: whole(3) },
            "etc" => Model::EqualT { t: number(2) },
            "htc" => Model::HierarchicalT { t: number(2), hierarchy: hierarchy(fields[1]) },
            "dd" => Model::Disclosure { delta: number(2) },
            "ebl" => Model::Likeness { beta: number(2) },
            other => panic!("a model that this test does not know: {other}"),
        };
        criteria.push(Criterion { column: fields[1].to_owned(), model });
    }
    (k, criteria)
}

/// References that needed more checks than this take seconds without optimization;
/// they run where debug assertions are off (`cargo test --release`).
const SLOW: u64 = 1300;

/// Answers of ARX that are not followed, each with the reason.
const NOT_FOLLOWED: [(&str, &str); 2] = [
    (
        "adult8-k5+el3-s0.05-loss-am",
        "ARX compares entropies strictly and suppresses six rows of a class that is exactly ln 3",
    ),
    ("adult8-k5+dd1-s0.02-loss-am", "ARX reports every row suppressed, above its own limit of 2 %"),
];

#[test]
fn every_reference_optimum_is_found() {
    let Some(batch) = adult() else { return };
    let path = shared("deident/reference-adult.json").unwrap();
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let (mut compared, mut left_out) = (0, 0);
    let mut wrong = Vec::new();
    for (id, expected) in file["results"].as_object().unwrap() {
        let Some(metric) = metric(expected["metric"].as_str().unwrap()) else { continue };
        if cfg!(debug_assertions) && expected["checked"].as_u64().unwrap() > SLOW {
            left_out += 1;
            continue;
        }
        let names: Vec<&str> = expected["qis"].as_str().unwrap().split(',').collect();
        let (k, criteria) = models(expected["models"].as_str().unwrap());
        let mut counted = names.clone();
        counted.extend(criteria.iter().map(|criterion| criterion.column.as_str()));
        let tuples = TupleTable::from_batches(&counted, std::slice::from_ref(&batch)).unwrap();
        let limit = expected["supp"].as_str().unwrap().parse().unwrap();
        let mut problem = Problem::k_anonymity(quasi(&names), k, limit);
        problem.metric = metric;
        problem.criteria = criteria.clone();
        let started = std::time::Instant::now();
        let outcome = search(&tuples, &problem, &mut |_| ControlFlow::Continue(())).unwrap();
        let score: f64 = expected["score"].as_str().unwrap().parse().unwrap();
        println!(
            "{id}: {:?} score {} (reference {score}), {} checks (reference {}), {:?}",
            outcome.levels,
            outcome.score,
            outcome.checked,
            expected["checked"],
            started.elapsed()
        );
        let levels: Vec<usize> =
            serde_json::from_value(expected["transformation"].clone()).unwrap();
        if NOT_FOLLOWED.iter().any(|(known, _)| known == id) {
            assert!(outcome.score <= score + score.abs() * 1e-9, "{id}: worse than the reference");
            continue;
        }
        compared += 1;
        let same_score = (outcome.score - score).abs() <= score.abs() * 1e-9;
        let same_rest = outcome.levels != levels
            || (outcome.suppressed_rows == expected["suppressed"].as_u64().unwrap()
                && outcome.classes == expected["classes"].as_u64().unwrap()
                && outcome.min_class == expected["min_class"].as_u64().unwrap());
        if !(same_score && same_rest && outcome.optimal) {
            wrong.push(format!(
                "{id}: {outcome:?}, reference {levels:?} {score} {} {}",
                expected["suppressed"], expected["classes"]
            ));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    println!("{compared} compared; {left_out} left out in a build that is not optimized");
    assert!(compared + left_out >= 109, "only {compared} compared");
}

/// Estimators and the truth: Adult taken for a population, samples drawn from it.
#[test]
fn the_interval_of_population_uniques_is_near_the_truth() {
    let Some(batch) = adult() else { return };
    let tuples = TupleTable::from_batches(&ADULT_9, std::slice::from_ref(&batch)).unwrap();
    let truth = tuples.class_sizes().of_size(1) as f64;
    for every in [2_usize, 5, 10, 20] {
        let mut state = 1_u64;
        let rows: Vec<u64> = (0..batch.num_rows() as u64)
            .filter(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 33).is_multiple_of(every as u64)
            })
            .collect();
        let picked = arrow::array::UInt64Array::from(rows);
        let columns = batch.columns().iter();
        let columns: Vec<_> =
            columns.map(|column| arrow::compute::take(column, &picked, None).unwrap()).collect();
        let sample = RecordBatch::try_new(batch.schema(), columns).unwrap();
        let fraction = sample.num_rows() as f64 / batch.num_rows() as f64;
        let sizes = TupleTable::from_batches(&ADULT_9, &[sample]).unwrap().class_sizes();
        let found = risk::population_uniques(&sizes, fraction).unwrap();
        let error = |value: Option<f64>| value.map(|value| value / truth - 1.0);
        let (pitman, zayatz) = (error(found.pitman).unwrap(), error(found.zayatz).unwrap());
        println!("1/{every}: pitman {pitman:+.3} zayatz {zayatz:+.3} snb {:?}", error(found.snb));
        // Measured: Pitman −14 to +6 %, Zayatz +4 to +52 %, SNB +2 to +47 %.
        assert!(pitman.abs() < 0.2 && zayatz.abs() < 0.6);
        let (low, high) = found.interval().unwrap();
        assert!(low < 1.06 * truth && high > 0.94 * truth);
    }
}

const ADULT_9: [&str; 9] = [
    "sex",
    "age",
    "race",
    "marital-status",
    "education",
    "native-country",
    "workclass",
    "occupation",
    "salary-class",
];

#[test]
fn measures_of_single_nodes_equal_the_exhaustive_table() {
    let (Some(batch), Some(path)) = (adult(), shared("deident/adult9-exhaustive.csv.gz")) else {
        return;
    };
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    let tuples = TupleTable::from_batches(&ADULT_9, &[batch]).unwrap();
    // The hierarchies have the heights of this problem; the columns of the table
    // are suppressed rows, classes, Loss and discernibility at k = 2, 5 and 10.
    for (k, column) in [(2, 5), (5, 9), (10, 13)] {
        let problem = Problem::k_anonymity(quasi(&ADULT_9), k, 1.0);
        for line in text.lines().skip(1).step_by(997) {
            let fields: Vec<&str> = line.split(';').collect();
            let levels: Vec<usize> =
                fields[0].split(',').map(|level| level.parse().unwrap()).collect();
            let found = utility::measure(&tuples, &problem, &levels).unwrap();
            assert_eq!(found.suppressed, fields[column].parse::<u64>().unwrap(), "{line}");
            assert_eq!(found.classes, fields[column + 1].parse::<u64>().unwrap(), "{line}");
            let loss: f64 = fields[column + 2].parse().unwrap();
            assert!((found.loss - loss).abs() < 1e-9, "{line}: {}", found.loss);
            let dm: f64 = fields[column + 3].parse().unwrap();
            assert!((found.dm - dm).abs() < 1.0, "{line}: {}", found.dm);
        }
    }
}

#[test]
fn risks_of_the_adult_table_equal_the_reference() {
    let Some(batch) = adult() else { return };
    let path = shared("deident/reference-adult.json").unwrap();
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut seen = BTreeMap::new();
    for (id, expected) in file["results"].as_object().unwrap() {
        let input = &expected["risk_input"];
        if input.is_null() {
            continue;
        }
        let names: Vec<&str> = expected["qis"].as_str().unwrap().split(',').collect();
        if seen.insert(names.clone(), id).is_some() {
            continue;
        }
        let tuples = TupleTable::from_batches(&names, std::slice::from_ref(&batch)).unwrap();
        let classes = tuples.class_sizes();
        let number = |name: &str| input[name].as_f64().unwrap();
        let near = |left: f64, right: f64| assert!((left - right).abs() < 1e-12, "{left} {right}");
        near(classes.classes() as f64, number("classes"));
        near(risk::prosecutor_max(&classes).unwrap(), number("prosecutor_highest"));
        near(risk::marketer(&classes).unwrap(), number("marketer_success"));
        near(risk::sample_uniqueness(&classes).unwrap(), number("sample_uniqueness"));
        let at_risk = risk::records_at_risk(&classes, number("thr")).unwrap();
        near(at_risk, number("prosecutor_records_at_risk"));
        // The population of the reference is that of the United States.
        let fraction = number("records") / 317_238_626.0;
        let uniques = risk::population_uniques(&classes, fraction).unwrap();
        let close = |left: Option<f64>, right: f64| {
            assert!((left.unwrap() / right - 1.0).abs() < 1e-4, "{left:?} {right}");
        };
        close(uniques.pitman, number("pu_pitman"));
        close(uniques.zayatz, number("pu_zayatz"));
        assert!(uniques.snb.is_none_or(|snb| snb > 0.0), "{uniques:?}");
    }
    assert!(!seen.is_empty());
}

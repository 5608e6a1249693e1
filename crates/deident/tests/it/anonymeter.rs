//! Agreement with `anonymeter` and `pycanon` on the Adult table.
//!
//! Their answers are recorded in `tests/golden/attacks-adult.json`, with versions and
//! seeds; `scripts/attack_reference.py` made them. Where `FENHE_ATTACK_REFERENCE` names a
//! file that it has just made, that is compared instead.

use std::collections::BTreeMap;

use deident::attack::{
    AttackReport, Predicates, Rate, Settings, Subject, inference, linking, singling_out,
};
use deident::hierarchy::Spec;
use deident::risk::diversity::diversity;
use deident::{Criterion, Model, Problem, QuasiColumn, TupleTable, utility};
use serde_json::Value;

use crate::shared::{csv, shared};

/// The recorded answers, or those of a run just made.
fn reference() -> Value {
    let text = match std::env::var_os("FENHE_ATTACK_REFERENCE") {
        Some(path) => std::fs::read_to_string(path).unwrap(),
        None => include_str!("../golden/attacks-adult.json").to_owned(),
    };
    serde_json::from_str(&text).unwrap()
}

/// Rows with an even number are the table, the others the control.
fn halves() -> Option<[TupleTable; 2]> {
    let text = std::fs::read_to_string(shared("deident/adult/adult.csv")?).unwrap();
    let batch = csv(&text, ';');
    let schema = batch.schema();
    let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    Some([0, 1].map(|first| {
        let rows = (first..batch.num_rows() as u64).step_by(2);
        let picked = arrow::array::UInt64Array::from_iter_values(rows);
        let columns = batch.columns().iter();
        let columns: Vec<_> =
            columns.map(|column| arrow::compute::take(column, &picked, None).unwrap()).collect();
        let half = arrow::array::RecordBatch::try_new(batch.schema(), columns).unwrap();
        TupleTable::from_batches(&names, &[half]).unwrap()
    }))
}

/// The recorded runs of an attack together.
fn recorded(runs: &Value, what: &str, attacks: u64) -> Rate {
    let runs = runs.as_array().unwrap();
    let successes = runs.iter().map(|run| run[what].as_u64().unwrap()).sum();
    Rate::new(successes, attacks * runs.len() as u64)
}

/// Two rates whose intervals reach one another.
fn agree(what: &str, ours: &Rate, theirs: &Rate) {
    println!("{what}: {:.4} here, {:.4} there", ours.share, theirs.share);
    assert!(ours.low <= theirs.high && theirs.low <= ours.high, "{what}: {ours:?} {theirs:?}");
}

/// Everything but the inference by chance: `anonymeter` 1.1.0 compares random guesses by
/// their row numbers with targets that have others, and counts most of them as wrong.
fn compare(reference: &Value, attack: &str, report: &AttackReport) {
    let attacks = reference["attacks"].as_u64().unwrap();
    let (naive, marginals) = (&reference["naive"][attack], &reference["marginals"][attack]);
    let control = report.release.control.unwrap();
    let nobody = report.no_person.control.unwrap();
    agree(attack, &report.release.table, &recorded(naive, "success", attacks));
    agree("  control", &control, &recorded(naive, "control", attacks));
    agree("  no person", &report.no_person.table, &recorded(marginals, "success", attacks));
    agree("  no person, control", &nobody, &recorded(marginals, "control", attacks));
    if attack != "inference" {
        agree("  by chance", &report.random, &recorded(naive, "random", attacks));
    }
}

#[test]
fn attacks_agree_with_anonymeter_within_their_error() {
    let Some([table, control]) = halves() else { return };
    let reference = reference();
    let none = BTreeMap::new();
    let subject =
        Subject { release: &table, table: &table, control: Some(&control), hierarchies: &none };
    let (attacks, seeds) = if cfg!(debug_assertions) { (200, 2) } else { (500, 5) };
    let settings = |attacks: u64| Settings {
        attacks,
        seeds: (1..=seeds).collect(),
        attempts: 100_000,
        equal_rows_count_once: true,
    };
    for (name, predicates) in [
        ("multivariate-3", Predicates::Multivariate { columns: 3 }),
        ("multivariate-5", Predicates::Multivariate { columns: 5 }),
    ] {
        let report = singling_out(&subject, predicates, &settings(attacks)).unwrap();
        compare(&reference, name, &report);
    }
    // Few values stand once: as many are found, and all of them.
    let report = singling_out(&subject, Predicates::Univariate, &settings(500)).unwrap();
    for (ours, theirs) in
        report.runs.iter().zip(reference["naive"]["univariate"].as_array().unwrap())
    {
        assert_eq!(ours.release.table.successes, theirs["success"].as_u64().unwrap());
        assert_eq!(ours.release.control.unwrap().successes, theirs["control"].as_u64().unwrap());
        let risk = ours.release.risk;
        for (ours, theirs) in [(risk.value, "risk"), (risk.low, "low"), (risk.high, "high")]
            .map(|(ours, name)| (ours, theirs[name].as_f64().unwrap()))
        {
            assert!((ours - theirs).abs() < 1e-9, "the arithmetic is the same: {ours} {theirs}");
        }
    }
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let first = owned(&["sex", "age", "race", "marital-status"]);
    let second = owned(&["education", "native-country", "workclass", "occupation"]);
    let report = linking(&subject, &first, &second, &settings(attacks)).unwrap();
    compare(&reference, "linking", &report);
    let known = owned(&["sex", "age", "race", "marital-status", "education"]);
    let report = inference(&subject, &known, "occupation", &settings(attacks)).unwrap();
    compare(&reference, "inference", &report);
}

#[test]
fn models_agree_with_pycanon() {
    let Some([table, _]) = halves() else { return };
    let reference = reference();
    let expected = &reference["pycanon"];
    let quasi: Vec<String> = serde_json::from_value(expected["quasi"].clone()).unwrap();
    let sensitive = expected["sensitive"].as_str().unwrap();
    let number = |name: &str| expected[name].as_f64().unwrap();
    let found = diversity(&table, &quasi, sensitive).unwrap();
    let sizes = table.class_sizes_of(&quasi).unwrap();
    assert_eq!(sizes.min(), expected["k"].as_u64());
    assert_eq!(Some(found.distinct_l), expected["l"].as_u64());
    assert!((found.equal_t - number("t")).abs() < 1e-9, "{}", found.equal_t);
    // The least entropy l; pycanon gives the whole number below.
    assert!((found.entropy_l.floor() - number("entropy_l")).abs() < 1e-9, "{}", found.entropy_l);
    let lost = |model: Model| {
        let columns = quasi.iter().map(|name| QuasiColumn::new(name, Spec::Flat)).collect();
        let mut problem = Problem::k_anonymity(columns, 1, 1.0);
        problem.criteria = vec![Criterion::of(sensitive, model)];
        utility::measure(&table, &problem, &[0, 0, 0]).unwrap().suppressed
    };
    let beta = number("beta");
    assert_eq!(lost(Model::BasicLikeness { beta: beta + 1e-6 }), 0);
    assert!(lost(Model::BasicLikeness { beta: beta - 1e-6 }) > 0);
    // pycanon takes natural logarithms, the model those to the base 2.
    let delta = number("delta") / std::f64::consts::LN_2;
    assert_eq!(lost(Model::Disclosure { delta: delta + 1e-6 }), 0);
    assert!(lost(Model::Disclosure { delta: delta - 1e-6 }) > 0);
}

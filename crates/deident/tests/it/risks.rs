//! Risk figures and the grading of GB/T 42460-2023.

use deident::hierarchy::{Spec, read_table};
use deident::risk::diversity::diversity;
use deident::risk::{
    ClassSizes, ContextRisk, Model, RiskError, Thresholds, combinations, gbt42460,
    grade_by_identifiers, marketer, prosecutor_max, records_at_risk, sample_uniqueness, theta,
};
use deident::{Problem, QuasiColumn, TupleTable, utility};

use crate::shared::table;

fn thresholds(tau: f64) -> Thresholds {
    Thresholds { tau, accept: 0.05, context: ContextRisk::CERTAIN }
}

#[test]
fn no_records_are_not_no_risk() {
    let empty = ClassSizes::from_sizes([0, 0]);
    assert_eq!(prosecutor_max(&empty), Err(RiskError::NoRecords));
    assert!(gbt42460(&empty, Model::Public, &thresholds(0.05)).is_err());
}

#[test]
fn public_release_with_classes_of_twenty_is_level_two() {
    let classes = ClassSizes::from_sizes([20, 30]);
    let found = gbt42460(&classes, Model::Public, &thresholds(0.05)).unwrap();
    assert!(found.dr_a.abs() < f64::EPSILON);
    assert!((found.r - 0.05).abs() < 1e-12);
    assert_eq!((found.level, found.required_class), (2, 21));
    let better = gbt42460(&ClassSizes::from_sizes([21, 30]), Model::Public, &thresholds(0.05));
    assert_eq!(better.unwrap().level, 3);
}

#[test]
fn one_class_above_tau_makes_the_risk_one() {
    let classes = ClassSizes::from_sizes([4, 1000]);
    let found = gbt42460(&classes, Model::Controlled, &thresholds(0.2)).unwrap();
    assert!((found.dr_a - 0.5).abs() < 1e-12);
    assert!((found.r - 1.0).abs() < 1e-12);
    assert_eq!(found.level, 2);
}

#[test]
fn controlled_sharing_multiplies_the_mean_with_the_context() {
    let context = ContextRisk { deliberate: 0.1, inadvertent: 0.3, breach: 0.2 };
    let thresholds = Thresholds { tau: 0.2, accept: 0.05, context };
    let found = gbt42460(&ClassSizes::from_sizes([5, 10]), Model::Controlled, &thresholds).unwrap();
    assert!((found.dr_c - 0.15).abs() < 1e-12);
    assert!((found.r - 0.045).abs() < 1e-12);
    assert_eq!(found.level, 3);
    // 0.3 / f < 0.05 needs f > 6; f ≥ 5 is needed for τ.
    assert_eq!(found.required_class, 7);
    let symbols: Vec<&str> = found.steps.iter().map(|step| step.symbol.as_str()).collect();
    assert_eq!(symbols, ["DR_a", "DR_b", "DR_c", "DR", "CR", "R", "level"]);
}

#[test]
fn identifiers_alone_decide_levels_one_and_four() {
    assert_eq!(grade_by_identifiers(1, 3).unwrap().level, 1);
    assert_eq!(grade_by_identifiers(0, 0).unwrap().level, 4);
    assert!(grade_by_identifiers(0, 3).is_none());
}

#[test]
fn thresholds_outside_their_range_are_refused() {
    let classes = ClassSizes::from_sizes([5]);
    assert!(gbt42460(&classes, Model::Public, &thresholds(1.5)).is_err());
    assert!(gbt42460(&classes, Model::Public, &thresholds(f64::NAN)).is_err());
    assert!(records_at_risk(&classes, -0.1).is_err());
    assert!(theta(&classes, 0.0).is_err());
}

#[test]
fn a_record_exactly_at_the_threshold_is_not_above_it() {
    let classes = ClassSizes::from_sizes([5, 4]);
    assert!((records_at_risk(&classes, 0.2).unwrap() - 4.0 / 9.0).abs() < 1e-12);
}

#[test]
fn theta_follows_its_formula() {
    let classes = ClassSizes::from_sizes([1, 1, 1, 2, 2, 7]);
    let f = 0.1;
    let expected = f * 3.0 / (f * 3.0 + 2.0 * (1.0 - f) * 2.0);
    assert!((theta(&classes, f).unwrap() - expected).abs() < 1e-12);
    assert!(theta(&ClassSizes::from_sizes([5]), f).unwrap().abs() < f64::EPSILON);
}

#[test]
fn a_class_with_one_disease_is_found() {
    let batch = table(&[
        ("区", vec!["a", "a", "a", "b", "b", "b"]),
        ("病种", vec!["flu", "flu", "flu", "flu", "cold", "asthma"]),
    ]);
    let tuples = TupleTable::from_batches(&["区", "病种"], &[batch]).unwrap();
    let found = diversity(&tuples, &["区"], "病种").unwrap();
    assert_eq!((found.distinct_l, found.homogeneous_rows, found.values), (1, 3, 3));
    assert!((found.entropy_l - 1.0).abs() < 1e-12);
    assert!((found.modal_share - 1.0).abs() < 1e-12);
    // p = (1, 0, 0) and q = (4/6, 1/6, 1/6): half of 2/6 + 1/6 + 1/6.
    assert!((found.equal_t - 1.0 / 3.0).abs() < 1e-12);
    assert_eq!(found.weakest, ["a"]);
}

#[test]
fn distances_of_the_published_example_are_met() {
    // Li et al., "t-Closeness", example in section 4.1: salaries 3k to 11k.
    let salaries = ["3", "4", "5", "6", "7", "8", "9", "10", "11"];
    let classes = ["a", "a", "a", "b", "c", "b", "c", "c", "b"];
    let batch = table(&[("class", classes.to_vec()), ("salary", salaries.to_vec())]);
    let tuples = TupleTable::from_batches(&["class", "salary"], &[batch]).unwrap();
    let found = diversity(&tuples, &["class"], "salary").unwrap();
    // {3k, 4k, 5k} is 0.375 away from the whole.
    assert!((found.ordered_t - 0.375).abs() < 1e-12, "{}", found.ordered_t);
}

/// The example of `docs/deident.md`, by hand there and by the library here.
#[test]
fn the_worked_example_of_the_handbook_is_right() {
    let rows = [("男", "20", 3), ("男", "21", 1), ("女", "20", 2), ("女", "22", 2)];
    let rows = rows.into_iter().chain([("女", "23", 1), ("男", "23", 1)]);
    let mut builder = TupleTable::builder(&["性别", "年龄"]);
    for (sex, age, count) in rows {
        for _ in 0..count {
            builder.push(&[Some(sex), Some(age)]).unwrap();
        }
    }
    let tuples = builder.finish();
    let spec = |text: &str| Spec::Table(read_table(text).unwrap());
    let columns = vec![
        QuasiColumn::new("性别", spec("男;*\n女;*")),
        QuasiColumn::new("年龄", spec("20;20-21;*\n21;20-21;*\n22;22-23;*\n23;22-23;*")),
    ];
    let problem = Problem::k_anonymity(columns, 2, 0.1);
    let found = utility::measure(&tuples, &problem, &[0, 1]).unwrap();
    let near = |left: f64, right: f64| assert!((left - right).abs() < 5e-5, "{left} {right}");
    near(found.loss, 0.25);
    near(found.granularity, 0.75);
    near(found.loss_geometric, 0.2410);
    near(found.aecs, 2.5);
    near(found.dm, 39.0);
    near(found.entropy, 7.9001);
    near(found.normalized_entropy, 0.2243);
    near(found.entropy_loss, 4.0);
    near(found.ambiguity, 26.0);
    near(found.precision, 0.325);
    assert_eq!((found.suppressed, found.classes, found.min_class), (1, 3, 2));
    let classes = tuples.class_sizes();
    near(prosecutor_max(&classes).unwrap(), 1.0);
    near(marketer(&classes).unwrap(), 0.6);
    near(records_at_risk(&classes, 0.33).unwrap(), 1.0);
    near(sample_uniqueness(&classes).unwrap(), 0.3);
    near(theta(&classes, 0.1).unwrap(), 0.0769);
    let graded = gbt42460(&classes, Model::Public, &thresholds(0.05)).unwrap();
    assert_eq!(graded.level, 2);
    near(graded.r, 1.0);
}

#[test]
fn a_key_is_found_and_what_contains_it_is_left_out() {
    let batch = table(&[
        ("id", vec!["1", "2", "3", "4"]),
        ("sex", vec!["m", "m", "f", "f"]),
        ("age", vec!["20", "21", "20", "21"]),
        ("city", vec!["a", "a", "a", "b"]),
    ]);
    let tuples = TupleTable::from_batches(&["id", "sex", "age", "city"], &[batch]).unwrap();
    let found = combinations(&tuples, 3).unwrap();
    let keys: Vec<Vec<String>> = found
        .iter()
        .filter(|combination| combination.minimal_key)
        .map(|combination| combination.columns.clone())
        .collect();
    assert_eq!(keys, [vec!["id"], vec!["sex", "age"]]);
    assert!(found.iter().all(|one| one.minimal_key || !one.columns.contains(&"id".to_owned())));
    let city = found.iter().find(|one| one.columns == ["city"]).unwrap();
    assert!((city.uniqueness - 0.25).abs() < 1e-12);
}

//! Edges: every Arrow type, nulls, empty tables, constants, wide tables, cancel.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema};
use deident::risk::diversity::diversity;
use deident::{
    Applier, Plan, Problem, QuasiColumn, SearchError, Spec, Transform, TupleTable, search,
};

use crate::shared::{every_type, table};

#[test]
fn no_arrow_type_makes_it_panic() {
    for array in every_type() {
        let data_type = array.data_type().clone();
        let batch = RecordBatch::try_from_iter([("q", array)]).unwrap();
        let tuples = TupleTable::from_batches(&["q"], std::slice::from_ref(&batch)).unwrap();
        for spec in [Spec::Flat, Spec::Date, Spec::Division, Spec::intervals(&[1.0, 10.0])] {
            let problem = Problem::k_anonymity(vec![QuasiColumn::new("q", spec)], 3, 0.0);
            let outcome = search(&tuples, &problem, &mut |_| ControlFlow::Continue(())).unwrap();
            let plan = Plan::of(&problem, &outcome);
            let released = Applier::new(&plan, &tuples).unwrap().apply(&batch).unwrap();
            assert_eq!(released.num_rows(), 3, "{data_type}");
            let masked = Plan {
                columns: vec![("q".to_owned(), Transform::Mask { keep_left: 1, keep_right: 1 })],
                k: 1,
                ..Plan::default()
            };
            assert!(Applier::new(&masked, &tuples).unwrap().apply(&batch).is_ok(), "{data_type}");
        }
        assert!(diversity(&tuples, &["q"], "q").is_ok(), "{data_type}");
    }
}

fn one(name: &str) -> Vec<QuasiColumn> {
    vec![QuasiColumn::new(name, Spec::Flat)]
}

#[test]
fn an_empty_table_is_refused_and_said_so() {
    let tuples = TupleTable::from_batches(&["q"], &[table(&[("q", vec![])])]).unwrap();
    let error =
        search(
            &tuples,
            &Problem::k_anonymity(one("q"), 2, 0.0),
            &mut |_| ControlFlow::Continue(()),
        );
    assert!(matches!(error, Err(SearchError::NoRows)));
    // An empty batch can still be released: it stays empty.
    let transform = Transform::Generalize { spec: Spec::Flat, level: 1 };
    let plan = Plan { columns: vec![("q".to_owned(), transform)], k: 2, ..Plan::default() };
    let empty = RecordBatch::new_empty(Arc::new(Schema::new(vec![Field::new(
        "q",
        arrow::datatypes::DataType::Utf8,
        true,
    )])));
    let released = Applier::new(&plan, &tuples).unwrap().apply(&empty).unwrap();
    assert_eq!(released.num_rows(), 0);
}

#[test]
fn k_above_the_rows_releases_nothing() {
    let tuples = TupleTable::from_batches(&["q"], &[table(&[("q", vec!["a"; 3])])]).unwrap();
    let error =
        search(
            &tuples,
            &Problem::k_anonymity(one("q"), 4, 1.0),
            &mut |_| ControlFlow::Continue(()),
        )
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "k = 4 is more than the 3 rows of the table; nothing can be released"
    );
}

#[test]
fn one_row_is_released_at_k_one_only() {
    let tuples = TupleTable::from_batches(&["q"], &[table(&[("q", vec!["a"])])]).unwrap();
    let found = |k| {
        search(&tuples, &Problem::k_anonymity(one("q"), k, 0.0), &mut |_| ControlFlow::Continue(()))
    };
    assert_eq!(found(1).unwrap().levels, [0]);
    assert!(matches!(found(2), Err(SearchError::KAboveRows { k: 2, rows: 1 })));
}

#[test]
fn a_limit_that_is_no_share_is_refused() {
    let tuples = TupleTable::from_batches(&["q"], &[table(&[("q", vec!["a"; 3])])]).unwrap();
    for limit in [f64::NAN, -0.1, 1.5, f64::INFINITY] {
        let problem = Problem::k_anonymity(one("q"), 2, limit);
        let error = search(&tuples, &problem, &mut |_| ControlFlow::Continue(()));
        assert!(matches!(error, Err(SearchError::Limit { .. })), "{limit}");
    }
}

#[test]
fn a_constant_column_costs_nothing() {
    let tuples = TupleTable::from_batches(&["q"], &[table(&[("q", vec!["a"; 30])])]).unwrap();
    let outcome =
        search(
            &tuples,
            &Problem::k_anonymity(one("q"), 5, 0.0),
            &mut |_| ControlFlow::Continue(()),
        )
        .unwrap();
    assert_eq!((outcome.levels, outcome.min_class), (vec![0], 30));
    assert!(outcome.score.abs() < f64::EPSILON && outcome.optimal);
}

#[test]
fn all_distinct_values_become_one_class() {
    let values: Vec<String> = (0..50).map(|n| n.to_string()).collect();
    let batch = table(&[("q", values.iter().map(String::as_str).collect())]);
    let tuples = TupleTable::from_batches(&["q"], &[batch]).unwrap();
    let outcome =
        search(
            &tuples,
            &Problem::k_anonymity(one("q"), 2, 0.0),
            &mut |_| ControlFlow::Continue(()),
        )
        .unwrap();
    assert_eq!((outcome.levels, outcome.classes), (vec![1], 1));
}

#[test]
fn twenty_columns_need_more_than_64_bits_and_work() {
    // Twenty columns of 40 values are 120 bits. Rows come in pairs that agree in
    // everything, so level 0 satisfies k = 2 and nothing else costs less.
    let names: Vec<String> = (0..20).map(|n| format!("c{n}")).collect();
    let value = |row: usize, column: usize| ((row / 2) * (column + 3) % 40).to_string();
    let columns: Vec<Vec<String>> =
        (0..20).map(|column| (0..400).map(|row| value(row, column)).collect()).collect();
    let view: Vec<(&str, Vec<&str>)> = names
        .iter()
        .zip(&columns)
        .map(|(name, column)| (name.as_str(), column.iter().map(String::as_str).collect()))
        .collect();
    let tuples = TupleTable::from_batches(&names, &[table(&view)]).unwrap();
    let quasi: Vec<QuasiColumn> =
        names.iter().map(|name| QuasiColumn::new(name, Spec::Flat)).collect();
    let mut problem = Problem::k_anonymity(quasi, 2, 0.0);
    let outcome = search(&tuples, &problem, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(outcome.levels, vec![0; 20]);
    assert_eq!(outcome.classes, tuples.tuples() as u64);
    // Beyond the limit of an exhaustive search the answer is not called optimal.
    problem.k = 30;
    problem.exhaustive_limit = 1000;
    let wide = search(&tuples, &problem, &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(!wide.optimal && wide.min_class >= 30 && wide.gap > 0.0);
    // With endless patience the search goes on until it is broken off.
    problem.patience = u32::MAX;
    let mut visits = 0;
    let patient = search(&tuples, &problem, &mut |_| {
        visits += 1;
        if visits > 5000 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .unwrap();
    assert!(patient.score <= wide.score && patient.min_class >= 30);
}

#[test]
fn breaking_off_gives_the_best_so_far_or_says_that_there_is_none() {
    let values: Vec<String> = (0..50).map(|n| (n / 3).to_string()).collect();
    let batch = table(&[("q", values.iter().map(String::as_str).collect())]);
    let tuples = TupleTable::from_batches(&["q"], &[batch]).unwrap();
    let spec = Spec::intervals(&[2.0, 4.0, 8.0]);
    let problem = Problem::k_anonymity(vec![QuasiColumn::new("q", spec)], 4, 0.0);
    let early = search(&tuples, &problem, &mut |_| ControlFlow::Break(()));
    match early {
        Ok(outcome) => assert!(!outcome.optimal),
        Err(error) => assert!(matches!(error, SearchError::Cancelled)),
    }
    let late = search(&tuples, &problem, &mut |progress| {
        if progress.best.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .unwrap();
    assert!(!late.optimal && late.min_class >= 4);
}

#[test]
fn pinned_levels_and_a_frontier_are_kept_to() {
    let values: Vec<String> = (0..64).map(|n| n.to_string()).collect();
    let batch = table(&[("q", values.iter().map(String::as_str).collect())]);
    let tuples = TupleTable::from_batches(&["q"], &[batch]).unwrap();
    let spec = Spec::intervals(&[2.0, 4.0, 8.0, 16.0]);
    let mut problem = Problem::k_anonymity(vec![QuasiColumn::new("q", spec)], 2, 0.0);
    problem.frontier = vec![2, 8, 16, 1000];
    let outcome = search(&tuples, &problem, &mut |_| ControlFlow::Continue(())).unwrap();
    let points: Vec<(u32, usize)> =
        outcome.frontier.iter().map(|point| (point.k, point.levels[0])).collect();
    assert_eq!(points, [(2, 1), (8, 3), (16, 4)]);
    assert!(outcome.frontier.windows(2).all(|pair| pair[0].loss <= pair[1].loss));
    problem.pinned.insert("q".to_owned(), 3);
    let pinned = search(&tuples, &problem, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(pinned.levels, [3]);
    problem.pinned.insert("q".to_owned(), 9);
    let error = search(&tuples, &problem, &mut |_| ControlFlow::Continue(()));
    assert!(matches!(error, Err(SearchError::Pinned { level: 9, .. })));
}

#[test]
fn a_column_that_is_not_there_is_named() {
    let error = TupleTable::from_batches(&["nope"], &[table(&[("q", vec!["a"])])]).unwrap_err();
    assert_eq!(error.to_string(), "no column `nope` in the data; it has q");
}

//! Plans applied to tables.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::compute::concat_batches;
use arrow::util::display::array_value_to_string;
use deident::{
    Applier, ApplyError, Plan, Problem, QuasiColumn, Spec, Transform, TupleTable, search,
};

use crate::shared::table;

/// Rows of each class, counted without the crate: the recount.
fn recount(batch: &RecordBatch, columns: &[&str]) -> HashMap<Vec<Option<String>>, u64> {
    let mut classes = HashMap::new();
    for row in 0..batch.num_rows() {
        let key = columns
            .iter()
            .map(|name| {
                let array = batch.column_by_name(name).unwrap();
                array.is_valid(row).then(|| array_value_to_string(array, row).unwrap())
            })
            .collect();
        *classes.entry(key).or_default() += 1;
    }
    classes
}

fn residents() -> RecordBatch {
    let ages: Vec<Option<i64>> =
        (0..600).map(|n| (n % 41 != 0).then_some(18 + n * 7 % 70)).collect();
    let towns: Vec<String> = (0..600).map(|n| format!("1401{:02}", n * n % 9)).collect();
    let names: Vec<String> = (0..600).map(|n| format!("人{n}")).collect();
    RecordBatch::try_from_iter([
        ("姓名", Arc::new(StringArray::from(names)) as ArrayRef),
        ("年龄", Arc::new(Int64Array::from(ages)) as ArrayRef),
        ("区划", Arc::new(StringArray::from(towns)) as ArrayRef),
    ])
    .unwrap()
}

fn problem(k: u32) -> Problem {
    let columns = vec![
        QuasiColumn::new("年龄", Spec::intervals(&[5.0, 10.0, 20.0])),
        QuasiColumn::new("区划", Spec::Division),
    ];
    Problem::k_anonymity(columns, k, 0.05)
}

#[test]
fn a_release_satisfies_k_when_recounted() {
    let batch = residents();
    let tuples = TupleTable::from_batches(&["年龄", "区划"], std::slice::from_ref(&batch)).unwrap();
    for k in [2, 5, 21] {
        let problem = problem(k);
        let outcome = search(&tuples, &problem, &mut |_| ControlFlow::Continue(())).unwrap();
        let plan = Plan::of(&problem, &outcome).with("姓名", Transform::Remove);
        let mut applier = Applier::new(&plan, &tuples).unwrap();
        // Batch by batch is the same as in one piece.
        let parts: Vec<RecordBatch> =
            (0..6).map(|part| applier.apply(&batch.slice(part * 100, 100)).unwrap()).collect();
        let whole = Applier::new(&plan, &tuples).unwrap().apply(&batch).unwrap();
        assert_eq!(concat_batches(&parts[0].schema(), &parts).unwrap(), whole);
        let classes = recount(&whole, &["年龄", "区划"]);
        assert_eq!(classes.len() as u64, outcome.classes);
        assert_eq!(*classes.values().min().unwrap(), outcome.min_class);
        assert!(outcome.min_class >= u64::from(k));
        assert!(whole.column_by_name("姓名").is_none());
    }
}

#[test]
fn rows_out_and_rows_suppressed_add_up() {
    let batch = residents();
    let tuples = TupleTable::from_batches(&["年龄", "区划"], std::slice::from_ref(&batch)).unwrap();
    for k in [2, 5, 21, 400] {
        let problem = problem(k);
        let Ok(outcome) = search(&tuples, &problem, &mut |_| ControlFlow::Continue(())) else {
            continue;
        };
        let plan = Plan::of(&problem, &outcome).with("姓名", Transform::Remove);
        let mut applier = Applier::new(&plan, &tuples).unwrap();
        let mut out = 0;
        for part in 0..6 {
            out += applier.apply(&batch.slice(part * 100, 100)).unwrap().num_rows() as u64;
        }
        let applied = applier.applied();
        assert_eq!(applied.suppressed, outcome.suppressed_rows, "k = {k}");
        assert_eq!((applied.rows_in, applied.rows_out), (600, out), "k = {k}");
        assert_eq!(applied.rows_in, applied.rows_out + applied.suppressed, "k = {k}");
    }
}

#[test]
fn rows_that_were_not_counted_are_not_released() {
    let counted = table(&[("q", vec!["a", "a", "b", "b"])]);
    let tuples = TupleTable::from_batches(&["q"], &[counted]).unwrap();
    let transform = Transform::Generalize { spec: Spec::Flat, level: 0 };
    let plan = Plan { columns: vec![("q".to_owned(), transform)], k: 2, ..Plan::default() };
    let mut applier = Applier::new(&plan, &tuples).unwrap();
    let released = applier.apply(&table(&[("q", vec!["a", "new", "b"])])).unwrap();
    assert_eq!(released.num_rows(), 2);
    assert_eq!(applier.applied().suppressed, 1);
}

#[test]
fn a_column_that_the_plan_does_not_name_stops_the_release() {
    let batch = table(&[("a", vec!["1"]), ("b", vec!["2"])]);
    let nothing = TupleTable::builder::<&str>(&[]).finish();
    let plan = Plan { columns: vec![("a".to_owned(), Transform::Keep)], k: 1, ..Plan::default() };
    let error = Applier::new(&plan, &nothing).unwrap().apply(&batch).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the plan is for other columns: it says nothing of `b`; keep or remove them there"
    );
    let other = plan.with("b", Transform::Keep).with("c", Transform::Remove);
    let error = Applier::new(&other, &nothing).unwrap().apply(&batch).unwrap_err();
    assert!(
        matches!(error, ApplyError::OtherColumns { ref missing, .. } if missing == &["c"]),
        "{error}"
    );
}

#[test]
fn a_plan_without_quasi_identifiers_only_masks_and_removes() {
    let batch = table(&[("电话", vec!["13812345678", "139"]), ("note", vec!["x", "y"])]);
    let plan = Plan {
        columns: vec![
            ("电话".to_owned(), Transform::Mask { keep_left: 3, keep_right: 4 }),
            ("note".to_owned(), Transform::Remove),
        ],
        ..Plan::default()
    };
    let nothing = TupleTable::builder::<&str>(&[]).finish();
    let released = Applier::new(&plan, &nothing).unwrap().apply(&batch).unwrap();
    assert_eq!(released, table(&[("电话", vec!["138****5678", "***"])]));
}

#[test]
fn a_plan_can_be_stored_and_read_again() {
    let problem = problem(5);
    let tuples = TupleTable::from_batches(&["年龄", "区划"], &[residents()]).unwrap();
    let outcome = search(&tuples, &problem, &mut |_| ControlFlow::Continue(())).unwrap();
    let plan =
        Plan::of(&problem, &outcome).with("姓名", Transform::Mask { keep_left: 1, keep_right: 0 });
    let text = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
    assert_eq!(plan.counted_columns(), ["年龄", "区划"]);
}

#[test]
fn only_what_cannot_be_undone_counts_as_irreversible() {
    assert!(Transform::Keep.is_reversible());
    assert!(Transform::Generalize { spec: Spec::Flat, level: 0 }.is_reversible());
    assert!(!Transform::Generalize { spec: Spec::Flat, level: 1 }.is_reversible());
    assert!(!Transform::Remove.is_reversible());
}

#[test]
fn a_plan_without_quasi_identifiers_asks_its_models_of_the_whole_table() {
    let rows = residents();
    let keep = |k| Plan {
        columns: ["姓名", "年龄", "区划"].map(|name| (name.to_owned(), Transform::Keep)).into(),
        k,
        ..Plan::default()
    };
    let released = |plan: &Plan| {
        let tuples =
            TupleTable::from_batches(&plan.counted_columns(), std::slice::from_ref(&rows)).unwrap();
        Applier::new(plan, &tuples).unwrap().apply(&rows).unwrap().num_rows()
    };
    assert_eq!(released(&keep(600)), 600);
    assert_eq!(released(&keep(601)), 0, "the table is smaller than the class that is asked for");
    assert_eq!(released(&keep(1)), 600);
}

//! What is done with a hierarchy or a plan that could be anything: by the fuzz targets in
//! `fuzz/`, and by `mutations.rs`, which changes valid ones.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray};
use deident::hierarchy::read_table;
use deident::{Applier, Keys, Plan, Spec, Survey};

/// Reads a file of a hierarchy and, if it is one, generalizes its own leaves and others.
pub(crate) fn hierarchy(text: &str) {
    let Ok(table) = read_table(text) else { return };
    let spec = Spec::Table(table.clone());
    let leaves: Vec<Option<&str>> =
        table.iter().map(|line| line.first().map(String::as_str)).collect();
    let Ok(hierarchy) = spec.build(leaves.iter().copied()) else { return };
    for level in 0..hierarchy.levels() {
        for leaf in &leaves {
            assert!(hierarchy.generalize(*leaf, level).is_some(), "a leaf has a form");
        }
        let _ = hierarchy.generalize(Some("none of them"), level);
        let _ = hierarchy.generalize(None, level);
    }
    let _ = hierarchy.generalize(leaves.first().copied().flatten(), usize::MAX);
    let _ = spec.build([Some("none of them"), None]);
}

/// Reads a plan and, if it is one, writes it, and carries it out on a small table of the
/// columns that it names.
pub(crate) fn plan(text: &str) {
    let Ok(plan) = toml::from_str::<Plan>(text) else { return };
    if let Ok(written) = toml::to_string(&plan) {
        assert!(toml::from_str::<Plan>(&written).is_ok(), "a plan that was written is read");
    }
    for kind in 0..4 {
        carry_out(&plan, kind);
    }
}

fn carry_out(plan: &Plan, kind: usize) {
    let columns = plan.columns.iter().enumerate();
    let columns = columns.map(|(place, (name, _))| (name.as_str(), array(kind + place), true));
    let Ok(batch) = RecordBatch::try_from_iter_with_nullable(columns) else { return };
    let mut keys = Keys::new();
    for name in plan.keys() {
        let _ = keys.insert(name, vec![7; 32]);
    }
    let Ok(mut survey) = Survey::builder(plan, &keys, &batch.schema()) else { return };
    if survey.update(&batch).is_err() {
        return;
    }
    let Ok(survey) = survey.finish() else { return };
    let Ok(mut applier) = Applier::surveyed(plan, &survey, &keys) else { return };
    if let Ok(released) = applier.apply(&batch) {
        assert!(released.num_rows() <= batch.num_rows(), "no row is made up");
    }
    let mapping = applier.mapping();
    if let Ok(mut next) = Applier::of_mapping(&mapping, &keys) {
        let _ = next.apply(&batch);
    }
}

/// A column of texts, whole numbers, numbers or days, each with a null.
fn array(kind: usize) -> ArrayRef {
    match kind % 4 {
        0 => Arc::new(StringArray::from(vec![
            Some("太原"),
            Some("140105197905271234"),
            None,
            Some(""),
            Some("a;b\"c"),
            Some("太原"),
        ])),
        1 => Arc::new(Int64Array::from(vec![
            Some(i64::MIN),
            Some(i64::MAX),
            None,
            Some(0),
            Some(34),
            Some(34),
        ])),
        2 => Arc::new(Float64Array::from(vec![
            Some(f64::NAN),
            Some(f64::INFINITY),
            None,
            Some(-0.0),
            Some(1e300),
            Some(34.5),
        ])),
        _ => Arc::new(Date32Array::from(vec![
            Some(i32::MIN),
            Some(i32::MAX),
            None,
            Some(0),
            Some(20_000),
            Some(20_000),
        ])),
    }
}

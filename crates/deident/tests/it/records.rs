//! Transforms that treat records, not cells: micro-aggregation of several columns and
//! swapping between similar records.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
};
use deident::transform::{Band, MicroaggregateTogether, RecordSwap, Similar};
use deident::{Applier, Plan, Reversibility, Transform};
use proptest::prelude::*;

use crate::transforms::{applier, key, keys, release, shown};

fn together(k: u32) -> Transform {
    Transform::MicroaggregateTogether(MicroaggregateTogether { group: "body".to_owned(), k })
}

fn measured(rows: &[(i32, i32)]) -> RecordBatch {
    let heights: Vec<f64> = rows.iter().map(|row| f64::from(row.0) / 2.0).collect();
    let days: Vec<i32> = rows.iter().map(|row| row.1).collect();
    RecordBatch::try_from_iter([
        ("height", Arc::new(Float64Array::from(heights)) as ArrayRef),
        ("day", Arc::new(Date32Array::from(days))),
    ])
    .unwrap()
}

fn body(k: u32) -> Plan {
    Plan::default().with("height", together(k)).with("day", together(k))
}

fn swap(similar: Vec<Similar>, percent: f64) -> Transform {
    Transform::RecordSwap(RecordSwap { group: "home".to_owned(), similar, percent, key: key() })
}

/// Sex, age, town, street and a number that tells the rows apart.
fn residents(rows: &[(u8, u8, u8)]) -> RecordBatch {
    type Cell<'a> = dyn Fn(&(u8, u8, u8)) -> Option<String> + 'a;
    let texts = |of: &Cell<'_>| -> ArrayRef {
        Arc::new(StringArray::from(rows.iter().map(of).collect::<Vec<_>>()))
    };
    let ages: Vec<i64> = rows.iter().map(|row| i64::from(row.1)).collect();
    let numbers: Vec<i64> = (0..).take(rows.len()).collect();
    RecordBatch::try_from_iter_with_nullable([
        ("sex", texts(&|row| (row.0 < 2).then(|| row.0.to_string())), true),
        ("age", Arc::new(Int64Array::from(ages)) as ArrayRef, true),
        ("town", texts(&|row| (row.2 > 0).then(|| format!("town {}", row.2 / 4))), true),
        ("street", texts(&|row| Some(format!("street {}", row.2))), true),
        ("number", Arc::new(Int64Array::from(numbers)) as ArrayRef, true),
    ])
    .unwrap()
}

fn moved(similar: &[Similar], percent: f64) -> Plan {
    Plan::default()
        .with("sex", Transform::Keep)
        .with("age", Transform::Keep)
        .with("town", swap(similar.to_vec(), percent))
        .with("street", swap(similar.to_vec(), percent))
        .with("number", Transform::Keep)
}

fn by_sex_and_age() -> Vec<Similar> {
    let age = Band { column: "age".to_owned(), band: 10.0 };
    vec![Similar::Column("sex".to_owned()), Similar::Band(age)]
}

/// How often each combination of some columns occurs.
fn counts(batch: &RecordBatch, columns: &[&str]) -> BTreeMap<Vec<Option<String>>, usize> {
    let columns: Vec<Vec<Option<String>>> =
        columns.iter().map(|name| shown(batch.column_by_name(name).unwrap())).collect();
    let mut counts = BTreeMap::new();
    for row in 0..batch.num_rows() {
        let key: Vec<_> = columns.iter().map(|column| column[row].clone()).collect();
        *counts.entry(key).or_default() += 1;
    }
    counts
}

/// The band of each age instead of the age.
fn banded(batch: &RecordBatch) -> RecordBatch {
    let age = shown(batch.column_by_name("age").unwrap());
    let bands: Vec<i64> =
        age.iter().map(|age| age.as_ref().unwrap().parse::<i64>().unwrap() / 10).collect();
    let schema = batch.schema();
    let columns = schema.fields().iter().map(|field| field.name().clone()).zip(0..);
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, place)| {
        let array = if name == "age" {
            Arc::new(Int64Array::from(bands.clone())) as ArrayRef
        } else {
            Arc::clone(batch.column(place))
        };
        (name, array, true)
    }))
    .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn records_that_are_aggregated_together_are_k_anonymous(
        rows in proptest::collection::vec((-20_i32..20, 0_i32..400), 2..80), k in 2_u32..6,
    ) {
        let batch = measured(&rows);
        let released = release(&body(k), &batch);
        if rows.len() < k as usize {
            prop_assert_eq!(released.column(0).null_count(), rows.len());
            return Ok(());
        }
        let classes = counts(&released, &["height", "day"]);
        prop_assert!(classes.values().all(|rows| *rows >= k as usize), "{classes:?}");
        prop_assert_eq!(released.column(1).data_type(), batch.column(1).data_type());
    }

    #[test]
    fn aggregating_together_keeps_the_mean_of_each_column(
        rows in proptest::collection::vec((-20_i32..20, 0_i32..400), 6..80), k in 2_u32..6,
    ) {
        let batch = measured(&rows);
        let released = release(&body(k), &batch);
        let sum = |batch: &RecordBatch| -> f64 {
            shown(batch.column(0)).into_iter().flatten().map(|n| n.parse::<f64>().unwrap()).sum()
        };
        prop_assert!((sum(&batch) - sum(&released)).abs() < 1e-6);
        // The order of the rows says nothing.
        let order: Vec<u32> = (0_u32..).take(batch.num_rows()).collect();
        let order: arrow::array::UInt32Array = order.into_iter().rev().collect();
        let reversed = arrow::compute::take_record_batch(&batch, &order).unwrap();
        let again = release(&body(k), &reversed);
        prop_assert_eq!(arrow::compute::take_record_batch(&released, &order).unwrap(), again);
    }

    #[test]
    fn swapped_records_keep_every_count_over_similar_columns_and_group(
        rows in proptest::collection::vec((0_u8..3, 0_u8..40, 0_u8..12), 1..120),
        percent in 1_u8..=100,
    ) {
        let batch = residents(&rows);
        let released = release(&moved(&by_sex_and_age(), percent.into()), &batch);
        for columns in [&["town"][..], &["town", "street"], &["sex", "age", "number"]] {
            prop_assert_eq!(counts(&batch, columns), counts(&released, columns));
        }
        let all = ["sex", "age", "town", "street"];
        prop_assert_eq!(counts(&banded(&batch), &all), counts(&banded(&released), &all));
    }

    #[test]
    fn a_swapped_record_gets_the_values_of_one_record_of_its_cell(
        rows in proptest::collection::vec((0_u8..3, 0_u8..40, 0_u8..12), 1..120),
        cut in 0_usize..120,
    ) {
        let batch = residents(&rows);
        let plan = moved(&by_sex_and_age(), 100.0);
        let released = release(&plan, &batch);
        let before: BTreeSet<_> =
            counts(&banded(&batch), &["sex", "age", "town", "street"]).into_keys().collect();
        for record in counts(&banded(&released), &["sex", "age", "town", "street"]).into_keys() {
            prop_assert!(before.contains(&record), "{record:?} was nobody's");
        }
        // Batches of any size give the same release.
        let cut = cut.min(rows.len());
        let parts = [batch.slice(0, cut), batch.slice(cut, rows.len() - cut)];
        let mut streamed = applier(&plan, &keys(), &parts).unwrap();
        let parts = parts.each_ref().map(|part| streamed.apply(part).unwrap());
        let whole = arrow::compute::concat_batches(&released.schema(), &parts).unwrap();
        prop_assert_eq!(whole, released);
    }
}

#[test]
fn about_the_share_of_the_records_is_swapped() {
    // 2,000 records, all in different streets: who is swapped shows.
    let rows: Vec<usize> = (0..2_000).collect();
    let whole = |numbers: &dyn Fn(usize) -> usize| -> ArrayRef {
        let texts: Vec<String> = rows.iter().map(|row| numbers(*row).to_string()).collect();
        Arc::new(StringArray::from(texts))
    };
    let batch = RecordBatch::try_from_iter([
        ("cell", whole(&|row| row / 5)),
        ("street", whole(&|row| row)),
    ])
    .unwrap();
    let plan = |percent| {
        let swap = swap(vec![Similar::Column("cell".to_owned())], percent);
        Plan::default().with("cell", Transform::Keep).with("street", swap)
    };
    for percent in [4.0, 20.0, 60.0] {
        let released = release(&plan(percent), &batch);
        let streets = shown(released.column(1));
        let street = |row: usize| -> usize { streets[row].as_ref().unwrap().parse().unwrap() };
        let changed = rows.iter().filter(|row| street(**row) != **row).count() as f64;
        // Cells of five: 4 % is a pair in every tenth cell.
        assert!((changed / 2_000.0 - percent / 100.0).abs() < 0.03, "{percent}: {changed}");
        // In pairs: each got what the other had.
        assert!(rows.iter().all(|row| street(street(*row)) == *row));
    }
    let mut other = keys();
    other.insert("third", vec![5; 16]).unwrap();
    let Transform::RecordSwap(settings) = swap(vec![Similar::Column("cell".to_owned())], 60.0)
    else {
        panic!("a swap")
    };
    let rekeyed = Transform::RecordSwap(RecordSwap { key: "third".to_owned(), ..settings });
    let rekeyed = Plan::default().with("cell", Transform::Keep).with("street", rekeyed);
    let mut applier = applier(&rekeyed, &other, std::slice::from_ref(&batch)).unwrap();
    assert_ne!(applier.apply(&batch).unwrap(), release(&plan(60.0), &batch));
}

#[test]
fn a_record_with_a_null_takes_no_part_and_loses_its_cells() {
    let number =
        |numbers: [Option<i64>; 5]| Arc::new(Int64Array::from(numbers.to_vec())) as ArrayRef;
    let batch = RecordBatch::try_from_iter_with_nullable([
        ("a", number([Some(1), Some(2), Some(9), None, Some(3)]), true),
        ("b", number([Some(1), Some(2), Some(9), Some(4), None]), true),
    ])
    .unwrap();
    let plan = Plan::default().with("a", together(3)).with("b", together(3));
    let mut applier = applier(&plan, &keys(), std::slice::from_ref(&batch)).unwrap();
    let released = applier.apply(&batch).unwrap();
    let four = ["4"; 3].map(|n| Some(n.to_owned()));
    for column in 0..2 {
        let shown = shown(released.column(column));
        assert_eq!((&shown[..3], &shown[3..]), (&four[..], &[None, None][..]));
    }
    assert_eq!(applier.cells().iter().map(|count| count.emptied).sum::<u64>(), 2);
}

#[test]
fn settings_that_do_not_fit_are_refused_before_a_row_is_read() {
    let batch = residents(&[(0, 1, 2), (1, 3, 4)]);
    let rest = |plan: Plan| {
        ["sex", "age", "town", "street", "number"].iter().fold(plan, |plan, name| {
            match plan.transform(name) {
                Some(_) => plan,
                None => plan.with(*name, Transform::Keep),
            }
        })
    };
    let sex = || vec![Similar::Column("sex".to_owned())];
    let band = |band| vec![Similar::Band(Band { column: "age".to_owned(), band })];
    for (plan, said) in [
        (Plan::default().with("age", together(1)), "at least 2 rows"),
        (Plan::default().with("town", together(2)), "treats numbers, dates and times"),
        (Plan::default().with("age", together(2)).with("number", together(3)), "the same settings"),
        (Plan::default().with("town", swap(sex(), 0.0)), "above 0"),
        (Plan::default().with("town", swap(band(0.0), 5.0)), "wider than 0"),
        (Plan::default().with("town", swap(band(f64::NAN), 5.0)), "wider than 0"),
        (Plan::default().with("sex", swap(sex(), 5.0)), "either exchanged or the same"),
        (
            Plan::default().with("town", swap(vec![Similar::Column("x".to_owned())], 5.0)),
            "no such column",
        ),
    ] {
        let error = applier(&rest(plan), &keys(), std::slice::from_ref(&batch)).unwrap_err();
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains(said), "{error}: {source}");
    }
}

#[test]
fn a_plan_of_records_is_written_by_hand_and_reads_back() {
    let text = r#"
        [[column]]
        name = "height"
        transform = "microaggregate_together"
        group = "body"
        k = 3

        [[column]]
        name = "street"
        transform = "record_swap"
        group = "home"
        similar = ["sex", { column = "age", band = 5.0 }]
        percent = 5.0
        key = "project-2026"
    "#;
    let plan: Plan = toml::from_str(text).unwrap();
    assert_eq!(plan, toml::from_str(&toml::to_string(&plan).unwrap()).unwrap());
    assert_eq!(plan.keys(), ["project-2026"]);
    let [(_, body), (_, home)] = plan.columns.as_slice() else { panic!("two columns") };
    assert_eq!(body.reversibility(), Reversibility::Irreversible);
    assert_eq!(home.reversibility(), Reversibility::WithKey);
    assert!(body.needs().counting && home.needs().counting);
    assert!(home.words().zh.contains("home") && body.words().en.contains("at least 3"));
}

#[test]
fn records_cannot_be_treated_without_those_they_were_counted_with() {
    let batch = measured(&[(1, 2), (3, 4), (5, 6)]);
    let mapping = applier(&body(2), &keys(), std::slice::from_ref(&batch)).unwrap().mapping();
    let error = Applier::of_mapping(&mapping, &keys()).unwrap().apply(&batch).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("cannot be applied to new rows"), "{source}");
}

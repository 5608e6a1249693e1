//! Measures each transform on made-up rows: `transforms [ROWS]`, one million unless
//! stated. Prints millions of cells a second of the second pass, one thread.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a tool for measuring, not a library"
)]

use std::sync::Arc;
use std::time::Instant;

use arrow::array::{ArrayRef, Date32Array, Int64Array, RecordBatch, StringArray};
use deident::transform::{
    DateShift, Encrypt, Microaggregate, Noise, Pseudonym, Round, Shape, SuppressCells, Swap,
    TopBottom,
};
use deident::{Applier, Keys, Plan, Spec, Survey, Transform};

const BATCH: usize = 8_192;

fn batches(rows: usize) -> Vec<RecordBatch> {
    let part = |start: usize| {
        let n = || (start..rows.min(start + BATCH)).map(|n| n.wrapping_mul(2_654_435_761) >> 7);
        let number = |n: usize| i64::try_from(n).unwrap();
        let phones =
            StringArray::from_iter_values(n().map(|n| format!("{:011}", n % 99_999_999_999)));
        let days = n().map(|n| i32::try_from(n % 20_000).unwrap());
        let columns: [(&str, ArrayRef); 4] = [
            ("age", Arc::new(Int64Array::from_iter_values(n().map(|n| number(n % 100))))),
            ("income", Arc::new(Int64Array::from_iter_values(n().map(|n| number(n % 50_000))))),
            ("day", Arc::new(Date32Array::from_iter_values(days))),
            ("phone", Arc::new(phones)),
        ];
        RecordBatch::try_from_iter(columns).unwrap()
    };
    (0..rows).step_by(BATCH).map(part).collect()
}

fn main() {
    let rows = std::env::args().nth(1).map_or(1_000_000, |rows| rows.parse().unwrap());
    let batches = batches(rows);
    let mut keys = Keys::new();
    keys.insert("k", vec![7; 32]).unwrap();
    let key = || "k".to_owned();
    let noise = Noise {
        key: key(),
        distribution: Shape::Laplace,
        scale: 10.0,
        multiplicative: false,
        min: None,
        max: None,
    };
    let rare = SuppressCells { rarer_than: Some(5), ..SuppressCells::default() };
    let shift = DateShift { key: key(), person: "phone".to_owned(), days: 90 };
    let ages = Transform::Generalize { spec: Spec::intervals(&[5.0]), level: 1 };
    let top = TopBottom { bottom: None, top: Some(90.into()) };
    for (name, column, transform) in [
        ("mask", "phone", Transform::Mask { keep_left: 3, keep_right: 4 }),
        ("generalize", "age", ages),
        ("suppress_cells", "age", Transform::SuppressCells(rare)),
        ("top_bottom", "age", Transform::TopBottom(top)),
        ("round", "income", Transform::Round(Round { base: Some(100.into()), digits: None })),
        ("microaggregate", "income", Transform::Microaggregate(Microaggregate { k: 5 })),
        ("noise", "income", Transform::Noise(noise)),
        ("swap", "income", Transform::Swap(Swap { key: key(), percent: 5.0 })),
        ("pseudonym", "phone", Transform::Pseudonym(Pseudonym::new(key()))),
        ("encrypt", "phone", Transform::Encrypt(Encrypt::new(key()))),
        ("date_shift", "day", Transform::DateShift(shift)),
    ] {
        let plan = ["age", "income", "day", "phone"]
            .into_iter()
            .fold(Plan::default(), |plan, column| plan.with(column, Transform::Keep))
            .with(column, transform);
        let started = Instant::now();
        let schema = batches.first().unwrap().schema();
        let mut survey = Survey::builder(&plan, &keys, &schema).unwrap();
        batches.iter().for_each(|batch| survey.update(batch).unwrap());
        let mut applier = Applier::surveyed(&plan, &survey.finish().unwrap(), &keys).unwrap();
        let counted = started.elapsed();
        let started = Instant::now();
        batches.iter().for_each(|batch| drop(applier.apply(batch).unwrap()));
        let applied = started.elapsed();
        assert_eq!(applier.applied().rows_out, rows as u64);
        let rate = rows as f64 / applied.as_secs_f64() / 1e6;
        println!("{name:15} counted in {counted:9.2?}, applied at {rate:7.3} million cells/s");
    }
}

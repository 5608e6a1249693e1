//! Synthetic tables.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::compute::concat_batches;
use arrow::util::display::array_value_to_string;
use deident::Keys;
use deident::synthetic::{SYNTHETIC, Synthesis, SynthesisError, Synthesizer, SynthesizerBuilder};

use crate::shared::every_type;

fn keys() -> Keys {
    let mut keys = Keys::new();
    keys.insert("k", vec![3; 32]).unwrap();
    keys.insert("other", vec![4; 32]).unwrap();
    keys
}

fn settings(columns: &[&str]) -> Synthesis {
    Synthesis {
        key: "k".to_owned(),
        columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        min_rows: 1,
        dependent: true,
        noise: None,
        max_values: 1_000,
        rows: None,
    }
}

fn synthesizer(settings: &Synthesis, batch: &RecordBatch) -> Result<Synthesizer, SynthesisError> {
    let mut builder = SynthesizerBuilder::new(settings, &keys(), &batch.schema())?;
    builder.update(batch)?;
    builder.finish()
}

/// `b` follows from `a`, `c` mostly from `b`, `d` from nothing.
fn dependent() -> RecordBatch {
    let column = |value: fn(u32) -> u32| {
        let values = (0..3_000).map(|n: u32| n.wrapping_mul(2_654_435_761) >> 8).map(value);
        Arc::new(StringArray::from_iter_values(values.map(|v| v.to_string()))) as ArrayRef
    };
    RecordBatch::try_from_iter([
        ("d", column(|n| n / 97 % 5)),
        ("a", column(|n| n % 6)),
        ("c", column(|n| if n % 11 == 0 { 9 } else { n % 6 / 2 + 1 })),
        ("b", column(|n| n % 6 / 2)),
    ])
    .unwrap()
}

fn texts(batch: &RecordBatch, column: &str) -> Vec<String> {
    let array = batch.column_by_name(column).unwrap();
    (0..array.len()).map(|row| array_value_to_string(array, row).unwrap()).collect()
}

#[test]
fn the_tree_of_a_synthesis_finds_the_pairs_that_depend() {
    let batch = dependent();
    let mut found = synthesizer(&settings(&["d", "a", "c", "b"]), &batch).unwrap();
    let edges: Vec<(String, Option<String>)> = found
        .dependencies()
        .into_iter()
        .map(|(column, parent)| (column.to_owned(), parent.map(str::to_owned)))
        .collect();
    let joined = |left: &str, right: &str| {
        edges.iter().any(|(column, parent)| {
            let parent = parent.as_deref();
            (column == left && parent == Some(right)) || (column == right && parent == Some(left))
        })
    };
    assert_eq!(edges.len(), 4);
    assert!(joined("a", "b") && (joined("b", "c") || joined("a", "c")), "{edges:?}");
    let drawn = found.draw(2_000).unwrap();
    assert_eq!(drawn.schema().metadata().get(SYNTHETIC).map(String::as_str), Some("true"));
    for (a, b) in texts(&drawn, "a").iter().zip(texts(&drawn, "b")) {
        assert_eq!(a.parse::<u32>().unwrap() / 2, b.parse::<u32>().unwrap());
    }
    // Shares are near those of the table.
    for column in ["a", "c", "d"] {
        let share = |values: &[String]| {
            let mut shares: BTreeMap<String, f64> = BTreeMap::new();
            for value in values {
                *shares.entry(value.clone()).or_default() += 1.0 / values.len() as f64;
            }
            shares
        };
        let (before, after) = (share(&texts(&batch, column)), share(&texts(&drawn, column)));
        for (value, share) in before {
            let found = after.get(&value).copied().unwrap_or(0.0);
            assert!((found - share).abs() < 0.06, "{column} {value}: {share} {found}");
        }
    }
    let alone = Synthesis { dependent: false, ..settings(&["a", "b"]) };
    let alone = synthesizer(&alone, &batch).unwrap();
    assert!(alone.dependencies().iter().all(|(_, parent)| parent.is_none()));
}

#[test]
fn the_same_key_draws_the_same_rows_in_batches_of_any_size() {
    let batch = dependent();
    let plain = settings(&["a", "c"]);
    let whole = synthesizer(&plain, &batch).unwrap().draw(100).unwrap();
    let mut parts = synthesizer(&plain, &batch).unwrap();
    let parts = [parts.draw(1).unwrap(), parts.draw(0).unwrap(), parts.draw(99).unwrap()];
    assert_eq!(concat_batches(&whole.schema(), &parts).unwrap(), whole);
    let other = Synthesis { key: "other".to_owned(), ..plain };
    assert_ne!(synthesizer(&other, &batch).unwrap().draw(100).unwrap(), whole);
}

#[test]
fn synthetic_rows_have_only_values_that_are_common_enough() {
    let values: Vec<Option<&str>> =
        (0..100).map(|n| if n == 7 { Some("alone") } else { [Some("x"), None][n % 2] }).collect();
    let array: ArrayRef = Arc::new(StringArray::from(values));
    let batch = RecordBatch::try_from_iter_with_nullable([("q", array, true)]).unwrap();
    for noise in [None, Some(5.0)] {
        let settings = Synthesis { min_rows: 5, noise, ..settings(&["q"]) };
        let drawn = synthesizer(&settings, &batch).unwrap().draw(500).unwrap();
        assert!(!texts(&drawn, "q").contains(&"alone".to_owned()));
        assert!(drawn.column(0).null_count() > 100);
    }
    let none = Synthesis { min_rows: 101, ..settings(&["q"]) };
    assert!(matches!(synthesizer(&none, &batch), Err(SynthesisError::NothingCommon { .. })));
}

#[test]
fn tables_that_cannot_be_drawn_are_refused() {
    let array: ArrayRef = Arc::new(Int64Array::from_iter_values(0..2_000));
    let batch = RecordBatch::try_from_iter([("q", array)]).unwrap();
    let error = synthesizer(&settings(&["q"]), &batch).unwrap_err();
    assert!(error.to_string().starts_with("column `q` has more than 1000 values"), "{error}");
    for wrong in [
        settings(&[]),
        settings(&["q", "q"]),
        Synthesis { min_rows: 0, ..settings(&["q"]) },
        Synthesis { noise: Some(f64::NAN), ..settings(&["q"]) },
    ] {
        assert!(matches!(synthesizer(&wrong, &batch), Err(SynthesisError::Setting(_))));
    }
    assert!(matches!(
        synthesizer(&settings(&["nope"]), &batch),
        Err(SynthesisError::Column { .. })
    ));
    let lost = Synthesis { key: "lost".to_owned(), ..settings(&["q"]) };
    assert!(matches!(synthesizer(&lost, &batch), Err(SynthesisError::Key(_))));
    let read: Synthesis = toml::from_str("key = \"k\"\ncolumns = [\"q\"]\nmin_rows = 1").unwrap();
    assert_eq!(read, settings(&["q"]));
}

#[test]
fn every_type_with_an_order_can_be_drawn_and_an_empty_table_gives_none() {
    for array in every_type() {
        let name = array.data_type().to_string();
        let batch = RecordBatch::try_from_iter_with_nullable([("q", array, true)]).unwrap();
        match synthesizer(&settings(&["q"]), &batch) {
            Ok(mut found) => {
                assert_eq!(found.draw(10).unwrap().num_rows(), 10, "{name}");
                let empty = batch.slice(0, 0);
                let mut nothing = synthesizer(&settings(&["q"]), &empty).unwrap();
                assert_eq!(nothing.draw(10).unwrap().num_rows(), 0, "{name}");
            }
            Err(error) => assert!(matches!(error, SynthesisError::Column { .. }), "{error}"),
        }
    }
}

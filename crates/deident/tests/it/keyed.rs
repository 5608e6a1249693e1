//! What a key decides: noise, pseudonyms, encryption, date shifts, samples.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Float64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray, UInt8Array,
};
use arrow::datatypes::{Date32Type, Float64Type, TimestampMicrosecondType};
use deident::transform::{DateShift, Encoding, Encrypt, Noise, Pseudonym, Sampling, Shape, Unfit};
use deident::{ApplyError, Plan, Spec, Transform};

use crate::shared::table;
use crate::transforms::{applier, integers, key, keys, refusal, release, shown, treated, whole};

#[test]
fn noise_has_the_mean_and_variance_that_are_stated() {
    let rows = 20_000_u32;
    for (distribution, variance) in
        [(Shape::Laplace, 2.0), (Shape::Gaussian, 1.0), (Shape::Uniform, 1.0 / 3.0)]
    {
        let scale = 5.0;
        let noise =
            Noise { key: key(), distribution, scale, multiplicative: false, min: None, max: None };
        let array: ArrayRef = Arc::new(Float64Array::from(vec![100.0; rows as usize]));
        let noisy = treated(array, Transform::Noise(noise));
        let noise: Vec<f64> = noisy
            .as_primitive::<Float64Type>()
            .values()
            .iter()
            .map(|value| value - 100.0)
            .collect();
        let mean = noise.iter().sum::<f64>() / f64::from(rows);
        let found = noise.iter().map(|value| value * value).sum::<f64>() / f64::from(rows);
        let stated = variance * scale * scale;
        assert!(mean.abs() < 5.0 * (stated / f64::from(rows)).sqrt(), "{distribution:?}: {mean}");
        assert!((found / stated - 1.0).abs() < 0.1, "{distribution:?}: {found} for {stated}");
        if distribution == Shape::Uniform {
            assert!(noise.iter().all(|value| value.abs() <= scale));
        }
    }
}

#[test]
fn noise_is_the_same_for_the_same_table_and_another_for_a_changed_value() {
    let noise = || {
        Transform::Noise(Noise {
            key: key(),
            distribution: Shape::Uniform,
            scale: 1_000.0,
            multiplicative: false,
            min: Some((-500).into()),
            max: Some(500.into()),
        })
    };
    let first = integers(&treated(whole([0, 0, 0, 7]), noise()));
    assert_eq!(first, integers(&treated(whole([0, 0, 0, 7]), noise())));
    assert!(first.iter().all(|value| (-500..=500).contains(&value.unwrap())));
    // Had the row alone decided, the difference of two releases would be exact.
    let second = integers(&treated(whole([0, 0, 0, 8]), noise()));
    assert_eq!(first[..3], second[..3]);
    assert_ne!(first[3].unwrap() + 1, second[3].unwrap());
    assert!(first[0] != first[1] || first[1] != first[2]);
    let unsigned: ArrayRef = Arc::new(UInt8Array::from(vec![1]));
    let free = Transform::Noise(Noise {
        key: key(),
        distribution: Shape::Laplace,
        scale: 1.0,
        multiplicative: false,
        min: None,
        max: None,
    });
    assert!(refusal(unsigned, free).contains("write a `min`"));
}

#[test]
fn pseudonyms_are_the_same_for_a_key_and_differ_between_keys_and_columns() {
    let name = |column: &str, pseudonym: &Pseudonym, text: &str| {
        let batch = table(&[(column, vec![text])]);
        let plan = Plan::default().with(column, Transform::Pseudonym(pseudonym.clone()));
        shown(release(&plan, &batch).column(0))[0].clone().unwrap()
    };
    let plain = Pseudonym::new(key());
    let one = name("证号", &plain, "140105199001010018");
    assert_eq!(one.len(), 32);
    assert_eq!(one, name("证号", &plain, "140105199001010018"));
    assert_ne!(one, name("证号", &plain, "140105199001010019"));
    assert_ne!(one, name("户主证号", &plain, "140105199001010018"));
    assert_ne!(one, name("证号", &Pseudonym::new("other"), "140105199001010018"));
    let joined = Pseudonym { domain: Some("证号".to_owned()), ..Pseudonym::new(key()) };
    assert_eq!(one, name("户主证号", &joined, "140105199001010018"));
    let readable = Pseudonym { encoding: Encoding::Readable, length: Some(12), ..plain };
    let short = name("证号", &readable, "王五");
    assert_eq!((short.len(), short.matches('-').count(), readable.bits()), (14, 2, 60));
    let mut seen = BTreeSet::new();
    for n in 0..2_000 {
        let batch = table(&[("q", vec![&format!("人{n}")])]);
        let plan = Plan::default().with("q", Transform::Pseudonym(readable.clone()));
        seen.insert(shown(release(&plan, &batch).column(0))[0].clone());
    }
    assert_eq!(seen.len(), 2_000);
    assert!(readable.collision_bound(2_000) < 2e-12);
    assert!((Pseudonym::new("k").collision_bound(u64::MAX) - 0.5).abs() < 1e-9);
}

#[test]
fn what_ff1_cannot_treat_is_refused_with_its_row_or_suppressed() {
    let batch = table(&[("电话", vec!["13812345678", "110", "138-1234", "13812345678"])]);
    let plan = Plan::default().with("电话", Transform::Encrypt(Encrypt::new(key())));
    let mut strict = applier(&plan, &keys(), std::slice::from_ref(&batch)).unwrap();
    let error = strict.apply(&batch).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.starts_with("row 2: the value has 3 characters"), "{source}");
    assert!(!source.contains("110"), "{source}");
    let lax = Encrypt { unfit: Unfit::Suppress, ..Encrypt::new(key()) };
    let plan = Plan::default().with("电话", Transform::Encrypt(lax.clone()));
    let mut lenient = applier(&plan, &keys(), std::slice::from_ref(&batch)).unwrap();
    let released = lenient.apply(&batch).unwrap();
    let hidden = shown(released.column(0));
    assert_eq!((hidden[1].clone(), hidden[2].clone()), (None, None));
    assert_eq!(hidden[0], hidden[3]);
    assert_eq!(lenient.cells()[0].emptied, 2);
    let back = lax.decrypt("电话", hidden[0].as_deref().unwrap(), &keys()).unwrap();
    assert_eq!(back, "13812345678");
}

#[test]
fn a_date_shift_keeps_the_time_between_the_events_of_a_person() {
    let persons = ["甲", "甲", "甲", "乙", "乙", "丙"];
    let days = [100, 107, 300, 100, 365, 100];
    let moments = days.map(|day| i64::from(day) * 86_400_000_000 + 1_234_567);
    let batch = RecordBatch::try_from_iter_with_nullable([
        ("人", Arc::new(StringArray::from(persons.to_vec())) as ArrayRef, true),
        ("入院", Arc::new(Date32Array::from(days.to_vec())), true),
        ("时刻", Arc::new(TimestampMicrosecondArray::from(moments.to_vec())), true),
    ])
    .unwrap();
    let shift =
        || Transform::DateShift(DateShift { key: key(), person: "人".to_owned(), days: 180 });
    let plan =
        Plan::default().with("人", Transform::Remove).with("入院", shift()).with("时刻", shift());
    let released = release(&plan, &batch);
    let moved: Vec<i32> =
        released.column(0).as_primitive::<Date32Type>().values().iter().copied().collect();
    let exact = released.column(1).as_primitive::<TimestampMicrosecondType>().values().clone();
    assert_eq!((moved[1] - moved[0], moved[2] - moved[0], moved[4] - moved[3]), (7, 200, 265));
    for (row, (before, after)) in days.iter().zip(&moved).enumerate() {
        let offset = after - before;
        assert!((-180..=180).contains(&offset));
        assert_eq!(exact[row] - moments[row], i64::from(offset) * 86_400_000_000);
    }
    let offsets: BTreeSet<i32> = [0, 3, 5].into_iter().map(|row| moved[row] - days[row]).collect();
    assert_eq!(offsets.len(), 3);
    let lost = DateShift { key: key(), person: "谁".to_owned(), days: 5 };
    let dates: ArrayRef = Arc::new(Date32Array::from(vec![1]));
    assert!(refusal(dates, Transform::DateShift(lost)).contains("no such column"));
}

#[test]
fn dates_of_no_person_and_beyond_the_calendar_are_not_released() {
    let batch = RecordBatch::try_from_iter_with_nullable([
        ("p", Arc::new(StringArray::from(vec![None, Some("a"), Some("a")])) as ArrayRef, true),
        ("d", Arc::new(Date32Array::from(vec![Some(1), Some(i32::MAX), None])), true),
    ])
    .unwrap();
    let shift = DateShift { key: key(), person: "p".to_owned(), days: 36_500 };
    let plan = Plan::default().with("p", Transform::Keep).with("d", Transform::DateShift(shift));
    let released = release(&plan, &batch);
    assert!(released.column(1).is_null(0) && released.column(1).is_null(2));
}

#[test]
fn a_sample_has_the_stated_fraction_and_takes_persons_whole() {
    let rows = 20_000;
    let batch = RecordBatch::try_from_iter([("p", whole((0..rows).map(|n| n / 4)))]).unwrap();
    for person in [None, Some("p".to_owned())] {
        let draws = if person.is_some() { rows / 4 } else { rows };
        let sample = Sampling { fraction: 0.1, key: key(), person: person.clone() };
        let plan = Plan { sample: Some(sample), ..Plan::default() }.with("p", Transform::Keep);
        let mut applier = applier(&plan, &keys(), std::slice::from_ref(&batch)).unwrap();
        let released = applier.apply(&batch).unwrap();
        let share = released.num_rows() as f64 / rows as f64;
        // Five standard deviations of a binomial share.
        assert!((share - 0.1).abs() < 5.0 * (0.09 / draws as f64).sqrt(), "{share}");
        let applied = applier.applied();
        assert_eq!(applied.rows_in, applied.rows_out + applied.not_sampled);
        if person.is_some() {
            let mut rows: BTreeMap<i64, u32> = BTreeMap::new();
            for value in integers(released.column(0)).into_iter().flatten() {
                *rows.entry(value).or_default() += 1;
            }
            assert!(rows.values().all(|rows| *rows == 4));
        }
    }
    for fraction in [0.0, -1.0, 1.1, f64::NAN] {
        let sample = Sampling { fraction, key: key(), person: None };
        let plan = Plan { sample: Some(sample), ..Plan::default() }.with("p", Transform::Keep);
        let error = applier(&plan, &keys(), std::slice::from_ref(&batch));
        assert!(matches!(error, Err(ApplyError::Rows(_))), "{fraction}");
    }
}

#[test]
fn the_classes_of_a_sample_are_counted_in_the_sample() {
    let batch = RecordBatch::try_from_iter([("q", whole((0..4_000).map(|n| n / 4)))]).unwrap();
    let sample = Sampling { fraction: 0.5, key: key(), person: None };
    let plan = Plan { k: 3, sample: Some(sample), ..Plan::default() }
        .with("q", Transform::Generalize { spec: Spec::Flat, level: 0 });
    let released = release(&plan, &batch);
    let mut rows: BTreeMap<i64, u32> = BTreeMap::new();
    for value in integers(released.column(0)).into_iter().flatten() {
        *rows.entry(value).or_default() += 1;
    }
    assert!(!rows.is_empty() && rows.values().all(|rows| *rows >= 3));
}

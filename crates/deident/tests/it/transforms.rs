//! Transforms of single columns, and rows that are chosen.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch,
    StringArray, UInt8Array,
};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use arrow::util::display::array_value_to_string;
use deident::transform::{
    Bound, Condition, DateShift, Encoding, Encrypt, Microaggregate, MicroaggregateTogether, Noise,
    Pseudonym, RecordSwap, Round, Sampling, Shape, SuppressCells, Swap, TopBottom, Unfit,
};
use deident::{Applier, ApplyError, Keys, Plan, Reversibility, Spec, Survey, Transform};
use proptest::prelude::*;

use crate::shared::{every_type, table};

pub(crate) fn keys() -> Keys {
    let mut keys = Keys::new();
    keys.insert("project-2026", (0..32).collect()).unwrap();
    keys.insert("other", vec![9; 16]).unwrap();
    keys
}

pub(crate) fn key() -> String {
    "project-2026".to_owned()
}

pub(crate) fn applier(
    plan: &Plan,
    keys: &Keys,
    batches: &[RecordBatch],
) -> Result<Applier, ApplyError> {
    let mut survey = Survey::builder(plan, keys, &batches[0].schema())?;
    for batch in batches {
        survey.update(batch)?;
    }
    Applier::surveyed(plan, &survey.finish()?, keys)
}

pub(crate) fn release(plan: &Plan, batch: &RecordBatch) -> RecordBatch {
    applier(plan, &keys(), std::slice::from_ref(batch)).unwrap().apply(batch).unwrap()
}

/// One column through one transform.
pub(crate) fn treated(array: ArrayRef, transform: Transform) -> ArrayRef {
    let batch = RecordBatch::try_from_iter_with_nullable([("q", array, true)]).unwrap();
    Arc::clone(release(&Plan::default().with("q", transform), &batch).column(0))
}

pub(crate) fn refusal(array: ArrayRef, transform: Transform) -> String {
    let batch = RecordBatch::try_from_iter_with_nullable([("q", array, true)]).unwrap();
    let plan = Plan::default().with("q", transform);
    let error = applier(&plan, &keys(), &[batch]).unwrap_err();
    let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    format!("{error}: {source}")
}

pub(crate) fn whole(numbers: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from(numbers.into_iter().collect::<Vec<_>>()))
}

pub(crate) fn integers(array: &ArrayRef) -> Vec<Option<i64>> {
    array.as_primitive::<Int64Type>().iter().collect()
}

pub(crate) fn shown(array: &ArrayRef) -> Vec<Option<String>> {
    (0..array.len())
        .map(|row| array.is_valid(row).then(|| array_value_to_string(array, row).unwrap()))
        .collect()
}

/// One transform of every kind, that treats as many types as it can.
pub(crate) fn every_transform() -> Vec<Transform> {
    let noise = |distribution, multiplicative| {
        Transform::Noise(Noise {
            key: key(),
            distribution,
            scale: 3.0,
            multiplicative,
            min: Some(0.into()),
            max: None,
        })
    };
    vec![
        Transform::Keep,
        Transform::Mask { keep_left: 1, keep_right: usize::MAX },
        Transform::SuppressCells(SuppressCells {
            is: Some(vec!["a".to_owned()]),
            rarer_than: Some(2),
            when: Some(Condition {
                column: "q".to_owned(),
                missing: Some(false),
                ..Condition::default()
            }),
        }),
        Transform::TopBottom(TopBottom { bottom: Some(0.into()), top: Some(2.into()) }),
        Transform::Round(Round { base: Some(5.into()), digits: None }),
        Transform::Round(Round { base: None, digits: Some(2) }),
        Transform::Microaggregate(Microaggregate { k: 2 }),
        noise(Shape::Laplace, false),
        noise(Shape::Gaussian, true),
        noise(Shape::Uniform, false),
        Transform::Swap(Swap { key: key(), percent: 100.0 }),
        Transform::MicroaggregateTogether(MicroaggregateTogether { group: "g".to_owned(), k: 2 }),
        Transform::RecordSwap(RecordSwap {
            group: "g".to_owned(),
            similar: Vec::new(),
            percent: 50.0,
            key: key(),
        }),
        Transform::Pseudonym(Pseudonym::new(key())),
        Transform::Encrypt(Encrypt { unfit: Unfit::Suppress, ..Encrypt::new(key()) }),
        Transform::DateShift(DateShift { key: key(), person: "q".to_owned(), days: 30 }),
    ]
}

#[test]
fn no_transform_panics_on_any_arrow_type_and_refusals_come_before_the_first_row() {
    for array in every_type() {
        for transform in every_transform() {
            for rows in [0, 1, array.len()] {
                let column = array.slice(0, rows);
                let batch =
                    RecordBatch::try_from_iter_with_nullable([("q", column, true)]).unwrap();
                let plan = Plan::default().with("q", transform.clone());
                match Survey::builder(&plan, &keys(), &batch.schema()) {
                    Err(error) => {
                        assert!(matches!(error, ApplyError::Column { .. }), "{error}");
                    }
                    Ok(mut survey) => {
                        survey.update(&batch).unwrap();
                        let mut applier =
                            Applier::surveyed(&plan, &survey.finish().unwrap(), &keys()).unwrap();
                        assert_eq!(applier.apply(&batch).unwrap().num_rows(), rows);
                    }
                }
            }
        }
    }
}

#[test]
fn a_type_that_a_transform_cannot_treat_is_named() {
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["1"]));
    assert_eq!(
        refusal(texts, Transform::Round(Round { base: Some(5.into()), digits: None })),
        "column `q` cannot be transformed: `round` treats numbers, and this column is Utf8"
    );
}

#[test]
fn parameters_that_cannot_be_meant_are_refused() {
    let round = |base, digits| Transform::Round(Round { base, digits });
    let bounds = |bottom: Option<i64>, top: Option<i64>| {
        Transform::TopBottom(TopBottom {
            bottom: bottom.map(Bound::from),
            top: top.map(Bound::from),
        })
    };
    let noise = |scale| {
        Transform::Noise(Noise {
            key: key(),
            distribution: Shape::Laplace,
            scale,
            multiplicative: false,
            min: None,
            max: None,
        })
    };
    for transform in [
        round(None, None),
        round(Some(0.into()), None),
        round(Some((-5).into()), None),
        round(Some(0.5.into()), None),
        round(Some("soon".into()), None),
        round(Some(5.into()), Some(2)),
        round(None, Some(0)),
        bounds(None, None),
        bounds(Some(5), Some(5)),
        noise(0.0),
        noise(f64::NAN),
        noise(f64::INFINITY),
        Transform::Microaggregate(Microaggregate { k: 1 }),
        Transform::Swap(Swap { key: key(), percent: 0.0 }),
        Transform::Swap(Swap { key: key(), percent: f64::NAN }),
        Transform::Swap(Swap { key: key(), percent: 100.5 }),
        Transform::Pseudonym(Pseudonym { length: Some(31), ..Pseudonym::new(key()) }),
        Transform::Pseudonym(Pseudonym {
            encoding: Encoding::Readable,
            length: Some(9),
            ..Pseudonym::new(key())
        }),
        Transform::Encrypt(Encrypt { alphabet: Some("00".to_owned()), ..Encrypt::new(key()) }),
        Transform::SuppressCells(SuppressCells::default()),
        Transform::SuppressCells(SuppressCells {
            when: Some(Condition { column: "q".to_owned(), ..Condition::default() }),
            ..SuppressCells::default()
        }),
    ] {
        let error = refusal(whole([1, 2, 3]), transform.clone());
        assert!(error.contains("cannot be used"), "{transform:?}: {error}");
    }
    // A window of less than one row would swap nothing.
    let narrow = Transform::Swap(Swap { key: key(), percent: 1.0 });
    assert!(refusal(whole([1, 2, 3]), narrow).contains("narrower than one row"));
}

#[test]
fn a_missing_key_is_named_and_no_key_is_shown() {
    let batch = table(&[("q", vec!["a"])]);
    let plan = Plan::default().with("q", Transform::Pseudonym(Pseudonym::new("lost")));
    let error = applier(&plan, &keys(), std::slice::from_ref(&batch)).unwrap_err();
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "its key cannot be used");
    assert_eq!(
        source.source().unwrap().to_string(),
        "the plan needs the key `lost`, and no such key was given"
    );
    assert_eq!(plan.keys(), ["lost"]);
    let given = Plan::default().with("q", Transform::Pseudonym(Pseudonym::new(key())));
    let applier = applier(&given, &keys(), &[batch]).unwrap();
    let shown = format!("{applier:?}");
    assert!(shown.contains("project-2026"));
    assert!(!shown.contains("0, 1, 2, 3") && !shown.contains("00010203"), "{shown}");
    // Without a survey there are no keys, and that is said.
    let tuples = deident::TupleTable::builder::<&str>(&[]).finish();
    let error = Applier::new(&given, &tuples).unwrap().apply(&table(&[("q", vec!["a"])]));
    assert!(matches!(error, Err(ApplyError::Column { .. })));
}

#[test]
fn cells_go_by_value_by_rarity_and_by_condition() {
    let batch = table(&[
        ("病种", vec!["流感", "流感", "艾滋病", "罕见", "流感"]),
        ("年龄", vec!["20", "21", "22", "23", "24"]),
    ]);
    let cells = SuppressCells {
        is: Some(vec!["艾滋病".to_owned()]),
        rarer_than: Some(2),
        when: Some(Condition {
            column: "年龄".to_owned(),
            is: Some(vec!["24".to_owned()]),
            ..Condition::default()
        }),
    };
    let plan =
        Plan::default().with("病种", Transform::SuppressCells(cells)).with("年龄", Transform::Keep);
    let mut applier = applier(&plan, &keys(), std::slice::from_ref(&batch)).unwrap();
    let released = applier.apply(&batch).unwrap();
    let flu = Some("流感".to_owned());
    assert_eq!(shown(released.column(0)), [flu.clone(), flu, None, None, None]);
    let counts = applier.cells();
    assert_eq!((counts.len(), counts[0].column.as_str(), counts[0].emptied), (1, "病种", 3));
}

#[test]
fn rows_go_by_condition_before_they_are_counted() {
    let batch = RecordBatch::try_from_iter([
        ("q", Arc::new(StringArray::from(vec!["a", "a", "b", "b"])) as ArrayRef),
        ("age", whole([30, 101, 30, 40])),
    ])
    .unwrap();
    let above =
        Condition { column: "age".to_owned(), above: Some(100.into()), ..Condition::default() };
    let plan = Plan { k: 2, suppress_rows: vec![above], ..Plan::default() }
        .with("q", Transform::Generalize { spec: Spec::Flat, level: 0 })
        .with("age", Transform::Keep);
    let mut applier = applier(&plan, &keys(), std::slice::from_ref(&batch)).unwrap();
    let released = applier.apply(&batch).unwrap();
    // One `a` is too old, so that the other one is alone and goes too.
    assert_eq!(integers(released.column(1)), [Some(30), Some(40)]);
    assert_eq!((applier.applied().rows_out, applier.applied().suppressed), (2, 2));
    let tuples = deident::TupleTable::from_batches(&["q"], &[batch]).unwrap();
    assert!(matches!(Applier::new(&plan, &tuples), Err(ApplyError::NotSurveyed)));
}

#[test]
fn top_and_bottom_coding_hold_for_numbers_decimals_and_dates() {
    let bounds = |bottom: Bound, top: Bound| {
        Transform::TopBottom(TopBottom { bottom: Some(bottom), top: Some(top) })
    };
    let numbers: ArrayRef = Arc::new(Float64Array::from(vec![
        Some(-1.0),
        Some(f64::NAN),
        Some(f64::INFINITY),
        Some(2.5),
        None,
    ]));
    let coded = treated(numbers, bounds(0.into(), 90.into()));
    let coded: Vec<Option<f64>> = coded.as_primitive::<Float64Type>().iter().collect();
    assert_eq!((coded[0], coded[2], coded[3], coded[4]), (Some(0.0), Some(90.0), Some(2.5), None));
    assert!(coded[1].unwrap().is_nan());
    let prices: ArrayRef =
        Arc::new(Decimal128Array::from(vec![100, 99_999]).with_precision_and_scale(10, 2).unwrap());
    let coded = treated(prices, bounds("1.50".into(), 500.into()));
    assert_eq!(shown(&coded), [Some("1.50".to_owned()), Some("500.00".to_owned())]);
    let births: ArrayRef = Arc::new(Date32Array::from(vec![-20_000, 0, 30_000]));
    let coded = treated(births, bounds("1940-01-01".into(), "2020-12-31".into()));
    let expected = ["1940-01-01", "1970-01-01", "2020-12-31"].map(|day| Some(day.to_owned()));
    assert_eq!(shown(&coded), expected);
    let error = refusal(whole([1]), bounds("soon".into(), 5.into()));
    assert!(error.contains("`bottom = soon` cannot be used"), "{error}");
}

#[test]
fn rounding_keeps_the_type_and_cuts_at_its_range() {
    let five = || Transform::Round(Round { base: Some(5.into()), digits: None });
    let ages: ArrayRef = Arc::new(UInt8Array::from(vec![Some(2), Some(3), None, Some(254)]));
    let rounded = treated(Arc::clone(&ages), five());
    assert_eq!(rounded.data_type(), &DataType::UInt8);
    assert_eq!(
        shown(&rounded),
        ["0", "5", "", "255"].map(|n| (!n.is_empty()).then(|| n.to_owned()))
    );
    let hundred = Transform::Round(Round { base: Some(100.into()), digits: None });
    let batch = RecordBatch::try_from_iter_with_nullable([("q", ages, true)]).unwrap();
    let plan = Plan::default().with("q", hundred);
    let mut applier = applier(&plan, &keys(), std::slice::from_ref(&batch)).unwrap();
    let rounded = applier.apply(&batch).unwrap();
    assert_eq!(shown(rounded.column(0))[3].as_deref(), Some("255"));
    assert_eq!(applier.cells()[0].limited, 1);
    let prices: ArrayRef = Arc::new(
        Decimal128Array::from(vec![1_249, -1_250]).with_precision_and_scale(10, 2).unwrap(),
    );
    let half = Transform::Round(Round { base: Some(0.5.into()), digits: None });
    assert_eq!(
        shown(&treated(prices, half)),
        [Some("12.50".to_owned()), Some("-12.50".to_owned())]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn micro_aggregated_values_are_shared_by_k_rows_and_keep_the_mean(
        values in proptest::collection::vec(-1_000.0_f64..1_000.0, 1..80), k in 2_u32..7,
    ) {
        let array: ArrayRef = Arc::new(Float64Array::from(values.clone()));
        let found = treated(array, Transform::Microaggregate(Microaggregate { k }));
        let found: Vec<Option<f64>> = found.as_primitive::<Float64Type>().iter().collect();
        if values.len() < k as usize {
            prop_assert!(found.iter().all(Option::is_none));
            return Ok(());
        }
        let mut rows: HashMap<u64, u32> = HashMap::new();
        for value in &found {
            *rows.entry(value.unwrap().to_bits()).or_default() += 1;
        }
        prop_assert!(rows.values().all(|rows| *rows >= k));
        let sum = |values: &[f64]| values.iter().sum::<f64>();
        let found: Vec<f64> = found.into_iter().flatten().collect();
        prop_assert!((sum(&found) - sum(&values)).abs() < 1e-6);
    }

    #[test]
    fn swapping_keeps_the_values_of_a_column_and_moves_no_rank_beyond_the_window(
        values in proptest::collection::vec(-50_i64..50, 2..120), percent in 20_u8..=100,
    ) {
        let window = values.len() * usize::from(percent) / 100;
        prop_assume!(window > 0);
        let found = treated(
            whole(values.iter().copied()),
            Transform::Swap(Swap { key: key(), percent: percent.into() }),
        );
        let found: Vec<i64> = integers(&found).into_iter().flatten().collect();
        let mut before = values.clone();
        before.sort_unstable();
        let mut after = found.clone();
        after.sort_unstable();
        prop_assert_eq!(&after, &before);
        for (old, new) in values.iter().zip(&found) {
            // The nearest ranks of the two values are within the window.
            let ranks = |value: &i64| {
                (before.partition_point(|n| n < value), before.partition_point(|n| n <= value) - 1)
            };
            let ((low, high), (to_low, to_high)) = (ranks(old), ranks(new));
            prop_assert!(to_low <= high + window && low <= to_high + window);
        }
    }

    #[test]
    fn ff1_round_trips_for_every_value_and_alphabet(
        digits in "[0-9]{6,24}", letters in "[0-9A-Z]{4,30}", name in "[甲乙丙丁戊己庚辛壬癸]{6,12}",
    ) {
        let alphabets = [
            (None, digits),
            (Some("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"), letters),
            (Some("甲乙丙丁戊己庚辛壬癸"), name),
        ];
        for (alphabet, text) in alphabets {
            let encrypt =
                Encrypt { alphabet: alphabet.map(str::to_owned), ..Encrypt::new(key()) };
            prop_assert!(text.chars().count() >= encrypt.shortest() as usize);
            let hidden = encrypt.encrypt("c", &text, &keys()).unwrap();
            prop_assert_eq!(hidden.chars().count(), text.chars().count());
            prop_assert_eq!(&encrypt.decrypt("c", &hidden, &keys()).unwrap(), &text);
            let other = Encrypt { key: "other".to_owned(), ..encrypt.clone() };
            prop_assert_ne!(other.decrypt("c", &hidden, &keys()).unwrap(), text);
        }
    }

    #[test]
    fn batches_of_any_size_give_the_same_release(
        rows in 1_usize..60, cuts in proptest::collection::vec(0_usize..60, 0..5),
    ) {
        let batch = residents(rows);
        let plan = everything();
        let Ok(mut whole) = applier(&plan, &keys(), std::slice::from_ref(&batch)) else {
            // Too few rows for the window of the swap.
            prop_assert!(rows < 5);
            return Ok(());
        };
        let whole = whole.apply(&batch).unwrap();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(rows)).collect();
        cuts.extend([0, rows]);
        cuts.sort_unstable();
        let parts: Vec<RecordBatch> =
            cuts.windows(2).map(|cut| batch.slice(cut[0], cut[1] - cut[0])).collect();
        let mut streamed = applier(&plan, &keys(), &parts).unwrap();
        let parts: Vec<RecordBatch> =
            parts.iter().map(|part| streamed.apply(part).unwrap()).collect();
        prop_assert_eq!(concat_batches(&whole.schema(), &parts).unwrap(), whole);
    }
}

fn residents(rows: usize) -> RecordBatch {
    let n = || 0..i64::try_from(rows).unwrap();
    let ids: Vec<String> = n().map(|n| format!("{:06}", n / 3)).collect();
    let incomes: Vec<Option<i64>> = n().map(|n| (n % 7 != 0).then_some(n * n % 9_000)).collect();
    let days: Vec<i32> = n().map(|n| i32::try_from(n * 37 % 20_000).unwrap()).collect();
    RecordBatch::try_from_iter_with_nullable([
        ("id", Arc::new(StringArray::from(ids)) as ArrayRef, true),
        ("age", whole(n().map(|n| 20 + n % 9)), true),
        ("income", Arc::new(Int64Array::from(incomes.clone())), true),
        ("tax", Arc::new(Int64Array::from(incomes.clone())), true),
        ("rent", Arc::new(Int64Array::from(incomes)), true),
        ("seen", Arc::new(Date32Array::from(days)), true),
        ("phone", Arc::new(StringArray::from_iter_values(n().map(|n| format!("{:011}", n)))), true),
    ])
    .unwrap()
}

/// A plan with many transforms at once.
fn everything() -> Plan {
    Plan {
        k: 2,
        sample: Some(Sampling { fraction: 0.8, key: key(), person: Some("id".to_owned()) }),
        suppress_rows: vec![Condition {
            column: "income".to_owned(),
            above: Some(8_000.into()),
            ..Condition::default()
        }],
        ..Plan::default()
    }
    .with("id", Transform::Pseudonym(Pseudonym::new(key())))
    .with("age", Transform::Generalize { spec: Spec::intervals(&[5.0]), level: 1 })
    .with("income", Transform::Microaggregate(Microaggregate { k: 3 }))
    .with("tax", Transform::Swap(Swap { key: key(), percent: 40.0 }))
    .with(
        "rent",
        Transform::Noise(Noise {
            key: key(),
            distribution: Shape::Gaussian,
            scale: 10.0,
            multiplicative: false,
            min: Some(0.into()),
            max: None,
        }),
    )
    .with("seen", Transform::DateShift(DateShift { key: key(), person: "id".to_owned(), days: 90 }))
    .with("phone", Transform::Encrypt(Encrypt::new(key())))
}

#[test]
fn each_transform_says_what_it_needs_and_whether_it_can_be_undone() {
    for transform in every_transform() {
        let words = transform.words();
        assert!(!words.zh.is_empty() && !words.en.is_empty(), "{transform:?}");
        // What needs a key can be undone with it, and nothing else.
        let with_key = transform.reversibility() == Reversibility::WithKey;
        assert_eq!(transform.needs().key.is_some(), with_key, "{transform:?}");
    }
    let ages = Transform::Generalize { spec: Spec::intervals(&[5.0]), level: 1 };
    assert_eq!(ages.words().zh, "按 5 一段");
    let shift = Transform::DateShift(DateShift { key: key(), person: "人".to_owned(), days: 30 });
    assert_eq!(shift.needs().person, Some("人"));
    assert!(Transform::Microaggregate(Microaggregate { k: 3 }).needs().counting);
}

#[test]
fn the_worked_transforms_of_the_handbook_are_right() {
    let ten = || whole([20, 20, 20, 20, 20, 21, 22, 22, 23, 23]);
    let texts = |transform| -> Vec<String> {
        shown(&treated(ten(), transform)).into_iter().map(Option::unwrap_or_default).collect()
    };
    let of = |transform| {
        let texts = texts(transform);
        [0, 5, 6, 8].map(|row: usize| texts[row].clone())
    };
    assert_eq!(of(Transform::Mask { keep_left: 1, keep_right: 0 }), ["2*"; 4]);
    let twos = Transform::Generalize { spec: Spec::intervals(&[2.0]), level: 1 };
    assert_eq!(of(twos), ["20-21", "20-21", "22-23", "22-23"]);
    let rare = SuppressCells { rarer_than: Some(2), ..SuppressCells::default() };
    assert_eq!(of(Transform::SuppressCells(rare)), ["20", "", "22", "23"]);
    let top = TopBottom { bottom: None, top: Some(22.into()) };
    assert_eq!(of(Transform::TopBottom(top)), ["20", "21", "22", "22"]);
    let fives = Round { base: Some(5.into()), digits: None };
    assert_eq!(of(Transform::Round(fives)), ["20", "20", "20", "25"]);
    let threes = Microaggregate { k: 3 };
    assert_eq!(of(Transform::Microaggregate(threes)), ["20", "20", "23", "23"]);
    let swapped = texts(Transform::Swap(Swap { key: key(), percent: 20.0 }));
    assert!(swapped[..5].iter().all(|age| ["20", "21", "22"].contains(&age.as_str())));
}

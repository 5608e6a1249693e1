//! Every Arrow type, with made-up values, nulls, no rows, one row, and cut into parts.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryArray, DictionaryArray, FixedSizeListArray, Float64Array, Int32Array,
    Int64Array, ListArray, MapArray, RecordBatch, RunArray, StringArray, StructArray, UnionArray,
    new_empty_array, new_null_array,
};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields, IntervalUnit, TimeUnit, UnionFields, UnionMode};
use detect::{ColumnFinding, Detector, Rule, RuleFile, Rules, SpanLog};
use proptest::prelude::*;

/// Every type that values can be cast to, and nested ones that are made by hand below.
fn types() -> Vec<DataType> {
    use DataType::{
        Binary, BinaryView, Boolean, Date32, Date64, Decimal32, Decimal64, Decimal128, Decimal256,
        Dictionary, Duration, FixedSizeBinary, Float16, Float32, Float64, Int8, Int16, Int32,
        Int64, Interval, LargeBinary, LargeUtf8, Null, Time32, Time64, Timestamp, UInt8, UInt16,
        UInt32, UInt64, Utf8, Utf8View,
    };
    let units =
        [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond];
    let mut types = vec![
        Null,
        Boolean,
        Int8,
        Int16,
        Int32,
        Int64,
        UInt8,
        UInt16,
        UInt32,
        UInt64,
        Float16,
        Float32,
        Float64,
        Decimal32(9, 2),
        Decimal64(18, -3),
        Decimal128(38, 10),
        Decimal256(76, 0),
        Date32,
        Date64,
        Time32(TimeUnit::Second),
        Time32(TimeUnit::Millisecond),
        Time64(TimeUnit::Microsecond),
        Time64(TimeUnit::Nanosecond),
        Interval(IntervalUnit::YearMonth),
        Interval(IntervalUnit::DayTime),
        Interval(IntervalUnit::MonthDayNano),
        Utf8,
        LargeUtf8,
        Utf8View,
        Binary,
        LargeBinary,
        BinaryView,
        FixedSizeBinary(3),
        Dictionary(Box::new(Int8), Box::new(Utf8)),
        Dictionary(Box::new(UInt64), Box::new(Int64)),
        Dictionary(Box::new(Int32), Box::new(Dictionary(Box::new(Int16), Box::new(LargeUtf8)))),
    ];
    types.extend(units.map(Duration));
    types.extend(units.map(|unit| Timestamp(unit, None)));
    types.extend(units.map(|unit| Timestamp(unit, Some("Asia/Shanghai".into()))));
    types.extend(units.map(|unit| Timestamp(unit, Some("+08:00".into()))));
    let item = || Arc::new(Field::new("item", Utf8, true));
    types.extend([
        DataType::List(item()),
        DataType::LargeList(item()),
        DataType::ListView(item()),
        DataType::LargeListView(item()),
        DataType::FixedSizeList(item(), 2),
        DataType::Struct(Fields::from(vec![Field::new("手机", Utf8, true)])),
        DataType::RunEndEncoded(
            Arc::new(Field::new("run_ends", Int32, false)),
            Arc::new(Field::new("values", Utf8, true)),
        ),
    ]);
    types
}

/// Columns of all types with the values where they can be of the type, and with nothing.
fn columns(
    texts: &[Option<String>],
    numbers: &[Option<i64>],
    bits: &[Option<u64>],
) -> Vec<ArrayRef> {
    let rows = texts.len();
    let strings: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
    let sources: Vec<ArrayRef> = vec![
        Arc::clone(&strings),
        Arc::new(Int64Array::from(numbers.to_vec())),
        Arc::new(Float64Array::from_iter(bits.iter().map(|bits| bits.map(f64::from_bits)))),
        Arc::new(BinaryArray::from_iter(bits.iter().map(|bits| bits.map(u64::to_be_bytes)))),
    ];
    let mut columns = nested(texts);
    for data_type in types() {
        columns.push(new_null_array(&data_type, rows));
        columns.extend(sources.iter().filter_map(|source| cast(source, &data_type).ok()));
    }
    columns.extend(sources);
    columns
}

/// Lists, structures, maps, unions and runs of the texts.
fn nested(texts: &[Option<String>]) -> Vec<ArrayRef> {
    let rows = texts.len();
    let strings: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
    let field = Arc::new(Field::new("item", DataType::Utf8, true));
    let twice = arrow::compute::concat(&[strings.as_ref(), strings.as_ref()]).unwrap();
    let list = ListArray::new(
        Arc::clone(&field),
        OffsetBuffer::from_lengths((0..rows).map(|row| row % 3).map(|length| length.min(2))),
        Arc::clone(&twice),
        None,
    );
    let pairs = FixedSizeListArray::new(field, 2, Arc::clone(&twice), None);
    let fields = Fields::from(vec![
        Field::new("身份证号", DataType::Utf8, true),
        Field::new("pairs", pairs.data_type().clone(), true),
    ]);
    let of_both: ArrayRef = Arc::new(pairs);
    let record = StructArray::new(fields, vec![Arc::clone(&strings), Arc::clone(&of_both)], None);
    let keys: ArrayRef = Arc::new(StringArray::from_iter_values((0..rows).map(|n| n.to_string())));
    let entries = Fields::from(vec![
        Field::new("keys", DataType::Utf8, false),
        Field::new("values", DataType::Utf8, true),
    ]);
    let map = MapArray::new(
        Arc::new(Field::new("entries", DataType::Struct(entries.clone()), false)),
        OffsetBuffer::from_lengths((0..rows).map(|_| 1)),
        StructArray::new(entries, vec![keys, Arc::clone(&strings)], None),
        None,
        false,
    );
    let dictionary: DictionaryArray<arrow::datatypes::Int32Type> =
        texts.iter().map(Option::as_deref).collect();
    let mut columns: Vec<ArrayRef> =
        vec![Arc::new(list), of_both, Arc::new(record), Arc::new(map), Arc::new(dictionary)];
    columns.extend([UnionMode::Sparse, UnionMode::Dense].map(|mode| union(&strings, mode)));
    if rows > 0 {
        let ends = Int32Array::from_iter_values((1..=rows).map(|end| i32::try_from(end).unwrap()));
        columns.push(Arc::new(RunArray::try_new(&ends, strings.as_ref()).unwrap()));
    }
    columns
}

/// A union of the strings and of numbers, in turn.
fn union(strings: &ArrayRef, mode: UnionMode) -> ArrayRef {
    let rows = i32::try_from(strings.len()).unwrap();
    let numbers: ArrayRef = Arc::new(Int32Array::from_iter_values(0..rows));
    let fields = UnionFields::try_new(
        [0, 1],
        [Field::new("text", DataType::Utf8, true), Field::new("number", DataType::Int32, true)],
    )
    .unwrap();
    let kinds: ScalarBuffer<i8> = (0..rows).map(|row| i8::try_from(row % 2).unwrap()).collect();
    let offsets = (mode == UnionMode::Dense).then(|| (0..rows).collect());
    let children = vec![Arc::clone(strings), numbers];
    Arc::new(UnionArray::try_new(fields, kinds, offsets, children).unwrap())
}

fn rules() -> Rules {
    let file = "[[rule]]\nname = 'x'\npattern = '\\w{1,4}\\d?'\nmatches = ['ab1']\n";
    let rules: Vec<Rule> = toml::from_str::<RuleFile>(file).unwrap().rules;
    Rules::new(rules).unwrap()
}

/// Reads a table whole, in two parts and cell by cell; the finding of each column.
fn read(batch: &RecordBatch, cut: usize) -> Vec<ColumnFinding> {
    let schema = batch.schema();
    let mut whole = Detector::new(&schema);
    whole.update(batch);
    let (mut first, mut second) = (Detector::new(&schema), Detector::new(&schema));
    let mut log = SpanLog::new();
    first.update_with(&batch.slice(0, cut), &mut log);
    second.update(&batch.slice(cut, batch.num_rows() - cut));
    first.merge(second);
    let mut ruled = Detector::with_rules(&schema, rules());
    let mut own = SpanLog::new();
    ruled.update_with(batch, &mut own);
    let ruled = ruled.finish();
    for span in own.settle(&ruled) {
        assert!(span.row < batch.num_rows() as u64, "{span:?}");
        assert!(span.start < span.end, "{span:?}");
        assert!((span.column as usize) < batch.num_columns(), "{span:?}");
    }
    let findings = whole.finish();
    assert_eq!(first.finish(), findings);
    drop(log.settle(&findings));
    findings
}

fn assert_sound(findings: &[ColumnFinding], columns: usize, rows: usize) {
    assert_eq!(findings.len(), columns);
    for found in findings {
        assert!(found.cells <= rows as u64, "{found:?}");
        let shares = [found.hit_rate, found.valid_rate, found.confidence, found.distinct_share];
        assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)), "{found:?}");
        assert!(!found.reason.zh.is_empty() && !found.reason.en.is_empty(), "{found:?}");
    }
}

fn table(columns: Vec<ArrayRef>) -> RecordBatch {
    let names =
        ["身份证号", "note", "", "手机", "流水号", "出生日期", "金额", "lat", "密码", "姓名"];
    let named = columns.into_iter().enumerate();
    RecordBatch::try_from_iter_with_nullable(
        named.map(|(place, column)| (names[place % names.len()], column, true)),
    )
    .unwrap()
}

#[test]
fn a_table_without_rows_and_with_one_row_is_read_whatever_its_types() {
    let empty: Vec<ArrayRef> = types().iter().map(new_empty_array).collect();
    let count = empty.len();
    assert_sound(&read(&table(empty), 0), count, 0);
    for value in [None, Some("11010519491231002X".to_owned()), Some(String::new())] {
        let one = columns(&[value], &[Some(i64::MIN)], &[Some(u64::MAX)]);
        let count = one.len();
        assert_sound(&read(&table(one), 1), count, 1);
    }
}

/// Texts that are made of the pieces on which the pass over them turns.
fn text() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        1 => Just(None),
        3 => "[0-9０-９①-⑨〇一二三壹\u{200b}\u{ad}·—/_.:@# 　王伟欧阳省市区路号室年月日XxOlGETM=-]{0,40}"
            .prop_map(Some),
        2 => "[0-9]{0,20}[Xx]?".prop_map(Some),
        2 => any::<String>().prop_map(Some),
        1 => ("\\PC{0,30}", 0_usize..400).prop_map(|(text, times)| Some(text.repeat(times))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_detector_never_panics_and_reads_in_parts_what_it_reads_at_once(
        rows in proptest::collection::vec(
            (text(), any::<Option<i64>>(), any::<Option<u64>>()), 0..30,
        ),
        cut in 0_usize..30,
        skip in 0_usize..3,
    ) {
        let texts: Vec<_> = rows.iter().map(|(text, ..)| text.clone()).collect();
        let numbers: Vec<_> = rows.iter().map(|(_, number, _)| *number).collect();
        let bits: Vec<_> = rows.iter().map(|(.., bits)| *bits).collect();
        let all = columns(&texts, &numbers, &bits);
        let count = all.len();
        // Arrays that begin behind their first value, too.
        let skip = skip.min(rows.len());
        let batch = table(all).slice(skip, rows.len() - skip);
        let found = read(&batch, cut.min(batch.num_rows()));
        assert_sound(&found, count, batch.num_rows());
    }
}

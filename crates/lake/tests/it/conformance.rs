//! What every lake must do. `lake-delta` includes this file and runs it too.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array,
    RecordBatch, StringArray, TimestampMicrosecondArray, UInt32Array,
};
use arrow::compute::concat_batches;
use arrow::datatypes::{
    DataType, Decimal128Type, Field, Float64Type, Int64Type, Schema, SchemaRef, TimeUnit,
};
use futures::TryStreamExt;
use lake::{
    CommitInfo, Cursor, Filter, GroupQuery, Lake, LakeError, LimitKind, Measure, Order,
    QueryLimits, RowQuery, TablePath,
};

#[path = "comparing.rs"]
mod comparing;
#[path = "paging.rs"]
mod paging;

pub(crate) use comparing::{
    a_key_that_stands_twice_is_refused, differences_lead_from_one_version_to_the_other,
};
pub(crate) use paging::pages_together_are_the_sorted_table;

pub(crate) const LIMITS: QueryLimits =
    QueryLimits { memory_bytes: 64 << 20, timeout: Duration::from_secs(60), rows: 1_000_000 };

pub(crate) fn path(text: &str) -> TablePath {
    text.parse().unwrap()
}

pub(crate) fn info() -> CommitInfo {
    CommitInfo {
        author: "test".into(),
        operation: "test".into(),
        at: "2026-11-24T08:00:00Z".parse().unwrap(),
    }
}

pub(crate) async fn store(lake: &dyn Lake, table: &TablePath, batches: &[RecordBatch]) -> u64 {
    let mut writer = lake.writer(table, batches[0].schema()).await.unwrap();
    for batch in batches {
        writer.write(batch.clone()).await.unwrap();
    }
    writer.commit(info()).await.unwrap().version
}

pub(crate) async fn all(lake: &dyn Lake, table: &TablePath, query: &RowQuery) -> Vec<RecordBatch> {
    lake.rows(table, None, query, &LIMITS).await.unwrap().try_collect().await.unwrap()
}

pub(crate) async fn one(lake: &dyn Lake, table: &TablePath, query: &RowQuery) -> RecordBatch {
    let batches = all(lake, table, query).await;
    let schema = match batches.first() {
        Some(batch) => batch.schema(),
        None => query.output_schema(&lake.schema(table, None).await.unwrap()).unwrap(),
    };
    concat_batches(&schema, &batches).unwrap()
}

/// The row numbers of an answer.
pub(crate) fn numbers(batch: &RecordBatch) -> Vec<i64> {
    batch.column_by_name("_row").unwrap().as_primitive::<Int64Type>().values().to_vec()
}

fn residents_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("姓名", DataType::Utf8, true),
        Field::new("年龄", DataType::Int64, true),
        Field::new("收入（元）", DataType::Float64, true),
        Field::new("余额", DataType::Decimal128(12, 2), true),
        Field::new("在册", DataType::Boolean, true),
        Field::new("登记日", DataType::Date32, true),
        Field::new("更新于", DataType::Timestamp(TimeUnit::Microsecond, None), true),
        Field::new("代码", DataType::UInt32, true),
    ]))
}

/// Eight rows with ties and gaps in every column.
pub(crate) fn residents() -> RecordBatch {
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from(vec![
            Some("王芳"),
            Some("李娜"),
            None,
            Some("王伟"),
            Some("100%棉"),
            Some("a_b"),
            Some("李娜"),
            Some("张敏"),
        ])),
        Arc::new(Int64Array::from(vec![
            Some(34),
            Some(18),
            Some(70),
            None,
            Some(18),
            Some(-5),
            Some(0),
            Some(34),
        ])),
        Arc::new(Float64Array::from(vec![
            Some(1.5),
            None,
            Some(f64::NAN),
            Some(-0.0),
            Some(0.0),
            Some(1e10),
            Some(-2.25),
            Some(1.5),
        ])),
        Arc::new(
            Decimal128Array::from(vec![
                Some(100),
                Some(150),
                None,
                Some(-1),
                Some(0),
                Some(99_999),
                Some(150),
                Some(1),
            ])
            .with_precision_and_scale(12, 2)
            .unwrap(),
        ),
        Arc::new(BooleanArray::from(vec![
            Some(true),
            Some(false),
            None,
            Some(true),
            Some(true),
            Some(false),
            None,
            Some(true),
        ])),
        Arc::new(Date32Array::from(vec![
            Some(18_272),
            Some(18_273),
            None,
            Some(0),
            Some(-1),
            Some(18_272),
            Some(20_000),
            Some(18_271),
        ])),
        Arc::new(TimestampMicrosecondArray::from(vec![
            Some(1_578_700_800_000_000),
            Some(1_578_700_800_000_001),
            None,
            Some(0),
            Some(-1),
            Some(1),
            Some(2),
            Some(3),
        ])),
        Arc::new(UInt32Array::from(vec![
            Some(140_100),
            Some(u32::MAX),
            None,
            Some(0),
            Some(140_200),
            Some(1),
            Some(2),
            Some(3),
        ])),
    ];
    RecordBatch::try_new(residents_schema(), columns).unwrap()
}

async fn fitting(lake: &dyn Lake, table: &TablePath, filter: &str) -> Vec<i64> {
    let filter = Filter::parse(filter).unwrap();
    let query = RowQuery { filter: Some(filter.clone()), row_key: true, ..RowQuery::default() };
    let rows = numbers(&one(lake, table, &query).await);
    let counted = lake.count(table, None, Some(&filter), &LIMITS).await.unwrap();
    assert_eq!(counted, rows.len() as u64, "count and rows differ for {filter}");
    rows
}

/// Every filter that the language has, over every type.
pub(crate) async fn a_filter_keeps_the_rows_for_which_it_is_true(lake: &dyn Lake) {
    let table = path("conformance/filters");
    store(lake, &table, &[residents()]).await;
    for (filter, rows) in [
        ("姓名 = '李娜'", vec![1, 6]),
        ("姓名 != '李娜'", vec![0, 3, 4, 5, 7]),
        ("not 姓名 = '李娜'", vec![0, 3, 4, 5, 7]),
        ("姓名 in ('李娜', '张敏', '无')", vec![1, 6, 7]),
        ("姓名 not in ('李娜')", vec![0, 3, 4, 5, 7]),
        ("姓名 is null", vec![2]),
        ("姓名 is not null and 年龄 is null", vec![3]),
        ("姓名 like '王%'", vec![0, 3]),
        ("姓名 like '_娜'", vec![1, 6]),
        ("姓名 like '%\\%%'", vec![4]),
        ("姓名 not like '王%'", vec![1, 4, 5, 6, 7]),
        ("姓名 contains '0%'", vec![4]),
        ("姓名 contains '_'", vec![5]),
        ("姓名 contains ''", vec![0, 1, 3, 4, 5, 6, 7]),
        ("姓名 > '李娜'", vec![0, 3]),
        ("年龄 = 18", vec![1, 4]),
        ("年龄 >= 18 and 年龄 < 70", vec![0, 1, 4, 7]),
        ("年龄 between -5 and 0", vec![5, 6]),
        ("年龄 not between -5 and 34", vec![2]),
        ("年龄 > 17.5", vec![0, 1, 2, 4, 7]),
        ("年龄 <= -4.5", vec![5]),
        ("年龄 = 17.5", vec![]),
        ("年龄 != 17.5", vec![0, 1, 2, 4, 5, 6, 7]),
        ("年龄 < 1e30", vec![0, 1, 2, 4, 5, 6, 7]),
        ("年龄 > 1e30", vec![]),
        ("年龄 = 1.8e1", vec![1, 4]),
        ("年龄 in (18, 18.5, 0)", vec![1, 4, 6]),
        ("\"收入（元）\" = 0", vec![3, 4]),
        ("\"收入（元）\" < 0", vec![6]),
        ("\"收入（元）\" is null", vec![1, 2]),
        ("\"收入（元）\" > 1.5", vec![5]),
        ("余额 = 1.5", vec![1, 6]),
        ("余额 > 0.995", vec![0, 1, 5, 6]),
        ("余额 < 0.005", vec![3, 4]),
        ("余额 <= -0.001", vec![3]),
        ("余额 < 1e40", vec![0, 1, 3, 4, 5, 6, 7]),
        ("在册 = true", vec![0, 3, 4, 7]),
        ("在册 != TRUE", vec![1, 5]),
        ("登记日 = '2020-01-11'", vec![0, 5]),
        ("登记日 < '1970-01-01'", vec![4]),
        ("更新于 >= '2020-01-11'", vec![0, 1]),
        ("更新于 > '2020-01-11T00:00:00'", vec![1]),
        ("更新于 between '1970-01-01' and '1970-01-01 00:00:00.000002'", vec![3, 5, 6]),
        ("代码 >= 140100", vec![0, 1, 4]),
        ("代码 < -1", vec![]),
        ("not (年龄 > 18 or 在册 = false)", vec![4]),
        ("年龄 > 18 or 在册 = true", vec![0, 2, 3, 4, 7]),
        ("_row >= 2 and _row < 4", vec![2, 3]),
    ] {
        assert_eq!(fitting(lake, &table, filter).await, rows, "{filter}");
    }
}

/// Names what is wrong, for every kind of mistake.
pub(crate) async fn a_wrong_query_is_refused_by_name(lake: &dyn Lake) {
    let table = path("conformance/wrong");
    store(lake, &table, &[residents()]).await;
    let filtered =
        |text: &str| RowQuery { filter: Some(Filter::parse(text).unwrap()), ..RowQuery::default() };
    for (query, part) in [
        (filtered("身高 > 1"), "no column `身高`"),
        (filtered("年龄 = '18'"), "whole numbers"),
        (filtered("姓名 = 18"), "single quotes"),
        (filtered("年龄 like '1%'"), "`like` is for text"),
        (filtered("登记日 = '2020年1月11日'"), "use a date"),
        (filtered("更新于 = '2020-01-11T08:00:00+08:00'"), "without offset"),
        (RowQuery { select: Some(vec!["身高".into()]), ..RowQuery::default() }, "no column"),
        (
            RowQuery {
                select: Some(vec!["姓名".into(), "姓名".into()]), ..RowQuery::default()
            },
            "twice",
        ),
        (RowQuery { select: Some(vec![]), ..RowQuery::default() }, "at least one"),
        (
            RowQuery { order: Order::parse_list("身高").unwrap(), ..RowQuery::default() },
            "no column",
        ),
    ] {
        let error = lake.rows(&table, None, &query, &LIMITS).await.err().unwrap();
        assert!(error.text().en.contains(part), "{} should contain {part}", error.text().en);
    }
    let absent = path("conformance/absent");
    let error = lake.schema(&absent, None).await.err().unwrap();
    assert!(matches!(error, LakeError::NoTable { .. }));
    let error = lake.schema(&table, Some(99)).await.err().unwrap();
    assert!(matches!(error, LakeError::NoVersion { version: 99, .. }));
}

/// Order, ties, nulls last in both directions, selection and limit.
pub(crate) async fn rows_come_in_the_order_that_was_asked_for(lake: &dyn Lake) {
    let table = path("conformance/order");
    store(lake, &table, &[residents()]).await;
    for (order, rows) in [
        ("年龄", vec![5, 6, 1, 4, 0, 7, 2, 3]),
        ("年龄 desc", vec![2, 0, 7, 1, 4, 6, 5, 3]),
        ("年龄 desc, 姓名", vec![2, 7, 0, 4, 1, 6, 5, 3]),
        ("姓名", vec![4, 5, 7, 1, 6, 3, 0, 2]),
        ("\"收入（元）\" desc", vec![5, 0, 7, 3, 4, 6, 1, 2]),
        ("在册, _row desc", vec![5, 1, 7, 4, 3, 0, 6, 2]),
        ("_row", vec![0, 1, 2, 3, 4, 5, 6, 7]),
        ("_row desc", vec![7, 6, 5, 4, 3, 2, 1, 0]),
    ] {
        let mut query = RowQuery {
            order: Order::parse_list(order).unwrap(),
            row_key: true,
            ..RowQuery::default()
        };
        assert_eq!(numbers(&one(lake, &table, &query).await), rows, "{order}");
        query.limit = Some(3);
        assert_eq!(numbers(&one(lake, &table, &query).await), rows[..3], "{order} limit 3");
    }
    let query = RowQuery {
        select: Some(vec!["年龄".into(), "姓名".into()]),
        filter: Some(Filter::parse("年龄 = 18").unwrap()),
        ..RowQuery::default()
    };
    let answer = one(lake, &table, &query).await;
    let names: Vec<&str> = answer.schema_ref().fields().iter().map(|f| f.name().as_str()).collect();
    assert_eq!(names, ["年龄", "姓名"]);
    assert_eq!(answer.column(1).as_string::<i32>().value(1), "100%棉");
    let none = RowQuery { limit: Some(0), ..RowQuery::default() };
    assert_eq!(one(lake, &table, &none).await.num_rows(), 0);
}

/// What is stored comes back, in the stored types.
pub(crate) async fn what_was_written_is_read(lake: &dyn Lake) {
    let table = path("conformance/kept");
    let odd = residents();
    let halves = [odd.slice(0, 3), odd.slice(3, 0), odd.slice(3, 5)];
    assert_eq!(store(lake, &table, &halves).await, 0);
    assert_eq!(lake.latest(&table).await.unwrap(), 0);
    let schema = lake.schema(&table, None).await.unwrap();
    assert_eq!(schema.field(7).data_type(), &DataType::Int64);
    assert_eq!(schema.field(6).data_type(), &DataType::Timestamp(TimeUnit::Microsecond, None));
    assert_eq!(schema.field(2).name(), "收入（元）");
    let read = one(lake, &table, &RowQuery::default()).await;
    assert_eq!(read.num_rows(), 8);
    for column in [0, 1, 3, 4, 5, 6] {
        assert_eq!(read.column(column), odd.column(column));
    }
    let income = read.column(2).as_primitive::<Float64Type>();
    assert!(income.is_null(2), "not-a-number is stored as null");
    assert!(income.value(3).is_sign_positive(), "there is one zero");
    assert_eq!(lake.count(&table, None, None, &LIMITS).await.unwrap(), 8);
}

/// An empty table is a table.
pub(crate) async fn an_empty_table_has_columns_and_no_rows(lake: &dyn Lake) {
    let table = path("conformance/empty");
    store(lake, &table, &[residents().slice(0, 0)]).await;
    assert_eq!(lake.schema(&table, None).await.unwrap().fields().len(), 8);
    assert_eq!(one(lake, &table, &RowQuery::default()).await.num_rows(), 0);
    assert_eq!(lake.count(&table, None, None, &LIMITS).await.unwrap(), 0);
    let query = RowQuery {
        limit: Some(10),
        order: Order::parse_list("年龄").unwrap(),
        ..RowQuery::default()
    };
    let page = lake.page(&table, None, &query, &LIMITS).await.unwrap();
    assert_eq!((page.rows.num_rows(), page.next), (0, None));
    let total = GroupQuery {
        measures: vec![Measure::Count, Measure::Sum("年龄".into())],
        ..GroupQuery::default()
    };
    let batch = lake.group(&table, None, &total, &LIMITS).await.unwrap();
    assert_eq!(batch.column(0).as_primitive::<Int64Type>().value(0), 0);
    assert!(batch.column(1).is_null(0));
}

/// Versions replace each other, and the old ones stay readable.
pub(crate) async fn nothing_is_visible_before_the_commit(lake: &dyn Lake) {
    let table = path("conformance/versions");
    let mut writer = lake.writer(&table, residents_schema()).await.unwrap();
    writer.write(residents()).await.unwrap();
    assert!(matches!(lake.latest(&table).await, Err(LakeError::NoTable { .. })));
    assert!(!lake.tables().await.unwrap().contains(&table));
    let committed = writer.commit(info()).await.unwrap();
    assert_eq!((committed.version, committed.rows), (0, 8));

    let mut writer = lake.writer(&table, residents_schema()).await.unwrap();
    writer.write(residents().slice(0, 2)).await.unwrap();
    assert_eq!(lake.count(&table, None, None, &LIMITS).await.unwrap(), 8);
    writer.abort().await;
    assert_eq!(lake.latest(&table).await.unwrap(), 0);

    let narrow = residents().project(&[1]).unwrap();
    assert_eq!(store(lake, &table, &[narrow]).await, 1);
    assert_eq!(lake.schema(&table, None).await.unwrap().fields().len(), 1);
    assert_eq!(lake.schema(&table, Some(0)).await.unwrap().fields().len(), 8);
    let query = RowQuery { limit: Some(2), row_key: true, ..RowQuery::default() };
    let old: Vec<RecordBatch> =
        lake.rows(&table, Some(0), &query, &LIMITS).await.unwrap().try_collect().await.unwrap();
    assert_eq!(old[0].num_columns(), 9);
    assert!(lake.tables().await.unwrap().contains(&table));
    let report = lake.check(&table).await.unwrap();
    assert_eq!((report.version, report.rows, report.problems.len()), (1, 8, 0));

    lake.drop_table(&table).await.unwrap();
    assert!(matches!(lake.latest(&table).await, Err(LakeError::NoTable { .. })));
    lake.drop_table(&table).await.unwrap();
}

/// First committer wins.
pub(crate) async fn of_two_writers_the_stale_one_gets_a_conflict(lake: &dyn Lake) {
    for existing in [false, true] {
        let table = path(&format!("conformance/race-{existing}"));
        if existing {
            store(lake, &table, &[residents().slice(0, 0)]).await;
        }
        let mut first = lake.writer(&table, residents_schema()).await.unwrap();
        let mut second = lake.writer(&table, residents_schema()).await.unwrap();
        first.write(residents().slice(0, 1)).await.unwrap();
        second.write(residents().slice(0, 2)).await.unwrap();
        second.commit(info()).await.unwrap();
        let error = first.commit(info()).await.err().unwrap();
        assert!(matches!(error, LakeError::Conflict { .. }), "{error}");
        assert_eq!(lake.count(&table, None, None, &LIMITS).await.unwrap(), 2);
    }
}

/// Schemas and batches that cannot be stored are refused before anything is.
pub(crate) async fn what_cannot_be_stored_is_refused(lake: &dyn Lake) {
    let table = path("conformance/unfit");
    let list = DataType::List(Arc::new(Field::new("item", DataType::Int64, true)));
    for fields in [
        vec![Field::new("a", list, true)],
        vec![Field::new("a", DataType::Int64, true), Field::new("a", DataType::Int64, true)],
        vec![Field::new("_row", DataType::Int64, true)],
        vec![Field::new("", DataType::Int64, true)],
        vec![],
    ] {
        let error = lake.writer(&table, Arc::new(Schema::new(fields))).await.err().unwrap();
        assert!(matches!(error, LakeError::Schema { .. }));
    }
    let mut writer = lake.writer(&table, residents_schema()).await.unwrap();
    let error = writer.write(residents().project(&[0, 1]).unwrap()).await.err().unwrap();
    assert!(matches!(error, LakeError::Schema { .. }));
    writer.abort().await;
    assert!(matches!(lake.latest(&table).await, Err(LakeError::NoTable { .. })));
}

/// Groups with exact sums.
pub(crate) async fn groups_are_ordered_and_sums_are_exact(lake: &dyn Lake) {
    let table = path("conformance/groups");
    store(lake, &table, &[residents()]).await;
    let query = GroupQuery {
        by: vec!["在册".into()],
        measures: vec![
            Measure::Count,
            Measure::Sum("年龄".into()),
            Measure::Avg("余额".into()),
            Measure::Min("姓名".into()),
            Measure::Max("登记日".into()),
            Measure::Sum("余额".into()),
            Measure::Sum("收入（元）".into()),
        ],
        filter: None,
        limit: None,
    };
    let answer = lake.group(&table, None, &query, &LIMITS).await.unwrap();
    let names: Vec<&str> = answer.schema_ref().fields().iter().map(|f| f.name().as_str()).collect();
    assert_eq!(names[..3], ["在册", "count", "sum(年龄)"]);
    let flags = answer.column(0).as_boolean();
    assert_eq!(flags.iter().collect::<Vec<_>>(), [Some(false), Some(true), None]);
    assert_eq!(answer.column(1).as_primitive::<Int64Type>().values(), &[2, 4, 2]);
    assert_eq!(answer.column(2).as_primitive::<Decimal128Type>().values(), &[13, 86, 70]);
    let mean = answer.column(3).as_primitive::<Float64Type>();
    assert!((mean.value(0) - 500.745).abs() < 1e-9);
    assert_eq!(answer.column(4).as_string::<i32>().value(1), "100%棉");
    assert_eq!(answer.column(6).as_primitive::<Decimal128Type>().value(0), 100_149);
    let sum = answer.column(7).as_primitive::<Float64Type>();
    assert!((sum.value(1) - 3.0).abs() < 1e-9);

    let few = GroupQuery {
        by: vec!["年龄".into(), "姓名".into()],
        measures: vec![Measure::Count],
        filter: Some(Filter::parse("年龄 >= 0").unwrap()),
        limit: Some(2),
    };
    let answer = lake.group(&table, None, &few, &LIMITS).await.unwrap();
    assert_eq!(answer.column(0).as_primitive::<Int64Type>().values(), &[0, 18]);
    assert_eq!(answer.column(1).as_string::<i32>().value(1), "100%棉");

    for wrong in
        [Measure::Sum("姓名".into()), Measure::Avg("在册".into()), Measure::Sum("无".into())]
    {
        let query = GroupQuery { measures: vec![wrong], ..GroupQuery::default() };
        assert!(lake.group(&table, None, &query, &LIMITS).await.is_err());
    }
    let huge = Int64Array::from(vec![i64::MAX, i64::MAX]);
    let batch = RecordBatch::try_from_iter([("n", Arc::new(huge) as ArrayRef)]).unwrap();
    let table = path("conformance/huge");
    store(lake, &table, &[batch]).await;
    let query = GroupQuery { measures: vec![Measure::Sum("n".into())], ..GroupQuery::default() };
    let answer = lake.group(&table, None, &query, &LIMITS).await.unwrap();
    let sum = answer.column(0).as_primitive::<Decimal128Type>().value(0);
    assert_eq!(sum, 2 * i128::from(i64::MAX), "a sum does not wrap");
}

/// The row limit ends a query with an error, never silently.
pub(crate) async fn more_rows_than_allowed_is_an_error(lake: &dyn Lake) {
    let table = path("conformance/limits");
    store(lake, &table, &[residents()]).await;
    let limits = QueryLimits { rows: 3, ..LIMITS };
    for order in ["_row", "年龄"] {
        let query = RowQuery { order: Order::parse_list(order).unwrap(), ..RowQuery::default() };
        let error = match lake.rows(&table, None, &query, &limits).await {
            Ok(stream) => stream.try_collect::<Vec<_>>().await.err().unwrap(),
            Err(error) => error,
        };
        assert!(matches!(error, LakeError::Limit { kind: LimitKind::Rows }));
        let query = RowQuery { limit: Some(3), ..query };
        let batches: Vec<RecordBatch> =
            lake.rows(&table, None, &query, &limits).await.unwrap().try_collect().await.unwrap();
        assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 3);
        let page = lake.page(&table, None, &query, &limits).await.unwrap();
        assert_eq!(page.rows.num_rows(), 3);
        assert!(page.next.is_some());
    }
}

/// A cursor works for its query only.
pub(crate) async fn a_cursor_of_another_query_is_refused(lake: &dyn Lake) {
    let table = path("conformance/cursors");
    store(lake, &table, &[residents()]).await;
    let query = RowQuery {
        limit: Some(2),
        order: Order::parse_list("年龄").unwrap(),
        ..RowQuery::default()
    };
    let first = lake.page(&table, None, &query, &LIMITS).await.unwrap();
    let cursor: Cursor = first.next.unwrap().to_string().parse().unwrap();
    let other_order = RowQuery {
        order: Order::parse_list("年龄 desc").unwrap(),
        after: Some(cursor.clone()),
        ..query.clone()
    };
    let other_filter = RowQuery {
        filter: Some(Filter::parse("年龄 > 0").unwrap()),
        after: Some(cursor.clone()),
        ..query.clone()
    };
    for other in [other_order, other_filter] {
        let error = lake.page(&table, None, &other, &LIMITS).await.err().unwrap();
        assert!(matches!(error, LakeError::Cursor { .. }), "{error}");
    }
    assert!("e30".parse::<Cursor>().is_err());
    assert!("not base64!".parse::<Cursor>().is_err());
    // A newer version does not disturb the pages of the older one.
    store(lake, &table, &[residents().slice(0, 1)]).await;
    let next = RowQuery { after: Some(cursor.clone()), row_key: true, ..query.clone() };
    let page = lake.page(&table, None, &next, &LIMITS).await.unwrap();
    assert_eq!((page.version, numbers(&page.rows)), (0, vec![1, 4]));
    let error = lake.page(&table, Some(1), &next, &LIMITS).await.err().unwrap();
    assert!(matches!(error, LakeError::Cursor { .. }));
}

/// Everything that takes no runtime of its own.
pub(crate) async fn every_promise(lake: &dyn Lake) {
    a_filter_keeps_the_rows_for_which_it_is_true(lake).await;
    a_wrong_query_is_refused_by_name(lake).await;
    rows_come_in_the_order_that_was_asked_for(lake).await;
    what_was_written_is_read(lake).await;
    an_empty_table_has_columns_and_no_rows(lake).await;
    nothing_is_visible_before_the_commit(lake).await;
    of_two_writers_the_stale_one_gets_a_conflict(lake).await;
    what_cannot_be_stored_is_refused(lake).await;
    groups_are_ordered_and_sums_are_exact(lake).await;
    more_rows_than_allowed_is_an_error(lake).await;
    a_cursor_of_another_query_is_refused(lake).await;
}

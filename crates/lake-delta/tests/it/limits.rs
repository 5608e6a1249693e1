//! Queries that want too much end with a limit, and others still answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{ArrayRef, AsArray as _, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Decimal128Type};
use futures::TryStreamExt;
use lake::{Lake, LakeError, LimitKind, Order, QueryLimits, RowQuery, TablePath};
use lake_delta::{DeltaLake, Location, Settings};
use tempfile::TempDir;

use crate::conformance::{LIMITS, info, path};

/// Enough rows that a sort or a join of all of them is felt.
pub(crate) const ROWS: i64 = 400_000;

pub(crate) async fn crowded() -> (TempDir, DeltaLake, TablePath) {
    let folder = TempDir::new().unwrap();
    let settings = Settings {
        decoded_bytes: 0,
        spill_bytes: 8 << 20,
        sql_spill_bytes: 8 << 20,
        ..Settings::default()
    };
    let location = Location::Folder(folder.path().to_path_buf());
    let lake = DeltaLake::with_settings(location, settings).unwrap();
    let table = path("limits/crowded");
    let mut writer = None;
    for start in (0..ROWS).step_by(50_000) {
        let numbers: Vec<i64> = (start..start + 50_000).map(|n| (n * 7_919) % ROWS).collect();
        let names: Vec<String> =
            numbers.iter().map(|n| format!("a rather long name {n:060}")).collect();
        let batch = RecordBatch::try_from_iter([
            ("n", Arc::new(Int64Array::from(numbers)) as ArrayRef),
            ("name", Arc::new(StringArray::from(names)) as ArrayRef),
        ])
        .unwrap();
        if writer.is_none() {
            writer = Some(lake.writer(&table, batch.schema()).await.unwrap());
        }
        writer.as_mut().unwrap().write(batch).await.unwrap();
    }
    writer.unwrap().commit(info()).await.unwrap();
    (folder, lake, table)
}

pub(crate) async fn answer(
    lake: &DeltaLake,
    table: &TablePath,
    sql: &str,
    limits: &QueryLimits,
) -> Result<Vec<RecordBatch>, LakeError> {
    let tables = [("t".to_owned(), table.clone(), None)];
    lake.sql(&tables, sql, limits).await?.batches.try_collect().await
}

fn kind(result: Result<Vec<RecordBatch>, LakeError>, context: &str) -> LimitKind {
    match result {
        Err(LakeError::Limit { kind }) => kind,
        Err(error) => panic!("{context}: {error} {:?}", std::error::Error::source(&error)),
        Ok(batches) => panic!("{context}: {} batches", batches.len()),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hostile_query_ends_and_others_still_answer() {
    let (_folder, lake, table) = crowded().await;
    let short = QueryLimits { timeout: Duration::from_millis(1_500), ..LIMITS };
    let small = QueryLimits { memory_bytes: 16 << 20, rows: 10_000_000, ..LIMITS };
    let hostile = [
        (
            "select count(*) from t a, t b, t c where a.n + b.n + c.n = 7",
            short,
            vec![LimitKind::Time, LimitKind::Memory],
        ),
        (
            "select a.name, b.name from t a, t b",
            short,
            vec![LimitKind::Rows, LimitKind::Time, LimitKind::Memory],
        ),
        ("select * from t order by name desc", small, vec![LimitKind::Disk, LimitKind::Memory]),
        (
            "select name, count(*), max(name || name) from t group by name",
            small,
            vec![LimitKind::Disk, LimitKind::Memory],
        ),
        (
            "select n, row_number() over (order by name, n desc) from t",
            small,
            vec![LimitKind::Disk, LimitKind::Memory],
        ),
        (
            "select sum(a.n * b.n) from t a join t b on a.n <> b.n",
            short,
            vec![LimitKind::Time, LimitKind::Memory],
        ),
        (
            "select count(*) from t a join t b on a.n % 2 = b.n % 2",
            short,
            vec![LimitKind::Time, LimitKind::Memory],
        ),
        (
            "select count(*) from t a join t b on a.n % 2 = b.n % 2 and a.n + b.n = -1",
            short,
            vec![LimitKind::Time, LimitKind::Memory],
        ),
        (
            "select count(*) from t a where exists (select 1 from t b where b.n > a.n + 1000000)",
            short,
            vec![LimitKind::Time, LimitKind::Memory],
        ),
        (
            "select approx_distinct(a.name || b.name) from t a, t b",
            short,
            vec![LimitKind::Time, LimitKind::Memory],
        ),
        ("select * from t", QueryLimits { rows: 1_000, ..LIMITS }, vec![LimitKind::Rows]),
    ];
    for (sql, limits, allowed) in hostile {
        let started = Instant::now();
        let (lake2, table2) = (lake.clone(), table.clone());
        let running = tokio::spawn(async move { answer(&lake2, &table2, sql, &limits).await });
        // Meanwhile an ordinary question.
        let query = RowQuery {
            order: Order::parse_list("_row").unwrap(),
            limit: Some(10),
            ..RowQuery::default()
        };
        let page = lake.page(&table, None, &query, &LIMITS).await;
        let page = page.unwrap_or_else(|error| panic!("beside {sql}: {error}"));
        assert_eq!(page.rows.num_rows(), 10, "beside {sql}");

        let found = kind(running.await.unwrap(), sql);
        assert!(allowed.contains(&found), "{sql}: {found:?}");
        let longest = limits.timeout + Duration::from_secs(5);
        assert!(started.elapsed() < longest, "{sql} took {:?}", started.elapsed());
    }
    // Nothing of them is left behind: the memory is free again.
    let all = answer(&lake, &table, "select n from t order by n limit 3", &LIMITS).await.unwrap();
    assert_eq!(all[0].num_rows(), 3);
}

#[tokio::test]
async fn a_reader_that_goes_away_stops_its_query() {
    let (_folder, lake, table) = crowded().await;
    let settings_queries = 8;
    let limits = QueryLimits { timeout: Duration::from_secs(600), ..LIMITS };
    for _ in 0..settings_queries * 3 {
        let tables = [("t".to_owned(), table.clone(), None)];
        let sql = "select a.n from t a, t b where a.n + b.n = -1";
        drop(lake.sql(&tables, sql, &limits).await.unwrap());
    }
    let few = QueryLimits { timeout: Duration::from_secs(20), ..LIMITS };
    let done = answer(&lake, &table, "select count(*) from t", &few).await.unwrap();
    assert_eq!(done[0].num_rows(), 1);
}

#[tokio::test]
async fn sql_reaches_the_given_tables_and_nothing_else() {
    let (folder, lake, table) = crowded().await;
    let files = lake.files(&table, None).await.unwrap();
    let file = folder.path().join(table.as_str()).join(&files[0].path);
    let file = file.to_str().unwrap();
    let stolen = format!("select * from '{file}'");
    let copied = format!("copy t to '{}/x.csv'", folder.path().display());
    let external = format!("create external table x stored as parquet location '{file}'");
    for sql in [
        stolen.as_str(),
        copied.as_str(),
        external.as_str(),
        "set datafusion.execution.batch_size = 1",
        "show tables",
        "show all",
        "select * from information_schema.tables",
        "create table x as select 1",
        "create view x as select 1",
        "drop table t",
        "insert into t values (1, 'a')",
        "delete from t",
        "update t set n = 1",
        "explain select 1",
        "explain analyze select * from t",
        "select 1; select 2",
        "begin",
        "prepare p as select 1",
        "select * from u",
        "select _row from t",
        "select * from read_csv('/etc/passwd')",
        "select * from generate_series(1, 1000000000000)",
        "select unnest(range(1000000000000))",
        "with recursive r(i) as (select 1 union all select i + 1 from r) select sum(i) from r",
        "select * into x from t",
        "table t",
        "values (1), (2)",
        "select * from (values (1)) v",
        "with x as (insert into t values (1, 'a')) select 1",
        "select * from public.t",
        "select * from t limit $1",
        "select count(*) from t for update",
        "select n from t group by cube(n)",
        "select name from t where name like name",
        "select name from t where regexp_like(name, name)",
        "select median(n) over (order by n rows between 1000 preceding and current row) from t",
        "select version()",
        "select current_setting('a')",
        "select string_agg(name, ',') from t",
        "select array_agg(name) from t",
        "select arrow_cast(n, 'FixedSizeBinary(1000000000)') from t",
        "select array[1, 2]",
        "select (1, 2)::int[]",
        "select nothing from t",
        "select repeat(name, 1000000) from t",
        "selec 1",
        "",
    ] {
        let result = answer(&lake, &table, sql, &LIMITS).await;
        assert!(matches!(result, Err(LakeError::Sql { .. })), "{sql}: {result:?}");
    }
    let long = format!("select {} 1", "1 + ".repeat(20_000));
    assert!(matches!(answer(&lake, &table, &long, &LIMITS).await, Err(LakeError::Sql { .. })));
    let deep = format!("select {}1{}", "(".repeat(20_000), ")".repeat(20_000));
    assert!(matches!(answer(&lake, &table, &deep, &LIMITS).await, Err(LakeError::Sql { .. })));
    let sql = "select count(*) as 数量, max(n) from t where name like 'a rather%'";
    let good = answer(&lake, &table, sql, &LIMITS).await.unwrap();
    assert_eq!(good[0].schema().field(0).name(), "数量");
}

#[tokio::test]
async fn sums_of_whole_numbers_are_exact_beyond_64_bits() {
    let folder = TempDir::new().unwrap();
    let lake = DeltaLake::open(Location::Folder(folder.path().to_path_buf())).unwrap();
    let table = path("limits/sums");
    let rows = [
        ("大", Some(i64::MAX)),
        ("大", Some(i64::MAX)),
        ("大", Some(1)),
        ("小", Some(i64::MIN)),
        ("小", Some(i64::MIN)),
        ("小", None),
        ("负", Some(-1)),
        ("负", Some(-4_294_967_297)),
        ("无", None),
    ];
    let kinds: ArrayRef = Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.0)));
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter(rows.iter().map(|row| row.1)));
    let batch =
        RecordBatch::try_from_iter_with_nullable([("k", kinds, true), ("n", numbers, true)]);
    let batch = batch.unwrap();
    let mut writer = lake.writer(&table, batch.schema()).await.unwrap();
    writer.write(batch).await.unwrap();
    writer.commit(info()).await.unwrap();
    let query = lake::GroupQuery {
        by: vec!["k".to_owned()],
        measures: vec![lake::Measure::Sum("n".to_owned())],
        ..lake::GroupQuery::default()
    };
    let groups = lake.group(&table, None, &query, &LIMITS).await.unwrap();
    assert_eq!(groups.schema().field(0).data_type(), &DataType::Utf8);
    let kinds = groups.column(0).as_string::<i32>();
    let sums = groups.column(1).as_primitive::<Decimal128Type>();
    let told: Vec<(&str, Option<i128>)> = kinds.iter().flatten().zip(sums.iter()).collect();
    let (most, least) = (i128::from(i64::MAX), i128::from(i64::MIN));
    for expected in [
        ("大", Some(2 * most + 1)),
        ("小", Some(2 * least)),
        ("负", Some(-4_294_967_298)),
        ("无", None),
    ] {
        assert!(told.contains(&expected), "{expected:?} {told:?}");
    }
}

#[tokio::test]
async fn groups_that_were_counted_before_are_those_of_their_version_and_keep_the_limit() {
    let folder = TempDir::new().unwrap();
    let lake = DeltaLake::open(Location::Folder(folder.path().to_path_buf())).unwrap();
    let table = path("limits/counted");
    let query = lake::GroupQuery {
        by: vec!["n".to_owned()],
        measures: vec![lake::Measure::Count],
        ..lake::GroupQuery::default()
    };
    for version in 1..=2_i64 {
        let numbers: Vec<i64> = (0..10 * version).map(|n| n % (3 * version)).collect();
        let column: ArrayRef = Arc::new(Int64Array::from(numbers));
        let batch = RecordBatch::try_from_iter([("n", column)]).unwrap();
        let mut writer = lake.writer(&table, batch.schema()).await.unwrap();
        writer.write(batch).await.unwrap();
        writer.commit(info()).await.unwrap();
        let first = lake.group(&table, None, &query, &LIMITS).await.unwrap();
        assert_eq!(first.num_rows(), 3 * usize::try_from(version).unwrap());
        assert_eq!(lake.group(&table, None, &query, &LIMITS).await.unwrap(), first);
        let few = QueryLimits { rows: 2, ..LIMITS };
        let more = lake.group(&table, None, &query, &few).await;
        assert!(matches!(more, Err(LakeError::Limit { kind: LimitKind::Rows })), "{more:?}");
    }
}

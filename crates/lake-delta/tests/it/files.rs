//! The files of a table: names, order, rotation, downloads, damage, clutter.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Int64Type, TimeUnit};
use bytes::Bytes;
use futures::TryStreamExt;
use lake::{CheckProblem, Filter, Lake, LakeError, Order, RowQuery};
use lake_delta::{DeltaLake, Location, Settings};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tempfile::TempDir;

use crate::conformance::{self as promise, LIMITS, one, path, store};

fn lake(settings: Settings) -> (TempDir, DeltaLake) {
    let folder = TempDir::new().unwrap();
    let location = Location::Folder(folder.path().to_path_buf());
    (folder, DeltaLake::with_settings(location, settings).unwrap())
}

fn numbers(from: i64, to: i64) -> RecordBatch {
    let numbers = Int64Array::from_iter_values(from..to);
    let texts: StringArray = (from..to)
        .map(|n| Some(format!("{:x}", n.wrapping_mul(0x9E37_79B9_7F4A_7C15_u64 as i64))))
        .collect();
    RecordBatch::try_from_iter([
        ("n", Arc::new(numbers) as ArrayRef),
        ("text", Arc::new(texts) as ArrayRef),
    ])
    .unwrap()
}

#[tokio::test]
async fn rows_keep_their_order_over_many_files_and_groups() {
    // Row groups and files far smaller than usual, and batches that fit neither.
    let small =
        Settings { decoded_bytes: 0, group_rows: 1_000, file_bytes: 30_000, ..Settings::default() };
    let (_folder, lake) = lake(small);
    let table = path("files/many");
    let batches: Vec<RecordBatch> = (0..)
        .map(|k| k * 777)
        .take_while(|at| *at < 20_000)
        .map(|at| numbers(at, (at + 777).min(20_000)))
        .collect();
    store(&lake, &table, &batches).await;
    let files = lake.files(&table, None).await.unwrap();
    assert!(files.len() > 4, "{} files", files.len());
    assert_eq!(files.iter().map(|file| file.rows).sum::<u64>(), 20_000);
    let mut first = 0;
    for file in &files {
        let bytes: Vec<Bytes> =
            lake.open_file(&table, &file.path, None).await.unwrap().try_collect().await.unwrap();
        let bytes = Bytes::from(bytes.concat());
        assert_eq!(bytes.len() as u64, file.bytes);
        let part: Vec<Bytes> = lake
            .open_file(&table, &file.path, Some(2..7))
            .await
            .unwrap()
            .try_collect()
            .await
            .unwrap();
        assert_eq!(part.concat(), bytes[2..7]);
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap().build().unwrap();
        for batch in reader {
            let batch = batch.unwrap();
            for row in batch.column(0).as_primitive::<Int64Type>().values() {
                assert_eq!(*row, first);
                first += 1;
            }
        }
    }
    assert_eq!(first, 20_000);
    for (order, filter, limit) in [
        ("_row", "n >= 0", None),
        ("_row", "n >= 12345", Some(10)),
        ("n desc", "n < 15000", Some(10)),
    ] {
        let query = RowQuery {
            order: Order::parse_list(order).unwrap(),
            filter: Some(Filter::parse(filter).unwrap()),
            limit,
            row_key: true,
            ..RowQuery::default()
        };
        let found = promise::numbers(&one(&lake, &table, &query).await);
        let mut expected: Vec<i64> = match filter {
            "n >= 0" => (0..20_000).collect(),
            "n >= 12345" => (12_345..20_000).collect(),
            _ => (0..15_000).rev().collect(),
        };
        expected.truncate(limit.map_or(usize::MAX, |limit: u64| usize::try_from(limit).unwrap()));
        assert_eq!(found, expected, "{order} {filter}");
    }
    for wrong in
        ["../../etc/passwd", "_delta_log/00000000000000000000.json", "part-none.parquet", ""]
    {
        let result = lake.open_file(&table, wrong, None).await;
        assert!(matches!(result.err(), Some(LakeError::NoFile { .. })), "{wrong}");
    }
}

#[tokio::test]
async fn people_keep_their_column_names() {
    for decoded_bytes in [0, 64 << 20] {
        let (folder, lake) = lake(Settings { decoded_bytes, ..Settings::default() });
        let table = path("files/names");
        let names = ["PM2.5 (ug)", "PM2.5__ug_", "时刻, 北京", "a=b;c", "\"引号\"", "Name", "name"];
        let columns: Vec<(&str, ArrayRef)> = names
            .iter()
            .enumerate()
            .map(|(place, name)| {
                let value = place as i64;
                let column: ArrayRef = if place == 2 {
                    Arc::new(TimestampMicrosecondArray::from(vec![Some(value), None]))
                } else {
                    Arc::new(Int64Array::from(vec![Some(value), None]))
                };
                (*name, column)
            })
            .collect();
        store(&lake, &table, &[RecordBatch::try_from_iter(columns).unwrap()]).await;
        let schema = lake.schema(&table, None).await.unwrap();
        let found: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        assert_eq!(found, names);
        assert_eq!(schema.field(2).data_type(), &DataType::Timestamp(TimeUnit::Microsecond, None));
        let query = RowQuery {
            select: Some(vec!["时刻, 北京".into(), "name".into(), "PM2.5 (ug)".into()]),
            filter: Some(
                Filter::parse("\"PM2.5__ug_\" = 1 and \"时刻, 北京\" < '1970-01-02'").unwrap(),
            ),
            order: Order::parse_list("\"\"\"引号\"\"\" desc, Name").unwrap(),
            ..RowQuery::default()
        };
        let rows = one(&lake, &table, &query).await;
        assert_eq!(rows.num_rows(), 1);
        assert_eq!(rows.column(1).as_primitive::<Int64Type>().value(0), 6);
        let tables = [("空气".to_owned(), table.clone(), None)];
        let sql = "select \"PM2.5 (ug)\" + Name as x, \"时刻, 北京\" from 空气 where \"a=b;c\" is not null";
        let answer: Vec<RecordBatch> =
            lake.sql(&tables, sql, &LIMITS).await.unwrap().batches.try_collect().await.unwrap();
        assert_eq!(answer[0].column(0).as_primitive::<Int64Type>().values(), &[5]);
        // In the file: no forbidden character, and no two names that differ in case only.
        let log = folder.path().join("files/names/_delta_log/00000000000000000000.json");
        let log = std::fs::read_to_string(log).unwrap();
        assert!(log.contains("PM2.5__ug__2") && log.contains("name_2"), "{log}");
    }
}

#[tokio::test]
async fn damage_is_found_and_named() {
    let (folder, lake) = lake(Settings::default());
    let table = path("files/damage");
    for version in 0..3 {
        store(&lake, &table, &[numbers(0, 100 + version)]).await;
    }
    let sound = lake.check(&table).await.unwrap();
    assert_eq!((sound.version, sound.files, sound.rows), (2, 1, 102));
    assert_eq!((sound.problems, sound.orphans), (vec![], vec![]));
    let name = lake.files(&table, None).await.unwrap()[0].path.clone();
    let place = folder.path().join(table.as_str());
    let file = place.join(&name);
    let whole = std::fs::read(&file).unwrap();

    std::fs::write(&file, &whole[..whole.len() - 1]).unwrap();
    let size = whole.len() as u64;
    assert_eq!(
        lake.check(&table).await.unwrap().problems,
        [CheckProblem::Size(name.clone(), size, size - 1)]
    );
    let mut torn = whole.clone();
    let end = torn.len() - 20;
    torn[end..].fill(0);
    std::fs::write(&file, &torn).unwrap();
    assert!(
        matches!(&lake.check(&table).await.unwrap().problems[..], [CheckProblem::Unreadable(found, _)] if *found == name)
    );
    std::fs::remove_file(&file).unwrap();
    assert_eq!(lake.check(&table).await.unwrap().problems, [CheckProblem::Missing(name.clone())]);
    std::fs::write(&file, &whole).unwrap();
    assert_eq!(lake.check(&table).await.unwrap().problems, []);

    // Clutter of killed writers: found, kept while it is young, removed when it is old.
    std::fs::write(place.join("part-00000-lost.parquet"), b"x").unwrap();
    std::fs::write(place.join("part-00001-lost.parquet#12345"), b"xy").unwrap();
    let orphans = lake.check(&table).await.unwrap().orphans;
    let found: Vec<(&str, u64)> =
        orphans.iter().map(|orphan| (orphan.path.as_str(), orphan.bytes)).collect();
    assert_eq!(found, [("part-00000-lost.parquet", 1), ("part-00001-lost.parquet#12345", 2)]);
    assert_eq!(lake.vacuum(&table, "2020-01-01T00:00:00Z".parse().unwrap()).await.unwrap(), 0);
    assert_eq!(lake.vacuum(&table, "2200-01-01T00:00:00Z".parse().unwrap()).await.unwrap(), 2);
    assert_eq!(lake.check(&table).await.unwrap().orphans, []);
    for version in 0..3 {
        let count = lake.count(&table, Some(version), None, &LIMITS).await.unwrap();
        assert_eq!(count, 100 + version, "old versions keep their files");
    }

    let log = place.join("_delta_log/00000000000000000001.json");
    let commit = std::fs::read(&log).unwrap();
    std::fs::write(&log, &commit[..commit.len() / 2]).unwrap();
    let problems = lake.check(&table).await.unwrap().problems;
    assert!(problems.iter().any(|problem| matches!(problem, CheckProblem::Log(_))), "{problems:?}");
    let refused = lake.vacuum(&table, "2200-01-01T00:00:00Z".parse().unwrap()).await;
    assert!(
        matches!(refused, Err(LakeError::Damaged { .. })),
        "a vacuum without a log would remove data"
    );
    std::fs::remove_file(&log).unwrap();
    let problems = lake.check(&table).await.unwrap().problems;
    assert!(problems.iter().any(|problem| matches!(problem, CheckProblem::Log(_))), "{problems:?}");
}

#[tokio::test]
async fn a_writer_that_goes_away_leaves_only_clutter() {
    let (_folder, lake) = lake(Settings { group_rows: 50, file_bytes: 1, ..Settings::default() });
    let table = path("files/gone");
    store(&lake, &table, &[numbers(0, 10)]).await;
    let mut writer = lake.writer(&table, numbers(0, 1).schema()).await.unwrap();
    writer.write(numbers(0, 175)).await.unwrap();
    drop(writer);
    assert_eq!(lake.count(&table, None, None, &LIMITS).await.unwrap(), 10);
    let report = lake.check(&table).await.unwrap();
    assert_eq!((report.version, report.problems), (0, vec![]));
    assert_eq!(report.orphans.len(), 3, "three files were complete: {:?}", report.orphans);
    assert_eq!(lake.vacuum(&table, "2200-01-01T00:00:00Z".parse().unwrap()).await.unwrap(), 3);

    let mut writer = lake.writer(&table, numbers(0, 1).schema()).await.unwrap();
    writer.write(numbers(0, 175)).await.unwrap();
    writer.abort().await;
    assert_eq!(lake.check(&table).await.unwrap().orphans, [], "an abort leaves nothing");
}

#[tokio::test]
async fn tables_of_every_depth_are_told_apart() {
    let (_folder, lake) = lake(Settings::default());
    for table in ["a", "a/b", "a/b/c/d", "b-1/x"] {
        store(&lake, &path(table), &[numbers(0, 3)]).await;
    }
    let names =
        |tables: Vec<lake::TablePath>| tables.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(names(lake.tables().await.unwrap()), ["a", "a/b", "a/b/c/d", "b-1/x"]);
    lake.drop_table(&path("a/b/c")).await.unwrap();
    lake.drop_table(&path("b-1")).await.unwrap();
    lake.drop_table(&path("a/b")).await.unwrap();
    assert_eq!(names(lake.tables().await.unwrap()), ["a", "a/b/c/d", "b-1/x"]);
    assert_eq!(lake.count(&path("a/b/c/d"), None, None, &LIMITS).await.unwrap(), 3);
}

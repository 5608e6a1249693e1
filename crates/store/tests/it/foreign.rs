//! Tables of other databases, read and never written.

use std::ops::ControlFlow;

use store::foreign::{ForeignAddress, ForeignError, ForeignKind, ForeignTable};
use store::{Query as _, Store};
use testkit::postgres::Postgres;

const COLUMNS: &str = "\"编号\" BIGINT, name TEXT, paid DOUBLE PRECISION, day DATE, raw BYTEA";

/// A table of so many rows in a database of each engine; the address of each, and of the
/// database.
async fn tables(rows: u32) -> (tempfile::TempDir, Vec<(ForeignAddress, String)>) {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = format!("sqlite://{}/city.db", folder.path().display());
    let postgres = Postgres::shared().database().await;
    let mut found = Vec::new();
    for address in [sqlite, postgres] {
        let store = Store::open(&address).await.unwrap();
        let mut tx = store.begin().await.unwrap();
        tx.execute(&format!("CREATE TABLE \"人 \"\"口\" ({COLUMNS})"), Vec::new()).await.unwrap();
        let fill = format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) \
             INSERT INTO \"人 \"\"口\" SELECT i, '李 ' || i, i * 0.5, '2001-02-03', NULL FROM n"
        );
        tx.execute(&fill, Vec::new()).await.unwrap();
        let last = "INSERT INTO \"人 \"\"口\" VALUES (NULL, NULL, NULL, NULL, NULL)";
        tx.execute(last, Vec::new()).await.unwrap();
        tx.commit().await.unwrap();
        store.close().await;
        let encoded = "%E4%BA%BA%20%22%E5%8F%A3";
        let text = if address.starts_with("sqlite") {
            format!("{address}?table=人 \"口")
        } else {
            let sign = if address.contains('?') { '&' } else { '?' };
            format!("{address}{sign}table={encoded}")
        };
        found.push((ForeignAddress::parse(&text).unwrap(), address));
    }
    (folder, found)
}

async fn all(table: &mut ForeignTable, places: &[usize]) -> Vec<Vec<Option<String>>> {
    let mut rows = Vec::new();
    let mut see = |cells: &[Option<&str>]| {
        rows.push(cells.iter().map(|cell| cell.map(str::to_owned)).collect());
        ControlFlow::Continue(())
    };
    table.each(places, &mut see).await.unwrap();
    rows
}

#[tokio::test]
async fn every_pass_over_a_foreign_table_sees_the_same_rows() {
    let (_folder, tables) = tables(9000).await;
    for (address, database) in &tables {
        let mut table = ForeignTable::open(address).await.unwrap();
        let first = all(&mut table, &[0, 1, 3]).await;
        assert_eq!(first.len(), 9001, "{address}");
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(first[4], [text("5"), text("李 5"), text("2001-02-03")]);
        assert_eq!(first[9000], [None, None, None]);
        let store = Store::open(database).await.unwrap();
        let mut tx = store.begin().await.unwrap();
        tx.execute("INSERT INTO \"人 \"\"口\" (name) VALUES ('late')", Vec::new()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(all(&mut table, &[0, 1, 3]).await, first, "{address}");
        // Whoever has seen enough may begin again.
        let mut seen = 0;
        let mut few = |_: &[Option<&str>]| {
            seen += 1;
            if seen == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        table.each(&[], &mut few).await.unwrap();
        assert_eq!(all(&mut table, &[1]).await.len(), 9001);
        drop(table);
        let mut later = ForeignTable::open(address).await.unwrap();
        assert_eq!(all(&mut later, &[0]).await.len(), 9002);
    }
}

#[tokio::test]
async fn the_kinds_of_columns_are_those_that_every_cell_keeps() {
    let (_folder, tables) = tables(10).await;
    for (address, _) in &tables {
        let mut table = ForeignTable::open(address).await.unwrap();
        let kinds = table.checked_columns().await.unwrap();
        let kinds: Vec<ForeignKind> = kinds.into_iter().map(|column| column.kind).collect();
        let day = if address.to_string().starts_with("sqlite") {
            ForeignKind::Text
        } else {
            ForeignKind::Date
        };
        let wanted =
            [ForeignKind::Whole, ForeignKind::Text, ForeignKind::Real, day, ForeignKind::Text];
        assert_eq!(kinds, wanted, "{address}");
    }
}

#[tokio::test]
async fn a_number_with_many_digits_is_a_text_that_keeps_them() {
    let database = Postgres::shared().database().await;
    let store = Store::open(&database).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    for sql in [
        "CREATE TABLE exact (id NUMERIC(18), price NUMERIC(9, 2), at TIMESTAMPTZ, raw BYTEA, yes BOOLEAN)",
        "INSERT INTO exact VALUES \
         (140105199001012345, 12.50, '2026-12-01T09:00:00+08:00', '\\x00ff', true)",
    ] {
        tx.execute(sql, Vec::new()).await.unwrap();
    }
    tx.commit().await.unwrap();
    let sign = if database.contains('?') { '&' } else { '?' };
    let address = ForeignAddress::parse(&format!("{database}{sign}table=public.exact")).unwrap();
    let mut table = ForeignTable::open(&address).await.unwrap();
    let columns = table.checked_columns().await.unwrap();
    let kinds: Vec<ForeignKind> = columns.iter().map(|column| column.kind).collect();
    let wanted = [
        ForeignKind::Text,
        ForeignKind::Real,
        ForeignKind::Moment,
        ForeignKind::Text,
        ForeignKind::YesNo,
    ];
    assert_eq!(kinds, wanted);
    let rows = all(&mut table, &[0, 1, 2, 3, 4]).await;
    let texts = ["140105199001012345", "12.50", "2026-12-01 01:00:00", "00ff", "true"];
    assert_eq!(rows, [texts.map(|text| Some(text.to_owned())).to_vec()]);
}

#[tokio::test]
async fn a_foreign_table_is_never_written_to() {
    let (_folder, tables) = tables(10).await;
    for (address, database) in &tables {
        let mut table = ForeignTable::open(address).await.unwrap();
        all(&mut table, &[0]).await;
        drop(table);
        let store = Store::open(database).await.unwrap();
        let rows: i64 = store
            .read()
            .await
            .unwrap()
            .one("SELECT COUNT(*) FROM \"人 \"\"口\"", Vec::new())
            .await
            .unwrap();
        assert_eq!(rows, 11);
    }
    // A view that writes when it is read.
    let (address, database) = &tables[1];
    let store = Store::open(database).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    for sql in [
        "CREATE FUNCTION note() RETURNS bigint LANGUAGE sql AS \
         'INSERT INTO \"人 \"\"口\" (name) VALUES (''sly'') RETURNING 1::bigint'",
        "CREATE VIEW sly AS SELECT note() AS n",
    ] {
        tx.execute(sql, Vec::new()).await.unwrap();
    }
    tx.commit().await.unwrap();
    let shown = address.to_string();
    let (before, _) = shown.rsplit_once("table=").unwrap();
    let sly = ForeignAddress::parse(&format!("{before}table=sly")).unwrap();
    let mut table = ForeignTable::open(&sly).await.unwrap();
    let refused = table.each(&[0], &mut |_| ControlFlow::Continue(())).await.unwrap_err();
    assert!(refused.to_string().contains("read-only"), "{refused}");
    let missing = ForeignAddress::parse("sqlite:/nowhere/at/all.db?table=a").unwrap();
    let error = ForeignTable::open(&missing).await.unwrap_err();
    assert!(matches!(error, ForeignError::Connect { .. }), "{error}");
    let (address, _) = &tables[0];
    let other = address.to_string().replace("人 \"口", "没有");
    let error = ForeignTable::open(&ForeignAddress::parse(&other).unwrap()).await.unwrap_err();
    assert!(matches!(error, ForeignError::NoTable { .. }), "{error}");
    assert!(!std::path::Path::new("/nowhere").exists(), "nothing is made");
}

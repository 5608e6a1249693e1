//! What goes in comes out.

use jiff::Timestamp;
use proptest::prelude::*;
use store::{Error, FromRow, Query, Row, params};
use testkit::{moment, stores};
use vocabulary::{AssetId, Bilingual, Fen, JobId};

#[derive(Debug, PartialEq)]
struct All {
    text: String,
    bytes: Option<Vec<u8>>,
    number: i64,
    unsigned: u64,
    measure: f64,
    yes: bool,
    none: Option<i64>,
    time: Timestamp,
    id: AssetId,
    money: Fen,
    json: serde_json::Value,
    shape: Bilingual,
}

impl FromRow for All {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            text: row.get("text_value")?,
            bytes: row.get("bytes_value")?,
            number: row.get("number_value")?,
            unsigned: row.get("unsigned_value")?,
            measure: row.get("measure_value")?,
            yes: row.get("yes_value")?,
            none: row.get("none_value")?,
            time: row.get("time_value")?,
            id: row.get("id_value")?,
            money: row.get("money_value")?,
            json: row.get("json_value")?,
            shape: row.json("json_value")?,
        })
    }
}

const TABLE: &str = "CREATE TABLE all_values (
    text_value TEXT NOT NULL, bytes_value BYTEA, number_value BIGINT NOT NULL,
    unsigned_value BIGINT NOT NULL, measure_value DOUBLE PRECISION NOT NULL,
    yes_value BIGINT NOT NULL, none_value BIGINT, time_value TEXT NOT NULL,
    id_value TEXT NOT NULL, money_value BIGINT NOT NULL, json_value TEXT NOT NULL)";

const INSERT: &str = "INSERT INTO all_values VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

#[tokio::test]
async fn every_type_comes_back_as_it_went_in() {
    for (engine, store) in stores().await {
        let shape = Bilingual::new("太原 '引号'", "a \"quote\"");
        let wanted = All {
            text: "汾河\u{1F30A}'; DROP TABLE x; --".to_owned(),
            bytes: Some(vec![0, 255, 7]),
            number: i64::MIN,
            unsigned: 9_223_372_036_854_775_807,
            measure: 0.1,
            yes: true,
            none: None,
            time: moment(),
            id: AssetId::new_v7(moment()),
            money: Fen::new(-199),
            json: serde_json::to_value(&shape).unwrap(),
            shape,
        };
        let mut tx = store.begin().await.unwrap();
        tx.execute(TABLE, params![]).await.unwrap();
        tx.execute(
            INSERT,
            params![
                wanted.text,
                wanted.bytes,
                wanted.number,
                wanted.unsigned,
                wanted.measure,
                wanted.yes,
                wanted.none,
                wanted.time,
                wanted.id,
                wanted.money,
                wanted.json
            ],
        )
        .await
        .unwrap();
        let found: All = tx.one("SELECT * FROM all_values", params![]).await.unwrap();
        assert_eq!(found, wanted, "{engine}");
    }
}

#[tokio::test]
async fn a_number_that_does_not_fit_is_refused_before_it_is_sent() {
    for (engine, store) in stores().await {
        let mut tx = store.begin().await.unwrap();
        let error =
            tx.execute("UPDATE job SET attempts = $1", params![u64::MAX]).await.unwrap_err();
        assert!(matches!(error, Error::TooLarge(u64::MAX)), "{engine}: {error:?}");
    }
}

#[tokio::test]
async fn a_column_of_another_type_is_damage_and_not_a_default() {
    for (engine, store) in stores().await {
        let mut reader = store.read().await.unwrap();
        for sql in ["SELECT 'x'", "SELECT CAST(NULL AS TEXT)", "SELECT CAST(2 AS BIGINT)"] {
            let error = reader.one::<bool>(sql, params![]).await.unwrap_err();
            assert!(matches!(error, Error::Corrupt { .. }), "{engine} {sql}: {error:?}");
        }
        let sorts_wrong = "SELECT '2026-03-02T09:00:00+08:00'";
        let error = reader.one::<Timestamp>(sorts_wrong, params![]).await.unwrap_err();
        assert!(matches!(error, Error::Corrupt { .. }), "{engine}: {error:?}");
        let error = reader.one::<JobId>("SELECT 'no id'", params![]).await.unwrap_err();
        assert!(matches!(error, Error::Corrupt { .. }), "{engine}: {error:?}");
    }
}

#[tokio::test]
async fn pairs_and_plain_columns_are_rows_too() {
    for (engine, store) in stores().await {
        let mut reader = store.read().await.unwrap();
        let row: (String, Option<i64>, i64) = reader
            .one("SELECT 'a', CAST(NULL AS BIGINT), COUNT(*) FROM job", params![])
            .await
            .unwrap();
        assert_eq!(row, ("a".to_owned(), None, 0), "{engine}");
        // PostgreSQL's INTEGER is read as a number too.
        assert_eq!(reader.one::<i64>("SELECT 1", params![]).await.unwrap(), 1, "{engine}");
    }
}

proptest! {
    #[test]
    fn times_sort_as_text(first in 0_i64..4_102_444_800_000_000, second in 0_i64..4_102_444_800_000_000) {
        let time = |micros| Timestamp::from_microsecond(micros).unwrap();
        let (first_text, second_text) =
            (store::utc_text(time(first)), store::utc_text(time(second)));
        prop_assert_eq!(first_text.cmp(&second_text), first.cmp(&second));
        prop_assert_eq!(first_text.parse::<Timestamp>().unwrap(), time(first));
    }
}

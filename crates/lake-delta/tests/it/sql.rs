//! A person's SQL: what it may be, what it costs, and that no text of it breaks anything.

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use arrow::util::pretty::pretty_format_batches;
use futures::TryStreamExt;
use lake::{Lake, LakeError, LimitKind, QueryLimits};

use crate::conformance::LIMITS;
use crate::limits::{ROWS, answer, crowded};

fn small() -> QueryLimits {
    QueryLimits { memory_bytes: 64 << 20, ..LIMITS }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_that_doubles_ends_with_a_limit_and_not_with_the_memory_of_the_machine() {
    let (_folder, lake, table) = crowded().await;
    let mut doubled = "with a0 as (select name n from t)".to_owned();
    let mut replaced = doubled.clone();
    let mut joined = doubled.clone();
    for step in 1..30 {
        let before = step - 1;
        doubled.push_str(&format!(", a{step} as (select n || n as n from a{before})"));
        joined.push_str(&format!(", a{step} as (select concat(n, n, n, n) as n from a{before})"));
        replaced.push_str(&format!(
            ", a{step} as (select replace(n, 'a', 'aaaaaaaa') as n from a{before})"
        ));
    }
    for query in [doubled, replaced, joined] {
        let sql = format!("{query} select max(length(n)) from a29");
        let found = answer(&lake, &table, &sql, &small()).await;
        let ended =
            matches!(found, Err(LakeError::Limit { kind: LimitKind::Memory | LimitKind::Time }));
        assert!(ended, "{found:?}");
    }
    let constant = format!("select {}", vec!["'0123456789'"; 300].join(" || "));
    let found = answer(&lake, &table, &format!("{constant} as x"), &small()).await.unwrap();
    assert_eq!(found[0].column(0).as_string::<i32>().value(0).len(), 3_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deep_or_wide_statement_is_answered_or_refused_and_never_breaks_the_stack() {
    let (_folder, lake, table) = crowded().await;
    let long = |part: &str, times: usize| vec![part; times].join(" ");
    let statements = [
        format!("select {}1{}", "(".repeat(5_000), ")".repeat(5_000)),
        format!("select {}1{}", "(".repeat(39), ")".repeat(39)),
        format!("select 1 {}", long("+ 1", 900)),
        format!("select {} true", long("not", 1_900)),
        format!("select {} 1", long("+", 1_900)),
        format!("select count(*) from t where n = 1 {}", long("or n = 1", 400)),
        format!("select count(*) from t where n in ({} 1)", "1, ".repeat(900)),
        format!("select 1 as x {}", long("union all select 1", 450)),
        format!("select {} 1 {}", long("case when true then", 350), long("end", 350)),
        format!("select 1 {}", long("::int", 600)),
        format!("{} t {}", "select * from (".repeat(35), ") x".repeat(35)),
        format!("select {} 1 {}", "exists (select ".repeat(35), ")".repeat(35)),
        format!("select n from t where {}", "n between 1 and 2 and ".repeat(250) + "true"),
        "select '".to_owned(),
        "/* ".repeat(3_000),
        "\u{0}\u{1}select".to_owned(),
        "選択 ＊ ｆｒｏｍ ｔ".to_owned(),
    ];
    for sql in &statements {
        let found = answer(&lake, &table, sql, &small()).await;
        let polite = matches!(found, Ok(_) | Err(LakeError::Sql { .. } | LakeError::Limit { .. }));
        assert!(polite, "{sql:.80}: {found:?}");
    }
    // The engine lives.
    assert_eq!(answer(&lake, &table, "select count(*) from t", &LIMITS).await.unwrap().len(), 1);
}

#[tokio::test]
async fn tables_behind_names_are_counted_each_time() {
    let (_folder, lake, table) = crowded().await;
    let mut sql = "with a0 as (select n from t)".to_owned();
    for step in 1..25 {
        let before = step - 1;
        sql.push_str(&format!(", a{step} as (select x.n from a{before} x, a{before} y)"));
    }
    sql.push_str(" select count(*) from a24");
    let found = answer(&lake, &table, &sql, &LIMITS).await;
    let Err(LakeError::Sql { message }) = found else { panic!("{found:?}") };
    assert!(message.en.contains("at most 32 times"), "{}", message.en);
    assert!(message.zh.contains("最多读 32 次表"), "{}", message.zh);
}

#[tokio::test]
async fn the_names_of_tables_are_found_without_running_anything() {
    let (_folder, lake, _table) = crowded().await;
    let sql = "with u as (select * from \"0193-x\") select * from u join \"乙\" v on u.a = v.a
               where exists (select 1 from w)";
    assert_eq!(lake.sql_tables(sql, &QueryLimits::default()).await.unwrap(), ["0193-x", "w", "乙"]);
    assert!(lake.sql_tables("select 1", &QueryLimits::default()).await.unwrap().is_empty());
    assert!(matches!(
        lake.sql_tables("drop table t", &QueryLimits::default()).await,
        Err(LakeError::Sql { .. })
    ));
}

#[tokio::test]
async fn an_answer_says_what_it_read_and_a_cut_one_has_what_is_allowed() {
    let (_folder, lake, table) = crowded().await;
    let tables = [("t".to_owned(), table.clone(), None)];
    let whole = lake.sql(&tables, "select sum(n) as s from t", &LIMITS).await.unwrap();
    let rows: Vec<_> = whole.batches.try_collect().await.unwrap();
    let expected = ROWS * (ROWS - 1) / 2;
    assert_eq!(rows[0].column(0).as_primitive::<Int64Type>().value(0), expected);
    let read = whole.meter.read();
    assert_eq!(read.rows, u64::try_from(ROWS).unwrap());
    assert!(read.bytes > 100_000, "{read:?}");
    let none = lake.sql(&tables, "select 1 + 1 as two", &LIMITS).await.unwrap();
    let _two: Vec<_> = none.batches.try_collect().await.unwrap();
    assert_eq!(none.meter.read(), lake::Scanned::default());

    let few = QueryLimits { rows: 1_500, ..LIMITS };
    let mut cut = lake.sql(&tables, "select n from t", &few).await.unwrap();
    let mut given = 0;
    let last = loop {
        match cut.batches.try_next().await {
            Ok(Some(batch)) => given += batch.num_rows(),
            other => break other,
        }
    };
    assert_eq!(given, 1_500);
    assert!(matches!(last, Err(LakeError::Limit { kind: LimitKind::Rows })), "{last:?}");
    assert!(cut.meter.read().rows < u64::try_from(ROWS).unwrap(), "a limit stops the reading");
}

#[tokio::test]
async fn answers_have_the_types_and_the_values_that_sql_gives() {
    let (_folder, lake, table) = crowded().await;
    let sql = "select 'a' || 1 as j, 'a' || null as missing, upper(substr(name, 1, 8)) as up,
                      concat_ws('-', t.n, 'x') as w, split_part(name, ' ', 2) as s, t.n, u.n,
                      name like '%000' as l, regexp_like(name, '0{10}') as r,
                      row_number() over (order by t.n desc) as place,
                      t.n > (select avg(n) from t) as above
                 from t join (select n from t where n < 2) u on t.n = u.n order by t.n";
    let found = answer(&lake, &table, sql, &LIMITS).await.unwrap();
    let shown = pretty_format_batches(&found).unwrap().to_string();
    let cells: Vec<&str> = shown.lines().nth(3).unwrap().split('|').map(str::trim).collect();
    assert_eq!(
        cells,
        ["", "a1", "", "A RATHER", "0-x", "rather", "0", "0", "true", "true", "2", "false", ""]
    );
    let schema = found[0].schema();
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    assert_eq!(names, ["j", "missing", "up", "w", "s", "n", "n_2", "l", "r", "place", "above"]);
}

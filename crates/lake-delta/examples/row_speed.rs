//! Measures pages of rows, filters, groups and writing on a table of synthetic rows.
//!
//! ```text
//! row_speed FOLDER ROWS decoded|engine
//! ```
//!
//! Stands for the row interface: many small questions to one table. Every answer is
//! checked, so that a fast wrong answer fails. Figures: `docs/performance.md`.

#![expect(clippy::print_stdout, reason = "it prints what it measured")]

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use lake::{
    CommitInfo, Filter, GroupQuery, Lake, Measure, Order, QueryLimits, RowQuery, TablePath,
};
use lake_delta::{DeltaLake, Location, Settings};

const CITIES: [&str; 8] = ["太原", "大同", "阳泉", "长治", "晋城", "朔州", "晋中", "运城"];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("FOLDER ROWS decoded|engine");
    let (folder, rows, mode) = (next()?, next()?.parse::<i64>()?, next()?);
    let mut settings = Settings::default();
    if mode == "engine" {
        settings.decoded_bytes = 0;
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(measure(
        DeltaLake::with_settings(Location::Folder(folder.into()), settings)?,
        rows,
    ))
}

async fn measure(lake: DeltaLake, rows: i64) -> Result<(), Box<dyn Error>> {
    let table: TablePath = "bench/rows".parse()?;
    let limits = QueryLimits::default();
    let started = Instant::now();
    let mut writer = lake.writer(&table, batch(0, 1)?.schema()).await?;
    let mut at = 0;
    while at < rows {
        let to = rows.min(at + 8_192);
        writer.write(batch(at, to)?).await?;
        at = to;
    }
    let at = jiff::Timestamp::UNIX_EPOCH;
    let info = CommitInfo { author: "bench".into(), operation: "bench".into(), at };
    let written = writer.commit(info).await?;
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "write: {:.2} s, {:.0} rows/s, {} bytes in {} files",
        seconds,
        seconds.recip() * f64::from(u32::try_from(rows)?),
        written.bytes,
        written.files
    );
    let questions = [
        ("first page of 100", RowQuery { limit: Some(100), ..RowQuery::default() }, 100),
        (
            "one row by number",
            RowQuery {
                filter: Some(Filter::parse("编号 = 54321")?),
                limit: Some(10),
                ..RowQuery::default()
            },
            1,
        ),
        (
            "100 rows of a city by value",
            RowQuery {
                filter: Some(Filter::parse("城市 = '大同' and 数值 > 50")?),
                order: Order::parse_list("数值 desc, 编号")?,
                limit: Some(100),
                ..RowQuery::default()
            },
            100,
        ),
    ];
    for (name, query, expected) in questions {
        let mut spent = Vec::new();
        for _ in 0..200 {
            let started = Instant::now();
            let page = lake.page(&table, None, &query, &limits).await?;
            spent.push(started.elapsed());
            if page.rows.num_rows() != expected {
                return Err(format!("{name}: {} rows", page.rows.num_rows()).into());
            }
        }
        report(name, &mut spent);
    }
    let group = GroupQuery {
        by: vec!["城市".into()],
        measures: vec![Measure::Count, Measure::Avg("数值".into())],
        ..GroupQuery::default()
    };
    let mut spent = Vec::new();
    for _ in 0..50 {
        let started = Instant::now();
        if lake.group(&table, None, &group, &limits).await?.num_rows() != CITIES.len() {
            return Err("groups".into());
        }
        spent.push(started.elapsed());
    }
    report("group by city", &mut spent);
    Ok(())
}

fn report(name: &str, spent: &mut [std::time::Duration]) {
    spent.sort_unstable();
    let middle = spent.get(spent.len() / 2).copied().unwrap_or_default();
    let slow = spent.get(spent.len() * 99 / 100).copied().unwrap_or_default();
    println!("{name}: median {middle:?}, 99th of 100 {slow:?}");
}

fn batch(from: i64, to: i64) -> Result<RecordBatch, Box<dyn Error>> {
    let mixed = |n: i64| n.wrapping_mul(2_654_435_761).rem_euclid(1 << 32);
    let numbers = Int64Array::from_iter_values(from..to);
    let names: StringArray = (from..to).map(|n| Some(format!("居民{:08}", mixed(n)))).collect();
    let cities: StringArray = (from..to)
        .map(|n| usize::try_from(mixed(n) % 8).ok().and_then(|city| CITIES.get(city)).copied())
        .collect();
    let values: Result<Vec<f64>, _> = (from..to)
        .map(|n| u32::try_from(mixed(n) / 8 % 10_000).map(|v| f64::from(v) / 100.0))
        .collect();
    Ok(RecordBatch::try_from_iter([
        ("编号", Arc::new(numbers) as ArrayRef),
        ("姓名", Arc::new(names) as ArrayRef),
        ("城市", Arc::new(cities) as ArrayRef),
        ("数值", Arc::new(Float64Array::from(values?)) as ArrayRef),
    ])?)
}

//! `fenhe risk FILE`: how well the rows of a table can be told apart.
//!
//! What the JSON report holds is a contract: names are added, never changed. Exit
//! status: 0 measured, 2 the input cannot be used.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use ::deident::TupleTable;
use ::deident::risk::{self, ClassSizes, PopulationUniques, RiskError};
use clap::Args;
use serde_json::{Value, json};

use crate::deident::{Format, ReadError, TextTable};
use crate::show::{complain, say};

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Risk {
    /// 表格文件 The table: CSV, XLSX, JSON or Parquet.
    file: PathBuf,
    /// 准标识符 Quasi-identifiers, e.g. sex,age,race.
    #[arg(long, required = true, value_delimiter = ',', value_name = "COLUMNS")]
    quasi: Vec<String>,
    /// 抽样比例 Share of the population that is in the table, in (0, 1].
    #[arg(long, value_name = "SHARE")]
    sampling_fraction: Option<f64>,
    /// 处理前的表 The table before de-identification, to say what changed.
    #[arg(long, value_name = "FILE")]
    original: Option<PathBuf>,
    /// 输出格式 How to report.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
enum MeasureError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("{}: {source}; correct the number or the file", path.display())]
    Risk { path: PathBuf, source: RiskError },
}

/// Runs the command; complaints go to standard error.
pub(crate) fn risk(arguments: &Risk) -> ExitCode {
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&error, ExitCode::from(2)),
    }
}

/// Thresholds of a record's own risk: classes below 20, 5 and 3 rows.
const THRESHOLDS: [&str; 3] = ["0.05", "0.2", "0.33"];

struct Measured {
    classes: ClassSizes,
    uniqueness: f64,
    prosecutor: f64,
    marketer: f64,
    at_risk: BTreeMap<&'static str, f64>,
    theta: Option<f64>,
    population: Option<PopulationUniques>,
}

fn run(arguments: &Risk) -> Result<(), MeasureError> {
    let tuples = TextTable::open(&arguments.file, &arguments.quasi)?.count(&arguments.quasi)?;
    let failed = |source| MeasureError::Risk { path: arguments.file.clone(), source };
    let measured = measure(&tuples, arguments.sampling_fraction).map_err(failed)?;
    let before = match &arguments.original {
        None => None,
        Some(path) => Some(TextTable::open(path, &arguments.quasi)?.count(&arguments.quasi)?),
    };
    if arguments.format == Format::Json {
        say(&as_json(arguments, &measured, &tuples, before.as_ref()).to_string());
    } else {
        as_text(arguments, &measured, &tuples, before.as_ref());
    }
    Ok(())
}

fn measure(tuples: &TupleTable, fraction: Option<f64>) -> Result<Measured, RiskError> {
    let classes = tuples.class_sizes();
    let mut at_risk = BTreeMap::new();
    for threshold in THRESHOLDS {
        let number = threshold.parse().unwrap_or(f64::NAN);
        at_risk.insert(threshold, risk::records_at_risk(&classes, number)?);
    }
    Ok(Measured {
        uniqueness: risk::sample_uniqueness(&classes)?,
        prosecutor: risk::prosecutor_max(&classes)?,
        marketer: risk::marketer(&classes)?,
        at_risk,
        theta: fraction.map(|fraction| risk::theta(&classes, fraction)).transpose()?,
        population: fraction
            .map(|fraction| risk::population_uniques(&classes, fraction))
            .transpose()?,
        classes,
    })
}

fn as_json(
    arguments: &Risk,
    measured: &Measured,
    tuples: &TupleTable,
    before: Option<&TupleTable>,
) -> Value {
    let Measured { classes, population, .. } = measured;
    let mut report = json!({
        "rows": classes.rows(),
        "classes": classes.classes(),
        "min_class": classes.min(),
        "max_class": classes.max(),
        "sample_uniqueness": measured.uniqueness,
        "prosecutor_max": measured.prosecutor,
        "marketer": measured.marketer,
        "at_risk": measured.at_risk,
        "theta": measured.theta,
        "population_uniques": population,
        "population_uniques_interval": population.and_then(|found| found.interval()),
    });
    if let (Some(before), Some(report)) = (before, report.as_object_mut()) {
        let distinct = |table: &TupleTable, column: &String| table.values(column).map(<[_]>::len);
        let columns: BTreeMap<&String, Value> = arguments
            .quasi
            .iter()
            .map(|column| {
                let (was, is) = (distinct(before, column), distinct(tuples, column));
                (column, json!({ "values_before": was, "values_after": is }))
            })
            .collect();
        let sizes = before.class_sizes();
        let original = json!({
            "rows": sizes.rows(),
            "rows_dropped": sizes.rows().saturating_sub(classes.rows()),
            "classes": sizes.classes(),
            "sample_uniqueness": risk::sample_uniqueness(&sizes).ok(),
            "marketer": risk::marketer(&sizes).ok(),
            "columns": columns,
        });
        report.insert("original".to_owned(), original);
    }
    report
}

fn as_text(
    arguments: &Risk,
    measured: &Measured,
    tuples: &TupleTable,
    before: Option<&TupleTable>,
) {
    let classes = &measured.classes;
    say(&format!("行数 rows                          {}", classes.rows()));
    say(&format!("等价类 classes                     {}", classes.classes()));
    say(&format!("最小等价类 smallest class          {}", classes.min().unwrap_or(0)));
    say(&format!("唯一记录比例 sample uniqueness     {:.4}", measured.uniqueness));
    say(&format!("最大风险（检察官）prosecutor       {:.4}", measured.prosecutor));
    say(&format!("平均风险（营销者）marketer         {:.4}", measured.marketer));
    for (threshold, share) in &measured.at_risk {
        say(&format!("风险高于 {threshold} 的记录 above {threshold:<9} {share:.4}"));
    }
    match (measured.theta, &measured.population) {
        (Some(theta), Some(population)) => {
            say(&format!("唯一匹配正确的概率 θ               {theta:.4}"));
            let interval = population.interval().map_or_else(
                || "无法估计 no estimate".to_owned(),
                |(low, high)| format!("{low:.0} – {high:.0}"),
            );
            say(&format!("总体中唯一的记录 population uniques {interval}"));
        }
        _ => say("给出 --sampling-fraction 才能估计总体 give it to estimate the population"),
    }
    if let Some(before) = before {
        let dropped = before.rows().saturating_sub(tuples.rows());
        say(&format!("去掉的行 rows dropped              {dropped}"));
        for column in &arguments.quasi {
            let count = |table: &TupleTable| table.values(column).map_or(0, <[_]>::len);
            let (was, is) = (count(before), count(tuples));
            say(&format!("  {column}: {was} → {is} 个不同值 different values"));
        }
    }
    say(
        "未考察：敏感值的推断、其他数据的关联 not measured: inference of sensitive values, linking",
    );
}

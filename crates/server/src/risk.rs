//! `fenhe risk FILE`: how well the rows of a table can be told apart.
//!
//! What the JSON report holds is a contract: names are added, never changed. Exit
//! status: 0 measured, 2 the input cannot be used.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use ::deident::TupleTable;
use ::deident::risk::{self, ClassSizes, Combination, PopulationUniques, RiskError};
use clap::Args;
use serde_json::{Value, json};
use vocabulary::Bilingual;

use crate::deident::{Format, ReadError, TextTable};
use crate::report::{Bar, Report, ReportError, Section, class_sizes, percent};
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
    /// 报告文件 Where to write a report with pictures, for people (HTML).
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
enum MeasureError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Report(#[from] ReportError),
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
    if let Some(path) = &arguments.report {
        html(arguments, &measured, &tuples, before.as_ref())?.write(path)?;
    }
    if arguments.format == Format::Json {
        say(&as_json(arguments, &measured, &tuples, before.as_ref()).to_string());
    } else {
        as_text(arguments, &measured, &tuples, before.as_ref());
    }
    Ok(())
}

/// Combinations of at most this many columns are looked at.
const WIDEST: usize = 3;

/// The report for people.
fn html(
    arguments: &Risk,
    measured: &Measured,
    tuples: &TupleTable,
    before: Option<&TupleTable>,
) -> Result<Report, MeasureError> {
    let failed = |source| MeasureError::Risk { path: arguments.file.clone(), source };
    let classes = &measured.classes;
    let alone = classes.of_size(1);
    let verdict = Bilingual::new(
        format!(
            "按所列准标识符，{} 行中有 {alone} 行（{}）独自成类，可被单独挑出；最小等价类 {} 行。",
            classes.rows(),
            percent(measured.uniqueness),
            classes.min().unwrap_or(0),
        ),
        format!(
            "By the listed quasi-identifiers {alone} of {} rows ({}) are alone and can be singled out; \
             the smallest class has {} rows.",
            classes.rows(),
            percent(measured.uniqueness),
            classes.min().unwrap_or(0),
        ),
    );
    let subject = arguments.file.display().to_string();
    let good = if alone > 0 { Some(false) } else { None };
    let mut report = Report::new(("风险度量报告", "Report on risk"), subject, verdict, good);
    report.fact("行数", "rows", classes.rows().to_string());
    report.fact("等价类", "classes", classes.classes().to_string());
    report.fact("最大风险", "highest risk", format!("{:.4}", measured.prosecutor));
    report.fact("平均风险", "mean risk", format!("{:.4}", measured.marketer));
    report.add(class_sizes(before.map(TupleTable::class_sizes).as_ref(), classes));
    report.add(arithmetic(measured));
    report.add(singled_out(&risk::combinations(tuples, WIDEST).map_err(failed)?));
    report.add(
        Section::new("没有说明的", "What this does not say").text(
            "未考察敏感值的推断，也未考察与其他数据的关联。任何没有列出的列，对某个人都可能是准标识符。",
            "Inference of sensitive values and linking with other data were not examined. Every column that is not listed is a quasi-identifier for someone.",
        ),
    );
    Ok(report)
}

/// Each figure with its formula.
fn arithmetic(measured: &Measured) -> Section {
    let classes = &measured.classes;
    let mut rows = vec![
        vec![
            "最大风险 prosecutor".to_owned(),
            format!("1 / {}", classes.min().unwrap_or(0)),
            format!("{:.4}", measured.prosecutor),
        ],
        vec![
            "平均风险 marketer".to_owned(),
            format!("{} / {}", classes.classes(), classes.rows()),
            format!("{:.4}", measured.marketer),
        ],
        vec![
            "唯一记录比例 sample uniqueness".to_owned(),
            format!("{} / {}", classes.of_size(1), classes.rows()),
            format!("{:.4}", measured.uniqueness),
        ],
    ];
    for (threshold, share) in &measured.at_risk {
        rows.push(vec![
            format!("风险高于 {threshold} 的记录 records above {threshold}"),
            format!("1 / 类 class > {threshold}"),
            format!("{share:.4}"),
        ]);
    }
    if let Some(theta) = measured.theta {
        rows.push(vec![
            "唯一匹配正确的概率 a unique match is right, θ".to_owned(),
            "f·n1 / (f·n1 + 2(1 − f)·n2)".to_owned(),
            format!("{theta:.4}"),
        ]);
    }
    if let Some((low, high)) = measured.population.as_ref().and_then(PopulationUniques::interval) {
        rows.push(vec![
            "总体中唯一的记录 unique in the population".to_owned(),
            "三个估计量的区间 interval over three estimators".to_owned(),
            format!("{low:.0} – {high:.0}"),
        ]);
    }
    let section = Section::new("度量与算式", "Measures with their arithmetic")
        .table(&[("度量", "measure"), ("算式", "arithmetic"), ("值", "value")], rows);
    if measured.theta.is_some() {
        return section;
    }
    section.text(
        "没有给出抽样比例，因此没有估计总体；给出 --sampling-fraction 即可。",
        "No share of the population was given, so nothing is said of the population; give --sampling-fraction.",
    )
}

/// Which columns single records out.
fn singled_out(found: &[Combination]) -> Section {
    /// Combinations that are shown.
    const SHOWN: usize = 15;
    let bars = found.iter().take(SHOWN).map(|combination| {
        let key = if combination.minimal_key { " · 每行唯一 a key" } else { "" };
        let shown = format!("{}{key}", percent(combination.uniqueness));
        Bar::new(combination.columns.join(" + "), combination.uniqueness, shown)
    });
    Section::new("哪些列的组合能挑出一个人", "Which columns single a person out").bars(
        "各组合中独自成类的记录比例（至多三列）",
        "share of the records that are alone in each combination of up to three columns",
        bars.collect(),
    )
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

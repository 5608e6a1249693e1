//! `fenhe risk FILE`: how well the rows of a table can be told apart.
//!
//! What the JSON report holds is a contract: names are added, never changed. Exit
//! status: 0 measured, 2 the input cannot be used.

mod report;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use ::deident::attack::{AttackError, AttackReport, Predicates, Settings, Subject, singling_out};
use ::deident::risk::{self, ClassSizes, ModalGuess, PopulationUniques, RiskError, SampleMap};
use ::deident::{Counted, SpillError};
use clap::Args;
use serde_json::{Value, json};

use crate::deident::{Bound, Format, ReadError, TextTable};
use crate::report::ReportError;
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
    /// 敏感列 Sensitive columns: what does the class of a row tell of them?
    #[arg(long, value_delimiter = ',', value_name = "COLUMNS")]
    sensitive: Vec<String>,
    /// 试行单独识别攻击 Try to single people of --original out with the released table.
    #[arg(long, requires = "original")]
    attack: bool,
    /// 对照表 People of the same kind who are not in the original: what is told of them is
    /// no danger of the release.
    #[arg(long, value_name = "FILE", requires = "attack")]
    control: Option<PathBuf>,
    /// 泛化层次文件夹 Hierarchies with which the release was made.
    #[arg(long, value_name = "FOLDER", requires = "attack")]
    hierarchies: Option<PathBuf>,
    /// 风险上限 Promise that the attack's risk is at most this: exit status 1 if it is not.
    #[arg(long, value_name = "RISK", requires = "attack", value_parser = share)]
    threshold: Option<f64>,
    /// 随机种子 Seeds, one a run of the attack.
    #[arg(long, value_delimiter = ',', default_value = "1,2,3", value_name = "NUMBERS")]
    seeds: Vec<u64>,
    #[command(flatten)]
    bound: Bound,
    /// 输出格式 How to report.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// 报告文件 Where to write a report with pictures, for people (HTML).
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// A number between 0 and 1.
fn share(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| (0.0..=1.0).contains(number));
    number.ok_or_else(|| "应在 0 与 1 之间 it lies between 0 and 1".to_owned())
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
    #[error("{}: {source}", path.display())]
    Sensitive { path: PathBuf, source: risk::diversity::DiversityError },
    #[error("{}: {source}", path.display())]
    Attack { path: PathBuf, source: AttackError },
    #[error("{}: {source}", path.display())]
    Spill { path: PathBuf, source: SpillError },
    #[error(
        "{}: the attack finds out up to {found:.3}, above the threshold {threshold}; \
         generalize or suppress more", path.display()
    )]
    Broken { path: PathBuf, found: f64, threshold: f64 },
}

/// Runs the command; complaints go to standard error.
pub(crate) fn risk(arguments: &Risk) -> ExitCode {
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error @ MeasureError::Broken { .. }) => complain(&error, ExitCode::FAILURE),
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
    /// Records that are likely to be in small classes of the population.
    sample_map: Option<SampleMap>,
    guesses: Vec<ModalGuess>,
    attacks: Vec<AttackReport>,
}

fn run(arguments: &Risk) -> Result<(), MeasureError> {
    let quasi = &arguments.quasi;
    let memory = arguments.bound.memory();
    let count = |path: &PathBuf| TextTable::open(path, quasi)?.count(quasi, &memory);
    let tuples = count(&arguments.file)?;
    let failed = |source| MeasureError::Risk { path: arguments.file.clone(), source };
    let mut measured = measure(&tuples, arguments.sampling_fraction).map_err(failed)?;
    let before = arguments.original.as_ref().map(count).transpose()?;
    measured.guesses = guesses(arguments)?;
    if arguments.attack
        && let Some(original) = &before
    {
        let control = arguments.control.as_ref().map(count).transpose()?;
        measured.attacks = attacks(arguments, &tuples, original, control.as_ref())?;
    }
    if let Some(path) = &arguments.report {
        report::report(arguments, &measured, &tuples, before.as_ref())?.write(path)?;
    }
    if arguments.format == Format::Json {
        say(&as_json(arguments, &measured, &tuples, before.as_ref()).to_string());
    } else {
        as_text(arguments, &measured, &tuples, before.as_ref());
    }
    let Some(threshold) = arguments.threshold else { return Ok(()) };
    if measured.attacks.iter().all(|attack| attack.passes(threshold)) {
        return Ok(());
    }
    let found = measured.attacks.iter().map(AttackReport::upper).fold(0.0, f64::max);
    Err(MeasureError::Broken { path: arguments.file.clone(), found, threshold })
}

/// What the classes tell of the sensitive columns.
fn guesses(arguments: &Risk) -> Result<Vec<ModalGuess>, MeasureError> {
    if arguments.sensitive.is_empty() {
        return Ok(Vec::new());
    }
    let mut names = arguments.quasi.clone();
    names
        .extend(arguments.sensitive.iter().filter(|name| !arguments.quasi.contains(name)).cloned());
    let tuples = TextTable::open(&arguments.file, &names)?;
    let tuples = tuples.count(&names, &arguments.bound.memory())?;
    let failed = |source| MeasureError::Sensitive { path: arguments.file.clone(), source };
    let guess = |column: &String| {
        let guess = match &tuples {
            Counted::Whole(tuples) => risk::modal_guess(tuples, &arguments.quasi, column),
            Counted::Spilled(tuples) => tuples.modal_guess(&arguments.quasi, column),
        };
        guess.map_err(failed)
    };
    arguments.sensitive.iter().map(guess).collect()
}

/// Tries to single people out: by one column, and by three.
fn attacks(
    arguments: &Risk,
    release: &Counted,
    table: &Counted,
    control: Option<&Counted>,
) -> Result<Vec<AttackReport>, MeasureError> {
    let mut hierarchies = BTreeMap::new();
    if let Some(folder) = &arguments.hierarchies {
        let text = TextTable::open(
            arguments.original.as_ref().unwrap_or(&arguments.file),
            &arguments.quasi,
        )?;
        for column in &arguments.quasi {
            hierarchies.insert(column.clone(), text.hierarchy(folder, column, table)?);
        }
    }
    let spilled = |source| MeasureError::Spill { path: arguments.file.clone(), source };
    let subject = Subject {
        release: release.whole("--attack").map_err(spilled)?,
        table: table.whole("--attack").map_err(spilled)?,
        control: control.map(|control| control.whole("--attack")).transpose().map_err(spilled)?,
        hierarchies: &hierarchies,
    };
    let settings = Settings { seeds: arguments.seeds.clone(), ..Settings::default() };
    let failed = |source| MeasureError::Attack { path: arguments.file.clone(), source };
    let widest = arguments.quasi.len().min(WIDEST);
    [Predicates::Univariate, Predicates::Multivariate { columns: widest }]
        .into_iter()
        .map(|predicates| singling_out(&subject, predicates, &settings).map_err(failed))
        .collect()
}

/// A form that fewer of the population have is rare: the usual k.
const FEW: u64 = 5;

/// Combinations of at most this many columns are looked at.
const WIDEST: usize = 3;

fn measure(tuples: &Counted, fraction: Option<f64>) -> Result<Measured, RiskError> {
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
        sample_map: fraction
            .map(|fraction| risk::below_in_population(&classes, FEW, fraction))
            .transpose()?,
        guesses: Vec::new(),
        attacks: Vec::new(),
        classes,
    })
}

fn as_json(
    arguments: &Risk,
    measured: &Measured,
    tuples: &Counted,
    before: Option<&Counted>,
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
        "sample_map": measured.sample_map,
        "population_uniques_interval": population.and_then(|found| found.interval()),
    });
    if let Some(report) = report.as_object_mut() {
        if !measured.guesses.is_empty() {
            report.insert("inference".to_owned(), json!(measured.guesses));
        }
        if !measured.attacks.is_empty() {
            report.insert("attacks".to_owned(), json!(measured.attacks));
        }
    }
    if let (Some(before), Some(report)) = (before, report.as_object_mut()) {
        let distinct = |table: &Counted, column: &String| table.values(column).map(<[_]>::len);
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

fn as_text(arguments: &Risk, measured: &Measured, tuples: &Counted, before: Option<&Counted>) {
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
            if let Some(SampleMap { k, negative_binomial, poisson }) = measured.sample_map {
                let (low, high) = (negative_binomial.min(poisson), negative_binomial.max(poisson));
                say(&format!(
                    "总体中不足 {k} 人的记录（偏低）below {k} in the population (too low) {low:.4} – {high:.4}"
                ));
            }
        }
        _ => say("给出 --sampling-fraction 才能估计总体 give it to estimate the population"),
    }
    if let Some(before) = before {
        let dropped = before.rows().saturating_sub(tuples.rows());
        say(&format!("去掉的行 rows dropped              {dropped}"));
        for column in &arguments.quasi {
            let count = |table: &Counted| table.values(column).map_or(0, <[_]>::len);
            let (was, is) = (count(before), count(tuples));
            say(&format!("  {column}: {was} → {is} 个不同值 different values"));
        }
    }
    for guess in &measured.guesses {
        say(&format!(
            "{}：按类猜对 {:.4}，按全表 {:.4} guessed by class, by table; gain {:.4}",
            guess.column, guess.success, guess.baseline, guess.gain
        ));
    }
    for attack in &measured.attacks {
        let (risk, floor) = (attack.release.risk, attack.no_person.risk);
        say(&format!(
            "攻击 attack {:<24} {:.4} [{:.4}, {:.4}]；无人基线 with no person left {:.4}",
            attack.attack,
            risk.value,
            risk.low,
            attack.upper(),
            floor.value
        ));
    }
    if measured.attacks.is_empty() {
        say(
            "未试攻击：给出 --original 与 --attack no attack was tried: give --original and --attack",
        );
    }
}

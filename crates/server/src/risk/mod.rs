//! `fenhe risk FILE`: how well the rows of a table can be told apart, and what attacks on
//! it find out.
//!
//! ```text
//! FILE ─▶ classes ─▶ measures           mod.rs
//!   ├─ --original, --attack ─▶ attacks   tried.rs
//!   ├─ --earlier ─▶ composition          together.rs
//!   └─ --digests ─▶ restoration          restored.rs
//! ```
//!
//! What the JSON report holds is a contract: names are added, never changed. Exit
//! status: 0 measured, 1 more was found out than `--threshold` promises, 2 the input
//! cannot be used.

mod graded;
mod report;
mod restored;
mod show;
mod together;
mod tried;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use ::deident::attack::{AttackError, AttackReport, Downcoding};
use ::deident::risk::{
    self, Assessment, ClassSizes, Combination, Composition, FormsError, Intersection, LearnedGuess,
    ModalGuess, PopulationUniques, Restoration, RiskError, SampleMap,
};
use ::deident::{Counted, SearchError, TupleError};
use clap::{Args, ValueEnum};

use crate::deident::{Bound, Format};
use crate::report::ReportError;
use crate::show::complain;
use crate::table::{Input, ReadError, TextTable};
use graded::Sharing;

/// What to measure.
#[derive(Debug, Args)]
#[command(after_help = "例 Examples:
  fenhe risk 发布.csv --quasi 性别,年龄 --sampling-fraction 0.01
  fenhe risk 发布.csv --quasi 性别,年龄 --original 原表.csv --hierarchies 层次 --sensitive 病种 \\
        --attack singling-out,inference --control 对照.csv --threshold 0.1
  fenhe risk 发布.csv --quasi 性别,年龄 --earlier 去年.csv --pseudonym 编号
  fenhe risk 发布.csv --quasi 性别,年龄 --digests 手机摘要 --domain mobile:138
攻击说明什么、不说明什么，见 docs/deident.md. What each attack says and does not say stands there.")]
pub(crate) struct Risk {
    /// 表格 The table: CSV, XLSX, JSON or Parquet; a folder of files with the same columns;
    /// `postgres://user@host/database?table=schema.name` or `sqlite:FILE?table=NAME`.
    file: Input,
    /// 准标识符 Quasi-identifiers, e.g. sex,age,race.
    #[arg(long, required = true, value_delimiter = ',', value_name = "COLUMNS")]
    quasi: Vec<String>,
    /// 抽样比例 Share of the population that is in the table, in (0, 1].
    #[arg(long, value_name = "SHARE")]
    sampling_fraction: Option<f64>,
    /// 共享方式 How the table is shared: grade it by GB/T 42460-2023, with the arithmetic.
    #[arg(long, value_enum)]
    sharing: Option<Sharing>,
    /// 环境风险 How likely a deliberate attack, recognition without intent and a leak are, in
    /// controlled or enclave sharing; certain if left out.
    #[arg(long, num_args = 3, value_names = ["T1", "T2", "T3"], requires = "sharing", value_parser = share)]
    context: Vec<f64>,
    /// 处理前的表 The table before de-identification, to say what changed.
    #[arg(long, value_name = "TABLE")]
    original: Option<Input>,
    /// 敏感列 Sensitive columns: what does the class of a row tell of them?
    #[arg(long, value_delimiter = ',', value_name = "COLUMNS")]
    sensitive: Vec<String>,
    /// 试行攻击 Attacks on --original that are tried out with the released table, several with
    /// commas; singling-out if none is named.
    #[arg(long, value_enum, num_args = 0..=1, default_missing_value = "singling-out", value_delimiter = ',', requires = "original", value_name = "ATTACKS")]
    attack: Vec<Attack>,
    /// 关联甲方 Linking: the columns that one outsider knows; e.g. the first half of --quasi.
    #[arg(long, value_delimiter = ',', value_name = "COLUMNS")]
    first: Vec<String>,
    /// 关联乙方 Linking: the columns that another outsider knows of the same people.
    #[arg(long, value_delimiter = ',', value_name = "COLUMNS")]
    second: Vec<String>,
    /// 对照表 People of the same kind who are not in the original: what is told of them is
    /// no danger of the release.
    #[arg(long, value_name = "TABLE", requires = "original")]
    control: Option<Input>,
    /// 泛化层次文件夹 Hierarchies with which the release was made.
    #[arg(long, value_name = "FOLDER", requires = "original")]
    hierarchies: Option<PathBuf>,
    /// 最小等价类 Downcoding: the k with which the release was made by --recoding local.
    #[arg(long)]
    k: Option<u32>,
    /// 抑制上限 Downcoding: the --suppression with which it was made.
    #[arg(long, default_value_t = 0.0, value_name = "SHARE", value_parser = share)]
    suppression: f64,
    /// 早先的发布 Earlier releases of the same table: what do they give away together? Needs
    /// --pseudonym, or --original with --hierarchies.
    #[arg(long, value_delimiter = ',', value_name = "TABLES")]
    earlier: Vec<Input>,
    /// 假名列 The column by which whoever has all releases can join them.
    #[arg(long, value_name = "COLUMN", requires = "earlier")]
    pseudonym: Option<String>,
    /// 摘要列 Columns of digests to restore by trying; those that look like digests if none is
    /// named.
    #[arg(long, num_args = 0..=1, value_delimiter = ',', default_missing_value = "", value_name = "COLUMNS")]
    digests: Option<Vec<String>>,
    /// 候选值表 Tables whose every value is tried as what a digest was made of.
    #[arg(long, value_delimiter = ',', value_name = "TABLES", requires = "digests")]
    candidates: Vec<Input>,
    /// 候选值域 Domains to try: mobile:138, numbers:PREFIX:DIGITS, dates:1930:2026,
    /// citizen-ids:140105:1960:2000. Left out: numbers of up to six digits, and dates.
    #[arg(long, value_name = "DOMAIN", requires = "digests")]
    domain: Vec<String>,
    /// 尝试次数 Digests that are computed at most, a column and a domain.
    #[arg(long, default_value_t = 300_000_000, value_name = "NUMBER")]
    tries: u64,
    /// 列组合 Show which combinations of up to this many of all columns single rows out.
    #[arg(long, value_name = "COLUMNS", value_parser = clap::value_parser!(u8).range(1..=6))]
    combinations: Option<u8>,
    /// 风险上限 Promise that the attacks' risk, and the share of rows whose digest is
    /// restored, are at most this: exit status 1 if they are not.
    #[arg(long, value_name = "RISK", value_parser = share)]
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

/// What someone with bad intent tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Attack {
    /// 单独识别 A condition that one person alone meets.
    SinglingOut,
    /// 关联 Records of one person in two outside files are brought together.
    Linking,
    /// 推断 A sensitive value is guessed.
    Inference,
    /// 降码 A local recoding is undone in part.
    Downcoding,
}

/// A number between 0 and 1.
fn share(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| (0.0..=1.0).contains(number));
    number.ok_or_else(|| "应在 0 与 1 之间 it lies between 0 and 1".to_owned())
}

/// Why nothing was measured, or a promise does not hold.
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
    Tuples { path: PathBuf, source: TupleError },
    #[error("{}: {source}; give --hierarchies with a line for each value", path.display())]
    Forms { path: PathBuf, source: FormsError },
    #[error("{}: {source}; give the --k and --suppression with which it was released", path.display())]
    Recoding { path: PathBuf, source: SearchError },
    #[error("{what}")]
    Missing { what: &'static str },
    #[error(
        "`{text}` is no domain; write mobile:138, numbers:PREFIX:DIGITS, dates:1930:2026 or citizen-ids:140105:1960:2000"
    )]
    Domain { text: String },
    #[error(
        "{}: not what local recoding with k = {k} and suppression {suppression} makes of {}, so \
         its method cannot be attacked; give the options with which it was released",
        path.display(), original.display()
    )]
    OtherRelease { path: PathBuf, original: PathBuf, k: u32, suppression: f64 },
    #[error(
        "{}: the attack finds out up to {found:.3}, above the threshold {threshold}; \
         generalize or suppress more", path.display()
    )]
    Broken { path: PathBuf, found: f64, threshold: f64 },
    #[error(
        "{}: of column `{column}` {found:.3} of the rows were restored, above the threshold \
         {threshold}; use pseudonyms with a key instead of digests", path.display()
    )]
    Restored { path: PathBuf, column: String, found: f64, threshold: f64 },
}

/// Runs the command; complaints go to standard error.
pub(crate) fn risk(arguments: &Risk) -> ExitCode {
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error @ (MeasureError::Broken { .. } | MeasureError::Restored { .. })) => {
            complain(&error, ExitCode::FAILURE)
        }
        Err(error) => complain(&error, ExitCode::from(2)),
    }
}

/// Thresholds of a record's own risk: classes below 20, 5 and 3 rows.
const THRESHOLDS: [&str; 3] = ["0.05", "0.2", "0.33"];

/// Combinations of at most this many columns are looked at in a report.
const WIDEST: usize = 3;

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
    grade: Option<Assessment>,
    guesses: Vec<ModalGuess>,
    learned: Vec<LearnedGuess>,
    attacks: Vec<AttackReport>,
    downcoding: Option<Downcoding>,
    together: Option<Together>,
    restored: Vec<Restoration>,
    /// Over all columns of the table; empty unless asked for.
    combinations: Vec<Combination>,
}

/// What several releases give away together.
struct Together {
    composition: Composition,
    /// Whether a pseudonym joins them; if not, the rows of the original do.
    by_pseudonym: bool,
    /// Rows of the original whose form in some release cannot be told.
    ambiguous_rows: u64,
    /// The sensitive values that are left for who knows the quasi-identifiers.
    intersection: Option<Intersection>,
}

fn run(arguments: &Risk) -> Result<(), MeasureError> {
    let quasi = &arguments.quasi;
    let memory = arguments.bound.memory();
    let count = |input: &Input| TextTable::open(input, quasi)?.count(quasi, &memory);
    let tuples = count(&arguments.file)?;
    let failed = |source| MeasureError::Risk { path: arguments.file.shown().to_owned(), source };
    let mut measured = measure(&tuples, arguments.sampling_fraction).map_err(failed)?;
    let before = arguments.original.as_ref().map(count).transpose()?;
    if let Some(sharing) = arguments.sharing {
        let grade = graded::grade(&measured.classes, sharing, &arguments.context);
        measured.grade = Some(grade.map_err(failed)?);
    }
    measured.guesses = guesses(arguments)?;
    if let Some(original) = &arguments.original {
        let tried = tried::run(arguments, original)?;
        measured.learned = tried.learned;
        measured.attacks = tried.attacks;
        measured.downcoding = tried.downcoding;
    }
    measured.together = together::run(arguments)?;
    measured.restored = restored::run(arguments)?;
    if let Some(most) = arguments.combinations {
        let table = TextTable::open(&arguments.file, &[])?;
        let everything = table.whole(&table.header, &memory, "--combinations")?;
        measured.combinations =
            risk::combinations(&everything, usize::from(most)).map_err(failed)?;
    }
    if let Some(path) = &arguments.report {
        report::report(arguments, &measured, &tuples, before.as_ref())?.write(path)?;
    }
    show::show(arguments, &measured, &tuples, before.as_ref());
    promised(arguments, &measured)
}

/// Whether what was found keeps to the threshold.
fn promised(arguments: &Risk, measured: &Measured) -> Result<(), MeasureError> {
    let Some(threshold) = arguments.threshold else { return Ok(()) };
    let path = || arguments.file.shown().to_owned();
    for found in &measured.restored {
        let share = crate::report::share(found.restored_rows, found.rows);
        if share > threshold {
            let column = found.column.clone();
            return Err(MeasureError::Restored { path: path(), column, found: share, threshold });
        }
    }
    let attacks = measured.attacks.iter().map(|attack| (attack.passes(threshold), attack.upper()));
    let downcoding = measured.downcoding.iter();
    let downcoding = downcoding.map(|found| (found.passes(threshold), found.risk.high));
    let tried: Vec<(bool, f64)> = attacks.chain(downcoding).collect();
    if tried.iter().all(|(passes, _)| *passes) {
        return Ok(());
    }
    let found = tried.iter().map(|(_, upper)| *upper).fold(0.0, f64::max);
    Err(MeasureError::Broken { path: path(), found, threshold })
}

/// Names, each once, in their order.
fn united(lists: &[&[String]]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in lists.iter().flat_map(|list| list.iter()) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// What the classes tell of the sensitive columns.
fn guesses(arguments: &Risk) -> Result<Vec<ModalGuess>, MeasureError> {
    if arguments.sensitive.is_empty() {
        return Ok(Vec::new());
    }
    let names = united(&[&arguments.quasi, &arguments.sensitive]);
    let tuples = TextTable::open(&arguments.file, &names)?;
    let tuples = tuples.count(&names, &arguments.bound.memory())?;
    let failed =
        |source| MeasureError::Sensitive { path: arguments.file.shown().to_owned(), source };
    let guess = |column: &String| {
        let guess = match &tuples {
            Counted::Whole(tuples) => risk::modal_guess(tuples, &arguments.quasi, column),
            Counted::Spilled(tuples) => tuples.modal_guess(&arguments.quasi, column),
        };
        guess.map_err(failed)
    };
    arguments.sensitive.iter().map(guess).collect()
}

/// A form that fewer of the population have is rare: the usual k.
const FEW: u64 = 5;

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
        grade: None,
        guesses: Vec::new(),
        learned: Vec::new(),
        attacks: Vec::new(),
        downcoding: None,
        together: None,
        restored: Vec::new(),
        combinations: Vec::new(),
        classes,
    })
}

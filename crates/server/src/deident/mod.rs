//! `fenhe deident FILE`: makes a table k-anonymous on the command line.
//!
//! Reads, searches, reports, and writes the released table if asked to; or carries out a
//! plan, or a mapping that was found before. What the JSON report holds is a contract:
//! names are added, never changed.
//!
//! Exit status: 0 done, 1 the promise cannot be kept (no k-anonymous form within the
//! limits), 2 the input cannot be used.

mod mapping;
mod memory;
mod models;
mod outcome;
mod planned;
mod report;
mod told;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use ::deident::delimited::write_row;
use ::deident::{
    Counted, Criterion, FrontierPoint, Memory, Metric, Model, ModelError, Plan, Problem,
    QuasiColumn, Recoder, Recoding, SearchError, SearchProgress, SpillError, Transform,
    full_domain_counted, recode, search_counted,
};
use clap::{Args, ValueEnum};
use serde_json::json;

use crate::report::ReportError;
use crate::show::{complain, say};
use crate::table::{Input, ReadError, RowReader, TextTable};
use crate::whole_file::WholeFile;
pub(crate) use memory::Bound;
use planned::PlanError;

/// What to do with which table.
#[derive(Debug, Args)]
pub(crate) struct Deident {
    /// 表格 The table: CSV, XLSX, JSON or Parquet; a folder of files with the same columns;
    /// `postgres://user@host/database?table=schema.name` or `sqlite:FILE?table=NAME`.
    file: Input,
    /// 准标识符 Quasi-identifiers, e.g. sex,age,race.
    #[arg(long, required_unless_present_any = ["plan", "mapping"], value_delimiter = ',', value_name = "COLUMNS")]
    quasi: Vec<String>,
    /// 泛化层次文件夹 Folder with a file `…_hierarchy_<column>.csv` or `<column>.csv` a column.
    #[arg(long, required_unless_present_any = ["plan", "mapping"], value_name = "FOLDER")]
    hierarchies: Option<PathBuf>,
    /// 最小等价类 Least rows of a class.
    #[arg(long, required_unless_present_any = ["plan", "mapping"])]
    k: Option<u32>,
    /// 方案文件 Do to each column what this plan says (TOML), instead of searching; with
    /// `[aggregate]` or `[synthetic]` make a table of groups or of drawn rows.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["quasi", "hierarchies", "k", "l", "t", "model", "population", "suppression", "metric", "recoding", "seconds", "keep", "memory"])]
    plan: Option<PathBuf>,
    /// 映射文件 Do to new rows what --mapping-out noted, instead of searching.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["plan", "mapping_out", "quasi", "hierarchies", "k", "l", "t", "model", "population", "suppression", "metric", "recoding", "seconds", "keep", "memory"])]
    mapping: Option<PathBuf>,
    /// 导出映射 Where to note what was found, for --mapping on new rows. It holds original
    /// values: keep it as you keep the table.
    #[arg(long, value_name = "FILE")]
    mapping_out: Option<PathBuf>,
    /// 密钥文件 Keys that the plan names: lines `name = "hexadecimal"`, readable by you alone.
    #[arg(long, value_name = "FILE", conflicts_with = "quasi")]
    keys: Option<PathBuf>,
    /// l-多样性 `distinct:COL:3`, `entropy:COL:3` or `recursive:COL:3:2` (c, then l).
    #[arg(long = "l", value_name = "MODEL")]
    l: Vec<String>,
    /// t-接近性 `equal:COL:0.3`, `ordered:COL:0.3` or `hierarchical:COL:0.3`.
    #[arg(long = "t", value_name = "MODEL")]
    t: Vec<String>,
    /// 其他模型 Other models: k-map:5, k-map-sample:5:0.1, presence:0:0.5, max-risk:0.2, average-risk:0.05,
    /// records-at-risk:0.2:0.1, persons:COL:5, beta:COL:2, enhanced-beta:COL:2, delta:COL:1.
    #[arg(long, value_name = "MODEL")]
    model: Vec<String>,
    /// 总体 The population, for k-map and presence: a table with the quasi-identifiers.
    #[arg(long, value_name = "TABLE")]
    population: Option<Input>,
    /// 抑制上限 Share of the rows that may be suppressed.
    #[arg(long, default_value_t = 0.0, value_name = "SHARE")]
    suppression: f64,
    /// 信息损失度量 loss, loss-geometric, aecs, dm, entropy, precision, normalized-entropy,
    /// entropy-loss or ambiguity.
    #[arg(long, default_value = "loss")]
    metric: String,
    /// 重编码 `full`: one level a column; `local`: levels of its own for each class.
    #[arg(long, value_enum, default_value_t = Kind::Full)]
    recoding: Kind,
    /// 时限（秒）Search for at most this many seconds, and use them where no optimum can be proved.
    #[arg(long, value_name = "SECONDS")]
    seconds: Option<f64>,
    #[command(flatten)]
    bound: Bound,
    /// 结果文件 Where to write the released rows (CSV); other columns are left out.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// 原样保留的其他列 Other columns to write to the result as they are.
    #[arg(long, value_delimiter = ',', value_name = "COLUMNS")]
    keep: Vec<String>,
    /// 输出格式 How to report.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// 报告文件 Where to write a report with pictures, for people (HTML).
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

impl Deident {
    /// The least rows of a class; it is there wherever no plan is.
    fn k(&self) -> u32 {
        self.k.unwrap_or(1)
    }
}

/// Full-domain or local recoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Full,
    Local,
}

/// How to report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table for people.
    Text,
    /// JSON for programs.
    Json,
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
enum DeidentError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error("`{text}`: {source}; correct the number")]
    Model { text: String, source: ModelError },
    #[error("the model needs the population; give it with --population FILE")]
    NoPopulation,
    #[error("`{text}` is no {what}; {remedy}")]
    Argument { what: &'static str, text: String, remedy: &'static str },
    #[error(
        "{}: no generalization satisfies k = {k} and the other models within the suppression \
         limit {limit}; nothing was released; lower k or raise --suppression", path.display()
    )]
    Unreachable { path: PathBuf, k: u32, limit: f64 },
    #[error("{}: {source}; lower k", path.display())]
    TooFew { path: PathBuf, source: SearchError },
    #[error("{}: {source}", path.display())]
    Search { path: PathBuf, source: SearchError },
}

impl DeidentError {
    fn status(&self) -> ExitCode {
        match self {
            Self::Unreachable { .. } | Self::TooFew { .. } => ExitCode::FAILURE,
            Self::Read(_)
            | Self::Report(_)
            | Self::Plan(_)
            | Self::Model { .. }
            | Self::NoPopulation
            | Self::Argument { .. }
            | Self::Search { .. } => ExitCode::from(2),
        }
    }
}

/// Runs the command; complaints go to standard error.
pub(crate) fn deident(arguments: &Deident) -> ExitCode {
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&error, error.status()),
    }
}

/// Processor time of this thread in milliseconds.
fn cpu_ms() -> f64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    now.tv_sec as f64 * 1e3 + now.tv_nsec as f64 / 1e6
}

/// What was found, in either kind of recoding.
struct Found {
    recoding: Recoding,
    levels: Vec<usize>,
    score: f64,
    optimal: bool,
    gap: f64,
    checked: u64,
    lattice: u64,
    /// What other class sizes would cost; empty unless a report is asked for.
    frontier: Vec<FrontierPoint>,
}

fn run(arguments: &Deident) -> Result<(), DeidentError> {
    if let Some(plan) = &arguments.plan {
        return Ok(planned::run(arguments, plan)?);
    }
    if let Some(path) = &arguments.mapping {
        return Ok(mapping::run(arguments, path)?);
    }
    if arguments.mapping_out.is_some() && arguments.recoding == Kind::Local {
        // Rows of one form have different levels there.
        return Err(PlanError::NoMapping { what: "a local recoding" }.into());
    }
    let started = Instant::now();
    let criteria = models::criteria(arguments)?;
    let mut counted = arguments.quasi.clone();
    for criterion in &criteria {
        if !criterion.column.is_empty() && !counted.contains(&criterion.column) {
            counted.push(criterion.column.clone());
        }
    }
    let mut named = counted.clone();
    named.extend(arguments.keep.iter().cloned());
    let table = TextTable::open(&arguments.file, &named)?;
    let memory = arguments.bound.memory();
    let mut tuples = table.count(&counted, &memory)?;
    let of_population =
        |model: &Model| matches!(model, Model::KMap { .. } | Model::Presence { .. });
    match &arguments.population {
        Some(path) => {
            let population = TextTable::open(path, &arguments.quasi)?;
            let population = population.count(&arguments.quasi, &Memory::unbounded())?;
            let failed = |source: SpillError| DeidentError::Search {
                path: path.shown().to_owned(),
                source: source.into(),
            };
            tuples = tuples.with_population(population.whole("--population").map_err(failed)?);
        }
        None if criteria.iter().any(|criterion| of_population(&criterion.model)) => {
            return Err(DeidentError::NoPopulation);
        }
        None => {}
    }
    let problem = problem(arguments, criteria, &table, &tuples)?;
    let load_ms = started.elapsed().as_secs_f64() * 1e3;
    let cpu = cpu_ms();
    let found = find(arguments, &tuples, &problem)?;
    let search_cpu_ms = cpu_ms() - cpu;
    if let Some(out) = &arguments.out {
        release(arguments, out, &table, &tuples, &problem, &found.recoding)?;
    }
    if let Some(path) = &arguments.mapping_out {
        let plan = mapping::plan_of(arguments, &found_plan(&problem, &found), &table.all_columns());
        mapping::export(path, arguments, &plan, &tuples)?;
    }
    if let Some(path) = &arguments.report {
        let failed =
            |source| DeidentError::Search { path: arguments.file.shown().to_owned(), source };
        let recoder = Recoder::counted(&tuples, &problem, &found.recoding).map_err(failed)?;
        let counted =
            |source| ReadError::Tuples { path: arguments.file.shown().to_owned(), source };
        let (before, after) =
            (table.count(&arguments.quasi, &memory)?, recoder.released().map_err(counted)?);
        let after = Counted::Whole(after);
        report::report(arguments, &problem, &found, &before, &after).write(path)?;
    }
    summary(arguments, &found, load_ms, search_cpu_ms);
    Ok(())
}

/// What a full-domain search found, as a plan for the quasi-identifiers.
fn found_plan(problem: &Problem, found: &Found) -> Plan {
    let generalized = |(column, level): (&QuasiColumn, &usize)| {
        let transform = Transform::Generalize { spec: column.spec.clone(), level: *level };
        (column.name.clone(), transform)
    };
    Plan {
        columns: problem.columns.iter().zip(&found.levels).map(generalized).collect(),
        k: problem.k,
        criteria: problem.criteria.clone(),
        ..Plan::default()
    }
}

fn problem(
    arguments: &Deident,
    mut criteria: Vec<Criterion>,
    table: &TextTable,
    tuples: &Counted,
) -> Result<Problem, DeidentError> {
    let folder = &arguments.hierarchies.clone().unwrap_or_default();
    for criterion in &mut criteria {
        if let Model::HierarchicalT { hierarchy, .. } = &mut criterion.model {
            *hierarchy = table.hierarchy(folder, &criterion.column, tuples)?;
        }
    }
    let mut columns = Vec::with_capacity(arguments.quasi.len());
    for name in &arguments.quasi {
        columns.push(QuasiColumn::new(name, table.hierarchy(folder, name, tuples)?));
    }
    let metric = serde_json::from_value::<Metric>(json!(arguments.metric)).map_err(|_| {
        DeidentError::Argument {
            what: "metric",
            text: arguments.metric.clone(),
            remedy: "see fenhe deident --help for the names",
        }
    })?;
    let mut problem = Problem::k_anonymity(columns, arguments.k(), arguments.suppression);
    problem.metric = metric;
    problem.criteria = criteria;
    if arguments.report.is_some() {
        problem.frontier = report::FRONTIER.into();
        problem.frontier.push(arguments.k());
        problem.frontier.sort_unstable();
        problem.frontier.dedup();
    }
    if arguments.seconds.is_some() {
        problem.patience = u32::MAX;
    }
    Ok(problem)
}

fn find(arguments: &Deident, tuples: &Counted, problem: &Problem) -> Result<Found, DeidentError> {
    let until = arguments
        .seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .and_then(|limit| Instant::now().checked_add(limit));
    let mut progress = |_: SearchProgress| {
        if until.is_some_and(|until| Instant::now() >= until) {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    };
    let failed = |source| {
        let path = arguments.file.shown().to_owned();
        match source {
            SearchError::NoSolution => {
                DeidentError::Unreachable { path, k: arguments.k(), limit: arguments.suppression }
            }
            SearchError::KAboveRows { .. } => DeidentError::TooFew { path, source },
            _ => DeidentError::Search { path, source },
        }
    };
    if arguments.recoding == Kind::Local {
        let tuples = tuples.whole("--recoding local").map_err(|source| failed(source.into()))?;
        let recoding = recode(tuples, problem, &mut progress).map_err(failed)?;
        return Ok(Found {
            levels: recoding.highest_levels(),
            score: recoding.loss,
            optimal: false,
            gap: if recoding.loss > 0.0 { 1.0 } else { 0.0 },
            checked: recoding.checked,
            lattice: recoding.lattice,
            frontier: Vec::new(),
            recoding,
        });
    }
    let outcome = search_counted(tuples, problem, &mut progress).map_err(failed)?;
    let recoding = full_domain_counted(tuples, problem, &outcome.levels).map_err(failed)?;
    Ok(Found {
        levels: outcome.levels,
        score: outcome.score,
        optimal: outcome.optimal,
        gap: outcome.gap,
        checked: outcome.checked,
        lattice: outcome.lattice,
        frontier: outcome.frontier,
        recoding,
    })
}

/// Writes the released rows as CSV: quasi-identifiers, sensitive columns and those kept,
/// in the order of the file; suppressed rows are not there. The file appears when it is
/// whole.
fn release(
    arguments: &Deident,
    out: &Path,
    table: &TextTable,
    tuples: &Counted,
    problem: &Problem,
    recoding: &Recoding,
) -> Result<(), DeidentError> {
    let failed = |source| DeidentError::Search { path: arguments.file.shown().to_owned(), source };
    let counted = table.places(tuples.columns())?;
    let kept = table.places(&arguments.keep)?;
    let unwritten = |source| ReadError::Write { path: out.to_owned(), source };
    let mut written = Released {
        table,
        recoder: Recoder::counted(tuples, problem, recoding).map_err(failed)?,
        written: (0..table.header.len())
            .filter(|place| counted.contains(place) || kept.contains(place))
            .collect(),
        counted,
        quasi: table.places(&arguments.quasi)?,
        out,
        file: WholeFile::create(out).map_err(unwritten)?,
        text: String::new(),
    };
    table.read(&mut written)?;
    written.flush()?;
    Ok(written.file.finish().map_err(unwritten)?)
}

/// Text that is collected before it is written.
const PIECE_BYTES: usize = 1 << 20;

/// Writes rows in their released form.
struct Released<'a> {
    table: &'a TextTable,
    recoder: Recoder<'a>,
    counted: Vec<usize>,
    quasi: Vec<usize>,
    written: Vec<usize>,
    out: &'a Path,
    file: WholeFile,
    text: String,
}

impl Released<'_> {
    fn flush(&mut self) -> Result<(), ReadError> {
        let written = self.file.write_all(self.text.as_bytes());
        self.text.clear();
        written.map_err(|source| ReadError::Write { path: self.out.to_owned(), source })
    }
}

impl RowReader for Released<'_> {
    fn begin(&mut self) -> Result<(), ReadError> {
        let emptied = self.file.clear();
        emptied.map_err(|source| ReadError::Write { path: self.out.to_owned(), source })?;
        self.text.clear();
        let names = self.written.iter().filter_map(|place| self.table.header.get(*place));
        write_row(&mut self.text, self.table.delimiter(), names.map(String::as_str));
        Ok(())
    }

    fn row(&mut self, _: usize, cells: &[Cow<'_, str>]) -> Result<(), ReadError> {
        let row: Vec<Option<&str>> =
            self.counted.iter().map(|place| cells.get(*place).map(AsRef::as_ref)).collect();
        let Some(forms) = self.recoder.row(&row) else { return Ok(()) };
        let shown = self.written.iter().map(|place| {
            match self.quasi.iter().position(|quasi| quasi == place) {
                // Never the cell itself where a form is due.
                Some(number) => forms.get(number).copied().unwrap_or_default(),
                None => cells.get(*place).map(AsRef::as_ref).unwrap_or_default(),
            }
        });
        write_row(&mut self.text, self.table.delimiter(), shown);
        if self.text.len() >= PIECE_BYTES { self.flush() } else { Ok(()) }
    }
}

fn summary(arguments: &Deident, found: &Found, load_ms: f64, search_cpu_ms: f64) {
    let Found { recoding, levels, score, optimal, gap, checked, lattice, .. } = found;
    let named: BTreeMap<&String, &usize> = arguments.quasi.iter().zip(levels).collect();
    if arguments.format == Format::Json {
        let report = json!({
            "levels": named,
            "score": score,
            "suppressed": recoding.suppressed_rows,
            "classes": recoding.classes,
            "min_class": recoding.min_class,
            "optimal": optimal,
            "gap": gap,
            "checked": checked,
            "lattice": lattice,
            "load_ms": load_ms,
            "search_cpu_ms": search_cpu_ms,
            "granularity": recoding.granularity(),
            "rows": recoding.rows,
        });
        say(&report.to_string());
        return;
    }
    let local = arguments.recoding == Kind::Local;
    say(if local { "最高层级 highest level" } else { "泛化层级 level" });
    for (name, level) in arguments.quasi.iter().zip(levels) {
        say(&format!("  {level:>2}  {name}"));
    }
    say(&format!("信息损失 {:<18}{score:.6}", arguments.metric));
    say(&format!("保留粒度 granularity       {:.4}", recoding.granularity()));
    say(&format!("抑制行数 suppressed        {} / {}", recoding.suppressed_rows, recoding.rows));
    say(&format!("等价类数 classes           {}", recoding.classes));
    say(&format!("最小等价类 smallest class  {}", recoding.min_class));
    let proof = if *optimal {
        "最优（已证明）the optimum, proved".to_owned()
    } else if local {
        "局部重编码，不保证最优 local recoding, not proved optimal".to_owned()
    } else {
        format!("未证明最优 not proved optimal; gap at most {:.1} %", gap * 100.0)
    };
    say(&format!("结论 result                {proof}"));
    say(&format!("检查节点 nodes checked     {checked} / {lattice}"));
    say(&format!("用时 time                  {load_ms:.0} ms, {search_cpu_ms:.0} ms CPU"));
    if arguments.out.is_some() {
        say("未列出的列未写出 columns that were not named are not in the result");
    }
}

//! `fenhe dp`: counts, sums, means, quantiles and histograms with noise, paid from a
//! ledger (差分隐私).
//!
//! ```text
//! budget ─▶ ledger file ◀─reserve, synced─┐
//! count, sum, … FILE ─▶ rows ─▶ Collector ─┴▶ noise ─▶ answer with its interval and cost
//! ```
//!
//! Whom an answer protects, the bounds, the categories and the price are asked for, never
//! guessed. The cost is on the disk before noise is drawn, and stays whatever happens
//! then. Files whose types follow from their cells (XLSX, JSON) are refused, since one
//! person's cell could change how all the others are read.
//!
//! Exit status: 0 answered, 1 the budget does not allow it, 2 the question or the file
//! cannot be used. What the JSON answer holds is a contract: names are added, never
//! changed.

mod asked;
mod filter;
mod ledger_file;
mod report;
mod rows;
mod show;

use std::path::PathBuf;
use std::process::ExitCode;

use ::deident::dp::{Collector, Cost, DpError, Ledger, LedgerError, Query, Release};
use clap::{Args, Subcommand};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use trust::Clock;

use crate::config::Config;
use crate::deident::Format;
use crate::report::ReportError;
use crate::show::complain;
use crate::table::{ReadError, TextTable};
use asked::{Asked, Count, Histogram, Numbers, Quantile, Question};
use filter::FilterError;
use ledger_file::LedgerFileError;
use rows::Gatherer;

/// What to do with a budget of privacy.
#[derive(Debug, Subcommand)]
#[command(after_help = "例 Example:
  fenhe dp budget --ledger 人口.json --dataset 人口 --epsilon 1
  fenhe dp count 人口.csv --ledger 人口.json --one-row-one-person --where '性别=女' --epsilon 0.1
  fenhe dp mean 人口.csv --ledger 人口.json --one-row-one-person --column 年龄 --clamp 0 110 --step 1 --epsilon 0.2
  fenhe dp histogram 人口.csv --ledger 人口.json --one-row-one-person --by 性别 --categories 男,女 --epsilon 0.1
  fenhe dp ledger --ledger 人口.json

ε 越小，噪声越大，个人越安全；花掉的预算不能收回。
The smaller ε, the more noise and the safer each person; what was spent does not come back.
详见 see docs/deident.md「差分隐私」.")]
pub(crate) enum Dp {
    /// 设定预算 Make the ledger of a dataset with its whole budget, once.
    Budget(Budget),
    /// 计数 How many rows, or persons.
    Count(Count),
    /// 总和 The sum of a column, each value brought within bounds that you state.
    Sum(Numbers),
    /// 均值 The mean of a column, within bounds that you state.
    Mean(Numbers),
    /// 分位数 A quantile of a column, e.g. the median, within bounds that you state.
    Quantile(Quantile),
    /// 直方图 How many rows in each category.
    Histogram(Histogram),
    /// 台账 What was spent, and what is left.
    Ledger(Show),
}

/// The budget of a dataset.
#[derive(Debug, Args)]
pub(crate) struct Budget {
    /// 台账文件 The ledger to make; keep it beside the data and back it up with them.
    #[arg(long, value_name = "FILE")]
    ledger: PathBuf,
    /// 数据集名称 Name of the dataset: one ledger for all tables about the same persons.
    #[arg(long, value_name = "NAME")]
    dataset: String,
    /// 总 ε The whole ε, a decimal number, e.g. 1.
    #[arg(long, value_name = "E")]
    epsilon: Option<String>,
    /// 总 ρ The whole ρ, for Gaussian noise; pays for many queries best.
    #[arg(long, value_name = "R", conflicts_with = "epsilon")]
    rho: Option<String>,
    /// 总 δ The whole δ, well below one over the number of persons, e.g. 0.000001.
    #[arg(long, value_name = "D")]
    delta: Option<String>,
    /// 输出格式 How to report.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Which ledger to show.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// 台账文件 The ledger.
    #[arg(long, value_name = "FILE")]
    ledger: PathBuf,
    /// 输出格式 How to report.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// 报告文件 Where to write a report for people (HTML).
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
enum NoAnswer {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error(transparent)]
    Ledger(#[from] LedgerFileError),
    #[error("{0}")]
    Query(#[from] DpError),
    #[error(transparent)]
    Filter(#[from] FilterError),
    #[error("{what}")]
    Missing { what: &'static str },
    #[error("`{option} {text}`: {source}")]
    Amount { option: &'static str, text: String, source: DpError },
    #[error(
        "{}: the types of this file follow from its cells, and one person's cell could change how \
         all the others are read; save it as CSV or Parquet", path.display()
    )]
    Guessed { path: PathBuf },
    #[error(transparent)]
    Entropy(#[from] trust::secret::EntropyError),
}

impl NoAnswer {
    fn status(&self) -> ExitCode {
        match self {
            Self::Ledger(LedgerFileError::Refused {
                source: LedgerError::Exceeded { .. }, ..
            })
            | Self::Entropy(_) => ExitCode::FAILURE,
            _ => ExitCode::from(2),
        }
    }
}

/// Runs the command; complaints go to standard error.
pub(crate) fn dp(command: &Dp, config: &Config) -> ExitCode {
    let clock = config.clock.map_or(Clock::System, Clock::started_at);
    let done = match command {
        Dp::Budget(budget) => make(budget),
        Dp::Ledger(show) => list(show),
        Dp::Count(count) => count.question().and_then(|asked| answer(&asked, clock)),
        Dp::Sum(numbers) => numbers.sum().and_then(|asked| answer(&asked, clock)),
        Dp::Mean(numbers) => numbers.mean().and_then(|asked| answer(&asked, clock)),
        Dp::Quantile(quantile) => quantile.question().and_then(|asked| answer(&asked, clock)),
        Dp::Histogram(histogram) => histogram.question().and_then(|asked| answer(&asked, clock)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&error, error.status()),
    }
}

fn make(budget: &Budget) -> Result<(), NoAnswer> {
    let delta = budget.delta.as_deref().map(|text| asked::amount("--delta", text)).transpose()?;
    let whole = match (&budget.epsilon, &budget.rho, delta) {
        (Some(text), _, None) => Cost::Pure { epsilon: asked::amount("--epsilon", text)? },
        (Some(text), _, Some(delta)) => {
            Cost::Approximate { epsilon: asked::amount("--epsilon", text)?, delta }
        }
        (None, Some(text), delta) => Cost::Concentrated {
            rho: asked::amount("--rho", text)?,
            delta: delta.unwrap_or_default(),
        },
        (None, None, _) => {
            let what = "say how much may be spent in all: --epsilon E, or --rho R for Gaussian \
                        noise; how much is right is a judgement that the data do not make";
            return Err(NoAnswer::Missing { what });
        }
    };
    let ledger = Ledger::new(&budget.dataset, whole);
    ledger_file::create(&budget.ledger, &ledger)?;
    show::ledger(&ledger, budget.format);
    Ok(())
}

fn list(show: &Show) -> Result<(), NoAnswer> {
    let ledger = ledger_file::read(&show.ledger)?;
    if let Some(path) = &show.report {
        report::of_ledger(&show.ledger, &ledger).write(path)?;
    }
    show::ledger(&ledger, show.format);
    Ok(())
}

/// Answers a question: reads the rows, pays, draws the noise, and only then tells.
fn answer(question: &Question<'_>, clock: Clock) -> Result<(), NoAnswer> {
    let Question { asked, query, part, filters, words } = question;
    let cost = query.cost()?;
    // What cannot be paid is refused before the table is read.
    let before = ledger_file::read(&asked.ledger)?;
    let refused = |source| LedgerFileError::Refused { path: asked.ledger.clone(), source };
    let mut after = before.clone();
    after.reserve(words, cost, "", part.clone()).map(drop).map_err(refused)?;
    if asked.dry_run {
        let remaining = after.remaining_for(part.as_ref());
        show::preview(question, &of_nobody(query, cost)?, remaining, asked.format);
        return Ok(());
    }
    let collector = gather(asked, query, filters)?;
    let at = vocabulary::time::utc_text(clock.now());
    let reserve = |ledger: &mut Ledger| ledger.reserve(words, cost, at, part.clone());
    let mut rng = StdRng::from_seed(trust::secret::random()?);
    let (permit, _) = ledger_file::change(&asked.ledger, reserve)?;
    // From here on the cost stays.
    let number = permit.number();
    let release = match collector.release(permit, &mut rng) {
        Ok(release) => release,
        Err(error) => {
            ledger_file::change(&asked.ledger, |ledger| ledger.failed(number))?;
            return Err(error.into());
        }
    };
    tell(question, &release)
}

/// The answer for a table without rows, paid by nobody: its noise is that of any table.
fn of_nobody(query: &Query, cost: Cost) -> Result<Release, NoAnswer> {
    let collector = Collector::new(query.clone(), trust::secret::random()?)?;
    let mut ledger = Ledger::new("", cost);
    let refused = |source| LedgerFileError::Refused { path: PathBuf::new(), source };
    let permit = ledger.reserve("", cost, "", None).map_err(refused)?;
    let mut rng = StdRng::from_seed(trust::secret::random()?);
    Ok(collector.release(permit, &mut rng)?)
}

/// The exact figures of the rows, which nobody sees.
fn gather(asked: &Asked, query: &Query, filters: &[filter::Filter]) -> Result<Collector, NoAnswer> {
    let key = trust::secret::random()?;
    let mut gatherer = Gatherer::new(asked.file.shown(), query, key, filters)?;
    let table = TextTable::open(&asked.file, &gatherer.columns())?;
    if let Some(path) = table.guessed() {
        return Err(NoAnswer::Guessed { path: path.to_owned() });
    }
    gatherer.find(&table)?;
    let read = table.read(&mut gatherer);
    gatherer.finish(read)
}

/// Shows the answer and notes that it was given.
fn tell(question: &Question<'_>, release: &Release) -> Result<(), NoAnswer> {
    let asked = question.asked;
    let answered = ledger_file::change(&asked.ledger, |ledger| ledger.answered(release.entry));
    // The answer is paid for: it is shown even if its entry cannot be marked.
    let remaining = match &answered {
        Ok(((), ledger)) => Some(ledger.remaining_for(question.part.as_ref())),
        Err(_) => None,
    };
    show::answer(question, release, remaining, asked.format);
    let ((), ledger) = answered?;
    if let Some(path) = &asked.report {
        report::of_answer(question, release, &ledger).write(path)?;
    }
    Ok(())
}

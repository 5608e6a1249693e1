//! What is asked on the command line, as a query of `deident::dp`.

use std::path::PathBuf;
use std::str::FromStr;

use ::deident::dp::{
    Bounds, Categories, Decimal, DpError, Epsilon, Noise, Part, Query, Rho, Statistic, Unit,
};
use clap::Args;

use super::NoAnswer;
use super::filter::{self, Filter};
use crate::deident::Format;
use crate::table::Input;

/// What every question says.
#[derive(Debug, Args)]
pub(crate) struct Asked {
    /// 表格 The table: CSV or Parquet, a folder of them, `postgres://user@host/database?table=…`
    /// or `sqlite:FILE?table=…`.
    pub(super) file: Input,
    /// 台账文件 The ledger that pays, made by fenhe dp budget.
    #[arg(long, value_name = "FILE")]
    pub(super) ledger: PathBuf,
    /// 一行一人 You vouch that each person has one row at most.
    #[arg(long, conflicts_with_all = ["person", "most_rows"])]
    one_row_one_person: bool,
    /// 人的列 The column that tells persons apart; rows without a person do not count.
    #[arg(long, value_name = "COLUMN")]
    person: Option<String>,
    /// 每人至多行数 Most rows of a person that count; the others are dropped. With --person.
    #[arg(long, value_name = "ROWS")]
    most_rows: Option<u32>,
    /// 条件 Only rows that meet this; repeatable: COLUMN=VALUE, !=, <, <=, >, >=.
    #[arg(long = "where", value_name = "CONDITION")]
    conditions: Vec<String>,
    /// 部分 Only the persons of this part, where you vouch that each person is in one part:
    /// COLUMN=VALUE. Of parts that share no person the dearest counts.
    #[arg(long, value_name = "COLUMN=VALUE")]
    part: Option<String>,
    /// 试算 Say what it would cost and how much noise there would be; nothing is read or spent.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// 输出格式 How to report.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
    /// 报告文件 Where to write a report for people (HTML).
    #[arg(long, value_name = "FILE")]
    pub(super) report: Option<PathBuf>,
}

/// The price of one answer.
#[derive(Debug, Args)]
pub(crate) struct Price {
    /// 本次 ε What this answer costs, for Laplace noise; a decimal number, e.g. 0.1.
    #[arg(long, value_name = "E")]
    epsilon: Option<String>,
    /// 本次 ρ What this answer costs, for Gaussian noise; needs a budget in ρ.
    #[arg(long, value_name = "R", conflicts_with = "epsilon")]
    rho: Option<String>,
}

/// What is known of a column from outside the table.
#[derive(Debug, Args)]
pub(crate) struct Within {
    /// 列 The column of numbers.
    #[arg(long, value_name = "COLUMN")]
    column: String,
    /// 界限 What lies outside counts as the bound; from a law, a tariff, a form, never from the
    /// table.
    #[arg(long, num_args = 2, value_names = ["LOWER", "UPPER"], allow_hyphen_values = true)]
    clamp: Vec<String>,
    /// 步长 Values are rounded to whole steps, e.g. 1, or 0.01.
    #[arg(long, value_name = "STEP")]
    step: Option<String>,
}

/// How many.
#[derive(Debug, Args)]
pub(crate) struct Count {
    #[command(flatten)]
    asked: Asked,
    #[command(flatten)]
    price: Price,
}

/// A figure of a column of numbers: a sum or a mean.
#[derive(Debug, Args)]
pub(crate) struct Numbers {
    #[command(flatten)]
    asked: Asked,
    #[command(flatten)]
    price: Price,
    #[command(flatten)]
    within: Within,
}

/// A quantile.
#[derive(Debug, Args)]
pub(crate) struct Quantile {
    #[command(flatten)]
    numbers: Numbers,
    /// 分位 Which quantile, between 0 and 1; 0.5 is the median.
    #[arg(long, value_name = "Q")]
    quantile: String,
}

/// A histogram.
#[derive(Debug, Args)]
pub(crate) struct Histogram {
    #[command(flatten)]
    asked: Asked,
    #[command(flatten)]
    price: Price,
    /// 分类列 The column of categories.
    #[arg(long, value_name = "COLUMN")]
    by: String,
    /// 类别 The categories, known from outside the table; others do not count.
    #[arg(long, value_delimiter = ',', value_name = "NAMES", conflicts_with_all = ["edges", "delta"])]
    categories: Vec<String>,
    /// 分界 Edges of intervals of numbers, rising, e.g. 18,65.
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "NUMBERS",
        allow_hyphen_values = true,
        conflicts_with = "delta"
    )]
    edges: Vec<String>,
    /// δ Without a list: show whatever is frequent enough. With this probability at most the
    /// category of a single person is shown.
    #[arg(long, value_name = "D")]
    delta: Option<String>,
}

/// A query with all that belongs to it.
#[derive(Debug)]
pub(crate) struct Question<'a> {
    pub(super) asked: &'a Asked,
    pub(super) query: Query,
    pub(super) part: Option<Part>,
    pub(super) filters: Vec<Filter>,
    /// What was asked, for whoever reads the ledger.
    pub(super) words: String,
}

/// Reads an amount exactly as it is written.
pub(super) fn amount<T: FromStr<Err = DpError>>(
    option: &'static str,
    text: &str,
) -> Result<T, NoAnswer> {
    text.parse().map_err(|source| NoAnswer::Amount { option, text: text.to_owned(), source })
}

impl Price {
    fn noise(&self) -> Result<Noise, NoAnswer> {
        match (&self.epsilon, &self.rho) {
            (Some(text), _) => Ok(Noise::Laplace { epsilon: amount("--epsilon", text)? }),
            (None, Some(text)) => Ok(Noise::Gaussian { rho: amount("--rho", text)? }),
            (None, None) => Err(NoAnswer::Missing {
                what: "say what this answer may cost: --epsilon E, or --rho R for Gaussian noise; \
                       fenhe dp ledger shows what is left",
            }),
        }
    }
}

/// Two parts of a price that add up to it.
fn halves(noise: Noise) -> (Noise, Noise) {
    match noise {
        Noise::Laplace { epsilon } => {
            let half = epsilon.billionths() / 2;
            let part =
                |billionths| Noise::Laplace { epsilon: Epsilon::from_billionths(billionths) };
            (part(half), part(epsilon.billionths() - half))
        }
        Noise::Gaussian { rho } => {
            let half = rho.billionths() / 2;
            let part = |billionths| Noise::Gaussian { rho: Rho::from_billionths(billionths) };
            (part(half), part(rho.billionths() - half))
        }
    }
}

impl Within {
    fn bounds(&self) -> Result<Bounds, NoAnswer> {
        let ([lower, upper], Some(step)) = (self.clamp.as_slice(), &self.step) else {
            let what = "say what is known of the column from outside this table: --clamp LOWER \
                        UPPER --step STEP; bounds are not taken from the data, because their \
                        least and greatest values are those of single persons";
            return Err(NoAnswer::Missing { what });
        };
        Ok(Bounds {
            lower: amount("--clamp", lower)?,
            upper: amount("--clamp", upper)?,
            step: amount("--step", step)?,
        })
    }

    fn words(&self) -> String {
        let step = self.step.as_deref().unwrap_or_default();
        format!("{} 界限 within [{}]，步长 step {step}", self.column, self.clamp.join(", "))
    }
}

impl Asked {
    fn unit(&self) -> Result<Unit, NoAnswer> {
        match (self.one_row_one_person, &self.person, self.most_rows) {
            (true, ..) => Ok(Unit::OneRowOnePerson),
            (false, Some(column), Some(most_rows)) => {
                Ok(Unit::Person { column: column.clone(), most_rows })
            }
            (false, ..) => Err(NoAnswer::Missing {
                what: "say how rows belong to persons: --one-row-one-person, or --person COLUMN \
                       --most-rows M; the table does not tell, and what one person can change \
                       depends on it",
            }),
        }
    }

    fn question(&self, statistic: Statistic, words: &str) -> Result<Question<'_>, NoAnswer> {
        let unit = self.unit()?;
        let mut filters: Vec<Filter> =
            self.conditions.iter().map(|text| filter::parse(text)).collect::<Result<_, _>>()?;
        let part = self.part.as_deref().map(filter::part).transpose()?;
        let part = part.map(|(part, filter)| {
            filters.push(filter);
            part
        });
        let mut said = vec![words.to_owned(), self.file.shown().display().to_string()];
        if !self.conditions.is_empty() {
            said.push(format!("条件 where {}", self.conditions.join(", ")));
        }
        said.push(match &unit {
            Unit::OneRowOnePerson => "一行一人 one row a person".to_owned(),
            Unit::Person { column, most_rows } => {
                format!("按 {column} 每人至多 {most_rows} 行 at most so many rows a person")
            }
        });
        let query = Query { unit, statistic };
        Ok(Question { asked: self, query, part, filters, words: said.join("；") })
    }
}

impl Count {
    pub(super) fn question(&self) -> Result<Question<'_>, NoAnswer> {
        let noise = self.price.noise()?;
        self.asked.question(Statistic::Count { noise }, "计数 count")
    }
}

impl Numbers {
    /// The question for the sum.
    pub(super) fn sum(&self) -> Result<Question<'_>, NoAnswer> {
        let (column, bounds) = (self.within.column.clone(), Some(self.within.bounds()?));
        let statistic = Statistic::Sum { column, bounds, noise: self.price.noise()? };
        self.asked.question(statistic, &format!("总和 sum：{}", self.within.words()))
    }

    /// The question for the mean; half the price is for the sum, half for the count.
    pub(super) fn mean(&self) -> Result<Question<'_>, NoAnswer> {
        let (column, bounds) = (self.within.column.clone(), Some(self.within.bounds()?));
        let (sum, count) = halves(self.price.noise()?);
        let statistic = Statistic::Mean { column, bounds, sum, count };
        self.asked.question(statistic, &format!("均值 mean：{}", self.within.words()))
    }
}

impl Quantile {
    pub(super) fn question(&self) -> Result<Question<'_>, NoAnswer> {
        let Numbers { asked, price, within } = &self.numbers;
        let Noise::Laplace { epsilon } = price.noise()? else {
            let what = "a quantile is chosen, not blurred with noise: give --epsilon E, which a \
                        budget in ρ pays for too";
            return Err(NoAnswer::Missing { what });
        };
        let (column, bounds) = (within.column.clone(), Some(within.bounds()?));
        let quantile: Decimal = amount("--quantile", &self.quantile)?;
        let words = format!("分位数 quantile {quantile}：{}", within.words());
        let statistic = Statistic::Quantile { column, bounds, quantile, epsilon };
        asked.question(statistic, &words)
    }
}

impl Histogram {
    pub(super) fn question(&self) -> Result<Question<'_>, NoAnswer> {
        let categories = match (self.categories.as_slice(), self.edges.as_slice(), &self.delta) {
            ([], [], None) => {
                let what = "say which categories there can be: --categories A,B, or --edges 18,65 \
                            for numbers; or --delta D to show whatever is frequent enough";
                return Err(NoAnswer::Missing { what });
            }
            ([], [], Some(text)) => Categories::Unlisted { delta: amount("--delta", text)? },
            ([], edges, _) => Categories::Between {
                edges: edges
                    .iter()
                    .map(|text| amount("--edges", text))
                    .collect::<Result<_, _>>()?,
            },
            (names, ..) => Categories::Listed { names: names.to_vec() },
        };
        let (column, noise) = (self.by.clone(), self.price.noise()?);
        let statistic = Statistic::Histogram { column, categories, noise };
        self.asked.question(statistic, &format!("直方图 histogram：{}", self.by))
    }
}

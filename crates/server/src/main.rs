//! `fenhe`: configuration, wiring and the command line.

mod archive;
mod config;
mod deident;
mod demo;
mod dp;
mod fsck;
mod report;
mod risk;
mod scan;
mod serve;
mod show;
mod table;
mod user;
mod verify;
mod whole_file;
mod wiring;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::Config;
use crate::show::{complain, say};

/// Fenhe 汾河：政务数据的登记、检测与开放平台。
/// Registers, inspects and opens government data, with evidence of every step.
#[derive(Debug, Parser)]
#[command(name = "fenhe", version, arg_required_else_help = true)]
#[command(after_help = "例 Examples:
  fenhe demo                              装入演示数据并启动 load the demo and serve it
  fenhe serve                             启动 serve http://127.0.0.1:8080
  fenhe scan residents.csv                查找个人信息 find personal data
  fenhe dp count residents.csv --ledger l.json --one-row-one-person --epsilon 0.1
  fenhe user add --login li.na --name 李娜 --body 11140000… --role clerk
  fenhe log verify https://data.example.gov.cn
  fenhe backup /backups/2026-12-01        运行中也可备份 also while it runs

设置 Settings: 配置文件 fenhe.toml，环境变量优先 environment variables win:
  FENHE_LISTEN   地址 address                 127.0.0.1:8080
  FENHE_DATA     数据文件夹 data folder       data
  FENHE_DATABASE 数据库 database              sqlite in the data folder, or postgres://…
  FENHE_LAKE     表的存放处 where tables lie  the data folder, or s3://bucket/prefix
  FENHE_BASE_URL 对外地址 public address      http://FENHE_LISTEN
  FENHE_CLOCK    起始时间 time to start at, e.g. 2026-12-01T09:00:00+08:00
  FENHE_LOG      日志级别 log level           info
  FENHE_LEAVE_OUT_CHANGED  允许变动少的行不发布 let the few who changed be left out (docs/gate.md): false
  [limits]       限额与可信代理 rate limits and trusted proxies, in the file only: docs/operations.md")]
struct Arguments {
    /// 配置文件 Configuration file; left out, `fenhe.toml` if it is there.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// 启动服务 Serve the platform until Ctrl-C or SIGTERM.
    Serve,
    /// 装入演示数据并启动 Load the demo data (once) and serve them.
    Demo {
        /// 少量数据，几秒装完 Few data, loaded in seconds.
        #[arg(long)]
        small: bool,
        /// 只装入，不启动 Load only, do not serve.
        #[arg(long)]
        load_only: bool,
    },
    /// 账户 Accounts.
    #[command(subcommand)]
    User(UserCommand),
    /// 透明日志 The transparency log.
    #[command(subcommand)]
    Log(LogCommand),
    /// 扫描文件中的个人信息 Find personal data in a file or a folder; nothing is sent or stored.
    Scan(scan::Scan),
    /// 去标识化 Make a table k-anonymous: search the least loss, report, write the result.
    Deident(deident::Deident),
    /// 重标识风险 Measure how well the rows of a table can be told apart.
    Risk(risk::Risk),
    /// 差分隐私 Answer counts, sums, means, quantiles and histograms with noise, from a budget.
    #[command(subcommand)]
    Dp(dp::Dp),
    /// 一条查询语句的进程，由服务启动 The process of one SQL statement; the server starts it.
    #[command(hide = true, name = "sql-statement")]
    SqlStatement,
    /// 检查数据文件夹的一致性 Check that everything that is stored agrees.
    Fsck,
    /// 备份到一个新文件夹 Back up into a new folder; the server may be running.
    Backup {
        /// 新文件夹 A folder that does not exist yet.
        folder: PathBuf,
    },
    /// 从备份恢复到空的数据文件夹 Restore a backup into an empty data folder.
    Restore {
        /// 备份文件夹 The folder that `fenhe backup` made.
        folder: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// 新建账户并授予角色 Make an account and grant it a role; asks for the password on standard input.
    Add(user::Add),
}

#[derive(Debug, Subcommand)]
enum LogCommand {
    /// 从外部核验一个站点的日志与证书 Check a site's whole log and its certificates from outside.
    Verify(verify::Verify),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if matches!(arguments.command, Command::SqlStatement) {
        // Nobody reads what it would complain of: it says everything to the server.
        let served = lake_delta::serve_statement();
        return if served.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let config = match Config::load(arguments.config.as_deref()) {
        Ok(config) => config,
        Err(error) => return complain(&error, ExitCode::from(2)),
    };
    wiring::start_logging(&config);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&error, ExitCode::FAILURE),
    };
    let done = runtime.block_on(run(arguments.command, config));
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    match done {
        Ok(_) if show::is_lost() => ExitCode::FAILURE,
        Ok(code) => code,
        Err(error) => complain(error.as_ref(), ExitCode::FAILURE),
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

async fn run(command: Command, config: Config) -> Result<ExitCode, Failure> {
    match command {
        Command::Serve => Box::pin(serve::serve(config, Vec::new())).await?,
        Command::Demo { small, load_only } => {
            Box::pin(serve::demo(config, small, load_only)).await?;
        }
        Command::User(UserCommand::Add(add)) => user::add(&config, add).await?,
        Command::Log(LogCommand::Verify(verify)) => return verify::verify(verify).await,
        Command::Scan(scan) => return scan::scan(&scan),
        Command::Deident(deident) => return Ok(deident::deident(&deident)),
        Command::Risk(risk) => return Ok(risk::risk(&risk)),
        Command::Dp(command) => return Ok(dp::dp(&command, &config)),
        // Served before anything else was read.
        Command::SqlStatement => {}
        Command::Fsck => return fsck::fsck(&config).await,
        Command::Backup { folder } => archive::backup(&config, &folder).await?,
        Command::Restore { folder } => {
            archive::restore(&config, &folder)?;
            say(&format!("已恢复 restored: {}", config.data.display()));
        }
    }
    Ok(ExitCode::SUCCESS)
}

//! `fenhe fsck`: does everything that is stored agree?

use std::process::ExitCode;

use lake::Lake as _;
use trust::verify::{Fetch, FetchError, walk};

use crate::Failure;
use crate::config::Config;
use crate::show::say;
use crate::wiring::{open_lake, wire};

/// The log's own files, without HTTP.
struct Own<'a>(&'a trust::Log);

impl Fetch for Own<'_> {
    async fn get(&self, path: &str) -> Result<Vec<u8>, FetchError> {
        let failed = |error: trust::log::LogError| FetchError::Failed(error.to_string());
        if path == "checkpoint" {
            return self.0.checkpoint().await.map_err(failed);
        }
        self.0.tile(path).await.map_err(failed)?.ok_or(FetchError::Missing)
    }
}

/// Checks database, audit trail, log and tables; exit status 1 if something is wrong.
pub(crate) async fn fsck(config: &Config) -> Result<ExitCode, Failure> {
    let wired = wire(config).await?;
    let platform = &wired.platform;
    let mut wrong = 0_usize;
    let mut report = |what: &str, problems: Vec<String>| {
        let state = if problems.is_empty() { "好 good" } else { "有误 WRONG" };
        say(&format!("{what}: {state}"));
        for problem in &problems {
            say(&format!("    {problem}"));
        }
        wrong += problems.len();
    };
    report("数据库 database", platform.store.integrity().await?);
    platform.log.seal_all(platform.clock.now()).await?;
    let damaged = trust::audit::damaged(&mut platform.store.read().await?).await?;
    report("审计记录 audit trail", damaged.iter().map(ToString::to_string).collect());
    let walked = walk(&Own(&platform.log), platform.log.vkey()).await;
    report("透明日志 log", walked.err().map(|error| error.to_string()).into_iter().collect());
    let lake = open_lake(config)?;
    let mut problems = Vec::new();
    let mut orphans = 0;
    for table in lake.tables().await? {
        let checked = lake.check(&table).await?;
        orphans += checked.orphans.len();
        problems.extend(checked.problems.iter().map(|problem| format!("{table}: {problem:?}")));
    }
    report("数据表 tables", problems);
    if orphans > 0 {
        say(&format!(
            "    {orphans} 个未引用的文件（中断的写入留下，无害）unreferenced files of interrupted writes, harmless"
        ));
    }
    let missing = platform::open::check(platform).await?;
    report("发布 releases", missing);
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

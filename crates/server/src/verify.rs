//! `fenhe log verify URL`: checks a site from outside, as anyone can.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use trust::verify::{Fetch, FetchError, check_growth, verify_certificate, walk_with};

use crate::Failure;
use crate::show::{Bar, say};

/// What to check.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// 站点地址 Address of the site, e.g. <https://data.example.gov.cn>
    url: String,
    /// 日志公钥；不给则取站点自己公布的（只能证明自洽）The log's key, as you got it before; left out,
    /// the one that the site publishes (which only shows that the site agrees with itself).
    #[arg(long, value_name = "KEY")]
    vkey: Option<String>,
    /// 以前保存的检查点 A checkpoint that you kept: the log must extend it.
    #[arg(long, value_name = "FILE")]
    older: Option<PathBuf>,
    /// 保存当前检查点 Keep the checkpoint, for the next time.
    #[arg(long, value_name = "FILE")]
    keep: Option<PathBuf>,
}

/// Files of a log over HTTP.
struct Http {
    client: reqwest::Client,
    base: String,
}

impl Fetch for Http {
    async fn get(&self, path: &str) -> Result<Vec<u8>, FetchError> {
        let failed = |error: reqwest::Error| FetchError::Failed(error.to_string());
        let answer =
            self.client.get(format!("{}/log/{path}", self.base)).send().await.map_err(failed)?;
        if answer.status() == reqwest::StatusCode::NOT_FOUND {
            return Err(FetchError::Missing);
        }
        let answer = answer.error_for_status().map_err(failed)?;
        Ok(answer.bytes().await.map_err(failed)?.to_vec())
    }
}

/// Checks the log and every certificate of the open portal; exit status 1 if
/// something is wrong.
pub(crate) async fn verify(verify: Verify) -> Result<ExitCode, Failure> {
    // The pages show the log's address; the site's is what is above it.
    let base = verify.url.trim_end_matches('/').trim_end_matches("/log").to_owned();
    let client = reqwest::Client::builder().timeout(std::time::Duration::from_secs(60)).build()?;
    let vkey = match verify.vkey {
        Some(vkey) => vkey,
        None => {
            let text = client.get(format!("{base}/log/key")).send().await?.error_for_status()?;
            text.text().await?.trim().to_owned()
        }
    };
    let fetch = Http { client: client.clone(), base: base.clone() };
    let bar = Bar::new();
    let mut issued = Vec::new();
    let walked = walk_with(&fetch, &vkey, |index, leaf| {
        bar.step("核验条目", "checking entries", index, index + 1);
        if let Ok(leaf) = serde_json::from_slice::<trust::audit::Leaf>(leaf)
            && leaf.kind == "release.issued"
        {
            issued.push(leaf.id);
        }
    })
    .await;
    bar.end();
    let walked = match walked {
        Ok(walked) => walked,
        Err(error) => {
            say(&format!("不可信 NOT GOOD: {error}"));
            return Ok(ExitCode::FAILURE);
        }
    };
    let checkpoint = &walked.checkpoint;
    say(&format!("日志 log         {}", checkpoint.origin));
    say(&format!("条目 entries     {}", checkpoint.size));
    say(&format!("根 root          {}", checkpoint.root));
    if let Some(older) = &verify.older {
        let note = std::fs::read(older)?;
        if let Err(error) = check_growth(&fetch, &vkey, &note).await {
            say(&format!("不可信 NOT GOOD: {error}"));
            return Ok(ExitCode::FAILURE);
        }
        say("延续性 growth    是旧检查点的延续 extends the older checkpoint");
    }
    if let Some(keep) = &verify.keep {
        std::fs::write(keep, &walked.note)?;
    }
    let good = certificates(&client, &base, &vkey, &issued).await?;
    say(&format!("证书 certificates {good}/{} 有效 good", issued.len()));
    if good == issued.len() {
        say("可信 GOOD");
        Ok(ExitCode::SUCCESS)
    } else {
        say("不可信 NOT GOOD: 有证书未通过 a certificate did not pass");
        Ok(ExitCode::FAILURE)
    }
}

/// How many certificates of releases have a good signature and are in the log.
async fn certificates(
    client: &reqwest::Client,
    base: &str,
    vkey: &str,
    issued: &[vocabulary::EntryId],
) -> Result<usize, Failure> {
    let keys = client.get(format!("{base}/api/v1/keys")).send().await?.error_for_status()?;
    let keys: serde_json::Value = keys.json().await?;
    let mut good = 0;
    for id in issued {
        let answer = client.get(format!("{base}/api/v1/receipts/{id}")).send().await?;
        let Ok(answer) = answer.error_for_status() else { continue };
        let receipt: trust::log::Receipt = answer.json().await?;
        let Ok(verified) = trust::verify::verify_receipt(&receipt, vkey) else { continue };
        let jws = verified.record.pointer("/data/certificate").and_then(|jws| jws.as_str());
        if jws.is_some_and(|jws| verify_certificate(jws, &keys).is_ok()) {
            good += 1;
        }
    }
    Ok(good)
}

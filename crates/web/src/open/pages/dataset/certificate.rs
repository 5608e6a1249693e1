//! The release certificate on the page of a data set.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use detect::Role;
use platform::evidence;
use platform::gate::release::{Certificate, Release};
use serde::Serialize;
use trust::identity::{find_account, find_body};
use vocabulary::{AccountId, Bilingual};

use crate::app::App;
use crate::parts::Risk;
use crate::problem::Problem;

/// The certificate, with what was found and what was not tested.
#[derive(Clone, Debug, Serialize)]
pub(super) struct CertificateView {
    id: String,
    file_url: String,
    issued_at: String,
    gate_run_at: String,
    audience: Bilingual,
    approved_by: Bilingual,
    risk: Option<Risk>,
    findings: Vec<Bilingual>,
    not_tested: Vec<Bilingual>,
    entry: EntryLink,
}

#[derive(Clone, Debug, Serialize)]
struct EntryLink {
    id: String,
    url: String,
    index: Option<u64>,
}

/// Reads the certificate of a release.
pub(super) async fn load(app: &App, release: &Release) -> Result<CertificateView, Problem> {
    let platform = &app.platform;
    let statement = statement(&release.certificate);
    let approver = match statement.as_ref().and_then(|statement| statement.approved_by) {
        Some(account) => approver(app, account).await?,
        None => None,
    };
    let outcome = &release.outcome;
    let model = statement.as_ref().and_then(|statement| statement.model);
    let model = model.unwrap_or(law::SharingModel::Public).label();
    Ok(CertificateView {
        id: release.id.to_string(),
        file_url: format!("/api/v1/releases/{}/certificate", release.id),
        issued_at: release.released_at.to_string(),
        gate_run_at: release.released_at.to_string(),
        audience: release.audience.label(),
        approved_by: approver.unwrap_or_else(|| Bilingual::new("发布审核员", "a gate reviewer")),
        risk: Some(Risk::of(&outcome.assessment, model)),
        findings: findings(release),
        not_tested: outcome.not_tested.clone(),
        entry: EntryLink {
            id: release.entry_id.to_string(),
            url: format!("/evidence/entry/{}", release.entry_id),
            index: evidence::index(platform, release.entry_id).await?,
        },
    })
}

/// What a certificate states; it was signed here, so its signature is not tested again.
fn statement(certificate: &str) -> Option<Certificate> {
    let payload = certificate.split('.').nth(1)?;
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

/// The office of who approved: the body and the duty, never the person's name.
async fn approver(app: &App, account: AccountId) -> Result<Option<Bilingual>, Problem> {
    let failed = |error: store::Error| Problem::from(platform::Error::from(error));
    let mut reader = app.platform.store.read().await.map_err(failed)?;
    let Some(account) = find_account(&mut reader, account).await.map_err(failed)? else {
        return Ok(None);
    };
    let body = find_body(&mut reader, account.body).await.map_err(failed)?;
    Ok(body.map(|body| {
        let english = if body.name.en.is_empty() { &body.name.zh } else { &body.name.en };
        Bilingual::new(format!("{} 发布审核员", body.name.zh), format!("gate reviewer, {english}"))
    }))
}

/// What the gate found and did, in sentences.
fn findings(release: &Release) -> Vec<Bilingual> {
    let outcome = &release.outcome;
    let in_role = |role: Role| outcome.columns.iter().filter(|column| column.role == role).count();
    let (direct, quasi, sensitive) =
        (in_role(Role::Direct), in_role(Role::Quasi), in_role(Role::Sensitive));
    let mut findings = vec![Bilingual::new(
        format!(
            "检测 {} 个字段：直接标识符 {direct} 个，准标识符 {quasi} 个，敏感字段 {sensitive} 个",
            outcome.columns.len()
        ),
        format!(
            "{} columns inspected: {direct} with direct identifiers, {quasi} with quasi-identifiers, {sensitive} sensitive",
            outcome.columns.len()
        ),
    )];
    let treated =
        outcome.columns.iter().filter(|column| column.transform != deident::Transform::Keep);
    findings.extend(treated.map(|column| {
        Bilingual::new(
            format!("“{}”：{}", column.name, column.words.zh),
            format!("“{}”: {}", column.name, column.words.en),
        )
    }));
    if outcome.rows_suppressed > 0 {
        findings.push(Bilingual::new(
            format!("{} 行中抑制 {} 行", outcome.rows, outcome.rows_suppressed),
            format!("{} of {} rows suppressed", outcome.rows_suppressed, outcome.rows),
        ));
    }
    if outcome.assessment.min_class > 0 {
        findings.push(Bilingual::new(
            format!("最小等价类有 {} 行", outcome.assessment.min_class),
            format!("the smallest class has {} rows", outcome.assessment.min_class),
        ));
    }
    findings.extend(outcome.diversity.iter().map(|fact| {
        Bilingual::new(
            format!("“{}”在每个等价类中至少有 {} 个不同的值", fact.column, fact.distinct_l),
            format!(
                "“{}” has at least {} different values in each class",
                fact.column, fact.distinct_l
            ),
        )
    }));
    if outcome.irreversible && quasi + direct > 0 {
        findings.push(Bilingual::new("所用变换均不可复原", "every transform used is irreversible"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_states_nothing() {
        assert!(statement("").is_none());
        assert!(statement("a.b.c").is_none());
        assert!(statement("e30.e30.sig").is_none());
    }
}

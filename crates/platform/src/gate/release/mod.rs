//! Releases and their certificates (发布、发布证书).
//!
//! A release is a dataset version that passed the gate for one audience. Its
//! certificate is a signed statement of what was released, what was measured, who
//! agreed, and the digests of the rows, so that whoever holds a downloaded CSV can
//! check it against the certificate, and the certificate against the log.
//!
//! Invariants (each is also the name of a test):
//! - `a_certificate_names_the_digest_of_the_rows`
//! - `a_certificate_tells_no_digest_of_its_source`
//! - `one_release_is_current_for_an_audience`

mod table;

use std::collections::HashMap;

use jiff::Timestamp;
use law::{Audience, SharingModel};
use serde::{Deserialize, Serialize};
use serde_json::json;
use trust::{Action, Caller, audit};
use vocabulary::{AssetId, EntryId, GateRunId, ReleaseId, VersionId};

use super::model::{ColumnOutcome, GateRun, Outcome};
use super::remeasure::Remeasurement;
use crate::registry::version::StoredTable;
use crate::registry::{self, Asset};
use crate::{Error, Platform};

/// What the code of a file in a certificate is for.
const SOURCE: &str = "source of a release";

/// A release.
#[derive(Clone, Debug)]
pub struct Release {
    /// Identifier.
    pub id: ReleaseId,
    /// The asset.
    pub asset_id: AssetId,
    /// The version that it was made from.
    pub version_id: VersionId,
    /// The gate run that allowed it.
    pub gate_run_id: GateRunId,
    /// For whom it is.
    pub audience: Audience,
    /// 1, 2, 3 … within the asset, for whichever audience.
    pub number: i64,
    /// `current`, `superseded` or `suspended`.
    pub state: String,
    /// Rows.
    pub rows: u64,
    /// What was done to each column that left.
    pub columns: Vec<ColumnOutcome>,
    /// The profile of what left.
    pub profile: quality::TableProfile,
    /// The gate's outcome.
    pub outcome: Outcome,
    /// The table in the lake.
    pub table: StoredTable,
    /// The certificate, a compact JWS (`EdDSA`).
    pub certificate: String,
    /// The entry in the transparency log.
    pub entry_id: EntryId,
    /// Why it was suspended.
    pub suspended_why: Option<String>,
    /// How often it was downloaded.
    pub downloads: u64,
    /// When it was released.
    pub released_at: Timestamp,
}

impl Release {
    /// What the policies may know of it.
    pub fn resource(&self, body: Option<vocabulary::CreditCode>) -> trust::Resource {
        trust::Resource {
            kind: "release",
            id: self.id.to_string(),
            body,
            filer: None,
            state: Some(self.state.clone()),
            audience: Some(self.audience.code().to_owned()),
            public: self.audience == Audience::Open && self.state != "suspended",
        }
    }
}

/// The digests of a table's rows, written as CSV (UTF-8 without BOM, CRLF line
/// ends, in row order) — the bytes of the portal's CSV download.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowsDigest {
    /// Length of that CSV in bytes.
    pub bytes: u64,
    /// SHA-256, hex.
    pub sha256: String,
    /// SM3, hex.
    pub sm3: String,
}

/// What a certificate states.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// Version of this form: `fenhe.release/1`.
    pub form: String,
    /// The release.
    pub release: ReleaseId,
    /// The asset, which is also the address of the dataset page.
    pub asset: AssetId,
    /// Its title in Chinese.
    pub title: String,
    /// The providing body.
    pub provider: String,
    /// For whom.
    pub audience: String,
    /// The sharing model of GB/T 42460-2023 that it was measured by; absent in the first
    /// certificates, which are all of the public model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<SharingModel>,
    /// Which release of the asset it is.
    pub number: i64,
    /// Rows.
    pub rows: u64,
    /// The columns that left and what was done to them.
    pub columns: Vec<CertifiedColumn>,
    /// Digests of the rows.
    pub digest: RowsDigest,
    /// The file that it was made from, as a code that only this platform can make: by a
    /// plain digest, whoever knows nearly all of the file could try which row is missing.
    /// What the digests are, the log commits to with the version. Absent in certificates
    /// that were issued before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The risk by GB/T 42460-2023, with the arithmetic.
    pub assessment: deident::risk::Assessment,
    /// Whether every transform is irreversible.
    pub irreversible: bool,
    /// What was looked at and what was found, with the figures that it rests on.
    #[serde(default)]
    pub checks: Vec<super::Check>,
    /// What was not tested, corrections of findings by a person first.
    pub not_tested: Vec<vocabulary::Bilingual>,
    /// Who filed it (an account, not a name).
    pub filed_by: vocabulary::AccountId,
    /// Who approved it.
    pub approved_by: Option<vocabulary::AccountId>,
    /// When it was released.
    pub released_at: Timestamp,
}

/// A column in a certificate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CertifiedColumn {
    /// Name.
    pub name: String,
    /// Role as decided.
    pub role: detect::Role,
    /// What was done.
    pub transform: vocabulary::Bilingual,
}

/// Makes the release of an approved run, inside the transaction that approves it.
pub(super) async fn create(
    tx: &mut store::Tx,
    caller: &Caller,
    platform: &Platform,
    asset: &Asset,
    run: &GateRun,
) -> Result<Release, Error> {
    let (Some(mut outcome), Some(stored)) =
        (run.outcome.as_deref().cloned(), run.candidate.clone())
    else {
        return Err(Error::WrongState {
            subject: format!("gate run {}", run.id),
            found: "without a measured candidate".to_owned(),
            needed: "submitted",
        });
    };
    // Rows as they were before stay with the run, for those who may see the version.
    outcome.before = Vec::new();
    let version = registry::load_version(tx, run.version_id).await?;
    let number = table::newest_number(tx, asset.id).await? + 1;
    let columns: Vec<ColumnOutcome> = outcome
        .columns
        .iter()
        .filter(|column| column.transform != deident::Transform::Remove)
        .cloned()
        .collect();
    let id = ReleaseId::new_v7(caller.now());
    let statement = Certificate {
        form: "fenhe.release/1".to_owned(),
        release: id,
        asset: asset.id,
        title: asset.entry.title.zh.clone(),
        provider: asset.provider.clone(),
        audience: run.audience.code().to_owned(),
        model: Some(run.settings.model),
        number,
        rows: outcome.rows_released,
        columns: columns
            .iter()
            .map(|column| CertifiedColumn {
                name: column.name.clone(),
                role: column.role,
                transform: column.words.clone(),
            })
            .collect(),
        digest: outcome.digest.clone(),
        source: version.sha256.map(|sha256| platform.keyring.code(SOURCE, &sha256)),
        assessment: outcome.assessment.clone(),
        irreversible: outcome.irreversible,
        checks: outcome.checks.clone(),
        not_tested: outcome.not_tested.clone(),
        filed_by: run.filed_by,
        approved_by: run.decided_by,
        released_at: caller.now(),
    };
    let payload = serde_json::to_value(&statement)
        .map_err(|source| Error::Damaged { what: "certificate", source })?;
    let certificate = platform.keyring.sign_jws(&payload).map_err(Error::evidence)?;
    let event = audit::Event {
        kind: "release.issued",
        subject: format!("asset:{}", asset.id),
        body: json!({ "release": id, "gate_run": run.id, "certificate": certificate }),
        ground: None,
    };
    let entry_id = audit::append(tx, caller, event).await.map_err(Error::evidence)?;
    let release = Release {
        id,
        asset_id: asset.id,
        version_id: run.version_id,
        gate_run_id: run.id,
        audience: run.audience,
        number,
        state: "current".to_owned(),
        rows: outcome.rows_released,
        columns,
        profile: outcome.profile.clone(),
        outcome,
        table: stored,
        certificate,
        entry_id,
        suspended_why: None,
        downloads: 0,
        released_at: caller.now(),
    };
    table::supersede(tx, asset.id, run.audience).await?;
    table::insert(tx, &release).await?;
    // What the gate measured is the first measurement, by the rules of its day.
    let first = Remeasurement {
        release_id: release.id,
        measured_at: run.updated_at,
        rules: release.outcome.rules.clone(),
        verdict: "passed".to_owned(),
        checks: release.outcome.checks.clone(),
        refusals: Vec::new(),
        entry_id,
    };
    table::note_measurement(tx, &first).await?;
    crate::open::changed(tx, asset.id, caller.now()).await?;
    Ok(release)
}

/// Suspends a release: what it offers stops with the next request.
///
/// # Errors
///
/// [`Error::Denied`] unless the caller may; [`Error::Invalid`] without a reason;
/// [`Error::WrongState`] if it is suspended already.
pub async fn suspend(
    caller: &Caller,
    platform: &Platform,
    id: ReleaseId,
    reason: &str,
) -> Result<Release, Error> {
    let reason = super::rules::required_ground(reason)?;
    let mut tx = platform.store.begin().await?;
    let found = table::find(&mut tx, id).await?.ok_or_else(|| missing(id))?;
    let asset = registry::load(&mut tx, found.asset_id).await?;
    caller.require(Action::SuspendRelease, &found.resource(asset.body))?;
    if found.state == "suspended" {
        return Err(Error::WrongState {
            subject: format!("release {id}"),
            found: found.state,
            needed: "current or superseded",
        });
    }
    suspend_in(&mut tx, caller, &found, &reason).await?;
    tx.commit().await?;
    crate::open::index_asset(platform, asset.id).await?;
    Ok(Release { state: "suspended".to_owned(), suspended_why: Some(reason), ..found })
}

/// Suspends a release inside a transaction and writes the audit entry.
pub(super) async fn suspend_in(
    tx: &mut store::Tx,
    caller: &Caller,
    found: &Release,
    reason: &str,
) -> Result<(), Error> {
    table::suspend(tx, found.id, reason).await?;
    let event = audit::Event {
        kind: "release.suspended",
        subject: format!("asset:{}", found.asset_id),
        body: json!({ "release": found.id }),
        ground: Some(reason.to_owned()),
    };
    audit::append(tx, caller, event).await.map_err(Error::evidence)?;
    crate::open::changed(tx, found.asset_id, caller.now()).await
}

/// Number of the newest release of an asset, for whichever audience; 0 if there is none.
pub(super) async fn newest_number(
    query: &mut impl store::Query,
    asset_id: AssetId,
) -> Result<i64, Error> {
    table::newest_number(query, asset_id).await
}

/// The releases of an asset for every audience, newest first.
pub(super) async fn all(
    query: &mut impl store::Query,
    asset_id: AssetId,
) -> Result<Vec<Release>, Error> {
    table::all(query, asset_id).await
}

/// Suspends the current releases for which an asset does not open any more: its opening
/// attribute, level or place on the negative list has changed.
pub(crate) async fn stop_unfit(
    tx: &mut store::Tx,
    caller: &Caller,
    asset: &Asset,
) -> Result<(), Error> {
    for audience in Audience::ALL {
        let Some(found) = table::current(tx, asset.id, *audience).await? else { continue };
        if let Some(reason) = super::rules::unfit(asset, *audience) {
            suspend_in(tx, caller, &found, &format!("{} {}", reason.zh, reason.en)).await?;
        }
    }
    Ok(())
}

/// A release by its id, for whoever has the right already.
///
/// # Errors
///
/// [`Error::NotFound`] if there is none.
pub(super) async fn load(query: &mut impl store::Query, id: ReleaseId) -> Result<Release, Error> {
    table::find(query, id).await?.ok_or_else(|| missing(id))
}

/// Current releases whose newest measurement was made by other rules than `rules`.
pub(super) async fn measured_by_others(
    query: &mut impl store::Query,
    rules: &str,
) -> Result<Vec<ReleaseId>, Error> {
    table::measured_by_others(query, rules).await
}

/// The measurements of a release, newest first; the last is the gate's.
pub(super) async fn measurements(
    query: &mut impl store::Query,
    id: ReleaseId,
) -> Result<Vec<Remeasurement>, Error> {
    table::measurements(query, id).await
}

/// Writes a measurement.
pub(super) async fn note_measurement(
    tx: &mut store::Tx,
    noted: &Remeasurement,
) -> Result<(), Error> {
    table::note_measurement(tx, noted).await
}

/// A release that the caller may see.
///
/// # Errors
///
/// [`Error::NotFound`] also where the caller may not know that it exists.
pub async fn find(caller: &Caller, platform: &Platform, id: ReleaseId) -> Result<Release, Error> {
    let mut reader = platform.store.read().await?;
    let release = table::find(&mut reader, id).await?.ok_or_else(|| missing(id))?;
    let asset = registry::load(&mut reader, release.asset_id).await?;
    caller.require(Action::ViewRelease, &release.resource(asset.body)).map_err(|_| missing(id))?;
    Ok(release)
}

/// A release as evidence: its certificate stays readable after a suspension, as does
/// the entry in the log that commits to it; its data do not.
///
/// # Errors
///
/// [`Error::NotFound`] if there is none, or not for this caller.
pub async fn certified(
    caller: &Caller,
    platform: &Platform,
    id: ReleaseId,
) -> Result<Release, Error> {
    let mut reader = platform.store.read().await?;
    let release = table::find(&mut reader, id).await?.ok_or_else(|| missing(id))?;
    let asset = registry::load(&mut reader, release.asset_id).await?;
    caller
        .require(Action::ViewCertificate, &release.resource(asset.body))
        .map_err(|_| missing(id))?;
    Ok(release)
}

/// The release that came of a run, if the caller may see it.
///
/// # Errors
///
/// [`Error::Store`] if it cannot be read.
pub async fn of_run(
    caller: &Caller,
    platform: &Platform,
    run: GateRunId,
) -> Result<Option<Release>, Error> {
    let mut reader = platform.store.read().await?;
    let Some(release) = table::of_run(&mut reader, run).await? else { return Ok(None) };
    let asset = registry::load(&mut reader, release.asset_id).await?;
    let may = caller.can(Action::ViewRelease, &release.resource(asset.body));
    Ok(may.then_some(release))
}

/// The releases of an asset for an audience, newest first.
pub(crate) async fn of_asset(
    query: &mut impl store::Query,
    asset_id: AssetId,
    audience: Audience,
) -> Result<Vec<Release>, Error> {
    table::of_asset(query, asset_id, audience).await
}

/// What a release of another asset shows.
pub(super) struct Other {
    /// The release.
    pub(super) release: ReleaseId,
    /// The asset.
    pub(super) asset: AssetId,
    /// Its title in Chinese.
    pub(super) title: String,
    /// The columns that left.
    pub(super) columns: Vec<ColumnOutcome>,
}

/// What the open releases of other assets show that are current or were suspended: what was
/// open stays known.
pub(super) async fn others(
    query: &mut impl store::Query,
    own: AssetId,
) -> Result<Vec<Other>, Error> {
    table::others(query, own, Audience::Open).await
}

/// The current release of an asset for an audience.
pub(crate) async fn current(
    query: &mut impl store::Query,
    asset_id: AssetId,
    audience: Audience,
) -> Result<Option<Release>, Error> {
    table::current(query, asset_id, audience).await
}

/// The current releases of some assets for an audience, by asset.
pub(crate) async fn current_of(
    query: &mut impl store::Query,
    assets: &[AssetId],
    audience: Audience,
) -> Result<HashMap<AssetId, Release>, Error> {
    let found = table::current_of(query, assets, audience).await?;
    Ok(found.into_iter().map(|release| (release.asset_id, release)).collect())
}

/// Counts a download.
pub(crate) async fn count_download(platform: &Platform, id: ReleaseId) -> Result<(), Error> {
    let mut tx = platform.store.begin().await?;
    table::count_download(&mut tx, id).await?;
    tx.commit().await?;
    Ok(())
}

/// The error for a release that is not there, or not for this caller.
fn missing(id: ReleaseId) -> Error {
    Error::NotFound { what: "release", id: id.to_string() }
}

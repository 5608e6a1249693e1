//! `/desk/assets/{id}/versions/{n}`: is it in, is it right?

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use platform::registry::version::{self, ReadColumn, Version};
use platform::registry::{self, Asset, Item};
use platform::{Error, jobs};
use quality::ColumnProfile;
use serde::Serialize;
use store::job::Job;
use trust::{Action as Act, Caller, Resource};
use vocabulary::{Bilingual, ErrorKind};

use crate::app::App;
use crate::desk::{self, Names, asset_path, kind_label, title_of};
use crate::extract::id_of;
use crate::form::Posted;
use crate::parts::{Action, FormProblem, Tag};
use crate::problem::Problem;
use crate::registry::upload::repairs;
use crate::view::Page;
use crate::visitor::Visitor;

/// Rejected rows that the page shows; all can be downloaded.
const SHOWN: usize = 20;
/// Frequent values of a text column that the page shows.
const TOP: usize = 3;

#[derive(Serialize)]
struct VersionPage {
    this: This,
    job: Option<JobRow>,
    failure: Option<Failure>,
    columns: Vec<Column>,
    rejected: Option<Rejected>,
    notes: Vec<Bilingual>,
    repairs: Vec<RepairRow>,
    errors: Vec<FormProblem>,
    actions: Vec<Action>,
}

/// Something that can be repaired, and whether it is chosen.
#[derive(Serialize)]
struct RepairRow {
    code: &'static str,
    label: Bilingual,
    cells: u64,
    chosen: bool,
    examples: Vec<ingest::Example>,
}

#[derive(Serialize)]
struct This {
    asset_title: Bilingual,
    asset_url: String,
    number: i64,
    url: String,
    state: Tag,
    file_name: String,
    encoding: Option<String>,
    bytes: u64,
    sha256: Option<String>,
    at: String,
    by: Bilingual,
    rows: Option<u64>,
    rejected: u64,
}

/// Work that is under way.
#[derive(Serialize)]
pub(crate) struct JobRow {
    id: String,
    note: Bilingual,
    done: u64,
    total: Option<u64>,
}

impl JobRow {
    /// A job that has not ended yet.
    pub(crate) fn of(job: Job) -> Self {
        let waiting = || Bilingual::new("排队等待", "Waiting for its turn");
        let (note, done, total) = match job.progress {
            Some(progress) => (progress.note, progress.done, progress.total),
            None => (waiting(), 0, None),
        };
        Self { id: job.id.to_string(), note, done, total }
    }
}

#[derive(Serialize)]
struct Failure {
    what: Bilingual,
    remedy: Bilingual,
}

#[derive(Serialize)]
struct Column {
    name: String,
    title: Option<Bilingual>,
    kind: Bilingual,
    missing: f64,
    distinct: Option<u64>,
    least: Option<String>,
    greatest: Option<String>,
    bins: Vec<Bin>,
    top: Vec<Top>,
    note: Option<Bilingual>,
}

#[derive(Serialize)]
struct Bin {
    label: String,
    count: u64,
}

#[derive(Serialize)]
struct Top {
    value: String,
    count: u64,
}

#[derive(Serialize)]
struct Rejected {
    total: u64,
    shown: Vec<RejectedRow>,
    file_url: String,
}

#[derive(Serialize)]
struct RejectedRow {
    line: u64,
    column: Option<String>,
    value: Option<String>,
    reason: Bilingual,
}

/// Shows a version.
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, number)): Path<(String, String)>,
) -> Result<Page, Problem> {
    let caller = visitor.signed_in()?;
    let (asset, version) =
        version::find(caller, &app.platform, id_of(&id)?, id_of(&number)?).await?;
    page(&app, &visitor, &asset, &version, Vec::new()).await
}

/// Has the file read once more with the repairs that were chosen.
pub(crate) async fn repair(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, number)): Path<(String, String)>,
    form: Posted,
) -> Result<Response, Problem> {
    let caller = visitor.signed_in()?;
    let (asset, version) =
        version::find(caller, &app.platform, id_of(&id)?, id_of(&number)?).await?;
    let completed = match repairs(form.all("repairs")) {
        Ok(repairs) => {
            registry::repair::repair(caller, &app.platform, asset.id, version.number, &repairs)
                .await
        }
        Err(error) => Err(error),
    };
    match completed {
        Ok(completed) => Ok(desk::done(
            &visitor,
            &format!("{}/versions/{}", asset_path(&asset), completed.number),
            "正在按所选修整重新读取文件，结果是新的一版。",
            "The file is read once more with the repairs; the result is a new version.",
        )),
        Err(Error::Invalid { problems }) => {
            let errors = desk::mistakes(&problems, str::to_owned);
            let page = page(&app, &visitor, &asset, &version, errors).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

async fn page(
    app: &App,
    visitor: &Visitor,
    asset: &Asset,
    version: &Version,
    errors: Vec<FormProblem>,
) -> Result<Page, Problem> {
    let caller = visitor.signed_in()?;
    let job = match version.state.as_str() {
        "reading" => jobs::progress_of(&app.platform, &format!("version:{}", version.id)).await?,
        _ => None,
    };
    let names = Names::load(app, [version.filed_by]).await?;
    let context = VersionPage {
        job: job.map(JobRow::of),
        failure: failure(version),
        columns: columns(asset, version),
        rejected: rejected(app, caller, asset, version).await?,
        notes: version.reading.as_ref().map(|reading| reading.notes.clone()).unwrap_or_default(),
        repairs: proposals(asset, version, caller, !errors.is_empty()),
        errors,
        actions: actions(asset, version, caller),
        this: this(asset, version, &names),
    };
    app.pages.render(visitor, "desk/version.html", context)
}

/// What can be repaired, for someone who may file a version; all of it is chosen, but for
/// who chose nothing.
fn proposals(asset: &Asset, version: &Version, caller: &Caller, none: bool) -> Vec<RepairRow> {
    if !caller.can(Act::Upload, &asset.resource()) {
        return Vec::new();
    }
    let found = version.reading.iter().flat_map(|reading| &reading.proposals);
    let row = |found: &ingest::Proposal| RepairRow {
        code: found.repair.code(),
        label: found.repair.label(),
        cells: found.cells,
        chosen: !none,
        examples: found.examples.clone(),
    };
    found.map(row).collect()
}

fn this(asset: &Asset, version: &Version, names: &Names) -> This {
    This {
        asset_title: title_of(asset),
        asset_url: asset_path(asset),
        number: version.number,
        url: format!("{}/versions/{}", asset_path(asset), version.number),
        state: desk::version_tag(&version.state),
        file_name: version.file_name.clone(),
        encoding: version.reading.as_ref().map(|reading| reading.encoding.clone()),
        bytes: version.bytes,
        sha256: version.sha256.clone(),
        at: version.created_at.to_string(),
        by: names.of(Some(version.filed_by)),
        rows: version.rows,
        rejected: version.rejected.unwrap_or(0),
    }
}

fn failure(version: &Version) -> Option<Failure> {
    let remedy = version.problem.clone()?;
    let what = Bilingual::new(
        "这个文件没有读成表格，没有数据入库。",
        "The file could not be read as a table; nothing went in.",
    );
    Some(Failure { what, remedy })
}

fn columns(asset: &Asset, version: &Version) -> Vec<Column> {
    let Some(profile) = &version.profile else { return Vec::new() };
    let read =
        version.reading.as_ref().map(|reading| reading.columns.as_slice()).unwrap_or_default();
    let column = |column: &ColumnProfile| {
        let item = asset.entry.items.iter().find(|item| item.name == column.name);
        let read = read.iter().find(|read| read.name == column.name);
        column_row(column, profile.rows, item, read)
    };
    profile.columns.iter().map(column).collect()
}

fn column_row(
    column: &ColumnProfile,
    rows: u64,
    item: Option<&Item>,
    read: Option<&ReadColumn>,
) -> Column {
    let title = item.map(|item| item.title.clone()).filter(|title| !title.zh.is_empty());
    let bins = column
        .histogram
        .iter()
        .map(|bin| Bin { label: format!("{} – {}", bin.from, bin.to), count: bin.count });
    let top = column.top.iter().take(TOP);
    let is_ordered = !column.histogram.is_empty();
    Column {
        name: column.name.clone(),
        title,
        kind: kind_label(read.map_or(column.kind.as_str(), |read| read.kind.as_str())),
        missing: column.missing_share(rows),
        distinct: Some(column.distinct),
        // Extremes of texts say nothing; without the one the other is not shown.
        least: column.min.clone().filter(|_| is_ordered && column.max.is_some()),
        greatest: column.max.clone().filter(|_| is_ordered),
        bins: bins.collect(),
        top: top.map(|top| Top { value: top.value.clone(), count: top.count }).collect(),
        note: read.and_then(note),
    }
}

/// What the reader noticed about a column, in one text.
fn note(read: &ReadColumn) -> Option<Bilingual> {
    let mut zh: Vec<String> = read.notes.iter().map(|note| note.zh.clone()).collect();
    let mut en: Vec<String> = read.notes.iter().map(|note| note.en.clone()).collect();
    if !read.missing_marks.is_empty() {
        let quoted = |by: &str| {
            let marks = read.missing_marks.iter().map(|mark| format!("“{mark}”"));
            marks.collect::<Vec<_>>().join(by)
        };
        zh.push(format!("{} 按缺失处理", quoted("、")));
        en.push(format!("{} read as missing", quoted(", ")));
    }
    (!zh.is_empty()).then(|| Bilingual::new(zh.join("；"), en.join("; ")))
}

/// The first rejected rows; `None` if there are none, or for someone who may see the
/// profile but not the rows.
async fn rejected(
    app: &App,
    caller: &Caller,
    asset: &Asset,
    version: &Version,
) -> Result<Option<Rejected>, Problem> {
    if version.rejected.unwrap_or(0) == 0 {
        return Ok(None);
    }
    let found = version::quarantine(caller, &app.platform, asset.id, version.number, SHOWN).await;
    let (rows, total) = match found {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::Denied => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let shown = rows.into_iter().map(|row| RejectedRow {
        line: row.line,
        column: row.column,
        value: Some(row.value).filter(|value| !value.is_empty()),
        reason: row.reason,
    });
    Ok(Some(Rejected {
        total,
        shown: shown.collect(),
        file_url: format!("/api/v1/assets/{}/versions/{}/quarantine.csv", asset.id, version.number),
    }))
}

/// A stored version can be sent to the gate.
fn actions(asset: &Asset, version: &Version, caller: &Caller) -> Vec<Action> {
    let run = asset.body.map(|body| Resource::of_kind("gate_run").of_body(body));
    let may_run = run.is_some_and(|run| caller.can(Act::RunGate, &run));
    if !may_run || version.state != "stored" {
        return Vec::new();
    }
    vec![Action {
        key: "gate".to_owned(),
        label: Bilingual::new("送检", "Send to the gate"),
        url: format!("{}/versions/{}/gate", asset_path(asset), version.number),
        kind: "primary".to_owned(),
        hint: Some(Bilingual::new(
            "逐行检测标识符，提出处理办法，测量风险；通过后由第二人审批开放。",
            "Every row is inspected for identifiers, treatments are proposed and the risk is measured; then a second person approves.",
        )),
        reason: "none".to_owned(),
        reason_label: None,
        typed: None,
        error: None,
        value: String::new(),
    }]
}

/// The newest version that can be sent to the gate.
///
/// # Errors
///
/// [`Problem`] if the asset is not there for the caller or no version is stored.
pub(crate) async fn newest_stored(
    app: &App,
    caller: &Caller,
    asset: vocabulary::AssetId,
) -> Result<i64, Problem> {
    let versions = version::list(caller, &app.platform, asset).await?;
    let stored = versions.iter().filter(|version| version.state == "stored");
    stored.map(|version| version.number).max().ok_or_else(|| {
        Problem::from(Error::WrongState {
            subject: format!("asset {asset}"),
            found: "without a stored version".to_owned(),
            needed: "stored",
        })
    })
}

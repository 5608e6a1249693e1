//! What the page of an asset shows.

use platform::evidence;
use platform::gate::{self, GateRun};
use platform::registry::version::{self, Version};
use platform::registry::{self, Asset, AssetState};
use serde::Serialize;
use trust::{Action as Act, Caller, Resource};
use vocabulary::{AssetId, Bilingual};

use super::steps::{self, Milestone};
use crate::app::App;
use crate::desk::{self, Names, asset_path, kind_label, title_of};
use crate::parts::{Action, Clock, Refusal, Tag, Waiting, plain};
use crate::problem::Problem;
use crate::step::Obstacle;
use crate::trust::desk::words::{Event, HISTORY};
use crate::visitor::Visitor;

#[derive(Serialize)]
pub(super) struct AssetPage {
    this: This,
    timeline: Vec<Milestone>,
    clock: Option<Clock>,
    age: Option<Waiting>,
    waiting: Option<Bilingual>,
    blocked: Vec<Refusal>,
    actions: Vec<Action>,
    links: Links,
    fields: Vec<Field>,
    items: Vec<ItemRow>,
    versions: Vec<VersionRow>,
    gate_runs: Vec<RunRow>,
    events: Vec<Event>,
}

#[derive(Serialize)]
struct This {
    id: String,
    url: String,
    title: Bilingual,
    body: Bilingual,
    state: Tag,
    level: Option<Bilingual>,
    etag: String,
    portal_url: Option<String>,
}

#[derive(Serialize)]
struct Links {
    edit: Option<String>,
    upload: Option<String>,
    gate: Option<String>,
    summaries: String,
}

#[derive(Serialize)]
struct Field {
    label: Bilingual,
    value: Option<Bilingual>,
}

#[derive(Serialize)]
struct ItemRow {
    name: String,
    title: Bilingual,
    kind: Bilingual,
    description: String,
}

#[derive(Serialize)]
struct VersionRow {
    number: i64,
    url: String,
    rows: Option<u64>,
    rejected: u64,
    bytes: u64,
    at: String,
    by: Bilingual,
    state: Tag,
    current: bool,
}

#[derive(Serialize)]
struct RunRow {
    url: String,
    version: i64,
    at: String,
    audience: Bilingual,
    verdict: Tag,
}

/// Reads everything that the page shows.
pub(super) async fn load(
    app: &App,
    visitor: &Visitor,
    caller: &Caller,
    id: AssetId,
    obstacle: Obstacle,
) -> Result<AssetPage, Problem> {
    let asset = registry::find(caller, &app.platform, id).await?;
    let versions = version::list(caller, &app.platform, id).await?;
    let runs = gate::of_asset(caller, &app.platform, id).await?;
    let events = evidence::history(caller, &app.platform, id, HISTORY).await?;
    let people = [asset.filer, asset.consented_by, asset.published_by].into_iter().flatten();
    let people = people
        .chain(versions.iter().map(|version| version.filed_by))
        .chain(runs.iter().filter_map(|run| run.decided_by))
        .chain(events.iter().filter_map(|event| event.account));
    let names = Names::load(app, people).await?;
    let may_submit =
        asset.state == AssetState::Draft && caller.can(Act::SubmitAsset, &asset.resource());
    let blocked = match obstacle.refusals.as_slice() {
        [] if may_submit => desk::boxes(&registry::obstacles(&asset)),
        refusals => desk::boxes(refusals),
    };
    let clock = desk::clock_of(&asset, visitor);
    Ok(AssetPage {
        timeline: steps::timeline(&asset, &runs, &names),
        clock: clock.as_ref().and_then(Clock::of),
        age: clock.as_ref().map(Waiting::of),
        waiting: steps::waiting(&asset, caller),
        blocked,
        actions: steps::actions(&asset, caller, &obstacle),
        links: links(&asset, &versions, caller),
        fields: fields(&asset),
        items: items(&asset),
        gate_runs: run_rows(app, &versions, &runs).await?,
        versions: version_rows(&asset, &versions, &names),
        events: events.iter().map(|record| Event::of(record, &names)).collect(),
        this: this(&asset),
    })
}

fn this(asset: &Asset) -> This {
    This {
        id: asset.id.to_string(),
        url: asset_path(asset),
        title: title_of(asset),
        body: plain(&asset.provider),
        state: desk::asset_tag(asset.state),
        level: asset.entry.level.map(|level| level.label()),
        etag: asset.revision.to_string(),
        portal_url: (asset.state == AssetState::Published)
            .then(|| format!("/dataset/{}", asset.id)),
    }
}

fn links(asset: &Asset, versions: &[Version], caller: &Caller) -> Links {
    let resource = asset.resource();
    let path = asset_path(asset);
    let may_edit = asset.state == AssetState::Draft && caller.can(Act::EditAsset, &resource);
    let may_upload = asset.state != AssetState::Withdrawn && caller.can(Act::Upload, &resource);
    let run = asset.body.map(|body| Resource::of_kind("gate_run").of_body(body));
    let may_run = run.is_some_and(|run| caller.can(Act::RunGate, &run));
    let has_data = versions.iter().any(|version| version.state == "stored");
    Links {
        edit: may_edit.then(|| format!("{path}/edit")),
        upload: may_upload.then(|| format!("{path}/upload")),
        gate: (may_run && has_data).then(|| format!("{path}/gate")),
        summaries: format!("{path}/summaries"),
    }
}

/// The fields of the entry in order. A mandatory one that is missing is shown as
/// missing; an optional one without value is left out.
fn fields(asset: &Asset) -> Vec<Field> {
    let entry = &asset.entry;
    let missing = registry::missing(asset);
    let coded = |list: &str, code: &str| {
        law::entry(list, code).map_or_else(|| plain(code), law::Entry::label)
    };
    let rows = [
        ("title.zh", ("数据目录名称", "Name"), title_of(asset)),
        ("summary.zh", ("摘要", "Abstract"), entry.summary.clone()),
        ("provider", ("提供单位", "Provider"), plain(&asset.provider)),
        ("format", ("数据格式", "Data format"), coded("format", &entry.format)),
        (
            "update_cycle",
            ("数据更新频率", "Update cycle"),
            entry.update_cycle.map(|c| c.label()).unwrap_or_default(),
        ),
        (
            "sharing",
            ("共享属性", "Sharing attribute"),
            entry.sharing.map(|s| s.label()).unwrap_or_default(),
        ),
        ("sharing_mode", ("共享方式", "Sharing mode"), coded("sharing_mode", &entry.sharing_mode)),
        ("sharing_scope", ("共享范围", "Scope of sharing"), plain(&entry.sharing_scope)),
        ("sharing_purpose", ("使用用途", "Purpose of sharing"), plain(&entry.sharing_purpose)),
        (
            "not_shared_basis",
            ("不予共享的依据", "Basis for not sharing"),
            plain(&entry.not_shared_basis),
        ),
        ("conditions", ("使用条件", "Conditions of use"), plain(&entry.conditions)),
        (
            "opening",
            ("开放属性", "Opening attribute"),
            entry.opening.map(|o| o.label()).unwrap_or_default(),
        ),
        (
            "negative_list",
            ("负面清单依据", "Basis on the negative list"),
            plain(entry.negative_list.as_ref().map(|n| n.basis.as_str()).unwrap_or_default()),
        ),
        ("theme", ("数据分类", "Classification"), coded("theme", &entry.theme)),
        (
            "level",
            ("数据分级", "Level"),
            entry.level.map(|level| level.label()).unwrap_or_default(),
        ),
        (
            "secrecy_assessment",
            ("保密风险评估", "Secrecy risk assessment"),
            plain(&entry.secrecy_assessment),
        ),
        (
            "privacy_assessment",
            ("个人信息保护影响评估", "Personal information impact assessment"),
            plain(&entry.privacy_assessment),
        ),
        (
            "division",
            ("地区", "Division"),
            plain(entry.division.map(|code| code.to_string()).unwrap_or_default()),
        ),
        ("keywords", ("关键词", "Keywords"), plain(entry.keywords.join("、"))),
        ("contact", ("联系方式", "Contact"), plain(contact(asset))),
    ];
    let shown = rows.into_iter().filter_map(|(field, (zh, en), value)| {
        let label = Bilingual::new(zh, en);
        if missing.iter().any(|gap| gap.field == field) {
            return Some(Field { label, value: None });
        }
        (!value.zh.trim().is_empty()).then_some(Field { label, value: Some(value) })
    });
    shown.collect()
}

fn contact(asset: &Asset) -> String {
    let contact = &asset.entry.contact;
    let parts = [&contact.office, &contact.phone, &contact.email];
    let parts: Vec<&str> =
        parts.into_iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect();
    parts.join(" · ")
}

fn items(asset: &Asset) -> Vec<ItemRow> {
    let items = asset.entry.items.iter();
    items
        .map(|item| ItemRow {
            name: item.name.clone(),
            title: if item.title.zh.is_empty() { plain(&item.name) } else { item.title.clone() },
            kind: kind_label(&item.kind),
            description: item.description.clone(),
        })
        .collect()
}

fn version_rows(asset: &Asset, versions: &[Version], names: &Names) -> Vec<VersionRow> {
    let current =
        versions.iter().filter(|version| version.state == "stored").map(|v| v.number).max();
    versions
        .iter()
        .map(|version| VersionRow {
            number: version.number,
            url: format!("{}/versions/{}", asset_path(asset), version.number),
            rows: version.rows,
            rejected: version.rejected.unwrap_or(0),
            bytes: version.bytes,
            at: version.created_at.to_string(),
            by: names.of(Some(version.filed_by)),
            state: desk::version_tag(&version.state),
            current: Some(version.number) == current,
        })
        .collect()
}

/// The runs, newest first. Who decides about a run may not see the versions, but
/// learns their number.
async fn run_rows(
    app: &App,
    versions: &[Version],
    runs: &[GateRun],
) -> Result<Vec<RunRow>, Problem> {
    let mut rows = Vec::with_capacity(runs.len());
    for run in runs {
        let known = versions.iter().find(|version| version.id == run.version_id);
        let number = match known {
            Some(version) => version.number,
            None => version::number(&app.platform, run.version_id).await?,
        };
        rows.push(RunRow {
            url: format!("/desk/gate/{}", run.id),
            version: number,
            at: run.created_at.to_string(),
            audience: run.audience.label(),
            verdict: desk::gate_tag(run.state),
        });
    }
    Ok(rows)
}

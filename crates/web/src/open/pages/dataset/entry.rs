//! An entry without data here: why there are none, and what to do about it.

use platform::gate::release::Release;
use platform::open::{self, Dataset};
use platform::registry::{Asset, Dated};
use serde::Serialize;
use vocabulary::Bilingual;

use crate::app::App;
use crate::desk::kind_label;
use crate::open::pages::places;
use crate::open::pages::search::{Opening, body_url};
use crate::parts::plain;
use crate::problem::Problem;
use crate::protocols::schema_org;
use crate::summary::{self, public::SummaryLink};
use crate::view::day_in_words;

/// Data sets that may do instead.
const SIMILAR: usize = 5;

#[derive(Serialize)]
pub(super) struct EntryPage {
    entry: This,
    reason: Reason,
    ask: Ask,
    prepared: Option<Prepared>,
    fields: Vec<Field>,
    items: Vec<Item>,
    similar: Vec<Similar>,
    summaries: Vec<SummaryLink>,
    structured: String,
}

#[derive(Serialize)]
struct This {
    id: String,
    title: Bilingual,
    #[serde(rename = "abstract")]
    summary: Bilingual,
    body: Body,
    opening: Opening,
}

#[derive(Serialize)]
struct Body {
    name: Bilingual,
    code: Option<String>,
    url: String,
}

#[derive(Serialize)]
struct Reason {
    key: &'static str,
    text: Bilingual,
    ground: Option<Bilingual>,
    ground_url: Option<String>,
}

/// Data that passed the gate for those who ask for them.
#[derive(Serialize)]
struct Prepared {
    rows: u64,
    columns: Vec<String>,
    at: String,
    certificate_url: String,
}

#[derive(Serialize)]
struct Ask {
    text: Bilingual,
    contact: Option<String>,
    url: Option<String>,
}

#[derive(Serialize)]
struct Field {
    label: Bilingual,
    value: Bilingual,
}

#[derive(Serialize)]
struct Item {
    title: Bilingual,
    kind: Option<Bilingual>,
}

#[derive(Serialize)]
struct Similar {
    title: Bilingual,
    url: String,
}

/// Reads what the page shows.
pub(super) async fn load(app: &App, dataset: &Dataset) -> Result<EntryPage, Problem> {
    let asset = &dataset.asset;
    Ok(EntryPage {
        entry: this(asset),
        reason: reason(dataset),
        ask: ask(asset),
        prepared: open::conditional(&app.platform, dataset).await?.map(prepared),
        fields: fields(asset),
        items: items(asset),
        similar: similar(app, asset).await?,
        summaries: summary::public::links(app, asset).await?,
        structured: schema_org::block(&app.site, dataset),
    })
}

fn this(asset: &Asset) -> This {
    This {
        id: asset.id.to_string(),
        title: asset.entry.title.clone(),
        summary: asset.entry.summary.clone(),
        body: Body {
            name: plain(&asset.provider),
            code: asset.body.map(|code| code.to_string()),
            url: body_url(asset),
        },
        opening: Opening::of(asset.entry.opening),
    }
}

/// Why there are no data.
fn reason(dataset: &Dataset) -> Reason {
    let entry = &dataset.asset.entry;
    let suspended = dataset.releases.iter().find(|release| release.state == "suspended");
    let (key, text, ground) = if let Some(origin) = &dataset.asset.origin {
        let origin = host(origin);
        let text = Bilingual::new(
            format!("目录来自 {origin}，数据在那里，本站没有副本。"),
            format!(
                "The entry was taken over from {origin}; the data are there, and this site has no copy."
            ),
        );
        ("not_here", text, None)
    } else if let Some(release) = suspended {
        let why = release.suspended_why.as_deref().unwrap_or_default();
        let text = Bilingual::new(
            format!("数据曾经开放，现已暂停：{why}"),
            format!("The data were open and are suspended now: {why}"),
        );
        ("closed", text, None)
    } else {
        match entry.opening {
            Some(law::OpeningAttribute::Withheld) => {
                let listed = entry.negative_list.as_ref();
                let class = listed.and_then(|listed| law::gate::negative_reason(&listed.reason));
                let text = class.map_or_else(
                    || {
                        Bilingual::new(
                            "提供单位列入负面清单，不予开放。",
                            "The provider has put it on the negative list; it is not open.",
                        )
                    },
                    |class| {
                        let (zh, en) = (&class.name.zh, &class.name.en);
                        Bilingual::new(
                            format!("列入负面清单，不予开放：{zh}。"),
                            format!("On the negative list, not open: {en}."),
                        )
                    },
                );
                let basis =
                    listed.map(|listed| listed.basis.trim()).filter(|basis| !basis.is_empty());
                ("closed", text, basis.map(ground))
            }
            Some(law::OpeningAttribute::Conditional) => (
                "conditional",
                Bilingual::new(
                    "有条件开放：按使用条件申请后提供，不在本站直接下载。",
                    "It is open on condition: you ask for it under its conditions of use, and cannot download it here.",
                ),
                None,
            ),
            _ => (
                "not_yet",
                Bilingual::new(
                    "目录已发布，数据还没有通过开放前的检测和审批。",
                    "The entry is published; the data have not passed the gate before opening yet.",
                ),
                None,
            ),
        }
    };
    Reason { key, text, ground, ground_url: None }
}

/// A provision in words: with its summary where the law's tables know it.
fn ground(basis: &str) -> Bilingual {
    law::resolve(basis).map_or_else(|| plain(basis), |basis| basis.text())
}

fn prepared(release: Release) -> Prepared {
    Prepared {
        rows: release.rows,
        certificate_url: format!("/api/v1/releases/{}/certificate", release.id),
        at: release.released_at.to_string(),
        columns: release.columns.into_iter().map(|column| column.name).collect(),
    }
}

fn ask(asset: &Asset) -> Ask {
    let contact = &asset.entry.contact;
    let parts = [&contact.office, &contact.phone, &contact.email];
    let parts: Vec<&str> =
        parts.into_iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect();
    let origin = asset.origin.as_deref().filter(|origin| is_web_address(origin));
    let is_conditional = asset.entry.opening == Some(law::OpeningAttribute::Conditional);
    let text = if is_conditional && origin.is_none() {
        Bilingual::new(
            "在线申请，说明用途、范围和时限并作出使用承诺；有疑问可联系：",
            "Ask for it here, with purpose, scope, term and an undertaking; with questions, turn to:",
        )
    } else if origin.is_some() {
        Bilingual::new("到来源网站查找这个名称。", "Look for this name at the source.")
    } else if parts.is_empty() {
        Bilingual::new(
            "请联系提供单位，说明需要哪些数据、用来做什么。",
            "Ask the provider; say which data you need and what for.",
        )
    } else {
        Bilingual::new(
            "请联系提供单位，说明需要哪些数据、用来做什么：",
            "Ask the provider; say which data you need and what for:",
        )
    };
    Ask {
        text,
        contact: (!parts.is_empty()).then(|| parts.join(" · ")),
        url: origin.map(str::to_owned),
    }
}

fn is_web_address(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

/// A source for people: the host of an address, else its name.
fn host(origin: &str) -> String {
    let address = url::Url::parse(origin).ok().filter(|_| is_web_address(origin));
    let host = address.as_ref().and_then(url::Url::host_str);
    host.unwrap_or(origin).to_owned()
}

fn fields(asset: &Asset) -> Vec<Field> {
    let entry = &asset.entry;
    let coded = |list: &str, code: &str| {
        law::entry(list, code).map_or_else(|| plain(code), law::Entry::label)
    };
    let rows = [
        ("主题", "Theme", coded("theme", &entry.theme)),
        ("地区", "Division", entry.division.as_ref().map(places::name_of).unwrap_or_default()),
        ("数据格式", "Format", coded("format", &entry.format)),
        (
            "更新频率",
            "Update cycle",
            entry.update_cycle.map(|cycle| cycle.label()).unwrap_or_default(),
        ),
        ("共享属性", "Sharing", entry.sharing.map(|sharing| sharing.label()).unwrap_or_default()),
        ("使用条件", "Conditions of use", plain(&entry.conditions)),
        ("数据级别", "Level", entry.level.map(|level| level.label()).unwrap_or_default()),
        ("关键词", "Keywords", plain(entry.keywords.join("、"))),
        ("来源说明", "Source", entry.source_note.clone()),
    ];
    rows.into_iter()
        .chain(dates(asset))
        .filter(|(_, _, value)| !value.zh.trim().is_empty())
        .map(|(zh, en, value)| Field { label: Bilingual::new(zh, en), value })
        .collect()
}

/// When the entry was published and changed. Of one that was taken over the source tells,
/// and the day on which it came here is called that.
fn dates(asset: &Asset) -> Vec<(&'static str, &'static str, Bilingual)> {
    let day = |at: Option<jiff::Timestamp>| at.map(day_in_words).unwrap_or_default();
    let unknown = || Bilingual::new("来源未注明日期", "the source gives no date");
    match asset.dated() {
        Dated::Changed(at) => vec![
            ("首次发布", "First published", day(asset.published_at)),
            ("更新日期", "Updated", day_in_words(at)),
        ],
        Dated::AtSource(at) => vec![
            ("来源发布日期", "Published at the source", day(asset.origin_issued_at)),
            ("来源更新日期", "Updated at the source", day_in_words(at)),
            ("导入本目录", "Imported on", day_in_words(asset.created_at)),
        ],
        Dated::TakenOver(at) => vec![
            ("来源发布日期", "Published at the source", day(asset.origin_issued_at)),
            ("来源更新日期", "Updated at the source", unknown()),
            ("导入本目录", "Imported on", day_in_words(at)),
        ],
    }
}

fn items(asset: &Asset) -> Vec<Item> {
    let items = asset.entry.items.iter();
    items
        .map(|item| Item {
            title: if item.title.zh.is_empty() { plain(&item.name) } else { item.title.clone() },
            kind: (!item.kind.is_empty()).then(|| kind_label(&item.kind)),
        })
        .collect()
}

/// Open data sets that the words of the title find.
async fn similar(app: &App, asset: &Asset) -> Result<Vec<Similar>, Problem> {
    let query = search::Query {
        text: Some(asset.entry.title.zh.clone()),
        filters: [(search::Facet::Kind, vec!["dataset".to_owned()])].into(),
        limit: SIMILAR,
        ..search::Query::default()
    };
    let found = open::find(&app.platform, query).await?;
    let others = found.assets.iter().filter(|found| found.id != asset.id);
    Ok(others
        .map(|found| Similar {
            title: found.entry.title.clone(),
            url: format!("/dataset/{}", found.id),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_linked_only_if_it_is_a_web_address() {
        assert!(is_web_address("https://data.sh.gov.cn/"));
        assert!(!is_web_address("javascript:alert(1)"));
        assert_eq!(host("https://data.sh.gov.cn/view"), "data.sh.gov.cn");
        assert_eq!(host("上海市公共数据开放平台"), "上海市公共数据开放平台");
    }
}

//! `/data.json`: the catalogue after Project Open Data 1.1 (DCAT-US), for harvesters of
//! data.gov and their kin. The two fields of United States agencies (`bureauCode`,
//! `programCode`) are left out: no body here has such codes.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use law::{OpeningAttribute, UpdateCycle};
use platform::open::{Dataset, SITE_TERMS, licence_key};
use serde_json::{Map, Value, json};

use super::whole::{Writer, whole};
use super::{is_email, site_email};
use crate::app::{App, Site};
use crate::open::distribution::distributions;
use crate::open::pages::division_name;
use crate::problem::Problem;

/// Longest `rights` of the schema.
const MOST_RIGHTS: usize = 255;

/// `/data.json`.
pub(crate) async fn data_json(
    State(app): State<App>,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    whole(&app, &asked, "application/json", DataJson { is_first: true }).await
}

#[derive(Debug)]
struct DataJson {
    is_first: bool,
}

impl Writer for DataJson {
    fn head(&mut self, site: &Site) -> Vec<u8> {
        let head = json!({
            "@context": "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld",
            "@id": format!("{}/data.json", site.base_url),
            "@type": "dcat:Catalog",
            "conformsTo": "https://project-open-data.cio.gov/v1.1/schema",
            "describedBy": "https://project-open-data.cio.gov/v1.1/schema/catalog.json",
        });
        let mut text = head.to_string();
        text.pop();
        text.push_str(",\"dataset\":[");
        text.into_bytes()
    }

    fn part(&mut self, site: &Site, datasets: &[Dataset]) -> Vec<u8> {
        let mut text = String::new();
        for dataset in datasets {
            text.push_str(if self.is_first { "\n" } else { ",\n" });
            self.is_first = false;
            text.push_str(&describe(site, dataset).to_string());
        }
        text.into_bytes()
    }

    fn tail(&mut self, _site: &Site) -> Vec<u8> {
        b"\n]}\n".to_vec()
    }
}

/// A dataset; what it does not say is left out.
fn describe(site: &Site, dataset: &Dataset) -> Value {
    let (asset, entry) = (&dataset.asset, &dataset.asset.entry);
    let page = format!("{}/dataset/{}", site.base_url, asset.id);
    let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let theme = law::entry("theme", &entry.theme).map(|theme| theme.zh.clone());
    let mut keywords: Vec<String> = entry.keywords.iter().filter_map(|word| given(word)).collect();
    if keywords.is_empty() {
        keywords.push(theme.clone().unwrap_or_else(|| asset.provider.clone()));
    }
    let mut languages = vec!["zh-CN"];
    if !entry.title.en.trim().is_empty() {
        languages.push("en");
    }
    let issued = asset.published_at.map(|at| at.to_string());
    let fields = [
        ("@type", Some(json!("dcat:Dataset"))),
        ("identifier", Some(json!(page))),
        ("title", Some(json!(given(&entry.title.zh).unwrap_or_else(|| asset.id.to_string())))),
        (
            "description",
            Some(json!(given(&entry.summary.zh).unwrap_or_else(|| entry.title.zh.clone()))),
        ),
        ("keyword", Some(json!(keywords))),
        ("theme", theme.map(|theme| json!([theme]))),
        ("modified", Some(json!(dataset.changed_at.to_string()))),
        ("issued", issued.map(|at| json!(at))),
        ("publisher", Some(json!({ "@type": "org:Organization", "name": asset.provider }))),
        ("contactPoint", Some(contact(site, dataset))),
        ("accessLevel", Some(json!(access_level(entry.opening)))),
        ("rights", rights(&entry.conditions)),
        ("license", license(site, &entry.licence)),
        ("spatial", entry.division.map(|code| json!(division_name(code.as_str()).zh))),
        ("accrualPeriodicity", entry.update_cycle.map(|cycle| json!(interval(cycle)))),
        ("language", Some(json!(languages))),
        ("landingPage", Some(json!(page))),
        ("distribution", files(site, dataset)),
    ];
    let present = fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Value::Object(present.collect::<Map<String, Value>>())
}

/// Whom to ask; where the entry names no address, the site.
fn contact(site: &Site, dataset: &Dataset) -> Value {
    let contact = &dataset.asset.entry.contact;
    let office = contact.office.trim();
    let name = if office.is_empty() { dataset.asset.provider.as_str() } else { office };
    let email = Some(contact.email.trim()).filter(|text| is_email(text)).map(str::to_owned);
    let email = email.unwrap_or_else(|| site_email(site));
    json!({ "@type": "vcard:Contact", "fn": name, "hasEmail": format!("mailto:{email}") })
}

fn access_level(opening: Option<OpeningAttribute>) -> &'static str {
    match opening {
        Some(OpeningAttribute::Unconditional) => "public",
        Some(OpeningAttribute::Conditional) => "restricted public",
        Some(OpeningAttribute::Withheld) | None => "non-public",
    }
}

fn rights(conditions: &str) -> Option<Value> {
    let text: String = conditions.trim().chars().take(MOST_RIGHTS).collect();
    (!text.is_empty()).then(|| json!(text))
}

/// The address of the licence, where it has one.
pub(super) fn license(site: &Site, licence: &str) -> Option<Value> {
    let key = licence_key(licence);
    if key == SITE_TERMS {
        return Some(json!(format!("{}/licence", site.base_url)));
    }
    url::Url::parse(&key).ok().filter(|url| url.has_host()).map(|_| json!(key))
}

/// The update cycle as a repeating interval of ISO 8601.
fn interval(cycle: UpdateCycle) -> &'static str {
    match cycle {
        UpdateCycle::RealTime => "R/PT1S",
        UpdateCycle::Daily => "R/P1D",
        UpdateCycle::Weekly => "R/P1W",
        UpdateCycle::EveryTenDays => "R/P10D",
        UpdateCycle::Monthly => "R/P1M",
        UpdateCycle::Quarterly => "R/P3M",
        UpdateCycle::Yearly => "R/P1Y",
        UpdateCycle::Irregular => "irregular",
    }
}

fn files(site: &Site, dataset: &Dataset) -> Option<Value> {
    let described = format!("{}/dataset/{}/datapackage.json", site.base_url, dataset.asset.id);
    let files = distributions(&site.base_url, dataset);
    let view = |file: &crate::open::distribution::Distribution| {
        json!({
            "@type": "dcat:Distribution",
            "title": format!("{} ({})", dataset.asset.entry.title.zh, file.format),
            "format": file.format,
            "mediaType": file.media_type,
            "downloadURL": file.url,
            "describedBy": described,
            "describedByType": "application/json",
        })
    };
    (!files.is_empty()).then(|| files.iter().map(view).collect())
}

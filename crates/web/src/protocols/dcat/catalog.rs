//! The catalogue in the words of DCAT-AP 3 (mapping: our field → property).
//!
//! | ours | DCAT-AP |
//! |---|---|
//! | title, summary | dct:title, dct:description (zh, en) |
//! | providing body | dct:publisher (foaf:Agent) |
//! | theme | dcat:theme (skos:Concept) |
//! | keywords | dcat:keyword |
//! | update cycle | dct:accrualPeriodicity (EU frequencies) |
//! | division | dct:spatial (dct:Location) |
//! | opening attribute | dct:accessRights |
//! | downloads | dcat:distribution with dct:format, dcat:mediaType, dct:license |

use law::{OpeningAttribute, UpdateCycle};
use platform::open::Dataset;
use platform::registry::Dated;
use vocabulary::Bilingual;

use super::graph::{Graph, Term, expand};
use crate::app::Site;
use crate::open::distribution::{Distribution, distributions};

/// Authority tables of the EU that DCAT-AP refers to.
const EU: &str = "http://publications.europa.eu/resource/authority";

/// Which page of the catalogue this is.
pub(super) struct Place {
    /// From 1.
    pub(super) number: u64,
    /// Pages in all.
    pub(super) pages: u64,
    /// Datasets in all.
    pub(super) total: u64,
    /// Ending of the address.
    pub(super) extension: &'static str,
}

/// A page of the catalogue.
pub(super) fn catalog(site: &Site, datasets: &[Dataset], place: &Place) -> Graph {
    let base = &site.base_url;
    let mut graph = catalog_node(site, datasets);
    for dataset in datasets {
        describe(&mut graph, site, dataset);
    }
    let page = |number: u64| Term::Iri(format!("{base}/catalog.{}?page={number}", place.extension));
    let mut view = vec![
        ("hydra:totalItems", Term::Typed(place.total.to_string(), "xsd:integer")),
        ("hydra:first", page(1)),
        ("hydra:last", page(place.pages)),
    ];
    if place.number > 1 {
        view.push(("hydra:previous", page(place.number - 1)));
    }
    if place.number < place.pages {
        view.push(("hydra:next", page(place.number + 1)));
    }
    let this = format!("{base}/catalog.{}?page={}", place.extension, place.number);
    graph.node(&this, "hydra:PartialCollectionView", view);
    graph
}

/// The catalogue, with references to datasets.
fn catalog_node(site: &Site, datasets: &[Dataset]) -> Graph {
    let mut graph = Graph::default();
    let base = &site.base_url;
    let iri = format!("{base}/catalog");
    let publisher = agent(&mut graph, &format!("{base}/#publisher"), &site.name.zh);
    let homepage = graph.node(&format!("{base}/"), "foaf:Document", Vec::new());
    let mut properties = texts("dct:title", &site.name);
    properties.extend(texts("dct:description", &site.tagline));
    properties.push(("dct:publisher", publisher));
    properties.push(("foaf:homepage", homepage));
    for dataset in datasets {
        properties.push(("dcat:dataset", Term::Iri(dataset_iri(site, dataset))));
    }
    graph.node(&iri, "dcat:Catalog", properties);
    graph
}

/// Datasets for a document that others follow in.
pub(super) fn part(site: &Site, datasets: &[Dataset], first_blank: usize) -> Graph {
    let mut graph = Graph::numbered_from(first_blank);
    for dataset in datasets {
        let iri = Term::Iri(dataset_iri(site, dataset));
        describe(&mut graph, site, dataset);
        graph.say(&format!("{}/catalog", site.base_url), "dcat:dataset", iri);
    }
    graph
}

/// The catalogue itself, without its datasets.
pub(super) fn head(site: &Site) -> Graph {
    catalog_node(site, &[])
}

/// One dataset.
pub(crate) fn dataset(site: &Site, dataset: &Dataset) -> Graph {
    let mut graph = Graph::default();
    describe(&mut graph, site, dataset);
    graph
}

fn dataset_iri(site: &Site, dataset: &Dataset) -> String {
    format!("{}/dataset/{}", site.base_url, dataset.asset.id)
}

/// Adds a dataset and everything that it refers to.
fn describe(graph: &mut Graph, site: &Site, dataset: &Dataset) {
    let asset = &dataset.asset;
    let entry = &asset.entry;
    let iri = dataset_iri(site, dataset);
    let summary = if entry.summary.zh.trim().is_empty() { &entry.title } else { &entry.summary };
    let mut properties = texts("dct:title", &entry.title);
    properties.extend(texts("dct:description", summary));
    properties.push(("dct:identifier", Term::Plain(asset.id.to_string())));
    let publisher = match asset.body {
        Some(code) => format!("{}/body/{code}", site.base_url),
        None => format!("{iri}#publisher"),
    };
    properties.push(("dct:publisher", agent(graph, &publisher, &asset.provider)));
    properties
        .extend(entry.keywords.iter().map(|word| ("dcat:keyword", Term::Text(word.clone(), "zh"))));
    properties.extend(theme(graph, site, &entry.theme).map(|theme| ("dcat:theme", theme)));
    properties
        .extend(frequency(graph, entry.update_cycle).map(|term| ("dct:accrualPeriodicity", term)));
    properties.extend(place(graph, site, dataset).map(|place| ("dct:spatial", place)));
    properties.extend(access(graph, entry.opening).map(|rights| ("dct:accessRights", rights)));
    properties.extend(contact(graph, dataset).map(|contact| ("dcat:contactPoint", contact)));
    let page = graph.node(&format!("{iri}#page"), "foaf:Document", Vec::new());
    properties.push(("dcat:landingPage", page));
    properties.extend(dates(dataset));
    let released = dataset.current.as_ref().map(|release| release.released_at);
    for file in distributions(&site.base_url, dataset) {
        let (Some(code), Some(released)) = (file.eu_file_type, released) else { continue };
        let node = distribution(graph, site, &iri, &file, code, released);
        properties.push(("dcat:distribution", node));
    }
    graph.node(&iri, "dcat:Dataset", properties);
}

/// When it was published and last changed: of an entry that was taken over the days that
/// its source tells, and nothing where it tells none.
fn dates(dataset: &Dataset) -> Vec<(&'static str, Term)> {
    let asset = &dataset.asset;
    let (issued, modified) = match (&dataset.current, asset.dated()) {
        (Some(release), _) => {
            (asset.published_at.map(date_time), Some(date_time(release.released_at)))
        }
        (None, Dated::Changed(at)) => (asset.published_at.map(date_time), Some(date_time(at))),
        (None, Dated::AtSource(at)) => (asset.origin_issued_at.map(date), Some(date(at))),
        (None, Dated::TakenOver(_)) => (asset.origin_issued_at.map(date), None),
    };
    let issued = issued.map(|term| ("dct:issued", term));
    issued.into_iter().chain(modified.map(|term| ("dct:modified", term))).collect()
}

fn distribution(
    graph: &mut Graph,
    site: &Site,
    dataset: &str,
    file: &Distribution,
    code: &str,
    modified: jiff::Timestamp,
) -> Term {
    let resource = graph.node(&file.url, "rdfs:Resource", Vec::new());
    let format = graph.node(&format!("{EU}/file-type/{code}"), "dct:MediaTypeOrExtent", Vec::new());
    let media = format!("http://www.iana.org/assignments/media-types/{}", file.media_type);
    let media_type = graph.node(&media, "dct:MediaType", Vec::new());
    let licence =
        graph.node(&format!("{}/licence", site.base_url), "dct:LicenseDocument", Vec::new());
    let title = Bilingual::new(format!("{} 文件", file.format), format!("{} file", file.format));
    let mut properties = texts("dct:title", &title);
    properties.extend([
        ("dcat:accessURL", resource.clone()),
        ("dcat:downloadURL", resource),
        ("dct:format", format),
        ("dcat:mediaType", media_type),
        ("dct:license", licence),
        ("dct:modified", date_time(modified)),
    ]);
    if let (Some(bytes), Some(sha256)) = (file.bytes, &file.sha256) {
        properties
            .push(("dcat:byteSize", Term::Typed(bytes.to_string(), "xsd:nonNegativeInteger")));
        let algorithm = graph.node(
            &expand("spdx:checksumAlgorithm_sha256"),
            "spdx:ChecksumAlgorithm",
            Vec::new(),
        );
        let checksum = graph.blank(
            "spdx:Checksum",
            vec![
                ("spdx:algorithm", algorithm),
                ("spdx:checksumValue", Term::Typed(sha256.clone(), "xsd:hexBinary")),
            ],
        );
        properties.push(("spdx:checksum", checksum));
    }
    graph.node(&format!("{dataset}#{}", file.key), "dcat:Distribution", properties)
}

/// Text in the languages that it is in.
fn texts(name: &'static str, text: &Bilingual) -> Vec<(&'static str, Term)> {
    let mut terms = vec![(name, Term::Text(text.zh.clone(), "zh"))];
    if !text.en.trim().is_empty() {
        terms.push((name, Term::Text(text.en.clone(), "en")));
    }
    terms
}

fn agent(graph: &mut Graph, iri: &str, name: &str) -> Term {
    graph.node(iri, "foaf:Agent", vec![("foaf:name", Term::Text(name.to_owned(), "zh"))])
}

fn theme(graph: &mut Graph, site: &Site, code: &str) -> Option<Term> {
    let entry = law::entry("theme", code)?;
    let scheme = format!("{}/themes", site.base_url);
    let name = Bilingual::new("主题", "Themes");
    let scheme = graph.node(&scheme, "skos:ConceptScheme", texts("dct:title", &name));
    let mut properties = texts("skos:prefLabel", &entry.label());
    properties.push(("skos:inScheme", scheme));
    Some(graph.node(&format!("{}/themes#{code}", site.base_url), "skos:Concept", properties))
}

fn frequency(graph: &mut Graph, cycle: Option<UpdateCycle>) -> Option<Term> {
    let code = match cycle? {
        UpdateCycle::RealTime => "CONT",
        UpdateCycle::Daily => "DAILY",
        UpdateCycle::Weekly => "WEEKLY",
        UpdateCycle::EveryTenDays => "MONTHLY_3",
        UpdateCycle::Monthly => "MONTHLY",
        UpdateCycle::Quarterly => "QUARTERLY",
        UpdateCycle::Yearly => "ANNUAL",
        UpdateCycle::Irregular => "IRREG",
    };
    Some(graph.node(&format!("{EU}/frequency/{code}"), "dct:Frequency", Vec::new()))
}

fn place(graph: &mut Graph, site: &Site, dataset: &Dataset) -> Option<Term> {
    let code = dataset.asset.entry.division?;
    let iri = format!("{}/division/{code}", site.base_url);
    let properties = vec![("dct:identifier", Term::Plain(code.to_string()))];
    Some(graph.node(&iri, "dct:Location", properties))
}

fn access(graph: &mut Graph, opening: Option<OpeningAttribute>) -> Option<Term> {
    let code = match opening? {
        OpeningAttribute::Unconditional => "PUBLIC",
        OpeningAttribute::Conditional => "RESTRICTED",
        OpeningAttribute::Withheld => "NON_PUBLIC",
    };
    Some(graph.node(&format!("{EU}/access-right/{code}"), "dct:RightsStatement", Vec::new()))
}

fn contact(graph: &mut Graph, dataset: &Dataset) -> Option<Term> {
    let contact = &dataset.asset.entry.contact;
    if contact.office.is_empty() {
        return None;
    }
    let mut properties = vec![("vcard:fn", Term::Plain(contact.office.clone()))];
    if contact.email.contains('@') {
        properties.push(("vcard:hasEmail", Term::Iri(format!("mailto:{}", contact.email))));
    }
    if !contact.phone.is_empty() {
        let number: String =
            contact.phone.chars().filter(|c| c.is_ascii_digit() || "+-".contains(*c)).collect();
        if !number.is_empty() {
            properties.push(("vcard:hasTelephone", Term::Iri(format!("tel:{number}"))));
        }
    }
    Some(graph.blank("vcard:Kind", properties))
}

fn date_time(at: jiff::Timestamp) -> Term {
    Term::Typed(at.to_string(), "xsd:dateTime")
}

/// The day in China; of a source nothing finer is known.
fn date(at: jiff::Timestamp) -> Term {
    Term::Typed(vocabulary::time::china_date(at).to_string(), "xsd:date")
}

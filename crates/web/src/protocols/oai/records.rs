//! Records of OAI-PMH: header, and metadata in one of the formats.

use std::fmt::Write as _;

use jiff::Timestamp;
use platform::open::Dataset;
use platform::open::record::Record;

use super::arguments::Format;
use crate::app::Site;
use crate::open::distribution::distributions;
use crate::open::pages::division_name;
use crate::protocols::dcat::catalog;
use crate::protocols::dcat::write::{rdf_xml_element, xml};
use crate::protocols::host;

/// A time to the second.
pub(super) fn second(at: Timestamp) -> String {
    format!("{:.0}", Timestamp::from_second(at.as_second()).unwrap_or(at))
}

/// The authority of identifiers: the host, which must begin with a letter.
pub(super) fn authority(site: &Site) -> String {
    let host = host(site);
    if host.starts_with(|c: char| c.is_ascii_alphabetic()) { host } else { "localhost".to_owned() }
}

/// A header.
pub(super) fn header(site: &Site, record: &Record, gone: bool) -> String {
    let mut text = String::from("<header");
    if gone {
        text.push_str(" status=\"deleted\"");
    }
    let _written = write!(
        text,
        "><identifier>oai:{}:{}</identifier><datestamp>{}</datestamp>",
        xml(&authority(site)),
        record.id,
        second(record.changed_at)
    );
    if let Some(theme) = record.theme.as_deref().filter(|theme| !theme.is_empty()) {
        let _written = write!(text, "<setSpec>theme:{}</setSpec>", xml(theme));
    }
    text.push_str("</header>\n");
    text
}

/// A record; without its dataset it is a deleted one.
pub(super) fn record(
    site: &Site,
    record: &Record,
    dataset: Option<&Dataset>,
    format: Format,
) -> String {
    let mut text = format!("<record>{}", header(site, record, dataset.is_none()));
    if let Some(dataset) = dataset {
        let metadata = match format {
            Format::OaiDc => dublin_core(site, dataset),
            Format::DcatAp => rdf_xml_element(&catalog::dataset(site, dataset)),
        };
        let _written = write!(text, "<metadata>{metadata}</metadata>");
    }
    text.push_str("</record>\n");
    text
}

/// A dataset in unqualified Dublin Core.
fn dublin_core(site: &Site, dataset: &Dataset) -> String {
    let (asset, entry) = (&dataset.asset, &dataset.asset.entry);
    let mut text = String::from(
        "<oai_dc:dc xmlns:oai_dc=\"http://www.openarchives.org/OAI/2.0/oai_dc/\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
         xsi:schemaLocation=\"http://www.openarchives.org/OAI/2.0/oai_dc/ \
         http://www.openarchives.org/OAI/2.0/oai_dc.xsd\">\n",
    );
    let mut say = |name: &str, language: Option<&str>, value: &str| {
        if value.trim().is_empty() {
            return;
        }
        let language = language.map(|code| format!(" xml:lang=\"{code}\"")).unwrap_or_default();
        let _written = writeln!(text, "<dc:{name}{language}>{}</dc:{name}>", xml(value.trim()));
    };
    say("title", Some("zh"), &entry.title.zh);
    say("title", Some("en"), &entry.title.en);
    say("creator", Some("zh"), &asset.provider);
    say("publisher", Some("zh"), &asset.provider);
    if let Some(theme) = law::entry("theme", &entry.theme) {
        say("subject", Some("zh"), &theme.zh);
        say("subject", Some("en"), &theme.en);
    }
    for word in &entry.keywords {
        say("subject", Some("zh"), word);
    }
    say("description", Some("zh"), &entry.summary.zh);
    say("description", Some("en"), &entry.summary.en);
    say("date", None, &second(dataset.changed_at));
    say("type", None, "Dataset");
    say("identifier", None, &format!("{}/dataset/{}", site.base_url, asset.id));
    for file in distributions(&site.base_url, dataset) {
        say("format", None, file.media_type);
    }
    say("language", None, "zh");
    if let Some(code) = entry.division {
        say("coverage", Some("zh"), &division_name(code.as_str()).zh);
    }
    if entry.licence.trim().is_empty() {
        say("rights", None, &format!("{}/licence", site.base_url));
    } else {
        say("rights", None, &entry.licence);
    }
    text.push_str("</oai_dc:dc>");
    text
}

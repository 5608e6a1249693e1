//! The files in which a dataset can be taken: one list for all pages and interfaces that
//! describe datasets.

use platform::open::{self, Dataset};

/// A file in which a dataset can be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Distribution {
    /// The word in its address, e.g. `csv`.
    pub(crate) key: &'static str,
    /// The name of the format, e.g. `CSV`.
    pub(crate) format: &'static str,
    /// The media type, without parameters.
    pub(crate) media_type: &'static str,
    /// The code in the EU's list of file types, where it has one.
    pub(crate) eu_file_type: Option<&'static str>,
    /// The absolute address.
    pub(crate) url: String,
    /// Its length, where it is the certified file.
    pub(crate) bytes: Option<u64>,
    /// Its SHA-256 in hex, where it is the certified file.
    pub(crate) sha256: Option<String>,
}

/// Keys, names, media types and the EU's codes of the formats.
const FORMATS: [(&str, &str, &str, Option<&str>); 7] = [
    ("csv", "CSV", "text/csv", Some("CSV")),
    (
        "xlsx",
        "XLSX",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        Some("XLSX"),
    ),
    ("json", "JSON", "application/json", Some("JSON")),
    ("ndjson", "NDJSON", "application/x-ndjson", None),
    ("parquet", "Parquet", "application/vnd.apache.parquet", Some("PARQUET")),
    ("geojson", "GeoJSON", "application/geo+json", Some("GEOJSON")),
    ("nt", "RDF", "application/n-triples", Some("RDF_N_TRIPLES")),
];

/// The name of a format by its code in the index.
pub(crate) fn format_name(code: &str) -> String {
    let known = FORMATS.iter().find(|(_, name, ..)| name.to_lowercase() == code);
    known.map_or_else(|| code.to_uppercase(), |(_, name, ..)| (*name).to_owned())
}

/// The files of a dataset; none for an entry without data. The first one is certified.
///
/// - `base`: the address of the site, without a slash at the end.
pub(crate) fn distributions(base: &str, dataset: &Dataset) -> Vec<Distribution> {
    let Some(release) = &dataset.current else { return Vec::new() };
    let id = dataset.asset.id;
    let offered = open::formats(release);
    let digest = &release.outcome.digest;
    FORMATS
        .into_iter()
        .filter(|(_, format, ..)| offered.contains(&format.to_lowercase().as_str()))
        .map(|(key, format, media_type, eu_file_type)| {
            let is_certified = key == "csv";
            Distribution {
                key,
                format,
                media_type,
                eu_file_type,
                url: format!("{base}/api/v1/datasets/{id}/download/{key}"),
                bytes: is_certified.then_some(digest.bytes),
                sha256: is_certified.then(|| digest.sha256.clone()),
            }
        })
        .collect()
}

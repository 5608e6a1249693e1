//! Ways to the data: downloads, and examples that run as they stand.

use platform::gate::release::Release;
use platform::open::{SHEET_ROWS, place};
use platform::registry::Asset;
use quality::ColumnProfile;
use serde::Serialize;
use vocabulary::Bilingual;

/// Bytes of the byte-order mark.
const BOM_BYTES: u64 = 3;
/// Columns that an example selects.
const EXAMPLE_COLUMNS: usize = 3;

/// A file to download.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Download {
    label: &'static str,
    file_url: String,
    bytes: Option<u64>,
    sha256: Option<String>,
    note: Option<Bilingual>,
}

/// An example that runs as it stands.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Example {
    id: &'static str,
    label: &'static str,
    code: String,
    note: Option<Bilingual>,
}

/// The formats of a release with so many rows.
pub(in crate::open::pages) fn formats(rows: u64) -> Vec<&'static str> {
    let all = ["CSV", "XLSX", "JSON", "Parquet"];
    all.into_iter().filter(|format| *format != "XLSX" || rows <= SHEET_ROWS).collect()
}

/// The address of a download.
pub(super) fn file_url(asset: &Asset, format: &str) -> String {
    format!("/api/v1/datasets/{}/download/{format}", asset.id)
}

/// The files of a release; the first is the main one.
pub(super) fn downloads(asset: &Asset, release: &Release) -> Vec<Download> {
    let digest = &release.outcome.digest;
    let made = |label, format: &str, note: Option<Bilingual>| Download {
        label,
        file_url: file_url(asset, format),
        bytes: None,
        sha256: None,
        note,
    };
    let mut files = vec![
        Download {
            label: "CSV",
            file_url: file_url(asset, "csv"),
            bytes: Some(digest.bytes),
            sha256: Some(digest.sha256.clone()),
            note: Some(Bilingual::new(
                "UTF-8，与证书中的摘要一致；用 Excel 打开请选带 BOM 的一种",
                "UTF-8, with the digest of the certificate; for Excel take the one with BOM",
            )),
        },
        Download {
            label: "CSV (BOM)",
            file_url: format!("{}?bom=true", file_url(asset, "csv")),
            bytes: Some(digest.bytes.saturating_add(BOM_BYTES)),
            sha256: None,
            note: None,
        },
    ];
    if release.rows <= SHEET_ROWS {
        files.push(made("XLSX", "xlsx", None));
    }
    files.push(made("JSON", "json", None));
    files.push(made(
        "NDJSON",
        "ndjson",
        Some(Bilingual::new(
            "每行一个对象，适合逐行处理",
            "one object a line, for reading as a stream",
        )),
    ));
    files.push(made("Parquet", "parquet", None));
    if place::degrees(&release.profile).is_some() {
        files.push(made(
            "GeoJSON",
            "geojson",
            Some(Bilingual::new("每行一个点，可直接放到地图上", "a point a row, ready for a map")),
        ));
    }
    files.push(made(
        "RDF",
        "nt",
        Some(Bilingual::new("N-Triples，关联数据", "N-Triples, linked data")),
    ));
    files
}

/// Examples for the tools that people use; they run as they stand.
pub(super) fn examples(base: &str, asset: &Asset, release: &Release) -> Vec<Example> {
    let id = asset.id;
    let csv = format!("{base}{}", file_url(asset, "csv"));
    let rows = format!("{base}/api/v1/datasets/{id}/rows");
    let columns: Vec<String> =
        release.columns.iter().take(EXAMPLE_COLUMNS).map(|column| quoted(&column.name)).collect();
    let codes: Vec<&str> =
        release.profile.columns.iter().filter(|c| is_code(c)).map(|c| c.name.as_str()).collect();
    let note = (!codes.is_empty()).then(|| {
        Bilingual::new(
            format!("“{}”按文字读，以免丢失前导零。", codes.join("”“")),
            format!("Read “{}” as text, or leading zeros are lost.", codes.join("”, “")),
        )
    });
    let parquet = format!("{base}{}", file_url(asset, "parquet"));
    vec![
        Example {
            id: "curl",
            label: "curl",
            code: format!(
                "curl -G {} \\\n  --data-urlencode {} \\\n  -d limit=10",
                shell(&rows),
                shell(&format!("select={}", columns.join(", "))),
            ),
            note: None,
        },
        Example {
            id: "python",
            label: "Python",
            code: format!(
                "import pandas as pd\n\ndf = pd.read_csv({}{})\nprint(df.describe())",
                json(&csv),
                python_types(&codes)
            ),
            note: note.clone(),
        },
        Example {
            id: "r",
            label: "R",
            code: format!(
                "df <- read.csv({}{}, check.names = FALSE)\nsummary(df)",
                json(&csv),
                r_types(&codes)
            ),
            note,
        },
        Example {
            id: "sql",
            label: "SQL",
            code: format!(
                "curl -o data.parquet {}\nduckdb -c \"select count(*) FROM 'data.parquet'\"",
                shell(&parquet)
            ),
            note: Some(Bilingual::new(
                "用 DuckDB 在本机查询。",
                "Queries on your machine, with DuckDB.",
            )),
        },
        Example {
            id: "excel",
            label: "Excel",
            code: format!("= Csv.Document(Web.Contents(\"{csv}\"), [Encoding = 65001])"),
            note: Some(Bilingual::new(
                "数据 → 获取数据 → 启动 Power Query 编辑器 → 空白查询，粘贴到编辑栏。",
                "Data → Get data → Launch Power Query editor → Blank query; paste it into the formula bar.",
            )),
        },
    ]
}

/// Whether a column holds codes, which a reader of CSV may take for numbers.
fn is_code(column: &ColumnProfile) -> bool {
    let is_digits = |text: &Option<String>| {
        text.as_deref()
            .is_some_and(|text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()))
    };
    column.kind == "text" && is_digits(&column.min) && is_digits(&column.max)
}

fn python_types(codes: &[&str]) -> String {
    if codes.is_empty() {
        return String::new();
    }
    let types: Vec<String> = codes.iter().map(|name| format!("{}: str", json(name))).collect();
    format!(", dtype={{{}}}", types.join(", "))
}

fn r_types(codes: &[&str]) -> String {
    if codes.is_empty() {
        return String::new();
    }
    let types: Vec<String> = codes
        .iter()
        .map(|name| format!("`{}` = \"character\"", name.replace('\\', "\\\\").replace('`', "\\`")))
        .collect();
    format!(", colClasses = c({})", types.join(", "))
}

/// A text as a string of Python or R.
fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A text as one word of a shell.
fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A column as the row API reads it.
pub(in crate::open::pages) fn quoted(column: &str) -> String {
    format!("\"{}\"", column.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_columns_cannot_break_out_of_an_example() {
        assert_eq!(shell("a'; rm -rf ~ '"), "'a'\\''; rm -rf ~ '\\'''");
        assert_eq!(quoted("PM2.5 \"x\""), "\"PM2.5 \"\"x\"\"\"");
        assert_eq!(python_types(&["a\"b"]), ", dtype={\"a\\\"b\": str}");
        assert_eq!(r_types(&["a`b"]), ", colClasses = c(`a\\`b` = \"character\")");
        assert_eq!(python_types(&[]), "");
    }

    #[test]
    fn a_sheet_is_offered_only_for_what_fits() {
        assert_eq!(formats(10), ["CSV", "XLSX", "JSON", "Parquet"]);
        assert_eq!(formats(2_000_000), ["CSV", "JSON", "Parquet"]);
    }
}

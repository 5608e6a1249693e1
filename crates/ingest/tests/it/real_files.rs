//! Real tables, read where they are. Left out where they are not.

use std::path::{Path, PathBuf};

use ingest::{Hint, Limits, Reason};

use crate::spool::load_path;

fn shared(path: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("FENHE_SHARED_DATA").map_or_else(
        || Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")).to_owned(),
        PathBuf::from,
    );
    let file = folder.join(path);
    if file.exists() {
        return Some(file);
    }
    println!("left out: {path} is not there");
    None
}

fn hint(path: &Path) -> Hint {
    let file_name = path.file_name().unwrap().to_string_lossy().into_owned();
    Hint { file_name, ..Hint::default() }
}

#[test]
fn the_covid_table_is_read_with_its_dates_and_its_footnote() {
    let Some(path) = shared("tables/covid-839studio/data.csv") else { return };
    let loaded = load_path(&path, &hint(&path), &Limits::default()).unwrap();
    assert_eq!(loaded.summary.encoding, "gb18030");
    assert_eq!(loaded.summary.delimiter, Some(','));
    assert_eq!(loaded.names()[..4], ["报道时间", "省份", "城市", "新增确诊"]);
    assert_eq!(loaded.kinds()[..7], ["Date", "Text", "Text", "Int64", "Int64", "Int64", "Text"]);
    assert_eq!((loaded.summary.rows, loaded.summary.rejected), (27_423, 1));
    let footnote = &loaded.rejects[0];
    assert_eq!(footnote.reason, Reason::Footnote);
    assert_eq!(footnote.column.as_deref(), Some("报道时间"));
    assert_eq!(footnote.value, "2020年");
    // One record before it has a line break inside.
    assert_eq!(footnote.line, 25_351);
    assert_eq!(loaded.column(0)[0], "2020-01-11");
    let confirmed: i64 =
        loaded.column(3).iter().filter_map(|value| value.parse::<i64>().ok()).sum();
    assert_eq!(confirmed, 2_985_151);
}

#[test]
fn the_air_quality_table_is_read_with_its_missing_marks() {
    let Some(path) = shared("tables/beijing-air/PRSA_Data_Dongsi_20130301-20170228.csv") else {
        return;
    };
    let loaded = load_path(&path, &hint(&path), &Limits::default()).unwrap();
    assert_eq!((loaded.summary.rows, loaded.summary.rejected), (35_064, 0));
    let kinds = loaded.kinds();
    assert_eq!(kinds[0], "Int64");
    assert_eq!(kinds[11], "Float64");
    assert_eq!(kinds[15], "Text");
    assert_eq!(loaded.summary.columns[5].missing_marks, ["NA"]);
    let missing = loaded.column(9).iter().filter(|value| *value == "∅").count();
    assert_eq!(missing, loaded.batch.column(9).null_count());
    assert!(missing > 1_000);
}

//! Where the rows of a table lie: columns of degrees, or of division codes, told by their
//! names and by the values that were profiled.

use quality::{ColumnProfile, TableProfile};

/// Endings of the names of columns with degrees, in small letters.
const LONGITUDE: [&str; 5] = ["经度", "longitude", "lng", "lon", "long"];
const LATITUDE: [&str; 3] = ["纬度", "latitude", "lat"];
/// Endings of the names of columns with division codes.
const CODES: [&str; 5] = ["区划代码", "行政区划", "adcode", "division_code", "division"];

/// The columns of degrees of a table, by their numbers.
pub fn degrees(profile: &TableProfile) -> Option<(usize, usize)> {
    let find = |endings: &[&str], most: f64| {
        profile.columns.iter().position(|column| {
            is_named(column, endings) && within(column, most) && is_number(column)
        })
    };
    Some((find(&LONGITUDE, 180.0)?, find(&LATITUDE, 90.0)?))
}

/// The column with division codes, by its number.
pub fn codes(profile: &TableProfile) -> Option<usize> {
    let is_code = |text: &Option<String>| {
        text.as_deref()
            .is_some_and(|text| text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit()))
    };
    profile
        .columns
        .iter()
        .position(|column| is_named(column, &CODES) && is_code(&column.min) && is_code(&column.max))
}

fn is_named(column: &ColumnProfile, endings: &[&str]) -> bool {
    let name = column.name.trim().to_lowercase();
    endings.iter().any(|ending| {
        // A Chinese word may have others before it; an English one stands alone.
        if ending.is_ascii() { name == *ending } else { name.ends_with(ending) }
    })
}

fn is_number(column: &ColumnProfile) -> bool {
    matches!(column.kind.as_str(), "int64" | "float64")
}

fn within(column: &ColumnProfile, most: f64) -> bool {
    let is_small = |text: &Option<String>| {
        text.as_deref().and_then(|text| text.parse::<f64>().ok()).is_some_and(|v| v.abs() <= most)
    };
    is_small(&column.min) && is_small(&column.max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, kind: &str, min: &str, max: &str) -> ColumnProfile {
        let json = serde_json::json!({
            "name": name, "kind": kind, "missing": 0, "distinct": 2, "distinct_exact": true,
            "min": min, "max": max, "mean": null, "std_dev": null, "histogram": [], "top": [],
            "top_exact": true, "shortest_chars": null, "longest_chars": null,
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn degrees_are_told_by_name_and_bounds() {
        let table = |columns| TableProfile { rows: 2, complete_rows: 2, columns };
        let centers = table(vec![
            column("区划代码", "text", "140105", "141182"),
            column("中心经度", "float64", "110.5", "114.2"),
            column("中心纬度", "float64", "34.7", "40.5"),
        ]);
        assert_eq!(degrees(&centers), Some((1, 2)));
        assert_eq!(codes(&centers), Some(0));
        let projected = table(vec![
            column("经度", "float64", "500000", "600000"),
            column("纬度", "float64", "3500000", "4500000"),
        ]);
        assert_eq!(degrees(&projected), None);
        assert_eq!(codes(&projected), None);
        let long =
            table(vec![column("belong", "int64", "1", "2"), column("flat", "int64", "1", "2")]);
        assert_eq!(degrees(&long), None);
    }
}

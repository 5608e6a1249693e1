//! The versions of a data set: what changed, and how to verify one.

use platform::gate::release::Release;
use platform::registry::Asset;
use serde::Serialize;
use vocabulary::Bilingual;

use super::access;

/// A release among the versions of a data set.
#[derive(Clone, Debug, Serialize)]
pub(super) struct VersionView {
    number: i64,
    date: String,
    rows: u64,
    change: Bilingual,
    current: bool,
    url: Option<String>,
    /// Where the rows are compared with those of the version before.
    differences_url: Option<String>,
}

/// The releases, newest first, with what changed from one to the next.
pub(super) fn versions(releases: &[Release]) -> Vec<VersionView> {
    releases
        .iter()
        .enumerate()
        .map(|(position, release)| VersionView {
            number: release.number,
            date: release.released_at.to_string(),
            rows: release.rows,
            change: change(release, releases.get(position + 1)),
            current: release.state == "current",
            url: None,
            differences_url: differences_url(releases, position),
        })
        .collect()
}

/// Where a release is compared with the open one before it.
fn differences_url(releases: &[Release], position: usize) -> Option<String> {
    let is_open = |release: &&Release| release.state != "suspended";
    let release = releases.get(position).filter(is_open)?;
    let before = releases.iter().skip(position + 1).find(is_open)?;
    let (from, to) = (before.number, release.number);
    Some(format!("/dataset/{}/differences?from={from}&to={to}", release.asset_id))
}

fn change(release: &Release, before: Option<&Release>) -> Bilingual {
    if let Some(why) = &release.suspended_why {
        return Bilingual::new(format!("已暂停：{why}"), format!("Suspended: {why}"));
    }
    let Some(before) = before else {
        return Bilingual::new("首次发布。", "First publication.");
    };
    let names = |release: &Release| -> Vec<String> {
        release.columns.iter().map(|column| column.name.clone()).collect()
    };
    difference((before.rows, release.rows), &names(before), &names(release))
}

/// What changed in rows and columns.
fn difference(rows: (u64, u64), before: &[String], after: &[String]) -> Bilingual {
    let (old, new) = rows;
    let missing = |from: &[String], other: &[String]| -> Vec<String> {
        from.iter().filter(|name| !other.contains(name)).cloned().collect()
    };
    let (added, removed) = (missing(after, before), missing(before, after));
    let mut zh = match new.cmp(&old) {
        std::cmp::Ordering::Greater => format!("增加 {} 行", new - old),
        std::cmp::Ordering::Less => format!("减少 {} 行", old - new),
        std::cmp::Ordering::Equal => "行数没有变化".to_owned(),
    };
    let mut en = match new.cmp(&old) {
        std::cmp::Ordering::Greater => format!("{} rows more", new - old),
        std::cmp::Ordering::Less => format!("{} rows fewer", old - new),
        std::cmp::Ordering::Equal => "as many rows".to_owned(),
    };
    for (names, word) in
        [(&added, ("新增列", "new columns")), (&removed, ("删除列", "columns gone"))]
    {
        if !names.is_empty() {
            zh.push_str(&format!("；{}：{}", word.0, names.join("、")));
            en.push_str(&format!("; {}: {}", word.1, names.join(", ")));
        }
    }
    if added.is_empty() && removed.is_empty() {
        zh.push_str("；列没有变化");
        en.push_str("; the same columns");
    }
    Bilingual::new(format!("{zh}。"), format!("{en}."))
}

/// Commands that check log, certificate and rows without believing this site.
pub(super) fn verify(base: &str, asset: &Asset, release: &Release) -> String {
    [
        format!("fenhe log verify {base}/log"),
        format!("curl -O {base}/api/v1/releases/{}/certificate", release.id),
        format!("curl -s {base}{} | sha256sum", access::file_url(asset, "csv")),
        format!("# {}", release.outcome.digest.sha256),
    ]
    .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_version_says_what_changed() {
        let change = difference((10, 8), &names(&["a", "b"]), &names(&["b", "c"]));
        assert_eq!(change.zh, "减少 2 行；新增列：c；删除列：a。");
        assert_eq!(change.en, "2 rows fewer; new columns: c; columns gone: a.");
        let same = difference((10, 10), &names(&["a"]), &names(&["a"]));
        assert_eq!(same.zh, "行数没有变化；列没有变化。");
    }
}

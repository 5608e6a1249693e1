//! Synthetic residents: persons who do not exist, with everything that the gate
//! must notice.
//!
//! Citizen ids are valid in form (GB 11643) with real divisions; their sequence
//! numbers start at 900 and mobile numbers begin with 154, which is assigned to
//! nobody. Shares by age, education and occupation are plausible, not measured.

use std::collections::HashSet;
use std::io::Write as _;

use law::UpdateCycle;

use super::codes::{Day, write_citizen_id};
use super::divisions::{CITIES, Division, Divisions, utf8};
use super::entry::{About, about_persons, open_entry};
use super::process::Dataset;
use super::random::{Choice, Random};

/// The seed of the residents; another one gives other persons.
const SEED: u64 = 0x0014_2026;
/// Ages are as of the end of this year.
const AS_OF: u16 = 2025;

/// Weights of the age groups 0–4, 5–9, … 95–99.
const AGES: [u64; 20] =
    [42, 55, 56, 52, 55, 62, 80, 78, 68, 66, 80, 82, 76, 58, 50, 32, 18, 9, 3, 1];
const ETHNICITIES: [(&str, u64); 6] =
    [("汉族", 9_960), ("回族", 20), ("满族", 8), ("蒙古族", 6), ("苗族", 3), ("土家族", 3)];
const FAMILIES: [(&str, u64); 32] = [
    ("王", 95),
    ("李", 92),
    ("张", 98),
    ("刘", 60),
    ("陈", 30),
    ("杨", 34),
    ("赵", 36),
    ("郭", 40),
    ("武", 22),
    ("任", 18),
    ("马", 20),
    ("高", 22),
    ("郝", 20),
    ("韩", 18),
    ("侯", 14),
    ("孙", 14),
    ("贾", 18),
    ("宋", 13),
    ("薛", 15),
    ("段", 12),
    ("冯", 10),
    ("梁", 12),
    ("吴", 11),
    ("曹", 9),
    ("田", 11),
    ("白", 9),
    ("常", 10),
    ("卫", 6),
    ("董", 8),
    ("尚", 4),
    ("上官", 1),
    ("令狐", 1),
];
const GIVEN_MALE: &[&str] = &[
    "伟", "强", "军", "磊", "建", "志", "国", "文", "杰", "涛", "斌", "宇", "浩", "鹏", "辉", "明",
    "晋", "东", "飞", "龙", "俊", "海", "永", "泽",
];
const GIVEN_FEMALE: &[&str] = &[
    "芳", "娜", "丽", "敏", "静", "艳", "娟", "霞", "慧", "婷", "雪", "玲", "晓", "欣", "怡", "梅",
    "秀", "英", "红", "琴", "燕", "佳", "梦", "淑",
];
/// Levels of education, lowest first.
const EDUCATION: [&str; 8] =
    ["未上过学", "学前教育", "小学", "初中", "高中", "大学专科", "大学本科", "研究生"];
/// Occupations of adults with the median yearly income in yuan.
///
/// Source of the names: GB/T 6565-2015, the first level.
const OCCUPATIONS: [(&str, u64, u64); 6] = [
    ("负责人", 110_000, 2),
    ("专业技术人员", 78_000, 14),
    ("办事人员和有关人员", 62_000, 11),
    ("社会生产服务和生活服务人员", 46_000, 33),
    ("农林牧渔业生产及辅助人员", 21_000, 20),
    ("生产制造及有关人员", 57_000, 20),
];
const MONTH_DAYS: [u8; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// The columns, as the header of the file.
const HEADER: &str =
    "姓名,身份证号,性别,年龄,出生日期,民族,区划代码,受教育程度,职业,手机号,年收入\r\n";

/// Makes `count` residents with their description.
pub(super) fn dataset(divisions: &Divisions, count: usize) -> Dataset {
    let entry = open_entry(&About {
        title: ("山西省常住居民基本情况（合成数据）", "Residents of Shanxi (synthetic)"),
        summary: (
            "演示用的合成数据：每行一名不存在的居民，含姓名、身份证号、手机号等标识符。原始数据不开放；开放的是经检测、去标识化并实测风险的版本。",
            "Synthetic data for the demo: each row is a resident who does not exist, with name, citizen id and mobile number. The raw data are not open; what is open went through the gate and was measured.",
        ),
        source: (
            "由演示程序按固定种子生成，不对应任何真实个人；区划代码为真实代码，各市人数按 2020 年人口普查的比例。",
            "Made by the demo from a fixed seed; no row is a real person. Division codes are real, cities have their share of the census of 2020.",
        ),
        theme: "public_service",
        keywords: &["人口", "居民", "合成数据", "去标识化"],
        division: "140000",
        cycle: UpdateCycle::Yearly,
        items: &[
            ("姓名", "Name", "text", "合成姓名"),
            ("身份证号", "Citizen id", "text", "GB 11643，校验位有效，顺序码 900 以上"),
            ("性别", "Sex", "text", "男、女"),
            ("年龄", "Age", "integer", "周岁，2025-12-31"),
            ("出生日期", "Date of birth", "date", "公历"),
            ("民族", "Ethnic group", "text", "GB/T 3304"),
            ("区划代码", "Division", "text", "居住地，GB/T 2260 县级代码"),
            ("受教育程度", "Education", "text", "已完成或在读的最高层次"),
            ("职业", "Occupation", "text", "GB/T 6565-2015 大类"),
            ("手机号", "Mobile number", "text", "154 号段，未分配"),
            ("年收入", "Yearly income", "integer", "元，2025 年"),
        ],
    });
    Dataset {
        entry: about_persons(entry),
        file_name: "residents-2025.csv",
        bytes: rows(divisions, count),
        hint: utf8(),
    }
}

/// The rows as CSV.
fn rows(divisions: &Divisions, count: usize) -> Vec<u8> {
    let mut maker = Maker::new(divisions);
    let mut csv = Vec::with_capacity(count * 144 + HEADER.len());
    csv.extend_from_slice(HEADER.as_bytes());
    for _ in 0..count {
        maker.write(&mut csv);
    }
    csv
}

/// Makes one resident after another.
struct Maker<'a> {
    random: Random,
    places: Choice<&'a str>,
    ages: Choice<u16>,
    ethnicities: Choice<&'static str>,
    families: Choice<&'static str>,
    occupations: Choice<(&'static str, u64)>,
    taken: HashSet<(Day, u16, u64)>,
}

impl<'a> Maker<'a> {
    fn new(divisions: &'a Divisions) -> Self {
        Self {
            random: Random::new(SEED),
            places: places(divisions),
            ages: Choice::of((0_u16..).step_by(5).zip(AGES)),
            ethnicities: Choice::of(ETHNICITIES),
            families: Choice::of(FAMILIES),
            occupations: Choice::of(OCCUPATIONS.map(|(name, pay, weight)| ((name, pay), weight))),
            taken: HashSet::new(),
        }
    }

    /// Writes a line of the file.
    fn write(&mut self, csv: &mut Vec<u8>) {
        let place = self.places.pick(&mut self.random);
        let home = match self.random.below(100) {
            0..=84 => place,
            _ => self.places.pick(&mut self.random),
        };
        let age = self.ages.pick(&mut self.random) + small(self.random.below(5));
        let is_male = self.random.below(1_000) < 508;
        let (born, sequence) = self.born(age, home, is_male);
        self.write_name(csv, is_male);
        csv.push(b',');
        write_citizen_id(csv, home, born, sequence);
        let sex = if is_male { "男" } else { "女" };
        let Day { year, month, day } = born;
        let ethnicity = self.ethnicities.pick(&mut self.random);
        let rank = self.education(age);
        let education = EDUCATION.get(rank).copied().unwrap_or_default();
        let (occupation, pay) = self.occupation(age, rank);
        let _infallible = write!(
            csv,
            ",{sex},{age},{year:04}-{month:02}-{day:02},{ethnicity},{place},{education},{occupation},"
        );
        if age >= 12 {
            let number = self.random.below(100_000_000);
            let _infallible = write!(csv, "154{number:08}");
        }
        csv.push(b',');
        if pay > 0 {
            let income = self.income(pay, rank);
            let _infallible = write!(csv, "{income}");
        }
        csv.extend_from_slice(b"\r\n");
    }

    fn write_name(&mut self, csv: &mut Vec<u8>, is_male: bool) {
        let given = if is_male { GIVEN_MALE } else { GIVEN_FEMALE };
        csv.extend_from_slice(self.families.pick(&mut self.random).as_bytes());
        csv.extend_from_slice(self.random.one_of(given).as_bytes());
        if self.random.below(100) < 72 {
            csv.extend_from_slice(self.random.one_of(given).as_bytes());
        }
    }

    /// A birth date of this age and a sequence number that nobody else has there.
    fn born(&mut self, age: u16, home: &str, is_male: bool) -> (Day, u16) {
        let year = AS_OF.saturating_sub(age);
        let home: u64 = home.parse().unwrap_or(0);
        loop {
            let month = tiny(self.random.between(1, 12));
            let days = MONTH_DAYS.get(usize::from(month) - 1).copied().unwrap_or(28);
            let leap = month == 2 && year.is_multiple_of(4) && year != 1900;
            let day = tiny(self.random.between(1, u64::from(days) + u64::from(leap)));
            let born = Day { year, month, day };
            let sequence = 900 + 2 * small(self.random.below(50)) + u16::from(is_male);
            if self.taken.insert((born, sequence, home)) {
                return (born, sequence);
            }
        }
    }

    /// The place in [`EDUCATION`].
    fn education(&mut self, age: u16) -> usize {
        let chance = self.random.below(100);
        let reached = |shares: &[(u64, usize)]| {
            shares.iter().find(|(end, _)| chance < *end).map_or(3, |(_, rank)| *rank)
        };
        match age {
            0..=2 => 0,
            3..=5 => 1,
            6..=11 => 2,
            12..=14 => 3,
            15..=17 => 4,
            18..=22 => reached(&[(3, 3), (28, 4), (58, 5), (99, 6), (100, 7)]),
            23..=39 => reached(&[(4, 2), (38, 3), (58, 4), (78, 5), (96, 6), (100, 7)]),
            40..=59 => reached(&[(1, 0), (14, 2), (64, 3), (82, 4), (92, 5), (99, 6), (100, 7)]),
            _ => reached(&[(8, 0), (46, 2), (82, 3), (94, 4), (98, 5), (100, 6)]),
        }
    }

    /// The occupation and its median pay; 0 for who earns nothing.
    fn occupation(&mut self, age: u16, rank: usize) -> (&'static str, u64) {
        let chance = self.random.below(100);
        match age {
            0..=5 => ("学龄前儿童", 0),
            6..=17 => ("学生", 0),
            18..=22 if chance < 62 => ("学生", 0),
            60.. if chance < 78 => ("离退休", 34_000),
            _ if chance < 12 => ("未就业", 0),
            _ => {
                let (name, pay) = self.occupations.pick(&mut self.random);
                // Who has studied seldom farms; who has not seldom is a specialist.
                match (name, rank) {
                    ("农林牧渔业生产及辅助人员", 5..) => ("专业技术人员", 78_000),
                    ("负责人" | "专业技术人员", 0..=2) => {
                        ("农林牧渔业生产及辅助人员", 21_000)
                    }
                    _ => (name, pay),
                }
            }
        }
    }

    /// A yearly income around the median, in hundreds of yuan.
    fn income(&mut self, pay: u64, rank: usize) -> u64 {
        let spread = 40 + self.random.below(60) + self.random.below(60);
        let factor = 85 + 5 * u64::try_from(rank).unwrap_or(0);
        (pay * spread * factor / 1_000_000) * 100
    }
}

/// The counties, each with its share of its city's population.
fn places(divisions: &Divisions) -> Choice<&str> {
    Choice::of(CITIES.iter().flat_map(|(code, _, _, people)| {
        let prefix = code.get(..4).unwrap_or(code);
        let below = move |county: &&Division| county.code.starts_with(prefix);
        let counties = divisions.counties.iter().filter(below);
        let count = u64::try_from(counties.clone().count()).unwrap_or(1).max(1);
        counties.map(move |county| (county.code.as_str(), people / count))
    }))
}

fn small(number: u64) -> u16 {
    u16::try_from(number).unwrap_or(0)
}

fn tiny(number: u64) -> u8 {
    u8::try_from(number).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use vocabulary::CitizenId;

    use super::*;

    #[test]
    fn residents_are_the_same_in_every_run_and_valid() {
        let counties = ["140105", "140203", "141182"];
        let divisions = Divisions {
            counties: counties
                .map(|code| Division { code: code.to_owned(), name: code.to_owned() })
                .to_vec(),
            ..Divisions::default()
        };
        let bytes = rows(&divisions, 2_000);
        assert_eq!(bytes, rows(&divisions, 2_000));
        let text = String::from_utf8(bytes).unwrap();
        let mut ids = HashSet::new();
        for line in text.lines().skip(1) {
            let cells: Vec<&str> = line.split(',').collect();
            assert_eq!(cells.len(), 11, "{line}");
            let id: CitizenId = cells[1].parse().unwrap();
            assert_eq!(id.birth_date().to_string(), cells[4], "{line}");
            assert_eq!(id.sex().label().zh, cells[2], "{line}");
            assert_eq!(2025 - i64::from(id.birth_date().year()), cells[3].parse::<i64>().unwrap());
            assert!(counties.contains(&cells[6]), "{line}");
            assert!(ids.insert(cells[1].to_owned()), "{line}");
        }
        assert_eq!(ids.len(), 2_000);
    }
}

//! Synthetic enterprises: bodies that do not exist, with valid credit codes.

use std::io::Write as _;

use law::UpdateCycle;

use super::codes::credit_code;
use super::divisions::{CITIES, Divisions, utf8};
use super::entry::{About, open_entry};
use super::process::Dataset;
use super::random::{Choice, Random};

/// The seed of the enterprises.
const SEED: u64 = 0x0091_2026;

/// Category of GB/T 4754-2017, its name, the words in names, and its weight.
const INDUSTRIES: [(&str, &str, &[&str], u64); 12] = [
    ("A", "农、林、牧、渔业", &["农业开发", "种植", "养殖", "林业"], 70),
    ("B", "采矿业", &["煤业", "矿业"], 20),
    ("C", "制造业", &["机械制造", "新材料", "装备制造", "食品", "陶瓷"], 120),
    ("D", "电力、热力、燃气及水生产和供应业", &["新能源", "热力", "水务"], 18),
    ("E", "建筑业", &["建筑工程", "装饰工程", "市政工程"], 95),
    ("F", "批发和零售业", &["商贸", "贸易", "百货"], 310),
    ("G", "交通运输、仓储和邮政业", &["物流", "运输", "仓储"], 60),
    ("H", "住宿和餐饮业", &["餐饮管理", "酒店管理"], 55),
    ("I", "信息传输、软件和信息技术服务业", &["信息技术", "软件", "网络科技"], 80),
    ("L", "租赁和商务服务业", &["企业管理", "商务服务", "租赁"], 90),
    ("M", "科学研究和技术服务业", &["科技", "检测技术", "工程设计"], 60),
    ("R", "文化、体育和娱乐业", &["文化传媒", "文化旅游"], 22),
];
/// Registered capital in 10,000 yuan.
const CAPITAL: [(u64, u64); 9] = [
    (10, 60),
    (50, 120),
    (100, 220),
    (200, 150),
    (300, 90),
    (500, 170),
    (1_000, 120),
    (3_000, 40),
    (10_000, 30),
];
const BRAND: &[&str] = &[
    "汾", "晋", "恒", "泰", "源", "盛", "华", "瑞", "鑫", "诚", "宏", "达", "隆", "通", "兴", "凯",
    "禾", "云", "信", "和", "润", "丰", "顺", "安",
];
const STATES: [(&str, u64); 3] = [("存续", 88), ("注销", 10), ("迁出", 2)];

/// Makes `count` enterprises with their description.
pub(super) fn dataset(divisions: &Divisions, count: usize) -> Dataset {
    let entry = open_entry(&About {
        title: ("山西省市场主体基本信息（合成数据）", "Enterprises of Shanxi (synthetic)"),
        summary: (
            "演示用的合成数据：每行一家不存在的企业，含统一社会信用代码、行业门类、注册资本、成立日期和所在县（市、区），不含自然人信息。",
            "Synthetic data for the demo: each row is an enterprise that does not exist, with credit code, industry, registered capital, founding date and county; no persons.",
        ),
        source: (
            "由演示程序按固定种子生成，不对应任何真实企业；信用代码校验位有效，组织机构代码以 DEM 开头。",
            "Made by the demo from a fixed seed; no row is a real enterprise. Credit codes are valid in form; organization codes begin with DEM.",
        ),
        theme: "credit_system",
        keywords: &["企业", "市场主体", "统一社会信用代码", "合成数据"],
        division: "140000",
        cycle: UpdateCycle::Monthly,
        items: &[
            ("统一社会信用代码", "Credit code", "text", "GB 32100-2015"),
            ("企业名称", "Name", "text", "合成名称"),
            ("行业门类代码", "Industry code", "text", "GB/T 4754-2017 门类"),
            ("行业门类", "Industry", "text", "GB/T 4754-2017 门类名称"),
            ("注册资本万元", "Registered capital", "integer", "万元"),
            ("成立日期", "Founded", "date", "公历"),
            ("登记状态", "State", "text", "存续、注销、迁出"),
            ("区划代码", "Division", "text", "GB/T 2260 县级代码"),
            ("所在县区", "County", "text", "县（市、区）名称"),
        ],
    });
    Dataset { entry, file_name: "enterprises.csv", bytes: rows(divisions, count), hint: utf8() }
}

/// The rows as CSV.
fn rows(divisions: &Divisions, count: usize) -> Vec<u8> {
    let mut random = Random::new(SEED);
    let cities = Choice::of(CITIES.iter().map(|city| ((city.0, city.1), city.3)));
    let industries = Choice::of(INDUSTRIES.map(|row| ((row.0, row.1, row.2), row.3)));
    let (capital, states) = (Choice::of(CAPITAL), Choice::of(STATES));
    let header = "统一社会信用代码,企业名称,行业门类代码,行业门类,注册资本万元,成立日期,登记状态,区划代码,所在县区\r\n";
    let mut csv = Vec::with_capacity(count * 190);
    csv.extend_from_slice(header.as_bytes());
    for serial in 0..count {
        let (city, city_name) = cities.pick(&mut random);
        let prefix = city.get(..4).unwrap_or(city);
        let below = divisions.counties.iter().filter(|county| county.code.starts_with(prefix));
        let counties: Vec<(&str, &str)> =
            below.map(|county| (county.code.as_str(), county.name.as_str())).collect();
        let (county, county_name) = random.one_of(&counties);
        let (letter, industry, words) = industries.pick(&mut random);
        let code = credit_code("91", county, serial);
        let short = city_name.trim_end_matches('市');
        let (first, second) = (random.one_of(BRAND), random.one_of(BRAND));
        let word = random.one_of(words);
        let capital = capital.pick(&mut random) * random.between(1, 3);
        let (year, month, day) =
            (random.between(1998, 2025), random.between(1, 12), random.between(1, 28));
        let state = states.pick(&mut random);
        // 门类 names hold the Chinese enumeration comma, never the ASCII one.
        let _infallible = write!(
            csv,
            "{code},{short}{first}{second}{word}有限公司（演示）,{letter},{industry},{capital},\
             {year}-{month:02}-{day:02},{state},{county},{county_name}\r\n"
        );
    }
    csv
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use vocabulary::CreditCode;

    use super::super::divisions::Division;
    use super::*;

    #[test]
    fn every_enterprise_has_a_valid_credit_code_of_its_own() {
        let county = |city: &(&str, &str, &str, u64)| Division {
            code: format!("{}02", city.0.get(..4).unwrap()),
            name: "示范县".to_owned(),
        };
        let divisions =
            Divisions { counties: CITIES.iter().map(county).collect(), ..Divisions::default() };
        let text = String::from_utf8(rows(&divisions, 500)).unwrap();
        let mut codes = HashSet::new();
        for line in text.lines().skip(1) {
            let cells: Vec<&str> = line.split(',').collect();
            assert_eq!(cells.len(), 9, "{line}");
            let code: CreditCode = cells[0].parse().unwrap();
            assert!(codes.insert(code), "{line}");
        }
        assert_eq!(codes.len(), 500);
    }
}

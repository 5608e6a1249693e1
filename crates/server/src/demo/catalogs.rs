//! The catalogs of six Chinese open-data portals as entries of their places.
//!
//! Each portal has its own names for the same fields. Contacts are left out, and
//! telephone numbers and e-mail addresses inside texts are masked.
//!
//! Source: `nju-websoft/CNPDS` (Apache-2.0), as crawled in 2023.

use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use law::{OpeningAttribute, UpdateCycle};
use platform::registry::{CatalogueEntry, ForeignEntry};
use serde_json::{Map, Value};
use vocabulary::Bilingual;

use super::DemoError;

/// How a portal calls the fields.
struct Portal {
    file: &'static str,
    /// Where the portal is; the entries' origin.
    origin: &'static str,
    /// What 市 or 省 at the beginning of a provider's name means there.
    place: &'static str,
    division: &'static str,
    title: &'static str,
    summary: &'static str,
    provider: &'static str,
    theme: &'static str,
    opening: &'static str,
    cycle: &'static str,
    /// Empty where the portal does not tell it.
    issued: &'static str,
    updated: &'static str,
    keywords: &'static str,
    format: &'static str,
}

const PORTALS: [Portal; 6] = [
    Portal {
        file: "anhui_suzhou.json",
        origin: "https://data.ahsz.gov.cn/",
        place: "宿州",
        division: "341300",
        title: "标题",
        summary: "描述",
        provider: "来源部门",
        theme: "重点领域",
        opening: "开放类型",
        cycle: "更新频率",
        issued: "发布时间",
        updated: "更新时间",
        keywords: "标签",
        format: "数据格式",
    },
    Portal {
        file: "guangxi_liuzhou.json",
        origin: "https://lz.data.gxzf.gov.cn/",
        place: "柳州",
        division: "450200",
        title: "标题",
        summary: "描述",
        provider: "来源部门",
        theme: "重点领域",
        opening: "开放条件",
        cycle: "更新频率",
        issued: "发布时间",
        updated: "更新时间",
        keywords: "标签",
        format: "数据格式",
    },
    Portal {
        file: "guizhou_guiyang.json",
        origin: "http://data.guizhou.gov.cn/",
        place: "贵阳",
        division: "520100",
        title: "标题",
        summary: "数据摘要",
        provider: "数据提供方",
        theme: "主题名称",
        opening: "开放属性",
        cycle: "更新频率",
        issued: "发布时间",
        updated: "更新时间",
        keywords: "",
        format: "数据格式",
    },
    Portal {
        file: "jiangsu_jiangsu.json",
        origin: "http://data.jszwfw.gov.cn:8118/",
        place: "江苏",
        division: "320000",
        title: "资源名称",
        summary: "资源描述",
        provider: "所属单位",
        theme: "所属主题",
        opening: "开放类型",
        cycle: "更新周期",
        issued: "",
        updated: "资源更新日期",
        keywords: "应用场景",
        format: "数据格式",
    },
    Portal {
        file: "shanghai_shanghai.json",
        origin: "https://data.sh.gov.cn/",
        place: "上海",
        division: "310000",
        title: "数据集名称",
        summary: "摘要",
        provider: "数据提供方",
        theme: "数据领域",
        opening: "开放属性",
        cycle: "更新频度",
        issued: "首次发布日期",
        updated: "更新日期",
        keywords: "数据标签",
        format: "数据格式",
    },
    Portal {
        file: "zhejiang_zhejiang.json",
        origin: "https://data.zjzwfw.gov.cn/",
        place: "浙江",
        division: "330000",
        title: "标题",
        summary: "摘要",
        provider: "数源单位",
        theme: "数据领域",
        opening: "开放条件",
        cycle: "更新周期",
        issued: "发布日期",
        updated: "更新日期",
        keywords: "标签",
        format: "资源格式",
    },
];

/// Words of a theme or title and the theme of ours that they point to; the first
/// that fits counts.
const THEMES: &[(&str, &[&str])] = &[
    ("credit_system", &["信用", "失信"]),
    ("food_and_drug_safety", &["食品", "药品", "医疗器械", "餐饮"]),
    ("work_safety", &["安全生产", "安全监管", "危险化学品", "特种设备"]),
    ("price_supervision", &["价格", "物价", "收费标准"]),
    ("energy_security", &["能源", "电力", "燃气", "煤炭", "加油站"]),
    ("health", &["医疗", "卫生", "健康", "医院", "防疫", "疫苗", "医药"]),
    (
        "social_security",
        &["社保", "社会保障", "就业", "社会救助", "社会保险", "劳动", "养老", "残疾"],
    ),
    ("environment", &["环境", "生态", "气象", "环保", "水质", "污染", "绿化", "林业"]),
    ("emergency", &["应急", "公共安全", "公安", "消防", "防汛", "灾害"]),
    (
        "urban_and_rural_construction",
        &[
            "城建",
            "城市建设",
            "城乡",
            "住房",
            "住建",
            "工程建设",
            "道路",
            "交通",
            "地理",
            "市政",
            "房地产",
        ],
    ),
    (
        "community_governance",
        &["社区", "民政", "机构团体", "社会组织", "社会发展", "街道", "居委会"],
    ),
    (
        "public_service",
        &[
            "生活服务",
            "教育",
            "文化",
            "民生",
            "法律服务",
            "旅游",
            "科技",
            "图书馆",
            "学校",
            "体育",
            "执业资格",
            "三农服务",
            "出境入境",
            "政务",
        ],
    ),
];

/// Says nothing.
const EMPTY: [&str; 8] = ["", "无", "暂无", "None", "null", "默认主题", "默认行业", "其他"];

/// The entries of every portal whose file is in `folder`.
pub(super) fn entries(folder: &Path) -> Result<Vec<ForeignEntry>, DemoError> {
    let mut entries = Vec::new();
    for portal in &PORTALS {
        let path = folder.join(portal.file);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(source) if source.kind() == std::io::ErrorKind::NotFound => continue,
            Err(source) => return Err(DemoError::File { path, source }),
        };
        let rows: Vec<Map<String, Value>> =
            serde_json::from_slice(&text).map_err(|source| DemoError::Json { path, source })?;
        let numbered = rows.iter().enumerate();
        entries.extend(numbered.map(|(number, row)| portal.entry(number + 1, row)));
    }
    Ok(entries)
}

impl Portal {
    /// A row of the portal as an entry; its number is its identifier, for the
    /// portals' own identifiers are not unique in the file.
    fn entry(&self, number: usize, row: &Map<String, Value>) -> ForeignEntry {
        let text = |field: &str| said(row.get(field));
        let title = cut(&mask_contacts(&text(self.title)), 100);
        let summary = cut(&mask_contacts(&text(self.summary)), 1_000);
        let theme = theme_of(&text(self.theme), &title);
        let page = text("详情页网址");
        let entry = CatalogueEntry {
            title: Bilingual::new(title.as_str(), ""),
            summary: Bilingual::new(summary, ""),
            format: format_of(&text(self.format)),
            update_cycle: cycle_of(&text(self.cycle)),
            theme: theme.to_owned(),
            opening: opening_of(&text(self.opening)),
            division: self.division.parse().ok(),
            keywords: keywords_of(&text(self.keywords)),
            source_note: Bilingual::new(
                format!("2023 年收集自 {}（CNPDS，Apache-2.0）。{page}", self.origin),
                format!("Collected from {} in 2023 (CNPDS, Apache-2.0). {page}", self.origin),
            ),
            ..CatalogueEntry::default()
        };
        ForeignEntry {
            origin: self.origin.to_owned(),
            origin_id: format!("{}-{number:05}", self.file.trim_end_matches(".json")),
            provider: self.provider_of(&text(self.provider)),
            entry,
            issued_at: midnight(&text(self.issued)),
            updated_at: midnight(&text(self.updated)),
        }
    }

    /// A provider's name that says of which place it is.
    fn provider_of(&self, name: &str) -> String {
        if name.is_empty() {
            return format!("{}（提供单位未注明）", self.place);
        }
        if name.starts_with('市') || name.starts_with('省') || name == "团省委" {
            return format!("{}{name}", self.place);
        }
        name.to_owned()
    }
}

/// The text of a field; lists are joined, and what says nothing is empty.
fn said(value: Option<&Value>) -> String {
    let text = match value {
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Array(items)) => {
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
        }
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    if EMPTY.contains(&text.as_str()) { String::new() } else { text }
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

fn theme_of(theme: &str, title: &str) -> &'static str {
    let by =
        |text: &str| THEMES.iter().find(|(_, words)| words.iter().any(|word| text.contains(word)));
    by(theme).or_else(|| by(title)).map_or("", |(code, _)| code)
}

fn cycle_of(text: &str) -> Option<UpdateCycle> {
    const CYCLES: [(&str, UpdateCycle); 14] = [
        ("实时", UpdateCycle::RealTime),
        ("即时", UpdateCycle::RealTime),
        ("分钟", UpdateCycle::RealTime),
        ("小时", UpdateCycle::RealTime),
        ("每天", UpdateCycle::Daily),
        ("每日", UpdateCycle::Daily),
        ("每周", UpdateCycle::Weekly),
        ("每月", UpdateCycle::Monthly),
        ("每季", UpdateCycle::Quarterly),
        ("每年", UpdateCycle::Yearly),
        ("每半", UpdateCycle::Irregular),
        ("不定期", UpdateCycle::Irregular),
        ("不更新", UpdateCycle::Irregular),
        ("静态", UpdateCycle::Irregular),
    ];
    CYCLES.iter().find(|(word, _)| text.starts_with(word)).map(|(_, cycle)| *cycle)
}

fn opening_of(text: &str) -> Option<OpeningAttribute> {
    match text {
        "无条件开放" | "无条件" | "完全开放" => Some(OpeningAttribute::Unconditional),
        "有条件开放" | "依申请开放" | "提出申请" | "需申请" | "开放网站申请" => {
            Some(OpeningAttribute::Conditional)
        }
        _ => None,
    }
}

/// The format of our list that the field names; of several the first of the list.
fn format_of(text: &str) -> String {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split(|letter: char| !letter.is_ascii_alphanumeric()).collect();
    let named = law::list("format").iter().find(|format| words.contains(&format.code.as_str()));
    named.map(|format| format.code.clone()).unwrap_or_default()
}

/// Up to 8 words of 2 to 20 characters.
fn keywords_of(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split([',', '，', '、', ';', '；', '\r', '\n', '\t', ' ']) {
        let length = word.chars().count();
        let fits = (2..=20).contains(&length) && !word.starts_with("SODA");
        if fits && !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }
    words.truncate(8);
    words
}

/// The beginning of a day in China, from `YYYY-MM-DD`.
fn midnight(text: &str) -> Option<Timestamp> {
    let day: Date = text.get(..10)?.parse().ok()?;
    vocabulary::time::china().to_timestamp(day.at(0, 0, 0, 0)).ok()
}

/// The text with telephone numbers and e-mail addresses as `***`.
fn mask_contacts(text: &str) -> String {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "@._-+".contains(letter);
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_part) {
        let (before, found) = rest.split_at_checked(start).unwrap_or((rest, ""));
        let end = found.find(|letter: char| !is_part(letter)).unwrap_or(found.len());
        let (word, after) = found.split_at_checked(end).unwrap_or((found, ""));
        masked.push_str(before);
        masked.push_str(if is_contact(word) { "***" } else { word });
        rest = after;
    }
    masked.push_str(rest);
    masked
}

fn is_contact(word: &str) -> bool {
    if word.contains('@') {
        return true;
    }
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let only_digits = word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    only_digits
        && match word.as_bytes() {
            [b'0', ..] => (10..=12).contains(&digits),
            [b'1', b'3'..=b'9', ..] => digits == 11,
            _ => word.contains('-') && (7..=8).contains(&digits) && !word.starts_with("20"),
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_in_texts_are_masked() {
        for (text, masked) in [
            ("咨询电话0571-87052748，转3", "咨询电话***，转3"),
            ("邮箱 zjsnyxxzx@163.com。", "邮箱 ***。"),
            ("联系人13903510000", "联系人***"),
            ("截至2023-06-13共1234567条", "截至2023-06-13共1234567条"),
        ] {
            assert_eq!(mask_contacts(text), masked);
        }
    }

    #[test]
    fn the_words_of_a_portal_become_ours() {
        let row = serde_json::json!({
            "标题": "食品生产许可", "摘要": "无", "标签": "许可、食品、证", "更新周期": "每月(更新说明:暂无)",
            "资源格式": "电子表格-xlsx", "数源单位": "省市场监管局", "数据领域": "市场监督",
            "开放条件": "无条件开放", "更新日期": "2023-06-02", "发布日期": "2021-04-30",
            "联系方式": "0571-87052748",
        });
        let portal = PORTALS.iter().find(|portal| portal.place == "浙江").unwrap();
        let found = portal.entry(7, row.as_object().unwrap());
        assert_eq!(found.provider, "浙江省市场监管局");
        assert_eq!(found.origin_id, "zhejiang_zhejiang-00007");
        assert_eq!(found.updated_at.unwrap().to_string(), "2023-06-01T16:00:00Z");
        assert_eq!(found.issued_at.unwrap().to_string(), "2021-04-29T16:00:00Z");
        let entry = found.entry;
        assert_eq!(entry.summary.zh, "");
        assert_eq!((entry.theme.as_str(), entry.format.as_str()), ("food_and_drug_safety", "xlsx"));
        assert_eq!(entry.keywords, ["许可", "食品"]);
        assert_eq!(entry.update_cycle, Some(UpdateCycle::Monthly));
        assert_eq!(entry.opening, Some(OpeningAttribute::Unconditional));
        assert!(!format!("{entry:?}").contains("0571"));
    }

    #[test]
    fn a_date_that_the_portal_leaves_empty_stays_empty() {
        let row = serde_json::json!({ "资源名称": "企业名录", "资源更新日期": "" });
        let portal = PORTALS.iter().find(|portal| portal.place == "江苏").unwrap();
        let found = portal.entry(1, row.as_object().unwrap());
        assert_eq!((found.issued_at, found.updated_at), (None, None));
    }

    #[test]
    fn every_theme_is_in_the_list() {
        assert!(THEMES.iter().all(|(code, _)| law::entry("theme", code).is_some()));
    }
}

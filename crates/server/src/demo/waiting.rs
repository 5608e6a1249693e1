//! What waits in the inboxes: one case for each person who decides.

use std::io::Write as _;

use law::UpdateCycle;
use platform::registry::{AssetState, CatalogueEntry};
use vocabulary::AssetId;

use super::divisions::utf8;
use super::entry::{About, about_persons, open_entry};
use super::process::{Dataset, Desk, as_proposed};
use super::random::Random;
use super::{DemoError, assistance};

/// Leaves the cases; returns the entry that is on the negative list.
pub(super) async fn leave(desk: &Desk<'_>) -> Result<AssetId, DemoError> {
    for_the_reviewer(desk).await?;
    let libraries = desk.register(&libraries()).await?;
    desk.advance(libraries.id, AssetState::UnitReview).await?;
    let hotlines = desk.register(&hotlines()).await?;
    desk.advance(hotlines.id, AssetState::DataReview).await?;
    let stops = stops();
    let draft = desk.register(&stops.entry).await?;
    desk.upload(draft.id, stops).await?;
    assistance::tell(desk).await
}

/// A survey of persons that passed the gate and waits for the reviewer.
async fn for_the_reviewer(desk: &Desk<'_>) -> Result<(), DemoError> {
    let survey = survey();
    let title = survey.entry.title.zh.clone();
    let id = desk.upload_and_publish(survey).await?;
    let run = desk.measure(id, &title, as_proposed).await?;
    desk.submit_release(&run).await
}

fn survey() -> Dataset {
    let entry = open_entry(&About {
        title: ("太原市居民用水抽样调查（合成数据）", "Water use survey of Taiyuan (synthetic)"),
        summary: (
            "演示用的合成数据：3000 名受访者的性别、年龄、所在区县和月用水量，含姓名与手机号。已通过检测，等待发布审核员批准。",
            "Synthetic data for the demo: sex, age, county and monthly water use of 3,000 respondents, with name and mobile number. It passed the gate and waits for the reviewer.",
        ),
        source: ("由演示程序按固定种子生成。", "Made by the demo from a fixed seed."),
        theme: "public_service",
        keywords: &["用水", "抽样调查", "合成数据"],
        division: "140100",
        cycle: UpdateCycle::Yearly,
        items: &[
            ("姓名", "Name", "text", "合成姓名"),
            ("手机号", "Mobile number", "text", "154 号段，未分配"),
            ("性别", "Sex", "text", "男、女"),
            ("年龄", "Age", "integer", "周岁"),
            ("区划代码", "Division", "text", "GB/T 2260 县级代码"),
            ("月用水量", "Monthly water use", "number", "立方米"),
        ],
    });
    let mut random = Random::new(0x3000_2026);
    let mut csv = "姓名,手机号,性别,年龄,区划代码,月用水量\r\n".as_bytes().to_vec();
    for _ in 0..3_000 {
        let family = random.one_of(&["王", "李", "张", "刘", "赵", "郭", "杨", "武"]);
        let (first, second) = (random.one_of(GIVEN), random.one_of(GIVEN));
        let phone = random.below(100_000_000);
        let sex = random.one_of(&["男", "女"]);
        let age = random.between(18, 79);
        let county = random.one_of(&["140105", "140106", "140107", "140108", "140109", "140110"]);
        let liters = random.between(2_000, 16_000);
        let (cubic, tenths) = (liters / 1_000, liters % 1_000 / 100);
        let _infallible = write!(
            csv,
            "{family}{first}{second},154{phone:08},{sex},{age},{county},{cubic}.{tenths}\r\n"
        );
    }
    Dataset { entry: about_persons(entry), file_name: "water-survey.csv", bytes: csv, hint: utf8() }
}

const GIVEN: &[&str] = &["明", "红", "建", "丽", "军", "敏", "文", "静", "国", "芳", "海", "燕"];

/// An entry that waits for the unit head's consent.
fn libraries() -> CatalogueEntry {
    open_entry(&About {
        title: ("山西省公共图书馆服务情况", "Public libraries of Shanxi"),
        summary: (
            "各县级以上公共图书馆的开放时间、阅览席位和馆藏数量。目录待单位负责人同意。",
            "Opening hours, seats and holdings of public libraries. The entry waits for the unit head's consent.",
        ),
        source: ("演示目录，暂无数据。", "An entry of the demo, without data."),
        theme: "public_service",
        keywords: &["图书馆", "文化", "公共服务"],
        division: "140000",
        cycle: UpdateCycle::Quarterly,
        items: &[
            ("图书馆名称", "Library", "text", "全称"),
            ("区划代码", "Division", "text", "GB/T 2260"),
            ("阅览席位数量", "Seats", "integer", "个"),
            ("馆藏数量", "Holdings", "integer", "册（件）"),
        ],
    })
}

/// An entry that waits for the data administrator's review.
fn hotlines() -> CatalogueEntry {
    open_entry(&About {
        title: ("12345 热线受理量月度统计", "Monthly calls of the hotline 12345"),
        summary: (
            "按地市和诉求类别统计的热线受理量、办结量和平均办理时长。单位负责人已同意，待数据管理员审核。",
            "Calls received and closed by city and kind, with the mean time. The unit head consented; it waits for the data administrator.",
        ),
        source: ("演示目录，暂无数据。", "An entry of the demo, without data."),
        theme: "public_service",
        keywords: &["热线", "12345", "政务服务"],
        division: "140000",
        cycle: UpdateCycle::Monthly,
        items: &[
            ("统计月份", "Month", "text", "YYYY-MM"),
            ("城市", "City", "text", "地级市"),
            ("受理数量", "Received", "integer", "件"),
            ("办结数量", "Closed", "integer", "件"),
        ],
    })
}

/// A draft whose file has rows that do not fit; they lie in quarantine.
fn stops() -> Dataset {
    let entry = open_entry(&About {
        title: (
            "太原市公交站点客流（待修正）",
            "Passengers at bus stops of Taiyuan, to be corrected",
        ),
        summary: (
            "公交站点的位置和日均客流。文件中有少数行不合格式，已被隔离，草稿待经办人修正后提交。",
            "Position and daily passengers of bus stops. A few rows of the file do not fit and are in quarantine; the draft waits for the clerk.",
        ),
        source: ("由演示程序按固定种子生成。", "Made by the demo from a fixed seed."),
        theme: "urban_and_rural_construction",
        keywords: &["公交", "站点", "客流"],
        division: "140100",
        cycle: UpdateCycle::Monthly,
        items: &[
            ("站点编号", "Stop", "text", "流水号"),
            ("站点名称", "Name", "text", "合成名称"),
            ("经度", "Longitude", "number", "度"),
            ("纬度", "Latitude", "number", "度"),
            ("日均客流数量", "Daily passengers", "integer", "人次"),
        ],
    });
    let mut random = Random::new(0x0128_2026);
    let mut csv = "站点编号,站点名称,经度,纬度,日均客流数量\r\n".as_bytes().to_vec();
    for number in 1..=600_u64 {
        let road =
            random.one_of(&["迎泽", "并州", "滨河", "长风", "南内环", "府西", "晋祠", "学府"]);
        let (lon, lat) = (random.between(4_200, 6_900), random.between(7_000, 9_900));
        let people = random.between(40, 4_800);
        let _infallible = match number {
            // A word in place of a number, a cell too many, a line that was cut.
            117 | 402 => write!(csv, "S{number:04},{road}路站,112.{lon},37.{lat},约{people}\r\n"),
            233 => write!(csv, "S{number:04},{road}路站,112.{lon},37.{lat},{people},双向\r\n"),
            518 => write!(csv, "S{number:04},{road}路站,112.{lon}\r\n"),
            _ => write!(csv, "S{number:04},{road}路站,112.{lon},37.{lat},{people}\r\n"),
        };
    }
    Dataset { entry, file_name: "bus-stops.csv", bytes: csv, hint: utf8() }
}

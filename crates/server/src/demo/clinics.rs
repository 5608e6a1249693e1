//! Data that open on condition: they pass the gate for those whose request was granted.

use std::io::Write as _;

use law::{OpeningAttribute, UpdateCycle};
use platform::registry::CatalogueEntry;
use vocabulary::AssetId;

use super::DemoError;
use super::divisions::utf8;
use super::entry::{About, open_entry};
use super::process::{Dataset, Desk, as_proposed};
use super::random::Random;

/// Institutions of the demo, and months of each.
const INSTITUTIONS: u64 = 120;
const MONTHS: u64 = 24;

/// Publishes the entry, which is returned, and releases the data on condition.
pub(super) async fn prepare(desk: &Desk<'_>) -> Result<AssetId, DemoError> {
    let dataset = dataset();
    let title = dataset.entry.title.zh.clone();
    let id = desk.upload_and_publish(dataset).await?;
    let run = desk.measure(id, &title, as_proposed).await?;
    desk.release(run, &title).await?;
    Ok(id)
}

fn dataset() -> Dataset {
    let mut random = Random::new(0x0700_2026);
    let mut csv = "机构编号,统计月份,门诊人次,平均候诊时间\r\n".as_bytes().to_vec();
    for institution in 1..=INSTITUTIONS {
        let usual = random.between(800, 24_000);
        for month in 0..MONTHS {
            let (year, month) = (2024 + month / 12, month % 12 + 1);
            let patients = usual * random.between(85, 115) / 100;
            let wait = random.between(80, 650);
            let _infallible = write!(
                csv,
                "M{institution:04},{year}-{month:02},{patients},{}.{}\r\n",
                wait / 10,
                wait % 10
            );
        }
    }
    Dataset { entry: entry(), file_name: "clinics.csv", bytes: csv, hint: utf8() }
}

fn entry() -> CatalogueEntry {
    let entry = open_entry(&About {
        title: (
            "医疗机构月度门诊量（有条件开放，演示）",
            "Monthly outpatients by institution (open on condition, demo)",
        ),
        summary: (
            "分机构的月度门诊人次和平均候诊时间（合成数据）。有条件开放：说明用途、范围和时限并作出使用承诺后提供。",
            "Outpatients and mean waiting time by institution and month (synthetic). Open on condition: for a stated purpose, scope and term, with an undertaking.",
        ),
        source: ("由演示程序按固定种子生成。", "Made by the demo from a fixed seed."),
        theme: "health",
        keywords: &["门诊", "医疗机构", "有条件开放"],
        division: "140000",
        cycle: UpdateCycle::Monthly,
        items: &[
            ("机构编号", "Institution", "text", "流水号"),
            ("统计月份", "Month", "text", "YYYY-MM"),
            ("门诊人次", "Outpatients", "integer", "人次"),
            ("平均候诊时间", "Mean waiting time", "number", "分钟"),
        ],
    });
    CatalogueEntry {
        opening: Some(OpeningAttribute::Conditional),
        conditions: "仅限科研和公共服务，不得转给第三方，不得识别机构内的个人。".to_owned(),
        ..entry
    }
}

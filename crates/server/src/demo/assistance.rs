//! Data that are not opened, and what the public is told of them: a summary with
//! differential privacy.

use std::io::Write as _;

use deident::dp::{Bounds, Decimal, DpError, Epsilon, Unit};
use law::{OpeningAttribute, UpdateCycle};
use platform::registry::{CatalogueEntry, NegativeListEntry};
use platform::summary::{self, Measure, NewBudget, Proposal, Question, SummaryState};
use vocabulary::{AssetId, Bilingual};

use super::DemoError;
use super::divisions::utf8;
use super::entry::{About, about_persons, open_entry};
use super::process::{Dataset, Desk};
use super::random::Random;

/// The kinds of assistance, most frequent first.
const KINDS: [&str; 3] = ["低保", "特困", "临时救助"];

/// Publishes the entry, which is returned, and the summary.
pub(super) async fn tell(desk: &Desk<'_>) -> Result<AssetId, DemoError> {
    let id = desk.upload_and_publish(dataset()).await?;
    let now = desk.platform.clock.now();
    let (clerk, reviewer) = (desk.unit.clerk.at(now), desk.people.reviewer.at(now));
    let told = summary::of_asset(&clerk, desk.platform, id).await?;
    if told.iter().any(|summary| summary.state == SummaryState::Published) {
        return Ok(id);
    }
    if summary::budget(&clerk, desk.platform, id).await?.is_none() {
        let reason =
            "救助覆盖面为公众所关心，总额从严。 The public asks who is reached.".to_owned();
        let epsilon = Epsilon::from_billionths(1_000_000_000);
        let budget = NewBudget { epsilon, unit: Unit::OneRowOnePerson, reason };
        let admin = desk.people.data_admin.at(now);
        summary::set_budget(&admin, desk.platform, id, None, budget).await?;
    }
    let proposal = proposal().map_err(|_| DemoError::Missing { what: "summary" })?;
    let drafted = summary::propose(&clerk, desk.platform, id, 1, proposal).await?;
    summary::submit(&clerk, desk.platform, drafted.summary.id, None).await?;
    summary::approve(&reviewer, desk.platform, drafted.summary.id, None).await?;
    desk.work().await?;
    Ok(id)
}

/// What is asked: ε = 0.6 of the budget's 1.
fn proposal() -> Result<Proposal, DpError> {
    let bounds = |upper: &str, step: &str| -> Result<Bounds, DpError> {
        Ok(Bounds { lower: "0".parse()?, upper: upper.parse()?, step: step.parse()? })
    };
    let question = |zh: &str, en: &str, measure, epsilon: &str| -> Result<Question, DpError> {
        Ok(Question { title: Bilingual::new(zh, en), measure, epsilon: epsilon.parse()? })
    };
    let kinds = KINDS.map(str::to_owned).into();
    let ages: Result<Vec<Decimal>, DpError> =
        ["18", "40", "60", "80"].map(str::parse).into_iter().collect();
    let column = "年龄".to_owned();
    Ok(Proposal {
        title: Bilingual::new("社会救助对象概况", "Who gets social assistance"),
        purpose: "供公众了解社会救助的覆盖面和水平。".to_owned(),
        questions: vec![
            question(
                "救助类别",
                "Kinds of assistance",
                Measure::Categories { column: "救助类别".to_owned(), categories: kinds },
                "0.2",
            )?,
            question("年龄段", "Ages", Measure::Intervals { column, edges: ages? }, "0.2")?,
            question(
                "月救助金额（元）",
                "Monthly amount (yuan)",
                Measure::Mean {
                    column: "月救助金额".to_owned(), bounds: bounds("3000", "1")?
                },
                "0.2",
            )?,
        ],
    })
}

fn dataset() -> Dataset {
    let mut random = Random::new(0x0600_2026);
    let mut csv = "案件编号,年龄,救助类别,月救助金额\r\n".as_bytes().to_vec();
    for number in 1..=4_000_u64 {
        let kind = random.one_of(&["低保", "低保", "低保", "低保", "特困", "临时救助"]);
        let (age, amount) = (random.between(3, 92), random.between(300, 1_900));
        let _infallible = write!(csv, "J{number:05},{age},{kind},{amount}\r\n");
    }
    Dataset { entry: entry(), file_name: "assistance.csv", bytes: csv, hint: utf8() }
}

/// The description: on the negative list, published, and never opened.
fn entry() -> CatalogueEntry {
    let entry = open_entry(&About {
        title: ("社会救助对象个案记录", "Case records of social assistance"),
        summary: (
            "社会救助对象的年龄、救助类别和金额（合成数据）。涉及个人隐私，列入负面清单，不予开放；公众可看差分隐私摘要。",
            "Age, kind and amount of social assistance (synthetic). It touches privacy, is on the negative list and is not opened; the public sees a summary with differential privacy.",
        ),
        source: ("由演示程序按固定种子生成。", "Made by the demo from a fixed seed."),
        theme: "social_security",
        keywords: &["社会救助", "负面清单"],
        division: "140000",
        cycle: UpdateCycle::Monthly,
        items: &[
            ("案件编号", "Case", "text", "流水号"),
            ("年龄", "Age", "integer", "周岁"),
            ("救助类别", "Kind", "text", "低保、特困、临时救助"),
            ("月救助金额", "Monthly amount", "integer", "元"),
        ],
    });
    CatalogueEntry {
        opening: Some(OpeningAttribute::Withheld),
        negative_list: Some(NegativeListEntry {
            reason: "personal_privacy".to_owned(),
            basis: "个人信息保护法 第二十五条".to_owned(),
            review_on: "2027-06-30".to_owned(),
        }),
        ..about_persons(entry)
    }
}

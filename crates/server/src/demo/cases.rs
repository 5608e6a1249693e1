//! A handful of cases that the public of the demo filed, in the states that a case passes,
//! and what was made of its data.
//!
//! Each goes the way that persons go. A case that was filed before is left as it is: its
//! form says which it is.

use law::requests::RequestKind;
use platform::requests::{self, Answer, Details, Exposed, Filed, NewCase, Outcome};
use platform::reuses::{self, NewReuse};
use trust::Caller;
use vocabulary::{AssetId, CaseNumber};

use super::process::Desk;
use super::{DemoError, clinics};

/// What a case of the demo says.
struct Story {
    /// Which it is.
    key: &'static str,
    kind: RequestKind,
    about: Option<AssetId>,
    title: &'static str,
    question: &'static str,
    details: Details,
}

/// Leaves the cases.
///
/// - `open`: an open dataset; `closed`: one that is on the negative list.
pub(super) async fn leave(
    desk: &Desk<'_>,
    open: AssetId,
    closed: AssetId,
) -> Result<(), DemoError> {
    answered(desk, open, closed).await?;
    on_their_way(desk, open).await?;
    let conditional = clinics::prepare(desk).await?;
    waiting_for_the_filer(desk, conditional).await?;
    granted(desk, conditional).await?;
    unassigned(desk).await?;
    made_of_it(desk, open).await
}

/// One reuse that is shown, and one that waits for its review.
async fn made_of_it(desk: &Desk<'_>, open: AssetId) -> Result<(), DemoError> {
    let new = |key: &str, title: &str, description: &str| NewReuse {
        title: title.to_owned(),
        link: format!("https://example.org/{key}"),
        description: description.to_owned(),
        maker: "演示制作者".to_owned(),
        contact: "demo@example.org".to_owned(),
        datasets: vec![open],
        form: Some(format!("demo.{key}")),
    };
    let map = new(
        "ageing-map",
        "县域老龄化地图（演示）",
        "用去标识化的居民数据按县汇总 60 岁以上人口占比，供社区养老服务布点参考。",
    );
    if let Some(sent) = sent_once(reuses::submit(&anyone(desk), desk.platform, map).await)? {
        let admin = desk.people.data_admin.at(desk.platform.clock.now());
        reuses::show(&admin, desk.platform, sent.reuse.id, None).await?;
    }
    let course = new(
        "course",
        "统计学课程练习（演示）",
        "大学统计学课程用这份数据练习抽样和分组汇总，附讲义和代码。",
    );
    sent_once(reuses::submit(&anyone(desk), desk.platform, course).await).map(|_| ())
}

/// Two that are answered, one of them closed, and one that is refused.
async fn answered(desk: &Desk<'_>, open: AssetId, closed: AssetId) -> Result<(), DemoError> {
    let story = Story {
        key: "census",
        kind: RequestKind::OpenData,
        about: None,
        title: "希望开放分乡镇的常住人口（演示）",
        question: "第七次人口普查的分乡镇常住人口还没有开放，希望补充，用于养老服务设施布点。",
        details: Details {
            purpose: "养老服务设施布点研究".to_owned(), ..Details::default()
        },
    };
    if let Some(filed) = file(desk, story, true).await? {
        let number = filed.case.number;
        let text = "同意开放。已列入下一季度开放计划，完成检测和审批后在本平台发布。（演示）";
        answer(desk, number, Answer { text: text.to_owned(), ..of(Outcome::Granted) }).await?;
    }
    let story = Story {
        key: "ages",
        kind: RequestKind::Correction,
        about: Some(open),
        title: "年龄一列不是具体岁数（演示）",
        question: "年龄一列是区间而不是具体岁数，是不是数据有误？",
        details: Details { item: "年龄，全部行".to_owned(), ..Details::default() },
    };
    if let Some(filed) = file(desk, story, true).await? {
        let number = filed.case.number;
        let text = "经核实无误。开放前按去标识化方案把年龄归并为区间，处理方式见数据集页面的放行证书。（演示）";
        answer(desk, number, Answer { text: text.to_owned(), ..of(Outcome::NotErroneous) }).await?;
        requests::close_own(&anyone(desk), desk.platform, number, &filed.code).await?;
    }
    let story = Story {
        key: "case_files",
        kind: RequestKind::OpenData,
        about: Some(closed),
        title: "希望开放社会救助个案记录（演示）",
        question: "希望开放去除姓名后的社会救助个案记录，用于政策研究。",
        details: Details { purpose: "政策研究".to_owned(), ..Details::default() },
    };
    if let Some(filed) = file(desk, story, true).await? {
        let refused = Answer {
            text: "个案记录去除姓名后仍可识别到家庭，公开会损害第三方权益，不予开放。可使用已开放的汇总数据。（演示）"
                .to_owned(),
            ground: Some("政府信息公开条例 第十五条".to_owned()),
            ..of(Outcome::Refused)
        };
        answer(desk, filed.case.number, refused).await?;
    }
    Ok(())
}

/// One that is under review, one whose answer waits for approval, one complaint.
async fn on_their_way(desk: &Desk<'_>, open: AssetId) -> Result<(), DemoError> {
    let story = Story {
        key: "examples",
        kind: RequestKind::Suggestion,
        about: Some(open),
        title: "建议补充字段的英文说明（演示）",
        question: "建议在数据字典里补充每个字段的英文说明，方便撰写英文论文时引用。",
        details: Details::default(),
    };
    if let Some(filed) = file(desk, story, true).await? {
        requests::accept(&clerk(desk), desk.platform, filed.case.number, None).await?;
    }
    let story = Story {
        key: "divisions",
        kind: RequestKind::Correction,
        about: Some(open),
        title: "个别区划代码已经调整（演示）",
        question: "数据中个别县级区划代码是调整前的，希望核对。",
        details: Details { item: "区划代码".to_owned(), ..Details::default() },
    };
    if let Some(filed) = file(desk, story, true).await? {
        let number = filed.case.number;
        requests::accept(&clerk(desk), desk.platform, number, None).await?;
        let text = "经核实，代码以调查时点为准，与当时的区划一致。（演示）";
        let drafted = Answer { text: text.to_owned(), ..of(Outcome::NotErroneous) };
        requests::draft(&clerk(desk), desk.platform, number, None, drafted).await?;
    }
    let story = Story {
        key: "exposure",
        kind: RequestKind::Complaint,
        about: Some(open),
        title: "担心少数记录可以看出是谁（演示）",
        question: "我所在的县高龄居民很少，担心年龄和区划放在一起能看出是谁，请核查。",
        details: Details {
            item: "年龄、区划代码".to_owned(),
            exposed: Some(Exposed::PersonalInformation),
            ..Details::default()
        },
    };
    file(desk, story, false).await.map(|_| ())
}

/// A request for conditional data in which something is missing.
async fn waiting_for_the_filer(desk: &Desk<'_>, about: AssetId) -> Result<(), DemoError> {
    let story = Story {
        key: "clinics",
        kind: RequestKind::Conditional,
        about: Some(about),
        title: "申请使用门诊量数据（演示）",
        question: "申请使用分机构月度门诊量，用于基层首诊研究。",
        details: Details {
            purpose: "基层首诊政策研究".to_owned(),
            scope: "课题组三人，校内服务器".to_owned(),
            term_months: Some(12),
            ..Details::default()
        },
    };
    if let Some(filed) = file(desk, story, true).await? {
        let notice = "请补充课题批准文件的编号和数据安全责任人所在部门。（演示）";
        let number = filed.case.number;
        requests::ask_supplement(&clerk(desk), desk.platform, number, None, notice).await?;
    }
    Ok(())
}

/// A request for conditional data that was granted: its filer can take them.
async fn granted(desk: &Desk<'_>, about: AssetId) -> Result<(), DemoError> {
    let story = Story {
        key: "waiting_times",
        kind: RequestKind::Conditional,
        about: Some(about),
        title: "申请使用候诊时间数据（演示）",
        question: "申请使用分机构候诊时间，用于评估预约挂号的效果。",
        details: Details {
            purpose: "预约挂号效果评估".to_owned(),
            scope: "本单位卫生政策研究室".to_owned(),
            term_months: Some(24),
            ..Details::default()
        },
    };
    if let Some(filed) = file(desk, story, true).await? {
        let text = "同意使用，请遵守承诺。数据在您的本人页面取用。（演示）".to_owned();
        answer(desk, filed.case.number, Answer { text, ..of(Outcome::Granted) }).await?;
    }
    Ok(())
}

/// One for which no body is named yet.
async fn unassigned(desk: &Desk<'_>) -> Result<(), DemoError> {
    let story = Story {
        key: "charging",
        kind: RequestKind::OpenData,
        about: None,
        title: "希望开放公共充电桩的位置（演示）",
        question: "希望开放全省公共充电桩的位置、功率和开放时间，不清楚由哪个单位负责。",
        details: Details::default(),
    };
    let new = new_case(story, None);
    sent_once(requests::file(&anyone(desk), desk.platform, new).await).map(|_| ())
}

/// Files a case with the desk's body; `None` if it was filed before.
async fn file(
    desk: &Desk<'_>,
    story: Story,
    is_released: bool,
) -> Result<Option<Filed>, DemoError> {
    let (title, question) = (story.title, story.question);
    let new = new_case(story, Some(desk.unit.body));
    let filed = sent_once(requests::file(&anyone(desk), desk.platform, new).await)?;
    if let Some(filed) = filed.as_ref().filter(|_| is_released) {
        let (caller, number) = (clerk(desk), filed.case.number);
        requests::publish_question(&caller, desk.platform, number, None, title, question, true)
            .await?;
    }
    Ok(filed)
}

/// What was filed; `None` if its form was sent before.
fn sent_once<T>(filed: Result<T, platform::Error>) -> Result<Option<T>, DemoError> {
    match filed {
        Err(platform::Error::Invalid { problems })
            if problems.iter().any(|problem| problem.field == "form") =>
        {
            Ok(None)
        }
        Ok(filed) => Ok(Some(filed)),
        Err(error) => Err(error.into()),
    }
}

fn new_case(story: Story, body: Option<vocabulary::CreditCode>) -> NewCase {
    let conditional = story.kind == RequestKind::Conditional;
    NewCase {
        kind: story.kind,
        about: story.about,
        body: body.filter(|_| story.about.is_none()),
        title: story.title.to_owned(),
        question: story.question.to_owned(),
        details: story.details,
        commitment_sha256: conditional.then(requests::commitment_sha256),
        name: "演示提交人".to_owned(),
        contact: "demo@example.org".to_owned(),
        form: Some(format!("demo.{}", story.key)),
    }
}

fn of(outcome: Outcome) -> Answer {
    Answer {
        outcome,
        text: String::new(),
        ground: None,
        dataset: None,
        holder: None,
        repeats: None,
        version: None,
    }
}

/// The clerk takes the case up and answers, the head approves.
async fn answer(desk: &Desk<'_>, number: CaseNumber, answer: Answer) -> Result<(), DemoError> {
    requests::accept(&clerk(desk), desk.platform, number, None).await?;
    requests::draft(&clerk(desk), desk.platform, number, None, answer).await?;
    let head = desk.unit.head.at(desk.platform.clock.now());
    requests::approve(&head, desk.platform, number, None).await?;
    Ok(())
}

fn anyone(desk: &Desk<'_>) -> Caller {
    Caller::anonymous(desk.platform.clock.now())
}

fn clerk(desk: &Desk<'_>) -> Caller {
    desk.unit.clerk.at(desk.platform.clock.now())
}

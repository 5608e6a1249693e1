//! What the public asks, and how it is answered, on both engines.

use jiff::Timestamp;
use law::requests::RequestKind;
use platform::inbox::{TaskKind, inbox};
use platform::requests::{
    self, Answer, CaseFilter, CaseState, DeskFilter, Details, Exposed, Filed, NewCase, Outcome,
    StatisticsFilter,
};
use platform::{Error, FieldProblem, registry};
use trust::{Caller, Role};
use vocabulary::AssetId;

use crate::stage::{Stage, body, complete_entry};

/// Monday, 2 March 2026, with 20 working days after it until 30 March.
pub(crate) const MONDAY: &str = "2026-03-02T09:00:00+08:00";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn anyone(moment: &str) -> Caller {
    Caller::anonymous(at(moment)).with_request("r-1", "203.0.113.7")
}

pub(crate) async fn person(stage: &Stage, role: Role, moment: &str) -> Caller {
    let person = stage.person(role).await;
    let account = person.account().unwrap().clone();
    Caller::of_account(account, person.roles().to_vec(), at(moment))
}

pub(crate) fn question(kind: RequestKind, about: Option<AssetId>) -> NewCase {
    NewCase {
        kind,
        about,
        body: about.is_none().then(body),
        title: "希望开放公交站点客流".to_owned(),
        question: "需要按站点和小时统计的客流，用于规划接驳线路。".to_owned(),
        details: Details::default(),
        commitment_sha256: None,
        name: "晋阳公益研究中心".to_owned(),
        contact: "data@example.org".to_owned(),
        form: None,
    }
}

pub(crate) fn answer(outcome: Outcome) -> Answer {
    Answer {
        outcome,
        text: "已核实，处理如下。".to_owned(),
        ground: None,
        dataset: None,
        holder: None,
        repeats: None,
        version: None,
    }
}

/// A published entry without data.
pub(crate) async fn entry(stage: &Stage) -> AssetId {
    let asset = stage.asset().await;
    stage.file(asset, "survey.csv", b"a,b\n1,2\n").await;
    stage.publish(asset).await;
    asset
}

/// A published entry without data, changed first.
pub(crate) async fn entry_with(
    stage: &Stage,
    change: impl FnOnce(&mut registry::CatalogueEntry),
) -> AssetId {
    let mut entry = registry::CatalogueEntry {
        items: vec![registry::Item { name: "a".to_owned(), ..Default::default() }],
        ..complete_entry()
    };
    change(&mut entry);
    let clerk = stage.person(Role::Clerk).await;
    let new = registry::NewAsset { body: body(), kind: registry::AssetKind::Dataset, entry };
    let asset = registry::register(&clerk, &stage.platform, new).await.unwrap().asset.id;
    stage.publish(asset).await;
    asset
}

/// A published asset that opens on condition.
async fn conditional_entry(stage: &Stage) -> AssetId {
    entry_with(stage, |entry| entry.opening = Some(law::OpeningAttribute::Conditional)).await
}

/// A request for conditional data, for a year.
pub(crate) fn conditional_question(asset: AssetId, commitment: Option<String>) -> NewCase {
    NewCase {
        details: Details {
            purpose: "城市规划研究".to_owned(),
            scope: "本单位课题组".to_owned(),
            term_months: Some(12),
            item: "not of this kind".to_owned(),
            ..Details::default()
        },
        commitment_sha256: commitment,
        ..question(RequestKind::Conditional, Some(asset))
    }
}

pub(crate) async fn filed(stage: &Stage, new: NewCase, moment: &str) -> Filed {
    requests::file(&anyone(moment), &stage.platform, new).await.unwrap()
}

/// Takes a case through the desk to an answer.
pub(crate) async fn answered(stage: &Stage, case: &Filed, wanted: Answer, moment: &str) {
    let (platform, number) = (&stage.platform, case.case.number);
    let clerk = person(stage, Role::Clerk, moment).await;
    requests::accept(&clerk, platform, number, None).await.unwrap();
    requests::draft(&clerk, platform, number, None, wanted).await.unwrap();
    let head = person(stage, Role::UnitHead, moment).await;
    requests::approve(&head, platform, number, None).await.unwrap();
}

/// The fields that are wrong; none for another error.
pub(crate) fn problems(result: Result<impl std::fmt::Debug, Error>) -> Vec<String> {
    let Err(Error::Invalid { problems }) = result else { return Vec::new() };
    problems.into_iter().map(|FieldProblem { field, .. }| field).collect()
}

async fn state(stage: &Stage, case: &Filed) -> CaseState {
    requests::find(&anyone(MONDAY), &stage.platform, case.case.number).await.unwrap().state
}

#[tokio::test]
async fn a_case_goes_from_a_stranger_to_an_answer_that_everyone_reads() {
    for stage in Stage::each().await {
        let platform = &stage.platform;
        let asset = entry(&stage).await;
        let case = filed(&stage, question(RequestKind::OpenData, Some(asset)), MONDAY).await;
        let number = case.case.number;
        assert_eq!(case.case.body, Some(body()), "the body that holds the data answers");
        // GI-04: 20 working days after Monday, 2 March, end on Monday, 30 March.
        assert_eq!(case.case.due_at, Some(at("2026-03-31T00:00:00+08:00")));
        let clerk = person(&stage, Role::Clerk, MONDAY).await;
        let tasks = inbox(&clerk, platform).await.unwrap();
        assert_eq!(tasks.iter().map(|task| task.kind).collect::<Vec<_>>(), [TaskKind::AcceptCase]);
        let deadline = tasks[0].clock.deadline.as_ref().unwrap();
        assert_eq!(deadline.row.rule, law::RuleId::GI_04);
        assert_eq!(deadline.end.clone().unwrap().remaining.working_days, 20);

        let clerk = person(&stage, Role::Clerk, "2026-03-02T10:00:00+08:00").await;
        requests::accept(&clerk, platform, number, Some(1)).await.unwrap();
        let granted = answer(Outcome::Granted);
        requests::draft(&clerk, platform, number, None, granted.clone()).await.unwrap();
        let unseen = requests::find(&anyone(MONDAY), platform, number).await.unwrap();
        assert_eq!(unseen.answer, None, "a draft is not an answer");
        let head = person(&stage, Role::UnitHead, "2026-03-06T10:00:00+08:00").await;
        let tasks = inbox(&head, platform).await.unwrap();
        assert_eq!(tasks[0].kind, TaskKind::ApproveAnswer);
        requests::approve(&head, platform, number, None).await.unwrap();
        let told = requests::find(&anyone(MONDAY), platform, number).await.unwrap();
        assert_eq!((told.state, told.answer.as_ref()), (CaseState::Answered, Some(&granted)));
        assert_eq!((told.working_days, told.in_time()), (Some(4), Some(true)));

        let later = anyone("2026-03-09T10:00:00+08:00");
        requests::close_own(&later, platform, number, &case.code).await.unwrap();
        assert_eq!(state(&stage, &case).await, CaseState::Closed);
        let steps = requests::history(platform, number).await.unwrap();
        let kinds: Vec<&str> = steps.iter().map(|step| step.kind.as_str()).collect();
        assert_eq!(kinds, ["case.filed", "case.accepted", "case.answered", "case.closed"]);
    }
}

#[tokio::test]
async fn nobody_approves_the_answer_that_they_wrote() {
    for stage in Stage::each().await {
        let platform = &stage.platform;
        let case = filed(&stage, question(RequestKind::Suggestion, None), MONDAY).await;
        let number = case.case.number;
        // One person with both roles.
        let clerk = stage.person(Role::Clerk).await;
        let head = stage.person(Role::UnitHead).await;
        let mut grants = clerk.roles().to_vec();
        grants.extend(head.roles().iter().cloned());
        let both = Caller::of_account(clerk.account().unwrap().clone(), grants, at(MONDAY));
        requests::accept(&both, platform, number, None).await.unwrap();
        requests::draft(&both, platform, number, None, answer(Outcome::Explained)).await.unwrap();
        let own = requests::approve(&both, platform, number, None).await;
        assert!(matches!(own, Err(Error::Denied(_))), "{own:?}");
        assert_eq!(state(&stage, &case).await, CaseState::ToApprove);
        let stranger = requests::approve(&anyone(MONDAY), platform, number, None).await;
        assert!(matches!(stranger, Err(Error::NotFound { .. })), "{stranger:?}");
        requests::send_back(&head, platform, number, None, "请补充办理时间").await.unwrap();
        let (dossier, _) = requests::read(&both, platform, number).await.unwrap();
        assert_eq!(dossier.papers.return_reason.as_deref(), Some("请补充办理时间"));
        requests::draft(&both, platform, number, None, answer(Outcome::Granted)).await.unwrap();
        requests::approve(&head, platform, number, None).await.unwrap();
        assert_eq!(state(&stage, &case).await, CaseState::Answered);
    }
}

#[tokio::test]
async fn a_refusal_cites_a_reason_and_a_ground() {
    for stage in Stage::each().await {
        let platform = &stage.platform;
        let asset = entry_with(&stage, |entry| {
            entry.opening = Some(law::OpeningAttribute::Withheld);
            entry.negative_list = Some(registry::NegativeListEntry {
                reason: "personal_privacy".to_owned(),
                basis: "政府信息公开条例 第十五条".to_owned(),
                ..Default::default()
            });
        })
        .await;
        let case = filed(&stage, question(RequestKind::OpenData, Some(asset)), MONDAY).await;
        let number = case.case.number;
        let clerk = person(&stage, Role::Clerk, MONDAY).await;
        requests::accept(&clerk, platform, number, None).await.unwrap();
        let refuse = |text: &str, ground: Option<&str>| Answer {
            text: text.to_owned(),
            ground: ground.map(str::to_owned),
            ..answer(Outcome::Refused)
        };
        for (wanted, fields) in [
            (refuse("", None), vec!["text", "ground"]),
            (refuse("涉及个人隐私，不予开放。", None), vec!["ground"]),
            (refuse("涉及个人隐私，不予开放。", Some("不方便")), vec!["ground"]),
            (refuse("涉及个人隐私，不予开放。", Some("领导第二次说没条件")), vec!["ground"]),
            (
                refuse("涉及个人隐私，不予开放。", Some("某条例 第一条，联系 13812345678")),
                vec!["ground"],
            ),
            (
                Answer {
                    holder: Some("找王丽，手机13812345678".to_owned()),
                    ..answer(Outcome::NotHeld)
                },
                vec!["holder"],
            ),
            (answer(Outcome::NotHeld), vec!["holder"]),
            (answer(Outcome::AlreadyOpen), vec!["dataset"]),
            (Answer { dataset: Some(asset), ..answer(Outcome::AlreadyOpen) }, vec!["dataset"]),
            (answer(Outcome::Repeated), vec!["repeats"]),
            (Answer { repeats: Some(number), ..answer(Outcome::Repeated) }, vec!["repeats"]),
            (answer(Outcome::Corrected), vec!["outcome", "version"]),
        ] {
            let shown = format!("{wanted:?}");
            let refused = requests::draft(&clerk, platform, number, None, wanted).await;
            assert_eq!(problems(refused), fields, "{shown}");
        }
        assert_eq!(state(&stage, &case).await, CaseState::UnderReview);
        let good = refuse("涉及个人隐私，不予开放。", Some("政府信息公开条例 第十五条"));
        requests::draft(&clerk, platform, number, None, good).await.unwrap();
        let head = person(&stage, Role::UnitHead, MONDAY).await;
        requests::approve(&head, platform, number, None).await.unwrap();
        let told = requests::find(&anyone(MONDAY), platform, number).await.unwrap();
        let ground = told.answer.unwrap().ground.unwrap();
        assert!(law::resolve(&ground).is_some(), "{ground}");
    }
}

#[tokio::test]
async fn what_is_missing_is_told_once_and_the_clock_starts_anew() {
    for stage in Stage::each().await {
        let platform = &stage.platform;
        let case = filed(&stage, question(RequestKind::OpenData, None), MONDAY).await;
        let number = case.case.number;
        let clerk = person(&stage, Role::Clerk, "2026-03-04T10:00:00+08:00").await;
        let empty = requests::ask_supplement(&clerk, platform, number, None, " ").await;
        assert_eq!(problems(empty), ["notice"]);
        requests::ask_supplement(&clerk, platform, number, None, "请写明站点范围。").await.unwrap();
        let waiting = requests::find(&anyone(MONDAY), platform, number).await.unwrap();
        assert_eq!((waiting.state, waiting.due_at), (CaseState::SupplementAsked, None));
        assert!(requests::of_case(&waiting, at("2026-06-01T10:00:00+08:00")).is_none());
        assert!(inbox(&clerk, platform).await.unwrap().is_empty(), "the filer is next");

        let filer = anyone("2026-04-07T10:00:00+08:00");
        let wrong = requests::supplement(&filer, platform, number, "no code", "太原市").await;
        assert!(matches!(wrong, Err(Error::NotFound { .. })));
        requests::supplement(&filer, platform, number, &case.code, "太原市六城区").await.unwrap();
        let again = requests::find(&filer, platform, number).await.unwrap();
        assert_eq!(again.clock_from, filer.now());
        // 20 working days after Tuesday, 7 April 2026, across the holidays of 1 to 5 May
        // and the make-up day of Saturday, 9 May.
        assert_eq!(again.due_at, Some(at("2026-05-09T00:00:00+08:00")));
        let clerk = person(&stage, Role::Clerk, "2026-04-08T10:00:00+08:00").await;
        requests::accept(&clerk, platform, number, None).await.unwrap();
        let twice = requests::ask_supplement(&clerk, platform, number, None, "还缺。").await;
        assert_eq!(problems(twice), ["notice"], "it is told once");
    }
}

#[tokio::test]
async fn after_the_time_for_the_notice_what_is_there_is_decided() {
    let stage = Stage::new().await;
    let case = filed(&stage, question(RequestKind::OpenData, None), MONDAY).await;
    let number = case.case.number;
    // GI-02: 7 working days after 2 March end on 11 March.
    let late = person(&stage, Role::Clerk, "2026-03-12T00:00:00+08:00").await;
    let refused = requests::ask_supplement(&late, &stage.platform, number, None, "补充").await;
    assert_eq!(problems(refused), ["notice"]);
    let last = person(&stage, Role::Clerk, "2026-03-11T23:59:59+08:00").await;
    requests::ask_supplement(&last, &stage.platform, number, None, "补充").await.unwrap();
}

#[tokio::test]
async fn an_answer_is_extended_once_and_with_a_reason() {
    for stage in Stage::each().await {
        let platform = &stage.platform;
        let case = filed(&stage, question(RequestKind::OpenData, None), MONDAY).await;
        let number = case.case.number;
        let clerk = person(&stage, Role::Clerk, MONDAY).await;
        let denied = requests::extend(&clerk, platform, number, None, "需会商").await;
        assert!(matches!(denied, Err(Error::Denied(_))), "the head of the unit consents");
        let head = person(&stage, Role::UnitHead, "2026-03-20T10:00:00+08:00").await;
        assert_eq!(problems(requests::extend(&head, platform, number, None, "").await), ["reason"]);
        let personal = "需与张三（13812345678）会商";
        let refused = requests::extend(&head, platform, number, None, personal).await;
        assert_eq!(problems(refused), ["reason"], "everyone reads it");
        requests::extend(&head, platform, number, None, "需征求第三方意见").await.unwrap();
        let longer = requests::find(&anyone(MONDAY), platform, number).await.unwrap();
        // 20 more working days after 30 March: 6 April is a holiday, so 28 April.
        assert_eq!(longer.due_at, Some(at("2026-04-29T00:00:00+08:00")));
        let clock = requests::of_case(&longer, head.now()).unwrap();
        let end = clock.deadline.unwrap().end.unwrap();
        assert_eq!(Some(end.due.ends_at), longer.due_at);
        let twice = requests::extend(&head, platform, number, None, "还需时间").await;
        assert_eq!(problems(twice), ["reason"]);
        // SH-07 has no extension.
        let asset = entry(&stage).await;
        let wrong = NewCase {
            details: Details { item: "b 列".to_owned(), ..Details::default() },
            ..question(RequestKind::Correction, Some(asset))
        };
        let correction = filed(&stage, wrong, MONDAY).await;
        let none = requests::extend(&head, platform, correction.case.number, None, "需会商").await;
        assert_eq!(problems(none), ["reason"]);
    }
}

#[tokio::test]
async fn nothing_that_was_filed_is_public_before_it_is_released() {
    for stage in Stage::each().await {
        let platform = &stage.platform;
        let told = "我是王丽，手机 13812345678，想要公交客流。";
        let new = NewCase { question: told.to_owned(), ..question(RequestKind::OpenData, None) };
        let case = filed(&stage, new, MONDAY).await;
        let number = case.case.number;
        let shown = requests::find(&anyone(MONDAY), platform, number).await.unwrap();
        assert_eq!((shown.title, shown.question), (None, None));
        let clerk = person(&stage, Role::Clerk, MONDAY).await;
        let (dossier, _) = requests::read(&clerk, platform, number).await.unwrap();
        let papers = dossier.papers;
        assert_eq!(papers.question, told);
        let title = papers.title.as_str();
        let publish = async |text: &str, sure| {
            requests::publish_question(&clerk, platform, number, None, title, text, sure).await
        };
        assert_eq!(problems(publish(told, true).await), ["question"], "a number is never public");
        let masked = requests::masked(told);
        assert!(!masked.contains("13812345678"), "{masked}");
        publish(&masked, true).await.unwrap();
        let shown = requests::find(&anyone(MONDAY), platform, number).await.unwrap();
        assert_eq!((shown.title.as_deref(), shown.question), (Some(title), Some(masked)));
    }
}

#[tokio::test]
async fn a_contact_is_never_public_and_is_erased_in_time() {
    for mut stage in Stage::each().await {
        let case = filed(&stage, question(RequestKind::Suggestion, None), MONDAY).await;
        let number = case.case.number;
        let admin = person(&stage, Role::DataAdmin, MONDAY).await;
        let (_, filer) = requests::read(&admin, &stage.platform, number).await.unwrap();
        assert_eq!(filer.contact.as_deref(), Some("data@example.org"));
        let reviewer = person(&stage, Role::GateReviewer, MONDAY).await;
        let unread = requests::read(&reviewer, &stage.platform, number).await;
        assert!(matches!(unread, Err(Error::NotFound { .. })), "not for every account");
        let mut reader = stage.platform.store.read().await.unwrap();
        let trail = trust::audit::search(&mut reader, &trust::audit::Filter::default(), 50).await;
        drop(reader);
        for record in trail.unwrap().iter().filter(|one| one.kind.starts_with("case.")) {
            let text = record.data.to_string();
            assert!(!text.contains("example.org") && !text.contains("公交"), "{text}");
            assert_eq!(record.address, None, "no more about a person than needed");
        }
        let later = anyone("2026-03-03T10:00:00+08:00");
        requests::withdraw(&later, &stage.platform, number, &case.code).await.unwrap();
        let day = |moment: &str| trust::Clock::Fixed(at(moment));
        for (moment, erased) in [("2026-08-30T10:00:00+08:00", 0), ("2026-08-31T10:00:00+08:00", 1)]
        {
            stage.platform.clock = day(moment);
            assert_eq!(
                requests::erase_contacts(&stage.platform).await.unwrap(),
                erased,
                "{moment}"
            );
        }
        let (_, filer) = requests::read(&admin, &stage.platform, number).await.unwrap();
        assert_eq!((filer.name, filer.contact), (None, None));
        let own = requests::own(&later, &stage.platform, number, &case.code).await.unwrap();
        assert_eq!(own.dossier.case.state, CaseState::Withdrawn, "the code still opens it");
    }
}

#[tokio::test]
async fn what_is_filed_says_what_its_kind_needs() {
    for stage in Stage::each().await {
        let platform = &stage.platform;
        let asset = entry(&stage).await;
        let try_to =
            async |new: NewCase| problems(requests::file(&anyone(MONDAY), platform, new).await);
        let blank = NewCase {
            title: String::new(),
            question: String::new(),
            name: " ".to_owned(),
            contact: "王".to_owned(),
            ..question(RequestKind::OpenData, None)
        };
        assert_eq!(try_to(blank).await, ["title", "question", "name", "contact", "contact"]);
        let long =
            NewCase { question: "长".repeat(5_001), ..question(RequestKind::Suggestion, None) };
        assert_eq!(try_to(long).await, ["question"]);
        assert_eq!(try_to(question(RequestKind::Correction, None)).await, ["about", "item"]);
        assert_eq!(try_to(question(RequestKind::Complaint, None)).await, ["exposed"]);
        let conditional = question(RequestKind::Conditional, Some(asset));
        assert_eq!(
            try_to(conditional).await,
            ["about", "purpose", "scope", "term_months", "commitment"],
            "the entry is not open on condition"
        );
        let draft = stage.asset().await;
        assert_eq!(try_to(question(RequestKind::OpenData, Some(draft))).await, ["about"]);
        let total = requests::count(&anyone(MONDAY), platform, &CaseFilter::default()).await;
        assert_eq!(total.unwrap(), 0, "nothing was filed");
    }
}

#[tokio::test]
async fn conditional_data_are_asked_for_with_the_undertaking() {
    for stage in Stage::each().await {
        let platform = &stage.platform;
        let clerk = stage.person(Role::Clerk).await;
        let asset = conditional_entry(&stage).await;
        let new = |commitment| conditional_question(asset, commitment);
        for commitment in [None, Some("0".repeat(64))] {
            let refused = requests::file(&anyone(MONDAY), platform, new(commitment)).await;
            assert_eq!(problems(refused), ["commitment"]);
        }
        let accepted = Some(requests::commitment_sha256());
        let case = filed(&stage, new(accepted.clone()), MONDAY).await;
        assert_eq!(case.case.commitment_sha256, accepted);
        // OP-01: the material is reviewed within 5 working days.
        let notice = requests::of_notice(&case.case, at(MONDAY)).unwrap();
        let end = notice.deadline.unwrap().end.unwrap();
        assert_eq!(end.due.date, jiff::civil::date(2026, 3, 9));
        let (dossier, _) = requests::read(&clerk, platform, case.case.number).await.unwrap();
        assert_eq!(dossier.papers.details.item, "", "what another kind has is not kept");
    }
}

#[tokio::test]
async fn a_form_that_is_sent_twice_files_one_case() {
    for stage in Stage::each().await {
        let new =
            NewCase { form: Some("nonce".to_owned()), ..question(RequestKind::Suggestion, None) };
        filed(&stage, new.clone(), MONDAY).await;
        let again = requests::file(&anyone(MONDAY), &stage.platform, new).await;
        assert_eq!(problems(again), ["form"]);
    }
}

#[tokio::test]
async fn a_case_of_no_body_is_assigned_and_may_be_handed_on() {
    for stage in Stage::each().await {
        let platform = &stage.platform;
        let new = NewCase { body: None, ..question(RequestKind::OpenData, None) };
        let case = filed(&stage, new, MONDAY).await;
        let number = case.case.number;
        let clerk = person(&stage, Role::Clerk, MONDAY).await;
        let early = requests::accept(&clerk, platform, number, None).await;
        assert!(matches!(early, Err(Error::NotFound { .. })), "it is not theirs yet");
        let admin = person(&stage, Role::DataAdmin, MONDAY).await;
        let tasks = inbox(&admin, platform).await.unwrap();
        assert_eq!(tasks[0].kind, TaskKind::AssignCase);
        let unknown = "91140000MA0000000X".parse().unwrap_or_else(|_| other_body());
        let wrong = requests::assign(&admin, platform, number, None, unknown).await;
        assert_eq!(problems(wrong), ["body"]);
        requests::assign(&admin, platform, number, None, body()).await.unwrap();
        requests::accept(&clerk, platform, number, None).await.unwrap();
        let due = case.case.due_at;
        requests::assign(&admin, platform, number, None, body()).await.unwrap();
        let again = requests::find(&admin, platform, number).await.unwrap();
        assert_eq!((again.state, again.handler), (CaseState::Filed, None));
        assert_eq!(again.due_at, due, "the filer's clock does not start again");
    }
}

/// A valid code of a body that is not registered.
fn other_body() -> vocabulary::CreditCode {
    "91350100M000100Y43".parse().unwrap()
}

#[tokio::test]
async fn a_complaint_about_exposed_persons_comes_before_the_data_administrator() {
    for stage in Stage::each().await {
        let platform = &stage.platform;
        let asset = entry(&stage).await;
        let complaint = |exposed| NewCase {
            details: Details { exposed: Some(exposed), ..Details::default() },
            ..question(RequestKind::Complaint, Some(asset))
        };
        filed(&stage, complaint(Exposed::OtherRight), MONDAY).await;
        let admin = person(&stage, Role::DataAdmin, MONDAY).await;
        assert!(inbox(&admin, platform).await.unwrap().is_empty());
        let urgent = filed(&stage, complaint(Exposed::PersonalInformation), MONDAY).await;
        let tasks = inbox(&admin, platform).await.unwrap();
        assert_eq!(tasks.len(), 1);
        assert_eq!(tasks[0].kind, TaskKind::ExamineExposure);
        assert_eq!(tasks[0].case().unwrap().case.number, urgent.case.number);
        let clerk = person(&stage, Role::Clerk, MONDAY).await;
        assert_eq!(inbox(&clerk, platform).await.unwrap().len(), 2, "the body answers both");
    }
}

#[tokio::test]
async fn statistics_agree_with_cases_counted_by_hand() {
    for stage in Stage::each().await {
        let platform = &stage.platform;
        let all = StatisticsFilter::default();
        let none = requests::statistics(&anyone(MONDAY), platform, &all).await.unwrap();
        assert_eq!(none, requests::Statistics::default());
        assert_eq!((none.acceptance_rate(), none.in_time_rate()), (None, None));

        let open = || question(RequestKind::OpenData, None);
        let refused = Answer {
            ground: Some("政府信息公开条例 第十四条".to_owned()),
            ..answer(Outcome::Refused)
        };
        let elsewhere = Answer { holder: Some("交通局".to_owned()), ..answer(Outcome::NotHeld) };
        // Answered after 0, 3, 4 and 21 working days; the last is a day late.
        for (wanted, moment) in [
            (answer(Outcome::Granted), "2026-03-02T18:00:00+08:00"),
            (refused.clone(), "2026-03-05T10:00:00+08:00"),
            (elsewhere, "2026-03-06T10:00:00+08:00"),
            (refused, "2026-03-31T00:00:00+08:00"),
        ] {
            let case = filed(&stage, open(), MONDAY).await;
            answered(&stage, &case, wanted, moment).await;
        }
        let case = filed(&stage, question(RequestKind::Suggestion, None), MONDAY).await;
        answered(&stage, &case, answer(Outcome::Explained), "2026-03-03T10:00:00+08:00").await;
        filed(&stage, open(), MONDAY).await;
        let back = filed(&stage, open(), MONDAY).await;
        requests::withdraw(&anyone(MONDAY), platform, back.case.number, &back.code).await.unwrap();

        let now = anyone("2026-04-01T10:00:00+08:00");
        let found = requests::statistics(&now, platform, &all).await.unwrap();
        let expected = requests::Statistics {
            filed: 7,
            waiting: 1,
            withdrawn: 1,
            answered: 5,
            accepted: 1,
            decided: 4,
            timed: 5,
            in_time: 4,
            overdue: 1,
            // 0, 1, 3, 4, 21
            median_working_days: Some(3.0),
        };
        assert_eq!(found, expected);
        assert_eq!(found.acceptance_rate(), Some(0.25));
        assert_eq!(found.in_time_rate(), Some(0.8));
        let kind = StatisticsFilter { kind: Some(RequestKind::OpenData), ..all };
        let open = requests::statistics(&now, platform, &kind).await.unwrap();
        // 0, 3, 4, 21: the mean of the two in the middle.
        assert_eq!((open.answered, open.median_working_days), (4, Some(3.5)));
        let other = StatisticsFilter { body: Some(other_body()), ..all };
        assert_eq!(requests::statistics(&now, platform, &other).await.unwrap().filed, 0);
    }
}

#[tokio::test]
async fn a_list_is_leafed_through_without_a_gap() {
    for stage in Stage::each().await {
        let platform = &stage.platform;
        let mut numbers = Vec::new();
        for minute in [1, 1, 2, 3, 3] {
            let moment = format!("2026-03-02T09:0{minute}:00+08:00");
            let case = filed(&stage, question(RequestKind::Suggestion, None), &moment).await;
            numbers.push(case.case.number);
        }
        let mut filter = CaseFilter { limit: 2, ..CaseFilter::default() };
        let mut seen = Vec::new();
        loop {
            let (page, next) = requests::list(&anyone(MONDAY), platform, &filter).await.unwrap();
            seen.extend(page.into_iter().map(|case| case.number));
            filter.after = next;
            if filter.after.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), numbers.len());
        numbers.sort();
        seen.sort();
        assert_eq!(seen, numbers);
        let none = CaseFilter { kind: Some(RequestKind::Complaint), limit: 2, ..filter };
        assert!(requests::list(&anyone(MONDAY), platform, &none).await.unwrap().0.is_empty());
        let desk = DeskFilter { is_open: true, is_for_admin: false, offset: 0, limit: 100 };
        let clerk = stage.person(Role::Clerk).await;
        assert_eq!(requests::desk(&clerk, platform, &desk).await.unwrap().len(), 5);
        let ended = DeskFilter { is_open: false, is_for_admin: false, offset: 0, limit: 100 };
        assert!(requests::desk(&clerk, platform, &ended).await.unwrap().is_empty());
        assert!(requests::desk(&anyone(MONDAY), platform, &desk).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn two_handlers_do_not_overwrite_one_another() {
    for stage in Stage::each().await {
        let case = filed(&stage, question(RequestKind::Suggestion, None), MONDAY).await;
        let clerk = person(&stage, Role::Clerk, MONDAY).await;
        let number = case.case.number;
        requests::accept(&clerk, &stage.platform, number, Some(1)).await.unwrap();
        let stale = requests::accept(&clerk, &stage.platform, number, Some(1)).await;
        assert!(matches!(stale, Err(Error::Stale)), "{stale:?}");
        let again = requests::accept(&clerk, &stage.platform, number, None).await;
        assert!(matches!(again, Err(Error::WrongState { .. })), "{again:?}");
    }
}

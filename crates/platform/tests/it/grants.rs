//! What an answer may not say, what a grant gives, and what is kept of whom: on both engines.

use law::requests::RequestKind;
use platform::requests::{self, Answer, CaseState, Details, Exposed, GrantState, NewCase, Outcome};
use platform::{Error, gate, registry};
use trust::Role;
use vocabulary::AssetId;

use crate::requests::{
    MONDAY, answer, answered, anyone, at, conditional_question, entry, filed, person, problems,
    question,
};
use crate::stage::{Stage, body, complete_entry, residents};

/// Releases the first version of an asset for those whose request was granted.
async fn release_on_condition(stage: &Stage, asset: AssetId) {
    let (clerk, platform) = (stage.person(Role::Clerk).await, &stage.platform);
    let audience = law::Audience::Conditional;
    let settings = gate::Settings::new(law::SharingModel::Controlled, 0.05);
    let started =
        gate::start(&clerk, platform, asset, 1, audience, settings.clone()).await.unwrap();
    stage.work().await;
    let run = gate::find(&clerk, platform, started.run.id).await.unwrap().1;
    gate::confirm(&clerk, platform, run.id, None, settings, run.decisions).await.unwrap();
    stage.work().await;
    gate::submit(&clerk, platform, run.id, None).await.unwrap();
    let reviewer = stage.person(Role::GateReviewer).await;
    gate::approve(&reviewer, platform, run.id, None).await.unwrap();
}

#[tokio::test]
async fn conditional_data_are_taken_by_whom_they_were_granted_to_alone() {
    for stage in Stage::each().await {
        let platform = &stage.platform;
        let clerk = stage.person(Role::Clerk).await;
        let new = registry::NewAsset {
            body: body(),
            kind: registry::AssetKind::Dataset,
            entry: registry::CatalogueEntry {
                opening: Some(law::OpeningAttribute::Conditional),
                ..complete_entry()
            },
        };
        let asset = registry::register(&clerk, platform, new).await.unwrap().asset.id;
        stage.file(asset, "rows.csv", residents(600).as_bytes()).await;
        stage.publish(asset).await;
        // The gate lets it out to those who ask, and not to everyone.
        let open = gate::Settings::new(law::SharingModel::Public, 0.05);
        let audience = law::Audience::Open;
        let to_all = gate::start(&clerk, platform, asset, 1, audience, open).await;
        assert_eq!(problems(to_all), ["audience"]);
        let accepted = Some(requests::commitment_sha256());
        let case = filed(&stage, conditional_question(asset, accepted.clone()), MONDAY).await;
        let (number, code) = (case.case.number, case.code.as_str());
        let filer = anyone(MONDAY);
        assert!(requests::granted(&filer, platform, number, code).await.unwrap().is_none());
        answered(&stage, &case, answer(Outcome::Granted), MONDAY).await;
        let early = requests::take(&filer, platform, number, code).await;
        assert!(matches!(early, Err(Error::WrongState { .. })), "nothing passed the gate yet");
        release_on_condition(&stage, asset).await;

        // Nobody else finds any data,
        let caller = anyone(MONDAY);
        let dataset = platform::open::dataset(&caller, platform, asset).await.unwrap();
        assert!(dataset.current.is_none() && dataset.releases.is_empty());
        let rows = platform::open::current_release(&caller, platform, asset).await;
        assert!(matches!(rows, Err(Error::NotFound { .. })), "{rows:?}");
        let wrong = requests::take(&caller, platform, number, "no code").await;
        assert!(matches!(wrong, Err(Error::NotFound { .. })), "{wrong:?}");
        // whoever holds the code takes it, and it is noted,
        let current = requests::take(&filer, platform, number, code).await.unwrap();
        assert_eq!(current.release.audience, law::Audience::Conditional);
        assert!(current.release.rows > 500);
        requests::note_taken(&filer, platform, number, &current, "csv", true).await.unwrap();
        let grant = requests::grant_of(&clerk, platform, number).await.unwrap().unwrap();
        assert_eq!((grant.taken, grant.state(at(MONDAY))), (1, GrantState::Active));
        // until the last day of the term that was asked for: a year on, that day included.
        assert_eq!(grant.ends_at, at("2027-03-03T00:00:00+08:00"));
        let late = anyone("2027-03-03T00:00:00+08:00");
        let late = requests::take(&late, platform, number, code).await;
        assert!(matches!(late, Err(Error::WrongState { .. })), "{late:?}");

        // The head of the body takes it back, with a reason; a clerk does not.
        let denied = requests::revoke(&clerk, platform, number, "转交第三方").await;
        assert!(matches!(denied, Err(Error::Denied(_))), "{denied:?}");
        let head = person(&stage, Role::UnitHead, MONDAY).await;
        assert_eq!(problems(requests::revoke(&head, platform, number, " ").await), ["reason"]);
        requests::revoke(&head, platform, number, "转交第三方使用，违反承诺").await.unwrap();
        let gone = requests::take(&filer, platform, number, code).await;
        assert!(matches!(gone, Err(Error::WrongState { .. })), "{gone:?}");
        let told = requests::granted(&filer, platform, number, code).await.unwrap().unwrap();
        assert!(told.grant.revoke_reason.is_some() && told.current.is_none());
        let unnoted = requests::note_taken(&filer, platform, number, &current, "csv", true).await;
        assert!(unnoted.is_err(), "a grant that was taken back counts no more");
    }
}

#[tokio::test]
async fn data_that_are_open_to_everyone_are_not_refused() {
    for stage in Stage::each().await {
        let platform = &stage.platform;
        let asset = entry(&stage).await;
        let case = filed(&stage, question(RequestKind::OpenData, Some(asset)), MONDAY).await;
        let number = case.case.number;
        let clerk = person(&stage, Role::Clerk, MONDAY).await;
        requests::accept(&clerk, platform, number, None).await.unwrap();
        let refused = Answer {
            ground: Some("政府信息公开条例 第十五条".to_owned()),
            ..answer(Outcome::Refused)
        };
        let refused = requests::draft(&clerk, platform, number, None, refused).await;
        assert_eq!(problems(refused), ["outcome"], "R-OP-03: it is on no negative list");
    }
}

#[tokio::test]
async fn what_is_not_supplemented_in_its_time_may_count_as_given_up() {
    for stage in Stage::each().await {
        let platform = &stage.platform;
        let case = filed(&stage, question(RequestKind::OpenData, None), MONDAY).await;
        let number = case.case.number;
        let clerk = person(&stage, Role::Clerk, MONDAY).await;
        requests::ask_supplement(&clerk, platform, number, None, "请写明站点范围。").await.unwrap();
        let waiting = requests::find(&anyone(MONDAY), platform, number).await.unwrap();
        // 15 days after Monday, 2 March.
        assert_eq!(waiting.supplement_due_at, Some(at("2026-03-18T00:00:00+08:00")));
        let early = person(&stage, Role::Clerk, "2026-03-17T23:59:00+08:00").await;
        assert_eq!(problems(requests::lapse(&early, platform, number, None).await), ["lapse"]);
        let late = person(&stage, Role::Clerk, "2026-03-18T00:00:00+08:00").await;
        let given_up = requests::lapse(&late, platform, number, None).await.unwrap().case;
        assert_eq!(given_up.state, CaseState::Withdrawn);
        assert!(given_up.lapsed_at.is_some());
        let filer = anyone("2026-03-19T00:00:00+08:00");
        let after = requests::supplement(&filer, platform, number, &case.code, "六城区").await;
        assert!(matches!(after, Err(Error::WrongState { .. })), "{after:?}");
    }
}

#[tokio::test]
async fn a_time_that_is_over_is_not_extended() {
    let stage = Stage::new().await;
    let platform = &stage.platform;
    let case = filed(&stage, question(RequestKind::OpenData, None), MONDAY).await;
    let number = case.case.number;
    let head = person(&stage, Role::UnitHead, "2026-06-01T10:00:00+08:00").await;
    let late = requests::extend(&head, platform, number, None, "数据量大，需要核对").await;
    assert_eq!(problems(late), ["reason"]);
}

#[tokio::test]
async fn asked_before_and_corrected_point_at_what_fits() {
    let stage = Stage::new().await;
    let platform = &stage.platform;
    let asset = entry(&stage).await;
    let correction = || NewCase {
        details: Details { item: "第二列".to_owned(), ..Details::default() },
        ..question(RequestKind::Correction, Some(asset))
    };
    let other = filed(&stage, question(RequestKind::Suggestion, None), MONDAY).await;
    let case = filed(&stage, correction(), MONDAY).await;
    let number = case.case.number;
    let clerk = person(&stage, Role::Clerk, MONDAY).await;
    requests::accept(&clerk, platform, number, None).await.unwrap();
    let repeats = |earlier| Answer { repeats: Some(earlier), ..answer(Outcome::Repeated) };
    let wrong = requests::draft(&clerk, platform, number, None, repeats(other.case.number)).await;
    assert_eq!(problems(wrong), ["repeats"], "of another kind, and not answered");
    // The version was stored before this case was filed, and after that one.
    let corrected = Answer { version: Some(1), ..answer(Outcome::Corrected) };
    let drafted = requests::draft(&clerk, platform, number, None, corrected.clone()).await;
    assert_eq!(problems(drafted), ["version"]);
    let case = filed(&stage, correction(), "2026-02-27T09:00:00+08:00").await;
    answered(&stage, &case, corrected, MONDAY).await;
}

#[tokio::test]
async fn the_trail_of_a_filing_names_nobody() {
    let stage = Stage::new().await;
    let platform = &stage.platform;
    // A clerk who has signed in files as anyone does.
    let clerk = person(&stage, Role::Clerk, MONDAY).await;
    let new = question(RequestKind::Suggestion, None);
    let case = requests::file(&clerk, platform, new).await.unwrap();
    let subject = Some(format!("case:{}", case.case.number));
    let filter = trust::audit::Filter { subject, ..Default::default() };
    let mut reader = platform.store.read().await.unwrap();
    let records = trust::audit::search(&mut reader, &filter, 10).await.unwrap();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].actor, "anonymous", "{:?}", records[0]);
}

#[tokio::test]
async fn what_is_taken_back_or_settled_is_not_rewritten_in_public() {
    let stage = Stage::new().await;
    let platform = &stage.platform;
    let clerk = person(&stage, Role::Clerk, MONDAY).await;
    let released = |number| {
        let clerk = clerk.clone();
        async move {
            let (title, text) = ("公交站点客流", "需要按站点统计的客流。");
            requests::publish_question(&clerk, platform, number, None, title, text, true).await
        }
    };
    let case = filed(&stage, question(RequestKind::Suggestion, None), MONDAY).await;
    released(case.case.number).await.unwrap();
    let filer = anyone(MONDAY);
    let back = requests::withdraw(&filer, platform, case.case.number, &case.code).await.unwrap();
    assert_eq!((back.case.title, back.case.question), (None, None), "it is public no more");
    assert!(matches!(released(case.case.number).await, Err(Error::WrongState { .. })));
    let case = filed(&stage, question(RequestKind::Suggestion, None), MONDAY).await;
    released(case.case.number).await.unwrap();
    answered(&stage, &case, answer(Outcome::Explained), MONDAY).await;
    assert!(matches!(released(case.case.number).await, Err(Error::WrongState { .. })));
}

#[tokio::test]
async fn a_text_is_bounded_whatever_the_kind() {
    let stage = Stage::new().await;
    let asset = entry(&stage).await;
    let details = Details {
        item: "x".repeat(501),
        exposed: Some(Exposed::PersonalInformation),
        ..Details::default()
    };
    let new = NewCase { details, ..question(RequestKind::Complaint, Some(asset)) };
    assert_eq!(problems(requests::file(&anyone(MONDAY), &stage.platform, new).await), ["item"]);
    let unseen = NewCase {
        title: "标题\u{202E}倒写".to_owned(),
        ..question(RequestKind::Suggestion, None)
    };
    assert_eq!(problems(requests::file(&anyone(MONDAY), &stage.platform, unseen).await), ["title"]);
}

//! Summaries with differential privacy: budget, two persons, noise that is paid.

use deident::dp::{Answer, Bounds, Decimal, Epsilon, Unit};
use platform::summary::{self, Measure, NewBudget, Proposal, Question, Summary, SummaryState};
use platform::{Error, registry};
use trust::Role;
use vocabulary::{AssetId, Bilingual, DataLevel};

use crate::stage::{Stage, complete_entry, residents};

const ROWS: u32 = 3_000;

fn epsilon(text: &str) -> Epsilon {
    text.parse().unwrap()
}

fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn question(measure: Measure, price: &str) -> Question {
    let title = Bilingual::new("问题", "Question");
    Question { title, measure, epsilon: epsilon(price) }
}

fn ages() -> Bounds {
    Bounds { lower: number("0"), upper: number("100"), step: number("1") }
}

/// Sexes, the mean age, and how many there are: 0.5 in all.
fn proposal() -> Proposal {
    let sexes = vec!["女".to_owned(), "男".to_owned()];
    Proposal {
        title: Bilingual::new("居民概况", "Residents at a glance"),
        purpose: "供公众了解人口结构".to_owned(),
        questions: vec![
            question(Measure::Categories { column: "性别".into(), categories: sexes }, "0.2"),
            question(Measure::Mean { column: "年龄".into(), bounds: ages() }, "0.2"),
            question(Measure::Count, "0.1"),
        ],
    }
}

/// A published asset with residents and a budget of 1.
async fn budgeted(stage: &Stage) -> AssetId {
    let asset = stage.asset().await;
    stage.file(asset, "residents.csv", residents(ROWS).as_bytes()).await;
    stage.publish(asset).await;
    let admin = stage.person(Role::DataAdmin).await;
    let budget = summary::set_budget(&admin, &stage.platform, asset, None, budget("1")).await;
    assert_eq!(budget.unwrap().remaining(), epsilon("1"));
    asset
}

fn budget(whole: &str) -> NewBudget {
    let reason = "人口结构为公众所关心".to_owned();
    NewBudget { epsilon: epsilon(whole), unit: Unit::OneRowOnePerson, reason }
}

/// Proposes and submits.
async fn submitted(stage: &Stage, asset: AssetId, proposal: Proposal) -> Result<Summary, Error> {
    let clerk = stage.person(Role::Clerk).await;
    let drafted = summary::propose(&clerk, &stage.platform, asset, 1, proposal).await?;
    let submitted = summary::submit(&clerk, &stage.platform, drafted.summary.id, None).await?;
    Ok(submitted.summary)
}

/// Proposes, approves and computes.
async fn published(stage: &Stage, asset: AssetId, proposal: Proposal) -> Summary {
    let waiting = submitted(stage, asset, proposal).await.unwrap();
    let reviewer = stage.person(Role::GateReviewer).await;
    summary::approve(&reviewer, &stage.platform, waiting.id, None).await.unwrap();
    stage.work().await;
    summary::find(&reviewer, &stage.platform, waiting.id).await.unwrap().1
}

/// The first field that is wrong; empty for another error.
fn field(error: &Error) -> &str {
    match error {
        Error::Invalid { problems } => &problems[0].field,
        _ => "",
    }
}

#[tokio::test]
async fn the_public_gets_noisy_figures_that_are_near_the_true_ones() {
    for stage in Stage::each().await {
        let asset = budgeted(&stage).await;
        let told = published(&stage, asset, proposal()).await;
        assert_eq!(told.state, SummaryState::Published, "{:?}", told.problem);
        // Whoever comes by reads it, and how much of the budget is left.
        let nobody = trust::Caller::anonymous(testkit::moment());
        let (_, seen) = summary::find(&nobody, &stage.platform, told.id).await.unwrap();
        let answers = seen.answers.unwrap();
        let Answer::Histogram { counts, .. } = &answers[0].answer else { panic!() };
        let half = f64::from(ROWS) / 2.0;
        // Laplace of scale 5: 200 away has probability e^-40.
        assert!(counts.iter().all(|one| (one.count.value - half).abs() < 200.0), "{counts:?}");
        let Answer::Mean { mean, .. } = &answers[1].answer else { panic!() };
        assert!((mean.value - 44.5).abs() < 10.0 && mean.low < mean.high, "{mean:?}");
        let budget = summary::budget(&nobody, &stage.platform, asset).await.unwrap().unwrap();
        assert_eq!(budget.remaining(), epsilon("0.5"));
        assert_eq!(budget.ledger.entries().len(), 3);
        let listed = summary::of_asset(&nobody, &stage.platform, asset).await.unwrap();
        assert_eq!(listed.len(), 1);
    }
}

#[tokio::test]
async fn what_is_told_never_costs_more_than_the_budget() {
    let stage = Stage::new().await;
    let asset = budgeted(&stage).await;
    let reviewer = stage.person(Role::GateReviewer).await;
    let first = submitted(&stage, asset, proposal()).await.unwrap();
    let second = submitted(&stage, asset, proposal()).await.unwrap();
    let third = submitted(&stage, asset, proposal()).await.unwrap();
    // Two are approved before either is computed; the third no longer fits.
    for id in [first.id, second.id] {
        summary::approve(&reviewer, &stage.platform, id, None).await.unwrap();
    }
    let error = summary::approve(&reviewer, &stage.platform, third.id, None).await.unwrap_err();
    assert_eq!(field(&error), "questions");
    stage.work().await;
    let budget = summary::budget(&reviewer, &stage.platform, asset).await.unwrap().unwrap();
    assert_eq!((budget.spent(), budget.remaining()), (epsilon("1"), Epsilon::ZERO));
    let error = submitted(&stage, asset, proposal()).await.unwrap_err();
    assert_eq!(field(&error), "questions");
    // More is a decision with a reason, and never beyond the limit.
    let admin = stage.person(Role::DataAdmin).await;
    let set =
        |whole, revision| summary::set_budget(&admin, &stage.platform, asset, revision, whole);
    let revision = Some(budget.revision);
    assert_eq!(field(&set(budget_of("0.9"), revision).await.unwrap_err()), "epsilon");
    assert_eq!(field(&set(budget_of("3.1"), revision).await.unwrap_err()), "epsilon");
    assert!(matches!(set(budget_of("2"), None).await, Err(Error::Stale)));
    set(budget_of("2"), revision).await.unwrap();
    summary::approve(&reviewer, &stage.platform, third.id, None).await.unwrap();
}

fn budget_of(whole: &str) -> NewBudget {
    budget(whole)
}

#[tokio::test]
async fn a_summary_is_approved_by_a_second_person() {
    let stage = Stage::new().await;
    let asset = budgeted(&stage).await;
    let waiting = submitted(&stage, asset, proposal()).await.unwrap();
    for role in [Role::Clerk, Role::UnitHead, Role::DataAdmin] {
        let caller = stage.person(role).await;
        let error = summary::approve(&caller, &stage.platform, waiting.id, None).await.unwrap_err();
        assert!(matches!(error, Error::Denied(_)), "{role:?}: {error:?}");
    }
    let reviewer = stage.person(Role::GateReviewer).await;
    assert_eq!(summary::inbox(&reviewer, &stage.platform).await.unwrap().len(), 1);
    let nobody = trust::Caller::anonymous(testkit::moment());
    let error = summary::find(&nobody, &stage.platform, waiting.id).await.unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
    let error = summary::reject(&reviewer, &stage.platform, waiting.id, None, " ").await;
    assert_eq!(field(&error.unwrap_err()), "reason");
    let stale = summary::reject(&reviewer, &stage.platform, waiting.id, Some(1), "不够明确").await;
    assert!(matches!(stale, Err(Error::Stale)));
    let rejected =
        summary::reject(&reviewer, &stage.platform, waiting.id, None, "不够明确").await.unwrap();
    assert_eq!(rejected.summary.state, SummaryState::Rejected);
    // The clerk mends it, and it goes the same way again.
    let clerk = stage.person(Role::Clerk).await;
    let revision = rejected.summary.revision;
    let edited = summary::edit(&clerk, &stage.platform, waiting.id, revision, proposal()).await;
    assert_eq!(edited.unwrap().summary.state, SummaryState::Draft);
}

#[tokio::test]
async fn what_was_told_stays_paid_after_it_was_withdrawn() {
    let stage = Stage::new().await;
    let asset = budgeted(&stage).await;
    let told = published(&stage, asset, proposal()).await;
    let head = stage.person(Role::UnitHead).await;
    summary::withdraw(&head, &stage.platform, told.id, None, "口径有误").await.unwrap();
    let budget = summary::budget(&head, &stage.platform, asset).await.unwrap().unwrap();
    assert_eq!(budget.spent(), epsilon("0.5"));
    let nobody = trust::Caller::anonymous(testkit::moment());
    assert!(summary::find(&nobody, &stage.platform, told.id).await.is_err());
    // Nobody else is protected by what was told of these.
    let admin = stage.person(Role::DataAdmin).await;
    let unit = Unit::Person { column: "姓名".into(), most_rows: 1 };
    let other = NewBudget { unit, ..budget_of("2") };
    let error = summary::set_budget(&admin, &stage.platform, asset, Some(budget.revision), other);
    assert_eq!(field(&error.await.unwrap_err()), "unit");
}

#[tokio::test]
async fn every_question_says_what_is_known_beforehand() {
    let stage = Stage::new().await;
    let asset = budgeted(&stage).await;
    let clerk = stage.person(Role::Clerk).await;
    let wrong =
        |measure, price: &str| Proposal { questions: vec![question(measure, price)], ..proposal() };
    let narrow = Bounds { upper: number("0"), ..ages() };
    for (proposal, expected) in [
        (
            wrong(Measure::Mean { column: "身高".into(), bounds: ages() }, "0.1"),
            "questions.0.column",
        ),
        (
            wrong(Measure::Sum { column: "性别".into(), bounds: ages() }, "0.1"),
            "questions.0.column",
        ),
        (
            wrong(Measure::Sum { column: "年龄".into(), bounds: narrow }, "0.1"),
            "questions.0.measure",
        ),
        (wrong(Measure::Count, "0"), "questions.0.measure"),
        (
            wrong(Measure::Intervals { column: "年龄".into(), edges: Vec::new() }, "0.1"),
            "questions.0.measure",
        ),
        (Proposal { title: Bilingual::default(), ..proposal() }, "title.zh"),
        (Proposal { purpose: "致电13812345678".into(), ..proposal() }, "purpose"),
        (
            wrong(
                Measure::Categories {
                    column: "性别".into(),
                    categories: vec!["13812345678".into()],
                },
                "0.1",
            ),
            "questions.0.categories",
        ),
    ] {
        let error =
            summary::propose(&clerk, &stage.platform, asset, 1, proposal).await.unwrap_err();
        assert_eq!(field(&error), expected);
    }
    // Nothing is submitted without a question or without a budget.
    let empty = Proposal { questions: Vec::new(), ..proposal() };
    let error = submitted(&stage, asset, empty).await.unwrap_err();
    assert_eq!(field(&error), "questions");
    let other = stage.asset().await;
    stage.file(other, "residents.csv", residents(100).as_bytes()).await;
    let error = submitted(&stage, other, proposal()).await.unwrap_err();
    assert_eq!(field(&error), "budget");
}

#[tokio::test]
async fn no_summary_is_told_of_what_is_never_opened() {
    let stage = Stage::new().await;
    let clerk = stage.person(Role::Clerk).await;
    let asset = stage.asset().await;
    stage.file(asset, "residents.csv", residents(100).as_bytes()).await;
    let found = registry::find(&clerk, &stage.platform, asset).await.unwrap();
    let important =
        registry::CatalogueEntry { level: Some(DataLevel::Important), ..found.entry.clone() };
    registry::edit(&clerk, &stage.platform, asset, found.revision, important).await.unwrap();
    let error = summary::propose(&clerk, &stage.platform, asset, 1, proposal()).await.unwrap_err();
    let Error::Refused { refusals } = &error else { panic!("{error:?}") };
    assert_eq!(refusals[0].code.to_string(), "R-OP-06");
    // A secret stays one in sums, too; a person does not stand out in them.
    let found = registry::find(&clerk, &stage.platform, asset).await.unwrap();
    for (reason, told) in [("state_secret", false), ("personal_privacy", true)] {
        let listed = registry::CatalogueEntry {
            negative_list: Some(registry::NegativeListEntry {
                reason: reason.to_owned(),
                basis: "依据".to_owned(),
                review_on: "2027-03-01".to_owned(),
            }),
            opening: Some(law::OpeningAttribute::Withheld),
            items: found.entry.items.clone(),
            ..complete_entry()
        };
        let found = registry::find(&clerk, &stage.platform, asset).await.unwrap();
        registry::edit(&clerk, &stage.platform, asset, found.revision, listed).await.unwrap();
        let answer = summary::propose(&clerk, &stage.platform, asset, 1, proposal()).await;
        assert_eq!(answer.is_ok(), told, "{reason}");
        if let Err(Error::Refused { refusals }) = answer {
            assert_eq!(refusals[0].code.to_string(), "R-SH-10");
            assert!(refusals[0].detail.zh.contains("第十四条"), "{}", refusals[0].detail.zh);
        }
    }
}

#[tokio::test]
async fn what_is_closed_after_the_approval_is_not_told_and_costs_nothing() {
    let stage = Stage::new().await;
    let asset = budgeted(&stage).await;
    let waiting = submitted(&stage, asset, proposal()).await.unwrap();
    let reviewer = stage.person(Role::GateReviewer).await;
    summary::approve(&reviewer, &stage.platform, waiting.id, None).await.unwrap();
    let head = stage.person(Role::UnitHead).await;
    registry::withdraw(&head, &stage.platform, asset, None, "停止公开").await.unwrap();
    stage.work().await;
    let (_, told) = summary::find(&reviewer, &stage.platform, waiting.id).await.unwrap();
    assert_eq!(told.state, SummaryState::Failed);
    assert!(told.answers.is_none() && told.problem.is_some());
    let budget = summary::budget(&reviewer, &stage.platform, asset).await.unwrap().unwrap();
    assert_eq!(budget.spent(), Epsilon::ZERO);
}

#[tokio::test]
async fn the_progress_of_a_summary_is_not_for_everyone() {
    let stage = Stage::new().await;
    let asset = budgeted(&stage).await;
    let waiting = submitted(&stage, asset, proposal()).await.unwrap();
    let reviewer = stage.person(Role::GateReviewer).await;
    let approved = summary::approve(&reviewer, &stage.platform, waiting.id, None).await.unwrap();
    stage.work().await;
    let job = approved.job_id.unwrap();
    assert!(platform::jobs::find(&reviewer, &stage.platform, job).await.is_ok());
    let nobody = trust::Caller::anonymous(testkit::moment());
    assert!(summary::find(&nobody, &stage.platform, waiting.id).await.is_ok());
    assert!(platform::jobs::find(&nobody, &stage.platform, job).await.is_err());
}

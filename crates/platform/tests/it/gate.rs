//! The gate, from inspection to release.

use std::collections::HashMap;

use futures::TryStreamExt as _;
use platform::gate::{self, GateRun, GateState, Settings, Treatment, release};
use platform::{Error, open};
use trust::{Caller, Role};
use vocabulary::AssetId;

use crate::stage::{Stage, residents};

fn settings() -> Settings {
    Settings::new(law::SharingModel::Public, 0.05)
}

/// A published asset with residents, and an inspected run.
async fn inspected(stage: &Stage) -> (AssetId, GateRun) {
    let asset = stage.asset().await;
    stage.file(asset, "residents.csv", residents(3_000).as_bytes()).await;
    stage.publish(asset).await;
    let clerk = stage.person(Role::Clerk).await;
    let started = gate::start(&clerk, &stage.platform, asset, 1, law::Audience::Open, settings())
        .await
        .unwrap();
    stage.work().await;
    let (_, run) = gate::find(&clerk, &stage.platform, started.run.id).await.unwrap();
    assert_eq!(run.state, GateState::Confirming);
    (asset, run)
}

/// Confirms decisions and waits for the measurement.
async fn measured(stage: &Stage, run: &GateRun) -> GateRun {
    let clerk = stage.person(Role::Clerk).await;
    let platform = &stage.platform;
    gate::confirm(&clerk, platform, run.id, None, settings(), run.decisions.clone()).await.unwrap();
    stage.work().await;
    gate::find(&clerk, platform, run.id).await.unwrap().1
}

fn codes(run: &GateRun) -> Vec<String> {
    let outcome = run.outcome.as_ref().unwrap();
    outcome.refusals.iter().map(|refusal| refusal.code.to_string()).collect()
}

#[tokio::test]
async fn what_is_proposed_passes_and_is_released_by_a_second_person() {
    for stage in Stage::each().await {
        let (asset, run) = inspected(&stage).await;
        let run = measured(&stage, &run).await;
        assert_eq!(run.state, GateState::Passed, "{:?}", codes(&run));
        let outcome = run.outcome.clone().unwrap();
        assert!(outcome.assessment.level >= 3);
        assert!(
            outcome.columns.iter().any(|column| column.name == "身份证号"
                && column.transform == deident::Transform::Remove)
        );
        let clerk = stage.person(Role::Clerk).await;
        let platform = &stage.platform;
        gate::submit(&clerk, platform, run.id, None).await.unwrap();
        let own = gate::approve(&clerk, platform, run.id, None).await;
        assert!(matches!(own, Err(Error::Denied(_))), "nobody approves what they filed");
        let reviewer = stage.person(Role::GateReviewer).await;
        let (_, released) = gate::approve(&reviewer, platform, run.id, None).await.unwrap();
        assert!(released.outcome.before.is_empty(), "raw rows do not travel with a release");
        let statement =
            trust::verify::verify_certificate(&released.certificate, &platform.keyring.jwks())
                .unwrap();
        assert_eq!(statement["digest"]["sha256"], outcome.digest.sha256);
        let anyone = Caller::anonymous(testkit::moment());
        let shown = open::current_release(&anyone, platform, asset).await.unwrap().release.rows;
        let rows = rows_for_anyone(&stage, asset).await.unwrap();
        assert_eq!(rows.iter().map(|batch| batch.num_rows() as u64).sum::<u64>(), shown);
        assert!(rows[0].schema().column_with_name("身份证号").is_none());
    }
}

/// An approved release of an inspected asset.
async fn released(stage: &Stage, run: &GateRun) -> release::Release {
    let run = measured(stage, run).await;
    let platform = &stage.platform;
    gate::submit(&stage.person(Role::Clerk).await, platform, run.id, None).await.unwrap();
    let reviewer = stage.person(Role::GateReviewer).await;
    gate::approve(&reviewer, platform, run.id, None).await.unwrap().1
}

/// Every row that a dataset's download gives to anyone.
async fn rows_for_anyone(
    stage: &Stage,
    asset: AssetId,
) -> Result<Vec<arrow::array::RecordBatch>, Error> {
    let anyone = Caller::anonymous(testkit::moment());
    let all = lake::RowQuery::default();
    let current = open::rows::downloadable(&anyone, &stage.platform, asset).await?;
    let rows = open::rows::download(&stage.platform, &current, &all, true).await?;
    Ok(rows.try_collect().await.unwrap())
}

#[tokio::test]
async fn what_is_released_is_measured_again_on_the_released_rows() {
    let stage = Stage::new().await;
    let (asset, run) = inspected(&stage).await;
    let released = released(&stage, &run).await;
    let quasi: Vec<&str> = released
        .columns
        .iter()
        .filter(|column| column.role == detect::Role::Quasi)
        .map(|column| column.name.as_str())
        .collect();
    assert!(!quasi.is_empty());
    // Counted anew, with nothing of the gate's own.
    let mut classes: HashMap<Vec<String>, u64> = HashMap::new();
    for batch in rows_for_anyone(&stage, asset).await.unwrap() {
        for row in 0..batch.num_rows() {
            let value = |name: &&str| {
                let column = batch.column_by_name(name).unwrap();
                arrow::util::display::array_value_to_string(column, row).unwrap()
            };
            *classes.entry(quasi.iter().map(value).collect()).or_default() += 1;
        }
    }
    let smallest = *classes.values().min().unwrap();
    let assessment = &released.outcome.assessment;
    assert_eq!(assessment.min_class, smallest);
    assert!((assessment.dr_b - (smallest as f64).recip()).abs() < 1e-12);
    assert_eq!(classes.values().sum::<u64>(), released.rows);
}

#[tokio::test]
async fn a_refusal_always_cites_a_ground() {
    let stage = Stage::new().await;
    let (_, mut run) = inspected(&stage).await;
    run.decisions.iter_mut().for_each(|decision| decision.treatment = Treatment::Keep);
    let refused = measured(&stage, &run).await;
    assert_eq!(refused.state, GateState::Refused);
    let refusals = refused.outcome.unwrap().refusals;
    assert!(!refusals.is_empty());
    for refusal in refusals {
        let entry = law::refusal(&refusal.code).unwrap();
        assert!(!entry.ground.zh.is_empty() && !entry.ground.en.is_empty(), "{}", refusal.code);
        assert!(!entry.remedy.zh.is_empty(), "{}", refusal.code);
        assert!(!refusal.detail.zh.is_empty() && !refusal.detail.en.is_empty());
    }
    for entry in law::refusals() {
        assert!(!entry.ground.zh.is_empty(), "{}", entry.code);
    }
}

#[tokio::test]
async fn nothing_leaves_except_through_a_release() {
    for stage in Stage::each().await {
        let (asset, run) = inspected(&stage).await;
        let platform = &stage.platform;
        let anyone = Caller::anonymous(testkit::moment());
        let clerk = stage.person(Role::Clerk).await;
        // Published, read and inspected, and its rows are for nobody: not even here.
        for caller in [&anyone, &clerk] {
            let query = lake::RowQuery { limit: Some(1), ..lake::RowQuery::default() };
            let page = open::rows::page(caller, platform, asset, &query).await;
            assert!(matches!(page, Err(Error::NotFound { .. })));
            let count = open::rows::count(caller, platform, asset, None).await;
            assert!(matches!(count, Err(Error::NotFound { .. })));
        }
        assert!(matches!(rows_for_anyone(&stage, asset).await, Err(Error::NotFound { .. })));
        let released = released(&stage, &run).await;
        let rows = rows_for_anyone(&stage, asset).await.unwrap();
        let names: Vec<_> =
            rows[0].schema().fields().iter().map(|field| field.name().clone()).collect();
        let allowed: Vec<_> = released.columns.iter().map(|column| column.name.clone()).collect();
        assert_eq!(names, allowed);
    }
}

#[tokio::test]
async fn one_release_is_current_for_an_audience() {
    for stage in Stage::each().await {
        let (asset, run) = inspected(&stage).await;
        let first = released(&stage, &run).await;
        let clerk = stage.person(Role::Clerk).await;
        let platform = &stage.platform;
        let open = law::Audience::Open;
        let again = gate::start(&clerk, platform, asset, 1, open, settings()).await.unwrap();
        stage.work().await;
        let (_, run) = gate::find(&clerk, platform, again.run.id).await.unwrap();
        let second = released(&stage, &run).await;
        assert_eq!((first.number, second.number), (1, 2));
        let anyone = Caller::anonymous(testkit::moment());
        let dataset = open::dataset(&anyone, platform, asset).await.unwrap();
        assert_eq!(dataset.current.map(|release| release.id), Some(second.id));
        let states: Vec<_> = dataset
            .releases
            .iter()
            .map(|release| (release.number, release.state.as_str()))
            .collect();
        assert_eq!(states, [(2, "current"), (1, "superseded")]);
    }
}

#[tokio::test]
async fn a_direct_identifier_never_leaves() {
    let stage = Stage::new().await;
    let (_, mut run) = inspected(&stage).await;
    for decision in &mut run.decisions {
        decision.treatment = Treatment::Keep;
        decision.role = detect::Role::None;
        decision.reason = "本单位认为不涉及个人信息".to_owned();
    }
    let run = measured(&stage, &run).await;
    assert_eq!(run.state, GateState::Refused);
    assert!(
        codes(&run).contains(&"R-OP-02".to_owned()) && codes(&run).contains(&"R-OP-01".to_owned())
    );
    let clerk = stage.person(Role::Clerk).await;
    let submitted = gate::submit(&clerk, &stage.platform, run.id, None).await;
    assert!(matches!(submitted, Err(Error::WrongState { .. })));
}

#[tokio::test]
async fn what_is_opened_is_measured_as_public_and_nothing_else_is_released_yet() {
    let stage = Stage::new().await;
    let (asset, run) = inspected(&stage).await;
    let clerk = stage.person(Role::Clerk).await;
    let platform = &stage.platform;
    for model in [law::SharingModel::Controlled, law::SharingModel::Enclave] {
        let weaker = Settings { model, ..settings() };
        let open = law::Audience::Open;
        let started = gate::start(&clerk, platform, asset, 1, open, weaker.clone()).await;
        assert!(matches!(started, Err(Error::Invalid { .. })), "{started:?}");
        let confirmed =
            gate::confirm(&clerk, platform, run.id, None, weaker, run.decisions.clone()).await;
        assert!(matches!(confirmed, Err(Error::Invalid { .. })), "{confirmed:?}");
    }
    for audience in [law::Audience::Share, law::Audience::Trade] {
        let started = gate::start(&clerk, platform, asset, 1, audience, settings()).await;
        assert!(matches!(started, Err(Error::Invalid { .. })), "{started:?}");
    }
}

#[tokio::test]
async fn a_job_is_for_who_may_see_what_it_works_on() {
    let stage = Stage::new().await;
    let (_, run) = inspected(&stage).await;
    let platform = &stage.platform;
    let subject = format!("gate:{}", run.id);
    let job = platform::jobs::progress_of(platform, &subject).await.unwrap().unwrap();
    let clerk = stage.person(Role::Clerk).await;
    assert!(platform::jobs::find(&clerk, platform, job.id).await.is_ok());
    let anyone = Caller::anonymous(testkit::moment());
    let hidden = platform::jobs::find(&anyone, platform, job.id).await;
    assert!(matches!(hidden, Err(Error::NotFound { .. })));
}

#[tokio::test]
async fn a_weaker_role_needs_a_reason_and_every_column_a_decision() {
    let stage = Stage::new().await;
    let (_, mut run) = inspected(&stage).await;
    let clerk = stage.person(Role::Clerk).await;
    run.decisions.iter_mut().for_each(|decision| decision.role = detect::Role::None);
    run.decisions.pop();
    let refused =
        gate::confirm(&clerk, &stage.platform, run.id, None, settings(), run.decisions).await;
    let Err(Error::Invalid { problems }) = refused else { panic!("{refused:?}") };
    assert!(problems.len() >= 2);
}

#[tokio::test]
async fn a_class_larger_than_the_table_is_refused_and_can_be_corrected() {
    let stage = Stage::new().await;
    let (_, run) = inspected(&stage).await;
    let clerk = stage.person(Role::Clerk).await;
    let platform = &stage.platform;
    let large = Settings { k: Some(100_000), ..settings() };
    gate::confirm(&clerk, platform, run.id, None, large, run.decisions.clone()).await.unwrap();
    stage.work().await;
    let (_, refused) = gate::find(&clerk, platform, run.id).await.unwrap();
    assert_eq!(refused.state, GateState::Refused, "{:?}", refused.problem);
    assert!(codes(&refused).contains(&"R-OP-02".to_owned()));
    assert_eq!(measured(&stage, &run).await.state, GateState::Passed);
}

#[tokio::test]
async fn core_data_never_leave_and_a_correction_is_told_to_everyone() {
    let stage = Stage::new().await;
    let (_, mut run) = inspected(&stage).await;
    let income = run.decisions.iter_mut().find(|found| found.column == "年收入").unwrap();
    income.level = vocabulary::DataLevel::Core;
    let refused = measured(&stage, &run).await;
    assert!(codes(&refused).contains(&"R-OP-06".to_owned()), "{:?}", codes(&refused));
    let name = run.decisions.iter_mut().find(|found| found.column == "姓名").unwrap();
    (name.role, name.treatment) = (detect::Role::None, Treatment::Keep);
    name.reason = "。".to_owned();
    let clerk = stage.person(Role::Clerk).await;
    let short =
        gate::confirm(&clerk, &stage.platform, run.id, None, settings(), run.decisions.clone());
    assert!(matches!(short.await, Err(Error::Invalid { .. })));
    let name = run.decisions.iter_mut().find(|found| found.column == "姓名").unwrap();
    name.reason = "均为虚构人物".to_owned();
    let told = measured(&stage, &run).await.outcome.unwrap().not_tested;
    assert!(told[0].zh.contains("姓名") && told[0].zh.contains("均为虚构人物"), "{told:?}");
}

#[tokio::test]
async fn a_rejection_needs_a_reason() {
    let stage = Stage::new().await;
    let (_, run) = inspected(&stage).await;
    let run = measured(&stage, &run).await;
    let platform = &stage.platform;
    gate::submit(&stage.person(Role::Clerk).await, platform, run.id, None).await.unwrap();
    let reviewer = stage.person(Role::GateReviewer).await;
    let blank = gate::reject(&reviewer, platform, run.id, None, "  ").await;
    assert!(matches!(blank, Err(Error::Invalid { .. })));
}

#[tokio::test]
async fn a_suspended_release_stops_with_the_next_request() {
    for stage in Stage::each().await {
        let (asset, run) = inspected(&stage).await;
        let released = released(&stage, &run).await;
        let platform = &stage.platform;
        let anyone = Caller::anonymous(testkit::moment());
        let query = lake::RowQuery { limit: Some(5), ..lake::RowQuery::default() };
        assert!(open::rows::page(&anyone, platform, asset, &query).await.is_ok());
        let reviewer = stage.person(Role::GateReviewer).await;
        release::suspend(&reviewer, platform, released.id, "发现差错").await.unwrap();
        let stopped = open::rows::page(&anyone, platform, asset, &query).await;
        assert!(matches!(stopped, Err(Error::NotFound { .. })));
        assert!(matches!(rows_for_anyone(&stage, asset).await, Err(Error::NotFound { .. })));
        let hidden = release::find(&anyone, platform, released.id).await;
        assert!(matches!(hidden, Err(Error::NotFound { .. })));
        // What was certified stays for everyone to read, as it does in the log.
        let evidence = release::certified(&anyone, platform, released.id).await.unwrap();
        assert_eq!(evidence.certificate, released.certificate);
    }
}

#[tokio::test]
async fn every_step_is_in_the_log_and_every_receipt_verifies() {
    let stage = Stage::new().await;
    let (asset, _) = inspected(&stage).await;
    let platform = &stage.platform;
    platform.log.seal_all(testkit::moment()).await.unwrap();
    let clerk = stage.person(Role::Clerk).await;
    let acts = platform::evidence::history(&clerk, platform, asset, 100).await.unwrap();
    let kinds: Vec<_> = acts.iter().rev().map(|act| act.kind.as_str()).collect();
    for kind in [
        "asset.registered",
        "version.stored",
        "asset.submitted",
        "asset.consented",
        "asset.published",
        "gate.started",
        "gate.inspected",
    ] {
        assert!(kinds.contains(&kind), "{kind} in {kinds:?}");
    }
    let own = acts.iter().find(|act| act.kind == "asset.registered").unwrap();
    let receipt = platform::evidence::receipt(&clerk, platform, own.id).await.unwrap();
    trust::verify::verify_receipt(&receipt, platform.log.vkey()).unwrap();
    let anyone = Caller::anonymous(testkit::moment());
    assert!(platform::evidence::receipt(&anyone, platform, own.id).await.is_err());
}

#[tokio::test]
async fn who_decided_about_the_columns_submits_and_does_not_approve() {
    let stage = Stage::new().await;
    let platform = &stage.platform;
    let asset = stage.asset().await;
    stage.file(asset, "rows.csv", residents(2_000).as_bytes()).await;
    stage.publish(asset).await;
    let clerk = stage.person(Role::Clerk).await;
    let settings = Settings::new(law::SharingModel::Public, 0.05);
    let open = law::Audience::Open;
    let started = gate::start(&clerk, platform, asset, 1, open, settings.clone()).await.unwrap();
    stage.work().await;
    let run = gate::find(&clerk, platform, started.run.id).await.unwrap().1;
    // A reviewer who is a clerk of the body as well decides about the columns,
    let both = stage.person(Role::GateReviewer).await;
    let account = both.account().unwrap().clone();
    let mut roles = both.roles().to_vec();
    roles.push(trust::identity::RoleGrant::unlimited(
        account.id,
        Role::Clerk,
        crate::stage::body(),
        testkit::moment(),
    ));
    let both = Caller::of_account(account, roles, testkit::moment());
    gate::confirm(&both, platform, run.id, None, settings, run.decisions.clone()).await.unwrap();
    stage.work().await;
    // a colleague cannot take it over by pressing the button,
    let submitted = gate::submit(&clerk, platform, run.id, None).await;
    assert!(matches!(submitted, Err(Error::Invalid { .. })), "{submitted:?}");
    gate::submit(&both, platform, run.id, None).await.unwrap();
    // and the reviewer does not approve it.
    let own = gate::approve(&both, platform, run.id, None).await;
    assert!(matches!(own, Err(Error::Denied(_))), "{own:?}");
}

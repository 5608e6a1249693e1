//! What the gate finds out by trying: sensitive values that a class tells, attacks,
//! digests, and what releases tell together.

use std::fmt::Write as _;

use platform::gate::{self, AttackKind, CheckKind, CheckVerdict, GateRun, GateState, Outcome};
use platform::gate::{Settings, Treatment};
use sha2::Digest as _;
use trust::Role;
use vocabulary::AssetId;

use crate::stage::{Stage, residents};

pub(crate) fn settings() -> Settings {
    Settings::new(law::SharingModel::Public, 0.05)
}

/// A published asset with a file.
pub(crate) async fn published(stage: &Stage, csv: &str) -> AssetId {
    let asset = stage.asset().await;
    stage.file(asset, "rows.csv", csv.as_bytes()).await;
    stage.publish(asset).await;
    asset
}

/// An inspected run for a version.
pub(crate) async fn inspected(stage: &Stage, asset: AssetId, version: i64) -> GateRun {
    let clerk = stage.person(Role::Clerk).await;
    let open = law::Audience::Open;
    let platform = &stage.platform;
    let started = gate::start(&clerk, platform, asset, version, open, settings()).await.unwrap();
    stage.work().await;
    gate::find(&clerk, platform, started.run.id).await.unwrap().1
}

/// Confirms decisions with settings and waits for the measurement.
pub(crate) async fn measured(stage: &Stage, run: &GateRun, settings: Settings) -> GateRun {
    let clerk = stage.person(Role::Clerk).await;
    let platform = &stage.platform;
    gate::confirm(&clerk, platform, run.id, None, settings, run.decisions.clone()).await.unwrap();
    stage.work().await;
    let run = gate::find(&clerk, platform, run.id).await.unwrap().1;
    assert!(run.outcome.is_some(), "{:?} {:?}", run.state, run.problem);
    run
}

/// Releases the proposed plan for a version.
async fn released(stage: &Stage, asset: AssetId, version: i64) -> GateRun {
    let run = inspected(stage, asset, version).await;
    let run = measured(stage, &run, settings()).await;
    approved(stage, &run).await;
    run
}

/// Has a run that passed submitted and approved.
pub(crate) async fn approved(stage: &Stage, run: &GateRun) {
    assert_eq!(run.state, GateState::Passed, "{:?}", grounds(run));
    let platform = &stage.platform;
    gate::submit(&stage.person(Role::Clerk).await, platform, run.id, None).await.unwrap();
    let reviewer = stage.person(Role::GateReviewer).await;
    gate::approve(&reviewer, platform, run.id, None).await.unwrap();
}

pub(crate) fn outcome(run: &GateRun) -> &Outcome {
    run.outcome.as_ref().unwrap()
}

pub(crate) fn grounds(run: &GateRun) -> Vec<String> {
    outcome(run).refusals.iter().map(|refusal| refusal.detail.en.clone()).collect()
}

pub(crate) fn verdict(run: &GateRun, kind: CheckKind) -> CheckVerdict {
    outcome(run).checks.iter().find(|check| check.kind == kind).unwrap().verdict
}

/// Decides about a column as a person would.
pub(crate) fn decide(run: &mut GateRun, column: &str, role: detect::Role, treatment: Treatment) {
    let decision = run.decisions.iter_mut().find(|found| found.column == column).unwrap();
    (decision.role, decision.treatment) = (role, treatment);
    decision.reason = "测试中由人判断".to_owned();
}

/// Patients whose disease follows from their sex.
fn patients(rows: u32) -> String {
    let mut csv = String::from("性别,年龄,疾病\n");
    for row in 0..rows {
        let (sex, disease) = if row % 2 == 0 { ("女", "甲") } else { ("男", "乙") };
        writeln!(csv, "{sex},{},{disease}", 20 + row % 50).unwrap();
    }
    csv
}

#[tokio::test]
async fn a_class_with_one_sensitive_value_is_refused() {
    let stage = Stage::new().await;
    let asset = published(&stage, &patients(3_000)).await;
    let mut run = inspected(&stage, asset, 1).await;
    decide(&mut run, "年龄", detect::Role::Quasi, Treatment::Generalize);
    decide(&mut run, "疾病", detect::Role::Sensitive, Treatment::Keep);
    decide(&mut run, "性别", detect::Role::Quasi, Treatment::Generalize);
    // The plan of least loss that tells nobody's disease gives up the sex.
    let passed = measured(&stage, &run, settings()).await;
    assert_eq!(passed.state, GateState::Passed, "{:?}", grounds(&passed));
    let sex = outcome(&passed).columns.iter().find(|column| column.name == "性别").unwrap();
    assert!(matches!(sex.transform, deident::Transform::Generalize { level: 1, .. }), "{sex:?}");
    assert_eq!(outcome(&passed).diversity[0].distinct_l, 2);
    // Who insists on the sex is refused,
    decide(&mut run, "性别", detect::Role::Quasi, Treatment::Keep);
    let refused = measured(&stage, &run, settings()).await;
    assert_eq!(refused.state, GateState::Refused);
    // and who asks for less is told apart: the disease of everyone is in the open.
    let weaker = Settings { l: Some(1), ..settings() };
    let told = measured(&stage, &run, weaker).await;
    let fact = &outcome(&told).diversity[0];
    assert_eq!((fact.distinct_l, fact.known_rows), (1, outcome(&told).rows_released));
    assert_eq!(verdict(&told, CheckKind::Attributes), CheckVerdict::Attention);
    let words = &outcome(&told).not_tested;
    assert!(words.iter().any(|words| words.en.contains("instead of 2")), "{words:?}");
}

#[tokio::test]
async fn a_distance_that_is_asked_for_is_kept() {
    let stage = Stage::new().await;
    let asset = published(&stage, &patients(3_000)).await;
    let mut run = inspected(&stage, asset, 1).await;
    decide(&mut run, "年龄", detect::Role::Quasi, Treatment::Generalize);
    decide(&mut run, "疾病", detect::Role::Sensitive, Treatment::Keep);
    decide(&mut run, "性别", detect::Role::Quasi, Treatment::Generalize);
    let near = measured(&stage, &run, Settings { t: Some(0.05), ..settings() }).await;
    assert_eq!(near.state, GateState::Passed, "{:?}", grounds(&near));
    assert!(outcome(&near).diversity[0].t_closeness <= 0.05);
}

#[tokio::test]
async fn what_is_proposed_withstands_attacks_and_a_naive_release_does_not() {
    let stage = Stage::new().await;
    let asset = published(&stage, &residents(3_000)).await;
    let mut run = inspected(&stage, asset, 1).await;
    let proposed = measured(&stage, &run, settings()).await;
    let attacks = &outcome(&proposed).attacks;
    let singled = attacks.iter().find(|fact| fact.kind == AttackKind::SinglingOutAll).unwrap();
    assert!(singled.passes(), "{singled:?}");
    assert_eq!(singled.report.release.table.successes, 0);
    assert!(singled.report.release.control.is_some(), "a tenth is held back as control");
    assert!(attacks.iter().any(|fact| fact.kind == AttackKind::Inference));
    // Only the names and numbers are taken out; the incomes point at persons.
    decide(&mut run, "年收入", detect::Role::Quasi, Treatment::Keep);
    decide(&mut run, "年龄", detect::Role::Quasi, Treatment::Keep);
    decide(&mut run, "性别", detect::Role::Quasi, Treatment::Keep);
    let naive = Settings { k: Some(1), ..settings() };
    let naive = measured(&stage, &run, naive).await;
    assert_eq!(naive.state, GateState::Refused);
    let words = grounds(&naive);
    assert!(words.iter().any(|words| words.contains("rows are in smaller classes")), "{words:?}");
    let attacked = words.iter().filter(|words| words.starts_with("The attack"));
    assert!(attacked.count() >= 1, "{words:?} {:?}", outcome(&naive).attacks);
    assert_eq!(verdict(&naive, CheckKind::Attacks), CheckVerdict::Refuse);
}

#[tokio::test]
async fn a_version_that_differs_by_one_person_is_refused() {
    for stage in Stage::each().await {
        let asset = published(&stage, &residents(3_000)).await;
        released(&stage, asset, 1).await;
        let mut csv = residents(3_000);
        csv.push_str("赵一,140502198901011236,男,37,99999\n");
        stage.file(asset, "rows.csv", csv.as_bytes()).await;
        let run = inspected(&stage, asset, 2).await;
        let run = measured(&stage, &run, settings()).await;
        let fact = &outcome(&run).composition[0];
        assert_eq!(run.state, GateState::Refused, "{fact:?}");
        assert_eq!((fact.new, fact.gone, fact.smallest), (1, 0, 1), "{fact:?}");
        assert_eq!(verdict(&run, CheckKind::Composition), CheckVerdict::Refuse);
        assert!(grounds(&run).iter().any(|words| words.contains("release 1")));
    }
}

#[tokio::test]
async fn a_version_with_many_new_persons_and_the_same_plan_passes() {
    let stage = Stage::new().await;
    let asset = published(&stage, &residents(3_000)).await;
    released(&stage, asset, 1).await;
    stage.file(asset, "rows.csv", residents(6_000).as_bytes()).await;
    let run = inspected(&stage, asset, 2).await;
    let run = measured(&stage, &run, settings()).await;
    let fact = &outcome(&run).composition[0];
    assert_eq!((fact.in_both, fact.new, fact.gone), (3_000, 3_000, 0), "{fact:?}");
    assert!(fact.smallest >= fact.required, "{fact:?}");
    assert_eq!(verdict(&run, CheckKind::Composition), CheckVerdict::Pass);
}

#[tokio::test]
async fn two_releases_of_one_table_with_other_levels_are_compared_row_by_row() {
    let stage = Stage::new().await;
    // Each age and each sex for itself is common; of each pair there are twenty.
    let mut csv = String::from("性别,年龄\n");
    for row in 0..2_000 {
        writeln!(csv, "{},{}", ["女", "男"][row % 2], 20 + row / 2 % 50).unwrap();
    }
    let asset = published(&stage, &csv).await;
    let plan = |sex: u32, age: u32| {
        move |run: &mut GateRun| {
            for (column, step) in [("性别", sex), ("年龄", age)] {
                decide(run, column, detect::Role::Quasi, Treatment::Generalize);
                let decision = run.decisions.iter_mut().find(|d| d.column == column).unwrap();
                decision.pinned = Some(step);
            }
        }
    };
    let mut run = inspected(&stage, asset, 1).await;
    plan(0, 99)(&mut run);
    let by_sex = measured(&stage, &run, settings()).await;
    assert_eq!(by_sex.state, GateState::Passed, "{:?}", grounds(&by_sex));
    approve(&stage, &by_sex).await.unwrap();
    let mut run = inspected(&stage, asset, 1).await;
    plan(1, 0)(&mut run);
    let by_age = measured(&stage, &run, settings()).await;
    assert_eq!(by_age.state, GateState::Refused);
    let fact = &outcome(&by_age).composition[0];
    assert_eq!((fact.in_both, fact.new, fact.gone), (2_000, 0, 0));
    assert_eq!((fact.smallest, fact.exposed), (20, 2_000), "{fact:?}");
    // The plan of the first release once more tells nothing new.
    plan(0, 99)(&mut run);
    let again = measured(&stage, &run, settings()).await;
    assert_eq!(again.state, GateState::Passed, "{:?}", grounds(&again));
}

#[tokio::test]
async fn a_digest_without_a_key_is_refused() {
    let stage = Stage::new().await;
    let mut csv = String::new();
    for line in residents(600).lines() {
        let id = line.split(',').nth(1).unwrap();
        let digest = match id {
            "身份证号" => "标识".to_owned(),
            id => hex::encode(sha2::Sha256::digest(id)),
        };
        writeln!(csv, "{line},{digest}").unwrap();
    }
    let asset = published(&stage, &csv).await;
    let mut run = inspected(&stage, asset, 1).await;
    decide(&mut run, "标识", detect::Role::None, Treatment::Keep);
    let refused = measured(&stage, &run, settings()).await;
    assert_eq!(refused.state, GateState::Refused);
    let fact = &outcome(&refused).restorations[0];
    assert_eq!(fact.original.as_deref(), Some("身份证号"));
    assert_eq!(fact.best.restored, fact.best.values);
    assert_eq!(verdict(&refused, CheckKind::Restorability), CheckVerdict::Refuse);
    decide(&mut run, "标识", detect::Role::None, Treatment::Remove);
    let passed = measured(&stage, &run, settings()).await;
    assert_eq!(passed.state, GateState::Passed, "{:?}", grounds(&passed));
}

#[tokio::test]
async fn every_check_says_what_it_rests_on_and_the_certificate_commits_to_it() {
    let stage = Stage::new().await;
    let asset = published(&stage, &residents(3_000)).await;
    let run = released(&stage, asset, 1).await;
    let kinds: Vec<_> = outcome(&run).checks.iter().map(|check| check.kind).collect();
    assert_eq!(kinds, CheckKind::ALL);
    for check in &outcome(&run).checks {
        assert!(!check.words.zh.is_empty() && !check.words.en.is_empty());
        assert!(!check.rule.is_empty());
        let rests = check.verdict == CheckVerdict::NotNeeded
            || check.kind == CheckKind::Readability
            || !check.figures.is_empty();
        assert!(rests, "{:?}", check.kind);
    }
    let anyone = trust::Caller::anonymous(testkit::moment());
    let shown = platform::open::current_release(&anyone, &stage.platform, asset).await.unwrap();
    let jwks = stage.platform.keyring.jwks();
    let statement = trust::verify::verify_certificate(&shown.release.certificate, &jwks).unwrap();
    assert_eq!(statement["checks"].as_array().unwrap().len(), CheckKind::ALL.len());
    // The other dataset of the portal with the same columns is a neighbour.
    let second = published(&stage, &residents(2_000)).await;
    let run = inspected(&stage, second, 1).await;
    let run = measured(&stage, &run, settings()).await;
    let neighbours = &outcome(&run).neighbours;
    assert_eq!(neighbours.len(), 1, "{neighbours:?}");
    assert!(neighbours[0].smallest >= outcome(&run).assessment.required_class);
}

#[tokio::test]
async fn a_certificate_tells_no_digest_of_its_source() {
    let stage = Stage::new().await;
    let csv = residents(3_000);
    let asset = published(&stage, &csv).await;
    released(&stage, asset, 1).await;
    let anyone = trust::Caller::anonymous(testkit::moment());
    let shown = platform::open::current_release(&anyone, &stage.platform, asset).await.unwrap();
    let jwks = stage.platform.keyring.jwks();
    let statement = trust::verify::verify_certificate(&shown.release.certificate, &jwks).unwrap();
    let told = statement.to_string();
    let sha256 = hex::encode(sha2::Sha256::digest(csv.as_bytes()));
    let sm3 = hex::encode(sm3::Sm3::digest(csv.as_bytes()));
    assert!(!told.contains(&sha256) && !told.contains(&sm3), "{told}");
    assert!(statement["source"].as_str().is_some_and(|code| code.len() > 40), "{told}");
}

/// Changes a stored row behind the platform's back.
async fn tamper(stage: &Stage, sql: &str) {
    let mut tx = stage.platform.store.begin().await.unwrap();
    assert!(tx.execute(sql, vec![]).await.unwrap() > 0, "{sql}");
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_release_that_no_longer_passes_is_suspended() {
    for stage in Stage::each().await {
        let asset = published(&stage, &residents(3_000)).await;
        released(&stage, asset, 1).await;
        let platform = &stage.platform;
        let anyone = trust::Caller::anonymous(testkit::moment());
        let release = platform::open::current_release(&anyone, platform, asset).await.unwrap();
        let id = release.release.id;
        // By the rules of today nothing is outdated.
        assert_eq!(gate::remeasure::request_outdated(platform).await.unwrap(), 0);
        // Other rules: it is measured again, and passes again.
        tamper(&stage, "UPDATE release_measurement SET rules = 'of yesterday'").await;
        assert_eq!(gate::remeasure::request_outdated(platform).await.unwrap(), 1);
        assert_eq!(gate::remeasure::request_outdated(platform).await.unwrap(), 0, "it waits");
        stage.work().await;
        let noted = gate::remeasure::of_release(&anyone, platform, id).await.unwrap();
        assert_eq!((noted.len(), noted[0].verdict.as_str()), (2, "passed"), "{noted:?}");
        assert_eq!(noted[0].checks.len(), CheckKind::ALL.len());
        // Rules that ask for more than it has: it stops, with the grounds.
        tamper(
            &stage,
            "UPDATE gate_run SET settings = '{\"model\":\"public\",\"k\":null,\"suppression_limit\":0.05,\"l\":2000}'",
        )
        .await;
        let reviewer = stage.person(Role::GateReviewer).await;
        assert!(gate::remeasure::request(&anyone, platform, id).await.is_err());
        gate::remeasure::request(&reviewer, platform, id).await.unwrap();
        stage.work().await;
        let noted = gate::remeasure::of_release(&anyone, platform, id).await.unwrap();
        assert_eq!((noted.len(), noted[0].verdict.as_str()), (3, "failed"), "{noted:?}");
        assert!(!noted[0].refusals.is_empty());
        assert!(platform::open::current_release(&anyone, platform, asset).await.is_err());
        let shown = platform::open::dataset(&anyone, platform, asset).await.unwrap();
        let why = shown.releases[0].suspended_why.clone().unwrap();
        assert!(why.contains("no longer passes"), "{why}");
    }
}

/// Submits a measured run and has it approved by a second person.
async fn approve(stage: &Stage, run: &GateRun) -> Result<(), platform::Error> {
    let platform = &stage.platform;
    gate::submit(&stage.person(Role::Clerk).await, platform, run.id, None).await?;
    let reviewer = stage.person(Role::GateReviewer).await;
    gate::approve(&reviewer, platform, run.id, None).await.map(|_| ())
}

#[tokio::test]
async fn two_runs_that_were_never_held_against_each_other_are_not_both_approved() {
    let stage = Stage::new().await;
    let asset = published(&stage, &residents(3_000)).await;
    let first = inspected(&stage, asset, 1).await;
    let first = measured(&stage, &first, settings()).await;
    let second = inspected(&stage, asset, 1).await;
    let second = measured(&stage, &second, Settings { k: Some(200), ..settings() }).await;
    assert!(gate::can_be_approved(&stage.platform, &second).await.unwrap());
    approve(&stage, &first).await.unwrap();
    assert!(!gate::can_be_approved(&stage.platform, &second).await.unwrap());
    let refused = approve(&stage, &second).await;
    assert!(matches!(refused, Err(platform::Error::WrongState { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_time_stamp_in_every_row_does_not_make_other_persons_of_them() {
    let stage = Stage::new().await;
    let stamped = |rows: &str, day: &str| {
        let mut csv = String::new();
        for (place, line) in rows.lines().enumerate() {
            let cell = if place == 0 { "更新日期" } else { day };
            writeln!(csv, "{line},{cell}").unwrap();
        }
        csv
    };
    let decided = |mut run: GateRun| {
        decide(&mut run, "更新日期", detect::Role::None, Treatment::Keep);
        run
    };
    let rows = residents(3_000);
    let asset = published(&stage, &stamped(&rows, "2026-01-01")).await;
    let first = decided(inspected(&stage, asset, 1).await);
    approve(&stage, &measured(&stage, &first, settings()).await).await.unwrap();
    let more = format!("{rows}赵一,140502198901011236,男,37,99999\n");
    stage.file(asset, "rows.csv", stamped(&more, "2026-02-01").as_bytes()).await;
    let run = decided(inspected(&stage, asset, 2).await);
    let run = measured(&stage, &run, settings()).await;
    let fact = &outcome(&run).composition[0];
    assert_eq!((fact.in_both, fact.new, fact.smallest), (3_000, 1, 1), "{fact:?}");
    assert_eq!(run.state, GateState::Refused);
}

#[tokio::test]
async fn what_identifies_and_what_is_secret_are_not_released_one_after_the_other() {
    let stage = Stage::new().await;
    let asset = published(&stage, &patients(3_000)).await;
    let mut run = inspected(&stage, asset, 1).await;
    decide(&mut run, "年龄", detect::Role::Quasi, Treatment::Generalize);
    decide(&mut run, "性别", detect::Role::Quasi, Treatment::Keep);
    decide(&mut run, "疾病", detect::Role::Sensitive, Treatment::Remove);
    let persons = measured(&stage, &run, settings()).await;
    assert_eq!(persons.state, GateState::Passed, "{:?}", grounds(&persons));
    approve(&stage, &persons).await.unwrap();
    // The diseases alone point at nobody; beside the first release they tell everyone's.
    let mut run = inspected(&stage, asset, 1).await;
    decide(&mut run, "年龄", detect::Role::Quasi, Treatment::Remove);
    decide(&mut run, "性别", detect::Role::Quasi, Treatment::Remove);
    decide(&mut run, "疾病", detect::Role::Sensitive, Treatment::Keep);
    let diseases = measured(&stage, &run, settings()).await;
    assert_eq!(diseases.state, GateState::Refused, "{:?}", outcome(&diseases).composition);
    assert_eq!(outcome(&diseases).composition[0].known, [("疾病".to_owned(), 3_000)]);
}

#[tokio::test]
async fn a_bad_release_does_not_bar_a_better_one_for_ever() {
    let stage = Stage::new().await;
    let asset = published(&stage, &patients(3_000)).await;
    let mut run = inspected(&stage, asset, 1).await;
    decide(&mut run, "年龄", detect::Role::Quasi, Treatment::Generalize);
    decide(&mut run, "性别", detect::Role::Quasi, Treatment::Keep);
    decide(&mut run, "疾病", detect::Role::Sensitive, Treatment::Keep);
    let weaker = Settings { l: Some(1), ..settings() };
    let told = measured(&stage, &run, weaker).await;
    // The guess is right for everyone; but the attack finds as much of the control.
    assert_eq!(told.state, GateState::Passed, "{:?}", grounds(&told));
    approve(&stage, &told).await.unwrap();
    // What it told is known; the next release tells nothing beyond it.
    let mut run = inspected(&stage, asset, 1).await;
    decide(&mut run, "年龄", detect::Role::Quasi, Treatment::Generalize);
    decide(&mut run, "性别", detect::Role::Quasi, Treatment::Generalize);
    decide(&mut run, "疾病", detect::Role::Sensitive, Treatment::Keep);
    let better = measured(&stage, &run, settings()).await;
    assert_eq!(better.state, GateState::Passed, "{:?}", grounds(&better));
    assert_eq!(outcome(&better).composition[0].known, [("疾病".to_owned(), 0)]);
}

#[tokio::test]
async fn versions_without_a_common_row_are_told_apart_and_not_called_safe() {
    let stage = Stage::new().await;
    let asset = published(&stage, &residents(3_000)).await;
    released(&stage, asset, 1).await;
    // Nobody is found by their values any more, and everybody by the order of the rows.
    let mut older = String::new();
    for (place, line) in residents(3_000).lines().enumerate() {
        let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
        if place > 0 {
            cells[4] = (cells[4].parse::<u32>().unwrap() + 200_000).to_string();
        }
        writeln!(older, "{}", cells.join(",")).unwrap();
    }
    stage.file(asset, "rows.csv", older.as_bytes()).await;
    let run = inspected(&stage, asset, 2).await;
    let run = measured(&stage, &run, settings()).await;
    assert_eq!(outcome(&run).composition[0].in_both, 0);
    assert_eq!(verdict(&run, CheckKind::Composition), CheckVerdict::Attention);
    let words = &outcome(&run).not_tested;
    assert!(words.iter().any(|words| words.en.contains("Most rows differ")), "{words:?}");
}

/// Four classes of sixty persons, with an illness and an allowance.
pub(crate) fn allowances(raise: impl Fn(usize) -> usize) -> String {
    let mut csv = String::from("性别,区县,病种,津贴\n");
    for row in 0..240 {
        let (sex, county) = (["女", "男"][row % 2], ["迎泽区", "杏花岭区"][row / 2 % 2]);
        let illness = ["哮喘", "冠心病", "糖尿病"][row / 4 % 3];
        writeln!(csv, "{sex},{county},{illness},{}", 100 + row % 5 * 100 + raise(row)).unwrap();
    }
    csv
}

/// The roles that the columns of [`allowances`] have, all kept as they are.
fn kept(run: &mut GateRun) {
    for column in ["性别", "区县"] {
        decide(run, column, detect::Role::Quasi, Treatment::Keep);
    }
    for column in ["病种", "津贴"] {
        decide(run, column, detect::Role::Sensitive, Treatment::Keep);
    }
}

/// Measures a version with its columns kept as they are.
pub(crate) async fn measured_as_it_is(stage: &Stage, asset: AssetId, version: i64) -> GateRun {
    let mut run = inspected(stage, asset, version).await;
    kept(&mut run);
    measured(stage, &run, settings()).await
}

/// Releases a version with its columns kept as they are.
pub(crate) async fn released_as_it_is(stage: &Stage, asset: AssetId, version: i64) {
    let run = measured_as_it_is(stage, asset, version).await;
    approved(stage, &run).await;
}

/// The table without one line.
pub(crate) fn without_line(csv: &str, line: usize) -> String {
    let kept = csv.lines().enumerate().filter(|(place, _)| *place != line);
    kept.map(|(_, text)| format!("{text}\n")).collect()
}

#[tokio::test]
async fn values_that_change_do_not_hide_who_left() {
    let stage = Stage::new().await;
    let asset = published(&stage, &allowances(|_| 0)).await;
    released_as_it_is(&stage, asset, 1).await;
    // Nearly half of the allowances rise, and one person is gone.
    let raised = allowances(|row| if row % 240 < 112 { 50 } else { 0 });
    stage.file(asset, "rows.csv", without_line(&raised, 200).as_bytes()).await;
    let run = measured_as_it_is(&stage, asset, 2).await;
    assert_eq!(run.state, GateState::Refused, "{:?}", outcome(&run).composition);
    let fact = &outcome(&run).composition[0];
    assert!(fact.is_joined() && fact.smallest == 1 && fact.exposed == 1, "{fact:?}");
    assert_eq!(verdict(&run, CheckKind::Composition), CheckVerdict::Refuse);
}

#[tokio::test]
async fn numbers_in_another_form_are_the_same_rows() {
    let stage = Stage::new().await;
    let csv = allowances(|_| 0);
    let asset = published(&stage, &csv).await;
    released_as_it_is(&stage, asset, 1).await;
    let fractions: String = csv.lines().enumerate().fold(String::new(), |mut text, (at, line)| {
        let end = match at {
            0 => "",
            1 => ".5",
            _ => ".0",
        };
        writeln!(text, "{line}{end}").unwrap();
        text
    });
    stage.file(asset, "rows.csv", fractions.as_bytes()).await;
    let run = measured_as_it_is(&stage, asset, 2).await;
    let fact = &outcome(&run).composition[0];
    assert_eq!((fact.in_both, fact.new, fact.gone), (239, 1, 1), "{fact:?}");
    assert_eq!(run.state, GateState::Refused);
}

#[tokio::test]
async fn columns_under_other_names_are_not_compared_and_so_refused() {
    let stage = Stage::new().await;
    let csv = allowances(|_| 0);
    let asset = published(&stage, &csv).await;
    released_as_it_is(&stage, asset, 1).await;
    let renamed = without_line(&csv, 7).replace("性别,区县,病种,津贴", "性别名称,县区,病,金额");
    stage.file(asset, "rows.csv", renamed.as_bytes()).await;
    let mut run = inspected(&stage, asset, 2).await;
    for column in ["性别名称", "县区"] {
        decide(&mut run, column, detect::Role::Quasi, Treatment::Keep);
    }
    for column in ["病", "金额"] {
        decide(&mut run, column, detect::Role::Sensitive, Treatment::Keep);
    }
    let run = measured(&stage, &run, settings()).await;
    assert_eq!(run.state, GateState::Refused, "{:?}", outcome(&run).composition);
    assert!(outcome(&run).composition[0].no_common_column);
    assert!(grounds(&run).iter().any(|words| words.contains("Keep the names")));
}

#[tokio::test]
async fn what_a_person_calls_harmless_is_told_wherever_it_bears() {
    let stage = Stage::new().await;
    let mut csv = String::from("性别,出生日期,邮政编码\n");
    for row in 0..300 {
        let sex = ["女", "男"][row % 2];
        writeln!(
            csv,
            "{sex},19{}-0{}-1{},0300{:02}",
            50 + row % 40,
            1 + row % 9,
            row % 9,
            row % 60
        )
        .unwrap();
    }
    let asset = published(&stage, &csv).await;
    let mut run = inspected(&stage, asset, 1).await;
    let found = run.findings.iter().filter(|found| found.role == detect::Role::Quasi).count();
    assert!(found >= 2, "{:?}", run.findings);
    for column in ["性别", "出生日期", "邮政编码"] {
        decide(&mut run, column, detect::Role::None, Treatment::Keep);
    }
    let run = measured(&stage, &run, settings()).await;
    for kind in [CheckKind::Detection, CheckKind::Risk] {
        assert_eq!(verdict(&run, kind), CheckVerdict::Attention, "{kind:?}");
    }
    let told = &outcome(&run).not_tested;
    let corrected = told.iter().filter(|words| words.en.contains("No test bears this out"));
    assert_eq!(corrected.count(), found, "{told:?}");
}

#[tokio::test]
async fn a_sensitive_column_that_comes_later_under_another_role_is_compared() {
    let stage = Stage::new().await;
    // In each class everybody has one illness.
    let mut csv = String::from("性别,区县,病种\n");
    for row in 0..240 {
        let (sex, county) = (["女", "男"][row % 2], ["迎泽区", "杏花岭区"][row / 2 % 2]);
        writeln!(csv, "{sex},{county},{}", ["甲", "乙", "丙", "丁"][row % 4]).unwrap();
    }
    let asset = published(&stage, &csv).await;
    let mut run = inspected(&stage, asset, 1).await;
    for column in ["性别", "区县"] {
        decide(&mut run, column, detect::Role::Quasi, Treatment::Keep);
    }
    decide(&mut run, "病种", detect::Role::Sensitive, Treatment::Remove);
    let first = measured(&stage, &run, settings()).await;
    approved(&stage, &first).await;
    // Then only the illness, called harmless, and in the same order of rows.
    let mut run = inspected(&stage, asset, 1).await;
    for column in ["性别", "区县"] {
        decide(&mut run, column, detect::Role::Quasi, Treatment::Remove);
    }
    decide(&mut run, "病种", detect::Role::None, Treatment::Keep);
    let second = measured(&stage, &run, settings()).await;
    let fact = &outcome(&second).composition[0];
    assert_eq!(fact.known, [("病种".to_owned(), 240)], "{fact:?}");
    assert_eq!(second.state, GateState::Refused);
}

#[tokio::test]
async fn a_column_that_pointed_at_persons_before_is_compared_under_another_role() {
    let stage = Stage::new().await;
    // Of each sex and age there are twenty.
    let mut csv = String::from("性别,年龄\n");
    for row in 0..2_000 {
        writeln!(csv, "{},{}", ["女", "男"][row % 2], 20 + row / 2 % 50).unwrap();
    }
    let asset = published(&stage, &csv).await;
    let mut run = inspected(&stage, asset, 1).await;
    decide(&mut run, "性别", detect::Role::Quasi, Treatment::Keep);
    decide(&mut run, "年龄", detect::Role::Quasi, Treatment::Generalize);
    let first = measured(&stage, &run, settings()).await;
    approved(&stage, &first).await;
    // The ages themselves, called harmless: with the sex, of each there are twenty, not 21.
    let mut run = inspected(&stage, asset, 1).await;
    decide(&mut run, "性别", detect::Role::Quasi, Treatment::Keep);
    decide(&mut run, "年龄", detect::Role::None, Treatment::Keep);
    let second = measured(&stage, &run, settings()).await;
    let fact = &outcome(&second).composition[0];
    assert_eq!((fact.smallest, fact.exposed), (20, 2_000), "{fact:?}");
    assert_eq!(verdict(&second, CheckKind::Composition), CheckVerdict::Refuse);
}

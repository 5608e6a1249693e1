//! What a candidate tells together with open datasets of other assets.

use std::fmt::Write as _;

use platform::gate::{self, CheckKind, CheckVerdict, GateState};
use trust::Role;

use crate::gate_attacks::{
    allowances, grounds, measured_as_it_is, outcome, published, released_as_it_is, verdict,
    without_line,
};
use crate::stage::Stage;

#[tokio::test]
async fn two_open_assets_that_differ_by_one_person_are_refused() {
    for stage in Stage::each().await {
        let csv = allowances(|_| 0);
        let first = published(&stage, &csv).await;
        released_as_it_is(&stage, first, 1).await;
        let second = published(&stage, &without_line(&csv, 100)).await;
        let run = measured_as_it_is(&stage, second, 1).await;
        assert_eq!(run.state, GateState::Refused, "{:?}", outcome(&run).composition);
        let fact = outcome(&run).composition.iter().find(|fact| fact.asset.is_some()).unwrap();
        assert_eq!((fact.in_both, fact.new, fact.gone, fact.smallest), (239, 0, 1, 1));
        assert!(grounds(&run).iter().any(|words| words.contains("of “居民抽样调查”")));
    }
}

#[tokio::test]
async fn open_assets_of_other_persons_are_no_obstacle() {
    let stage = Stage::new().await;
    let first = published(&stage, &allowances(|_| 0)).await;
    released_as_it_is(&stage, first, 1).await;
    let mut others = String::from("性别,区县,病种,津贴\n");
    for row in 0..120 {
        let sex = ["女", "男"][row % 2];
        let illness = ["肺炎", "骨折", "流感"][row / 2 % 3];
        writeln!(others, "{sex},小店区,{illness},{}", 77 + row % 7).unwrap();
    }
    let second = published(&stage, &others).await;
    let run = measured_as_it_is(&stage, second, 1).await;
    assert_eq!(run.state, GateState::Passed, "{:?}", grounds(&run));
    assert!(outcome(&run).composition.is_empty(), "{:?}", outcome(&run).composition);
}

/// So many persons, each of one of sixty kinds, drawn by a linear congruential generator
/// (ANSI C).
fn of_sixty_kinds(persons: usize, seed: usize) -> String {
    let mut csv = String::from("性别,区县,病种,津贴\n");
    let mut state = seed;
    for _ in 0..persons {
        state = (state * 1_103_515_245 + 12_345) % (1 << 31);
        let kind = (state >> 16) % 60;
        let (sex, county) = (["女", "男"][kind % 2], ["迎泽区", "杏花岭区"][kind / 2 % 2]);
        let illness = ["哮喘", "冠心病", "糖尿病"][kind / 4 % 3];
        writeln!(csv, "{sex},{county},{illness},{}", 100 + kind / 12 * 100).unwrap();
    }
    csv
}

#[tokio::test]
async fn a_survey_that_agrees_as_strangers_would_is_told_and_not_refused() {
    let stage = Stage::new().await;
    let first = published(&stage, &of_sixty_kinds(6_000, 1)).await;
    released_as_it_is(&stage, first, 1).await;
    let second = published(&stage, &of_sixty_kinds(300, 5)).await;
    let run = measured_as_it_is(&stage, second, 1).await;
    assert_eq!(run.state, GateState::Passed, "{:?}", grounds(&run));
    assert_eq!(verdict(&run, CheckKind::Composition), CheckVerdict::Attention);
    let words = &outcome(&run).not_tested;
    assert!(words.iter().any(|words| words.en.contains("rows of strangers")), "{words:?}");
}

#[tokio::test]
async fn a_part_of_the_same_persons_is_recognised() {
    let stage = Stage::new().await;
    // Each has an allowance of its own: strangers do not agree.
    let csv = allowances(|row| row * 7);
    let first = published(&stage, &csv).await;
    released_as_it_is(&stage, first, 1).await;
    let part: String = csv.lines().take(150).map(|line| format!("{line}\n")).collect();
    let second = published(&stage, &part).await;
    let run = measured_as_it_is(&stage, second, 1).await;
    let fact = outcome(&run).composition.iter().find(|fact| fact.asset.is_some()).unwrap();
    assert_eq!((fact.in_both, fact.new), (149, 0));
}

#[tokio::test]
async fn a_release_of_another_asset_in_the_meantime_asks_for_a_new_measurement() {
    let stage = Stage::new().await;
    let csv = allowances(|_| 0);
    let (first, second) = (published(&stage, &csv).await, published(&stage, &csv).await);
    let run = measured_as_it_is(&stage, second, 1).await;
    let platform = &stage.platform;
    gate::submit(&stage.person(Role::Clerk).await, platform, run.id, None).await.unwrap();
    assert!(gate::can_be_approved(platform, &run).await.unwrap());
    released_as_it_is(&stage, first, 1).await;
    let reviewer = stage.person(Role::GateReviewer).await;
    let stale = gate::approve(&reviewer, platform, run.id, None).await;
    assert!(matches!(stale, Err(platform::Error::WrongState { .. })), "{stale:?}");
}

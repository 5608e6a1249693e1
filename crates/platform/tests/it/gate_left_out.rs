//! A table of persons that changes a little each month: the few who changed are left out.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use futures::TryStreamExt as _;
use platform::gate::{self, CheckKind, CheckVerdict, GateRun, GateState, Settings, Treatment};
use trust::Role;
use vocabulary::AssetId;

use crate::gate_attacks::{
    allowances, approved, decide, grounds, inspected, measured, outcome, published, settings,
    verdict,
};
use crate::stage::Stage;

/// The smallest class that is asked for.
const K: u32 = 21;

/// Four classes of a hundred persons and more, with an illness.
#[derive(Clone)]
struct People(Vec<[&'static str; 3]>);

impl People {
    fn new() -> Self {
        let person = |row: usize| {
            let illness = ["哮喘", "冠心病", "糖尿病"][row / 4 % 3];
            [["女", "男"][row % 2], ["迎泽区", "杏花岭区"][row / 2 % 2], illness]
        };
        Self((0..480).map(person).collect())
    }

    fn csv(&self) -> String {
        let mut csv = String::from("性别,区县,病种\n");
        for [sex, county, illness] in &self.0 {
            writeln!(csv, "{sex},{county},{illness}").unwrap();
        }
        csv
    }

    /// A month later: one moved, one fell ill with something else, two left, one came.
    fn a_month_later(&self) -> Self {
        let mut later = self.clone();
        later.0[10][1] = if later.0[10][1] == "迎泽区" { "杏花岭区" } else { "迎泽区" };
        later.0[101][2] = "痛风";
        later.0.remove(200);
        later.0.remove(301);
        later.0.push(["女", "迎泽区", "哮喘"]);
        later
    }
}

fn leaving_out() -> Settings {
    Settings { k: Some(K), suppression_limit: 0.5, leave_out_changed: true, ..settings() }
}

/// Measures a version with its columns as they are.
async fn run_of(stage: &Stage, asset: AssetId, version: i64, settings: Settings) -> GateRun {
    let mut run = inspected(stage, asset, version).await;
    for column in ["性别", "区县"] {
        decide(&mut run, column, detect::Role::Quasi, Treatment::Keep);
    }
    decide(&mut run, "病种", detect::Role::Sensitive, Treatment::Keep);
    measured(stage, &run, settings).await
}

/// What anyone reads of the candidate or release of a run: rows of a class with an illness.
type Read = BTreeMap<[String; 2], BTreeMap<String, u64>>;

async fn read(stage: &Stage, run: &GateRun) -> Read {
    let table = run.candidate.as_ref().unwrap();
    let (path, version) = (table.path.parse().unwrap(), Some(table.version));
    let (all, limits) = (lake::RowQuery::default(), lake::QueryLimits::default());
    let rows = stage.platform.lake.rows(&path, version, &all, &limits).await.unwrap();
    let batches: Vec<arrow::array::RecordBatch> = rows.try_collect().await.unwrap();
    let mut read = Read::new();
    for batch in batches {
        let text = |column: usize, row: usize| {
            arrow::util::display::array_value_to_string(batch.column(column), row).unwrap()
        };
        for row in 0..batch.num_rows() {
            let class = read.entry([text(0, row), text(1, row)]).or_default();
            *class.entry(text(2, row)).or_default() += 1;
        }
    }
    read
}

/// What is in one reading and not in the other, class by class: whoever has both can
/// subtract them.
fn subtract(from: &Read, what: &Read) -> Vec<BTreeMap<String, u64>> {
    let mut left = Vec::new();
    for (class, illnesses) in from {
        let nothing = BTreeMap::new();
        let other = what.get(class).unwrap_or(&nothing);
        let more = |(illness, rows): (&String, &u64)| {
            let rows = rows.saturating_sub(other.get(illness).copied().unwrap_or(0));
            (rows > 0).then(|| (illness.clone(), rows))
        };
        let more: BTreeMap<String, u64> = illnesses.iter().filter_map(more).collect();
        if !more.is_empty() {
            left.push(more);
        }
    }
    left
}

/// No difference is of fewer than so many persons, or of one illness.
fn assert_hidden(one: &Read, other: &Read) {
    for left in [subtract(one, other), subtract(other, one)].concat() {
        let rows: u64 = left.values().sum();
        assert!(rows >= u64::from(K) && left.len() > 1, "{left:?}");
    }
}

#[tokio::test]
async fn few_changed_persons_are_left_out_where_that_is_asked_for() {
    for stage in Stage::each().await {
        let people = People::new();
        let asset = published(&stage, &people.csv()).await;
        let first = run_of(&stage, asset, 1, leaving_out()).await;
        assert_eq!((first.state, &outcome(&first).left_out), (GateState::Passed, &None));
        approved(&stage, &first).await;
        let people = people.a_month_later();
        stage.file(asset, "rows.csv", people.csv().as_bytes()).await;
        // Where nobody asks for it, the version is refused.
        let strict = Settings { leave_out_changed: false, ..leaving_out() };
        let refused = run_of(&stage, asset, 2, strict.clone()).await;
        assert_eq!(refused.state, GateState::Refused);
        assert!(grounds(&refused).iter().any(|words| words.contains("left out")));
        let second = run_of(&stage, asset, 2, leaving_out()).await;
        assert_eq!(second.state, GateState::Passed, "{:?}", outcome(&second).composition);
        let found = outcome(&second);
        let left_out = found.left_out.as_ref().unwrap().rows;
        assert_eq!((found.rows, found.rows_suppressed), (479, left_out));
        assert_eq!(found.rows_released, 479 - left_out);
        assert_eq!(verdict(&second, CheckKind::Composition), CheckVerdict::Pass);
        assert!((K.into()..=4 * u64::from(K)).contains(&left_out), "{left_out}");
        let (one, two) = (read(&stage, &first).await, read(&stage, &second).await);
        assert_hidden(&one, &two);
        approved(&stage, &second).await;
        // The month after that: who was left out for others does not come back alone.
        let people = people.a_month_later();
        stage.file(asset, "rows.csv", people.csv().as_bytes()).await;
        assert_eq!(run_of(&stage, asset, 3, strict).await.state, GateState::Refused);
        let third = run_of(&stage, asset, 3, leaving_out()).await;
        assert_eq!(third.state, GateState::Passed, "{:?}", grounds(&third));
        let three = read(&stage, &third).await;
        assert_hidden(&two, &three);
        assert_hidden(&one, &three);
        assert!(outcome(&third).rows_released > 240, "{:?}", outcome(&third).left_out);
    }
}

#[tokio::test]
async fn the_same_rows_again_leave_the_same_rows_out() {
    let stage = Stage::new().await;
    let people = People::new();
    let asset = published(&stage, &people.csv()).await;
    approved(&stage, &run_of(&stage, asset, 1, leaving_out()).await).await;
    let later = people.a_month_later().csv();
    stage.file(asset, "rows.csv", later.as_bytes()).await;
    let second = run_of(&stage, asset, 2, leaving_out()).await;
    approved(&stage, &second).await;
    stage.file(asset, "rows.csv", later.as_bytes()).await;
    let third = run_of(&stage, asset, 3, leaving_out()).await;
    assert_eq!(third.state, GateState::Passed, "{:?}", grounds(&third));
    assert_eq!(read(&stage, &third).await, read(&stage, &second).await);
}

#[tokio::test]
async fn what_was_left_out_is_left_out_when_it_is_measured_again() {
    let stage = Stage::new().await;
    let people = People::new();
    let asset = published(&stage, &people.csv()).await;
    approved(&stage, &run_of(&stage, asset, 1, leaving_out()).await).await;
    stage.file(asset, "rows.csv", people.a_month_later().csv().as_bytes()).await;
    approved(&stage, &run_of(&stage, asset, 2, leaving_out()).await).await;
    let anyone = trust::Caller::anonymous(testkit::moment());
    let platform = &stage.platform;
    let id = platform::open::current_release(&anyone, platform, asset).await.unwrap().release.id;
    let reviewer = stage.person(Role::GateReviewer).await;
    gate::remeasure::request(&reviewer, platform, id).await.unwrap();
    stage.work().await;
    let noted = gate::remeasure::of_release(&anyone, platform, id).await.unwrap();
    assert_eq!((noted.len(), noted[0].verdict.as_str()), (2, "passed"), "{:?}", noted[0].refusals);
}

#[tokio::test]
async fn more_rows_than_may_be_suppressed_are_not_left_out() {
    let stage = Stage::new().await;
    let people = People::new();
    let asset = published(&stage, &people.csv()).await;
    approved(&stage, &run_of(&stage, asset, 1, leaving_out()).await).await;
    stage.file(asset, "rows.csv", people.a_month_later().csv().as_bytes()).await;
    let narrow = Settings { suppression_limit: 0.01, ..leaving_out() };
    let run = run_of(&stage, asset, 2, narrow).await;
    assert_eq!(run.state, GateState::Refused);
    assert!(grounds(&run).iter().any(|words| words.contains("more than the 4 allowed")));
}

#[tokio::test]
async fn nobody_leaves_out_the_few_who_changed_unless_the_operator_allows_it() {
    let mut stage = Stage::new().await;
    stage.platform.leave_out_changed = false;
    let asset = published(&stage, &allowances(|_| 0)).await;
    let run = inspected(&stage, asset, 1).await;
    let clerk = stage.person(Role::Clerk).await;
    let asked = Settings { leave_out_changed: true, ..settings() };
    let decisions = run.decisions.clone();
    let platform = &stage.platform;
    let open = law::Audience::Open;
    for refused in [
        gate::confirm(&clerk, platform, run.id, None, asked.clone(), decisions).await,
        gate::start(&clerk, platform, asset, 1, open, asked).await,
    ] {
        let Err(platform::Error::Invalid { problems }) = refused else { panic!("{refused:?}") };
        assert_eq!(problems[0].field, "settings.leave_out_changed");
    }
}

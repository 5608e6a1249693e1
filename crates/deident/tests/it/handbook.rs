//! The examples of `docs/deident.md` on models, measures and attacks: by hand there and
//! by the library here.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use deident::attack::{Predicates, Rate, Risk, Settings, Subject, downcoding, singling_out};
use deident::hierarchy::{Spec, read_table};
use deident::risk::{
    Candidates, Estimator, ReleaseColumns, at_least_in_population, combinations, composition,
    modal_guess, order_finding, restore_digests,
};
use deident::transform::{MicroaggregateTogether, RecordSwap, Similar};
use deident::{
    Criterion, Model, Plan, Problem, QuasiColumn, Transform, TupleTable, full_domain, recode,
    search, utility,
};

use crate::shared::table as texts;
use crate::transforms::{integers, key, release as released, shown, whole};

const NAMES: [&str; 4] = ["性别", "年龄", "病种", "人"];

const ROWS: [[&str; 4]; 10] = [
    ["男", "20", "流感", "1"],
    ["男", "20", "流感", "1"],
    ["男", "20", "胃炎", "2"],
    ["男", "21", "胃炎", "3"],
    ["男", "23", "流感", "4"],
    ["女", "20", "流感", "5"],
    ["女", "20", "胃炎", "6"],
    ["女", "22", "肺炎", "7"],
    ["女", "22", "肺炎", "8"],
    ["女", "23", "流感", "9"],
];

const POPULATION: [(&str, &str, u32); 7] = [
    ("男", "20", 6),
    ("男", "21", 3),
    ("男", "22", 5),
    ("男", "23", 2),
    ("女", "20", 8),
    ("女", "22", 4),
    ("女", "23", 2),
];

fn table() -> TupleTable {
    let mut builder = TupleTable::builder(&NAMES);
    for row in ROWS {
        builder.push(&row.map(Some)).unwrap();
    }
    let mut population = TupleTable::builder(&NAMES[..2]);
    for (sex, age, count) in POPULATION {
        for _ in 0..count {
            population.push(&[Some(sex), Some(age)]).unwrap();
        }
    }
    builder.finish().with_population(&population.finish())
}

fn spec(text: &str) -> Spec {
    Spec::Table(read_table(text).unwrap())
}

fn problem(criteria: Vec<Criterion>) -> Problem {
    let columns = vec![
        QuasiColumn::new("性别", spec("男;*\n女;*")),
        QuasiColumn::new("年龄", spec("20;20-21;*\n21;20-21;*\n22;22-23;*\n23;22-23;*")),
    ];
    let mut problem = Problem::k_anonymity(columns, 1, 1.0);
    problem.criteria = criteria;
    problem
}

fn near(left: f64, right: f64) {
    assert!((left - right).abs() < 5e-4, "{left} {right}");
}

#[test]
fn the_worked_examples_of_the_models_are_right() {
    let table = table();
    // Rows suppressed and classes kept at the node (sex 0, age 1).
    let at = |criteria: Vec<Criterion>| {
        let found = utility::measure(&table, &problem(criteria), &[0, 1]).unwrap();
        (found.suppressed, found.classes)
    };
    let whole = |model| vec![Criterion::whole(model)];
    let disease = |model| vec![Criterion::of("病种", model)];
    assert_eq!(at(whole(Model::KMap { k: 6 })), (0, 4));
    assert_eq!(at(whole(Model::KMap { k: 7 })), (3, 3));
    let sampled = |estimator| {
        let (k, fraction, confidence) = (3, 10.0 / 30.0, 0.95);
        whole(Model::SampleKMap { k, fraction, confidence, estimator })
    };
    assert_eq!(at(sampled(Estimator::NegativeBinomial)), (3, 2));
    assert_eq!(at(sampled(Estimator::Poisson)), (1, 3));
    let enough = |rows, estimator| at_least_in_population(rows, 3, 10.0 / 30.0, estimator).unwrap();
    for (rows, cautious, poisson) in [(1, 0.444, 0.594), (2, 0.889, 0.982), (3, 1.0, 1.0)] {
        near(enough(rows, Estimator::NegativeBinomial), cautious);
        near(enough(rows, Estimator::Poisson), poisson);
    }
    assert_eq!(at(whole(Model::Presence { min: 0.0, max: 0.5 })), (0, 4));
    assert_eq!(at(whole(Model::Presence { min: 0.1428, max: 0.5 })), (0, 4));
    assert_eq!(at(whole(Model::Presence { min: 0.0, max: 0.45 })), (3, 3));
    let strict = problem(whole(Model::Presence { min: 0.15, max: 0.5 }));
    assert!(utility::measure(&table, &strict, &[0, 1]).is_err());
    assert_eq!(at(vec![Criterion::of("人", Model::DistinctPersons { k: 3 })]), (3, 2));
    assert_eq!(at(vec![Criterion::of("人", Model::DistinctPersons { k: 4 })]), (10, 0));
    assert_eq!(at(disease(Model::Disclosure { delta: 1.738 })), (0, 4));
    assert_eq!(at(disease(Model::Disclosure { delta: 1.736 })), (3, 3));
    assert_eq!(at(disease(Model::BasicLikeness { beta: 3.0 })), (0, 4));
    assert_eq!(at(disease(Model::Likeness { beta: 3.0 })), (4, 2));
    assert_eq!(at(whole(Model::MaximumRisk { most: 0.5 })), (1, 3));
    assert_eq!(at(whole(Model::AverageRisk { most: 0.4 })), (0, 4));
    assert_eq!(at(whole(Model::AverageRisk { most: 0.35 })), (1, 3));
    assert_eq!(at(whole(Model::RecordsAtRisk { above: 0.33, most: 0.6 })), (0, 4));
    assert_eq!(at(whole(Model::RecordsAtRisk { above: 0.33, most: 0.59 })), (1, 3));
}

#[test]
fn the_worked_examples_of_records_are_right() {
    let ages = whole([20, 20, 20, 20, 20, 20, 21, 22, 22, 23]);
    let incomes = whole([5, 5, 5, 5, 4, 6, 6, 8, 9, 8]);
    let batch =
        arrow::array::RecordBatch::try_from_iter([("年龄", ages), ("收入", incomes)]).unwrap();
    let group = || MicroaggregateTogether { group: "概况".to_owned(), k: 3 };
    let together = || Transform::MicroaggregateTogether(group());
    let done = released(&Plan::default().with("年龄", together()).with("收入", together()), &batch);
    let expected = |young: i64, old: i64| [[young; 7].as_slice(), &[old; 3]].concat();
    let found = |column| integers(done.column(column)).into_iter().flatten().collect::<Vec<_>>();
    assert_eq!((found(0), found(1)), (expected(20, 22), expected(5, 8)));

    let column = |place: usize| ROWS.iter().map(|row| row[place]).collect::<Vec<_>>();
    let batch = texts(&[("性别", column(0)), ("年龄", column(1)), ("病种", column(2))]);
    let swap = Transform::RecordSwap(RecordSwap {
        group: "年龄".to_owned(),
        similar: vec![Similar::Column("性别".to_owned())],
        percent: 40.0,
        key: key(),
    });
    let plan = Plan::default()
        .with("性别", Transform::Keep)
        .with("年龄", swap)
        .with("病种", Transform::Keep);
    let done = released(&plan, &batch);
    let by_sex = |ages: &[Option<String>]| {
        let mut rows: Vec<(&str, Option<String>)> =
            ROWS.iter().map(|row| row[0]).zip(ages.iter().cloned()).collect();
        rows.sort();
        rows
    };
    let (before, after) = (shown(batch.column(1)), shown(done.column(1)));
    assert_eq!(by_sex(&before), by_sex(&after));
    let changed = before.iter().zip(&after).filter(|(before, after)| before != after).count();
    assert!(changed <= 4, "one pair of the men and one of the women: {changed}");
}

#[test]
fn the_worked_examples_of_the_measures_are_right() {
    let table = table();
    let mut coarse = TupleTable::builder(&["性别", "一", "二", "病种", "后"]);
    for [sex, age, disease, _] in ROWS {
        let span = if age < "22" { "20-21" } else { "22-23" };
        let later = (age.parse::<u32>().unwrap() + 7).to_string();
        coarse.push(&[sex, span, age, disease, &later].map(Some)).unwrap();
    }
    let coarse = coarse.finish();
    let found = modal_guess(&coarse, &["性别", "一"], "病种").unwrap();
    assert_eq!((found.right, found.right_by_table), (6, 5));
    near(found.gain, 0.1);
    let release = |name: &str, columns: &[&str]| ReleaseColumns {
        name: name.to_owned(),
        columns: columns.iter().map(|column| (*column).to_owned()).collect(),
    };
    let releases = [release("一", &["性别", "一"]), release("二", &["二"])];
    let found = composition(&coarse, &releases, Some("病种")).unwrap();
    assert_eq!((found.linked_unique_rows, found.known_rows), (3, 5));
    let found = order_finding(&coarse, "二", "后").unwrap();
    assert_eq!((found.offset, found.offset_rows), (Some(7.0), 10));
    near(found.restored, 1.0);
    near(found.by_chance_rows, 3.4);
    let all = combinations(&table, 2).unwrap();
    let of = |columns: &[&str]| all.iter().find(|one| one.columns == columns).unwrap().unique_rows;
    assert_eq!((of(&["年龄"]), of(&["性别", "年龄"])), (1, 3));
    let mut builder = TupleTable::builder(&["手机号"]);
    builder.push(&[Some("4c0115d39ddea1eba5a7cdf8edfc18a9")]).unwrap();
    let domain = Candidates::Numbers { prefix: "1381234".to_owned(), digits: 4 };
    let found = restore_digests(&builder.finish(), "手机号", &domain, 10_000).unwrap();
    assert_eq!((found.restored, found.tried), (1, 10_000));
}

#[test]
fn the_worked_examples_of_the_attacks_are_right() {
    let rate = Rate::new(3, 10);
    near(f64::midpoint(rate.low, rate.high), 0.3556);
    near((rate.high - rate.low) / 2.0, 0.2478);
    let risk = Risk::of(&rate, Some(&Rate::new(1, 10)));
    near(risk.value, 0.183);
    near(risk.low, 0.0);
    near(risk.high, 0.555);
    let table = table();
    let mut quasi = TupleTable::builder(&NAMES[..2]);
    for row in ROWS {
        quasi.push(&[Some(row[0]), Some(row[1])]).unwrap();
    }
    let quasi = quasi.finish();
    let none = BTreeMap::new();
    let subject = Subject { release: &quasi, table: &quasi, control: None, hierarchies: &none };
    let settings =
        Settings { attacks: 100, seeds: vec![1], attempts: 1_000, ..Settings::default() };
    let found = singling_out(&subject, Predicates::Multivariate { columns: 2 }, &settings).unwrap();
    assert_eq!(found.release.table.successes, found.runs[0].guesses);
    assert!(found.release.table.successes > 0);
    // Two rows that differ by one step of age.
    let mut two = TupleTable::builder(&["年龄"]);
    for age in ["20", "21"] {
        two.push(&[Some(age)]).unwrap();
    }
    let two = two.finish();
    let mut small = problem(Vec::new());
    small.columns.remove(0);
    small.k = 2;
    small.suppression_limit = 0.0;
    let local = recode(&two, &small, &mut |_| ControlFlow::Continue(())).unwrap();
    let found = downcoding(&two, &small, &local, &table, &[1]).unwrap();
    assert_eq!((found.classes, found.attacked, found.certain), (1, 1, 1));
    assert_eq!(found.with_method.successes, 1);
    // The full-domain optimum of the same rows is the same here.
    let optimum = search(&two, &small, &mut |_| ControlFlow::Continue(())).unwrap();
    let same = full_domain(&two, &small, &optimum.levels).unwrap();
    assert_eq!(same.min_class, local.min_class);
}

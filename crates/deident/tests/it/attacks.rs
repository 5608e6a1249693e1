//! Attacks on releases that should fall to them and on releases that should not.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use deident::attack::{
    AttackError, AttackReport, Predicates, Settings, Subject, downcoding, inference, linking,
    singling_out,
};
use deident::hierarchy::{Spec, read_table};
use deident::{Problem, QuasiColumn, Recoder, Recoding, TupleTable, full_domain, recode, search};

use crate::shared::{csv, shared};

const NAMES: [&str; 9] = [
    "sex",
    "age",
    "race",
    "marital-status",
    "education",
    "native-country",
    "workclass",
    "occupation",
    "salary-class",
];

/// Adult, every second row: the table and a control of the same size.
struct Adult {
    rows: Vec<Vec<String>>,
    table: TupleTable,
    control: TupleTable,
    hierarchies: BTreeMap<String, Spec>,
}

fn adult() -> Option<Adult> {
    let text = std::fs::read_to_string(shared("deident/adult/adult.csv")?).unwrap();
    let batch = csv(&text, ';');
    let cell = |name: &str, row: usize| {
        let array = batch.column_by_name(name).unwrap();
        arrow::util::display::array_value_to_string(array, row).unwrap()
    };
    let rows = |first: usize| -> Vec<Vec<String>> {
        let rows = (first..batch.num_rows()).step_by(2);
        rows.map(|row| NAMES.iter().map(|name| cell(name, row)).collect()).collect()
    };
    let hierarchies = NAMES.iter().map(|name| {
        let path = shared(&format!("deident/adult/adult_hierarchy_{name}.csv")).unwrap();
        let lines = read_table(&std::fs::read_to_string(path).unwrap()).unwrap();
        ((*name).to_owned(), Spec::Table(lines))
    });
    let own = rows(0);
    Some(Adult {
        table: count(&own),
        control: count(&rows(1)),
        rows: own,
        hierarchies: hierarchies.collect(),
    })
}

fn count(rows: &[Vec<String>]) -> TupleTable {
    let mut builder = TupleTable::builder(&NAMES);
    for row in rows {
        let cells: Vec<Option<&str>> = row.iter().map(|cell| Some(cell.as_str())).collect();
        builder.push(&cells).unwrap();
    }
    builder.finish()
}

fn problem(adult: &Adult, columns: usize, k: u32, limit: f64) -> Problem {
    let columns = NAMES.iter().take(columns);
    let columns = columns.map(|name| QuasiColumn::new(*name, adult.hierarchies[*name].clone()));
    Problem::k_anonymity(columns.collect(), k, limit)
}

/// The table as it would be released: all columns are quasi-identifiers.
fn released(adult: &Adult, problem: &Problem, recoding: &Recoding) -> TupleTable {
    let recoder = Recoder::new(&adult.table, problem, recoding).unwrap();
    let mut builder = TupleTable::builder(&NAMES);
    for row in &adult.rows {
        let cells: Vec<Option<&str>> = row.iter().map(|cell| Some(cell.as_str())).collect();
        if let Some(forms) = recoder.row(&cells) {
            let forms: Vec<Option<&str>> = forms.into_iter().map(Some).collect();
            builder.push(&forms).unwrap();
        }
    }
    builder.finish()
}

fn settings(attacks: u64, seeds: &[u64]) -> Settings {
    Settings { attacks, seeds: seeds.to_vec(), attempts: 5_000, ..Settings::default() }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn told(report: &AttackReport) {
    let AttackReport { attack, release, no_person, random, .. } = report;
    println!(
        "{attack}: {} / {} of the table, control {:?}, risk {:.3} [{:.3}, {:.3}], floor {:.3} [{:.3}, {:.3}], by chance {:.3}",
        release.table.successes,
        release.table.trials,
        release.control.map(|control| control.successes),
        release.risk.value,
        release.risk.low,
        release.risk.high,
        no_person.risk.value,
        no_person.risk.low,
        no_person.risk.high,
        random.share,
    );
}

#[test]
fn a_naive_release_is_singled_out() {
    let Some(adult) = adult() else { return };
    let none = BTreeMap::new();
    let subject = Subject {
        release: &adult.table,
        table: &adult.table,
        control: Some(&adult.control),
        hierarchies: &none,
    };
    let found =
        singling_out(&subject, Predicates::Multivariate { columns: 5 }, &settings(200, &[1, 2]))
            .unwrap();
    told(&found);
    assert!(found.is_above_floor() && !found.passes(0.2));
    assert_eq!(found.release.table.successes, 400, "each predicate singles its record out");
    let linked =
        linking(&subject, &owned(&NAMES[..4]), &owned(&NAMES[4..]), &settings(60, &[1])).unwrap();
    told(&linked);
    assert!(linked.release.table.successes >= linked.no_person.table.successes);
}

#[test]
fn a_release_at_k_is_not_above_the_floor() {
    let Some(adult) = adult() else { return };
    let problem = problem(&adult, 9, 5, 0.05);
    let outcome = search(&adult.table, &problem, &mut |_| ControlFlow::Continue(())).unwrap();
    let recoding = full_domain(&adult.table, &problem, &outcome.levels).unwrap();
    let release = released(&adult, &problem, &recoding);
    assert_eq!(release.rows(), adult.table.rows() - outcome.suppressed_rows);
    let subject = Subject {
        release: &release,
        table: &adult.table,
        control: Some(&adult.control),
        hierarchies: &adult.hierarchies,
    };
    for predicates in [Predicates::Univariate, Predicates::Multivariate { columns: 5 }] {
        let found = singling_out(&subject, predicates, &settings(200, &[1, 2, 3])).unwrap();
        told(&found);
        assert!(!found.is_above_floor());
        assert_eq!(found.release.table.successes, 0, "no class of the release is one row");
        assert!(found.passes(0.05), "{}", found.upper());
    }
}

#[test]
fn a_figure_of_a_table_without_persons_is_the_floor() {
    // Nobody is left in independent marginals, and some predicates hit all the same.
    let Some(adult) = adult() else { return };
    let none = BTreeMap::new();
    let subject =
        Subject { release: &adult.table, table: &adult.table, control: None, hierarchies: &none };
    let found =
        singling_out(&subject, Predicates::Multivariate { columns: 4 }, &settings(200, &[1]))
            .unwrap();
    told(&found);
    assert!(found.no_person.table.successes > 0, "{found:?}");
    // With no control the risk is the success itself.
    assert!((found.no_person.risk.high - found.no_person.table.high).abs() < 1e-12);
}

#[test]
fn the_same_seed_gives_the_same_report() {
    let Some(adult) = adult() else { return };
    let none = BTreeMap::new();
    let subject = Subject {
        release: &adult.table,
        table: &adult.table,
        control: Some(&adult.control),
        hierarchies: &none,
    };
    let run = |seed: u64| {
        singling_out(&subject, Predicates::Multivariate { columns: 3 }, &settings(50, &[seed]))
            .unwrap()
    };
    assert_eq!(run(9), run(9));
    let text = serde_json::to_string(&run(9)).unwrap();
    let read = serde_json::from_str::<AttackReport>(&text).unwrap();
    assert_eq!(read.runs[0].release.table.successes, run(9).runs[0].release.table.successes);
    let one = inference(&subject, &["sex".to_owned()], "occupation", &settings(20, &[4])).unwrap();
    let same = inference(&subject, &["sex".to_owned()], "occupation", &settings(20, &[4])).unwrap();
    assert_eq!(one, same);
}

#[test]
fn a_recoding_that_stops_where_rows_agree_gives_itself_away() {
    let Some(adult) = adult() else { return };
    let problem = problem(&adult, 6, 2, 0.0);
    let local = recode(&adult.table, &problem, &mut |_| ControlFlow::Continue(())).unwrap();
    let found = downcoding(&adult.table, &problem, &local, &adult.control, &[1, 2, 3]).unwrap();
    println!("{found:?}");
    // Classes of three rows leave more than one possibility.
    let larger = Problem { k: 3, ..problem.clone() };
    let local_at_three = recode(&adult.table, &larger, &mut |_| ControlFlow::Continue(())).unwrap();
    let at_three =
        downcoding(&adult.table, &larger, &local_at_three, &adult.control, &[1]).unwrap();
    println!("{at_three:?}");
    assert_eq!(at_three.certain, 0);
    assert!(at_three.with_method.share < found.with_method.share);
    assert!(found.attacked > 50 && found.certain > 0);
    // What is certain is right.
    assert!(found.with_method.successes >= found.certain);
    assert!(found.with_method.low > found.control.high && found.risk.low > 0.0);
    assert!(found.with_method.share > found.without_method.share);
}

#[test]
fn an_attack_on_nothing_is_said_so() {
    let empty = TupleTable::builder(&["a"]).finish();
    let none = BTreeMap::new();
    let subject = Subject { release: &empty, table: &empty, control: None, hierarchies: &none };
    let found = singling_out(&subject, Predicates::Univariate, &Settings::default());
    assert!(matches!(found, Err(AttackError::NoRows { table: "release" })));
    let mut builder = TupleTable::builder(&["a"]);
    builder.push(&[Some("1")]).unwrap();
    let one = builder.finish();
    let subject = Subject { release: &one, table: &one, control: Some(&empty), hierarchies: &none };
    let wide = Predicates::Multivariate { columns: 2 };
    let found = singling_out(&subject, wide, &Settings::default());
    assert!(matches!(found, Err(AttackError::Columns { .. })));
    let found = singling_out(&subject, Predicates::Univariate, &settings(1, &[]));
    assert!(matches!(found, Err(AttackError::NoSeeds)));
    // One person, one value: it is singled out, and there is nobody to compare with.
    let found = singling_out(&subject, Predicates::Univariate, &settings(1, &[1])).unwrap();
    assert_eq!(found.release.table.successes, 1);
    assert!(found.release.control.is_none());
}

#[test]
fn a_small_table_in_which_everyone_is_unique_does_not_pass() {
    let rows: Vec<Vec<String>> = (0..40).map(|n| vec![format!("x{n}"), format!("y{n}")]).collect();
    let mut builder = TupleTable::builder(&["a", "b"]);
    for row in &rows {
        let cells: Vec<Option<&str>> = row.iter().map(|cell| Some(cell.as_str())).collect();
        builder.push(&cells).unwrap();
    }
    let table = builder.finish();
    let hierarchies = BTreeMap::new();
    let subject =
        Subject { release: &table, table: &table, control: None, hierarchies: &hierarchies };
    let report = singling_out(&subject, Predicates::Univariate, &settings(500, &[1, 2])).unwrap();
    assert_eq!(report.runs[0].release.table.trials, 40, "no more guesses than persons");
    assert!(report.release.table.share > 0.9, "{report:?}");
    assert!(!report.passes(0.5));
}

//! Tables whose tuples do not fit into the memory that is allowed: the answers are those
//! of a table in memory, and no file is left.

use std::ops::ControlFlow;

use deident::risk::modal_guess;
use deident::{
    Counted, Criterion, Memory, Model, Problem, Recoder, SearchError, SpillError, TupleError,
    TupleTable, full_domain, full_domain_counted, search, search_counted,
};
use proptest::prelude::*;

use crate::small_tables::{COLUMNS, Row, batch, columns, metrics, rows, texts};

fn in_memory(rows: &[Row]) -> TupleTable {
    let mut builder = TupleTable::builder(&COLUMNS);
    for row in rows {
        builder.push(&texts(row).each_ref().map(|text| Some(text.as_str()))).unwrap();
    }
    builder.finish()
}

fn within(rows: &[Row], bytes: usize, folder: &std::path::Path) -> Counted {
    let mut builder = TupleTable::builder(&COLUMNS).within(&Memory::new(bytes, folder));
    for row in rows {
        builder.push(&texts(row).each_ref().map(|text| Some(text.as_str()))).unwrap();
    }
    builder.finish().unwrap()
}

fn near(left: f64, right: f64) -> bool {
    (left - right).abs() <= 1e-9 * left.abs().max(right.abs()).max(1.0)
}

/// Room for some two dozen tuples, and for as many classes of a node.
const TINY: usize = 3_000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_spilled_table_has_the_figures_of_one_in_memory(
        rows in rows(400), bytes in 2_600_usize..5_000,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (whole, counted) = (in_memory(&rows), within(&rows, bytes, folder.path()));
        prop_assert_eq!(counted.rows(), whole.rows());
        prop_assert_eq!(counted.tuples(), whole.tuples() as u64);
        prop_assert_eq!(counted.class_sizes(), whole.class_sizes());
        for column in COLUMNS {
            prop_assert_eq!(counted.values(column), whole.values(column));
            prop_assert_eq!(counted.value_rows(column), whole.value_rows(column));
        }
        let Counted::Spilled(spilled) = &counted else { return Ok(()) };
        for columns in [&["a"][..], &["c", "a"], &["b", "c"], &COLUMNS] {
            let sizes = spilled.class_sizes_of(columns).unwrap();
            prop_assert_eq!(sizes, whole.class_sizes_of(columns).unwrap());
        }
        for (quasi, sensitive) in [(&["a", "b"][..], "c"), (&["c"], "b"), (&["b", "c"], "a")] {
            let guess = spilled.modal_guess(quasi, sensitive).unwrap();
            prop_assert_eq!(guess, modal_guess(&whole, quasi, sensitive).unwrap());
        }
    }

    #[test]
    fn a_search_over_a_spilled_table_finds_what_one_in_memory_finds(
        rows in rows(400), k in 1_u32..6, limit in 0.0_f64..0.4, metric in metrics(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (whole, counted) = (in_memory(&rows), within(&rows, TINY, folder.path()));
        let mut problem = Problem::k_anonymity(columns(), k, limit);
        problem.metric = metric;
        problem.frontier = vec![2, 4];
        let go = &mut |_| ControlFlow::Continue(());
        let found = match (search(&whole, &problem, go), search_counted(&counted, &problem, go)) {
            (Ok(one), Ok(other)) => (one, other),
            (Err(one), Err(other)) => {
                prop_assert_eq!(one.to_string(), other.to_string());
                return Ok(());
            }
            (one, other) => panic!("{one:?} {other:?}"),
        };
        let (one, other) = &found;
        prop_assert!(near(one.score, other.score), "{} {}", one.score, other.score);
        prop_assert_eq!(&one.levels, &other.levels);
        prop_assert_eq!(one.suppressed_rows, other.suppressed_rows);
        prop_assert_eq!((one.classes, one.min_class), (other.classes, other.min_class));
        prop_assert_eq!((one.optimal, one.lattice), (true, other.lattice));
        prop_assert!(other.optimal);
        prop_assert_eq!(one.frontier.len(), other.frontier.len());
        for (one, other) in one.frontier.iter().zip(&other.frontier) {
            prop_assert_eq!((&one.levels, one.suppressed), (&other.levels, other.suppressed));
        }
        let release = full_domain_counted(&counted, &problem, &other.levels);
        let release = match release {
            Err(SearchError::Spill(SpillError::Classes { .. })) => return Ok(()),
            release => release.unwrap(),
        };
        let same = full_domain(&whole, &problem, &one.levels).unwrap();
        prop_assert!(near(release.loss, same.loss));
        prop_assert_eq!(release.suppressed_rows, same.suppressed_rows);
        prop_assert_eq!((release.classes, release.min_class), (same.classes, same.min_class));
        prop_assert_eq!(release.highest_levels(), other.levels.clone());
        let on_disk = Recoder::counted(&counted, &problem, &release).unwrap();
        let here = Recoder::new(&whole, &problem, &same).unwrap();
        for row in &rows {
            let texts = texts(row);
            let cells = texts.each_ref().map(|text| Some(text.as_str()));
            prop_assert_eq!(on_disk.row(&cells), here.row(&cells));
        }
        prop_assert_eq!(on_disk.row(&[Some("99"), Some("00"), Some("0")]), None);
        let sizes = on_disk.released().unwrap().class_sizes();
        prop_assert_eq!(sizes, here.released().unwrap().class_sizes());
    }

    #[test]
    fn models_of_a_spilled_table_hold_or_are_refused(
        rows in rows(300), k in 1_u32..4, limit in 0.0_f64..0.4, which in 0_usize..6,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let model = |model| Criterion::of("c", model);
        let criterion = [
            model(Model::DistinctL { l: 2 }),
            model(Model::EntropyL { l: 1.8 }),
            model(Model::EqualT { t: 0.3 }),
            Criterion::whole(Model::AverageRisk { most: 0.3 }),
            Criterion::whole(Model::KMap { k: 6 }),
            Criterion::whole(Model::RecordsAtRisk { above: 0.3, most: 0.2 }),
        ][which].clone();
        let population: Vec<Row> = rows.iter().chain(&rows).copied().collect();
        let population = in_memory(&population);
        let whole = in_memory(&rows).with_population(&population);
        let counted = within(&rows, 6_000, folder.path()).with_population(&population);
        let mut quasi = columns();
        quasi.truncate(2);
        let mut problem = Problem::k_anonymity(quasi, k, limit);
        problem.criteria = vec![criterion];
        let go = &mut |_| ControlFlow::Continue(());
        let other = search_counted(&counted, &problem, go);
        if let Err(SearchError::Spill(SpillError::Classes { .. })) = other {
            return Ok(());
        }
        let one = match (search(&whole, &problem, go), &other) {
            (Ok(one), Ok(_)) => one,
            (Err(one), Err(other)) => {
                prop_assert_eq!(one.to_string(), other.to_string());
                return Ok(());
            }
            (one, other) => panic!("{one:?} {other:?}"),
        };
        let other = other.unwrap();
        prop_assert_eq!(&one.levels, &other.levels);
        prop_assert_eq!((one.suppressed_rows, one.classes), (other.suppressed_rows, other.classes));
        let release = full_domain_counted(&counted, &problem, &other.levels).unwrap();
        let on_disk = Recoder::counted(&counted, &problem, &release).unwrap();
        let same = full_domain(&whole, &problem, &one.levels).unwrap();
        let here = Recoder::new(&whole, &problem, &same).unwrap();
        for row in &rows {
            let texts = texts(row);
            let cells = texts.each_ref().map(|text| Some(text.as_str()));
            prop_assert_eq!(on_disk.row(&cells), here.row(&cells));
        }
    }
}

/// Rows that look random, so many that their tuples are put aside again and again.
fn many() -> Vec<Row> {
    let mut state = 7_u32;
    let mut next = |limit: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        u8::try_from((state >> 16) % limit).unwrap()
    };
    (0..8_000).map(|_| (next(12), next(6), next(3))).collect()
}

#[test]
fn more_runs_than_can_be_open_are_merged() {
    let folder = tempfile::tempdir().unwrap();
    let rows = many();
    let counted = within(&rows, 2_600, folder.path());
    assert!(matches!(counted, Counted::Spilled(_)));
    assert_eq!(counted.class_sizes(), in_memory(&rows).class_sizes());
}

#[test]
fn a_model_is_decided_where_the_classes_fit_and_refused_where_they_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let rows = many();
    let mut quasi = columns();
    quasi.truncate(2);
    let mut problem = Problem::k_anonymity(quasi, 3, 0.0);
    problem.criteria = vec![Criterion::of("c", Model::DistinctL { l: 2 })];
    let go = &mut |_| ControlFlow::Continue(());
    let here = search(&in_memory(&rows), &problem, go).unwrap();
    let counted = within(&rows, 3_000, folder.path());
    let found = search_counted(&counted, &problem, go);
    assert!(matches!(found, Err(SearchError::Spill(SpillError::Classes { .. }))), "{found:?}");
    // Tuples are 216, and 103 of them would fit.
    let counted = within(&rows, 10_000, folder.path());
    assert!(matches!(counted, Counted::Spilled(_)));
    problem.pinned.insert("a".to_owned(), 2);
    let pinned = search(&in_memory(&rows), &problem, go).unwrap();
    assert_eq!(search_counted(&counted, &problem, go).unwrap(), pinned);
    assert_eq!(here.levels, [0, 0]);
}

#[test]
fn no_file_is_left_where_a_table_was_spilled() {
    let folder = tempfile::tempdir().unwrap();
    let left = || std::fs::read_dir(folder.path()).unwrap().count();
    let mut builder = TupleTable::builder(&COLUMNS).within(&Memory::new(TINY, folder.path()));
    for row in many() {
        builder.push(&texts(&row).each_ref().map(|text| Some(text.as_str()))).unwrap();
        assert_eq!(left(), 0, "a file has a name while rows are counted");
    }
    let counted = builder.finish().unwrap();
    assert!(matches!(counted, Counted::Spilled(_)));
    assert_eq!(left(), 0, "a file has a name while the table is in use");
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let gone = folder.path().join("gone");
    let mut builder = TupleTable::builder(&COLUMNS).within(&Memory::new(TINY, &gone));
    let failed = many()
        .iter()
        .find_map(|row| builder.push(&texts(row).each_ref().map(|text| Some(text.as_str()))).err());
    let Some(TupleError::Spill(error @ SpillError::Io { .. })) = failed else {
        panic!("{failed:?}")
    };
    assert!(error.to_string().contains(&gone.display().to_string()), "{error}");
    assert!(error.text().zh.contains(&gone.display().to_string()));
}

#[test]
fn values_that_do_not_fit_are_refused_and_their_column_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut builder =
        TupleTable::builder(&["sex", "name"]).within(&Memory::new(20_000, folder.path()));
    let failed = (0..5_000).find_map(|number| {
        let name = format!("person number {number}");
        builder.push(&[Some("f"), Some(&name)]).err()
    });
    let Some(TupleError::Spill(SpillError::Values { column, bytes, .. })) = failed else {
        panic!("{failed:?}")
    };
    assert_eq!((column.as_str(), bytes), ("name", 20_000));
}

#[test]
fn what_needs_all_tuples_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let counted = within(&many(), TINY, folder.path());
    let refused = counted.whole("local recoding").unwrap_err();
    assert_eq!(refused, SpillError::InMemoryOnly { what: "local recoding" });
    assert!(within(&many()[..5], TINY, folder.path()).whole("local recoding").is_ok());
}

#[test]
fn batches_are_counted_within_the_bound_as_rows_are() {
    let folder = tempfile::tempdir().unwrap();
    let batch = batch(&many());
    let mut builder = TupleTable::builder(&COLUMNS).within(&Memory::new(TINY, folder.path()));
    builder.update(&batch).unwrap();
    builder.update(&batch.slice(0, 0)).unwrap();
    let counted = builder.finish().unwrap();
    assert!(matches!(counted, Counted::Spilled(_)));
    let whole = TupleTable::from_batches(&COLUMNS, &[batch]).unwrap();
    assert_eq!(counted.class_sizes(), whole.class_sizes());
}

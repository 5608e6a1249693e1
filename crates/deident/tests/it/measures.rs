//! Measures beside the sizes of classes: combinations of columns, what a guess gains,
//! what can be restored, what several releases give away together.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use deident::hierarchy::Spec;
use deident::risk::{
    Candidates, DigestFunction, ReleaseColumns, combinations, composition, digest_columns,
    join_releases, learned_guess, modal_guess, order_finding, restore_digests,
};
use deident::{Problem, QuasiColumn, Recoder, TupleTable, recode};
use proptest::prelude::*;

use crate::shared::{csv, shared};

fn count(names: &[&str], rows: &[Vec<&str>]) -> TupleTable {
    let mut builder = TupleTable::builder(names);
    for row in rows {
        let cells: Vec<Option<&str>> = row.iter().map(|cell| Some(*cell)).collect();
        builder.push(&cells).unwrap();
    }
    builder.finish()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn combinations_are_those_that_counting_each_set_anew_finds(
        rows in proptest::collection::vec(proptest::collection::vec(0_u8..5, 5), 1..40), most in 1_usize..6,
    ) {
        let names = ["a", "b", "c", "d", "e"];
        let texts: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(u8::to_string).collect()).collect();
        let borrowed: Vec<Vec<&str>> =
            texts.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
        let tuples = count(&names, &borrowed);
        let found = combinations(&tuples, most).unwrap();
        let mut keys: Vec<u32> = Vec::new();
        let mut expected = 0;
        for size in 1..=most {
            for set in (1_u32..32).filter(|set| set.count_ones() as usize == size) {
                if keys.iter().any(|key| set & key == *key) {
                    continue;
                }
                let columns: Vec<&str> =
                    (0..5).filter(|bit| set >> bit & 1 == 1).map(|bit| names[bit]).collect();
                let sizes = tuples.class_sizes_of(&columns).unwrap();
                let one = found.iter().find(|one| one.columns == columns).unwrap();
                prop_assert_eq!(one.unique_rows, sizes.of_size(1), "{:?}", columns);
                prop_assert_eq!(one.minimal_key, sizes.max() == Some(1));
                expected += 1;
                if one.minimal_key {
                    keys.push(set);
                }
            }
            // A key of this size rules out larger sets only.
        }
        prop_assert_eq!(found.len(), expected);
    }
}

#[test]
fn a_guess_gains_what_its_class_tells() {
    let rows = vec![
        vec!["a", "flu"],
        vec!["a", "flu"],
        vec!["a", "cold"],
        vec!["b", "cold"],
        vec!["b", "cold"],
        vec!["b", "flu"],
        vec!["c", "asthma"],
        vec!["c", "asthma"],
        vec!["c", "flu"],
        vec!["c", "flu"],
    ];
    let found = modal_guess(&count(&["区", "病种"], &rows), &["区"], "病种").unwrap();
    // 2 of 3, 2 of 3, 2 of 4; five of ten have the flu.
    assert_eq!((found.right, found.right_by_table, found.rows, found.classes), (6, 5, 10, 3));
    assert!((found.gain - 0.1).abs() < 1e-12);
    assert_eq!(found.nearly_certain_rows, 0);
}

#[test]
fn what_is_as_right_for_the_control_is_no_risk() {
    // The world: whoever is old is retired. The table and the control say the same.
    let people = |odd: usize| -> Vec<Vec<String>> {
        (0..400)
            .map(|n| {
                let old = (n * 7 + odd).is_multiple_of(3);
                vec![
                    if old { "old" } else { "young" }.to_owned(),
                    format!("t{}", (n + odd) % 5),
                    if old == (n % 10 != 0) { "retired" } else { "works" }.to_owned(),
                ]
            })
            .collect()
    };
    let table = |rows: &[Vec<String>]| {
        let rows: Vec<Vec<&str>> =
            rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
        count(&["age", "town", "job"], &rows)
    };
    let (own, control) = (table(&people(0)), table(&people(1)));
    let found = learned_guess(&own, &own, &control, &["age", "town"], "job").unwrap();
    assert!((found.table.share - 0.9).abs() < 0.02, "{found:?}");
    assert!((found.control.share - 0.9).abs() < 0.02);
    assert!(found.risk.value < 0.1 && found.baseline.share < 0.7, "{found:?}");
}

const MOBILES: [&str; 4] = ["13812345678", "13812340000", "13900000001", "13812349999"];

fn digests(function: &str) -> Vec<&'static str> {
    // Computed with openssl dgst -md5, -sha1, -sha256 and -sm3.
    match function {
        "md5" => vec![MD5_0, MD5_1],
        "sha1" => vec![SHA1_0],
        "sha256" => vec![SHA256_0],
        _ => vec![SM3_0],
    }
}

const MD5_0: &str = "4c0115d39ddea1eba5a7cdf8edfc18a9";
const MD5_1: &str = "A9D2EBDFB484D1024BE424143C7F62E8";
const SHA1_0: &str = "1cc0e18ddc5e9325a710a416fd108ef1cb293f14";
/// In base64.
const SHA256_0: &str = "OK7ZBIFAsOQ36oFGHZ6kUkFp9nlQBNoSC899QYlOTRU=";
const SM3_0: &str = "a28b769072867c4cd1d2db46ebb6b4a93a03a1c9c2a9d9dfd14168eea03c8c0b";

#[test]
fn unkeyed_digests_of_mobile_numbers_are_restored() {
    for (name, function) in [
        ("md5", DigestFunction::Md5),
        ("sha1", DigestFunction::Sha1),
        ("sha256", DigestFunction::Sha256),
        ("sm3", DigestFunction::Sm3),
    ] {
        let rows: Vec<Vec<&str>> = digests(name).into_iter().map(|digest| vec![digest]).collect();
        let tuples = count(&["手机号"], &rows);
        let columns = digest_columns(&tuples);
        assert_eq!(columns.len(), 1, "{name}");
        assert!(columns[0].functions.contains(&function), "{name}");
        let domain = Candidates::Numbers { prefix: "1381234".to_owned(), digits: 4 };
        let found = restore_digests(&tuples, "手机号", &domain, 1_000_000).unwrap();
        assert_eq!(found.function, Some(function));
        assert_eq!((found.restored, found.values), (rows.len() as u64, rows.len() as u64));
        assert!(found.complete);
        // Within a budget of a few little was shown, and it is said so.
        let stopped = restore_digests(&tuples, "手机号", &domain, 10).unwrap();
        assert!(!stopped.complete && stopped.tried <= 10);
    }
}

#[test]
fn another_column_restores_its_own_digests() {
    let rows = vec![vec![MOBILES[0], MD5_0], vec![MOBILES[1], MD5_1]];
    let tuples = count(&["手机号", "编号"], &rows);
    let texts = Candidates::of_column(&tuples, "手机号").unwrap();
    let found = restore_digests(&tuples, "编号", &texts, 1_000).unwrap();
    assert_eq!((found.restored_rows, found.rows), (2, 2));
    assert_eq!(found.candidates, "column `手机号` (2 texts)");
}

#[test]
fn plain_texts_are_no_digests() {
    let rows = vec![vec!["13812345678", "a"], vec!["13912345678", "b"]];
    assert!(digest_columns(&count(&["手机号", "x"], &rows)).is_empty());
}

#[test]
fn a_constant_offset_is_found_and_undone() {
    let rows: Vec<Vec<String>> =
        (0..50).map(|n| vec![(n * n % 37).to_string(), (n * n % 37 + 1000).to_string()]).collect();
    let rows: Vec<Vec<&str>> =
        rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
    let found = order_finding(&count(&["a", "b"], &rows), "a", "b").unwrap();
    assert_eq!((found.offset, found.offset_rows, found.rows), (Some(1000.0), 50, 50));
    assert!(found.keeps_order && (found.restored - 1.0).abs() < 1e-12);
    let dates = vec![vec!["2020-02-28", "2020-03-05"], vec!["2019-12-31", "2020-01-06"]];
    let found = order_finding(&count(&["a", "b"], &dates), "a", "b").unwrap();
    assert_eq!((found.offset, found.offset_rows), (Some(6.0), 2));
}

#[test]
fn a_code_that_keeps_the_order_is_undone_by_rank() {
    // Codes without a pattern but their order.
    let codes = ["03", "17", "18", "52", "90"];
    let rows: Vec<Vec<String>> =
        (0..40).map(|n| vec![format!("{}", n % 5 + 20), codes[n % 5].to_owned()]).collect();
    let rows: Vec<Vec<&str>> =
        rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
    let found = order_finding(&count(&["a", "b"], &rows), "a", "b").unwrap();
    assert!(found.keeps_order && found.offset_rows < 40);
    assert!((found.restored - 1.0).abs() < 1e-12);
    assert!((found.by_chance_rows - 8.0).abs() < 1e-12);
    // A random code of the same values is restored no better than by chance.
    let mixed = ["52", "03", "90", "18", "17"];
    let rows: Vec<Vec<String>> =
        (0..40).map(|n| vec![format!("{}", n % 5 + 20), mixed[n % 5].to_owned()]).collect();
    let rows: Vec<Vec<&str>> =
        rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
    let found = order_finding(&count(&["a", "b"], &rows), "a", "b").unwrap();
    assert!(!found.keeps_order && found.restored < 0.5);
}

#[test]
fn two_releases_that_share_a_pseudonym_make_smaller_classes() {
    // Each is 2-anonymous; together everybody is alone.
    let first = count(
        &["化名", "年龄"],
        &[vec!["p1", "20-29"], vec!["p2", "20-29"], vec!["p3", "30-39"], vec!["p4", "30-39"]],
    );
    let second = count(
        &["化名", "城市"],
        &[vec!["p1", "太原"], vec!["p2", "大同"], vec!["p3", "太原"], vec!["p4", "大同"]],
    );
    let (joined, columns) = join_releases("化名", &[("一", &first), ("二", &second)]).unwrap();
    let found = composition(&joined, &columns, None).unwrap();
    assert_eq!((found.single[0].min_class, found.single[1].min_class), (2, 2));
    assert_eq!((found.linked_min_class, found.linked_unique_rows, found.rows), (1, 4, 4));
}

#[test]
fn intersecting_the_values_of_two_releases_leaves_one() {
    let joined = count(
        &["一", "二", "病种"],
        &[
            vec!["x", "u", "flu"],
            vec!["x", "v", "cold"],
            vec!["y", "u", "cough"],
            vec!["y", "v", "cold"],
        ],
    );
    let release =
        |name: &str| ReleaseColumns { name: name.to_owned(), columns: vec![name.to_owned()] };
    let found = composition(&joined, &[release("一"), release("二")], Some("病种")).unwrap();
    // x: flu, cold; y: cough, cold; u: flu, cough; v: cold.
    assert_eq!(found.single.iter().map(|one| one.known_rows).collect::<Vec<_>>(), [0, 2]);
    assert_eq!(found.known_rows, 4);
}

/// The Adult table, rows as texts.
fn adult(names: &[&str]) -> Option<(Vec<Vec<String>>, Vec<QuasiColumn>)> {
    let text = std::fs::read_to_string(shared("deident/adult/adult.csv")?).unwrap();
    let batch = csv(&text, ';');
    let cell = |name: &str, row: usize| {
        let array = batch.column_by_name(name).unwrap();
        arrow::util::display::array_value_to_string(array, row).unwrap()
    };
    let rows = (0..batch.num_rows()).map(|row| names.iter().map(|name| cell(name, row)).collect());
    let columns = names
        .iter()
        .map(|name| {
            let path = shared(&format!("deident/adult/adult_hierarchy_{name}.csv")).unwrap();
            let lines = std::fs::read_to_string(path).unwrap();
            QuasiColumn::new(*name, Spec::Table(deident::hierarchy::read_table(&lines).unwrap()))
        })
        .collect();
    Some((rows.collect(), columns))
}

#[test]
fn two_anonymous_releases_of_one_table_are_not_anonymous_together() {
    let names = ["sex", "age", "race", "education", "occupation"];
    let Some((rows, mut columns)) = adult(&names) else { return };
    let borrowed: Vec<Vec<&str>> =
        rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
    let tuples = count(&names, &borrowed);
    columns.truncate(4);
    let problems = [5_u32, 8].map(|k| Problem::k_anonymity(columns.clone(), k, 0.0));
    let recodings = problems
        .clone()
        .map(|problem| recode(&tuples, &problem, &mut |_| ControlFlow::Continue(())).unwrap());
    let recoders: Vec<Recoder<'_>> = problems
        .iter()
        .zip(&recodings)
        .map(|(problem, recoding)| Recoder::new(&tuples, problem, recoding).unwrap())
        .collect();
    let names_of = |release: usize| -> Vec<String> {
        (0..4).map(|column| format!("{release}/{}", names[column])).collect()
    };
    let all = [names_of(0), names_of(1), vec!["occupation".to_owned()]].concat();
    let mut joined = TupleTable::builder(&all);
    for row in &borrowed {
        let cells: Vec<Option<&str>> = row.iter().map(|cell| Some(*cell)).collect();
        let mut forms: Vec<Option<&str>> = Vec::new();
        for recoder in &recoders {
            forms.extend(recoder.row(&cells).unwrap().into_iter().map(Some));
        }
        forms.push(cells[4]);
        joined.push(&forms).unwrap();
    }
    let releases =
        [0, 1].map(|number| ReleaseColumns { name: number.to_string(), columns: names_of(number) });
    let found = composition(&joined.finish(), &releases, Some("occupation")).unwrap();
    println!(
        "{:?}, linked {} unique, known {}",
        found.single, found.linked_unique_rows, found.known_rows
    );
    assert!(found.single[0].min_class >= 5 && found.single[1].min_class >= 8);
    assert!(found.linked_min_class < 5 && found.linked_unique_rows > 0);
    let alone: u64 = found.single.iter().map(|one| one.known_rows).max().unwrap();
    assert!(found.known_rows >= alone);
    let seen: BTreeSet<u64> = found.candidates.keys().copied().collect();
    assert!(seen.iter().all(|candidates| *candidates >= 1));
}

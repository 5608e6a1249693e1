//! Released forms found for the rows of a table, and releases joined by them.

use std::collections::BTreeMap;

use deident::risk::{composition, in_released_forms, intersection, join_by_forms, released_forms};
use deident::{Spec, TupleTable};

const QUASI: [&str; 2] = ["性别", "年龄"];

fn table(columns: &[&str], rows: &[(&[&str], u64)]) -> TupleTable {
    let mut builder = TupleTable::builder(columns);
    for (cells, count) in rows {
        let cells: Vec<Option<&str>> = cells.iter().map(|cell| Some(*cell)).collect();
        builder.push_rows(&cells, *count).unwrap();
    }
    builder.finish()
}

fn hierarchies() -> BTreeMap<String, Spec> {
    let lines = |lines: &[&str]| {
        let cells = |line: &&str| line.split(';').map(str::to_owned).collect();
        Spec::Table(lines.iter().map(cells).collect())
    };
    BTreeMap::from([
        ("性别".to_owned(), lines(&["男;*", "女;*"])),
        ("年龄".to_owned(), lines(&["20;20-21;*", "21;20-21;*", "22;22-23;*", "23;22-23;*"])),
    ])
}

/// The ten rows of the handbook, with the disease.
fn ten() -> TupleTable {
    table(
        &["性别", "年龄", "病种"],
        &[
            (&["男", "20", "流感"], 2),
            (&["男", "20", "胃炎"], 1),
            (&["男", "21", "胃炎"], 1),
            (&["男", "23", "流感"], 1),
            (&["女", "20", "流感"], 1),
            (&["女", "20", "胃炎"], 1),
            (&["女", "22", "肺炎"], 2),
            (&["女", "23", "流感"], 1),
        ],
    )
}

#[test]
fn each_row_has_the_one_form_that_stands_for_it_and_suppressed_rows_have_none() {
    let release =
        table(&QUASI, &[(&["男", "20-21"], 4), (&["女", "20-21"], 2), (&["女", "22-23"], 3)]);
    let forms = released_forms(&ten(), &release, &QUASI, &hierarchies()).unwrap();
    assert_eq!((forms.absent_rows, forms.ambiguous_rows), (1, 0));
    let released = in_released_forms(&ten(), &forms, &QUASI, "病种").unwrap();
    let wanted = table(
        &["性别", "年龄", "病种"],
        &[
            (&["女", "22-23", "流感"], 1),
            (&["女", "22-23", "肺炎"], 2),
            (&["男", "20-21", "流感"], 2),
            (&["男", "20-21", "胃炎"], 2),
            (&["女", "20-21", "流感"], 1),
            (&["女", "20-21", "胃炎"], 1),
        ],
    );
    assert!(released.has_same_rows(&wanted));
    let other = table(&["性别", "年龄", "病种"], &[(&["女", "22-23", "流感"], 9)]);
    assert!(!released.has_same_rows(&other));
}

#[test]
fn a_row_that_several_forms_stand_for_has_none() {
    let release = table(&QUASI, &[(&["男", "20"], 3), (&["*", "20-21"], 4), (&["女", "*"], 3)]);
    let forms = released_forms(&ten(), &release, &QUASI, &hierarchies()).unwrap();
    // 男 20 (3 rows) and 女 20 (2 rows) have two forms each; 男 23 (1 row) has none.
    assert_eq!((forms.absent_rows, forms.ambiguous_rows), (1, 5));
}

#[test]
fn releases_that_are_safe_alone_give_away_together_what_neither_says() {
    let (hierarchies, ten) = (hierarchies(), ten());
    let by_age = table(&QUASI, &[(&["*", "20-21"], 6), (&["*", "22-23"], 4)]);
    let by_sex = table(&QUASI, &[(&["男", "*"], 5), (&["女", "*"], 5)]);
    let forms = [&by_age, &by_sex]
        .map(|release| released_forms(&ten, release, &QUASI, &hierarchies).unwrap());
    let named = [("年龄版", &forms[0]), ("性别版", &forms[1])];
    let (joined, columns) = join_by_forms(&ten, &named, &QUASI, Some("病种")).unwrap();
    let found = composition(&joined, &columns, Some("病种")).unwrap();
    let alone: Vec<u64> = found.single.iter().map(|single| single.unique_rows).collect();
    assert_eq!((found.rows, alone), (10, vec![0, 0]));
    // 男 22-23 is one row.
    assert_eq!((found.linked_min_class, found.linked_unique_rows), (1, 1));
}

#[test]
fn values_are_intersected_over_every_class_that_may_be_a_persons() {
    let columns = ["性别", "年龄", "病种"];
    let by_age = table(
        &columns,
        &[(&["*", "20-21", "流感"], 3), (&["*", "20-21", "胃炎"], 3), (&["*", "22-23", "肺炎"], 4)],
    );
    // Forms that overlap: 男 20 may be in either class of the men.
    let by_sex = table(
        &columns,
        &[
            (&["男", "20-21", "流感"], 2),
            (&["男", "*", "胃炎"], 3),
            (&["女", "*", "流感"], 3),
            (&["女", "*", "肺炎"], 2),
        ],
    );
    let people = table(
        &QUASI,
        &[(&["男", "20"], 4), (&["女", "21"], 2), (&["女", "22"], 3), (&["男", "23"], 1)],
    );
    let find = |releases: &[&TupleTable]| {
        intersection(&people, releases, &QUASI, "病种", &hierarchies()).unwrap()
    };
    let alone = find(&[&by_age]);
    // Of those of 22 and 23 the disease is known from one release already.
    assert_eq!((alone.known_rows, alone.known_by_one), (4, 4));
    let both = find(&[&by_age, &by_sex]);
    // 男 20: {流感, 胃炎} stays. 女 21: {流感, 胃炎} ∩ {流感, 肺炎}. 女 22: 肺炎. 男 23: none is left.
    assert_eq!(both.candidates, BTreeMap::from([(0, 1), (1, 5), (2, 4)]));
    assert_eq!((both.rows, both.known_rows, both.known_by_one), (10, 5, 4));
}

#[test]
fn a_value_that_the_hierarchy_lacks_is_named() {
    let odd = table(&QUASI, &[(&["男", "99"], 1)]);
    let error = released_forms(&odd, &odd, &QUASI, &hierarchies()).unwrap_err();
    let why = std::error::Error::source(&error).unwrap().to_string();
    assert!(error.to_string().contains("年龄") && why.contains("99"), "{error}: {why}");
}

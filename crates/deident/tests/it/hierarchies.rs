//! Hierarchies: what they build and what they refuse.

use arrow::datatypes::DataType;
use deident::hierarchy::{Meaning, Profile, Spec, read_table};
use deident::{Hierarchy, HierarchyError};
use proptest::prelude::*;

fn build(spec: &Spec, values: &[&str]) -> Hierarchy {
    spec.build(values.iter().map(|value| Some(*value))).unwrap()
}

fn forms<'a>(hierarchy: &'a Hierarchy, value: &str) -> Vec<&'a str> {
    (0..hierarchy.levels()).map(|level| hierarchy.generalize(Some(value), level).unwrap()).collect()
}

#[test]
fn ages_become_intervals_with_the_oldest_together() {
    let spec =
        Spec::Interval { widths: vec![5.0, 20.0], origin: 0.0, bottom: None, top: Some(90.0) };
    let ages = build(&spec, &["34", "88", "101"]);
    assert_eq!(forms(&ages, "34"), ["34", "30-34", "20-39", "*"]);
    assert_eq!(forms(&ages, "88"), ["88", "85-89", "80-89", "*"]);
    assert_eq!(forms(&ages, "101"), ["101", "≥90", "≥90", "*"]);
}

#[test]
fn fractions_and_negative_numbers_get_half_open_intervals() {
    let spec = Spec::intervals(&[0.5, 2.0]);
    let numbers = build(&spec, &["-0.25", "1.75"]);
    assert_eq!(forms(&numbers, "-0.25"), ["-0.25", "[-0.5, 0)", "[-2, 0)", "*"]);
    assert_eq!(forms(&numbers, "1.75"), ["1.75", "[1.5, 2)", "[0, 2)", "*"]);
}

#[test]
fn days_become_months_quarters_years_and_decades() {
    let days = build(&Spec::Date, &["1987-05-09"]);
    assert_eq!(
        forms(&days, "1987-05-09"),
        ["1987-05-09", "1987-05", "1987-Q2", "1987", "1980-1989", "*"]
    );
}

#[test]
fn divisions_become_city_and_province() {
    let six = build(&Spec::Division, &["140105", "140200"]);
    assert_eq!(forms(&six, "140105"), ["140105", "140100", "140000", "*"]);
    let twelve = build(&Spec::Division, &["140105001002"]);
    assert_eq!(
        forms(&twelve, "140105001002"),
        ["140105001002", "140105001000", "140105", "140100", "140000", "*"]
    );
}

#[test]
fn a_value_that_cannot_be_read_shows_nothing_when_generalized() {
    let hierarchy = Spec::intervals(&[10.0]).build([Some("12"), Some("unknown"), None]).unwrap();
    assert_eq!(forms(&hierarchy, "unknown"), ["unknown", "*", "*"]);
    assert_eq!(hierarchy.generalize(None, 1), Some("*"));
}

#[test]
fn a_missing_leaf_is_named() {
    let spec = Spec::Table(read_table("a;x;*\nb;x;*").unwrap());
    let error = spec.build([Some("a"), Some("c")]).unwrap_err();
    assert_eq!(error, HierarchyError::MissingLeaf { value: "c".to_owned() });
    assert!(error.to_string().contains("`c`"));
}

#[test]
fn a_value_has_one_parent() {
    let spec = Spec::Table(read_table("a;x;p;*\nb;x;q;*").unwrap());
    let error = spec.build([Some("a")]).unwrap_err();
    assert!(matches!(error, HierarchyError::TwoParents { level: 1, .. }), "{error}");
}

#[test]
fn unequal_depth_names_the_line() {
    let spec = Spec::Table(read_table("a;x;*\nb;*").unwrap());
    let error = spec.build([Some("a")]).unwrap_err();
    assert_eq!(error, HierarchyError::Depth { line: 2, found: 2, expected: 3 });
}

#[test]
fn a_circle_names_its_line_and_form() {
    let spec = Spec::Table(read_table("a;x;*\nb;y;b;*").unwrap());
    let error = spec.build([Some("a")]).unwrap_err();
    assert_eq!(error, HierarchyError::Circle { line: 2, form: "b".to_owned() });
    // A form that stays the same over levels is no circle.
    assert!(Spec::Table(read_table("a;a;a;*").unwrap()).build([Some("a")]).is_ok());
}

#[test]
fn a_value_in_another_unicode_form_is_told_apart_from_a_missing_one() {
    let spec = Spec::Table(read_table("caf\u{e9};drink;*").unwrap());
    let error = spec.build([Some("cafe\u{301}")]).unwrap_err();
    assert!(matches!(error, HierarchyError::OtherForm { .. }), "{error}");
    // Full-width digits too: they look alike and are others.
    let digits = Spec::Table(read_table("12;1*;*").unwrap());
    let error = digits.build([Some("\u{ff11}\u{ff12}")]).unwrap_err();
    assert!(matches!(error, HierarchyError::OtherForm { .. }), "{error}");
}

#[test]
fn nan_is_no_number_to_an_interval() {
    let hierarchy = Spec::intervals(&[10.0]).build([Some("NaN"), Some("inf"), Some("5")]).unwrap();
    assert_eq!(forms(&hierarchy, "NaN"), ["NaN", "*", "*"]);
    assert_eq!(forms(&hierarchy, "inf"), ["inf", "*", "*"]);
}

#[test]
fn widths_that_do_not_nest_are_refused() {
    for widths in [[5.0, 12.0], [0.0, 1.0], [f64::NAN, 1.0], [10.0, 5.0]] {
        assert!(Spec::intervals(&widths).build([Some("1")]).is_err(), "{widths:?}");
    }
    assert!(Spec::Prefix { steps: vec![2, 4] }.build([Some("1")]).is_err());
}

#[test]
fn a_table_that_does_not_end_in_any_gets_that_level() {
    let hierarchy = build(&Spec::Table(read_table("a;x\nb;y").unwrap()), &["a", "b"]);
    assert_eq!(forms(&hierarchy, "a"), ["a", "x", "*"]);
    assert_eq!(hierarchy.to_table(), [["a", "x", "*"], ["b", "y", "*"]]);
}

#[test]
fn a_duplicate_leaf_keeps_its_last_line_and_both_count() {
    let hierarchy = build(&Spec::Table(read_table("a;x;*\nb;x;*\na;y;*").unwrap()), &["a"]);
    assert_eq!(forms(&hierarchy, "a"), ["a", "y", "*"]);
    assert!((hierarchy.leaves() - 3.0).abs() < f64::EPSILON);
}

#[test]
fn proposals_follow_name_type_and_values() {
    let text = |values: &[&str]| Profile::of(values.iter().map(|value| Some(*value)));
    let propose = |name: &str, data_type: DataType, profile: &Profile| {
        Spec::propose(name, None, &data_type, profile)
    };
    let ages: Vec<String> = (0..100).map(|age| age.to_string()).collect();
    let ages = Profile::of(ages.iter().map(|age| Some(age.as_str())));
    assert!(matches!(propose("年龄", DataType::Int64, &ages), Spec::Interval { top: Some(_), .. }));
    assert_eq!(propose("出生日期", DataType::Utf8, &text(&["1987-05-09"])), Spec::Date);
    assert_eq!(propose("区划代码", DataType::Utf8, &text(&["140105"])), Spec::Division);
    assert_eq!(propose("性别", DataType::Utf8, &text(&["男", "女"])), Spec::Flat);
    assert_eq!(
        Spec::propose("x", Some(Meaning::PostalCode), &DataType::Utf8, &text(&["030000"])),
        Spec::Prefix { steps: vec![4, 3, 2] }
    );
    // Nothing at all is known, and still there is a usable answer.
    assert!(propose("", DataType::Null, &Profile::default()).build([None]).is_ok());
}

fn specs() -> impl Strategy<Value = Spec> {
    prop_oneof![
        Just(Spec::Date),
        Just(Spec::Division),
        Just(Spec::Flat),
        Just(Spec::Prefix { steps: vec![5, 3, 1] }),
        (1_u32..50, 1_u32..9, -30_i32..30, proptest::option::of(0_i32..80)).prop_map(
            |(width, times, origin, top)| Spec::Interval {
                widths: vec![f64::from(width) / 4.0, f64::from(width * times) / 4.0],
                origin: f64::from(origin),
                bottom: Some(-5.0),
                top: top.map(f64::from),
            }
        ),
    ]
}

proptest! {
    /// Monotone: equal at one level is equal at every coarser level.
    #[test]
    fn the_last_level_says_nothing_and_levels_only_get_coarser(
        spec in specs(),
        values in proptest::collection::vec(
            proptest::option::of("[0-9]{1,12}|-?[0-9]{1,3}\\.[0-9]|(19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]|.{0,6}"),
            1..40,
        ),
    ) {
        let values: Vec<Option<&str>> = values.iter().map(Option::as_deref).collect();
        let hierarchy = spec.build(values.iter().copied()).unwrap();
        for value in &values {
            prop_assert_eq!(hierarchy.generalize(*value, hierarchy.top()), Some("*"));
        }
        for level in 1..hierarchy.levels() {
            for left in &values {
                for right in &values {
                    let same = |level| {
                        hierarchy.generalize(*left, level) == hierarchy.generalize(*right, level)
                    };
                    // At level 0 a null and an empty text look alike as text.
                    if level > 1 && same(level - 1) || left == right {
                        prop_assert!(same(level));
                    }
                }
            }
        }
    }

    #[test]
    fn no_hierarchy_file_makes_it_panic(text in "(.|;|\\n|\"){0,80}") {
        if let Ok(table) = read_table(&text) {
            let _ = Spec::Table(table).build([Some("a"), None]);
        }
    }
}

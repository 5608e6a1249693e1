//! Tests of values and of the choice of kinds.

use proptest::prelude::*;

use super::classify::{Class, Notation, classify, trim};
use super::evidence::{Evidence, Typing, decide};
use super::names::name_columns;
use super::{dates, numbers};
use crate::summary::Kind;

const COMMA: Notation = Notation::CommaGroups;

fn kind_of(name: &str, values: &[&str]) -> Typing {
    let mut evidence = Evidence::default();
    for value in values {
        evidence.add(classify(value.as_bytes(), COMMA), false, 1);
    }
    let names = name_columns([name.to_owned()]);
    decide(&evidence, &names[0], 0.005)
}

#[test]
fn values_are_classified_as_people_mean_them() {
    let cases: &[(&str, Class)] = &[
        ("", Class::Empty),
        (" \u{3000}", Class::Empty),
        ("NA", Class::Mark),
        ("—", Class::Mark),
        ("……", Class::Mark),
        ("#DIV/0!", Class::Mark),
        ("-", Class::Mark),
        ("true", Class::Boolean),
        ("FALSE", Class::Boolean),
        ("是", Class::Text),
        ("0", Class::Int),
        ("-17", Class::Int),
        ("+5", Class::Int),
        ("1,234,567", Class::Int),
        ("１２３", Class::Int),
        ("007", Class::Code),
        ("110101199001011234", Class::Code),
        ("+8613800000000", Class::Code),
        ("13800138000", Class::Phone),
        ("20200111", Class::CompactDate),
        ("20201301", Class::Int),
        ("1.5", Class::Float),
        (".5", Class::Float),
        ("1e-3", Class::Float),
        ("1,234.5", Class::Float),
        ("1e400", Class::Text),
        ("1,23", Class::Text),
        ("12%", Class::Text),
        ("2020年1月11日", Class::Date),
        ("2020/1/11", Class::Date),
        ("2020.01.11", Class::Date),
        ("2020-01-11", Class::Date),
        ("2020-02-30", Class::Text),
        ("2020年", Class::Text),
        ("2020-01-11 08:00:00", Class::Timestamp),
        ("2020-01-11T08:00:00.123", Class::Timestamp),
        ("2020年1月11日8时30分", Class::Timestamp),
        ("2020/1/11 8:00", Class::Timestamp),
        ("2020-01-11T08:00:00Z", Class::Text),
        ("2020-01-11T08:00:00+08:00", Class::Text),
        ("2020-01-11 24:00:00", Class::Text),
        ("湖北", Class::Text),
        ("1-2-3", Class::Text),
    ];
    for (text, class) in cases {
        assert_eq!(classify(text.as_bytes(), COMMA), *class, "{text}");
    }
}

#[test]
fn a_comma_groups_nothing_where_semicolons_delimit() {
    assert_eq!(classify(b"1,234", Notation::CommaUnclear), Class::Text);
}

#[test]
fn numbers_have_the_value_that_they_show() {
    assert_eq!(numbers::int(b"-1,234", COMMA), Some(-1234));
    assert_eq!(numbers::int("－１２".as_bytes(), COMMA), Some(-12));
    assert_eq!(numbers::int(b"999999999999999", COMMA), Some(999_999_999_999_999));
    assert_eq!(numbers::int(b"9999999999999999", COMMA), None);
    assert_eq!(numbers::float(b"0.1", COMMA), Some(0.1));
    assert_eq!(numbers::float(b"-33203.72", COMMA), Some(-33203.72));
    assert_eq!(numbers::float(b"1,234.5e2", COMMA), Some(123_450.0));
    assert_eq!(numbers::float(b"5.", COMMA), Some(5.0));
    assert_eq!(numbers::float(b".", COMMA), None);
    assert_eq!(numbers::float(b"05.5", COMMA), None);
}

#[test]
fn dates_have_the_day_that_they_show() {
    assert_eq!(dates::date(b"1970-01-01", false), Some(0));
    assert_eq!(dates::date("2020年1月11日".as_bytes(), false), Some(18_272));
    assert_eq!(dates::date(b"2020/1/11", false), Some(18_272));
    assert_eq!(dates::date(b"20200111", true), Some(18_272));
    assert_eq!(dates::date(b"20200111", false), None);
    assert_eq!(dates::date(b"2000-02-29", false), Some(11_016));
    assert_eq!(dates::date(b"1900-02-29", false), None);
    let hour = 3_600_000_000;
    assert_eq!(dates::timestamp(b"1970-01-01 01:00:00", false), Some(hour),);
    assert_eq!(dates::timestamp(b"1970-01-01T01:00:00.000001", false), Some(hour + 1));
    assert_eq!(dates::timestamp(b"1970-01-01T01:00:00.0000001", false), None);
}

#[test]
fn one_leading_zero_makes_a_column_of_codes_text() {
    let mut values = vec!["140100"; 1000];
    values.push("014000");
    assert_eq!(kind_of("x", &values).kind, Kind::Text);
}

#[test]
fn one_decimal_makes_a_column_of_integers_decimal() {
    let mut values = vec!["7"; 1000];
    values.push("7.5");
    assert_eq!(kind_of("x", &values).kind, Kind::Float64);
}

#[test]
fn few_misfits_do_not_change_the_kind_and_many_do() {
    let mut values = vec!["7"; 995];
    values.extend(["x"; 5]);
    assert_eq!(kind_of("n", &values).kind, Kind::Int64);
    values.push("x");
    assert_eq!(kind_of("n", &values).kind, Kind::Text);
}

#[test]
fn phone_numbers_and_named_identifiers_stay_text() {
    assert_eq!(kind_of("x", &["13800138000", "13900139000"]).kind, Kind::Text);
    assert_eq!(kind_of("联系电话", &["5551234", "5551235"]).kind, Kind::Text);
    assert_eq!(kind_of("数量", &["5551234", "5551235"]).kind, Kind::Int64);
}

#[test]
fn eight_digits_are_dates_by_name_or_when_all_are_plausible() {
    let date = Typing { kind: Kind::Date, compact_dates: true };
    assert_eq!(kind_of("登记日期", &["20200111", "20191231"]), date);
    assert_eq!(kind_of("x", &["20200111", "20191231"]).kind, Kind::Int64);
    assert_eq!(kind_of("x", &["20200111"; 20]), date);
    let mut values = vec!["20200111"; 20];
    values.push("12345678");
    assert_eq!(kind_of("x", &values).kind, Kind::Int64);
}

#[test]
fn dates_and_times_in_one_column_are_times() {
    let values = ["2020-01-11", "2020-01-11 08:00:00"];
    assert_eq!(kind_of("x", &values).kind, Kind::Timestamp);
}

#[test]
fn a_column_without_values_is_text() {
    assert_eq!(kind_of("x", &["", "NA", ""]), Typing::TEXT);
}

#[test]
fn names_are_trimmed_filled_and_made_unique() {
    let names = name_columns([" 姓名 ", "", "姓名", "a\u{300}"].map(str::to_owned));
    let found: Vec<&str> = names.iter().map(|name| name.name.as_str()).collect();
    assert_eq!(found, ["姓名", "列2", "姓名_2", "à"]);
    assert_eq!(names[2].notes.len(), 1);
    assert_eq!(names[0].source, " 姓名 ");
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[-+]?[0-9]{1,20}",
        "[-+]?[0-9]{0,8}[.][0-9]{0,8}(e-?[0-9]{1,3})?",
        "[-+]?[0-9]{1,3}(,[0-9]{1,4}){0,3}([.][0-9]{1,3})?",
        "[0-9]{4}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}日?( ?[0-9]{1,2}[:时][0-9]{1,2}(:[0-9]{2})?分?)?",
        "(19|20)[0-9]{6}",
        "(true|FALSE|NA|-|—| ?[0-9] ?)",
        "[０-９．－]{1,6}",
        ".{0,12}",
    ]
}

proptest! {
    #[test]
    fn a_value_that_is_classified_as_a_kind_parses_as_that_kind(text in value()) {
        let trimmed = trim(text.as_bytes());
        let class = classify(text.as_bytes(), COMMA);
        let int = numbers::int(trimmed, COMMA).is_some();
        let float = numbers::float(trimmed, COMMA).is_some();
        let integer = matches!(class, Class::Int | Class::CompactDate | Class::Phone);
        prop_assert_eq!(int, integer, "{:?} {:?}", text, class);
        prop_assert_eq!(float, integer || class == Class::Float, "{:?} {:?}", text, class);
        if !integer && class != Class::Float && class != Class::Code && class != Class::Mark {
            let date = dates::date(trimmed, false).is_some();
            prop_assert_eq!(date, class == Class::Date, "{:?} {:?}", text, class);
            let time = dates::timestamp(trimmed, false).is_some();
            prop_assert_eq!(time, matches!(class, Class::Date | Class::Timestamp));
        }
        prop_assert_eq!(dates::compact_date(trimmed).is_some(), class == Class::CompactDate);
    }

    #[test]
    fn the_fast_parsers_agree_with_the_standard_library(value in any::<i64>(), scale in 0_u32..8) {
        let whole = value % 1_000_000_000;
        let text = format!("{whole}.{:0width$}", value.unsigned_abs() % 10_u64.pow(scale.max(1)), width = scale.max(1) as usize);
        let expected: f64 = text.parse().unwrap();
        prop_assert_eq!(numbers::float(text.as_bytes(), COMMA), Some(expected));
    }

    #[test]
    fn days_and_civil_dates_are_inverse(day in -700_000_i32..2_900_000) {
        let mut text = String::new();
        let (year, month, date) = crate::write::civil_for_tests(i64::from(day));
        text.push_str(&format!("{year:04}-{month:02}-{date:02}"));
        prop_assert_eq!(dates::iso_date(text.as_bytes()), Some(day));
    }
}

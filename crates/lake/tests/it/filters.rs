//! The language of `where`, `order` and `select`.

use lake::{Filter, Order, RowQuery, TablePath};
use proptest::prelude::*;

#[test]
fn a_filter_is_written_out_in_one_way() {
    for (given, canonical) in [
        ("a=1", r#""a" = 1"#),
        ("A <> 'it''s'", r#""A" != 'it''s'"#),
        ("((a=1 and b=2) and c=3)", r#""a" = 1 and "b" = 2 and "c" = 3"#),
        ("a=1 or b=2 and not c=3", r#""a" = 1 or "b" = 2 and not "c" = 3"#),
        ("(a=1 or b=2) and c=3", r#"("a" = 1 or "b" = 2) and "c" = 3"#),
        ("not (a=1 or b=2)", r#"not ("a" = 1 or "b" = 2)"#),
        ("a not in (1,+2,-3.5)", r#"not "a" in (1, 2, -3.5)"#),
        ("\"PM2.5 \"\"浓度\"\"\" IS NOT NULL", r#"not "PM2.5 ""浓度""" is null"#),
        ("a BETWEEN 1 AND 2 AND b=TRUE", r#""a" between 1 and 2 and "b" = true"#),
        ("年龄 contains '岁'", r#""年龄" contains '岁'"#),
    ] {
        assert_eq!(Filter::parse(given).unwrap().to_string(), canonical);
    }
}

#[test]
fn a_mistake_is_shown_at_its_character() {
    for (text, position) in [
        ("", 1),
        ("年龄", 3),
        ("年龄 >", 5),
        ("年龄 > 'a", 6),
        ("年龄 = 18 性别 = '女'", 9),
        ("(年龄 = 18", 9),
        ("年龄 = null", 6),
        ("年龄 = 身高", 6),
        ("in = 1", 1),
        ("a = 12岁", 5),
        ("a; drop table b", 2),
        ("a = 1e999", 5),
        ("a like 5", 8),
        ("a in 1", 6),
        ("a in ()", 7),
        ("a is 3", 6),
        ("a between 1 or 2", 13),
        ("\"\" = 1", 1),
    ] {
        let error = Filter::parse(text).unwrap_err();
        assert_eq!(error.position, position, "{text}: {error}");
        assert!(!error.message.zh.is_empty() && !error.message.en.is_empty());
    }
}

#[test]
fn a_filter_that_is_too_deep_or_long_is_refused() {
    let deep = format!("{}a=1{}", "(".repeat(33), ")".repeat(33));
    assert!(Filter::parse(&deep).unwrap_err().message.en.contains("too deep"));
    assert!(Filter::parse(&format!("{}a=1", "not ".repeat(100_000))).is_err());
    let fine = format!("{}a=1{}", "(".repeat(32), ")".repeat(32));
    assert!(Filter::parse(&fine).is_ok());
    let list = format!("a in ({})", vec!["1"; 1_001].join(","));
    assert!(Filter::parse(&list).unwrap_err().message.en.contains("too long"));
    assert!(Filter::parse(&format!("a = '{}'", "x".repeat(9_000))).is_err());
}

#[test]
fn an_order_and_a_selection_are_lists_of_columns() {
    let order = Order::parse_list("年龄 DESC, \"住 址\" asc,c").unwrap();
    let read: Vec<(&str, bool)> =
        order.iter().map(|order| (order.column.as_str(), order.descending)).collect();
    assert_eq!(read, [("年龄", true), ("住 址", false), ("c", false)]);
    assert!(Order::parse_list("a desc asc").is_err());
    assert!(Order::parse_list("a,").is_err());
    assert_eq!(RowQuery::parse_select("姓名, 年龄").unwrap(), ["姓名", "年龄"]);
    assert!(RowQuery::parse_select("姓名 年龄").is_err());
}

#[test]
fn a_table_path_is_safe_as_a_folder() {
    for good in ["a", "a/b", "0192f0c1-7a7a/air-quality", "a/b/c/d"] {
        assert_eq!(good.parse::<TablePath>().unwrap().to_string(), good);
    }
    let long = "a".repeat(65);
    for bad in [
        "",
        "/",
        "a/",
        "/a",
        "a//b",
        "..",
        "a/..",
        "A",
        "数据",
        "a b",
        "a/b/c/d/e",
        "_delta",
        &long,
    ] {
        assert!(bad.parse::<TablePath>().is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,60}") {
        let _ = Filter::parse(&text);
        let _ = Order::parse_list(&text);
    }

    #[test]
    fn words_of_the_language_in_any_order_do_not_panic(
        words in prop::collection::vec(
            prop::sample::select(vec!["a", "\"b\"", "'c'", "1", "-2.5e3", "=", "<>", "(", ")", ",",
                "and", "or", "not", "in", "is", "null", "like", "between", "contains", "true"]),
            0..20),
    ) {
        let text = words.join(" ");
        if let Ok(filter) = Filter::parse(&text) {
            let again = Filter::parse(&filter.to_string()).unwrap();
            prop_assert_eq!(again.to_string(), filter.to_string());
            prop_assert_eq!(again, filter);
        }
    }
}

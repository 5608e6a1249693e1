//! Rules of the user, and finds cell by cell.

use detect::{CellSpan, Detector, Kind, Role, Rule, RuleError, RuleFile, Rules, SpanLog, What};

use crate::shared::{Numbers, table};

const EMPLOYEES: &str = r#"
[[rule]]
name = "employee_id"
pattern = 'GH\d{8}'
validator = "luhn"
headers = ["工号", "employee"]
role = "direct"
level = "general_3"
matches = ["GH12345674"]
rejects = ["GH12345675", "XGH12345674", "GH123456740"]
"#;

fn employees() -> Vec<Rule> {
    toml::from_str::<RuleFile>(EMPLOYEES).unwrap().rules
}

#[test]
fn a_rule_decides_its_column_and_is_found_in_text() {
    let rules = Rules::new(employees()).unwrap();
    let batch = table(&[
        ("工号", vec!["GH12345674".to_owned(), "GH00000000".to_owned(), "GH12345675".to_owned()]),
        ("备注", vec!["由工号GH12345674办理".to_owned(), String::new(), "无".to_owned()]),
    ]);
    let mut detector = Detector::with_rules(&batch.schema(), rules);
    let mut log = SpanLog::new();
    detector.update_with(&batch, &mut log);
    let found = detector.finish();
    assert_eq!(found[0].rule.as_deref(), Some("employee_id"));
    assert_eq!((found[0].kind, found[0].role), (None, Role::Direct));
    assert_eq!((found[1].role, found[1].hidden_hits), (Role::Direct, 1), "{:?}", found[1]);
    assert!(found[1].reason.zh.contains("第1行"), "{}", found[1].reason.zh);
    let rule = What::Rule(0);
    assert_eq!(
        log.settle(&found),
        [
            CellSpan { row: 0, column: 0, start: 0, end: 10, what: rule },
            CellSpan { row: 0, column: 1, start: 3, end: 13, what: rule },
            CellSpan { row: 1, column: 0, start: 0, end: 10, what: rule },
        ]
    );
}

#[test]
fn a_rule_that_fails_its_own_examples_is_refused() {
    let change = |change: fn(&mut Rule)| {
        let mut rules = employees();
        change(&mut rules[0]);
        Rules::new(rules).unwrap_err()
    };
    let missed = change(|rule| rule.matches.push("GH1".to_owned()));
    assert!(matches!(missed, RuleError::Misses { text, .. } if text == "GH1"));
    let found = change(|rule| rule.rejects.push("工号GH12345674".to_owned()));
    assert!(matches!(found, RuleError::Finds { .. }));
    assert!(matches!(change(|rule| rule.matches.clear()), RuleError::NoExample { .. }));
    assert!(matches!(change(|rule| "(".clone_into(&mut rule.pattern)), RuleError::Pattern { .. }));
    assert!(matches!(change(|rule| "mobile".clone_into(&mut rule.name)), RuleError::Name { .. }));
    assert!(toml::from_str::<RuleFile>("[[rule]]\nname = 'x'\ncolour = 1").is_err());
}

#[test]
fn finds_are_given_by_row_and_column_in_code_points() {
    let batch = table(&[
        ("备注", vec!["　联系电话：13812345678".to_owned(), "无".to_owned()]),
        ("手机", vec!["13912345678".to_owned(), " 13712345678 ".to_owned()]),
    ]);
    let mut detector = Detector::new(&batch.schema());
    let mut log = SpanLog::new();
    detector.update_with(&batch, &mut log);
    // The same rows again are rows 2 and 3.
    detector.update_with(&batch, &mut log);
    let spans = log.settle(&detector.finish());
    let what = What::Kind(Kind::Mobile);
    let expected = |row, column, start, end| CellSpan { row, column, start, end, what };
    assert_eq!(
        spans,
        [
            expected(0, 0, 6, 17),
            expected(0, 1, 0, 11),
            expected(1, 1, 1, 12),
            expected(2, 0, 6, 17),
            expected(2, 1, 0, 11),
            expected(3, 1, 1, 12),
        ]
    );
}

#[test]
fn a_cell_that_passes_by_chance_is_no_find_in_a_column_of_numbers() {
    let mut numbers = Numbers(61);
    let batch = table(&[("单据", (0..4000).map(|_| numbers.digits(18)).collect())]);
    let mut detector = Detector::new(&batch.schema());
    let mut log = SpanLog::new();
    detector.update_with(&batch, &mut log);
    assert_eq!(log.settle(&detector.finish()), []);
}

//! Refusals and reasons for the negative list.

use std::collections::BTreeSet;

use law::{gate, refusal, refusals, source};
use vocabulary::RefusalCode;

#[test]
fn every_refusal_cites_a_basis_and_a_remedy() {
    let mut codes = BTreeSet::new();
    for row in refusals() {
        assert!(codes.insert(row.code), "{} stands twice", row.code);
        assert!(!row.basis.is_empty(), "{}", row.code);
        assert!(source(&row.source).is_some(), "{}", row.code);
        for text in [&row.when, &row.remedy, &row.ground] {
            assert!(!text.zh.is_empty() && !text.en.is_empty(), "{}", row.code);
            assert!(text.en.is_ascii(), "{}: {}", row.code, text.en);
        }
        assert_eq!(refusal(&row.code).unwrap().code, row.code);
    }
    assert!(refusal(&"R-XX-99".parse().unwrap()).is_none());
}

#[test]
fn the_refusals_are_those_of_the_master_table() {
    let codes: Vec<String> = refusals().iter().map(|row| row.code.to_string()).collect();
    let mut expected = Vec::new();
    let areas =
        [("SH", 11), ("OP", 6), ("RG", 2), ("AO", 4), ("TR", 5), ("ED", 2), ("CR", 2), ("PF", 2)];
    for (area, count) in areas {
        expected.extend((1..=count).map(|number| format!("R-{area}-{number:02}")));
    }
    expected.extend(["R-VP-01".to_owned(), "R-SEC-01".to_owned()]);
    assert_eq!(codes, expected);
}

#[test]
fn a_ground_that_binds_only_elsewhere_is_a_default() {
    for row in refusals() {
        let binds_here = row.basis.iter().any(|basis| {
            let jurisdiction = basis.instrument().jurisdiction;
            jurisdiction.contains(&"140000".parse().unwrap())
        });
        assert!(binds_here || row.configurable_default, "{}", row.code);
    }
    let fee: RefusalCode = "R-OP-04".parse().unwrap();
    assert!(refusal(&fee).unwrap().configurable_default);
}

#[test]
fn every_reason_for_the_negative_list_rests_on_an_article() {
    for reason in gate::negative_reasons() {
        assert!(reason.basis.iter().all(|basis| basis.article().is_some()), "{}", reason.id);
        assert!(!(reason.optional && reason.overridable), "{}", reason.id);
    }
    assert!(gate::negative_reason("business_secret").unwrap().overridable);
    assert!(gate::negative_reason("internal_affairs").unwrap().optional);
    assert!(!gate::negative_reason("state_secret").unwrap().optional);
    assert_eq!(gate::negative_reasons().len(), 8);
}

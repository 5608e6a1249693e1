//! The clocks of what the public asks.

use jiff::civil::date;
use law::requests::{RequestKind, commitment, contact};
use law::{Confidence, DeadlineKind, Unit, deadline};

#[test]
fn every_kind_of_request_has_two_clocks_that_run_in_shanxi() {
    let day = date(2026, 3, 2);
    let shanxi = "140000".parse().unwrap();
    for kind in RequestKind::ALL {
        let rule = kind.rule().unwrap();
        assert!(!rule.basis.is_empty() && !rule.name.en.is_empty(), "{kind}");
        assert_eq!(kind.code().parse::<RequestKind>().unwrap(), kind);
        for id in [rule.notice, rule.answer] {
            let row = deadline(id, shanxi, day).unwrap();
            assert_eq!((row.kind, row.unit), (DeadlineKind::Limit, Unit::WorkingDays), "{id}");
        }
        let days = |id| deadline(id, shanxi, day).unwrap().n;
        assert!(days(rule.notice) < days(rule.answer), "{kind}: a notice comes before the answer");
    }
    assert!("petition".parse::<RequestKind>().is_err());
}

#[test]
fn what_no_instrument_says_of_requests_is_a_configurable_default() {
    let firm = |confidence| matches!(confidence, Confidence::Verified | Confidence::Tested);
    for kind in RequestKind::ALL {
        let rule = kind.rule().unwrap();
        assert!(law::source(&rule.source).is_some(), "{kind}");
        assert!(firm(rule.confidence) || rule.configurable_default, "{kind}");
    }
    assert!(commitment().configurable_default && contact().configurable_default);
    assert!(law::source(&commitment().source).is_some());
    assert!(commitment().text.zh.lines().count() == commitment().text.en.lines().count());
}

//! Code lists and the thresholds of the gate.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::str::FromStr;

use law::{
    Audience, OpeningAttribute, OpeningRule, SharingAttribute, SharingModel, SharingRule,
    TradingRule, UpdateCycle, entry, gate, list, lists, retentions, source,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use vocabulary::DataLevel;

#[test]
fn every_list_has_a_source_and_no_code_twice() {
    let mut ids = BTreeSet::new();
    for list in lists() {
        assert!(ids.insert(&list.id), "{} stands twice", list.id);
        assert!(source(&list.source).is_some(), "{}", list.id);
        let codes: BTreeSet<&str> = list.entries.iter().map(|entry| entry.code.as_str()).collect();
        assert_eq!(codes.len(), list.entries.len(), "{}", list.id);
        for entry in &list.entries {
            assert!(!entry.zh.is_empty() && entry.en.is_ascii(), "{} {}", list.id, entry.code);
        }
    }
    assert!(list("no such list").is_empty());
    assert_eq!(entry("theme", "health").unwrap().label().zh, "健康保障");
}

fn check<T>(list_id: &str, all: &[T], code: impl Fn(T) -> &'static str)
where
    T: Copy + PartialEq + Debug + FromStr + Serialize + DeserializeOwned,
    <T as FromStr>::Err: Debug,
{
    let in_code: Vec<&str> = all.iter().map(|value| code(*value)).collect();
    let in_list: Vec<&str> = list(list_id).iter().map(|entry| entry.code.as_str()).collect();
    assert_eq!(in_code, in_list, "{list_id}");
    for value in all {
        assert_eq!(code(*value).parse::<T>().unwrap(), *value);
        let json = serde_json::to_string(value).unwrap();
        assert_eq!(json, format!("\"{}\"", code(*value)));
        assert_eq!(serde_json::from_str::<T>(&json).unwrap(), *value);
    }
}

#[test]
fn an_enum_and_its_list_hold_the_same_codes() {
    check("sharing_attribute", SharingAttribute::ALL, SharingAttribute::code);
    check("opening_attribute", OpeningAttribute::ALL, OpeningAttribute::code);
    check("sharing_model", SharingModel::ALL, SharingModel::code);
    check("update_cycle", UpdateCycle::ALL, UpdateCycle::code);
    check("audience", Audience::ALL, Audience::code);
    check("opening_rule", OpeningRule::ALL, OpeningRule::code);
    check("sharing_rule", SharingRule::ALL, SharingRule::code);
    check("trading_rule", TradingRule::ALL, TradingRule::code);
    assert_eq!(Audience::Trade.label().zh, "交易");
    let error = "public".parse::<Audience>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "`public` is no audience; use one of open, conditional, share, trade"
    );
}

#[test]
fn the_strictest_attribute_of_several_items_is_the_greatest() {
    let items = [SharingAttribute::Conditional, SharingAttribute::Unconditional];
    assert_eq!(items.into_iter().max(), Some(SharingAttribute::Conditional));
    assert!(OpeningAttribute::Withheld > OpeningAttribute::Conditional);
}

#[test]
fn an_item_the_source_does_not_have_is_marked() {
    let irregular = entry("update_cycle", "irregular").unwrap();
    assert!(irregular.configurable_default);
    assert!(list("update_cycle").iter().filter(|entry| entry.configurable_default).count() == 1);
}

#[test]
fn the_thresholds_are_those_of_the_standard() {
    for (model, tau, smallest) in [
        (SharingModel::Public, "1/20", 20),
        (SharingModel::Controlled, "1/5", 5),
        (SharingModel::Enclave, "1/3", 3),
    ] {
        assert_eq!(gate::model(model).tau.to_string(), tau);
        assert_eq!(gate::model(model).smallest_class(), smallest);
    }
    assert_eq!(gate::risk().acceptable_risk.as_f64(), 0.05);
    // The edge case: classes of exactly 20 rows in public release are not below 0.05.
    assert!(
        gate::model(SharingModel::Public).tau.as_f64() >= gate::risk().acceptable_risk.as_f64()
    );
}

#[test]
fn a_higher_level_never_allows_more() {
    for pair in DataLevel::ALL.windows(2) {
        let [lower, higher] = [gate::level_rule(pair[0]), gate::level_rule(pair[1])];
        assert!(higher.opening <= lower.opening, "{}", pair[1]);
        assert!(higher.sharing <= lower.sharing, "{}", pair[1]);
        assert!(higher.trading <= lower.trading, "{}", pair[1]);
    }
    assert!(!gate::level_rule(DataLevel::Core).admitted);
    assert!(gate::level_rule(DataLevel::Important).admitted);
}

#[test]
fn every_retention_names_its_provision() {
    for retention in retentions() {
        assert!(retention.basis.iter().all(|basis| basis.article().is_some()), "{}", retention.id);
        assert!(source(&retention.source).is_some(), "{}", retention.id);
        assert!(retention.may_delete_on(jiff::civil::date(2026, 1, 31)).is_ok());
    }
}

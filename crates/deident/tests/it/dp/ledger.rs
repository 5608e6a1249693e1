//! The ledger: what it refuses, adds up and gives back.

use deident::dp::{
    Collector, Cost, Delta, DpError, Epsilon, Ledger, LedgerError, Part, Rho, State, Statistic,
};
use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::{KEY, delta, each_row, epsilon, laplace, pure, rho};

#[test]
fn the_ledger_refuses_and_says_what_remains() {
    let mut ledger = Ledger::new("人口 residents", pure("1"));
    for _ in 0..9 {
        let _permit = ledger.reserve("count", pure("0.1"), "2024-05-01T08:00:00Z", None).unwrap();
    }
    let before = ledger.clone();
    let refused = ledger.reserve("sum", pure("0.2"), "2024-05-01T09:00:00Z", None).unwrap_err();
    assert_eq!(ledger, before);
    let LedgerError::Exceeded { asked, remaining, .. } = &refused else { panic!("{refused}") };
    assert_eq!((*asked, *remaining), (pure("0.2"), pure("0.1")));
    assert!(refused.to_string().contains("asks for ε = 0.2"), "{refused}");
    assert!(refused.to_string().contains("remains ε = 0.1"), "{refused}");
    let _permit = ledger.reserve("count", pure("0.1"), "2024-05-01T10:00:00Z", None).unwrap();
    assert_eq!(ledger.remaining(), pure("0"));
    assert_eq!(ledger.spent(), pure("1"));
    let json = serde_json::to_string(&ledger).unwrap();
    assert_eq!(serde_json::from_str::<Ledger>(&json).unwrap(), ledger);
}

#[test]
fn a_budget_pays_only_for_kinds_that_it_can_express() {
    let gauss = Cost::Concentrated { rho: rho("0.001"), delta: Delta::ZERO };
    let both = Cost::Approximate { epsilon: epsilon("0.1"), delta: delta("0.000001") };
    let mut ledger = Ledger::new("d", pure("10"));
    for cost in [gauss, both] {
        let refused = ledger.reserve("q", cost, "t", None).unwrap_err();
        assert!(matches!(refused, LedgerError::Kind { .. }), "{refused}");
    }
    let budget = Cost::Concentrated { rho: rho("0.1"), delta: delta("0.00001") };
    let mut ledger = Ledger::new("d", budget);
    let _a = ledger.reserve("gauss", gauss, "t", None).unwrap();
    let _b = ledger.reserve("laplace", pure("0.1"), "t", None).unwrap();
    let _c = ledger.reserve("unlisted", both, "t", None).unwrap();
    // 0.001 + 0.1²/2 + 0.1²/2.
    let spent = Cost::Concentrated { rho: rho("0.011"), delta: delta("0.000001") };
    assert_eq!(ledger.spent(), spent);
    let as_pair = ledger.spent().approximate(delta("0.00001")).unwrap();
    let Cost::Approximate { epsilon, .. } = as_pair else { panic!("{as_pair}") };
    assert_eq!(Some(epsilon), rho("0.011").epsilon_at(delta("0.000009")));
}

#[test]
fn parts_that_share_no_person_cost_as_much_as_the_dearest() {
    let part = |by: &str, part: &str| Some(Part { by: by.to_owned(), part: part.to_owned() });
    let mut ledger = Ledger::new("d", pure("1"));
    let _a = ledger.reserve("q", pure("0.5"), "t", part("district", "a")).unwrap();
    let _b = ledger.reserve("q", pure("0.3"), "t", part("district", "b")).unwrap();
    assert_eq!(ledger.spent(), pure("0.5"));
    let _c = ledger.reserve("q", pure("0.2"), "t", part("district", "b")).unwrap();
    assert_eq!(ledger.spent(), pure("0.5"));
    let _d = ledger.reserve("q", pure("0.1"), "t", None).unwrap();
    let _e = ledger.reserve("q", pure("0.2"), "t", part("sex", "f")).unwrap();
    assert_eq!(ledger.spent(), pure("0.8"));
    assert_eq!(ledger.remaining_for(part("district", "c").as_ref()), pure("0.7"));
    let refused = ledger.reserve("q", pure("0.3"), "t", part("district", "a")).unwrap_err();
    assert!(refused.to_string().contains("remains ε = 0.2"), "{refused}");
    let _f = ledger.reserve("q", pure("0.7"), "t", part("district", "c")).unwrap();
    assert_eq!(ledger.spent(), pure("1"));
}

#[test]
fn a_query_that_failed_after_noise_was_drawn_still_costs() {
    let query = each_row(Statistic::Count { noise: laplace("0.4") });
    let mut ledger = Ledger::new("d", pure("1"));
    let collector = Collector::new(query.clone(), KEY).unwrap();
    let permit = ledger.reserve("count", collector.cost(), "t", None).unwrap();
    let release = collector.release(permit, &mut StdRng::seed_from_u64(1)).unwrap();
    ledger.failed(release.entry).unwrap();
    assert_eq!(ledger.spent(), pure("0.4"));
    assert_eq!(ledger.entries()[0].state, State::Failed);
    assert!(ledger.answered(release.entry).is_err());
    // Before noise was drawn there is still a permit, and it can be given back.
    let permit = ledger.reserve("count", pure("0.4"), "t", None).unwrap();
    ledger.cancel(permit).unwrap();
    assert_eq!(ledger.spent(), pure("0.4"));
    assert_eq!(ledger.entries().len(), 2);
    // A permit for less does not pay for more, and is used up.
    let permit = ledger.reserve("count", pure("0.1"), "t", None).unwrap();
    let collector = Collector::new(query, KEY).unwrap();
    let refused = collector.release(permit, &mut StdRng::seed_from_u64(1)).unwrap_err();
    assert!(matches!(refused, DpError::Permit { .. }));
    assert_eq!(ledger.spent(), pure("0.5"));
    let other = Ledger::new("other", pure("1")).reserve("q", pure("0.1"), "t", None).unwrap();
    assert!(ledger.cancel(other).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_ledger_never_spends_above_its_budget(
        budget in 1_u64..5_000_000_000,
        asked in proptest::collection::vec((0_u64..1_000_000_000, 0_u8..4, 0_u8..3, any::<bool>()), 0..40),
    ) {
        let rho = Rho::from_billionths(budget);
        for budget in [
            Cost::Pure { epsilon: Epsilon::from_billionths(budget) },
            Cost::Concentrated { rho, delta: Delta::ZERO },
        ] {
            let mut ledger = Ledger::new("d", budget);
            for (price, part, by, give_back) in &asked {
                let cost = Cost::Pure { epsilon: Epsilon::from_billionths(*price) };
                let named = |by: &str| Part { by: by.to_owned(), part: part.to_string() };
                let part = match by {
                    0 => None,
                    1 => Some(named("district")),
                    _ => Some(named("sex")),
                };
                let remaining = ledger.remaining_for(part.as_ref());
                match ledger.reserve("q", cost, "t", part) {
                    Ok(permit) if *give_back => ledger.cancel(permit).unwrap(),
                    Ok(_) => {}
                    Err(refused) => {
                        let exceeded = matches!(refused, LedgerError::Exceeded { .. });
                        prop_assert!(exceeded && !remaining.covers(cost));
                    }
                }
                prop_assert!(budget.covers(ledger.spent()));
            }
        }
    }
}

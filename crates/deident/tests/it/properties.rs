//! Properties of search and release on random tables.

use std::collections::HashMap;
use std::ops::ControlFlow;

use deident::{Applier, Metric, Plan, Problem, SearchError, TupleTable, search, utility};
use proptest::prelude::*;

use crate::small_tables::{batch, columns, metrics, rows};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn an_optimal_outcome_equals_the_exhaustive_minimum(
        rows in rows(60), k in 1_u32..6, limit in 0.0_f64..0.5, metric in metrics(),
    ) {
        let batch = batch(&rows);
        let tuples = TupleTable::from_batches(&["a", "b", "c"], &[batch]).unwrap();
        let mut problem = Problem::k_anonymity(columns(), k, limit);
        problem.metric = metric;
        let found = search(&tuples, &problem, &mut |_| ControlFlow::Continue(()));
        if u64::from(k) > tuples.rows() {
            let refused = matches!(found, Err(SearchError::KAboveRows { .. }));
            prop_assert!(refused);
            return Ok(());
        }
        let found = found.unwrap();
        let allowed = (limit * rows.len() as f64 + 1e-9).floor();
        let mut best = f64::INFINITY;
        for a in 0..4 {
            for b in 0..3 {
                for c in 0..2 {
                    let node = utility::measure(&tuples, &problem, &[a, b, c]).unwrap();
                    if node.suppressed as f64 > allowed {
                        continue;
                    }
                    best = best.min(match metric {
                        Metric::Loss => node.loss,
                        Metric::LossGeometric => node.loss_geometric,
                        Metric::Aecs => node.aecs,
                        Metric::Dm => node.dm,
                        Metric::Entropy => node.entropy,
                        Metric::NormalizedEntropy => node.normalized_entropy,
                        Metric::EntropyLoss => node.entropy_loss,
                        Metric::Ambiguity => node.ambiguity,
                        Metric::Precision => node.precision,
                    });
                }
            }
        }
        prop_assert!(found.optimal);
        prop_assert!((found.score - best).abs() <= 1e-9 * best.abs().max(1.0), "{found:?} {best}");
    }

    #[test]
    fn suppressed_rows_never_exceed_the_limit(
        rows in rows(60), k in 1_u32..6, limit in 0.0_f64..=1.0,
    ) {
        let batch = batch(&rows);
        let tuples =
            TupleTable::from_batches(&["a", "b", "c"], std::slice::from_ref(&batch)).unwrap();
        let problem = Problem::k_anonymity(columns(), k, limit);
        let Ok(outcome) = search(&tuples, &problem, &mut |_| ControlFlow::Continue(())) else {
            return Ok(());
        };
        prop_assert!(outcome.suppressed_rows as f64 <= limit * rows.len() as f64 + 1e-6);
        let plan = Plan::of(&problem, &outcome);
        let mut applier = Applier::new(&plan, &tuples).unwrap();
        let released = applier.apply(&batch).unwrap();
        let mut classes: HashMap<Vec<String>, u32> = HashMap::new();
        for row in 0..released.num_rows() {
            let key = released
                .columns()
                .iter()
                .map(|array| arrow::util::display::array_value_to_string(array, row).unwrap())
                .collect();
            *classes.entry(key).or_default() += 1;
        }
        prop_assert!(classes.values().all(|rows| *rows >= k));
        prop_assert_eq!(classes.len() as u64, outcome.classes);
        prop_assert_eq!(applier.applied().suppressed, outcome.suppressed_rows);
    }

    #[test]
    fn counting_in_parts_equals_counting_at_once(rows in rows(60), cut in 0_usize..60) {
        let batch = batch(&rows);
        let cut = cut.min(batch.num_rows());
        let names = ["a", "b", "c"];
        let whole = TupleTable::from_batches(&names, std::slice::from_ref(&batch)).unwrap();
        let parts = [batch.slice(0, cut), batch.slice(cut, batch.num_rows() - cut)];
        let streamed = TupleTable::from_batches(&names, &parts).unwrap();
        prop_assert_eq!(whole.class_sizes(), streamed.class_sizes());
        let mut left = TupleTable::builder(&names);
        left.update(&parts[1]).unwrap();
        let mut right = TupleTable::builder(&names);
        right.update(&parts[0]).unwrap();
        left.merge(&right).unwrap();
        let merged = left.finish();
        prop_assert_eq!(whole.class_sizes(), merged.class_sizes());
        prop_assert_eq!(merged.rows(), rows.len() as u64);
    }
}

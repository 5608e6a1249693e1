//! The property of pages: for any table, order and size of page.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use lake::{Lake, Order, Page, RowQuery, TablePath};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{LIMITS, numbers, path, store};

async fn pages(lake: &dyn Lake, table: &TablePath, query: &RowQuery) -> Vec<i64> {
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let query = RowQuery { after, row_key: true, ..query.clone() };
        let Page { rows: batch, next, .. } = lake.page(table, None, &query, &LIMITS).await.unwrap();
        rows.extend(numbers(&batch));
        match next {
            Some(cursor) => after = Some(cursor.to_string().parse().unwrap()),
            None => return rows,
        }
    }
}

/// Property: for any values, order and page size, the pages together are the table
/// sorted in memory by an independent comparison.
pub(crate) fn pages_together_are_the_sorted_table(
    lake: &dyn Lake,
    cases: u32,
    wait: &dyn Fn(Awaited<'_>),
) {
    let row = (
        prop::option::weighted(0.8, -3_i64..3),
        prop::option::weighted(0.8, prop::sample::select(vec!["", "a", "b", "太", "原"])),
        prop::option::weighted(
            0.8,
            prop::sample::select(vec![-1.5, -0.0, 0.0, 2.5, f64::INFINITY]),
        ),
    );
    let key = (0_usize..3, any::<bool>());
    let strategy = (prop::collection::vec(row, 0..40), prop::collection::vec(key, 0..4), 1_u64..9);
    let mut runner =
        TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let mut case = 0;
    let case = std::cell::RefCell::new(&mut case);
    runner
        .run(&strategy, |(rows, keys, size)| {
            let number = {
                let mut case = case.borrow_mut();
                **case += 1;
                **case
            };
            let table = path(&format!("property/pages-{number}"));
            let batch = RecordBatch::try_from_iter([
                ("甲", Arc::new(rows.iter().map(|r| r.0).collect::<Int64Array>()) as ArrayRef),
                ("乙", Arc::new(rows.iter().map(|r| r.1).collect::<StringArray>()) as ArrayRef),
                ("丙", Arc::new(rows.iter().map(|r| r.2).collect::<Float64Array>()) as ArrayRef),
            ])
            .unwrap();
            let names = ["甲", "乙", "丙"];
            let order: Vec<Order> = keys
                .iter()
                .map(|(column, descending)| Order {
                    column: names[*column].into(),
                    descending: *descending,
                })
                .collect();
            let mut expected: Vec<usize> = (0..rows.len()).collect();
            expected.sort_by(|a, b| {
                let mut result = std::cmp::Ordering::Equal;
                for (column, descending) in &keys {
                    let (a, b) = (&rows[*a], &rows[*b]);
                    let next = match column {
                        0 => last(a.0, b.0, *descending, i64::cmp),
                        1 => last(a.1, b.1, *descending, |a, b| a.cmp(b)),
                        _ => last(a.2, b.2, *descending, |a, b| a.partial_cmp(b).unwrap()),
                    };
                    result = result.then(next);
                }
                result.then(a.cmp(b))
            });
            let expected: Vec<i64> = expected.into_iter().map(|row| row as i64).collect();
            let query = RowQuery {
                select: Some(vec!["乙".into()]),
                order,
                limit: Some(size),
                ..RowQuery::default()
            };
            let found = std::cell::RefCell::new(Vec::new());
            wait(Box::pin(async {
                store(lake, &table, &[batch]).await;
                *found.borrow_mut() = pages(lake, &table, &query).await;
                lake.drop_table(&table).await.unwrap();
            }));
            prop_assert_eq!(found.into_inner(), expected);
            Ok(())
        })
        .unwrap();
}

/// Work that the caller's runtime waits for.
pub(crate) type Awaited<'a> = std::pin::Pin<Box<dyn Future<Output = ()> + 'a>>;

fn last<T: Copy>(
    a: Option<T>,
    b: Option<T>,
    descending: bool,
    compare: impl Fn(&T, &T) -> std::cmp::Ordering,
) -> std::cmp::Ordering {
    match (a, b) {
        (None, None) => std::cmp::Ordering::Equal,
        (None, Some(_)) => std::cmp::Ordering::Greater,
        (Some(_), None) => std::cmp::Ordering::Less,
        (Some(a), Some(b)) if descending => compare(&b, &a),
        (Some(a), Some(b)) => compare(&a, &b),
    }
}

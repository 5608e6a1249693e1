//! Differences of two versions, against arithmetic that cannot be wrong.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::Int64Type;
use lake::{Difference, DifferenceCounts, Lake, LakeError, TablePath};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{LIMITS, path, store};

/// A row: a key, a text, a number.
type Row = (Option<String>, Option<String>, Option<i64>);

fn batch(rows: &[Row]) -> RecordBatch {
    let keys: StringArray = rows.iter().map(|row| row.0.clone()).collect();
    let texts: StringArray = rows.iter().map(|row| row.1.clone()).collect();
    let numbers: Int64Array = rows.iter().map(|row| row.2).collect();
    RecordBatch::try_from_iter([
        ("编号", Arc::new(keys) as ArrayRef),
        ("名称", Arc::new(texts) as ArrayRef),
        ("数", Arc::new(numbers) as ArrayRef),
    ])
    .unwrap()
}

fn row(batch: &RecordBatch) -> Row {
    assert_eq!(batch.num_rows(), 1);
    let text = |place: usize| {
        batch.column(place).as_string::<i32>().iter().next().unwrap().map(str::to_owned)
    };
    let number = batch.column(2).as_primitive::<Int64Type>().iter().next().unwrap();
    (text(0), text(1), number)
}

async fn found(
    lake: &dyn Lake,
    table: &TablePath,
    versions: (u64, u64),
    key: &[&str],
) -> Result<(Vec<Difference>, DifferenceCounts), LakeError> {
    let key: Vec<String> = key.iter().map(|name| (*name).to_owned()).collect();
    let (before, after) = ((table, Some(versions.0)), (table, Some(versions.1)));
    let mut compared = lake::compare(lake, before, after, &key, &LIMITS).await?;
    let mut all = Vec::new();
    while let Some(difference) = compared.next().await? {
        all.push(difference);
    }
    Ok((all, compared.counts().clone()))
}

/// So often each row stands in a table.
fn counted(rows: &[Row]) -> BTreeMap<Row, i64> {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(row.clone()).or_insert(0) += 1;
    }
    counts
}

/// What the earlier version becomes when the differences are carried out.
fn carried_out(before: &[Row], differences: &[Difference]) -> BTreeMap<Row, i64> {
    let mut counts = counted(before);
    let mut add = |batch: &RecordBatch, times: i64| *counts.entry(row(batch)).or_insert(0) += times;
    for difference in differences {
        match difference {
            Difference::Added { row, times } => add(row, i64::try_from(*times).unwrap()),
            Difference::Removed { row, times } => add(row, -i64::try_from(*times).unwrap()),
            Difference::Changed { before, after, .. } => {
                add(before, -1);
                add(after, 1);
            }
        }
    }
    counts.retain(|_, times| *times != 0);
    counts
}

/// Work that a test waits for on a runtime of its own.
type Awaited<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Carrying out the differences leads from one version to the other, with a key and without.
pub(crate) fn differences_lead_from_one_version_to_the_other(
    lake: &dyn Lake,
    cases: u32,
    wait: &dyn Fn(Awaited<'_>),
) {
    let value = || prop_oneof![Just(None), "[a-c甲]{0,2}".prop_map(Some)];
    let row = || (value(), value(), prop_oneof![Just(None), (-2_i64..3).prop_map(Some)]);
    let table = || proptest::collection::vec(row(), 0..30);
    let mut runner =
        TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let tested = runner.run(&(table(), table()), |(old, new)| {
        let path = path("compare/any");
        let keyed = |rows: &[Row]| -> Vec<Row> {
            let each: BTreeMap<_, _> =
                rows.iter().map(|row| (row.0.clone(), row.clone())).collect();
            each.into_values().collect()
        };
        wait(Box::pin(async {
            let versions = (
                store(lake, &path, &[batch(&old)]).await,
                store(lake, &path, &[batch(&new)]).await,
            );
            let (all, counts) = found(lake, &path, versions, &[]).await.unwrap();
            assert_eq!(carried_out(&old, &all), counted(&new));
            assert_eq!(counts.same + counts.removed, old.len() as u64);
            assert_eq!(counts.same + counts.added, new.len() as u64);

            let (old, new) = (keyed(&old), keyed(&new));
            let versions = (
                store(lake, &path, &[batch(&old)]).await,
                store(lake, &path, &[batch(&new)]).await,
            );
            let (all, counts) = found(lake, &path, versions, &["编号"]).await.unwrap();
            assert_eq!(carried_out(&old, &all), counted(&new), "by key");
            assert_eq!(counts.same + counts.changed + counts.removed, old.len() as u64);
            assert_eq!(counts.same + counts.changed + counts.added, new.len() as u64);
            for difference in &all {
                if let Difference::Changed { before, after, columns } = difference {
                    assert!(!columns.is_empty() && !columns.contains(&0));
                    assert_eq!(before.column(0), after.column(0));
                }
            }
        }));
        Ok(())
    });
    tested.unwrap();
}

/// What is no key is told, and so is what two schemas have not in common.
pub(crate) async fn a_key_that_stands_twice_is_refused(lake: &dyn Lake) {
    let table = path("compare/twice");
    let text = |text: &str| Some(text.to_owned());
    let rows = [(text("a"), text("x"), Some(1)), (text("a"), text("y"), Some(2))];
    let first = store(lake, &table, &[batch(&rows)]).await;
    let wider = RecordBatch::try_from_iter([
        ("名称", Arc::new(StringArray::from(vec!["x"])) as ArrayRef),
        ("数", Arc::new(StringArray::from(vec!["1"])) as ArrayRef),
        ("新", Arc::new(Int64Array::from(vec![1])) as ArrayRef),
    ])
    .unwrap();
    let second = store(lake, &table, &[wider]).await;
    let refused = found(lake, &table, (first, first), &["编号"]).await.unwrap_err();
    assert!(refused.text().en.contains("is no key"), "{}", refused.text().en);
    let alike = [(text("b"), None, None), (text("b"), None, None)];
    let third = store(lake, &table, &[batch(&alike)]).await;
    let refused = found(lake, &table, (first, third), &["编号"]).await.unwrap_err();
    assert!(refused.text().zh.contains("不是主键"), "{}", refused.text().zh);
    let unknown = found(lake, &table, (first, second), &["编号"]).await.unwrap_err();
    assert!(matches!(unknown, LakeError::NoColumn { .. }), "{unknown:?}");
    let (all, counts) = found(lake, &table, (first, second), &["名称"]).await.unwrap();
    assert_eq!((all.len(), counts.removed, counts.same), (1, 1, 1));
    let (before, after) = ((&table, Some(first)), (&table, Some(second)));
    let compared = lake::compare(lake, before, after, &[], &LIMITS).await.unwrap();
    let comparison = compared.comparison();
    assert_eq!(comparison.columns, ["名称"]);
    assert_eq!(
        (comparison.added.as_slice(), comparison.removed.as_slice()),
        (["新".to_owned()].as_slice(), ["编号".to_owned()].as_slice())
    );
    assert_eq!(comparison.retyped.len(), 1);
}

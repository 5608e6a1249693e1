//! Makes every plan stop when its reader is gone.
//!
//! A task of the engine ends only where it gives the thread back. A join that finds
//! few pairs among many looks for the next one without giving anything back, for
//! minutes, and the threads are missing in every other query. So joins and recursions
//! give the thread back after some batches, and the condition of a join fails as soon
//! as nobody waits for the answer.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::RecordBatch;
use arrow::datatypes::{FieldRef, Schema};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::joins::utils::JoinFilter;
use datafusion::physical_plan::joins::{
    HashJoinExec, NestedLoopJoinExec, NestedLoopJoinExecBuilder,
};

/// Set when nobody waits for the answer any more.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gone(Arc<AtomicBool>);

impl Gone {
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn check(&self) -> Result<()> {
        if self.0.load(Ordering::Relaxed) {
            return Err(DataFusionError::Execution("nobody waits for the answer".into()));
        }
        Ok(())
    }
}

/// The same plan, but one that stops.
pub(crate) fn watched(plan: Arc<dyn ExecutionPlan>, gone: &Gone) -> Result<Arc<dyn ExecutionPlan>> {
    let done = plan.transform_up(|node| {
        let node = if let Some(join) = node.downcast_ref::<NestedLoopJoinExec>() {
            let filter = join.filter().map(|filter| watched_filter(filter, gone));
            Arc::new(NestedLoopJoinExecBuilder::from(join).with_filter(filter).build()?)
        } else if let Some(join) = node.downcast_ref::<HashJoinExec>() {
            match join.filter() {
                Some(filter) => {
                    let filter = watched_filter(filter, gone);
                    join.builder().with_filter(Some(filter)).build_exec()?
                }
                None => node,
            }
        } else {
            node
        };
        let name = node.name();
        if name.contains("Join") || matches!(name, "RecursiveQueryExec" | "UnnestExec") {
            return Ok(Transformed::yes(Arc::new(CooperativeExec::new(node))));
        }
        Ok(Transformed::yes(node))
    })?;
    Ok(done.data)
}

fn watched_filter(filter: &JoinFilter, gone: &Gone) -> JoinFilter {
    let inner = Arc::clone(filter.expression());
    let expression = Arc::new(Watched { inner, gone: gone.clone() });
    JoinFilter::new(expression, filter.column_indices().to_vec(), Arc::clone(filter.schema()))
}

/// An expression that fails when nobody waits for the answer.
#[derive(Debug)]
struct Watched {
    inner: Arc<dyn PhysicalExpr>,
    gone: Gone,
}

impl fmt::Display for Watched {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(formatter)
    }
}

impl PartialEq for Watched {
    fn eq(&self, other: &Self) -> bool {
        self.inner.eq(&other.inner)
    }
}

impl Eq for Watched {}

impl Hash for Watched {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.hash(state);
    }
}

impl PhysicalExpr for Watched {
    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        self.gone.check()?;
        self.inner.evaluate(batch)
    }

    fn return_field(&self, input: &Schema) -> Result<FieldRef> {
        self.inner.return_field(input)
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.inner]
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        let inner = children.into_iter().next().unwrap_or_else(|| Arc::clone(&self.inner));
        Ok(Arc::new(Self { inner, gone: self.gone.clone() }))
    }

    fn fmt_sql(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt_sql(formatter)
    }
}

//! Checked queries as plans of DataFusion.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::cast;
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::common::{Column, Result, ScalarValue};
use datafusion::datasource::provider_as_source;
use datafusion::functions_aggregate::count::count_all;
use datafusion::functions_aggregate::expr_fn::{avg, max, min, sum};
use datafusion::logical_expr::expr::{InList, Like};
use datafusion::logical_expr::{
    Expr, LogicalPlan, LogicalPlanBuilder, Operator, SortExpr, binary_expr, lit,
};
use datafusion::logical_expr::{bitwise_and, bitwise_shift_right};
use datafusion::prelude::cast as cast_to;
use lake::LakeError;
use lake::filter::check::{Comparison, Condition};
use lake::query::{Measure, Resolved, ResolvedGroup};

use crate::layout::Layout;

fn column(layout: &Layout, number: usize) -> Expr {
    Expr::Column(Column::new_unqualified(layout.queried.field(number).name()))
}

fn scan(provider: Arc<dyn TableProvider>) -> Result<LogicalPlanBuilder> {
    LogicalPlanBuilder::scan("t", provider_as_source(provider), None)
}

/// The rows of a query.
pub(crate) fn rows(
    provider: Arc<dyn TableProvider>,
    layout: &Layout,
    query: &Resolved,
) -> Result<LogicalPlan> {
    let mut plan = scan(provider)?;
    if let Some(condition) = &query.condition {
        plan = plan.filter(expression(condition, layout)?)?;
    }
    if let Some(after) = &query.after {
        plan = plan.filter(expression(&after.condition, layout)?)?;
    }
    let keys: Vec<SortExpr> = query
        .keys
        .iter()
        .map(|key| column(layout, key.column).sort(!key.descending, false))
        .collect();
    plan = plan.sort(keys)?;
    if let Some(limit) = query.limit {
        plan = plan.limit(0, Some(usize::try_from(limit).unwrap_or(usize::MAX)))?;
    }
    plan.project(query.columns.iter().map(|number| column(layout, *number)))?.build()
}

/// The number of rows that fit.
pub(crate) fn count(
    provider: Arc<dyn TableProvider>,
    layout: &Layout,
    condition: &Condition,
) -> Result<LogicalPlan> {
    scan(provider)?
        .filter(expression(condition, layout)?)?
        .aggregate(Vec::<Expr>::new(), vec![count_all()])?
        .build()
}

/// Rows below which the sums of the upper and of the lower 32 bits of whole numbers fit into
/// 64 bits. Two such sums take less time than one of wide decimals.
const HALVES: u64 = 1 << 31;

/// Groups with measures, ordered by the values of the group. `rows` is how many the table has.
pub(crate) fn group(
    provider: Arc<dyn TableProvider>,
    layout: &Layout,
    query: &ResolvedGroup,
    rows: u64,
) -> Result<LogicalPlan> {
    let mut plan = scan(provider)?;
    if let Some(condition) = &query.condition {
        plan = plan.filter(expression(condition, layout)?)?;
    }
    let by: Vec<Expr> = query.by.iter().map(|number| column(layout, *number)).collect();
    let mut measures = Vec::new();
    let mut shown = by.clone();
    for (place, (measure, number)) in query.measures.iter().enumerate() {
        let input = number.map(|number| column(layout, number));
        let name = format!("m{place}");
        let output = query.output.field(query.by.len() + place).data_type();
        let named = |name: String| Expr::Column(Column::new_unqualified(name));
        match (measure, input) {
            (Measure::Sum(_), Some(input))
                if rows < HALVES && type_of(layout, *number) == Some(&DataType::Int64) =>
            {
                let low = format!("{name}l");
                measures.push(sum(bitwise_shift_right(input.clone(), lit(32_i64))).alias(&name));
                measures.push(sum(bitwise_and(input, lit(0xffff_ffff_i64))).alias(&low));
                shown.push(joined(named(name), named(low), output));
            }
            (measure, input) => {
                measures.push(measured(measure, input, output).alias(&name));
                shown.push(named(name));
            }
        }
    }
    plan = plan.aggregate(by.clone(), measures)?;
    if !by.is_empty() {
        plan = plan.sort(by.into_iter().map(|column| column.sort(true, false)))?;
    }
    if let Some(limit) = query.limit {
        plan = plan.limit(0, Some(usize::try_from(limit).unwrap_or(usize::MAX)))?;
    }
    plan.project(shown)?.build()
}

fn type_of(layout: &Layout, number: Option<usize>) -> Option<&DataType> {
    number.map(|number| layout.queried.field(number).data_type())
}

/// The sum of whole numbers from the sums of their upper and lower 32 bits.
fn joined(high: Expr, low: Expr, output: &DataType) -> Expr {
    let unit = Expr::Literal(ScalarValue::Decimal128(Some(1 << 32), 10, 0), None);
    let high = cast_to(high, DataType::Decimal128(20, 0)) * unit;
    cast_to(high + cast_to(low, DataType::Decimal128(20, 0)), output.clone())
}

fn measured(measure: &Measure, input: Option<Expr>, output: &DataType) -> Expr {
    let Some(input) = input else {
        return count_all();
    };
    match measure {
        // Sums of whole numbers would wrap in 64 bits.
        Measure::Sum(_) => sum(cast_to(input, output.clone())),
        Measure::Avg(_) => avg(cast_to(input, DataType::Float64)),
        Measure::Max(_) => max(input),
        Measure::Min(_) | Measure::Count => min(input),
    }
}

/// The table under the names that people know, without the row number.
pub(crate) fn shown(provider: Arc<dyn TableProvider>, layout: &Layout) -> Result<LogicalPlan> {
    let columns = layout
        .shown
        .fields()
        .iter()
        .enumerate()
        .map(|(place, field)| column(layout, place + 1).alias(field.name()));
    scan(provider)?.project(columns.collect::<Vec<_>>())?.build()
}

fn expression(condition: &Condition, layout: &Layout) -> Result<Expr> {
    let all = |inner: &[Condition], whole: bool| -> Result<Expr> {
        let mut joined: Option<Expr> = None;
        for one in inner {
            let next = expression(one, layout)?;
            joined = Some(match (joined, whole) {
                (None, _) => next,
                (Some(before), true) => before.and(next),
                (Some(before), false) => before.or(next),
            });
        }
        Ok(joined.unwrap_or_else(|| lit(whole)))
    };
    let scalar = |array: &ArrayRef| -> Result<Expr> {
        Ok(Expr::Literal(ScalarValue::try_from_array(array, 0)?, None))
    };
    Ok(match condition {
        Condition::All(inner) => all(inner, true)?,
        Condition::Any(inner) => all(inner, false)?,
        Condition::Not(inner) => Expr::Not(Box::new(expression(inner, layout)?)),
        Condition::Null { column: number } => column(layout, *number).is_null(),
        Condition::Fixed { column: number, truth } => {
            let unknown = Expr::Literal(ScalarValue::Boolean(None), None);
            if *truth {
                column(layout, *number).is_not_null().or(unknown)
            } else {
                column(layout, *number).is_null().and(unknown)
            }
        }
        Condition::Compare { column: number, op, value } => {
            binary_expr(column(layout, *number), operator(*op), scalar(value.array())?)
        }
        Condition::In { column: number, values } => {
            let list =
                values.iter().map(|value| scalar(value.array())).collect::<Result<Vec<_>>>()?;
            Expr::InList(InList::new(Box::new(column(layout, *number)), list, false))
        }
        Condition::Like { column: number, pattern } => Expr::Like(Like::new(
            false,
            Box::new(column(layout, *number)),
            Box::new(lit(pattern.as_str())),
            None,
            false,
        )),
    })
}

fn operator(op: Comparison) -> Operator {
    match op {
        Comparison::Equal => Operator::Eq,
        Comparison::NotEqual => Operator::NotEq,
        Comparison::Less => Operator::Lt,
        Comparison::LessOrEqual => Operator::LtEq,
        Comparison::Greater => Operator::Gt,
        Comparison::GreaterOrEqual => Operator::GtEq,
    }
}

/// A batch of the engine or of a file under the schema that was promised.
pub(crate) fn promised(
    batch: &RecordBatch,
    schema: &SchemaRef,
) -> std::result::Result<RecordBatch, LakeError> {
    let failed = |error| LakeError::failed("name the columns of an answer", error);
    let columns = batch
        .columns()
        .iter()
        .zip(schema.fields())
        .map(|(column, field)| {
            if column.data_type() == field.data_type() {
                Ok(Arc::clone(column))
            } else {
                cast(column, field.data_type())
            }
        })
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(failed)?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options).map_err(failed)
}

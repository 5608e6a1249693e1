//! `a || b`, bounded: the engine's own operator joins texts in memory that nobody counts.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringViewBuilder};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::error::Result;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::sql::sqlparser::ast::BinaryOperator;

use super::bounded::too_much;

/// Most bytes of text that are made of one batch.
const MOST_BYTES: usize = 4 << 20;

/// Plans `||` as a function.
#[derive(Debug)]
pub(super) struct Joins;

impl ExprPlanner for Joins {
    fn plan_binary_op(
        &self,
        expr: RawBinaryExpr,
        _schema: &DFSchema,
    ) -> Result<PlannerResult<RawBinaryExpr>> {
        if !matches!(expr.op, BinaryOperator::StringConcat) {
            return Ok(PlannerResult::Original(expr));
        }
        let function =
            Arc::new(ScalarUDF::from(Join { signature: Signature::any(2, Volatility::Immutable) }));
        let call = ScalarFunction::new_udf(function, vec![expr.left, expr.right]);
        Ok(PlannerResult::Planned(Expr::ScalarFunction(call)))
    }
}

/// Two values as one text; nothing if one of them is missing.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Join {
    signature: Signature,
}

impl ScalarUDFImpl for Join {
    fn name(&self) -> &str {
        "||"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _kinds: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let is_constant = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if is_constant { 1 } else { args.number_rows };
        let texts = args
            .args
            .iter()
            .map(|arg| Ok(cast(&arg.to_array(rows)?, &DataType::Utf8View)?))
            .collect::<Result<Vec<ArrayRef>>>()?;
        let [left, right] = texts.as_slice() else {
            return Err(datafusion::error::DataFusionError::Plan("|| joins two values".to_owned()));
        };
        let (left, right) = (left.as_string_view(), right.as_string_view());
        let mut builder = StringViewBuilder::with_capacity(rows);
        let (mut joined, mut made) = (String::new(), 0_usize);
        for (left, right) in left.iter().zip(right) {
            let (Some(left), Some(right)) = (left, right) else {
                builder.append_null();
                continue;
            };
            made = made.saturating_add(left.len()).saturating_add(right.len());
            if made > MOST_BYTES {
                return Err(too_much("||"));
            }
            joined.clear();
            joined.push_str(left);
            joined.push_str(right);
            builder.append_value(&joined);
        }
        let made: ArrayRef = Arc::new(builder.finish());
        if is_constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&made, 0)?));
        }
        Ok(ColumnarValue::Array(made))
    }
}

//! Functions that answer with text, bounded.
//!
//! The answer is made as views into one buffer, so that a join repeats sixteen bytes a row
//! and not the text; and before it is made, its length is known to be small enough.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};

/// Most bytes of text that one function makes of one batch.
const MOST_BYTES: usize = 4 << 20;

/// How long an answer can be, told from the arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Growth {
    /// No longer than the arguments, or by a small factor.
    Shrinks,
    /// As long as all arguments together.
    Joins,
    /// The same, with the first one between them.
    Separates,
    /// Every letter of the first argument can become the third.
    Replaces,
}

/// A function that refuses to make too much.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Bounded {
    inner: Arc<ScalarUDF>,
    growth: Growth,
}

impl Bounded {
    pub(super) fn new(inner: Arc<ScalarUDF>, growth: Growth) -> Self {
        Self { inner, growth }
    }

    /// The field of the inner function's answer.
    fn inner_field(
        &self,
        fields: &[FieldRef],
        scalars: &[Option<&ScalarValue>],
    ) -> Result<FieldRef> {
        let asked = ReturnFieldArgs { arg_fields: fields, scalar_arguments: scalars };
        self.inner.return_field_from_args(asked)
    }

    /// Refuses arguments of which too much would be made.
    fn check(&self, args: &[ColumnarValue], rows: usize) -> Result<()> {
        let sizes: Vec<Size> = args.iter().map(|arg| Size::of(arg, rows)).collect();
        let all = sizes.iter().fold(0_usize, |sum, size| sum.saturating_add(size.total));
        let longest = |place: usize| sizes.get(place).map_or(0, |size| size.longest);
        let bytes = match self.growth {
            Growth::Shrinks | Growth::Joins => all,
            Growth::Separates => {
                let between = longest(0).saturating_mul(args.len()).saturating_mul(rows);
                all.saturating_add(between)
            }
            Growth::Replaces => {
                let letters = sizes.first().map_or(0, |size| size.total).saturating_add(rows);
                letters.saturating_mul(longest(2).saturating_add(1))
            }
        };
        if bytes > MOST_BYTES {
            return Err(too_much(self.name()));
        }
        Ok(())
    }
}

/// The refusal of a function that would make too much.
pub(super) fn too_much(name: &str) -> DataFusionError {
    DataFusionError::ResourcesExhausted(format!("{name} makes too much text"))
}

/// The lengths of an argument's texts, in bytes.
struct Size {
    total: usize,
    longest: usize,
}

impl Size {
    fn of(argument: &ColumnarValue, rows: usize) -> Self {
        match argument {
            ColumnarValue::Array(array) => {
                let (mut total, mut longest) = (0_usize, 0_usize);
                let mut add = |bytes: usize| {
                    total = total.saturating_add(bytes);
                    longest = longest.max(bytes);
                };
                each_length(array, &mut add);
                Self { total, longest }
            }
            ColumnarValue::Scalar(value) => {
                let longest = match value {
                    ScalarValue::Utf8(text)
                    | ScalarValue::Utf8View(text)
                    | ScalarValue::LargeUtf8(text) => text.as_ref().map_or(0, String::len),
                    _ => NUMBER_BYTES,
                };
                Self { total: longest.saturating_mul(rows), longest }
            }
        }
    }
}

/// Bytes that a number or a time has at most as text.
const NUMBER_BYTES: usize = 48;

fn each_length(array: &ArrayRef, add: &mut impl FnMut(usize)) {
    match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().iter().flatten().for_each(|t| add(t.len())),
        DataType::LargeUtf8 => array.as_string::<i64>().iter().flatten().for_each(|t| add(t.len())),
        DataType::Utf8View => array.as_string_view().iter().flatten().for_each(|t| add(t.len())),
        DataType::Binary => array.as_binary::<i32>().iter().flatten().for_each(|t| add(t.len())),
        DataType::BinaryView => array.as_binary_view().iter().flatten().for_each(|t| add(t.len())),
        _ => (0..array.len()).for_each(|_| add(NUMBER_BYTES)),
    }
}

/// Text as views; every other type as it is.
fn in_views(kind: &DataType) -> DataType {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
        other => other.clone(),
    }
}

impl ScalarUDFImpl for Bounded {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn coerce_types(&self, kinds: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(kinds)
    }

    fn return_type(&self, kinds: &[DataType]) -> Result<DataType> {
        Ok(in_views(&self.inner.return_type(kinds)?))
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let field = self.inner_field(args.arg_fields, args.scalar_arguments)?;
        let kind = in_views(field.data_type());
        Ok(Arc::new(field.as_ref().clone().with_data_type(kind)))
    }

    fn invoke_with_args(&self, mut args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        self.check(&args.args, args.number_rows)?;
        let scalars: Vec<Option<ScalarValue>> = args
            .args
            .iter()
            .map(|arg| match arg {
                ColumnarValue::Scalar(value) => Some(value.clone()),
                ColumnarValue::Array(_) => None,
            })
            .collect();
        let scalars: Vec<Option<&ScalarValue>> = scalars.iter().map(Option::as_ref).collect();
        args.return_field = self.inner_field(&args.arg_fields, &scalars)?;
        match self.inner.invoke_with_args(args)? {
            ColumnarValue::Array(array) => {
                let kind = in_views(array.data_type());
                Ok(ColumnarValue::Array(cast(&array, &kind)?))
            }
            ColumnarValue::Scalar(value) => {
                let kind = in_views(&value.data_type());
                Ok(ColumnarValue::Scalar(value.cast_to(&kind)?))
            }
        }
    }
}

//! What a caller asks of one table.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use crate::cursor::Cursor;
use crate::error::LakeError;
use crate::filter::check::Condition;
use crate::filter::token::{self, Token};
use crate::filter::{Filter, FilterError};
use crate::path::TablePath;
use crate::schema::{ROW_COLUMN, with_row_column};

/// Most columns of an order or a grouping.
const MOST_KEYS: usize = 16;

/// Rows of one table: which, in which order, from where, how many.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowQuery {
    /// The columns to show, in this order; all of them if absent.
    pub select: Option<Vec<String>>,
    /// Which rows.
    pub filter: Option<Filter>,
    /// The order; ties, and everything if empty, in the order of writing.
    pub order: Vec<Order>,
    /// Begin behind this row.
    pub after: Option<Cursor>,
    /// Stop after this many rows.
    pub limit: Option<u64>,
    /// Put the row number [`ROW_COLUMN`] in front of the columns.
    pub row_key: bool,
}

/// One column of an order. Nulls come last in both directions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The column; [`ROW_COLUMN`] is the order of writing.
    pub column: String,
    /// From large to small.
    pub descending: bool,
}

/// Measures over groups of rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupQuery {
    /// The columns that make a group; none: one group of all rows.
    pub by: Vec<String>,
    /// What to measure in each group.
    pub measures: Vec<Measure>,
    /// Which rows.
    pub filter: Option<Filter>,
    /// Keep the first so many groups.
    pub limit: Option<u64>,
}

/// One measure of a group. Nulls are left out of all but the count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Rows.
    Count,
    /// Sum of a numeric column, exact for whole and decimal numbers.
    Sum(String),
    /// Arithmetic mean of a numeric column, a float.
    Avg(String),
    /// Smallest value.
    Min(String),
    /// Largest value.
    Max(String),
}

/// What one query may use at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueryLimits {
    /// Memory for sorting, grouping and joining.
    pub memory_bytes: u64,
    /// Time until the last row is taken.
    pub timeout: Duration,
    /// Rows of the answer.
    pub rows: u64,
}

impl Default for QueryLimits {
    /// 256 MiB, 30 seconds, a million rows.
    fn default() -> Self {
        Self { memory_bytes: 256 << 20, timeout: Duration::from_secs(30), rows: 1_000_000 }
    }
}

impl Order {
    /// Parses `年龄 desc, 姓名`.
    ///
    /// # Errors
    ///
    /// [`FilterError`] with the place.
    ///
    /// ```
    /// # use lake::Order;
    /// let order = Order::parse_list("年龄 desc, \"住 址\"")?;
    /// assert_eq!(order.len(), 2);
    /// assert!(order[0].descending && !order[1].descending);
    /// # Ok::<(), lake::FilterError>(())
    /// ```
    pub fn parse_list(text: &str) -> Result<Vec<Self>, FilterError> {
        let tokens = token::split(text)?;
        let mut reader = token::Reader::new(&tokens);
        let mut order = Vec::new();
        loop {
            let column = reader.column()?;
            let descending = if reader.keyword("desc") {
                true
            } else {
                reader.keyword("asc");
                false
            };
            order.push(Self { column, descending });
            if !reader.take(&Token::Comma) {
                break;
            }
        }
        reader.end()?;
        Ok(order)
    }
}

impl RowQuery {
    /// Parses a list of columns: `姓名, 年龄`.
    ///
    /// # Errors
    ///
    /// [`FilterError`] with the place.
    pub fn parse_select(text: &str) -> Result<Vec<String>, FilterError> {
        let tokens = token::split(text)?;
        let mut reader = token::Reader::new(&tokens);
        let mut columns = vec![reader.column()?];
        while reader.take(&Token::Comma) {
            columns.push(reader.column()?);
        }
        reader.end()?;
        Ok(columns)
    }

    /// The names of the columns to show, each checked.
    ///
    /// # Errors
    ///
    /// [`LakeError::NoColumn`], or [`LakeError::Query`] for a repeated or empty selection.
    pub fn shown_columns(&self, schema: &Schema) -> Result<Vec<String>, LakeError> {
        let Some(select) = &self.select else {
            return Ok(schema.fields().iter().map(|field| field.name().clone()).collect());
        };
        for (place, name) in select.iter().enumerate() {
            known(schema, name)?;
            if select.iter().take(place).any(|earlier| earlier == name) {
                return Err(LakeError::query(
                    format!("字段“{name}”被选择了两次"),
                    format!("column `{name}` is selected twice"),
                ));
            }
        }
        if select.is_empty() {
            return Err(LakeError::query("至少选择一个字段", "select at least one column"));
        }
        Ok(select.clone())
    }

    /// The schema of the answer.
    ///
    /// # Errors
    ///
    /// Those of [`RowQuery::shown_columns`].
    pub fn output_schema(&self, schema: &Schema) -> Result<SchemaRef, LakeError> {
        let full = with_row_column(schema);
        let mut fields = Vec::new();
        if self.row_key {
            fields.extend(full.fields().first().cloned());
        }
        for name in self.shown_columns(schema)? {
            fields.extend(full.fields().iter().find(|field| *field.name() == name).cloned());
        }
        Ok(Arc::new(Schema::new(fields)))
    }

    /// Checks the query against a table and brings it to column numbers.
    ///
    /// # Errors
    ///
    /// Everything that can be wrong with a query.
    pub fn resolve(
        &self,
        table: &TablePath,
        version: u64,
        schema: &Schema,
    ) -> Result<Resolved, LakeError> {
        let full = with_row_column(schema);
        let output = self.output_schema(schema)?;
        let columns = output
            .fields()
            .iter()
            .map(|field| full.index_of(field.name()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| LakeError::failed("resolve a query", error))?;
        let condition = match &self.filter {
            Some(filter) => Some(filter.check(&full)?),
            None => None,
        };
        if self.order.len() > MOST_KEYS {
            return Err(LakeError::query(
                format!("排序字段最多 {MOST_KEYS} 个"),
                format!("an order has at most {MOST_KEYS} columns"),
            ));
        }
        let mut keys = Vec::new();
        let mut total = false;
        for order in &self.order {
            let column = known(&full, &order.column)?;
            if *full.field(column).data_type() == DataType::Binary {
                return Err(LakeError::query(
                    format!("字段“{}”不能排序", order.column),
                    format!("column `{}` cannot be ordered", order.column),
                ));
            }
            keys.push(SortKey { column, descending: order.descending });
            if column == 0 {
                // Nothing behind the row number can change the order.
                total = true;
                break;
            }
        }
        if !total {
            keys.push(SortKey { column: 0, descending: false });
        }
        let after = match &self.after {
            Some(cursor) => Some(cursor.condition(table, version, self, &full, &keys)?),
            None => None,
        };
        Ok(Resolved { full, output, columns, condition, keys, after, limit: self.limit })
    }
}

/// A query in column numbers of the full schema, the row number being column 0.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The row number and the columns of the table.
    pub full: SchemaRef,
    /// The columns of the answer.
    pub output: SchemaRef,
    /// For each column of the answer, its number.
    pub columns: Vec<usize>,
    /// Which rows.
    pub condition: Option<Condition>,
    /// The total order. Its last key is the row number.
    pub keys: Vec<SortKey>,
    /// Rows behind the cursor.
    pub after: Option<After>,
    /// Stop after this many rows.
    pub limit: Option<u64>,
}

impl Resolved {
    /// Whether the order is the order of writing.
    pub fn is_natural(&self) -> bool {
        matches!(self.keys.as_slice(), [SortKey { column: 0, descending: false }])
    }
}

/// One column of the total order. Nulls come last in both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SortKey {
    /// The number of the column.
    pub column: usize,
    /// From large to small.
    pub descending: bool,
}

/// The place behind which rows are wanted.
#[derive(Clone, Debug)]
pub struct After {
    /// The number of the last row seen.
    pub row: i64,
    /// The same place as a condition on the keys.
    pub condition: Condition,
}

impl Measure {
    /// The column that is measured.
    pub fn column(&self) -> Option<&str> {
        match self {
            Self::Count => None,
            Self::Sum(column) | Self::Avg(column) | Self::Min(column) | Self::Max(column) => {
                Some(column)
            }
        }
    }

    /// The type of the measure of a column of type `input`, if it can be measured.
    pub fn output_type(&self, input: Option<&DataType>) -> Option<DataType> {
        let numeric = matches!(
            input,
            Some(
                DataType::Int8
                    | DataType::Int16
                    | DataType::Int32
                    | DataType::Int64
                    | DataType::Float32
                    | DataType::Float64
                    | DataType::Decimal128(..)
            )
        );
        match (self, input) {
            (Self::Count, _) => Some(DataType::Int64),
            (Self::Sum(_), Some(DataType::Float32 | DataType::Float64)) => Some(DataType::Float64),
            (Self::Sum(_), Some(DataType::Decimal128(_, scale))) => {
                Some(DataType::Decimal128(38, *scale))
            }
            (Self::Sum(_), _) => numeric.then_some(DataType::Decimal128(38, 0)),
            (Self::Avg(_), _) => numeric.then_some(DataType::Float64),
            (Self::Min(_) | Self::Max(_), Some(DataType::Binary)) => None,
            (Self::Min(_) | Self::Max(_), input) => input.cloned(),
        }
    }
}

impl fmt::Display for Measure {
    /// The name of the measure's column: `count`, `sum(收入)`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count => write!(formatter, "count"),
            Self::Sum(column) => write!(formatter, "sum({column})"),
            Self::Avg(column) => write!(formatter, "avg({column})"),
            Self::Min(column) => write!(formatter, "min({column})"),
            Self::Max(column) => write!(formatter, "max({column})"),
        }
    }
}

impl GroupQuery {
    /// Checks the query against a table and brings it to column numbers.
    ///
    /// # Errors
    ///
    /// Everything that can be wrong with a query.
    pub fn resolve(&self, schema: &Schema) -> Result<ResolvedGroup, LakeError> {
        let full = with_row_column(schema);
        if self.by.len() > MOST_KEYS || self.measures.len() > 64 || self.measures.is_empty() {
            return Err(LakeError::query(
                format!("分组字段最多 {MOST_KEYS} 个，统计项 1 至 64 个"),
                format!("a grouping has at most {MOST_KEYS} columns and 1 to 64 measures"),
            ));
        }
        let mut fields: Vec<Field> = Vec::new();
        let mut by = Vec::new();
        for name in &self.by {
            let column = known(schema, name)? + 1;
            by.push(column);
            fields.push(full.field(column).clone());
        }
        let mut measures = Vec::new();
        for measure in &self.measures {
            let column = match measure.column() {
                Some(name) => Some(known(schema, name)? + 1),
                None => None,
            };
            let input = column.map(|column| full.field(column).data_type());
            let Some(output) = measure.output_type(input) else {
                return Err(LakeError::query(
                    format!("字段类型不支持统计“{measure}”"),
                    format!("the type of the column does not allow `{measure}`"),
                ));
            };
            fields.push(Field::new(measure.to_string(), output, true));
            measures.push((measure.clone(), column));
        }
        for (place, field) in fields.iter().enumerate() {
            if fields.iter().take(place).any(|earlier| earlier.name() == field.name()) {
                return Err(LakeError::query(
                    format!("“{}”重复", field.name()),
                    format!("`{}` is repeated", field.name()),
                ));
            }
        }
        let condition = match &self.filter {
            Some(filter) => Some(filter.check(&full)?),
            None => None,
        };
        let output = Arc::new(Schema::new(fields));
        Ok(ResolvedGroup { full, output, by, measures, condition, limit: self.limit })
    }
}

/// A grouping in column numbers of the full schema.
#[derive(Clone, Debug)]
pub struct ResolvedGroup {
    /// The row number and the columns of the table.
    pub full: SchemaRef,
    /// The columns of the answer: those of the group, then the measures.
    pub output: SchemaRef,
    /// The columns that make a group.
    pub by: Vec<usize>,
    /// The measures with the column that each measures.
    pub measures: Vec<(Measure, Option<usize>)>,
    /// Which rows.
    pub condition: Option<Condition>,
    /// Keep the first so many groups.
    pub limit: Option<u64>,
}

/// The number of a column, or an error that lists the names.
fn known(schema: &Schema, name: &str) -> Result<usize, LakeError> {
    schema.index_of(name).map_err(|_| LakeError::NoColumn {
        column: name.to_owned(),
        known: schema
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .filter(|known| known != ROW_COLUMN)
            .collect(),
    })
}

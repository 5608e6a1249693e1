//! `/api/v1/sql/tables`: what can be queried.

#![expect(unused_qualifications, reason = "what utoipa writes for parameters is qualified")]

use arrow::datatypes::DataType;
use axum::Json;
use axum::extract::State;
use platform::open::sql::{self, Table};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::extract::{ApiQuery, within};
use crate::problem::{Problem, TextView};
use crate::visitor::Visitor;

/// Tables of a page if no number is asked for.
const TABLES: u64 = 50;

/// Which tables.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct TableParams {
    /// Go on after this table.
    pub after: Option<String>,
    /// Tables on a page, 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    pub per_page: Option<u64>,
}

/// A page of tables.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SqlTables {
    /// The tables, in the order of their names.
    pub tables: Vec<SqlTable>,
    /// What to give as `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A table that statements can name.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SqlTable {
    /// Its name: the id of the dataset. It stands in double quotes.
    pub name: String,
    /// Another name for it: what a program registered the dataset under.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Title of the dataset.
    pub title: TextView,
    /// Rows.
    pub rows: u64,
    /// The columns, in their order.
    pub columns: Vec<SqlColumn>,
    /// The release that is read.
    pub release: String,
}

/// A column.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SqlColumn {
    /// Its name. It stands in double quotes unless it is a plain word.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
}

impl SqlTable {
    /// A table with a release behind it.
    pub(crate) fn of(table: Table) -> Option<Self> {
        let release = table.dataset.current.as_ref()?;
        let columns = table.schema.fields().iter().map(|field| SqlColumn {
            name: field.name().clone(),
            kind: type_name(field.data_type()),
        });
        Some(Self {
            columns: columns.collect(),
            name: table.dataset.asset.id.to_string(),
            title: table.dataset.asset.entry.title.clone().into(),
            rows: release.rows,
            release: release.id.to_string(),
            alias: table.dataset.name,
        })
    }
}

/// Tables as they are told.
pub(crate) fn named(tables: Vec<Table>) -> Vec<SqlTable> {
    tables.into_iter().filter_map(SqlTable::of).collect()
}

/// A type as SQL names it.
pub(crate) fn type_name(kind: &DataType) -> String {
    match kind {
        DataType::Utf8 => "text".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Int8 => "tinyint".to_owned(),
        DataType::Int16 => "smallint".to_owned(),
        DataType::Int32 => "integer".to_owned(),
        DataType::Int64 => "bigint".to_owned(),
        DataType::Float32 => "real".to_owned(),
        DataType::Float64 => "double precision".to_owned(),
        DataType::Decimal128(precision, scale) => format!("decimal({precision},{scale})"),
        DataType::Date32 => "date".to_owned(),
        DataType::Timestamp(_, None) => "timestamp".to_owned(),
        DataType::Timestamp(_, Some(_)) => "timestamp with time zone".to_owned(),
        DataType::Binary => "bytea".to_owned(),
        other => other.to_string().to_lowercase(),
    }
}

/// The tables that statements can name, with their columns.
#[utoipa::path(get, path = "/api/v1/sql/tables", tag = "open", params(TableParams),
    responses((status = 200, body = SqlTables), crate::openapi::Problems))]
pub(crate) async fn tables(
    State(app): State<App>,
    visitor: Visitor,
    ApiQuery(params): ApiQuery<TableParams>,
) -> Result<Json<SqlTables>, Problem> {
    let size = within("per_page", params.per_page, TABLES, 1..=100)?;
    let after = params.after.as_deref().filter(|after| !after.is_empty());
    let after = after.map(str::parse).transpose().map_err(|_| {
        Problem::bad_request("after 不是数据集标识。", "after is not the id of a dataset.")
    })?;
    let found = sql::tables(&visitor.caller, &app.platform, after, size).await?;
    let is_full = u64::try_from(found.len()).is_ok_and(|found| found == size);
    let tables = named(found);
    let next = tables.last().filter(|_| is_full).map(|table| table.name.clone());
    Ok(Json(SqlTables { tables, next }))
}

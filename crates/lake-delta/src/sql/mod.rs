//! A person's SQL: one query over named tables, and nothing else.
//!
//! ```text
//! text ─▶ measure.rs  length, depth, parts: before the parser sees it
//!      ─▶ parse
//!      ─▶ refuse.rs   every part of the tree is one that is known, or it is refused
//!      ─▶ plan        over the given tables, with the functions of functions.rs
//! ```
//!
//! Memory is counted by the engine only where rows are kept: in sorts, groups and joins.
//! What makes text longer works in memory that nobody counts, so functions are let through
//! by name (`functions.rs`), and those that join texts are bounded (`bounded.rs`).
//!
//! The session of a query has an empty catalogue, no information schema, and no tables
//! from addresses, so that no file and no setting can be named.

mod bounded;
mod functions;
mod join;
mod measure;
mod refuse;

use std::sync::Arc;

use datafusion::common::TableReference;
use datafusion::datasource::ViewTable;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::context::SQLOptions;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::sql::parser::Statement;
use datafusion::sql::resolve::resolve_table_references;
use lake::LakeError;

pub(crate) use functions::offer;

use crate::error::{Asked, engine};

/// Reads a statement and refuses what is not offered.
pub(crate) fn read(
    session: &SessionState,
    text: &str,
) -> std::result::Result<Statement, LakeError> {
    measure::check(text)?;
    let options = session.config_options();
    let statement = session
        .sql_to_statement(text, &options.sql_parser.dialect)
        .map_err(|error| engine(error, Asked::Sql))?;
    refuse::check(&statement)?;
    Ok(statement)
}

/// The names of the tables that a statement reads, sorted, each once.
pub(crate) fn tables(
    session: &SessionState,
    text: &str,
) -> std::result::Result<Vec<String>, LakeError> {
    let statement = read(session, text)?;
    let (tables, _) =
        resolve_table_references(&statement, false).map_err(|error| engine(error, Asked::Sql))?;
    Ok(tables.iter().map(|table| table.table().to_owned()).collect())
}

/// Plans a statement over the given tables, for an answer of at most so many rows.
pub(crate) async fn plan(
    session: &SessionState,
    tables: Vec<(String, LogicalPlan)>,
    statement: Statement,
    rows: usize,
) -> Result<LogicalPlan> {
    for (name, table) in tables {
        let name = TableReference::bare(name);
        let schema = session.schema_for_ref(name.clone())?;
        schema.register_table(name.table().to_owned(), Arc::new(ViewTable::new(table, None)))?;
    }
    let plan = session.statement_to_plan(statement).await?;
    SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false)
        .verify_plan(&plan)?;
    if let Some(nested) = plan.schema().fields().iter().find(|field| field.data_type().is_nested())
    {
        let what = format!("the column {} holds several values in one", nested.name());
        return Err(DataFusionError::Plan(what));
    }
    if plan.schema().fields().is_empty() {
        return Err(DataFusionError::Plan("the answer has no columns".to_owned()));
    }
    LogicalPlanBuilder::from(plan).limit(0, Some(rows))?.build()
}

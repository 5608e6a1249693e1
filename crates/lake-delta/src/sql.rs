//! A person's SQL: one `SELECT` over named tables, and nothing else.
//!
//! The session of a query has an empty catalogue, no information schema, and no
//! tables from addresses, so that no file and no setting can be named. Any statement
//! that is not a query is refused before it is planned.

use std::sync::Arc;

use datafusion::common::TableReference;
use datafusion::datasource::ViewTable;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::context::SQLOptions;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::Statement as Ast;

/// Longest statement in bytes.
const LONGEST: usize = 64 << 10;

/// Plans a statement over the given tables.
pub(crate) async fn plan(
    session: &SessionState,
    tables: Vec<(String, LogicalPlan)>,
    text: &str,
) -> Result<LogicalPlan> {
    if text.len() > LONGEST {
        return Err(refused("the statement is too long"));
    }
    let options = session.config_options();
    let statement = session.sql_to_statement(text, &options.sql_parser.dialect)?;
    match &statement {
        Statement::Statement(inner) if matches!(inner.as_ref(), Ast::Query(_)) => {}
        _ => return Err(refused("only SELECT is allowed")),
    }
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
    Ok(plan)
}

fn refused(reason: &str) -> DataFusionError {
    DataFusionError::Plan(reason.to_owned())
}

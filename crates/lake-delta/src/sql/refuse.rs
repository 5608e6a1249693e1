//! What a statement may consist of. Whatever is not known here is refused.

use std::collections::HashMap;
use std::ops::ControlFlow;

use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    GroupByExpr, ObjectName, Query, Select, SetExpr, Statement as Ast, TableFactor, UnaryOperator,
    Value, Visit as _, Visitor, WindowFrameBound, WindowType,
};
use lake::LakeError;
use vocabulary::Bilingual;

use super::functions::{AGGREGATES, PATTERNS, WINDOWS, is_offered};

/// Most tables that a statement reads, those behind names of `WITH` counted each time.
const MOST_TABLES: usize = 32;
/// Most columns of a `SELECT`.
const MOST_COLUMNS: usize = 200;
/// Longest pattern, in bytes.
const LONGEST_PATTERN: usize = 200;

type Flow = ControlFlow<Box<Bilingual>>;

/// Refuses a statement that is no query, or has a part that is not offered.
pub(super) fn check(statement: &Statement) -> Result<(), LakeError> {
    let only = || {
        Box::new(Bilingual::new("只能查询，即一条 SELECT", "only a query is allowed: one SELECT"))
    };
    let flow = match statement {
        Statement::Statement(inner) if matches!(inner.as_ref(), Ast::Query(_)) => {
            inner.visit(&mut Reader::default())
        }
        _ => ControlFlow::Break(only()),
    };
    match flow {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(message) => Err(LakeError::Sql { message: *message }),
    }
}

fn refused(zh: impl Into<String>, en: impl Into<String>) -> Flow {
    ControlFlow::Break(Box::new(Bilingual::new(zh, en)))
}

fn not_offered(what: &str) -> Flow {
    refused(format!("这里不支持 {what}"), format!("{what} is not offered here"))
}

/// Walks through a statement.
#[derive(Default)]
struct Reader {
    statements: usize,
    /// Tables read so far by the queries that are being walked through.
    reading: Vec<usize>,
    /// The names of `WITH` behind the queries that define them, by address.
    defines: HashMap<*const Query, String>,
    /// Tables that are read behind a name of `WITH`.
    behind: HashMap<String, usize>,
}

impl Visitor for Reader {
    type Break = Box<Bilingual>;

    fn pre_visit_statement(&mut self, statement: &Ast) -> Flow {
        self.statements += 1;
        if self.statements > 1 || !matches!(statement, Ast::Query(_)) {
            return not_offered("INSERT / UPDATE / DELETE");
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &Query) -> Flow {
        self.reading.push(0);
        if let Some(with) = &query.with {
            if with.recursive {
                return not_offered("WITH RECURSIVE");
            }
            for table in &with.cte_tables {
                let address: *const Query = table.query.as_ref();
                self.defines.insert(address, table.alias.name.value.clone());
            }
        }
        let extra = !query.locks.is_empty()
            || query.for_clause.is_some()
            || query.settings.is_some()
            || query.format_clause.is_some()
            || !query.pipe_operators.is_empty();
        if extra {
            return not_offered("FOR / SETTINGS / FORMAT / |>");
        }
        body(&query.body)
    }

    fn post_visit_query(&mut self, query: &Query) -> Flow {
        let read = self.reading.pop().unwrap_or_default();
        let address: *const Query = query;
        if let Some(name) = self.defines.get(&address) {
            let known = self.behind.entry(name.clone()).or_default();
            *known = (*known).max(read.max(1));
        }
        self.count(read)
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> Flow {
        let [part] = relation.0.as_slice() else {
            return refused(
                format!("表名 {relation} 不应有前缀；可查询的表见 /api/v1/sql/tables"),
                format!(
                    "the table {relation} has no prefix here; /api/v1/sql/tables lists the tables"
                ),
            );
        };
        let name = part.as_ident().map(|ident| ident.value.as_str()).unwrap_or_default();
        self.count(self.behind.get(name).copied().unwrap_or(1))
    }

    fn pre_visit_select(&mut self, select: &Select) -> Flow {
        if select.projection.len() > MOST_COLUMNS {
            return refused(
                format!("SELECT 最多 {MOST_COLUMNS} 列"),
                format!("a SELECT has at most {MOST_COLUMNS} columns"),
            );
        }
        let modified = match &select.group_by {
            GroupByExpr::All(modifiers) | GroupByExpr::Expressions(_, modifiers) => {
                !modifiers.is_empty()
            }
        };
        let extra = select.into.is_some()
            || modified
            || !select.lateral_views.is_empty()
            || select.prewhere.is_some()
            || !select.connect_by.is_empty()
            || !select.cluster_by.is_empty()
            || !select.distribute_by.is_empty()
            || !select.sort_by.is_empty()
            || select.top.is_some()
            || select.value_table_mode.is_some()
            || !select.named_window.is_empty();
        if extra {
            return not_offered("SELECT … INTO / LATERAL VIEW / WITH ROLLUP / CONNECT BY / WINDOW");
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> Flow {
        match factor {
            TableFactor::Table { args: Some(_), name, .. } => refused(
                format!("不能把函数 {name} 当作表"),
                format!("the function {name} cannot be read as a table"),
            ),
            TableFactor::Table {
                args: None,
                version: None,
                sample: None,
                json_path: None,
                with_ordinality: false,
                ..
            }
            | TableFactor::Derived { lateral: false, sample: None, .. }
            | TableFactor::NestedJoin { .. } => ControlFlow::Continue(()),
            _ => refused(
                "FROM 中只能有表、子查询和它们的连接",
                "FROM holds tables, subqueries and their joins only",
            ),
        }
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> Flow {
        expression(expr)
    }
}

impl Reader {
    /// Counts tables for the query that is being walked through.
    fn count(&mut self, tables: usize) -> Flow {
        if let Some(reading) = self.reading.last_mut() {
            *reading = reading.saturating_add(tables);
            if *reading > MOST_TABLES {
                return refused(
                    format!("一条语句最多读 {MOST_TABLES} 次表"),
                    format!("a statement reads tables at most {MOST_TABLES} times"),
                );
            }
        }
        ControlFlow::Continue(())
    }
}

/// What a query may be made of.
fn body(set: &SetExpr) -> Flow {
    match set {
        SetExpr::Select(_) | SetExpr::Query(_) => ControlFlow::Continue(()),
        SetExpr::SetOperation { left, right, .. } => {
            body(left)?;
            body(right)
        }
        SetExpr::Values(_) | SetExpr::Table(_) => not_offered("VALUES / TABLE"),
        _ => not_offered("INSERT / UPDATE / DELETE"),
    }
}

fn expression(expr: &Expr) -> Flow {
    match expr {
        Expr::Identifier(_)
        | Expr::CompoundIdentifier(_)
        | Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsUnknown(_)
        | Expr::IsNotUnknown(_)
        | Expr::IsDistinctFrom(..)
        | Expr::IsNotDistinctFrom(..)
        | Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::Between { .. }
        | Expr::Extract { .. }
        | Expr::Ceil { .. }
        | Expr::Floor { .. }
        | Expr::Position { .. }
        | Expr::Substring { .. }
        | Expr::Trim { .. }
        | Expr::Nested(_)
        | Expr::TypedString(_)
        | Expr::Case { .. }
        | Expr::Exists { .. }
        | Expr::Subquery(_)
        | Expr::Tuple(_)
        | Expr::Interval(_)
        | Expr::Wildcard(_)
        | Expr::QualifiedWildcard(..) => ControlFlow::Continue(()),
        Expr::Value(value) => match &value.value {
            Value::Placeholder(name) => not_offered(name),
            _ => ControlFlow::Continue(()),
        },
        Expr::UnaryOp { op, .. } => match op {
            UnaryOperator::Plus | UnaryOperator::Minus | UnaryOperator::Not => {
                ControlFlow::Continue(())
            }
            other => not_offered(&other.to_string()),
        },
        Expr::BinaryOp { op, right, .. } => operator(op, right),
        Expr::Like { any: false, pattern, .. } | Expr::ILike { any: false, pattern, .. } => {
            constant(pattern)
        }
        Expr::Cast { data_type, array: false, format: None, .. } => kind(data_type),
        Expr::Function(called) => function(called),
        Expr::Cube(_) | Expr::Rollup(_) | Expr::GroupingSets(_) => {
            not_offered("CUBE / ROLLUP / GROUPING SETS")
        }
        other => {
            let text: String = other.to_string().chars().take(60).collect();
            not_offered(&format!("`{text}`"))
        }
    }
}

fn operator(op: &BinaryOperator, right: &Expr) -> Flow {
    use BinaryOperator as Op;
    match op {
        Op::Plus
        | Op::Minus
        | Op::Multiply
        | Op::Divide
        | Op::Modulo
        | Op::StringConcat
        | Op::Gt
        | Op::Lt
        | Op::GtEq
        | Op::LtEq
        | Op::Eq
        | Op::NotEq
        | Op::And
        | Op::Or => ControlFlow::Continue(()),
        Op::PGRegexMatch
        | Op::PGRegexIMatch
        | Op::PGRegexNotMatch
        | Op::PGRegexNotIMatch
        | Op::PGLikeMatch
        | Op::PGILikeMatch
        | Op::PGNotLikeMatch
        | Op::PGNotILikeMatch => constant(right),
        other => not_offered(&format!("`{other}`")),
    }
}

/// A pattern is the same for all rows, so that it is prepared once.
fn constant(pattern: &Expr) -> Flow {
    let text = match pattern {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) | Value::EscapedStringLiteral(text) => Some(text),
            _ => None,
        },
        _ => None,
    };
    match text {
        Some(text) if text.len() <= LONGEST_PATTERN => ControlFlow::Continue(()),
        _ => refused(
            format!("匹配的模式须是引号中的文字，最多 {LONGEST_PATTERN} 字节"),
            format!("a pattern is a text in quotes of at most {LONGEST_PATTERN} bytes"),
        ),
    }
}

fn function(called: &Function) -> Flow {
    let name = match called.name.0.as_slice() {
        [part] => part.as_ident().map(|ident| ident.value.to_lowercase()).unwrap_or_default(),
        _ => called.name.to_string(),
    };
    let unknown = || {
        refused(
            format!("这里不提供函数 {name}；可用的函数见 /sql 页面"),
            format!("the function {name} is not offered here; the page /sql lists those that are"),
        )
    };
    if !matches!(called.parameters, FunctionArguments::None) {
        return unknown();
    }
    let Some(over) = &called.over else {
        if !is_offered(&name) && !AGGREGATES.contains(&name.as_str()) {
            return unknown();
        }
        return if PATTERNS.contains(&name.as_str()) {
            pattern_of(called)
        } else {
            ControlFlow::Continue(())
        };
    };
    if !WINDOWS.contains(&name.as_str()) && name != "sum" {
        return unknown();
    }
    let WindowType::WindowSpec(spec) = over else { return not_offered("WINDOW") };
    let unbounded = |bound: &WindowFrameBound| match bound {
        WindowFrameBound::CurrentRow => true,
        WindowFrameBound::Preceding(rows) | WindowFrameBound::Following(rows) => rows.is_none(),
    };
    match &spec.window_frame {
        // A frame that moves is counted anew for each row.
        Some(frame)
            if !unbounded(&frame.start_bound)
                || !frame.end_bound.as_ref().is_none_or(unbounded) =>
        {
            refused(
                "窗口范围只能从 UNBOUNDED 开始或到 UNBOUNDED、CURRENT ROW 为止",
                "the frame of a window ends at UNBOUNDED or CURRENT ROW on both sides",
            )
        }
        _ => ControlFlow::Continue(()),
    }
}

/// The second argument of a function is a constant pattern.
fn pattern_of(called: &Function) -> Flow {
    let FunctionArguments::List(list) = &called.args else { return ControlFlow::Continue(()) };
    match list.args.get(1) {
        Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(pattern))) => constant(pattern),
        _ => not_offered(&called.name.to_string()),
    }
}

/// Types that a value can be cast to.
fn kind(kind: &DataType) -> Flow {
    match kind {
        DataType::Character(_)
        | DataType::Char(_)
        | DataType::CharacterVarying(_)
        | DataType::CharVarying(_)
        | DataType::Varchar(_)
        | DataType::Text
        | DataType::String(_)
        | DataType::Numeric(_)
        | DataType::Decimal(_)
        | DataType::Dec(_)
        | DataType::Float(_)
        | DataType::Float4
        | DataType::Float8
        | DataType::Float32
        | DataType::Float64
        | DataType::Real
        | DataType::Double(_)
        | DataType::DoublePrecision
        | DataType::TinyInt(_)
        | DataType::SmallInt(_)
        | DataType::Int(_)
        | DataType::Int2(_)
        | DataType::Int4(_)
        | DataType::Int8(_)
        | DataType::Integer(_)
        | DataType::BigInt(_)
        | DataType::Bool
        | DataType::Boolean
        | DataType::Date
        | DataType::Timestamp(..)
        | DataType::Interval { .. } => ControlFlow::Continue(()),
        other => refused(
            format!("不能转换为类型 {other}"),
            format!("a value cannot be cast to {other} here"),
        ),
    }
}

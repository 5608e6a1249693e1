//! Which functions a statement may use.
//!
//! A function is here if its answer is no longer than what it is given, it takes time in
//! proportion to it, and it reads nothing but its arguments. Functions that make lists,
//! text or rows out of nothing are not (`repeat`, `lpad`, `range`, `array_agg`,
//! `string_agg`), nor those that read files or settings.

use std::sync::Arc;

use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::ScalarUDF;

use super::bounded::{Bounded, Growth};
use super::join::Joins;

/// Functions of a row that answer with a number, a truth or a time.
const PLAIN: [&str; 66] = [
    "abs",
    "acos",
    "asin",
    "ascii",
    "atan",
    "atan2",
    "bit_length",
    "cbrt",
    "ceil",
    "char_length",
    "character_length",
    "coalesce",
    "contains",
    "cos",
    "cot",
    "current_date",
    "date_bin",
    "date_part",
    "date_trunc",
    "datepart",
    "datetrunc",
    "degrees",
    "ends_with",
    "exp",
    "floor",
    "from_unixtime",
    "gcd",
    "greatest",
    "ifnull",
    "instr",
    "isnan",
    "iszero",
    "lcm",
    "least",
    "length",
    "ln",
    "log",
    "log10",
    "log2",
    "make_date",
    "mod",
    "nanvl",
    "now",
    "nullif",
    "nvl",
    "octet_length",
    "pi",
    "position",
    "pow",
    "power",
    "radians",
    "random",
    "regexp_count",
    "regexp_like",
    "round",
    "sign",
    "signum",
    "sin",
    "sqrt",
    "starts_with",
    "strpos",
    "tan",
    "to_date",
    "to_timestamp",
    "to_unixtime",
    "trunc",
];

/// Functions of a row that answer with text.
const TEXT: [(&str, Growth); 20] = [
    ("btrim", Growth::Shrinks),
    ("chr", Growth::Shrinks),
    ("concat", Growth::Joins),
    ("concat_ws", Growth::Separates),
    ("date_format", Growth::Shrinks),
    ("initcap", Growth::Shrinks),
    ("left", Growth::Shrinks),
    ("lower", Growth::Shrinks),
    ("ltrim", Growth::Shrinks),
    ("replace", Growth::Replaces),
    ("reverse", Growth::Shrinks),
    ("right", Growth::Shrinks),
    ("rtrim", Growth::Shrinks),
    ("split_part", Growth::Shrinks),
    ("substr", Growth::Shrinks),
    ("substring", Growth::Shrinks),
    ("to_char", Growth::Shrinks),
    ("to_hex", Growth::Shrinks),
    ("trim", Growth::Shrinks),
    ("upper", Growth::Shrinks),
];

/// Functions of many rows.
pub(super) const AGGREGATES: [&str; 27] = [
    "approx_distinct",
    "approx_median",
    "approx_percentile_cont",
    "avg",
    "bool_and",
    "bool_or",
    "corr",
    "count",
    "covar",
    "covar_pop",
    "covar_samp",
    "first_value",
    "last_value",
    "max",
    "mean",
    "median",
    "min",
    "percentile_cont",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "sum",
    "var",
    "var_pop",
    "var_samp",
    "var_population",
    "var_sample",
];

/// Functions of a window.
pub(super) const WINDOWS: [&str; 15] = [
    "avg",
    "count",
    "cume_dist",
    "dense_rank",
    "first_value",
    "lag",
    "last_value",
    "lead",
    "max",
    "min",
    "nth_value",
    "ntile",
    "percent_rank",
    "rank",
    "row_number",
];

/// Functions whose second argument is a pattern.
pub(super) const PATTERNS: [&str; 2] = ["regexp_count", "regexp_like"];

/// Whether a function of a row is offered, by its name in small letters.
pub(super) fn is_offered(name: &str) -> bool {
    PLAIN.contains(&name) || TEXT.iter().any(|(text, _)| *text == name)
}

/// Bounds the functions of a session that make text longer.
pub(crate) fn offer(session: &mut SessionState) -> Result<()> {
    let mut bounded = Vec::new();
    for (name, growth) in TEXT {
        if let Some(inner) = session.scalar_functions().get(name) {
            bounded.push(ScalarUDF::from(Bounded::new(Arc::clone(inner), growth)));
        }
    }
    for function in bounded {
        session.register_udf(Arc::new(function))?;
    }
    session.register_expr_planner(Arc::new(Joins))
}

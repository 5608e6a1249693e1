//! From the text of a column to typed values.
//!
//! ```text
//! names.rs     header cells → unique names, and what a name hints at
//! classify.rs  one value → its class (Int, Date, Code, …)
//! numbers.rs   dates.rs     one value → number, date, time of day
//! evidence.rs  counts of classes → the kind of the column
//! build.rs     a chunk → Arrow arrays, and the rows that do not fit
//! ```
//!
//! What counts as what:
//! - Integers have at most 15 digits. A leading zero or more digits make the
//!   whole column text: such values are codes, and `007` must stay `007`.
//! - `1,234` is a number where the groups are right and the delimiter is not
//!   `;` (where the comma may be the decimal mark). Full-width digits are digits.
//!   A value with `%` is text.
//! - `2020-01-11`, `2020/1/11`, `2020.1.11` and `2020年1月11日` are dates;
//!   `20200111` is one if the name of the column says so, or if at least twenty
//!   values and all of them are plausible dates.
//! - A time with an offset (`Z`, `+08:00`) is text: nothing is shifted silently.
//! - Marks such as `NA` or `—` mean "no value". In a text column `—` and `NULL` always
//!   do, `NA` if another column of the file uses it so, `-` and `无` never.
//! - A row whose only text begins with `注：`, `数据来源：` and the like is a remark.

mod build;
mod classify;
mod dates;
mod evidence;
mod names;
mod numbers;
mod remark;

pub(crate) use build::{Built, build};
pub(crate) use classify::{
    Class, MISSING_IF_ELSEWHERE, MISSING_IN_TEXT, Notation, classify, mark_index, mark_text, trim,
};
pub(crate) use evidence::{Evidence, Typing, decide};
pub(crate) use names::{Name, name_columns};

#[cfg(test)]
mod tests;

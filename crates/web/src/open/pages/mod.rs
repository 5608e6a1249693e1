//! The pages of the open portal (开放平台), for anyone, without signing in.
//!
//! ```text
//! home.rs         what is here
//! search.rs       which data set
//! dataset/        one data set, or an entry without data
//! differences.rs  what changed from version to version
//! explore/        what the data say: filter, sort, group, chart
//! negative.rs     what is not opened, and why
//! bodies.rs       who holds data, and what each of them holds
//! sql.rs          what the data say, asked in SQL
//! developers.rs   how to build on it
//! statements.rs   licence, accessibility
//! places.rs       names of divisions
//! cells.rs        rows as the cells of a table
//! ```

mod bodies;
mod cells;
mod dataset;
mod developers;
mod differences;
mod explore;
pub(crate) mod home;
mod negative;
mod places;
mod search;
mod sql;
mod statements;

pub(crate) use self::search::{query_of as search_query, search};
pub(crate) use bodies::{bodies, body};
pub(crate) use dataset::{entry, show as dataset};
pub(crate) use developers::developers;
pub(crate) use differences::show as differences;
pub(crate) use explore::{explore, framed as chart, groups_csv, picture as chart_svg};
pub(crate) use home::home;
pub(crate) use negative::negative_list;
pub(crate) use places::name as division_name;
pub(crate) use sql::sql;
pub(crate) use statements::{accessibility, licence};

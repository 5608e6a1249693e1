//! The statistics of a data file as the Delta log writes them, for other engines.
//!
//! Only what every engine reads in the same way: counts of nulls, and the range of
//! whole numbers, finite floats, dates and text.

use arrow::datatypes::{DataType, SchemaRef};
use jiff::Span;
use jiff::civil::date;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::statistics::Statistics;
use serde_json::{Map, Number, Value, json};

/// Columns with statistics, as in other Delta writers.
const COLUMNS: usize = 32;
/// Longest text in statistics, in bytes.
const LONGEST: usize = 64;

/// The smallest and largest value of one column.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
enum Edge {
    Whole(i64),
    Float(f64),
    Text(Vec<u8>),
}

/// The statistics of one file as JSON text.
pub(crate) fn to_json(metadata: &ParquetMetaData, schema: &SchemaRef, rows: u64) -> String {
    let mut least = Map::new();
    let mut most = Map::new();
    let mut nulls = Map::new();
    for (column, field) in schema.fields().iter().enumerate().take(COLUMNS) {
        let mut missing = Some(0_u64);
        let mut range: Option<(Edge, Edge)> = None;
        let mut known = true;
        for group in metadata.row_groups() {
            let Some(stats) = group.columns().get(column).and_then(|chunk| chunk.statistics())
            else {
                known = false;
                missing = None;
                continue;
            };
            missing = missing.zip(stats.null_count_opt()).map(|(sum, more)| sum + more);
            match edges(stats) {
                Some((low, high)) => {
                    range = Some(match range {
                        None => (low, high),
                        Some((lowest, highest)) => (
                            if low < lowest { low } else { lowest },
                            if high > highest { high } else { highest },
                        ),
                    });
                }
                // A group of nulls only has no edges and needs none.
                None => {
                    let rows = u64::try_from(group.num_rows()).ok();
                    known &= rows.is_some() && stats.null_count_opt() == rows;
                }
            }
        }
        if let Some(missing) = missing {
            nulls.insert(field.name().clone(), json!(missing));
        }
        if let Some((low, high)) = range.filter(|_| known)
            && let (Some(low), Some(high)) =
                (value(&low, field.data_type()), value(&high, field.data_type()))
        {
            least.insert(field.name().clone(), low);
            most.insert(field.name().clone(), high);
        }
    }
    json!({ "numRecords": rows, "minValues": least, "maxValues": most, "nullCount": nulls })
        .to_string()
}

fn edges(stats: &Statistics) -> Option<(Edge, Edge)> {
    Some(match stats {
        Statistics::Int32(stats) => {
            (Edge::Whole(i64::from(*stats.min_opt()?)), Edge::Whole(i64::from(*stats.max_opt()?)))
        }
        Statistics::Int64(stats) => {
            (Edge::Whole(*stats.min_opt()?), Edge::Whole(*stats.max_opt()?))
        }
        Statistics::Float(stats) => {
            (Edge::Float(f64::from(*stats.min_opt()?)), Edge::Float(f64::from(*stats.max_opt()?)))
        }
        Statistics::Double(stats) => {
            (Edge::Float(*stats.min_opt()?), Edge::Float(*stats.max_opt()?))
        }
        Statistics::ByteArray(stats) => (
            Edge::Text(stats.min_opt()?.data().to_vec()),
            Edge::Text(stats.max_opt()?.data().to_vec()),
        ),
        _ => return None,
    })
}

fn value(edge: &Edge, kind: &DataType) -> Option<Value> {
    match (kind, edge) {
        (
            DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64,
            Edge::Whole(number),
        ) => Some(json!(number)),
        (DataType::Float32 | DataType::Float64, Edge::Float(number)) => {
            Number::from_f64(*number).map(Value::Number)
        }
        (DataType::Date32, Edge::Whole(days)) => {
            let span = Span::new().try_days(*days).ok()?;
            let day = date(1970, 1, 1).checked_add(span).ok()?;
            Some(json!(day.to_string()))
        }
        (DataType::Utf8, Edge::Text(bytes)) if bytes.len() <= LONGEST => {
            std::str::from_utf8(bytes).ok().map(|text| json!(text))
        }
        _ => None,
    }
}

//! How the columns of a table are named and typed in Parquet and in the Delta log.
//!
//! Delta without column mapping forbids some characters in column names, and names
//! must differ in more than case. So forbidden characters become `_`, clashes get a
//! number, and the name that people know is kept in the metadata of the field:
//!
//! | known as | stored as | metadata |
//! |---|---|---|
//! | `收入（元）` | `收入（元）` | – |
//! | `PM2.5 (ug)` | `PM2.5__ug_` | `fenhe.name = "PM2.5 (ug)"` |
//!
//! Delta's plain `timestamp` is an instant. An instant without zone is stored as if
//! it were UTC and marked `fenhe.zone = "none"`, so every reader shows its digits.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use lake::ROW_COLUMN;
use lake::schema::with_row_column;
use serde_json::{Map, Value, json};

const NAME_KEY: &str = "fenhe.name";
const ZONE_KEY: &str = "fenhe.zone";
const FORBIDDEN: [char; 10] = [' ', ',', ';', '{', '}', '(', ')', '\n', '\t', '='];

/// The columns of one version, as people and as files know them.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// What people see: no row number.
    pub(crate) shown: SchemaRef,
    /// The same with the row number in front.
    pub(crate) full: SchemaRef,
    /// As `full`, with stored names and types.
    pub(crate) stored: SchemaRef,
    /// As `full`, with stored names and the types that people see.
    pub(crate) queried: SchemaRef,
}

impl Layout {
    /// Lays out a schema that the lake can store.
    pub(crate) fn of(shown: &SchemaRef) -> Self {
        let full = with_row_column(shown);
        let mut taken = HashSet::from([ROW_COLUMN.to_owned()]);
        let mut stored = Vec::new();
        for (place, field) in full.fields().iter().enumerate() {
            let name =
                if place == 0 { ROW_COLUMN.to_owned() } else { free(field.name(), &mut taken) };
            stored.push(Field::new(name, stored_type(field.data_type()), true));
        }
        Self::with(shown, full, Schema::new(stored))
    }

    fn with(shown: &SchemaRef, full: SchemaRef, stored: Schema) -> Self {
        let queried: Vec<Field> = stored
            .fields()
            .iter()
            .zip(full.fields())
            .map(|(stored, full)| Field::new(stored.name(), full.data_type().clone(), true))
            .collect();
        Self {
            shown: Arc::clone(shown),
            full,
            stored: Arc::new(stored),
            queried: Arc::new(Schema::new(queried)),
        }
    }

    /// The schema as the Delta log writes it.
    pub(crate) fn to_delta(&self) -> Value {
        let fields: Vec<Value> = self
            .stored
            .fields()
            .iter()
            .zip(self.full.fields())
            .map(|(stored, full)| {
                let mut metadata = Map::new();
                if stored.name() != full.name() {
                    metadata.insert(NAME_KEY.into(), json!(full.name()));
                }
                if matches!(full.data_type(), DataType::Timestamp(_, None)) {
                    metadata.insert(ZONE_KEY.into(), json!("none"));
                }
                json!({
                    "name": stored.name(),
                    "type": delta_type(stored.data_type()),
                    "nullable": true,
                    "metadata": metadata,
                })
            })
            .collect();
        json!({ "type": "struct", "fields": fields })
    }

    /// Reads [`Layout::to_delta`] back; the error says what is not ours.
    pub(crate) fn from_delta(schema: &Value) -> Result<Self, String> {
        let fields = schema.get("fields").and_then(Value::as_array).ok_or("no fields")?;
        let mut shown = Vec::new();
        let mut stored = Vec::new();
        for (place, field) in fields.iter().enumerate() {
            let text = |key: &str| field.get(key).and_then(Value::as_str);
            let marked = |key: &str| {
                field.get("metadata").and_then(|metadata| metadata.get(key)).and_then(Value::as_str)
            };
            let name = text("name").ok_or("a field without name")?;
            let kind = text("type").ok_or_else(|| format!("column `{name}` is nested"))?;
            let kind =
                arrow_type(kind).ok_or_else(|| format!("column `{name}` is of type {kind}"))?;
            stored.push(Field::new(name, kind.clone(), true));
            if place == 0 {
                if name != ROW_COLUMN {
                    return Err(format!("the first column is not `{ROW_COLUMN}`"));
                }
                continue;
            }
            let kind = match (kind, marked(ZONE_KEY)) {
                (DataType::Timestamp(unit, _), Some("none")) => DataType::Timestamp(unit, None),
                (kind, _) => kind,
            };
            shown.push(Field::new(marked(NAME_KEY).unwrap_or(name), kind, true));
        }
        let shown = Arc::new(Schema::new(shown));
        Ok(Self::with(&shown, with_row_column(&shown), Schema::new(stored)))
    }
}

/// A name without forbidden characters that is not taken yet.
fn free(name: &str, taken: &mut HashSet<String>) -> String {
    let base: String = name.chars().map(|c| if FORBIDDEN.contains(&c) { '_' } else { c }).collect();
    let mut candidate = base.clone();
    let mut number = 2_u32;
    while !taken.insert(candidate.to_lowercase()) {
        candidate = format!("{base}_{number}");
        number += 1;
    }
    candidate
}

fn stored_type(kind: &DataType) -> DataType {
    match kind {
        DataType::Timestamp(unit, None) => DataType::Timestamp(*unit, Some("UTC".into())),
        other => other.clone(),
    }
}

fn delta_type(kind: &DataType) -> String {
    match kind {
        DataType::Boolean => "boolean".into(),
        DataType::Int8 => "byte".into(),
        DataType::Int16 => "short".into(),
        DataType::Int32 => "integer".into(),
        DataType::Int64 => "long".into(),
        DataType::Float32 => "float".into(),
        DataType::Float64 => "double".into(),
        DataType::Date32 => "date".into(),
        DataType::Timestamp(..) => "timestamp".into(),
        DataType::Binary => "binary".into(),
        DataType::Decimal128(precision, scale) => format!("decimal({precision},{scale})"),
        // `lake::schema::stored_schema` lets nothing else through.
        _ => "string".into(),
    }
}

fn arrow_type(kind: &str) -> Option<DataType> {
    Some(match kind {
        "boolean" => DataType::Boolean,
        "byte" => DataType::Int8,
        "short" => DataType::Int16,
        "integer" => DataType::Int32,
        "long" => DataType::Int64,
        "float" => DataType::Float32,
        "double" => DataType::Float64,
        "date" => DataType::Date32,
        "timestamp" => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        "binary" => DataType::Binary,
        "string" => DataType::Utf8,
        other => {
            let inner = other.strip_prefix("decimal(")?.strip_suffix(')')?;
            let (precision, scale) = inner.split_once(',')?;
            DataType::Decimal128(precision.trim().parse().ok()?, scale.trim().parse().ok()?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layout_survives_the_log() {
        let names = ["收入（元）", "PM2.5 (ug)", "PM2.5__UG_", "a=b", "A_b", "_Row"];
        let mut fields: Vec<Field> =
            names.iter().map(|name| Field::new(*name, DataType::Utf8, true)).collect();
        for zone in [None, Some("UTC".into())] {
            let kind = DataType::Timestamp(TimeUnit::Microsecond, zone.clone());
            fields.push(Field::new(format!("t{}", zone.is_some()), kind, true));
        }
        fields.push(Field::new("d", DataType::Decimal128(20, 4), true));
        let shown = Arc::new(Schema::new(fields));
        let layout = Layout::of(&shown);
        let stored: Vec<&str> =
            layout.stored.fields().iter().map(|field| field.name().as_str()).collect();
        assert_eq!(
            stored,
            [
                "_row",
                "收入（元）",
                "PM2.5__ug_",
                "PM2.5__UG__2",
                "a_b",
                "A_b_2",
                "_Row_2",
                "tfalse",
                "ttrue",
                "d"
            ]
        );
        let read = Layout::from_delta(&layout.to_delta()).unwrap();
        assert_eq!(read.shown, shown);
        assert_eq!(read.stored, layout.stored);
        assert_eq!(read.queried, layout.queried);
    }
}

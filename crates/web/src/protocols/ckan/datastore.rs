//! `datastore_search` and `datastore_info`: the rows of a resource.
//!
//! A row's `_id` is its place in the release, from 1. There is no pass-through of SQL.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use ingest::write::{CsvOptions, CsvWriter, JsonWriter, json_lists};
use lake::{Filter, LakeError, Order, ROW_COLUMN, RowQuery};
use platform::open::{self, Current, rows};
use serde_json::{Value, json};
use vocabulary::AssetId;

use super::call::Call;
use super::error::CkanError;
use crate::app::App;
use crate::visitor::Visitor;

/// The column with the place of a row.
const ID: &str = "_id";
/// Most rows of an answer, as CKAN's `ckan.datastore.search.rows_max` is set at first.
const MOST_ROWS: u64 = 32_000;
/// Most words of `q`: each is looked for in every column.
const MOST_WORDS: usize = 16;
/// Length of an asset's id.
const ID_CHARS: usize = 36;

/// The dataset that a resource belongs to, and the word of its format; a dataset's id
/// stands for its first resource.
pub(super) fn place(resource: &str) -> Result<(AssetId, &str), CkanError> {
    let missing = || CkanError::NotFound("Resource");
    let id = resource.get(..ID_CHARS).ok_or_else(missing)?;
    let id = id.parse().map_err(|_| missing())?;
    match resource.get(ID_CHARS..).unwrap_or_default() {
        "" => Ok((id, "csv")),
        rest => Ok((id, rest.strip_prefix('-').ok_or_else(missing)?)),
    }
}

/// The release behind a resource, with its columns.
async fn release(
    app: &App,
    visitor: &Visitor,
    call: &Call,
) -> Result<(AssetId, String, Arc<Current>, Arc<Schema>), CkanError> {
    let resource = match call.text("resource_id") {
        Some(resource) => resource,
        None => call.text("id").ok_or_else(|| CkanError::missing("resource_id"))?,
    };
    let (id, _) = place(&resource)?;
    let missing = |error: CkanError| match error {
        CkanError::NotFound(_) => CkanError::NotFound("Resource"),
        other => other,
    };
    let current = open::current_release(&visitor.caller, &app.platform, id).await;
    let current = current.map_err(CkanError::from).map_err(missing)?;
    let schema = rows::schema(&app.platform, &current).await?;
    Ok((id, resource, current, schema))
}

/// `datastore_search`: the JSON of its `result`.
pub(super) async fn search(
    app: &App,
    visitor: &Visitor,
    call: &Call,
) -> Result<Vec<u8>, CkanError> {
    let (id, resource, _, schema) = release(app, visitor, call).await?;
    let limit = call.number("limit", 100, MOST_ROWS)?;
    let offset = call.number("offset", 0, i64::MAX as u64)?;
    if call.flag("distinct", false) {
        return Err(CkanError::invalid(
            "distinct",
            "不支持 distinct；请用 /api/v1/datasets/{id}/groups 分组。",
            "distinct is not supported; group by /api/v1/datasets/{id}/groups.",
        ));
    }
    let has_own_id = schema.index_of(ID).is_ok();
    let fields = columns(call);
    // Without a choice of columns the place of a row stands in front.
    let shows_id = !has_own_id && (fields.is_empty() || fields.iter().any(|name| name == ID));
    let select: Vec<String> =
        fields.iter().filter(|name| has_own_id || *name != ID).cloned().collect();
    let filter = filter(call, &schema)?;
    let query = RowQuery {
        select: (!select.is_empty()).then_some(select),
        order: order(call, has_own_id)?,
        limit: Some(limit),
        row_key: shows_id,
        filter,
        ..RowQuery::default()
    };
    let (current, batch) = rows::slice(&visitor.caller, &app.platform, id, &query, offset).await?;
    let mut batch = if shows_id { with_id(&batch)? } else { batch };
    if shows_id && !fields.is_empty() && query.select.is_none() {
        // Only the place was asked for.
        batch = batch
            .project(&[0])
            .map_err(|error| LakeError::failed("cut the columns of an answer", error))?;
    }
    let format = call.text("records_format").unwrap_or_else(|| "objects".to_owned());
    let records = records(&batch, &format)?;
    let mut answer = b"{\"records\":".to_vec();
    answer.extend_from_slice(&records);
    let total = if call.flag("include_total", true) {
        let filter = query.filter.as_ref();
        Some(rows::count(&visitor.caller, &app.platform, id, filter).await?)
    } else {
        None
    };
    let next = offset.saturating_add(limit);
    let mut rest = json!({
        "include_total": total.is_some(),
        "limit": limit,
        "offset": offset,
        "records_format": format,
        "resource_id": resource,
        "total_estimation_threshold": null,
        "fields": described(&batch.schema(), &current),
        "_links": {
            "start": link(app, call, &resource, limit, 0),
            "next": link(app, call, &resource, limit, next),
        },
    });
    if let Value::Object(fields) = &mut rest {
        if let Some(total) = total {
            fields.insert("total".to_owned(), json!(total));
            fields.insert("total_was_estimated".to_owned(), json!(false));
        }
        for key in ["filters", "q", "sort"] {
            if let Some(value) = call.json(key) {
                fields.insert(key.to_owned(), value);
            }
        }
    }
    let rest = rest.to_string();
    answer.push(b',');
    answer.extend_from_slice(rest.strip_prefix('{').unwrap_or(&rest).as_bytes());
    Ok(answer)
}

/// The columns that are asked for; none: all.
fn columns(call: &Call) -> Vec<String> {
    let given = call.list("fields");
    match given.as_slice() {
        [one] if one.contains(',') => {
            one.split(',').map(|name| name.trim().trim_matches('"').to_owned()).collect()
        }
        _ => given,
    }
}

/// The order: `年龄 desc, _id`.
fn order(call: &Call, has_own_id: bool) -> Result<Vec<Order>, CkanError> {
    let given = call.list("sort").join(", ");
    if given.is_empty() {
        return Ok(Vec::new());
    }
    let mut order = Order::parse_list(&given).map_err(LakeError::from)?;
    for part in order.iter_mut().filter(|part| part.column == ID && !has_own_id) {
        part.column = ROW_COLUMN.to_owned();
    }
    Ok(order)
}

/// The condition of `filters` and `q`.
fn filter(call: &Call, schema: &Schema) -> Result<Option<Filter>, CkanError> {
    let mut parts = Vec::new();
    match call.json("filters") {
        None => {}
        Some(Value::Object(filters)) => {
            for (name, wanted) in &filters {
                parts.push(equals(schema, name, wanted)?);
            }
        }
        Some(_) => {
            return Err(CkanError::invalid(
                "filters",
                "应为 JSON 对象，例如 {\"列\": \"值\"}。",
                "Not a json object: write {\"column\": \"value\"}.",
            ));
        }
    }
    match call.json("q") {
        None => {}
        Some(Value::Object(words)) => {
            for (name, text) in &words {
                let column = known(schema, name)?;
                parts.extend(contains(&[column], &plain(text))?);
            }
        }
        Some(text) => {
            let all: Vec<&Field> = schema.fields().iter().map(AsRef::as_ref).collect();
            parts.extend(contains(&all, &plain(&text))?);
        }
    }
    if parts.is_empty() {
        return Ok(None);
    }
    Ok(Some(Filter::parse(&parts.join(" and ")).map_err(LakeError::from)?))
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn known<'a>(schema: &'a Schema, name: &str) -> Result<&'a Field, CkanError> {
    schema.field_with_name(name).map_err(|_| {
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        CkanError::Validation(vec![(
            "filters".to_owned(),
            format!("field \"{name}\" not in table; there are {}", names.join(", ")),
        )])
    })
}

fn column_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The condition that a column has a value, or one of several.
fn equals(schema: &Schema, name: &str, wanted: &Value) -> Result<String, CkanError> {
    if name == ID && schema.index_of(ID).is_err() {
        let numbers = match wanted {
            Value::Array(values) => values.clone(),
            one => vec![one.clone()],
        };
        let rows: Option<Vec<String>> = numbers
            .iter()
            .map(|number| {
                plain(number).parse::<i64>().ok()?.checked_sub(1).map(|row| row.to_string())
            })
            .collect();
        let rows = rows.filter(|rows| !rows.is_empty()).ok_or_else(|| {
            CkanError::invalid("filters", "_id 应为整数。", "_id must be a whole number.")
        })?;
        return Ok(format!("{ROW_COLUMN} in ({})", rows.join(", ")));
    }
    let field = known(schema, name)?;
    let column = column_name(name);
    let values = match wanted {
        Value::Null => return Ok(format!("{column} is null")),
        Value::Array(values) => values.clone(),
        one => vec![one.clone()],
    };
    let mut choices = Vec::new();
    if values.iter().any(Value::is_null) {
        choices.push(format!("{column} is null"));
    }
    let literals: Vec<String> = values
        .iter()
        .filter(|value| !value.is_null())
        .map(|value| literal(field, value))
        .collect::<Result<_, _>>()?;
    if !literals.is_empty() {
        choices.push(format!("{column} in ({})", literals.join(", ")));
    }
    if choices.is_empty() {
        // No value is one of none.
        choices.push(format!("{column} is null and {column} is not null"));
    }
    Ok(format!("({})", choices.join(" or ")))
}

/// A value as the type of its column is written.
fn literal(field: &Field, value: &Value) -> Result<String, CkanError> {
    let text = plain(value);
    let wrong = || {
        CkanError::Validation(vec![(
            "filters".to_owned(),
            format!("`{text}` is no value of the column \"{}\"", field.name()),
        )])
    };
    Ok(match field.data_type() {
        DataType::Boolean => match text.to_lowercase().as_str() {
            "true" | "t" | "1" => "true".to_owned(),
            "false" | "f" | "0" => "false".to_owned(),
            _ => return Err(wrong()),
        },
        kind if kind.is_numeric() => {
            let number = text.trim();
            let is_plain = !number.is_empty()
                && number.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte))
                && number.parse::<f64>().is_ok_and(f64::is_finite);
            if !is_plain {
                return Err(wrong());
            }
            number.trim_start_matches('+').to_owned()
        }
        _ => quoted(&text),
    })
}

/// The condition that every word stands in one of the columns; a number is also found
/// where it is the value of a column of numbers.
fn contains(columns: &[&Field], text: &str) -> Result<Vec<String>, CkanError> {
    if text.split_whitespace().count() > MOST_WORDS {
        let (zh, en) =
            (format!("至多 {MOST_WORDS} 个词。"), format!("at most {MOST_WORDS} words."));
        return Err(CkanError::invalid("q", &zh, &en));
    }
    let mut parts = Vec::new();
    for word in text.split_whitespace() {
        let mut choices = Vec::new();
        for column in columns {
            let name = column_name(column.name());
            match column.data_type() {
                DataType::Utf8 => choices.push(format!("{name} contains {}", quoted(word))),
                kind if kind.is_numeric() => {
                    if let Ok(number) = literal(column, &json!(word)) {
                        choices.push(format!("{name} = {number}"));
                    }
                }
                _ => {}
            }
        }
        let mut part = String::from("(");
        let _written = match (choices.is_empty(), columns.first()) {
            (false, _) => write!(part, "{}", choices.join(" or ")),
            (true, Some(column)) => {
                let name = column_name(column.name());
                write!(part, "{name} is null and {name} is not null")
            }
            (true, None) => continue,
        };
        part.push(')');
        parts.push(part);
    }
    Ok(parts)
}

/// The rows with `_id` in place of the number of the row.
fn with_id(batch: &RecordBatch) -> Result<RecordBatch, CkanError> {
    let schema = batch.schema();
    let mut fields: Vec<Arc<Field>> = schema.fields().iter().cloned().collect();
    let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
    if let (Some(field), Some(column)) = (fields.first_mut(), columns.first_mut()) {
        let numbers = column.as_primitive::<Int64Type>();
        *column =
            Arc::new(Int64Array::from_iter_values(numbers.values().iter().map(|row| row + 1)));
        *field = Arc::new(Field::new(ID, DataType::Int64, false));
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
        .map_err(|error| LakeError::failed("number the rows of an answer", error).into())
}

/// The rows in one of the forms: `objects`, `lists` or `csv`.
fn records(batch: &RecordBatch, format: &str) -> Result<Vec<u8>, CkanError> {
    let failed = |error: ingest::write::WriteError| {
        tracing::error!(error = %vocabulary::error_chain(&error), "rows could not be written");
        CkanError::Internal
    };
    match format {
        "objects" => {
            let mut writer = JsonWriter::new(Vec::new()).map_err(failed)?;
            writer.write(batch).map_err(failed)?;
            writer.finish().map_err(failed)
        }
        "lists" => json_lists(batch).map_err(failed),
        "csv" => {
            let options = CsvOptions { bom: false };
            let mut writer =
                CsvWriter::new(Vec::new(), &batch.schema(), options).map_err(failed)?;
            writer.write(batch).map_err(failed)?;
            let bytes = writer.finish().map_err(failed)?;
            // CKAN gives the rows without their header.
            let header = header_length(&bytes);
            let text = String::from_utf8_lossy(bytes.get(header..).unwrap_or_default());
            Ok(json!(text).to_string().into_bytes())
        }
        _ => Err(CkanError::invalid(
            "records_format",
            "应为 objects、lists 或 csv。",
            "Must be objects, lists or csv.",
        )),
    }
}

/// Bytes of the first record of a CSV file; a name may hold line ends inside quotes.
fn header_length(bytes: &[u8]) -> usize {
    let mut inside = false;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' => inside = !inside,
            b'\n' if !inside => return at + 1,
            _ => {}
        }
    }
    bytes.len()
}

/// The columns as CKAN describes them.
fn described(schema: &Schema, current: &Current) -> Vec<Value> {
    let describe = |field: &Arc<Field>| {
        if field.name() == ID {
            return json!({ "id": ID, "type": "int" });
        }
        let item = current.asset.entry.items.iter().find(|item| item.name == *field.name());
        let mut view = json!({ "id": field.name(), "type": kind(field.data_type()) });
        if let (Some(item), Value::Object(fields)) = (item, &mut view) {
            let label = if item.title.zh.is_empty() { &item.name } else { &item.title.zh };
            let info =
                json!({ "label": label, "label_en": item.title.en, "notes": item.description });
            fields.insert("info".to_owned(), info);
        }
        view
    };
    schema.fields().iter().map(describe).collect()
}

/// The type of a column in PostgreSQL's words.
fn kind(kind: &DataType) -> &'static str {
    match kind {
        DataType::Boolean => "bool",
        DataType::Int8 | DataType::Int16 | DataType::Int32 => "int4",
        DataType::Int64 => "int8",
        DataType::Float32 | DataType::Float64 => "float8",
        DataType::Decimal128(..) => "numeric",
        DataType::Date32 => "date",
        DataType::Timestamp(..) => "timestamp",
        _ => "text",
    }
}

/// The address of a page of the same search.
fn link(app: &App, call: &Call, resource: &str, limit: u64, offset: u64) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("resource_id", resource);
    for key in ["filters", "q", "sort", "fields", "records_format"] {
        if let Some(value) = call.value(key) {
            query.append_pair(key, &plain(value));
        }
    }
    query.append_pair("limit", &limit.to_string());
    query.append_pair("offset", &offset.to_string());
    format!("{}/api/3/action/datastore_search?{}", app.site.base_url, query.finish())
}

/// `datastore_info`.
pub(super) async fn info(app: &App, visitor: &Visitor, call: &Call) -> Result<Value, CkanError> {
    let (_, resource, current, schema) = release(app, visitor, call).await?;
    let mut fields = described(&schema, &current);
    if schema.index_of(ID).is_err() {
        fields.insert(0, json!({ "id": ID, "type": "int" }));
    }
    Ok(json!({
        "meta": {
            "id": resource,
            "count": current.release.rows,
            "table_type": "BASE TABLE",
            "size": current.release.table.bytes,
            "db_size": null,
            "idx_size": 0,
            "aliases": [],
        },
        "fields": fields,
        "schema": schema
            .fields()
            .iter()
            .map(|field| (field.name().clone(), json!(kind(field.data_type()))))
            .collect::<serde_json::Map<_, _>>(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Schema {
        Schema::new(vec![
            Field::new("地区", DataType::Utf8, true),
            Field::new("a\"b", DataType::Int64, true),
        ])
    }

    fn asked(values: Value) -> Result<Option<String>, CkanError> {
        let call = Call::of("datastore_search", values);
        Ok(filter(&call, &schema())?.map(|filter| filter.to_string()))
    }

    #[test]
    fn filters_become_conditions_and_nothing_else() {
        let one = asked(json!({ "filters": { "地区": "太'原" } })).unwrap();
        assert_eq!(one.unwrap(), "\"地区\" in ('太''原')");
        let many = asked(json!({ "filters": "{\"a\\\"b\": [1, \"2\", null]}" })).unwrap();
        assert_eq!(many.unwrap(), "\"a\"\"b\" is null or \"a\"\"b\" in (1, 2)");
        let row = asked(json!({ "filters": { "_id": 3 } })).unwrap();
        assert_eq!(row.unwrap(), "\"_row\" in (2)");
        let words = asked(json!({ "q": "太原 7" })).unwrap();
        let expected = "\"地区\" contains '太原' and (\"地区\" contains '7' or \"a\"\"b\" = 7)";
        assert_eq!(words.unwrap(), expected);
        for wrong in [
            json!({ "filters": { "无": 1 } }),
            json!({ "filters": { "a\"b": "1) or true" } }),
            json!({ "filters": "[1]" }),
            json!({ "filters": { "_id": i64::MIN } }),
            json!({ "q": "水 ".repeat(MOST_WORDS + 1) }),
        ] {
            assert!(asked(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_resource_is_a_dataset_with_a_format() {
        let id = "0190c2f0-5b7e-7c1a-9f00-0123456789ab";
        assert_eq!(place(&format!("{id}-json")).unwrap().1, "json");
        assert_eq!(place(id).unwrap().1, "csv");
        for text in ["", "x", "太原太原太原太原太原太原太原太原太原", &format!("{id}json")]
        {
            assert!(place(text).is_err(), "{text}");
        }
    }
}

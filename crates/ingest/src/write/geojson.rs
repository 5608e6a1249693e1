//! GeoJSON (RFC 7946): a feature a row.

use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};

use super::WriteError;
use super::cells::{Value, plain_columns, value};
use super::json::Objects;

/// Where the rows of a table lie.
#[derive(Clone, Debug)]
pub enum Place {
    /// Columns with degrees, by their numbers.
    Point {
        /// The column with the longitude.
        longitude: usize,
        /// The column with the latitude.
        latitude: usize,
    },
    /// A column with codes, and the geometry of each code as JSON.
    Shape {
        /// The column with the codes.
        column: usize,
        /// Geometries by code.
        shapes: Arc<HashMap<String, String>>,
    },
}

/// Writes batches as a feature collection. All columns are properties; a row without a
/// place has the geometry `null`.
#[derive(Debug)]
pub struct GeoJsonWriter<W: Write> {
    output: W,
    objects: Objects,
    place: Place,
    empty: bool,
}

impl<W: Write> GeoJsonWriter<W> {
    /// Begins a collection.
    ///
    /// # Errors
    ///
    /// [`WriteError::Io`].
    pub fn new(mut output: W, place: Place) -> Result<Self, WriteError> {
        output.write_all(b"{\"type\":\"FeatureCollection\",\"features\":[")?;
        Ok(Self { output, objects: Objects::default(), place, empty: true })
    }

    /// Writes the rows of a batch.
    ///
    /// # Errors
    ///
    /// [`WriteError::Io`] and [`WriteError::Arrow`].
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        let columns = plain_columns(batch)?;
        self.objects.keys_of(batch)?;
        for row in 0..batch.num_rows() {
            let before = if self.empty { "\n" } else { ",\n" };
            self.empty = false;
            let geometry = geometry(&self.place, &columns, row);
            let text = format!(
                "{before}{{\"type\":\"Feature\",\"geometry\":{},\"properties\":",
                geometry.as_deref().unwrap_or("null")
            );
            self.objects.buffer.extend_from_slice(text.as_bytes());
            self.objects.push(&columns, row)?;
            self.objects.buffer.push(b'}');
        }
        self.output.write_all(&self.objects.buffer)?;
        self.objects.buffer.clear();
        Ok(())
    }

    /// Ends the collection and gives the receiver back.
    ///
    /// # Errors
    ///
    /// [`WriteError::Io`].
    pub fn finish(mut self) -> Result<W, WriteError> {
        self.output.write_all(b"\n]}\n")?;
        self.output.flush()?;
        Ok(self.output)
    }
}

/// The geometry of a row, if it has one.
fn geometry(place: &Place, columns: &[ArrayRef], row: usize) -> Option<String> {
    match place {
        Place::Point { longitude, latitude } => {
            let longitude = degrees(columns.get(*longitude)?, row, 180.0)?;
            let latitude = degrees(columns.get(*latitude)?, row, 90.0)?;
            Some(format!("{{\"type\":\"Point\",\"coordinates\":[{longitude},{latitude}]}}"))
        }
        Place::Shape { column, shapes } => match value(columns.get(*column)?.as_ref(), row) {
            Value::Text(code) => shapes.get(code).cloned(),
            Value::Int(code) => shapes.get(&code.to_string()).cloned(),
            _ => None,
        },
    }
}

/// Degrees within their bounds.
fn degrees(column: &ArrayRef, row: usize, most: f64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "whole degrees are small")]
    let degrees = match value(column.as_ref(), row) {
        Value::Float(degrees) => degrees,
        Value::Int(degrees) => degrees as f64,
        _ => return None,
    };
    (degrees.abs() <= most).then_some(degrees)
}

#[cfg(test)]
mod tests {
    use arrow::array::{Float64Array, StringArray};

    use super::*;

    fn written(place: Place) -> serde_json::Value {
        let longitude: ArrayRef =
            Arc::new(Float64Array::from(vec![Some(112.5), None, Some(200.0)]));
        let latitude: ArrayRef = Arc::new(Float64Array::from(vec![37.8, 37.0, 36.0]));
        let code: ArrayRef = Arc::new(StringArray::from(vec!["140100", "\"", "140200"]));
        let batch =
            RecordBatch::try_from_iter([("经度", longitude), ("纬度", latitude), ("代码", code)])
                .unwrap();
        let mut writer = GeoJsonWriter::new(Vec::new(), place).unwrap();
        writer.write(&batch).unwrap();
        serde_json::from_slice(&writer.finish().unwrap()).unwrap()
    }

    #[test]
    fn rows_lie_where_their_degrees_or_codes_say() {
        let points = written(Place::Point { longitude: 0, latitude: 1 });
        let features = points["features"].as_array().unwrap();
        assert_eq!(features[0]["geometry"]["coordinates"], serde_json::json!([112.5, 37.8]));
        assert_eq!(features[0]["properties"]["代码"], "140100");
        assert!(features[1]["geometry"].is_null() && features[2]["geometry"].is_null());
        let shape = "{\"type\":\"Point\",\"coordinates\":[1,2]}".to_owned();
        let shapes = Arc::new(HashMap::from([("140200".to_owned(), shape)]));
        let shaped = written(Place::Shape { column: 2, shapes });
        assert!(shaped["features"][0]["geometry"].is_null());
        assert_eq!(shaped["features"][2]["geometry"]["type"], "Point");
    }
}

//! The parameters of an action, however they were sent: in the address, as a JSON body,
//! as a form, or as JSON that calls itself a form.

use axum::extract::{FromRequest, Multipart, Request};
use axum::http::{Method, header};
use serde_json::{Map, Value, json};

use super::error::CkanError;

/// Largest body, as for every request that is no piece of a file.
const MOST_BYTES: usize = 4 << 20;

/// An action with its parameters.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Call {
    /// Name of the action.
    pub(crate) name: String,
    /// Whether it came by POST: only then may it change something.
    pub(crate) posted: bool,
    values: Map<String, Value>,
}

impl Call {
    /// Reads the parameters of a request. A value of the address counts where the body
    /// has none.
    ///
    /// # Errors
    ///
    /// [`CkanError::Validation`] if the body cannot be read.
    pub(super) async fn read(name: String, request: Request) -> Result<Self, CkanError> {
        let mut values = Map::new();
        pairs(request.uri().query().unwrap_or_default().as_bytes(), &mut values);
        let posted = *request.method() == Method::POST;
        if posted {
            let kind = request.headers().get(header::CONTENT_TYPE);
            let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
            if kind.starts_with("multipart/form-data") {
                multipart(request, &mut values).await?;
            } else {
                let body = axum::body::to_bytes(request.into_body(), MOST_BYTES).await;
                let body = body.map_err(|_| {
                    CkanError::invalid("body", "请求体过大。", "the body is too large.")
                })?;
                values.extend(body_of(&body)?);
            }
        }
        Ok(Self { name, posted, values })
    }

    /// A call with its parameters as JSON.
    #[cfg(test)]
    pub(super) fn of(name: &str, values: Value) -> Self {
        let Value::Object(values) = values else { return Self::default() };
        Self { name: name.to_owned(), posted: true, values }
    }

    /// A parameter as it was sent; `null` and an empty text count as not sent.
    pub(super) fn value(&self, key: &str) -> Option<&Value> {
        self.values.get(key).filter(|value| match value {
            Value::Null => false,
            Value::String(text) => !text.trim().is_empty(),
            _ => true,
        })
    }

    /// Whether a parameter was sent, if only to be emptied.
    pub(super) fn has(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    /// A text.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        match self.value(key)? {
            Value::String(text) => Some(text.trim().to_owned()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(truth) => Some(truth.to_string()),
            _ => None,
        }
    }

    /// A text that must be there.
    ///
    /// # Errors
    ///
    /// [`CkanError::Validation`] without it.
    pub(super) fn required(&self, key: &str) -> Result<String, CkanError> {
        self.text(key).ok_or_else(|| CkanError::missing(key))
    }

    /// The id or the name that an action is about.
    ///
    /// # Errors
    ///
    /// [`CkanError::Validation`] without it.
    pub(super) fn id(&self) -> Result<String, CkanError> {
        self.text("id").or_else(|| self.text("name_or_id")).ok_or_else(|| CkanError::missing("id"))
    }

    /// A list: JSON, the text of a JSON list, or one text.
    pub(super) fn list(&self, key: &str) -> Vec<String> {
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        match self.value(key) {
            Some(Value::Array(values)) => values.iter().filter_map(text).collect(),
            Some(Value::String(given)) => match serde_json::from_str::<Vec<String>>(given) {
                Ok(list) => list,
                Err(_) => vec![given.clone()],
            },
            _ => Vec::new(),
        }
    }

    /// JSON: as it is, or as the text of JSON.
    pub(super) fn json(&self, key: &str) -> Option<Value> {
        match self.value(key)? {
            Value::String(text) => Some(serde_json::from_str(text).unwrap_or_else(|_| json!(text))),
            value => Some(value.clone()),
        }
    }

    /// A whole number from 0; above `most` it is `most`, as CKAN does.
    ///
    /// # Errors
    ///
    /// [`CkanError::Validation`] for anything but a whole number from 0.
    pub(super) fn number(&self, key: &str, usual: u64, most: u64) -> Result<u64, CkanError> {
        let Some(text) = self.text(key) else { return Ok(usual) };
        let number: u64 = text.parse().map_err(|_| {
            CkanError::invalid(key, "应为从 0 开始的整数。", "Must be a natural number.")
        })?;
        Ok(number.min(most))
    }

    /// The part of a list that is asked for: how many to leave out, and how many to show.
    ///
    /// # Errors
    ///
    /// As [`Self::number`].
    pub(super) fn window(&self, usual: u64, most: u64) -> Result<(usize, usize), CkanError> {
        let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let offset = self.number("offset", 0, u64::MAX)?;
        Ok((size(offset), size(self.number("limit", usual, most)?)))
    }

    /// A yes or no.
    pub(super) fn flag(&self, key: &str, usual: bool) -> bool {
        match self.value(key) {
            Some(Value::Bool(truth)) => *truth,
            Some(Value::Number(number)) => number.as_i64() != Some(0),
            Some(Value::String(text)) => {
                matches!(
                    text.trim().to_lowercase().as_str(),
                    "true" | "yes" | "t" | "y" | "on" | "1"
                )
            }
            _ => usual,
        }
    }
}

/// The pairs of a query or a form; a key that comes twice is a list.
fn pairs(text: &[u8], values: &mut Map<String, Value>) {
    for (key, value) in url::form_urlencoded::parse(text) {
        let value = json!(value);
        match values.get_mut(key.as_ref()) {
            Some(Value::Array(list)) => list.push(value),
            Some(first) => *first = json!([first.clone(), value]),
            None => {
                values.insert(key.into_owned(), value);
            }
        }
    }
}

/// A body that is a JSON object, or a form.
fn body_of(body: &[u8]) -> Result<Map<String, Value>, CkanError> {
    let text = body.trim_ascii();
    if text.is_empty() {
        return Ok(Map::new());
    }
    if text.first() == Some(&b'{') {
        return serde_json::from_slice(text).map_err(|error| {
            CkanError::invalid(
                "body",
                &format!("请求体不是 JSON：{error}。"),
                &format!("the body is not JSON: {error}."),
            )
        });
    }
    let mut values = Map::new();
    pairs(text, &mut values);
    Ok(values)
}

/// The texts of a form in parts. A file is not taken: files come in pieces that can be
/// resumed, at `/api/v1/assets/{id}/uploads`.
async fn multipart(request: Request, values: &mut Map<String, Value>) -> Result<(), CkanError> {
    let unreadable = || CkanError::invalid("body", "表单无法读取。", "the form cannot be read.");
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| unreadable())?;
    while let Some(part) = form.next_field().await.map_err(|_| unreadable())? {
        let name = part.name().unwrap_or_default().to_owned();
        if part.file_name().is_some() {
            return Err(CkanError::invalid(
                &name,
                "文件请分段上传：POST /api/v1/assets/{id}/uploads，断点可续传。",
                "send files in pieces that can be resumed: POST /api/v1/assets/{id}/uploads.",
            ));
        }
        let text = part.text().await.map_err(|_| unreadable())?;
        values.insert(name, json!(text));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    async fn read(request: Request) -> Call {
        Call::read("x".to_owned(), request).await.unwrap()
    }

    #[tokio::test]
    async fn parameters_are_the_same_in_address_json_and_form() {
        let address = Request::get("/x?rows=5&q=%E6%B0%B4&facet.field=%5B%22tags%22%5D");
        let address = read(address.body(Body::empty()).unwrap()).await;
        let json = r#"{"rows": 5, "q": "水", "facet.field": ["tags"]}"#;
        let body = |kind: &str, text: &str| {
            let request = Request::post("/x").header("content-type", kind);
            request.body(Body::from(text.to_owned())).unwrap()
        };
        let form = "rows=5&q=%E6%B0%B4&facet.field=tags";
        let urlencoded = "application/x-www-form-urlencoded";
        let calls = [
            address,
            read(body("application/json", json)).await,
            read(body(urlencoded, form)).await,
            // What curl -d and Python's requests send of JSON.
            read(body(urlencoded, json)).await,
        ];
        for call in calls {
            assert_eq!(call.number("rows", 10, 1_000).unwrap(), 5);
            assert_eq!(call.text("q").unwrap(), "水");
            assert_eq!(call.list("facet.field"), ["tags"]);
        }
    }

    #[tokio::test]
    async fn a_number_that_is_none_is_refused_and_one_too_large_is_the_most() {
        let call = Call::of("x", json!({ "rows": 5_000, "start": -1, "limit": "all" }));
        assert_eq!(call.number("rows", 10, 1_000).unwrap(), 1_000);
        assert!(call.number("start", 0, 10).is_err());
        assert!(call.number("limit", 0, 10).is_err());
        assert!(
            Call::read("x".into(), Request::post("/x").body(Body::from("{")).unwrap())
                .await
                .is_err()
        );
    }
}

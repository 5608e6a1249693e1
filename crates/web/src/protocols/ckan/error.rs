//! Errors in the form of CKAN: `success: false`, and `error` with its `__type`.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value, json};
use vocabulary::{Bilingual, ErrorKind};

/// Why an action was not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CkanError {
    /// Parameters that are missing or wrong, each with its sentence (409).
    Validation(Vec<(String, String)>),
    /// Nothing there, or nothing that the caller may know of (404): what was asked for.
    NotFound(&'static str),
    /// Not for this caller, or for nobody (403).
    Denied(String),
    /// A search that cannot be understood (400).
    Search(String),
    /// No such action (400).
    UnknownAction(String),
    /// An action that changes something was asked for with GET (400).
    NeedsPost(String),
    /// Not available just now, or a limit was reached (503).
    Unavailable(String),
    /// A defect; the log has it (500).
    Internal,
}

impl CkanError {
    /// One parameter that is wrong.
    pub(super) fn invalid(field: &str, zh: &str, en: &str) -> Self {
        Self::Validation(vec![(field.to_owned(), format!("{zh} / {en}"))])
    }

    /// A parameter that is missing, in the words that clients of CKAN know.
    pub(super) fn missing(field: &str) -> Self {
        Self::Validation(vec![(field.to_owned(), "Missing value".to_owned())])
    }

    /// Not permitted, in a sentence.
    pub(super) fn denied(zh: &str, en: &str) -> Self {
        Self::Denied(format!("{zh} / {en}"))
    }

    /// The answer.
    ///
    /// - `help`: where the help of the action is.
    pub(super) fn response(self, help: &str) -> Response {
        let named = |kind: &str, message: String| json!({ "__type": kind, "message": message });
        let (status, error) = match self {
            Self::Validation(fields) => {
                let mut error = Map::new();
                error.insert("__type".to_owned(), json!("Validation Error"));
                for (field, sentence) in fields {
                    match error.get_mut(&field) {
                        Some(Value::Array(sentences)) => sentences.push(json!(sentence)),
                        _ => {
                            error.insert(field, json!([sentence]));
                        }
                    }
                }
                (StatusCode::CONFLICT, Value::Object(error))
            }
            Self::NotFound(what) => {
                (StatusCode::NOT_FOUND, named("Not Found Error", format!("Not found: {what}")))
            }
            Self::Denied(text) => {
                let message = format!("Access denied: {text}");
                (StatusCode::FORBIDDEN, named("Authorization Error", message))
            }
            Self::Search(text) => (StatusCode::BAD_REQUEST, named("Search Query Error", text)),
            Self::UnknownAction(name) => {
                let text = format!("Bad request - Action name not known: {name}");
                return (StatusCode::BAD_REQUEST, Json(json!(text))).into_response();
            }
            Self::NeedsPost(name) => {
                let text = format!("Bad request - {name} changes something: use POST");
                return (StatusCode::BAD_REQUEST, Json(json!(text))).into_response();
            }
            Self::Unavailable(text) => {
                (StatusCode::SERVICE_UNAVAILABLE, named("Unavailable Error", text))
            }
            Self::Internal => {
                let text = "问题已记录。 / It has been recorded; quote the header x-request-id.";
                let error = named("Internal Server Error", text.to_owned());
                (StatusCode::INTERNAL_SERVER_ERROR, error)
            }
        };
        (status, Json(json!({ "help": help, "success": false, "error": error }))).into_response()
    }
}

/// Both languages in one line.
fn both(text: &Bilingual) -> String {
    if text.en.is_empty() { text.zh.clone() } else { format!("{} / {}", text.zh, text.en) }
}

impl From<platform::Error> for CkanError {
    fn from(error: platform::Error) -> Self {
        let kind = error.kind();
        match &error {
            platform::Error::Invalid { problems } => {
                let fields = problems.iter();
                let pair = |problem: &platform::FieldProblem| {
                    (problem.field.clone(), both(&problem.message))
                };
                return Self::Validation(fields.map(pair).collect());
            }
            platform::Error::Refused { refusals } => {
                let pair = |refusal: &platform::RefusedBy| {
                    (refusal.code.to_string(), both(&refusal.detail))
                };
                return Self::Validation(refusals.iter().map(pair).collect());
            }
            platform::Error::Lake(problem) if kind == ErrorKind::Unavailable => {
                return Self::Unavailable(both(&problem.text()));
            }
            platform::Error::Lake(problem)
                if matches!(kind, ErrorKind::Invalid | ErrorKind::Refused) =>
            {
                return Self::Validation(vec![("query".to_owned(), both(&problem.text()))]);
            }
            _ => {}
        }
        match kind {
            ErrorKind::NotFound => Self::NotFound("Dataset"),
            ErrorKind::Denied => Self::denied(
                "您的角色不允许此操作。",
                "your roles, or the scopes of the token, do not allow this.",
            ),
            ErrorKind::Conflict => Self::invalid(
                "state",
                "当前状态不能执行此操作，或内容刚被他人修改。",
                "not possible in this state, or someone else changed it just now.",
            ),
            ErrorKind::Invalid | ErrorKind::Refused => {
                Self::invalid("query", "请求有误。", "the request is not right.")
            }
            ErrorKind::Unavailable => {
                tracing::error!(error = %vocabulary::error_chain(&error), "an action failed");
                Self::Unavailable(
                    "暂时不可用，请稍后再试。 / Not available; try again later.".into(),
                )
            }
            ErrorKind::Internal => {
                tracing::error!(error = %vocabulary::error_chain(&error), "an action failed");
                Self::Internal
            }
        }
    }
}

impl From<store::Error> for CkanError {
    fn from(error: store::Error) -> Self {
        platform::Error::from(error).into()
    }
}

impl From<lake::LakeError> for CkanError {
    fn from(error: lake::LakeError) -> Self {
        platform::Error::from(error).into()
    }
}

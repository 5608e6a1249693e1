//! Forms that pages post: fields in order, checked against forgery.
//!
//! If the session ended while someone was typing, nothing typed is lost: the
//! sign-in page carries the fields, and after signing in they are offered again.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use trust::identity::csrf;

use crate::app::App;
use crate::session::forged;
use crate::visitor::Visitor;

/// The most fields of a form.
const MOST_FIELDS: usize = 20_000;

/// A posted form.
#[derive(Clone, Debug, Default)]
pub(crate) struct Posted {
    fields: Vec<(String, String)>,
}

impl Posted {
    /// The fields of an urlencoded body; too many are cut off.
    pub(crate) fn parse(body: &[u8]) -> Self {
        let fields = url::form_urlencoded::parse(body).take(MOST_FIELDS);
        Self {
            fields: fields.map(|(name, value)| (name.into_owned(), value.into_owned())).collect(),
        }
    }

    /// A field's text without blanks at its ends; empty if it is absent.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.raw(name).unwrap_or_default().trim()
    }

    /// A field's text as it was sent.
    pub(crate) fn raw(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All values of a field, in order.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Fields whose name begins with `prefix`, without it.
    pub(crate) fn with_prefix<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.fields
            .iter()
            .filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value.as_str())))
    }

    /// Every field but the anti-forgery token.
    pub(crate) fn carried(&self) -> Vec<Carried> {
        self.fields
            .iter()
            .filter(|(name, _)| name != "csrf" && name != "password")
            .map(|(name, value)| Carried { name: name.clone(), value: value.clone() })
            .collect()
    }
}

/// A field that the sign-in page carries along.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Carried {
    /// Name of the field.
    pub name: String,
    /// What was typed.
    pub value: String,
}

/// Whether someone who has not signed in may send a form of this page.
pub(crate) fn is_for_anyone(path: &str) -> bool {
    path.starts_with("/sign-in") || crate::requests::takes_forms_of_anyone(path)
}

impl FromRequest<App> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let visitor = request.extensions().get::<Visitor>().cloned();
        let body = Bytes::from_request(request, app).await.map_err(IntoResponse::into_response)?;
        let posted = Self::parse(&body);
        let Some(visitor) = visitor else { return Err(forged().into_response()) };
        if visitor.caller.account().is_none() && !is_for_anyone(&visitor.path) {
            let page = crate::trust::sign_in_page(app, &visitor, &visitor.path, posted.carried());
            return Err(match page {
                Ok(page) => page.with_status(StatusCode::UNAUTHORIZED).into_response(),
                Err(problem) => problem.into_response(),
            });
        }
        if !csrf::matches(&visitor.secret, posted.text("csrf")) {
            return Err(forged().into_response());
        }
        Ok(posted)
    }
}

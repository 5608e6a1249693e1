//! A step that a person takes from a page: what it needs of the request, and what
//! stood in its way.
//!
//! A step is posted to an address with the revision that the reader saw, so that
//! nobody agrees to what was changed in the meantime.

use std::str::FromStr;

use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use platform::{Error, RefusedBy};
use serde::Deserialize;
use trust::Caller;
use vocabulary::Bilingual;

use crate::app::App;
use crate::extract::{ApiQuery, id_of};
use crate::form::Posted;
use crate::precondition;
use crate::problem::Problem;
use crate::visitor::Visitor;

/// What a step takes from the request: `POST …/{id}/step?revision=7` with a form.
#[derive(Debug)]
pub(crate) struct Step<T> {
    /// The application.
    pub(crate) app: App,
    /// Who takes it.
    pub(crate) visitor: Visitor,
    /// What it is about.
    pub(crate) id: T,
    /// The revision that the reader saw.
    pub(crate) revision: Option<i64>,
    /// What was typed.
    pub(crate) form: Posted,
}

impl<T> Step<T> {
    /// The person who takes it.
    ///
    /// # Errors
    ///
    /// [`Problem::sign_in`] for anyone who has not signed in.
    pub(crate) fn caller(&self) -> Result<&Caller, Problem> {
        self.visitor.signed_in()
    }

    /// What stood in the way of the step, `None` if it was taken.
    ///
    /// # Errors
    ///
    /// What the page of the step has no place for.
    pub(crate) fn obstacle<R>(
        &self,
        key: &'static str,
        taken: Result<R, Error>,
    ) -> Result<Option<Obstacle>, Problem> {
        let base =
            Obstacle { key, value: self.form.text("reason").to_owned(), ..Default::default() };
        match taken {
            Ok(_) => Ok(None),
            Err(Error::Refused { refusals }) => Ok(Some(Obstacle { refusals, ..base })),
            Err(Error::Invalid { problems }) => {
                let error = problems.into_iter().next().map(|problem| problem.message);
                Ok(Some(Obstacle { error, ..base }))
            }
            Err(other) => Err(other.into()),
        }
    }
}

#[derive(Deserialize)]
struct Seen {
    revision: Option<i64>,
}

impl<T: FromStr> FromRequest<App> for Step<T> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let visitor = <Visitor as FromRequestParts<App>>::from_request_parts(&mut parts, app)
            .await
            .map_err(IntoResponse::into_response)?;
        let Path(id) = Path::<String>::from_request_parts(&mut parts, app)
            .await
            .map_err(IntoResponse::into_response)?;
        let ApiQuery(seen) = ApiQuery::<Seen>::from_request_parts(&mut parts, app)
            .await
            .map_err(IntoResponse::into_response)?;
        let form = Posted::from_request(Request::from_parts(parts, body), app).await?;
        let id = id_of(&id).map_err(IntoResponse::into_response)?;
        Ok(Self { app: app.clone(), visitor, id, revision: seen.revision, form })
    }
}

/// What a program's step takes from the request: `POST …/{id}/step`, with the revision
/// that it read in `If-Match` or without.
#[derive(Debug)]
pub(crate) struct ApiStep<T> {
    /// The application.
    pub(crate) app: App,
    /// Who takes it.
    pub(crate) caller: Caller,
    /// What it is about.
    pub(crate) id: T,
    /// The revision that was read.
    pub(crate) revision: Option<i64>,
}

impl<T> ApiStep<T> {
    /// The revision that was read, for a step that replaces what someone wrote.
    ///
    /// # Errors
    ///
    /// [`Problem`] (428) if `If-Match` is missing.
    pub(crate) fn required(&self) -> Result<i64, Problem> {
        self.revision.ok_or_else(precondition::missing)
    }
}

impl<T: FromStr + Send> FromRequestParts<App> for ApiStep<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let visitor = <Visitor as FromRequestParts<App>>::from_request_parts(parts, app).await?;
        let caller = visitor.signed_in()?.clone();
        let Path(id) = Path::<String>::from_request_parts(parts, app)
            .await
            .map_err(|_| Problem::not_found())?;
        let revision = precondition::if_match(&parts.headers)?;
        Ok(Self { app: app.clone(), caller, id: id_of(&id)?, revision })
    }
}

/// Why a step was not taken, shown on the page that it was asked from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Obstacle {
    /// The step.
    pub(crate) key: &'static str,
    /// Grounds on which the law refuses it, all of them.
    pub(crate) refusals: Vec<RefusedBy>,
    /// What is wrong with what was typed.
    pub(crate) error: Option<Bilingual>,
    /// The reason that was typed.
    pub(crate) value: String,
}

impl Obstacle {
    /// What is wrong with what was typed for the step `key`.
    pub(crate) fn error_of(&self, key: &str) -> Option<Bilingual> {
        self.error.clone().filter(|_| self.key == key)
    }

    /// The reason that was typed for the step `key`.
    pub(crate) fn value_of(&self, key: &str) -> String {
        if self.key == key { self.value.clone() } else { String::new() }
    }
}

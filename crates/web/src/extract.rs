//! Extractors whose rejections are problems, not plain text.

use std::fmt::Display;
use std::ops::RangeInclusive;

use axum::extract::{FromRequest, FromRequestParts, Json, Query, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::problem::Problem;

/// A JSON body; a wrong one is a problem that says where.
#[derive(Clone, Debug)]
pub(crate) struct ApiJson<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for ApiJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        match Json::<T>::from_request(request, app).await {
            Ok(Json(value)) => Ok(Self(value)),
            Err(rejection) => {
                let text = rejection.body_text();
                let mut problem = Problem::bad_request(
                    format!("请求体不是所要求的 JSON：{text}"),
                    format!("The body is not the JSON that is asked for: {text}"),
                );
                if rejection.status() != axum::http::StatusCode::BAD_REQUEST {
                    problem.status = rejection.status();
                }
                Err(problem)
            }
        }
    }
}

/// The query of an address; a wrong one is a problem that says what.
#[derive(Clone, Debug)]
pub(crate) struct ApiQuery<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for ApiQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        match Query::<T>::from_request_parts(parts, app).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => {
                let text = rejection.body_text();
                Err(Problem::bad_request(
                    format!("地址中的参数有误：{text}"),
                    format!("A parameter of the address is wrong: {text}"),
                ))
            }
        }
    }
}

/// A number of the query within its bounds; the usual one where none is given.
///
/// # Errors
///
/// A bad request that names the parameter and its bounds: what was asked for is never
/// changed silently.
pub(crate) fn within<T: PartialOrd + Display + Copy>(
    name: &str,
    given: Option<T>,
    usual: T,
    bounds: RangeInclusive<T>,
) -> Result<T, Problem> {
    let number = given.unwrap_or(usual);
    if bounds.contains(&number) {
        return Ok(number);
    }
    let (least, most) = (bounds.start(), bounds.end());
    Err(Problem::bad_request(
        format!("参数 {name} 为 {number}，应在 {least} 到 {most} 之间。"),
        format!("The parameter {name} is {number}; it lies between {least} and {most}."),
    ))
}

/// An identifier from a path; what is no identifier is not found.
///
/// # Errors
///
/// [`Problem::not_found`].
pub(crate) fn id_of<T: std::str::FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

//! `/sign-in` and `/sign-out`.
//!
//! Someone whose session ended while they filled in a form gets the sign-in page
//! with what was typed in hidden fields, and after signing in a page that offers to
//! send it again:
//!
//! ```text
//! form ─(session ended)─▶ sign-in with `carried.*` ─▶ resend page ─▶ form, as typed
//! ```
//!
//! Sending it again is a step of its own, because the anti-forgery token of the old
//! session does not hold any more and the reader may have changed their mind.

use axum::extract::{FromRequest as _, Query, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};
use trust::identity::session::SignedIn;
use trust::identity::{Browser, IdentityError, csrf, find_body, session};
use vocabulary::Bilingual;

use crate::app::App;
use crate::form::{Carried, Posted};
use crate::parts::FormProblem;
use crate::problem::Problem;
use crate::session::{end_session, remember_device, start_session};
use crate::view::Page;
use crate::visitor::Visitor;

/// Where one goes after signing in, if nothing else is asked for.
const DESK: &str = "/desk";
/// Stands for the fields of a form that had none, so that it is known as a form.
const NO_FIELDS: &str = "resend";

#[derive(Serialize)]
struct SignIn {
    name: String,
    next: String,
    carried: Vec<Carried>,
    errors: Vec<FormProblem>,
    demo: Vec<Demo>,
}

#[derive(Serialize)]
struct Demo {
    name: String,
    password: String,
    role: Bilingual,
}

/// What to send again.
#[derive(Serialize)]
struct Resend {
    action: String,
    carried: Vec<Carried>,
    shown: Vec<Carried>,
}

/// Where to go after signing in.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Params {
    next: String,
}

/// Shows the form; who has signed in already goes on.
pub(crate) async fn form(
    State(app): State<App>,
    visitor: Visitor,
    Query(params): Query<Params>,
) -> Result<Response, Problem> {
    let next = safe_path(&params.next);
    if visitor.caller.account().is_some() {
        return Ok(Redirect::to(&visitor.lang.href(next)).into_response());
    }
    Ok(page(&app, &visitor, "", next, Vec::new(), Vec::new())?.into_response())
}

/// The sign-in page for someone who sent a form without a session.
///
/// - `next`: the path that the form was sent to.
/// - `carried`: what was typed.
pub(crate) fn sign_in_page(
    app: &App,
    visitor: &Visitor,
    next: &str,
    mut carried: Vec<Carried>,
) -> Result<Page, Problem> {
    if carried.is_empty() {
        carried.push(Carried { name: NO_FIELDS.to_owned(), value: "1".to_owned() });
    }
    page(app, visitor, "", safe_path(next), carried, Vec::new())
}

fn page(
    app: &App,
    visitor: &Visitor,
    name: &str,
    next: &str,
    carried: Vec<Carried>,
    errors: Vec<FormProblem>,
) -> Result<Page, Problem> {
    let demo = app.site.demo_accounts.iter().map(|account| Demo {
        name: account.login.clone(),
        password: account.password.clone(),
        role: account.role.clone(),
    });
    let context = SignIn {
        name: name.to_owned(),
        next: next.to_owned(),
        carried,
        errors,
        demo: demo.collect(),
    };
    app.pages.render(visitor, "sign_in.html", context)
}

/// Signs in, and goes where one wanted to go.
pub(crate) async fn sign_in(
    State(app): State<App>,
    visitor: Visitor,
    form: Posted,
) -> Result<Response, Problem> {
    let name = form.text("name");
    let password = form.raw("password").unwrap_or_default();
    let next = safe_path(form.text("next"));
    let carried: Vec<Carried> = form
        .with_prefix("carried.")
        .map(|(name, value)| Carried { name: name.to_owned(), value: value.to_owned() })
        .collect();
    let errors = missing(name, password);
    if !errors.is_empty() {
        let page = page(&app, &visitor, name, next, carried, errors)?;
        return Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response());
    }
    let browser =
        Browser { session: visitor.session.as_deref(), device: visitor.device.as_deref() };
    let store = &app.platform.store;
    let outcome = session::sign_in(&visitor.caller, store, name, password, browser).await;
    app.metrics.count_sign_in(outcome_of(&outcome));
    let signed_in = match outcome {
        Ok(signed_in) => signed_in,
        Err(error) => {
            let wait = wait_of(&error);
            let (status, mistake) = mistake(error)?;
            let page = page(&app, &visitor, name, next, carried, vec![mistake])?;
            let mut response = page.with_status(status).into_response();
            if let Some(seconds) = wait {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            return Ok(response);
        }
    };
    let secret = signed_in.secret.as_str();
    let mut response = if carried.is_empty() {
        Redirect::to(&visitor.lang.href(next)).into_response()
    } else {
        let visitor = now_as(&app, visitor, secret).await?;
        resend(&app, &visitor, next, carried)?.into_response()
    };
    start_session(&mut response, secret);
    if let Some(device) = &signed_in.device {
        remember_device(&mut response, device.as_str());
    }
    Ok(response)
}

/// The word in metrics.
fn outcome_of(outcome: &Result<SignedIn, IdentityError>) -> &'static str {
    match outcome {
        Ok(_) => "succeeded",
        Err(IdentityError::WrongCredentials) => "wrong",
        Err(IdentityError::Throttled { .. }) => "throttled",
        Err(_) => "failed",
    }
}

/// Seconds until the next attempt, where it must wait.
fn wait_of(error: &IdentityError) -> Option<u64> {
    match error {
        IdentityError::Throttled { retry_after } => {
            let begun = i64::from(retry_after.subsec_nanos() > 0);
            u64::try_from(retry_after.as_secs() + begun).ok().map(|seconds| seconds.max(1))
        }
        _ => None,
    }
}

fn missing(name: &str, password: &str) -> Vec<FormProblem> {
    let mut errors = Vec::new();
    if name.is_empty() {
        let text = Bilingual::new("请填写账户名。", "Give the name of your account.");
        errors.push(FormProblem::new("name", text));
    }
    if password.is_empty() {
        errors.push(FormProblem::new(
            "password",
            Bilingual::new("请填写密码。", "Give your password."),
        ));
    }
    errors
}

/// Why signing in failed, at the form; a fault of ours is passed on.
fn mistake(error: IdentityError) -> Result<(StatusCode, FormProblem), Problem> {
    let (status, text) = match error {
        IdentityError::WrongCredentials | IdentityError::Denied(_) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            Bilingual::new(
                "账户名或密码不对，或者账户已停用。请检查后再试。",
                "The account name or the password is wrong, or the account is disabled. Check and try again.",
            ),
        ),
        IdentityError::Throttled { .. } => {
            let seconds = wait_of(&error).unwrap_or(1);
            (
                StatusCode::TOO_MANY_REQUESTS,
                Bilingual::new(
                    format!("失败次数太多，请在 {seconds} 秒后再试。"),
                    format!("Too many failed attempts; try again in {seconds} seconds."),
                ),
            )
        }
        IdentityError::Store(source) => return Err(platform::Error::from(source).into()),
        other => {
            tracing::error!(error = %vocabulary::error_chain(&other), "someone could not sign in");
            return Err(Problem::internal());
        }
    };
    Ok((status, FormProblem::new("password", text)))
}

/// The visitor as of now, with the new session.
async fn now_as(app: &App, visitor: Visitor, secret: &str) -> Result<Visitor, Problem> {
    let failed = |error: store::Error| Problem::from(platform::Error::from(error));
    let store = &app.platform.store;
    let now = visitor.caller.now();
    let limits = session::Limits::default();
    let caller = session::caller_of(store, secret, now, limits).await.map_err(failed)?;
    let caller = caller.ok_or_else(Problem::internal)?;
    let body_name = match caller.body() {
        Some(code) => {
            let mut reader = store.read().await.map_err(failed)?;
            find_body(&mut reader, code).await.map_err(failed)?.map(|body| body.name)
        }
        None => None,
    };
    Ok(Visitor {
        caller,
        body_name,
        session: Some(secret.to_owned()),
        csrf: csrf::token(secret),
        secret: secret.to_owned(),
        ..visitor
    })
}

fn resend(
    app: &App,
    visitor: &Visitor,
    action: &str,
    carried: Vec<Carried>,
) -> Result<Page, Problem> {
    let is_typed = |field: &&Carried| field.name != NO_FIELDS && !field.value.trim().is_empty();
    let shown = carried.iter().filter(is_typed).cloned().collect();
    let context = Resend { action: action.to_owned(), carried, shown };
    app.pages.render(visitor, "desk/resend.html", context)
}

/// Signs out, also if the session has ended already.
pub(crate) async fn sign_out(
    State(app): State<App>,
    visitor: Visitor,
    request: Request,
) -> Result<Response, Response> {
    if let (Some(secret), Some(_)) = (&visitor.session, visitor.caller.account()) {
        // The form proves that our own page sent it.
        let _form = Posted::from_request(request, &app).await?;
        let ended = session::sign_out(&visitor.caller, &app.platform.store, secret).await;
        if let Err(error) = ended {
            tracing::error!(error = %vocabulary::error_chain(&error), "a session could not be ended");
            return Err(Problem::internal().into_response());
        }
    }
    let mut response = Redirect::to(&visitor.lang.href("/")).into_response();
    end_session(&mut response);
    Ok(response)
}

/// A path of this site to go on to; anything else leads to the desk.
///
/// A browser reads `//host` and `/\host` as another site.
fn safe_path(path: &str) -> &str {
    let is_ours = path.starts_with('/')
        && !path.starts_with("//")
        && !path.starts_with("/\\")
        && !path.starts_with("/sign-in")
        && !path.starts_with("/sign-out")
        && !path.chars().any(char::is_control);
    if is_ours { path } else { DESK }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_to_no_other_site() {
        for path in ["/desk/assets?q=%E6%B0%B4", "/dataset/1/explore", "/"] {
            assert_eq!(safe_path(path), path);
        }
        for path in [
            "",
            "desk",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/desk\r\nSet-Cookie: a=b",
            "/\t/evil.example",
            "/sign-out",
        ] {
            assert_eq!(safe_path(path), DESK, "{path:?}");
        }
    }

    #[test]
    fn both_fields_that_are_missing_are_told_at_once() {
        let fields = |name, password| -> Vec<String> {
            missing(name, password).into_iter().map(|error| error.field).collect()
        };
        assert_eq!(fields("", ""), ["name", "password"]);
        assert_eq!(fields("clerk", ""), ["password"]);
        assert_eq!(fields("clerk", " "), Vec::<String>::new());
    }
}

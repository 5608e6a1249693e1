//! `/desk/account`: the reader's own account, password and API tokens.
//!
//! A new token is shown by the answer that made it, and never again: it must not
//! travel through a cookie to the next page.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::SignedDuration;
use serde::Serialize;
use trust::identity::token::{self, ApiToken};
use trust::identity::{IdentityError, PasswordError, change_password};
use trust::{Action as Act, Caller};
use vocabulary::{Bilingual, ErrorKind};

use crate::app::App;
use crate::desk::{done, failed};
use crate::extract::id_of;
use crate::form::Posted;
use crate::parts::{Choice, FormProblem, plain};
use crate::problem::Problem;
use crate::session::{end_session, set_flash};
use crate::view::Page;
use crate::visitor::{Flash, Visitor};

/// What a token can be made for.
const SCOPES: [Act; 10] = [
    Act::ViewAsset,
    Act::RegisterAsset,
    Act::EditAsset,
    Act::SubmitAsset,
    Act::Upload,
    Act::ViewUpload,
    Act::DownloadQuarantine,
    Act::RunGate,
    Act::ViewGateRun,
    Act::ConfirmColumns,
];
/// Days that a token may be valid for.
const DAYS: [&str; 4] = ["30", "90", "180", "365"];

#[derive(Serialize)]
struct AccountPage {
    me: Me,
    tokens: Vec<TokenRow>,
    new_token: Option<NewToken>,
    values: Values,
    scopes: Vec<Choice>,
    days: Vec<Choice>,
    chosen: Vec<String>,
    errors: Vec<FormProblem>,
}

#[derive(Serialize)]
struct Me {
    name: String,
    login: String,
    body: Bilingual,
    roles: Vec<Bilingual>,
    since: String,
}

#[derive(Serialize)]
struct TokenRow {
    id: String,
    name: String,
    scopes: Vec<Bilingual>,
    created: String,
    expires: String,
    url: String,
}

#[derive(Serialize)]
struct NewToken {
    name: String,
    text: String,
}

/// What was typed.
#[derive(Clone, Debug, Serialize)]
struct Values {
    name: String,
    days: String,
}

/// The form that came back, or the token that was made.
#[derive(Default)]
struct Shown {
    new_token: Option<NewToken>,
    values: Option<Values>,
    chosen: Vec<String>,
    errors: Vec<FormProblem>,
}

/// Shows the account.
pub(crate) async fn show(State(app): State<App>, visitor: Visitor) -> Result<Page, Problem> {
    page(&app, &visitor, Shown::default()).await
}

/// Makes a token.
pub(crate) async fn create_token(
    State(app): State<App>,
    visitor: Visitor,
    form: Posted,
) -> Result<Response, Problem> {
    let caller = visitor.signed_in()?;
    let chosen: Vec<String> = form.all("scope").map(str::to_owned).collect();
    let values = Values { name: form.text("name").to_owned(), days: form.text("days").to_owned() };
    let mut errors = Vec::new();
    let scopes: BTreeSet<Act> =
        SCOPES.into_iter().filter(|act| chosen.iter().any(|name| name == act.name())).collect();
    if scopes.is_empty() {
        let text = Bilingual::new("请选择这个令牌可以做什么。", "Choose what the token may do.");
        errors.push(FormProblem::new("scope", text));
    }
    let days =
        DAYS.into_iter().find(|days| *days == values.days).and_then(|days| days.parse().ok());
    let until = days.and_then(|days: i64| {
        caller
            .now()
            .checked_add(SignedDuration::from_hours(24).checked_mul(i32::try_from(days).ok()?)?)
            .ok()
    });
    let Some(until) = until else {
        let text = Bilingual::new("请选择有效期。", "Choose how long it is valid.");
        errors.push(FormProblem::new("days", text));
        return mistaken(&app, &visitor, values, chosen, errors).await;
    };
    if !errors.is_empty() {
        return mistaken(&app, &visitor, values, chosen, errors).await;
    }
    match token::create(caller, &app.platform.store, &values.name, &scopes, until).await {
        Ok((made, text)) => {
            let new_token = Some(NewToken { name: made.name, text });
            let shown = Shown { new_token, ..Shown::default() };
            Ok(page(&app, &visitor, shown).await?.into_response())
        }
        Err(error) => {
            let errors = vec![token_mistake(error)?];
            mistaken(&app, &visitor, values, chosen, errors).await
        }
    }
}

/// Revokes a token.
pub(crate) async fn revoke_token(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    _form: Posted,
) -> Result<Response, Problem> {
    let caller = visitor.signed_in()?;
    token::revoke(caller, &app.platform.store, id_of(&id)?).await.map_err(problem)?;
    Ok(done(&visitor, "/desk/account", "令牌已撤销。", "The token is revoked."))
}

/// Changes the reader's password; every session ends, also this one.
pub(crate) async fn password(
    State(app): State<App>,
    visitor: Visitor,
    form: Posted,
) -> Result<Response, Problem> {
    let caller = visitor.signed_in()?;
    // Passwords are taken as they were typed: blanks count.
    let field = |name: &str| form.raw(name).unwrap_or_default();
    let (old, new) = (field("old_password"), field("new_password"));
    let wrong = if new == field("new_password_again") {
        match change_password(caller, &app.platform.store, old, new).await {
            Ok(()) => return Ok(signed_out(&visitor)),
            Err(error) => password_mistake(error)?,
        }
    } else {
        let text = Bilingual::new("两次输入的新密码不一致。", "The new passwords differ.");
        FormProblem::new("new_password_again", text)
    };
    let shown = Shown { errors: vec![wrong], ..Shown::default() };
    let page = page(&app, &visitor, shown).await?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
}

/// To the sign-in page after the password was changed.
fn signed_out(visitor: &Visitor) -> Response {
    let path = visitor.lang.href("/sign-in?next=%2Fdesk%2Faccount");
    let mut response = Redirect::to(&path).into_response();
    end_session(&mut response);
    let text = Bilingual::new(
        "密码已修改，请用新密码登录。",
        "The password is changed; sign in with the new one.",
    );
    set_flash(&mut response, &Flash { kind: "success".to_owned(), text });
    response
}

async fn mistaken(
    app: &App,
    visitor: &Visitor,
    values: Values,
    chosen: Vec<String>,
    errors: Vec<FormProblem>,
) -> Result<Response, Problem> {
    let shown = Shown { values: Some(values), chosen, errors, ..Shown::default() };
    let page = page(app, visitor, shown).await?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
}

async fn page(app: &App, visitor: &Visitor, shown: Shown) -> Result<Page, Problem> {
    let caller = visitor.signed_in()?;
    let account = caller.account().ok_or_else(Problem::sign_in)?;
    caller.require(Act::ViewOwnAccount, &account.as_resource()).map_err(platform::Error::from)?;
    let mut reader = app.platform.store.read().await.map_err(failed)?;
    let tokens = token::all_of(&mut reader, account.id).await.map_err(failed)?;
    let is_open = |token: &ApiToken| token.revoked_at.is_none() && caller.now() < token.expires_at;
    let day = |days: &str| {
        Choice::new(days, Bilingual::new(format!("{days} 天"), format!("{days} days")))
    };
    let context = AccountPage {
        me: Me {
            name: account.name.clone(),
            login: account.login.clone(),
            body: visitor.body_name.clone().unwrap_or_else(|| plain(account.body.to_string())),
            roles: roles(caller),
            since: account.created_at.to_string(),
        },
        tokens: tokens.into_iter().filter(is_open).map(TokenRow::from).collect(),
        new_token: shown.new_token,
        values: shown
            .values
            .unwrap_or_else(|| Values { name: String::new(), days: "90".to_owned() }),
        scopes: SCOPES.iter().map(|act| Choice::new(act.name(), act.label())).collect(),
        days: DAYS.into_iter().map(day).collect(),
        chosen: shown.chosen,
        errors: shown.errors,
    };
    app.pages.render(visitor, "desk/account.html", context)
}

fn roles(caller: &Caller) -> Vec<Bilingual> {
    caller.roles().iter().map(|grant| grant.role.label()).collect()
}

impl From<ApiToken> for TokenRow {
    fn from(token: ApiToken) -> Self {
        let label = |name: &String| name.parse::<Act>().map_or_else(|_| plain(name), Act::label);
        Self {
            id: token.id.to_string(),
            url: format!("/desk/account/tokens/{}", token.id),
            scopes: token.scopes.iter().map(label).collect(),
            name: token.name,
            created: token.created_at.to_string(),
            expires: token.expires_at.to_string(),
        }
    }
}

/// What is wrong with the form of a token; other errors are problems.
fn token_mistake(error: IdentityError) -> Result<FormProblem, Problem> {
    match error {
        IdentityError::NameMissing => {
            let text = Bilingual::new("请写明令牌的用途。", "Say what the token is for.");
            Ok(FormProblem::new("name", text))
        }
        IdentityError::TokenValidity => {
            let text =
                Bilingual::new("有效期为 1 天至 1 年。", "A token is valid for 1 day to 1 year.");
            Ok(FormProblem::new("days", text))
        }
        other => Err(problem(other)),
    }
}

/// What is wrong with the form of the password; other errors are problems.
fn password_mistake(error: IdentityError) -> Result<FormProblem, Problem> {
    let (field, zh, en) = match error {
        IdentityError::WrongCredentials => {
            ("old_password", "现在的密码不对。", "The present password is wrong.")
        }
        IdentityError::Password(PasswordError::Short) => {
            ("new_password", "密码至少 8 个字符。", "A password has at least 8 characters.")
        }
        IdentityError::Password(PasswordError::Long) => {
            ("new_password", "密码最多 128 个字符。", "A password has at most 128 characters.")
        }
        IdentityError::Password(PasswordError::Common) => (
            "new_password",
            "这个密码太常见，请换一个。",
            "This password is too common; choose another.",
        ),
        IdentityError::Password(PasswordError::Login) => {
            ("new_password", "密码不能包含账户名。", "A password must not contain the login.")
        }
        other => return Err(problem(other)),
    };
    Ok(FormProblem::new(field, Bilingual::new(zh, en)))
}

/// An identity error that is no mistake of a form.
fn problem(error: IdentityError) -> Problem {
    match error {
        IdentityError::Denied(denied) => platform::Error::from(denied).into(),
        IdentityError::Store(error) => failed(error),
        other if other.kind() == ErrorKind::NotFound => Problem::not_found(),
        other => {
            tracing::error!(error = %vocabulary::error_chain(&other), "an act on an account failed");
            Problem::internal()
        }
    }
}

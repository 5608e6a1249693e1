//! Who asks for a page or calls the API: the caller, the language, the session.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use serde::Serialize;
use trust::Caller;
use vocabulary::Bilingual;

use crate::app::{App, Site};
use crate::problem::Problem;
use crate::view::Lang;

/// Everything known of who asks; made once a request by `session::identify`.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The caller with roles as of this request.
    pub caller: Caller,
    /// The language of the page.
    pub lang: Lang,
    /// The path without the language prefix, with its query.
    pub path: String,
    /// The secret of the session, if signed in by a cookie.
    pub session: Option<String>,
    /// The secret of the browser, if someone signed in there before.
    pub(crate) device: Option<String>,
    /// The anti-forgery token of the session, or of the anonymous visit.
    pub csrf: String,
    /// The secret that the anti-forgery token is derived from.
    pub(crate) secret: String,
    /// A message for the next page.
    pub flash: Option<Flash>,
    /// How this site calls itself.
    pub site: Arc<Site>,
    /// Name of the caller's body, if signed in.
    pub body_name: Option<Bilingual>,
}

/// A message shown once.
#[derive(Clone, Debug, Serialize, serde::Deserialize)]
pub struct Flash {
    /// `success` or `warning`.
    pub kind: String,
    /// What to say.
    pub text: Bilingual,
}

/// What every template gets.
#[derive(Serialize)]
struct Frame<'a> {
    lang: &'static str,
    path: &'a str,
    site: SiteFrame<'a>,
    account: Option<AccountFrame>,
    csrf: &'a str,
    flash: Option<&'a Flash>,
    loading: Option<crate::app::LoadingStep>,
}

#[derive(Serialize)]
struct SiteFrame<'a> {
    name: &'a Bilingual,
    tagline: &'a Bilingual,
    contact: Option<&'a str>,
}

#[derive(Serialize)]
struct AccountFrame {
    name: String,
    body_name: Bilingual,
    roles: Vec<Bilingual>,
}

impl Visitor {
    /// What every template gets.
    pub(crate) fn frame(&self) -> impl Serialize + '_ {
        let account = self.caller.account().map(|account| AccountFrame {
            name: account.name.clone(),
            body_name: self.body_name.clone().unwrap_or_default(),
            roles: self.caller.roles().iter().map(|grant| grant.role.label()).collect(),
        });
        Frame {
            lang: self.lang.code(),
            path: &self.path,
            site: SiteFrame {
                name: &self.site.name,
                tagline: &self.site.tagline,
                contact: self.site.contact.as_deref(),
            },
            account,
            csrf: &self.csrf,
            flash: self.flash.as_ref(),
            loading: self.site.loading.step(),
        }
    }

    /// The caller, who must have signed in.
    ///
    /// # Errors
    ///
    /// [`Problem::sign_in`] for an anonymous caller.
    pub fn signed_in(&self) -> Result<&Caller, Problem> {
        if self.caller.account().is_some() { Ok(&self.caller) } else { Err(Problem::sign_in()) }
    }
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Problem::internal)
    }
}

impl OptionalFromRequestParts<App> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}

//! Public bodies and other organizations (单位).

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Query, Store};
use vocabulary::{Bilingual, CreditCode, DivisionCode};

use super::{IdentityError, table};
use crate::audit::{self, Event};
use crate::authorization::{Action, Resource};
use crate::caller::Caller;

/// What kind of organization it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyKind {
    /// An organ of the state (机关).
    Government,
    /// A public institution (事业单位).
    Institution,
    /// An enterprise (企业).
    Enterprise,
    /// Another organization.
    Other,
}

impl BodyKind {
    /// The kind as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Government => "government",
            Self::Institution => "institution",
            Self::Enterprise => "enterprise",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for BodyKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A text that is no [`BodyKind`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no kind of body")]
pub struct BodyKindError(String);

impl FromStr for BodyKind {
    type Err = BodyKindError;

    fn from_str(text: &str) -> Result<Self, BodyKindError> {
        [Self::Government, Self::Institution, Self::Enterprise, Self::Other]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| BodyKindError(text.chars().take(40).collect()))
    }
}

store::text_column!(BodyKind);

/// A body that takes part in the platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Body {
    /// Its unified social credit code.
    pub code: CreditCode,
    /// Its name; the English one may be empty.
    pub name: Bilingual,
    /// What kind of organization it is.
    pub kind: BodyKind,
    /// Where it is: county, city or province.
    pub division: DivisionCode,
    /// When it was registered.
    pub created_at: Timestamp,
}

impl Body {
    /// The body as the policies see it.
    pub fn as_resource(&self) -> Resource {
        Resource::of_kind("body").with_id(self.code).of_body(self.code)
    }
}

/// Registers a body.
///
/// # Errors
///
/// [`IdentityError::BodyTaken`], [`IdentityError::NameMissing`],
/// [`IdentityError::Denied`], [`IdentityError::Store`].
pub async fn create_body(caller: &Caller, store: &Store, body: &Body) -> Result<(), IdentityError> {
    let mut tx = store.begin().await?;
    caller.require(Action::CreateBody, &body.as_resource())?;
    if body.name.zh.trim().is_empty() {
        return Err(IdentityError::NameMissing);
    }
    table::insert_body(&mut tx, body).await.map_err(|error| {
        if error.breaks("body_pkey") { IdentityError::BodyTaken } else { error.into() }
    })?;
    let event = Event::new("body.created", format!("body:{}", body.code), serde_json::json!(body));
    audit::append(&mut tx, caller, event).await?;
    tx.commit().await?;
    Ok(())
}

/// The body with this code.
///
/// # Errors
///
/// Any [`store::Error`].
pub async fn find_body(
    query: &mut impl Query,
    code: CreditCode,
) -> Result<Option<Body>, store::Error> {
    table::find_body(query, code).await
}

/// All bodies, by name.
///
/// # Errors
///
/// Any [`store::Error`].
pub async fn all_bodies(query: &mut impl Query) -> Result<Vec<Body>, store::Error> {
    table::all_bodies(query).await
}

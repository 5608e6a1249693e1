//! What an action is done to, as far as the policies look.

use std::fmt;

use vocabulary::{AccountId, CreditCode};

/// The thing that an action is done to.
///
/// ```
/// # use trust::Resource;
/// let anything = Resource::of_kind("catalogue").public();
/// assert_eq!(anything.to_string(), "catalogue:");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// `asset`, `release`, `account`, …
    pub kind: &'static str,
    /// Its id; empty for a thing that does not exist yet.
    pub id: String,
    /// The body it belongs to.
    pub body: Option<CreditCode>,
    /// Who filed it; for an account or a token, whose it is.
    pub filer: Option<AccountId>,
    /// The state it is in.
    pub state: Option<String>,
    /// `open`, `share` or `trade`.
    pub audience: Option<String>,
    /// Whether everyone may see it.
    pub public: bool,
}

impl Resource {
    /// A thing of a kind, belonging to nobody.
    pub fn of_kind(kind: &'static str) -> Self {
        Self {
            kind,
            id: String::new(),
            body: None,
            filer: None,
            state: None,
            audience: None,
            public: false,
        }
    }

    /// The same thing, with its id.
    #[must_use]
    pub fn with_id(mut self, id: impl fmt::Display) -> Self {
        self.id = id.to_string();
        self
    }

    /// The same thing, belonging to `body`.
    #[must_use]
    pub fn of_body(mut self, body: CreditCode) -> Self {
        self.body = Some(body);
        self
    }

    /// The same thing, filed by `filer`.
    #[must_use]
    pub fn filed_by(mut self, filer: AccountId) -> Self {
        self.filer = Some(filer);
        self
    }

    /// The same thing, in `state`.
    #[must_use]
    pub fn in_state(mut self, state: impl fmt::Display) -> Self {
        self.state = Some(state.to_string());
        self
    }

    /// The same thing, for `audience`.
    #[must_use]
    pub fn for_audience(mut self, audience: impl fmt::Display) -> Self {
        self.audience = Some(audience.to_string());
        self
    }

    /// The same thing, for everyone to see.
    #[must_use]
    pub fn public(mut self) -> Self {
        self.public = true;
        self
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.kind, self.id)
    }
}

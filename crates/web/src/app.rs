//! What every handler works with.

use std::sync::{Arc, Mutex, PoisonError};

use platform::Platform;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::view::Pages;

/// The application: the platform, the pages, and what is counted. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App {
    /// The use cases.
    pub platform: Platform,
    /// The templates and the front-end files.
    pub pages: Arc<Pages>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// How much one client may ask for.
    pub limits: Arc<Limits>,
    /// How this site calls itself.
    pub site: Arc<Site>,
    /// Ends when the server stops, so that long answers end too.
    pub stopping: CancellationToken,
}

/// How a site calls itself and how it is reached.
#[derive(Clone, Debug)]
pub struct Site {
    /// Name of the site.
    pub name: vocabulary::Bilingual,
    /// What it is, in a sentence.
    pub tagline: vocabulary::Bilingual,
    /// Address under which others reach it, without a slash at the end.
    pub base_url: String,
    /// Whom to ask: an address or a number.
    pub contact: Option<String>,
    /// Accounts of a demonstration, shown on the sign-in page; none elsewhere.
    pub demo_accounts: Vec<DemoAccount>,
    /// Whether people reach it by HTTPS, so that cookies and HSTS say so.
    pub https: bool,
    /// How far the data of a demonstration are loaded.
    pub loading: Loading,
}

/// How far data are loaded while the site is served already. Cheap to clone; the clones
/// tell the same.
#[derive(Clone, Debug, Default)]
pub struct Loading(Arc<Mutex<Option<LoadingStep>>>);

/// What is being loaded, after `done` of `total` parts.
#[derive(Clone, Debug, Serialize)]
pub struct LoadingStep {
    /// What is done just now.
    pub note: vocabulary::Bilingual,
    /// Parts that are done.
    pub done: u64,
    /// All parts.
    pub total: u64,
}

impl Loading {
    /// Tells how far it is; `None` when everything is there.
    pub fn tell(&self, step: Option<LoadingStep>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = step;
    }

    /// How far it is; `None` when everything is there.
    pub fn step(&self) -> Option<LoadingStep> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// An account of a demonstration.
#[derive(Clone, Debug)]
pub struct DemoAccount {
    /// Name of the account.
    pub login: String,
    /// Its password, known to everyone.
    pub password: String,
    /// What it may do.
    pub role: vocabulary::Bilingual,
}

//! Settings: defaults that work, a file, then the environment. The only place that
//! reads environment variables.

use std::net::SocketAddr;
use std::num::{NonZeroU16, NonZeroU32};
use std::path::{Path, PathBuf};
use std::time::Duration;

use platform::open::sql::SqlLimits;
use serde::Deserialize;

/// What can be set.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// Address to listen at.
    pub(crate) listen: SocketAddr,
    /// Address at which `/metrics` is served, for monitoring only; left out, nowhere.
    pub(crate) metrics: Option<SocketAddr>,
    /// The data folder.
    pub(crate) data: PathBuf,
    /// The metadata database; left out, SQLite in the data folder.
    pub(crate) database: Option<String>,
    /// Where tables lie; left out, in the data folder.
    pub(crate) lake: Option<String>,
    /// Options of the object store, e.g. `aws_region`.
    pub(crate) lake_options: std::collections::BTreeMap<String, String>,
    /// Address under which others reach the site.
    pub(crate) base_url: Option<String>,
    /// Name of the transparency log; left out, from the base URL.
    pub(crate) log_name: Option<String>,
    /// Time to start at, for showing deadlines.
    pub(crate) clock: Option<jiff::Timestamp>,
    /// Level of the log on standard error.
    pub(crate) log: String,
    /// Name of the site.
    pub(crate) site_name: String,
    /// Its name in English.
    pub(crate) site_name_en: String,
    /// Whom to ask.
    pub(crate) contact: Option<String>,
    /// How much one client may ask for.
    pub(crate) limits: web::LimitSettings,
    /// What a statement of SQL may use.
    pub(crate) sql: SqlSettings,
    /// Whether a filer may have the few who changed left out of a release; see docs/gate.md
    /// for what that does not protect from.
    pub(crate) leave_out_changed: bool,
    /// Folder with npm's packages, for the demo.
    pub(crate) demo_packages: PathBuf,
    /// Folder with shared reference data, for the demo.
    pub(crate) shared_data: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            metrics: None,
            data: PathBuf::from("data"),
            database: None,
            lake: None,
            lake_options: std::collections::BTreeMap::new(),
            base_url: None,
            log_name: None,
            clock: None,
            log: "info".to_owned(),
            site_name: "汾河数据开放平台".to_owned(),
            site_name_en: "Fenhe Open Data".to_owned(),
            contact: None,
            limits: web::LimitSettings::default(),
            sql: SqlSettings::default(),
            leave_out_changed: false,
            demo_packages: PathBuf::from("assets/node_modules"),
            shared_data: None,
        }
    }
}

/// What a statement of SQL may use; what is left out stays as it is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SqlSettings {
    /// Memory of one, in MiB.
    memory_mib: Option<NonZeroU32>,
    /// Time of one, in seconds.
    seconds: Option<NonZeroU32>,
    /// Most rows of an answer.
    rows: Option<NonZeroU32>,
    /// How many run at once.
    at_once: Option<NonZeroU16>,
    /// How long the others wait for a place, in seconds.
    wait_seconds: Option<u16>,
}

impl SqlSettings {
    /// The limits, the usual ones where nothing is set.
    pub(crate) fn limits(&self) -> SqlLimits {
        let mut limits = SqlLimits::default();
        if let Some(mib) = self.memory_mib {
            limits.query.memory_bytes = u64::from(mib.get()) << 20;
        }
        if let Some(seconds) = self.seconds {
            limits.query.timeout = Duration::from_secs(seconds.get().into());
        }
        if let Some(rows) = self.rows {
            limits.query.rows = rows.get().into();
        }
        if let Some(at_once) = self.at_once {
            limits.at_once = at_once.get().into();
        }
        if let Some(seconds) = self.wait_seconds {
            limits.wait = Duration::from_secs(seconds.into());
        }
        limits
    }
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file cannot be read.
    #[error("could not read the configuration file `{path}`: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not right.
    #[error("the configuration file `{path}` is not right: {source}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// Where and what.
        source: Box<toml::de::Error>,
    },
    /// A variable is not right.
    #[error("`{name}` = `{value}` is not right: {reason}")]
    Variable {
        /// Name of the variable.
        name: &'static str,
        /// What it holds.
        value: String,
        /// What was expected.
        reason: &'static str,
    },
}

impl Config {
    /// The settings of a file (or `fenhe.toml` if it is there) and the environment.
    ///
    /// # Errors
    ///
    /// Any [`ConfigError`].
    pub(crate) fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let usual = Path::new("fenhe.toml");
        let path = file.or_else(|| usual.exists().then_some(usual));
        let mut config = match path {
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
                toml::from_str(&text).map_err(|source| ConfigError::Parse {
                    path: path.to_owned(),
                    source: Box::new(source),
                })?
            }
            None => Self::default(),
        };
        config.read_environment()?;
        Ok(config)
    }

    fn read_environment(&mut self) -> Result<(), ConfigError> {
        if let Some(address) = address("FENHE_LISTEN")? {
            self.listen = address;
        }
        if let Some(address) = address("FENHE_METRICS")? {
            self.metrics = Some(address);
        }
        if let Some(value) = variable("FENHE_CLOCK") {
            self.clock = Some(value.parse().map_err(|_| ConfigError::Variable {
                name: "FENHE_CLOCK",
                value,
                reason: "a time with its offset, like 2026-12-01T09:00:00+08:00",
            })?);
        }
        for (name, setting) in [
            ("FENHE_DATABASE", &mut self.database),
            ("FENHE_LAKE", &mut self.lake),
            ("FENHE_BASE_URL", &mut self.base_url),
            ("FENHE_LOG_NAME", &mut self.log_name),
        ] {
            if let Some(value) = variable(name) {
                *setting = Some(value);
            }
        }
        if let Some(value) = variable("FENHE_DATA") {
            self.data = value.into();
        }
        if let Some(value) = variable("FENHE_LOG") {
            self.log = value;
        }
        if let Some(value) = variable("FENHE_LEAVE_OUT_CHANGED") {
            self.leave_out_changed = value.parse().map_err(|_| ConfigError::Variable {
                name: "FENHE_LEAVE_OUT_CHANGED",
                value,
                reason: "true or false",
            })?;
        }
        if let Some(value) = variable("FENHE_DEMO_PACKAGES") {
            self.demo_packages = value.into();
        }
        if let Some(value) = variable("FENHE_SHARED_DATA") {
            self.shared_data = Some(value.into());
        }
        Ok(())
    }

    /// The address under which others reach the site, without a slash at the end.
    pub(crate) fn base_url(&self) -> String {
        match &self.base_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://{}", self.listen),
        }
    }

    /// The name of the transparency log.
    pub(crate) fn log_name(&self) -> String {
        self.log_name.clone().unwrap_or_else(|| {
            let url = self.base_url();
            let host = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
            format!("{host}/log")
        })
    }

    /// The metadata database.
    pub(crate) fn database(&self) -> String {
        match &self.database {
            Some(url) => url.clone(),
            None => format!("sqlite://{}", self.data.join("fenhe.db").display()),
        }
    }
}

/// A variable that holds an address to listen at.
fn address(name: &'static str) -> Result<Option<SocketAddr>, ConfigError> {
    let Some(value) = variable(name) else { return Ok(None) };
    let wrong = |_| ConfigError::Variable {
        name,
        value: value.clone(),
        reason: "an address with a port, like 127.0.0.1:8080",
    };
    value.parse().map(Some).map_err(wrong)
}

/// A variable that is set and not empty.
#[expect(clippy::disallowed_methods, reason = "this is the place that reads the environment")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_that_the_documentation_shows_are_understood() {
        let page = include_str!("../../../docs/operations.md");
        let samples = page.split("```toml").skip(1).map(|rest| rest.split("```").next().unwrap());
        let all: String = samples.collect();
        let config: Config = toml::from_str(&all).unwrap();
        assert_eq!(config.lake_options["aws_region"], "us-east-1");
        let limits = config.limits;
        assert!(limits.exempt.contain("10.20.1.1".parse().unwrap()));
        assert!(limits.trusted_proxies.contain("10.0.0.5".parse().unwrap()));
        assert_eq!(limits.anonymous.query.unwrap().per_minute.get(), 60_000);
        assert!(limits.anonymous.read.is_none());
        let sql = config.sql.limits();
        assert_eq!((sql.query.memory_bytes, sql.at_once), (256 << 20, 8));
        assert_eq!(sql.wait, SqlLimits::default().wait);
    }

    #[test]
    fn a_wrong_limit_is_told_with_its_place() {
        let text = "[limits.anonymous]\nread = { burst = 1 }\n";
        let error = toml::from_str::<Config>(text).unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("per_minute"), "{error}");
    }
}

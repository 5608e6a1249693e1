//! Puts the platform together from the settings.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lake::QueryLimits;
use lake_delta::{DeltaLake, Location, Settings};
use platform::{Files, Limits, Platform};
use store::Store;
use trust::{Clock, Keyring, Log};

use crate::Failure;
use crate::config::Config;

/// Structured logs on standard error.
pub(crate) fn start_logging(config: &Config) {
    // The table engine writes kilobytes for each read; its warnings are enough.
    let quiet = "buoyant_kernel=warn,delta_kernel=warn,deltalake=warn,deltalake_core=warn";
    let filter = tracing_subscriber::EnvFilter::try_new(format!("{},{quiet}", config.log))
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(format!("info,{quiet}")));
    let _already = tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init();
}

/// The platform, and the lock that keeps a second server out of the data folder.
#[derive(Debug)]
pub(crate) struct Wired {
    /// The platform.
    pub(crate) platform: Platform,
    /// Held until the program ends.
    _lock: File,
}

/// Another process uses the data folder.
#[derive(Debug, thiserror::Error)]
#[error(
    "another fenhe uses the data folder `{0}`; stop it first, or set FENHE_DATA to another folder"
)]
struct InUse(String);

/// The folders of the data folder.
const SEARCH: &str = "search";
/// Signing keys.
pub(crate) const KEYS: &str = "keys";
/// The name that the log got at the first start.
const LOG_NAME: &str = "log-name";
/// Tables.
pub(crate) const LAKE: &str = "lake";
/// Uploads, received files, quarantine.
pub(crate) const FILES: &str = "files";

/// Opens everything, making what is missing.
pub(crate) async fn wire(config: &Config) -> Result<Wired, Failure> {
    std::fs::create_dir_all(&config.data)?;
    let lock = lock(&config.data)?;
    let clock = config.clock.map_or(Clock::System, Clock::started_at);
    let store = Store::open(&config.database()).await?;
    store.migrate().await?;
    // The lock says that no other server works on these jobs: what one that was killed
    // held may run at once.
    let given_back = store::job::give_back(&store, clock.now()).await?;
    if given_back > 0 {
        tracing::info!(given_back, "jobs of a server that ended early run again");
    }
    let keys = config.data.join(KEYS);
    let name = log_name(config, &keys);
    let keyring = Arc::new(Keyring::open(&keys, &name)?);
    std::fs::write(keys.join(LOG_NAME), &name)?;
    let log = Arc::new(Log::open(store.clone(), Arc::clone(&keyring), clock.now()).await?);
    let search = search::Catalogue::open(&config.data.join(SEARCH))?;
    let lake = open_lake(config)?;
    lake.assure().await?;
    let limits = limits(config);
    let platform = Platform {
        store,
        lake: Arc::new(lake),
        log,
        keyring,
        search: Arc::new(search),
        files: Files::open(config.data.join(FILES))?,
        clock,
        places: platform::open::sql::Places::new(&limits.sql),
        limits,
        jobs: Arc::new(tokio::sync::Notify::new()),
        turns: platform::Turns::default(),
        known: platform::open::Known::default(),
        leave_out_changed: config.leave_out_changed,
    };
    Ok(Wired { platform, _lock: lock })
}

/// The name of the log: as set, else as at the first start, so that another address
/// or port does not make it another log.
fn log_name(config: &Config, keys: &Path) -> String {
    if config.log_name.is_some() {
        return config.log_name();
    }
    match std::fs::read_to_string(keys.join(LOG_NAME)) {
        Ok(name) if !name.trim().is_empty() => name.trim().to_owned(),
        _ => config.log_name(),
    }
}

/// The argument by which the program runs one SQL statement for another process.
const STATEMENT: &str = "sql-statement";

/// The lake of the settings. Statements of anyone run in processes of this same program.
pub(crate) fn open_lake(config: &Config) -> Result<DeltaLake, lake::LakeError> {
    let location = match &config.lake {
        Some(url) if url.contains("://") => {
            let url = url.parse().map_err(|error: url::ParseError| {
                lake::LakeError::failed("read the address of the lake", error)
            })?;
            Location::Url { url, options: config.lake_options.clone() }
        }
        Some(folder) => Location::Folder(folder.into()),
        None => Location::Folder(config.data.join(LAKE)),
    };
    let program = std::env::current_exe()
        .map_err(|error| lake::LakeError::failed("find the own program", error))?;
    let statements = Some((program, vec![STATEMENT.to_owned()]));
    DeltaLake::with_settings(location, Settings { statements, ..Settings::default() })
}

/// What bounds a request.
fn limits(config: &Config) -> Limits {
    Limits {
        ingest: ingest::Limits::default(),
        query: QueryLimits {
            memory_bytes: 128 << 20,
            timeout: Duration::from_secs(20),
            rows: 100_000,
        },
        sql: config.sql.limits(),
        scan: QueryLimits {
            memory_bytes: 512 << 20,
            timeout: Duration::from_secs(4 * 3600),
            rows: 1 << 60,
        },
    }
}

/// Keeps a second server out of the data folder.
fn lock(folder: &Path) -> Result<File, Failure> {
    let file =
        File::options().create(true).truncate(false).write(true).open(folder.join("lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            Err(Box::new(InUse(folder.display().to_string())))
        }
        Err(std::fs::TryLockError::Error(error)) => Err(error.into()),
    }
}

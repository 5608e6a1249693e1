//! `fenhe serve` and `fenhe demo`: the server, its worker and its sealing.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use vocabulary::Bilingual;
use web::{App, DemoAccount, Loading, LoadingStep, Metrics, Pages, Site};

use crate::Failure;
use crate::config::Config;
use crate::demo::{self, Show as _};
use crate::show::{Bar, say};
use crate::wiring::{Wired, wire};

/// Serves until Ctrl-C or SIGTERM.
pub(crate) async fn serve(config: Config, demo_accounts: Vec<DemoAccount>) -> Result<(), Failure> {
    let wired = wire(&config).await?;
    let nothing = async { Ok(()) };
    Box::pin(serve_wired(config, wired, demo_accounts, Loading::default(), nothing)).await
}

/// Loads the demo once, and serves it meanwhile.
pub(crate) async fn demo(config: Config, small: bool, load_only: bool) -> Result<(), Failure> {
    let wired = wire(&config).await?;
    let sources = demo::Sources {
        packages: config.demo_packages.clone(),
        shared: config.shared_data.clone().filter(|folder| folder.exists()),
        small,
    };
    let platform = wired.platform.clone();
    let (loading, accounts) = (Loading::default(), demo::accounts());
    let told = Told { bar: Bar::new(), loading: loading.clone() };
    let (url, people) = (config.base_url(), accounts.clone());
    told.step("准备演示数据", "Preparing the demo data", 0, 1);
    let load = async move {
        let loaded = Box::pin(demo::load(&platform, &sources, &told)).await;
        told.bar.end();
        loaded?;
        platform.log.seal_all(platform.clock.now()).await?;
        told.loading.tell(None);
        if !load_only {
            greet(&url, &people);
        }
        Ok(())
    };
    if load_only {
        return load.await;
    }
    say(&format!(
        "打开 open {} — 数据边装入边可看 data appear as they are loaded",
        config.base_url()
    ));
    Box::pin(serve_wired(config, wired, accounts, loading, load)).await
}

/// Tells how far the demo is loaded, in the terminal and on the pages.
struct Told {
    bar: Bar,
    loading: Loading,
}

impl demo::Show for Told {
    fn step(&self, zh: &str, en: &str, done: u64, total: u64) {
        self.bar.step(zh, en, done, total);
        self.loading.tell(Some(LoadingStep { note: Bilingual::new(zh, en), done, total }));
    }
}

/// Says where it is and what to try.
fn greet(url: &str, accounts: &[DemoAccount]) {
    say(&format!("\n汾河演示 Fenhe demo: {url}\n"));
    say("账户 accounts:");
    for account in accounts {
        say(&format!(
            "  {:<14} {:<22} {} {}",
            account.login, account.password, account.role.zh, account.role.en
        ));
    }
    say("\n五件可以一试的事 five things to try:");
    say(&format!("  1. 检索 search              {url}/search?q=人口"));
    say(&format!("  2. 待办与审核 reviews        {url}/desk/reviews  (登录 as reviewer)"));
    say(&format!("  3. 检测报告 gate report      {url}/desk/assets  (登录 as clerk)"));
    say(&format!("  4. 证据 evidence            {url}/evidence"));
    say(&format!("  5. 从外部核验 verify         fenhe log verify {url}\n"));
}

/// Serves, and carries out `load` beside it; what works on jobs begins when that is done.
async fn serve_wired(
    config: Config,
    wired: Wired,
    demo_accounts: Vec<DemoAccount>,
    loading: Loading,
    load: impl Future<Output = Result<(), Failure>>,
) -> Result<(), Failure> {
    let platform = wired.platform.clone();
    if platform.search.is_empty() {
        let written = platform::open::reindex(&platform).await?;
        tracing::info!(written, "the catalogue index was rebuilt");
    }
    let stopping = CancellationToken::new();
    let app = App {
        platform: platform.clone(),
        pages: Arc::new(Pages::load()?),
        metrics: Arc::new(Metrics::default()),
        limits: Arc::new(web::Limits::new(config.limits.clone())),
        site: Arc::new(Site {
            name: Bilingual::new(&config.site_name, &config.site_name_en),
            tagline: Bilingual::new(
                "政务数据目录、开放数据与可核验的证据",
                "Government data: catalogue, open data, and evidence that anyone can verify",
            ),
            base_url: config.base_url(),
            contact: config.contact.clone(),
            demo_accounts,
            loading,
            https: config.base_url().starts_with("https://"),
        }),
        stopping: stopping.clone(),
    };
    warn_of_hidden_visitors(&config);
    let listener = tokio::net::TcpListener::bind(config.listen).await?;
    tracing::info!(listen = %config.listen, "serving");
    let monitoring = match config.metrics {
        Some(address) => Some(tokio::net::TcpListener::bind(address).await?),
        None => None,
    };
    let monitoring = {
        let (router, stopped) = (web::monitoring(app.clone()), stopping.clone());
        async move {
            let Some(listener) = monitoring else { return Ok(()) };
            axum::serve(listener, router)
                .with_graceful_shutdown(async move { stopped.cancelled().await })
                .await
        }
    };
    let router = web::router(app).into_make_service_with_connect_info::<SocketAddr>();
    let stopped = stopping.clone();
    let server = axum::serve(listener, router)
        .with_graceful_shutdown(async move { stopped.cancelled().await });
    let worker_name = format!("worker-{}", std::process::id());
    let worker = {
        let stopped = stopping.clone();
        platform::jobs::work(
            platform.clone(),
            worker_name,
            async move { stopped.cancelled().await },
        )
    };
    let sealing = {
        let stopped = stopping.clone();
        platform.log.run(platform.clock, async move { stopped.cancelled().await })
    };
    let remeasuring = remeasure_daily(&platform, stopping.clone());
    let sweeping = {
        let stopped = stopping.clone();
        platform::sweep::keep_sweeping(platform.clone(), async move { stopped.cancelled().await })
    };
    let signals = async {
        tokio::select! {
            () = wait_for_signal() => stopping.cancel(),
            () = stopping.cancelled() => {}
        }
    };
    let working = async {
        let loaded = tokio::select! {
            loaded = load => loaded,
            // What is interrupted goes on at the next start.
            () = stopping.cancelled() => Ok(()),
        };
        if loaded.is_err() {
            stopping.cancel();
        }
        tokio::join!(worker, remeasuring, sweeping);
        loaded
    };
    let (served, monitored, loaded, (), ()) =
        tokio::join!(async { server.await }, monitoring, working, sealing, signals);
    drop(wired);
    served?;
    monitored?;
    loaded
}

/// Has releases measured again that were measured by other rules than those of today: at
/// the start, for a new version of the program may have new rules, and each day.
async fn remeasure_daily(platform: &platform::Platform, stopped: CancellationToken) {
    const DAY: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);
    loop {
        match platform::gate::remeasure::request_outdated(platform).await {
            Ok(0) => {}
            Ok(releases) => tracing::info!(releases, "releases are measured again"),
            Err(error) => tracing::error!(%error, "releases cannot be measured again"),
        }
        tokio::select! {
            () = stopped.cancelled() => return,
            () = tokio::time::sleep(DAY) => {}
        }
    }
}

/// A proxy on this machine that nobody named hides its visitors: they are not limited, and
/// the audit trail has the proxy's address.
fn warn_of_hidden_visitors(config: &Config) {
    let is_behind_a_proxy =
        config.listen.ip().is_loopback() && config.base_url().starts_with("https://");
    if is_behind_a_proxy && config.limits.trusted_proxies.is_empty() {
        tracing::warn!(
            "limits.trusted_proxies names no proxy, but people reach the site by HTTPS and this \
             program by a local address: name the proxy, so that its visitors are told apart"
        );
    }
}

/// Ctrl-C, or SIGTERM from a service manager.
async fn wait_for_signal() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = interrupt => {}
            _ = terminate.recv() => {}
        },
        Err(_) => {
            let _interrupted = interrupt.await;
        }
    }
}

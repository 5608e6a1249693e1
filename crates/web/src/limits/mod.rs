//! Rate limits: how much one client may ask for, so that it does not hinder the others.
//!
//! ```text
//! request ─▶ who: account, else address ─▶ class: read, query, download, sign_in, write
//!                                              │
//!          429 with Retry-After ◀─ empty ── token bucket ── a token ─▶ the handler
//! ```
//!
//! A bucket holds `burst` tokens and is refilled with `per_minute`; the arithmetic (GCRA)
//! is the crate `governor`'s, the states lie in a table of fixed size (`table.rs`), so that
//! no number of addresses takes more memory. Addresses count by network: an IPv6 client has
//! a whole /64. A signed-in caller has buckets of its own, whatever its address.
//!
//! Invariants (each is also the name of a test):
//! - `no_number_of_clients_takes_more_memory`
//! - `an_address_in_a_header_is_believed_of_a_trusted_proxy_alone`
//! - `whoever_comes_through_a_proxy_that_is_not_named_is_limited`
//!
//! What slows the guessing of passwords down is `trust::identity` (by account name and by
//! address, on disk); the class `sign_in` keeps attempts from using up the processor.

mod class;
mod client;
mod fields;
mod settings;
mod table;

use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock as _, MonotonicClock};
use governor::middleware::StateInformationMiddleware;
use governor::{Quota, RateLimiter};
use vocabulary::{AccountId, Bilingual};

pub(crate) use class::Class;
pub(crate) use client::Client;
pub use settings::{AddressError, Addresses, LimitSettings, Rate, RateChanges, RefillError};

use crate::app::App;
use crate::problem::Problem;
use crate::visitor::Visitor;
use client::Network;
use fields::Policy;
use settings::Rates;
use table::{Key, Table};

/// The limits of a site, and what its clients have used.
#[derive(Debug)]
pub struct Limits {
    exempt: Addresses,
    proxies: Addresses,
    table: Table,
    anonymous: Buckets,
    known: Buckets,
    warned: std::sync::atomic::AtomicBool,
}

/// One bucket a class.
#[derive(Debug)]
struct Buckets(Vec<Bucket>);

/// What a class allows.
#[derive(Debug)]
struct Bucket {
    class: Class,
    limiter: RateLimiter<Key, Table, MonotonicClock, StateInformationMiddleware>,
    policy: Policy,
}

/// Whose tokens are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Payer {
    /// A network; `None` where a connection has no address.
    Address(Option<Network>),
    /// A person, by session or token.
    Account(AccountId),
}

/// The answer of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    /// A token was there; so many are left.
    Allowed(u32),
    /// It is empty; the next token comes after this time.
    Refused(Duration),
}

impl Default for Limits {
    /// The limits without settings.
    fn default() -> Self {
        Self::new(LimitSettings::default())
    }
}

impl Limits {
    /// Limits as an operator set them.
    pub fn new(settings: LimitSettings) -> Self {
        let table = Table::new(settings.clients);
        let anonymous = settings.anonymous.over(Rates::ANONYMOUS);
        let known = settings.known.over(Rates::KNOWN);
        Self {
            anonymous: Buckets::new(&anonymous, &table),
            known: Buckets::new(&known, &table),
            exempt: settings.exempt,
            proxies: settings.trusted_proxies,
            table,
            warned: std::sync::atomic::AtomicBool::default(),
        }
    }

    /// Takes a token, unless the client is exempt.
    fn take(&self, class: Class, client: Client, account: Option<AccountId>) -> Option<Taken<'_>> {
        if self.exempts(client) {
            return None;
        }
        // Whoever tries to sign in is nobody yet.
        let account = account.filter(|_| class != Class::SignIn);
        let (payer, buckets) = match account {
            Some(account) => (Payer::Account(account), &self.known),
            None => (Payer::Address(client.address.map(Network::of)), &self.anonymous),
        };
        let bucket = buckets.0.iter().find(|bucket| bucket.class == class)?;
        let verdict = bucket.take(self.table.key(&(class, payer)));
        Some(Taken { bucket, payer, verdict })
    }

    /// Whether a client is not limited. Behind a relay anyone can be.
    fn exempts(&self, client: Client) -> bool {
        client.address.is_some_and(|address| {
            if client.is_relay {
                self.exempt.contain_all_like(address)
            } else {
                self.exempt.contain(address)
            }
        })
    }
}

impl Buckets {
    fn new(rates: &Rates, table: &Table) -> Self {
        let bucket = |class: Class| {
            let rate = rates.of(class);
            let quota = Quota::per_minute(rate.per_minute).allow_burst(rate.burst);
            Bucket {
                class,
                limiter: RateLimiter::new(quota, table.clone(), MonotonicClock),
                policy: Policy::new(class, rate),
            }
        };
        Self(Class::ALL.map(bucket).into())
    }
}

impl Bucket {
    fn take(&self, key: Key) -> Verdict {
        match self.limiter.check_key(&key) {
            Ok(state) => Verdict::Allowed(state.remaining_burst_capacity()),
            Err(until) => Verdict::Refused(until.wait_time_from(self.limiter.clock().now())),
        }
    }
}

/// What taking a token came to.
struct Taken<'a> {
    bucket: &'a Bucket,
    payer: Payer,
    verdict: Verdict,
}

impl Taken<'_> {
    /// The answer of an empty bucket.
    fn refusal(&self, app: &App) -> Option<Response> {
        let Verdict::Refused(wait) = self.verdict else { return None };
        let class = self.bucket.class;
        app.metrics.count_limited(class.name(), self.payer.kind());
        let seconds = fields::whole_seconds(wait);
        let mut response = too_many(class, seconds).into_response();
        self.bucket.policy.tell_refused(response.headers_mut(), seconds);
        Some(response)
    }
}

impl Payer {
    /// The word in metrics.
    fn kind(self) -> &'static str {
        match self {
            Self::Address(_) => "address",
            Self::Account(_) => "account",
        }
    }
}

/// Takes a token for each request before it is handled.
pub(crate) async fn admit(State(app): State<App>, request: Request, next: Next) -> Response {
    let Some(class) = class_of(&request) else { return next.run(request).await };
    let client = request.extensions().get::<Client>().copied().unwrap_or_default();
    let visitor = request.extensions().get::<Visitor>();
    let account = visitor.and_then(|visitor| visitor.caller.account_id());
    let Some(taken) = app.limits.take(class, client, account) else {
        return next.run(request).await;
    };
    if let Some(refusal) = taken.refusal(&app) {
        return refusal;
    }
    let is_for_programs = request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    if let (true, Verdict::Allowed(left)) = (is_for_programs, &taken.verdict) {
        taken.bucket.policy.tell(response.headers_mut(), *left);
    }
    response
}

/// The answer to a request whose credentials are wrong, if it is one too many: guessing
/// tokens is paid for as anything else.
pub(crate) fn refuse_stranger(app: &App, request: &Request, client: Client) -> Option<Response> {
    app.limits.take(class_of(request)?, client, None)?.refusal(app)
}

/// What a request costs; `None` for what is never limited.
fn class_of(request: &Request) -> Option<Class> {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    Class::of(request.method(), route, request.uri().path())
}

/// Too many requests of a kind.
fn too_many(class: Class, seconds: u64) -> Problem {
    let title = Bilingual::new("请求太频繁", "Too many requests");
    let what = class.words();
    let unit = if seconds == 1 { "second" } else { "seconds" };
    let detail = Bilingual::new(
        format!("{}太频繁，请在 {seconds} 秒后再试。需要更高限额的，请联系管理员。", what.zh),
        format!(
            "Too many {}; try again in {seconds} {unit}. Ask the administrator if you need more.",
            what.en
        ),
    );
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "quota_exceeded", title, detail)
}

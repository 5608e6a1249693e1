//! What is counted, for `/metrics` in the text form of `OpenMetrics`.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::app::App;
use crate::problem::Problem;

/// The counters.
#[derive(Debug)]
pub struct Metrics {
    registry: Mutex<Registry>,
    requests: Family<RequestLabels, Counter>,
    seconds: Family<RouteLabels, Histogram, fn() -> Histogram>,
    limited: Family<LimitLabels, Counter>,
    sign_ins: Family<SignInLabels, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LimitLabels {
    class: &'static str,
    client: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SignInLabels {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    method: String,
    route: String,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("fenhe");
        let requests = Family::default();
        let seconds: Family<_, _, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.000_5, 2.0, 16)));
        registry.register("http_requests", "Requests by route and status", requests.clone());
        registry.register("http_seconds", "Time to answer by route", seconds.clone());
        let limited = Family::default();
        registry.register("limited_requests", "Requests refused for their number", limited.clone());
        let sign_ins = Family::default();
        registry.register("sign_ins", "Attempts to sign in by outcome", sign_ins.clone());
        Self { registry: Mutex::new(registry), requests, seconds, limited, sign_ins }
    }
}

impl Metrics {
    /// Counts a request that was refused because its client made too many.
    ///
    /// - `class`: what it would have cost.
    /// - `client`: `address` or `account`.
    pub(crate) fn count_limited(&self, class: &'static str, client: &'static str) {
        self.limited.get_or_create(&LimitLabels { class, client }).inc();
    }

    /// Counts an attempt to sign in: `succeeded`, `wrong`, `throttled` or `failed`.
    pub(crate) fn count_sign_in(&self, outcome: &'static str) {
        self.sign_ins.get_or_create(&SignInLabels { outcome }).inc();
    }

    fn record(&self, method: String, route: String, status: u16, took: Duration) {
        let labels = RouteLabels { method: method.clone(), route: route.clone() };
        self.seconds.get_or_create(&labels).observe(took.as_secs_f64());
        self.requests.get_or_create(&RequestLabels { method, route, status }).inc();
    }
}

/// Counts each request by its route, not by its path: a path may be personal.
pub(crate) async fn count(State(app): State<App>, request: Request, next: Next) -> Response {
    let method = request.method().to_string();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    let begun = Instant::now();
    let response = next.run(request).await;
    let took = begun.elapsed();
    let status = response.status().as_u16();
    tracing::info!(method, route, status, took_us = took.as_micros(), "request");
    app.metrics.record(method, route, status, took);
    response
}

/// `/metrics`.
pub(crate) async fn show(State(app): State<App>) -> Response {
    let mut text = String::new();
    let registry = app.metrics.registry.lock().unwrap_or_else(PoisonError::into_inner);
    match encode(&mut text, &registry) {
        Ok(()) => {
            ([("content-type", "application/openmetrics-text; version=1.0.0; charset=utf-8")], text)
                .into_response()
        }
        Err(_) => Problem::internal().into_response(),
    }
}

//! Rate limits, through the whole site.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode};
use trust::Role;
use web::LimitSettings;

use crate::site::{Answer, Site};

const QUERY: &str = "/api/v1/datasets";

fn settings(json: &serde_json::Value) -> LimitSettings {
    serde_json::from_value(json.clone()).unwrap()
}

/// A bucket that does not fill up again while a test runs.
fn few(burst: u32) -> serde_json::Value {
    serde_json::json!({ "burst": burst, "per_minute": 1 })
}

/// Sends a request from an address.
async fn from(site: &Site, address: &str, request: axum::http::request::Builder) -> Answer {
    let mut request = request.body(Body::empty()).unwrap();
    let peer = SocketAddr::new(address.parse().unwrap(), 50_000);
    request.extensions_mut().insert(ConnectInfo(peer));
    site.send(request).await
}

async fn get(site: &Site, address: &str, path: &str) -> Answer {
    from(site, address, Request::get(path)).await
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers[name].to_str().unwrap()
}

#[tokio::test]
async fn who_asks_too_much_is_told_when_to_come_again_and_hinders_nobody() {
    let limits = settings(&serde_json::json!({ "anonymous": { "query": few(3) } }));
    let site = Site::limited(limits).await;
    for left in [2, 1, 0] {
        let answer = get(&site, "203.0.113.7", QUERY).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(text(&answer.headers, "ratelimit-policy"), "\"query\";q=3;w=180");
        assert_eq!(text(&answer.headers, "ratelimit"), format!("\"query\";r={left};t=60"));
    }
    let refused = get(&site, "203.0.113.7", QUERY).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(text(&refused.headers, "content-type"), "application/problem+json");
    let problem: serde_json::Value = serde_json::from_str(&refused.text).unwrap();
    assert_eq!((&problem["type"], &problem["status"]), (&"quota_exceeded".into(), &429.into()));
    let seconds: u64 = text(&refused.headers, "retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert_eq!(text(&refused.headers, "ratelimit"), format!("\"query\";r=0;t={seconds}"));
    // Another address, another class, and monitoring.
    for (address, path) in [
        ("203.0.113.8", QUERY),
        ("203.0.113.7", "/api/v1/keys"),
        ("203.0.113.7", "/"),
        ("203.0.113.7", "/healthz"),
    ] {
        assert_eq!(get(&site, address, path).await.status, StatusCode::OK, "{address} {path}");
    }
    let counted = site.monitoring().await.text;
    let line = "fenhe_limited_requests_total{class=\"query\",client=\"address\"} 1";
    assert!(counted.contains(line), "{counted}");
}

#[tokio::test]
async fn a_person_gets_a_page_that_says_when_to_come_again() {
    let limits = settings(&serde_json::json!({ "anonymous": { "query": few(1) } }));
    let site = Site::limited(limits).await;
    let ask = || Request::get("/search").header("accept", "text/html");
    assert_eq!(from(&site, "2001:db8::1", ask()).await.status, StatusCode::OK);
    // Another address of the same network.
    let page = from(&site, "2001:db8::2", ask()).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(page.text.contains("<html") && page.text.contains("请求太频繁"), "{}", page.text);
    assert!(text(&page.headers, "content-type").starts_with("text/html"));
    assert!(page.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn a_known_caller_pays_from_a_purse_of_their_own() {
    let limits = settings(&serde_json::json!({
        "anonymous": { "query": few(1) },
        "known": { "query": few(2) },
    }));
    let site = Site::limited(limits).await;
    let clerk = site.sign_in(Role::Clerk).await;
    let as_clerk = || Request::get(QUERY).header("cookie", &clerk);
    assert_eq!(get(&site, "203.0.113.7", QUERY).await.status, StatusCode::OK);
    assert_eq!(get(&site, "203.0.113.7", QUERY).await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(from(&site, "203.0.113.7", as_clerk()).await.status, StatusCode::OK);
    // Wherever they are.
    assert_eq!(from(&site, "203.0.113.9", as_clerk()).await.status, StatusCode::OK);
    let refused = from(&site, "203.0.113.10", as_clerk()).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    let counted = site.monitoring().await.text;
    assert!(counted.contains("{class=\"query\",client=\"account\"} 1"), "{counted}");
}

#[tokio::test]
async fn exempt_addresses_are_not_limited_and_told_nothing() {
    let limits = settings(&serde_json::json!({
        "anonymous": { "query": few(1) },
        "exempt": ["127.0.0.1", "10.20.0.0/16"],
    }));
    let site = Site::limited(limits).await;
    for _ in 0..5 {
        for address in ["127.0.0.1", "10.20.3.4", "::ffff:127.0.0.1"] {
            let answer = get(&site, address, QUERY).await;
            assert_eq!(answer.status, StatusCode::OK, "{address}");
            assert!(!answer.headers.contains_key("ratelimit"));
        }
    }
}

#[tokio::test]
async fn behind_a_proxy_visitors_are_told_apart_if_the_proxy_is_trusted() {
    let limits = settings(&serde_json::json!({
        "anonymous": { "query": few(1) },
        "trusted_proxies": ["127.0.0.1"],
    }));
    let site = Site::limited(limits).await;
    let ask = |told: &str| Request::get(QUERY).header("x-forwarded-for", told);
    for (peer, told, status) in [
        ("127.0.0.1", "203.0.113.7", StatusCode::OK),
        ("127.0.0.1", "203.0.113.7", StatusCode::TOO_MANY_REQUESTS),
        // What the visitor writes in front does not help.
        ("127.0.0.1", "198.51.100.1, 203.0.113.7", StatusCode::TOO_MANY_REQUESTS),
        ("127.0.0.1", "203.0.113.8", StatusCode::OK),
        // A stranger is no proxy, and no part of this machine either.
        ("198.51.100.9", "127.0.0.1", StatusCode::OK),
        ("198.51.100.9", "127.0.0.1", StatusCode::TOO_MANY_REQUESTS),
    ] {
        assert_eq!(from(&site, peer, ask(told)).await.status, status, "{peer} {told}");
    }
}

#[tokio::test]
async fn whoever_comes_through_a_proxy_that_is_not_named_is_limited() {
    let limits = settings(&serde_json::json!({ "anonymous": { "query": few(1) } }));
    let site = Site::limited(limits).await;
    for header in ["x-forwarded-for", "forwarded"] {
        let ask = || Request::get(QUERY).header(header, "for=203.0.113.7");
        let statuses = [
            from(&site, "127.0.0.1", ask()).await.status,
            from(&site, "127.0.0.1", ask()).await.status,
        ];
        assert!(statuses.contains(&StatusCode::TOO_MANY_REQUESTS), "{header}: {statuses:?}");
        // What this machine asks for itself is not limited.
        assert_eq!(get(&site, "127.0.0.1", QUERY).await.status, StatusCode::OK);
    }
    let off = settings(&serde_json::json!({
        "anonymous": { "query": few(1) },
        "exempt": ["0.0.0.0/0", "::/0"],
    }));
    let site = Site::limited(off).await;
    for _ in 0..3 {
        let ask = Request::get(QUERY).header("x-forwarded-for", "203.0.113.7");
        assert_eq!(from(&site, "127.0.0.1", ask).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn searches_by_post_are_paid_for_as_searches() {
    let limits =
        settings(&serde_json::json!({ "anonymous": { "query": few(1), "write": few(1) } }));
    let site = Site::limited(limits).await;
    for (path, status) in [
        ("/api/3/action/package_search", StatusCode::OK),
        ("/api/3/action/package_search", StatusCode::TOO_MANY_REQUESTS),
        ("/api/3/action/package_create", StatusCode::FORBIDDEN),
        ("/api/3/action/package_create", StatusCode::TOO_MANY_REQUESTS),
    ] {
        let answer = from(&site, "203.0.113.7", Request::post(path)).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
    }
}

#[tokio::test]
async fn attempts_to_sign_in_and_wrong_tokens_are_paid_for() {
    let limits = settings(&serde_json::json!({
        "anonymous": { "sign_in": few(2), "read": few(2) },
    }));
    let site = Site::limited(limits).await;
    for status in [StatusCode::FORBIDDEN, StatusCode::FORBIDDEN, StatusCode::TOO_MANY_REQUESTS] {
        // Without the form's token they go no further than that.
        let form = "application/x-www-form-urlencoded";
        let attempt = Request::post("/sign-in").header("content-type", form);
        assert_eq!(from(&site, "203.0.113.7", attempt).await.status, status);
    }
    let token = format!("Bearer fh_{}", "x".repeat(43));
    for status in
        [StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED, StatusCode::TOO_MANY_REQUESTS]
    {
        let guess = Request::get("/api/v1/keys").header("authorization", &token);
        assert_eq!(from(&site, "203.0.113.7", guess).await.status, status);
    }
}

#[tokio::test]
async fn a_browser_that_is_known_is_not_slowed_down_by_strangers() {
    let site = Site::new().await;
    let attempt = async |password: &str, device: &str| {
        let token = trust::identity::csrf::token("visitor");
        let body = format!("csrf={token}&name=user.clerk&password={password}&next=/desk");
        let mut request = Request::post("/sign-in")
            .header("cookie", format!("__Host-fenhe-visit=visitor; {device}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap();
        let peer: SocketAddr = "203.0.113.7:50000".parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        site.send(request).await
    };
    let right = "a+long+enough+passphrase+7";
    let first = attempt(right, "").await;
    assert_eq!(first.status, StatusCode::SEE_OTHER);
    let cookies = first.headers.get_all("set-cookie").iter();
    let device = cookies
        .map(|cookie| cookie.to_str().unwrap())
        .find(|cookie| cookie.starts_with("__Host-fenhe-device="))
        .unwrap();
    for word in ["Secure", "HttpOnly", "SameSite=Lax", "Max-Age=15552000"] {
        assert!(device.contains(word), "{device}");
    }
    let device = device.split(';').next().unwrap();
    for _ in 0..5 {
        attempt("wrong", "").await;
    }
    let slowed = attempt(right, "").await;
    assert_eq!(slowed.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(text(&slowed.headers, "retry-after"), "1");
    let owner = attempt(right, device).await;
    assert_eq!(owner.status, StatusCode::SEE_OTHER, "{}", owner.text);
    let counted = site.monitoring().await.text;
    for line in ["{outcome=\"succeeded\"} 2", "{outcome=\"wrong\"} 5", "{outcome=\"throttled\"} 1"]
    {
        assert!(counted.contains(&format!("fenhe_sign_ins_total{line}")), "{line}: {counted}");
    }
}

//! The API and the protocols.

use axum::http::StatusCode;

use crate::site::Site;

#[tokio::test]
async fn the_description_lists_every_operation_with_its_problems() {
    let site = Site::new().await;
    let answer = site.get("/api/v1/openapi.json").await;
    assert_eq!(answer.status, StatusCode::OK);
    let document: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() >= 28, "{}", paths.len());
    assert!(paths["/api/v1/assets"]["post"]["responses"]["422"].is_object());
}

#[tokio::test]
async fn the_catalogue_is_served_in_three_syntaxes_and_pages() {
    let site = Site::new().await;
    let asset = site.stage.asset().await;
    site.stage.file(asset, "a.csv", b"a,b\n1,2\n").await;
    site.stage.publish(asset).await;
    for (path, kind) in [
        ("/catalog.ttl", "text/turtle"),
        ("/catalog.rdf", "application/rdf+xml"),
        ("/catalog.jsonld", "application/ld+json"),
        (&format!("/dataset/{asset}.ttl"), "text/turtle"),
        (&format!("/dataset/{asset}.jsonld"), "application/ld+json"),
    ] {
        let answer = site.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(answer.headers["content-type"].to_str().unwrap().starts_with(kind));
        assert!(answer.text.contains(&asset.to_string()), "{path}");
    }
    assert_eq!(site.get("/catalog.ttl?page=99").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_log_is_served_and_only_by_right_paths() {
    let site = Site::new().await;
    site.stage.asset().await;
    site.stage.platform.log.seal_all(testkit::moment()).await.unwrap();
    let checkpoint = site.get("/log/checkpoint").await;
    assert_eq!(checkpoint.status, StatusCode::OK);
    assert!(checkpoint.text.starts_with("test/log\n"));
    let size: u64 = checkpoint.text.lines().nth(1).unwrap().parse().unwrap();
    let tile = site.get(&format!("/log/tile/0/000.p/{size}")).await;
    assert_eq!(tile.status, StatusCode::OK);
    for path in [
        "/log/tile/0/0",
        "/log/tile/+1/000",
        "/log/tile/0/000.p/0",
        "/log/tile/0/000.p/256",
        "/log/tile/64/000",
    ] {
        assert_eq!(site.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn odd_queries_are_refused_politely() {
    let site = Site::new().await;
    let long = "数".repeat(3_000);
    for path in [
        format!("/search?q={long}"),
        "/search?q=%00%FF%0A&page=999999999".to_owned(),
        "/api/v1/datasets?q=%22%28%2B&sort=nothing".to_owned(),
        "/api/v1/assets?cursor=broken".to_owned(),
        "/api/v1/datasets/0190/rows?where=%27".to_owned(),
        "/metrics".to_owned(),
        "/healthz".to_owned(),
    ] {
        let answer = site.get(&path).await;
        assert!(!answer.status.is_server_error(), "{path}: {}", answer.text);
    }
}

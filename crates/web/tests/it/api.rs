//! The API and the protocols.

use axum::http::StatusCode;
use platform::gate::{self, Settings};
use sha2::Digest as _;
use trust::Role;

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
async fn a_certificate_names_the_digest_of_the_rows() {
    let site = Site::new().await;
    let stage = &site.stage;
    let asset = stage.asset().await;
    let table = "地区,编号,说明\n太原,1,\"甲,乙\"\n大同,2,=1+1\n阳泉,3,\n";
    stage.file(asset, "table.csv", table.as_bytes()).await;
    stage.publish(asset).await;
    let (clerk, reviewer) =
        (stage.person(Role::Clerk).await, stage.person(Role::GateReviewer).await);
    let platform = &stage.platform;
    let settings = Settings { model: law::SharingModel::Public, k: None, suppression_limit: 0.02 };
    let open = law::Audience::Open;
    let started = gate::start(&clerk, platform, asset, 1, open, settings.clone()).await.unwrap();
    stage.work().await;
    let (_, run) = gate::find(&clerk, platform, started.run.id).await.unwrap();
    let decided = run.decisions.into_iter().map(|decision| gate::Decision {
        role: detect::Role::None,
        treatment: gate::Treatment::Keep,
        reason: "统计对象是地区".to_owned(),
        ..decision
    });
    gate::confirm(&clerk, platform, run.id, None, settings, decided.collect()).await.unwrap();
    stage.work().await;
    gate::submit(&clerk, platform, run.id, None).await.unwrap();
    let (_, released) = gate::approve(&reviewer, platform, run.id, None).await.unwrap();
    let file = site.get(&format!("/api/v1/datasets/{asset}/download/csv")).await;
    let certificate = site.get(&format!("/api/v1/releases/{}/certificate", released.id)).await;
    let statement =
        trust::verify::verify_certificate(&certificate.text, &platform.keyring.jwks()).unwrap();
    let sha256 = hex::encode(sha2::Sha256::digest(file.text.as_bytes()));
    assert_eq!(statement["digest"]["sha256"], sha256.as_str());
    assert_eq!(statement["digest"]["bytes"], file.text.len());
    assert_eq!(statement["rows"], 3);
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

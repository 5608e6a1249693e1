//! The API and the protocols.

use axum::body::Body;
use axum::http::{Request, StatusCode};
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
async fn the_day_of_an_import_is_not_the_date_of_an_entry() {
    use platform::registry::{self, ForeignEntry};
    let site = Site::new().await;
    let admin = site.stage.person(Role::DataAdmin).await;
    let day = |text: &str| Some(format!("{text}T00:00:00+08:00").parse().unwrap());
    let entry = |title: &str, updated_at| ForeignEntry {
        origin: "https://data.example.gov.cn/".to_owned(),
        origin_id: title.to_owned(),
        provider: "外省单位".to_owned(),
        entry: registry::CatalogueEntry {
            title: vocabulary::Bilingual::new(title, ""),
            ..registry::CatalogueEntry::default()
        },
        issued_at: day("2021-04-30"),
        updated_at,
    };
    let entries = vec![entry("有日期的目录", day("2023-06-02")), entry("无日期的目录", None)];
    registry::take_over(&admin, &site.stage.platform, entries).await.unwrap();
    let found = site.get("/api/v1/datasets").await;
    let found: serde_json::Value = serde_json::from_str(&found.text).unwrap();
    let of = |title: &str| {
        let all = found["datasets"].as_array().unwrap();
        all.iter().find(|entry| entry["title"] == title).unwrap().clone()
    };
    let (dated, undated) = (of("有日期的目录"), of("无日期的目录"));
    assert_eq!(dated["updated_at"], "2023-06-01T16:00:00Z");
    assert_eq!(undated.get("updated_at"), None);
    // 2 March 2026 is the day of the import.
    for entry in [&dated, &undated] {
        assert!(entry["taken_over_at"].as_str().unwrap().starts_with("2026-03-02"));
    }
    let list = site.get("/search").await.text;
    assert!(list.contains("来源更新于 2023年6月2日"), "{list}");
    assert!(list.contains("来源未注明日期，导入于 2026年3月2日"), "{list}");
    let id = |entry: &serde_json::Value| entry["id"].as_str().unwrap().to_owned();
    let page = site.get(&format!("/en/dataset/{}", id(&undated))).await.text;
    for words in ["Imported on", "2 March 2026", "the source gives no date", "30 April 2021"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let graph = site.get(&format!("/dataset/{}.ttl", id(&dated))).await.text;
    assert!(graph.contains("dct:issued \"2021-04-30\"^^xsd:date"), "{graph}");
    assert!(graph.contains("dct:modified \"2023-06-02\"^^xsd:date"), "{graph}");
    let graph = site.get(&format!("/dataset/{}.ttl", id(&undated))).await.text;
    assert!(!graph.contains("dct:modified") && !graph.contains("2026-03-02"), "{graph}");
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

/// A small table that is open to everyone, with its release.
pub(crate) async fn opened(site: &Site) -> (vocabulary::AssetId, gate::release::Release) {
    let stage = &site.stage;
    let asset = stage.asset().await;
    let table = "地区,编号,说明\n太原,1,\"甲,乙\"\n大同,2,=1+1\n阳泉,3,\n";
    stage.file(asset, "table.csv", table.as_bytes()).await;
    stage.publish(asset).await;
    let (clerk, reviewer) =
        (stage.person(Role::Clerk).await, stage.person(Role::GateReviewer).await);
    let platform = &stage.platform;
    let settings = Settings::new(law::SharingModel::Public, 0.02);
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
    (asset, released)
}

#[tokio::test]
async fn a_certificate_names_the_digest_of_the_rows() {
    let site = Site::new().await;
    let (asset, released) = opened(&site).await;
    let keys = site.stage.platform.keyring.jwks();
    let file = site.get(&format!("/api/v1/datasets/{asset}/download/csv")).await;
    let certificate = site.get(&format!("/api/v1/releases/{}/certificate", released.id)).await;
    let statement = trust::verify::verify_certificate(&certificate.text, &keys).unwrap();
    let sha256 = hex::encode(sha2::Sha256::digest(file.text.as_bytes()));
    assert_eq!(statement["digest"]["sha256"], sha256.as_str());
    assert_eq!(statement["digest"]["bytes"], file.text.len());
    assert_eq!(statement["rows"], 3);
}

#[tokio::test]
async fn a_download_goes_on_where_it_was_broken_off() {
    let site = Site::new().await;
    let (asset, released) = opened(&site).await;
    let path = format!("/api/v1/datasets/{asset}/download/csv");
    let whole = site.get(&path).await;
    assert_eq!(whole.headers["accept-ranges"], "bytes");
    let tag = whole.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(tag, format!("\"{}\"", released.outcome.digest.sha256));
    let ask = |method: &str, headers: &[(&str, &str)]| {
        let mut request = Request::builder().method(method).uri(&path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        site.send(request.body(Body::empty()).unwrap())
    };
    let length = whole.text.len();
    for (first, last) in [(0, 5), (6, length - 1), (length - 1, length - 1)] {
        let range = format!("bytes={first}-{last}");
        let part = ask("GET", &[("range", &range), ("if-range", &tag)]).await;
        assert_eq!(part.status, StatusCode::PARTIAL_CONTENT, "{range}");
        assert_eq!(part.text.as_bytes(), &whole.text.as_bytes()[first..=last], "{range}");
        let told = format!("bytes {first}-{last}/{length}");
        assert_eq!(part.headers["content-range"].to_str().unwrap(), told);
    }
    let beyond = ask("GET", &[("range", &format!("bytes={length}-"))]).await;
    assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(beyond.headers["content-range"].to_str().unwrap(), format!("bytes */{length}"));
    let changed =
        ask("GET", &[("range", "bytes=6-"), ("if-range", "\"of another release\"")]).await;
    assert_eq!((changed.status, changed.text.len()), (StatusCode::OK, length));
    let known = ask("GET", &[("if-none-match", &tag)]).await;
    assert_eq!((known.status, known.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
    let packed = ask("GET", &[("accept-encoding", "gzip")]).await;
    assert_eq!(packed.text, whole.text, "what the certificate names is sent as it is");
    let head = ask("HEAD", &[("range", "bytes=0-1")]).await;
    assert_eq!(head.status, StatusCode::OK);
    assert_eq!(head.headers["content-length"].to_str().unwrap(), length.to_string());
}

#[tokio::test]
async fn a_download_counts_once_however_it_is_taken() {
    let site = Site::new().await;
    let (asset, released) = opened(&site).await;
    let length = released.outcome.digest.bytes;
    let tag = format!("\"{}\"", released.outcome.digest.sha256);
    let ask = async |method: &str, format: &str, headers: &[(&str, &str)]| {
        let path = format!("/api/v1/datasets/{asset}/download/{format}");
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        site.send(request.body(Body::empty()).unwrap()).await.status.as_u16()
    };
    let beyond = format!("bytes={length}-");
    let stale = ("if-range", "\"of another release\"");
    // What is asked, what is answered, and whether it is a download.
    /// Method, address, headers, status, and what the counter shows afterwards.
    type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], u16, u64);
    let cases: [Case<'_>; 14] = [
        ("GET", "csv", &[], 200, 1),
        ("HEAD", "csv", &[], 200, 0),
        ("HEAD", "parquet", &[], 200, 0),
        ("GET", "csv", &[("if-none-match", &tag)], 304, 0),
        ("HEAD", "csv", &[("if-none-match", &tag)], 304, 0),
        ("GET", "csv", &[("if-none-match", "\"old\"")], 200, 1),
        // Begun, and gone on with twice: one download.
        ("GET", "csv", &[("range", "bytes=0-5")], 206, 1),
        ("GET", "csv", &[("range", "bytes=6-9"), ("if-range", &tag)], 206, 0),
        ("GET", "csv", &[("range", "bytes=10-")], 206, 0),
        ("GET", "csv", &[("range", "bytes=-3")], 206, 0),
        ("GET", "csv", &[("range", &beyond)], 416, 0),
        // The file has changed, so that all of it is sent.
        ("GET", "csv", &[("range", "bytes=6-"), stale], 200, 1),
        ("GET", "xlsx", &[], 200, 1),
        ("GET", "docx", &[], 404, 0),
    ];
    let anyone = trust::Caller::anonymous(testkit::moment());
    let counted = async || {
        let dataset = platform::open::dataset(&anyone, &site.stage.platform, asset).await.unwrap();
        dataset.current.unwrap().downloads
    };
    for (method, format, headers, status, counts) in cases {
        let before = counted().await;
        assert_eq!(ask(method, format, headers).await, status, "{method} {format} {headers:?}");
        assert_eq!(counted().await - before, counts, "{method} {format} {headers:?}");
    }
}

#[tokio::test]
async fn every_format_says_when_nothing_has_changed() {
    let site = Site::new().await;
    let (asset, _) = opened(&site).await;
    let mut tags = std::collections::HashSet::new();
    for what in ["csv", "csv?bom=true", "xlsx", "json", "ndjson", "parquet", "csv?select=地区"] {
        let path = format!(
            "/api/v1/datasets/{asset}/download/{}",
            what.replace("地区", "%E5%9C%B0%E5%8C%BA")
        );
        let first = site.get(&path).await;
        assert_eq!(first.status, StatusCode::OK, "{what}");
        let tag = first.headers["etag"].clone();
        let again = Request::get(&path).header("if-none-match", tag).body(Body::empty()).unwrap();
        assert_eq!(site.send(again).await.status, StatusCode::NOT_MODIFIED, "{what}");
        assert!(
            tags.insert(first.headers["etag"].clone()),
            "{what} has the tag of another question"
        );
    }
}

#[tokio::test]
async fn a_number_out_of_its_bounds_is_refused_and_not_changed() {
    let site = Site::new().await;
    let (asset, _) = opened(&site).await;
    for path in [
        format!("/api/v1/datasets/{asset}/rows?limit=0"),
        format!("/api/v1/datasets/{asset}/rows?limit=10001"),
        format!("/api/v1/datasets/{asset}/groups?limit=0"),
        "/api/v1/datasets?per_page=101".to_owned(),
        "/api/v1/datasets?page=0".to_owned(),
        "/api/v1/datasets?page=501".to_owned(),
        "/api/v1/datasets?sort=nothing".to_owned(),
        "/catalog.ttl?page=0".to_owned(),
    ] {
        let answer = site.get(&path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        let name = path.split(['?', '=']).nth(1).unwrap();
        assert!(answer.text.contains(name), "{path}: {}", answer.text);
    }
    assert_eq!(site.get("/api/v1/datasets?page=500").await.status, StatusCode::OK);
}

#[tokio::test]
async fn monitoring_is_read_at_its_own_address_alone() {
    let site = Site::new().await;
    assert_eq!(site.get("/metrics").await.status, StatusCode::NOT_FOUND);
    let counted = site.monitoring().await;
    assert_eq!(counted.status, StatusCode::OK);
    assert!(counted.text.contains("fenhe_http_requests_total"), "{}", counted.text);
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
        "/healthz".to_owned(),
    ] {
        let answer = site.get(&path).await;
        assert!(!answer.status.is_server_error(), "{path}: {}", answer.text);
    }
}

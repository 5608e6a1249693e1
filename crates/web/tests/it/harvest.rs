//! What harvesters, search engines and readers of feeds take from the site.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use platform::registry;
use serde_json::Value;
use trust::Role;

use crate::api::opened;
use crate::site::Site;

async fn text(site: &Site, path: &str) -> String {
    let answer = site.get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
    answer.text
}

async fn json(site: &Site, path: &str) -> Value {
    serde_json::from_str(&text(site, path).await).unwrap()
}

#[tokio::test]
async fn who_harvests_learns_of_every_change_and_of_what_is_gone() {
    let site = Site::new().await;
    let list = "/oai?verb=ListRecords&metadataPrefix=oai_dc";
    assert!(text(&site, list).await.contains("<error code=\"noRecordsMatch\">"));
    let (asset, release) = opened(&site).await;
    let live = text(&site, list).await;
    assert!(live.contains("<dc:title xml:lang=\"zh\">居民抽样调查</dc:title>"), "{live}");
    assert!(live.contains("<setSpec>theme:public_service</setSpec>"));
    let theme = text(&site, &format!("{list}&set=theme:health")).await;
    assert!(theme.contains("noRecordsMatch"));
    let rdf =
        format!("/oai?verb=GetRecord&metadataPrefix=dcat_ap&identifier=oai:localhost:{asset}");
    assert!(text(&site, &rdf).await.contains("<rdf:RDF"));
    let before = text(&site, &format!("{list}&until=2026-03-01")).await;
    assert!(before.contains("noRecordsMatch"), "the clock of the test stands in 2026-03-02");

    let reviewer = site.stage.person(Role::GateReviewer).await;
    let platform = &site.stage.platform;
    platform::gate::release::suspend(&reviewer, platform, release.id, "复测未通过").await.unwrap();
    let suspended = text(&site, list).await;
    assert!(suspended.contains("<header status=\"deleted\">"), "{suspended}");
    assert!(!suspended.contains("<metadata>"));
    let package = json(&site, &format!("/api/3/action/package_show?id={asset}")).await;
    assert_eq!(package["result"]["resources"], serde_json::json!([]));

    let admin = site.stage.person(Role::DataAdmin).await;
    registry::withdraw(&admin, platform, asset, None, "依据调整").await.unwrap();
    assert!(text(&site, list).await.contains("<header status=\"deleted\">"));
    assert!(text(&site, &rdf).await.contains("<header status=\"deleted\">"));
    let gone = site.get(&format!("/api/3/action/package_show?id={asset}")).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    let identify = text(&site, "/oai?verb=Identify").await;
    assert!(identify.contains("<deletedRecord>persistent</deletedRecord>"));
    assert!(identify.contains("<adminEmail>webmaster@localhost</adminEmail>"));
}

#[tokio::test]
async fn a_harvest_by_tokens_meets_every_record_once() {
    let site = Site::new().await;
    let admin = site.stage.person(Role::DataAdmin).await;
    let entries = (0..230).map(|number| registry::ForeignEntry {
        origin: "https://data.example.cn".to_owned(),
        origin_id: number.to_string(),
        provider: "某市<统计>局".to_owned(),
        entry: registry::CatalogueEntry {
            title: vocabulary::Bilingual::new(format!("表 {number} & 其他"), ""),
            ..registry::CatalogueEntry::default()
        },
        issued_at: None,
        updated_at: Some("2020-01-01T00:00:00Z".parse().unwrap()),
    });
    registry::take_over(&admin, &site.stage.platform, entries.collect()).await.unwrap();
    let mut seen = std::collections::HashSet::new();
    let mut path = "/oai?verb=ListIdentifiers&metadataPrefix=oai_dc".to_owned();
    let mut pages = 0;
    loop {
        let page = text(&site, &path).await;
        pages += 1;
        for part in page.split("<identifier>").skip(1) {
            assert!(seen.insert(part.split('<').next().unwrap().to_owned()), "{part}");
        }
        assert!(page.contains("completeListSize=\"230\""));
        let token = page.split("</resumptionToken>").next().unwrap().rsplit('>').next().unwrap();
        if token.is_empty() {
            break;
        }
        path = format!("/oai?verb=ListIdentifiers&resumptionToken={token}");
    }
    assert_eq!((seen.len(), pages), (230, 3));
    // A token that someone made up is answered like any other.
    let made = serde_json::json!({
        "r": false, "p": "oai_dc", "f": null, "u": null, "t": null, "a": 0,
        "i": "0190c2f0-5b7e-7c1a-9f00-0123456789ab", "n": u64::MAX,
    });
    let made = BASE64_URL_SAFE_NO_PAD.encode(made.to_string());
    let page = text(&site, &format!("/oai?verb=ListIdentifiers&resumptionToken={made}")).await;
    assert_eq!(page.matches("<identifier>").count(), 100);
    // The same entries in the documents about the whole catalogue.
    let data = json(&site, "/data.json").await;
    assert_eq!(data["dataset"].as_array().unwrap().len(), 230);
    assert_eq!(data["dataset"][0]["publisher"]["name"], "某市<统计>局");
    let dump = text(&site, "/catalog/dump.nt").await;
    assert_eq!(dump.lines().filter(|line| line.contains("dcat#dataset>")).count(), 230);
    let sitemap = text(&site, "/sitemap.xml").await;
    assert_eq!(sitemap.matches("/en/dataset/").count(), 230 * 3);
    let page = "/api/3/action/package_search?rows=100&sort=id+asc&start=200";
    let page = json(&site, page).await;
    assert_eq!(page["result"]["results"].as_array().unwrap().len(), 30);
    let name = page["result"]["results"][0]["organization"]["name"].as_str().unwrap();
    let body = json(&site, &format!("/api/3/action/organization_show?id={name}")).await;
    assert_eq!(body["result"]["package_count"], 230);
    let feed = text(&site, "/feed.atom").await;
    assert_eq!(feed.matches("<entry>").count(), 50);
    assert!(feed.contains("&lt;统计&gt;"));
}

#[tokio::test]
async fn a_dataset_describes_itself_in_the_words_of_every_tool() {
    let site = Site::new().await;
    let (asset, release) = opened(&site).await;
    let digest = &release.outcome.digest;
    let package = json(&site, &format!("/dataset/{asset}/datapackage.json")).await;
    assert_eq!(package["resources"][0]["hash"], format!("sha256:{}", digest.sha256));
    assert_eq!(package["resources"][0]["bytes"], digest.bytes);
    let fields = package["resources"][0]["schema"]["fields"].as_array().unwrap();
    let types: Vec<&str> = fields.iter().map(|field| field["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["string", "integer", "string"]);
    let croissant = json(&site, &format!("/dataset/{asset}/croissant.jsonld")).await;
    assert_eq!(croissant["distribution"][0]["sha256"], digest.sha256.as_str());
    assert_eq!(croissant["recordSet"][0]["field"].as_array().unwrap().len(), 3);
    for path in [format!("/dataset/{asset}"), format!("/en/dataset/{asset}")] {
        let page = text(&site, &path).await;
        let block = page.split("<script type=\"application/ld+json\">").nth(1).unwrap();
        let block = block.split("</script>").next().unwrap();
        let node: Value = serde_json::from_str(block).unwrap();
        assert_eq!(node["distribution"][0]["sha256"], digest.sha256.as_str());
    }
    let triples = text(&site, &format!("/api/v1/datasets/{asset}/download/nt")).await;
    // Three columns in three rows, one cell without a value.
    assert_eq!(triples.lines().count(), 8, "{triples}");
    assert!(triples.contains("#row=2> "));
    let where_ = "where=%E7%BC%96%E5%8F%B7%3D3";
    let last = text(&site, &format!("/api/v1/datasets/{asset}/download/nt?{where_}")).await;
    assert!(last.lines().all(|line| line.contains("#row=2> ")), "a row keeps its address: {last}");
    let no_place = site.get(&format!("/api/v1/datasets/{asset}/download/geojson")).await;
    assert_eq!(no_place.status, StatusCode::UNPROCESSABLE_ENTITY);
    let own = text(&site, "/body/11140500012420117H/feed.atom").await;
    assert!(own.contains(&format!("length=\"{}\"", digest.bytes)));
}

#[tokio::test]
async fn who_took_a_dataset_is_told_that_it_was_suspended() {
    let site = Site::new().await;
    let (asset, release) = opened(&site).await;
    for path in [format!("/dataset/{asset}/feed.atom"), format!("/en/dataset/{asset}/feed.atom")] {
        let feed = text(&site, &path).await;
        assert_eq!(feed.matches("<entry>").count(), 1, "{feed}");
        assert!(feed.contains("category term=\"released\""), "{feed}");
    }
    let page = text(&site, &format!("/dataset/{asset}")).await.replace("&#x2f;", "/");
    assert!(page.contains(&format!("/dataset/{asset}/feed.atom")), "the page leads to it");
    let (platform, stage) = (&site.stage.platform, &site.stage);
    let reviewer = stage.person(Role::GateReviewer).await;
    let why = "第三列 <可以> 看出是谁";
    platform::gate::release::suspend(&reviewer, platform, release.id, why).await.unwrap();
    let feed = text(&site, &format!("/dataset/{asset}/feed.atom")).await;
    assert_eq!(feed.matches("<entry>").count(), 2, "{feed}");
    assert!(feed.contains("第 1 次发布已暂停") && feed.contains("第三列 &lt;可以&gt;"), "{feed}");
    let none = site.get("/dataset/01a22f9b-009c-7000-8000-000000000000/feed.atom").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let site = Site::new().await;
    let (asset, release) = opened(&site).await;
    let paths = [
        "/data.json".to_owned(),
        "/catalog/dump.ttl".to_owned(),
        "/sitemap.xml".to_owned(),
        "/feed.atom".to_owned(),
        format!("/dataset/{asset}.ttl"),
        format!("/dataset/{asset}/datapackage.json"),
        format!("/dataset/{asset}/croissant.jsonld"),
        format!("/api/3/action/package_show?id={asset}"),
    ];
    let mut tags = Vec::new();
    for path in &paths {
        let first = site.get(path).await;
        let tag = first.headers["etag"].to_str().unwrap().to_owned();
        let again = Request::get(path).header("if-none-match", &tag).body(Body::empty()).unwrap();
        let again = site.send(again).await;
        assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""), "{path}");
        tags.push(tag);
    }
    let reviewer = site.stage.person(Role::GateReviewer).await;
    let platform = &site.stage.platform;
    platform::gate::release::suspend(&reviewer, platform, release.id, "复测未通过").await.unwrap();
    for (path, tag) in paths.iter().zip(tags) {
        let now = site.get(path).await;
        assert!(now.headers.get("etag").is_none_or(|now| now.to_str().unwrap() != tag), "{path}");
    }
}

#[tokio::test]
async fn search_engines_find_their_way_and_no_text_of_an_entry_gets_out_of_its_place() {
    let site = Site::new().await;
    let admin = site.stage.person(Role::DataAdmin).await;
    let hostile = "</script><script>alert(1)</script>]]>\u{1}\"'&";
    let entry = registry::ForeignEntry {
        origin: "https://data.example.cn".to_owned(),
        origin_id: "1".to_owned(),
        provider: hostile.to_owned(),
        entry: registry::CatalogueEntry {
            title: vocabulary::Bilingual::new(hostile, hostile),
            summary: vocabulary::Bilingual::new(hostile, hostile),
            keywords: vec![hostile.to_owned()],
            ..registry::CatalogueEntry::default()
        },
        issued_at: None,
        updated_at: None,
    };
    registry::take_over(&admin, &site.stage.platform, vec![entry]).await.unwrap();
    let list = json(&site, "/api/3/action/package_list").await;
    let id = list["result"][0].as_str().unwrap().to_owned();
    let page = text(&site, &format!("/dataset/{id}")).await;
    assert!(!page.contains("<script>alert"), "{page}");
    let block = page.split("ld+json\">").nth(1).unwrap().split("</script>").next().unwrap();
    let node: Value = serde_json::from_str(block).unwrap();
    assert_eq!(node["name"], hostile);
    for path in ["/oai?verb=ListRecords&metadataPrefix=oai_dc", "/feed.atom", "/sitemap.xml"] {
        let document = text(&site, path).await;
        assert!(!document.contains("<script>") && !document.contains('\u{1}'), "{path}");
    }
    let echoed = text(&site, "/oai?verb=%3Cx%3E%22").await;
    assert!(echoed.contains("badVerb") && !echoed.contains("<x>"));
    let robots = text(&site, "/robots.txt").await;
    assert!(robots.contains("Sitemap: http://localhost:8080/sitemap.xml"));
    assert_eq!(site.get("/sitemap-2.xml").await.status, StatusCode::NOT_FOUND);
    assert_eq!(site.get("/sitemap-x.xml").await.status, StatusCode::NOT_FOUND);
    assert_eq!(site.get("/no-such-page").await.status, StatusCode::NOT_FOUND);
}

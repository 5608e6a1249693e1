//! The CKAN action API, as clients of CKAN use it.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use trust::{Action, Role};

use crate::api::opened;
use crate::site::Site;

/// Calls an action by POST with JSON, perhaps with a token.
async fn act(site: &Site, name: &str, values: Value, token: Option<&str>) -> (StatusCode, Value) {
    let mut request = Request::post(format!("/api/action/{name}"));
    request = request.header("content-type", "application/json");
    if let Some(token) = token {
        request = request.header("x-ckan-api-key", token);
    }
    let answer = site.send(request.body(Body::from(values.to_string())).unwrap()).await;
    (answer.status, serde_json::from_str(&answer.text).unwrap())
}

/// The result of an action that anyone may call.
async fn result(site: &Site, name: &str, values: Value) -> Value {
    let (status, answer) = act(site, name, values, None).await;
    assert_eq!((status, &answer["success"]), (StatusCode::OK, &json!(true)), "{name}: {answer}");
    answer["result"].clone()
}

/// A token of the person with a role for some actions.
async fn token(site: &Site, role: Role, actions: &[Action]) -> String {
    let person = site.stage.person(role).await;
    let scopes: BTreeSet<Action> = actions.iter().copied().collect();
    let until = person.now() + jiff::SignedDuration::from_hours(48);
    let store = &site.stage.platform.store;
    trust::identity::token::create(&person, store, "test", &scopes, until).await.unwrap().1
}

#[tokio::test]
async fn a_package_is_found_shown_and_listed_alike() {
    let site = Site::new().await;
    let (asset, release) = opened(&site).await;
    let id = asset.to_string();
    assert_eq!(result(&site, "package_list", json!({})).await, json!([id]));
    let shown = result(&site, "package_show", json!({ "id": id })).await;
    assert_eq!(shown["organization"]["name"], "11140500012420117h");
    assert_eq!(shown["state"], "active");
    let resources = shown["resources"].as_array().unwrap();
    assert_eq!(resources[0]["hash"], format!("sha256:{}", release.outcome.digest.sha256));
    let formats: Vec<&str> = resources.iter().map(|r| r["format"].as_str().unwrap()).collect();
    assert_eq!(formats, ["CSV", "XLSX", "JSON", "NDJSON", "Parquet", "RDF"]);
    for query in [
        json!({}),
        json!({ "q": "*:*", "sort": "id asc" }),
        json!({ "q": "居民" }),
        json!({ "fq": "organization:11140500012420117h +res_format:RDF" }),
        json!({ "fq": format!("id:{id} AND metadata_modified:[2000-01-01T00:00:00Z TO *]") }),
    ] {
        let found = result(&site, "package_search", query.clone()).await;
        assert_eq!(found["results"], json!([shown]), "{query}");
    }
    let none =
        result(&site, "package_search", json!({ "fq": "-organization:11140500012420117h" })).await;
    assert_eq!(none["count"], 0);
    let facets = json!({ "rows": 0, "facet.field": ["organization", "license_id"] });
    let facets = result(&site, "package_search", facets).await;
    assert_eq!(facets["facets"]["organization"], json!({ "11140500012420117h": 1 }));
    assert_eq!(facets["search_facets"]["license_id"]["items"][0]["name"], "open-data-terms");
    let resource = format!("{id}-json");
    let one = result(&site, "resource_show", json!({ "id": resource })).await;
    assert_eq!(one["format"], "JSON");
    let found = result(&site, "resource_search", json!({ "query": "format:csv" })).await;
    assert_eq!(found["count"], 1);
    // The whole count, and the part that was asked for.
    let part = json!({ "query": "name:居民", "offset": 1, "limit": 2 });
    let part = result(&site, "resource_search", part).await;
    let ids: Vec<&Value> = part["results"].as_array().unwrap().iter().map(|r| &r["id"]).collect();
    assert_eq!((&part["count"], ids), (&json!(6), vec![&resources[1]["id"], &resources[2]["id"]]));
    let bodies = result(&site, "organization_list", json!({ "all_fields": true })).await;
    assert_eq!(bodies[0]["package_count"], 1);
    let group =
        result(&site, "group_show", json!({ "id": "public_service", "include_datasets": true }))
            .await;
    assert_eq!(group["packages"][0]["id"], id.as_str());
}

#[tokio::test]
async fn rows_come_in_every_form_and_from_any_place() {
    let site = Site::new().await;
    let (asset, _) = opened(&site).await;
    let search = |more: Value| {
        let mut values = json!({ "resource_id": format!("{asset}-csv") });
        values.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        values
    };
    let all = result(&site, "datastore_search", search(json!({}))).await;
    assert_eq!((&all["total"], &all["limit"]), (&json!(3), &json!(100)));
    let fields: Vec<&str> =
        all["fields"].as_array().unwrap().iter().map(|f| f["id"].as_str().unwrap()).collect();
    assert_eq!(fields, ["_id", "地区", "编号", "说明"]);
    assert_eq!(all["records"][2], json!({ "_id": 3, "地区": "阳泉", "编号": 3, "说明": null }));
    let second =
        result(&site, "datastore_search", search(json!({ "limit": 1, "offset": 1 }))).await;
    assert_eq!(second["records"][0]["_id"], 2);
    assert!(second["_links"]["next"].as_str().unwrap().contains("offset=2"));
    let lists =
        search(json!({ "records_format": "lists", "sort": "编号 desc", "fields": "编号,地区" }));
    let lists = result(&site, "datastore_search", lists).await;
    assert_eq!(lists["records"], json!([[3, "阳泉"], [2, "大同"], [1, "太原"]]));
    let csv = search(json!({ "records_format": "csv", "q": "太原" }));
    let csv = result(&site, "datastore_search", csv).await;
    assert_eq!(csv["records"], "1,太原,1,\"甲,乙\"\r\n");
    let filtered = search(json!({ "filters": { "编号": [1, 3] }, "offset": 1 }));
    let filtered = result(&site, "datastore_search", filtered).await;
    assert_eq!((&filtered["total"], &filtered["records"][0]["_id"]), (&json!(2), &json!(3)));
    let only_ids = search(json!({ "fields": ["_id"], "filters": { "_id": 2 } }));
    let only_ids = result(&site, "datastore_search", only_ids).await;
    assert_eq!(only_ids["records"], json!([{ "_id": 2 }]));
    let info = result(&site, "datastore_info", json!({ "id": format!("{asset}-csv") })).await;
    assert_eq!((&info["meta"]["count"], &info["schema"]["编号"]), (&json!(3), &json!("int8")));
    let dump = site.get(&format!("/datastore/dump/{asset}-csv")).await;
    assert_eq!(dump.status, StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(dump.headers["location"], format!("/api/v1/datasets/{asset}/download/csv"));
    let beyond = result(&site, "datastore_search", search(json!({ "offset": 9 }))).await;
    assert_eq!(beyond["records"], json!([]));
}

#[tokio::test]
async fn errors_have_the_form_of_ckan() {
    let site = Site::new().await;
    let (asset, _) = opened(&site).await;
    let resource = format!("{asset}-csv");
    for (name, values, status, kind) in [
        ("package_show", json!({}), 409, "Validation Error"),
        ("package_show", json!({ "id": "none" }), 404, "Not Found Error"),
        ("package_search", json!({ "rows": -1 }), 409, "Validation Error"),
        ("package_search", json!({ "fq": "colour:red" }), 400, "Search Query Error"),
        (
            "package_search",
            json!({ "q": "tags:a ".repeat(200), "fq": "tags:a ".repeat(100) }),
            400,
            "Search Query Error",
        ),
        ("package_search", json!({ "facet.field": ["colour"] }), 400, "Search Query Error"),
        ("resource_show", json!({ "id": format!("{asset}-doc") }), 404, "Not Found Error"),
        ("datastore_search", json!({ "resource_id": "x" }), 404, "Not Found Error"),
        (
            "datastore_search",
            json!({ "resource_id": resource, "sort": "无" }),
            409,
            "Validation Error",
        ),
        (
            "datastore_search",
            json!({ "resource_id": resource, "filters": { "无": 1 } }),
            409,
            "Validation Error",
        ),
        (
            "datastore_search",
            json!({ "resource_id": resource, "records_format": "tsv" }),
            409,
            "Validation Error",
        ),
        ("datastore_search_sql", json!({ "sql": "select 1" }), 403, "Authorization Error"),
        ("user_list", json!({}), 403, "Authorization Error"),
        ("organization_create", json!({ "name": "x" }), 403, "Authorization Error"),
        ("package_create", json!({ "title": "x" }), 403, "Authorization Error"),
        ("organization_show", json!({ "id": "x" }), 404, "Not Found Error"),
        ("tag_show", json!({ "id": "x" }), 404, "Not Found Error"),
    ] {
        let (found, answer) = act(&site, name, values.clone(), None).await;
        assert_eq!(found.as_u16(), status, "{name} {values}: {answer}");
        assert_eq!(answer["success"], false);
        assert_eq!(answer["error"]["__type"], kind, "{name} {values}");
        assert!(answer["help"].as_str().unwrap().ends_with(&format!("help_show?name={name}")));
    }
    let (status, answer) = act(&site, "package_list", json!({}), Some("wrong")).await;
    assert_eq!(
        (status, &answer["error"]["__type"]),
        (StatusCode::FORBIDDEN, &json!("Authorization Error"))
    );
    let unknown = site.get("/api/3/action/no_such_action").await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
    let by_get = site.get("/api/3/action/package_create?title=x").await;
    assert_eq!(by_get.status, StatusCode::BAD_REQUEST);
    assert_eq!(site.get("/api/util/status").await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_is_filed_by_ckan_is_a_draft_and_the_same_name_is_the_same_asset() {
    let site = Site::new().await;
    let actions = [Action::RegisterAsset, Action::EditAsset, Action::ViewAsset];
    let token = token(&site, Role::Clerk, &actions).await;
    let new = json!({
        "name": "water-quality", "title": "水质监测", "notes": "合成", "tags": [{ "name": "水" }],
        "owner_org": "11140500012420117h", "groups": [{ "name": "environment" }],
        "resources": [{ "format": "CSV", "url": "https://example.org/a.csv" }],
    });
    let (status, created) = act(&site, "package_create", new.clone(), Some(&token)).await;
    assert_eq!(status, StatusCode::OK, "{created}");
    let draft = &created["result"];
    assert_eq!((&draft["state"], &draft["private"]), (&json!("draft"), &json!(true)));
    assert!(draft["fenhe_notice"].as_str().unwrap().contains("draft"));
    assert!(draft["fenhe_missing"].as_array().unwrap().contains(&json!("items")));
    assert_eq!(draft["groups"][0]["name"], "environment");
    let (status, again) = act(&site, "package_create", new, Some(&token)).await;
    assert_eq!(
        (status, &again["error"]["__type"]),
        (StatusCode::CONFLICT, &json!("Validation Error"))
    );
    assert!(again["error"]["name"].is_array(), "{again}");
    let patch = json!({ "id": "water-quality", "title": "水质监测（修订）" });
    let (_, patched) = act(&site, "package_patch", patch, Some(&token)).await;
    assert_eq!(patched["result"]["id"], draft["id"]);
    assert_eq!(patched["result"]["tags"][0]["name"], "水");
    // No cache keeps it.
    let shown = Request::get("/api/3/action/package_show?id=water-quality");
    let shown = shown.header("x-ckan-api-key", &token).body(Body::empty()).unwrap();
    let shown = site.send(shown).await;
    assert_eq!(
        (shown.status, &shown.headers["cache-control"]),
        (StatusCode::OK, &"private, no-store".parse().unwrap())
    );
    let public = site.get("/api/3/action/package_list").await;
    assert!(!public.headers.contains_key("cache-control"));
    // Nobody else learns of it.
    let (status, _) = act(&site, "package_show", json!({ "id": "water-quality" }), None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(result(&site, "package_list", json!({})).await, json!([]));
    let limited = self::token(&site, Role::Clerk, &[Action::ViewAsset]).await;
    let (status, _) = act(&site, "package_create", json!({ "title": "x" }), Some(&limited)).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (published, _) = opened(&site).await;
    let change = json!({ "id": published, "title": "x" });
    let (status, refused) = act(&site, "package_update", change, Some(&token)).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(refused["error"]["message"].as_str().unwrap().contains("draft"), "{refused}");
}

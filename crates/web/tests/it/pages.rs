//! Pages for people.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use trust::Role;

use crate::site::Site;
use crate::stage::residents;

#[tokio::test]
async fn every_public_page_renders_in_both_languages() {
    let site = Site::new().await;
    let asset = site.stage.asset().await;
    site.stage.file(asset, "a.csv", "姓名,年龄\n王丽,30\n".as_bytes()).await;
    site.stage.publish(asset).await;
    let dataset = format!("/dataset/{asset}");
    for path in [
        "/",
        "/search",
        "/search?q=调查&sort=newest",
        "/bodies",
        "/negative-list",
        "/evidence",
        "/developers",
        "/sql",
        "/licence",
        "/accessibility",
        "/sign-in",
        dataset.as_str(),
        "/body/11140500012420117H",
    ] {
        for path in [path.to_owned(), format!("/en{path}")] {
            let answer = site.get(&path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
            assert!(
                answer.headers["content-security-policy"]
                    .to_str()
                    .unwrap()
                    .contains("default-src 'none'")
            );
            assert!(
                !answer.text.contains("<script>") && !answer.text.contains(" style=\""),
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn every_page_of_the_desk_renders_for_who_may_see_it() {
    let site = Site::new().await;
    let asset = site.stage.asset().await;
    site.stage.file(asset, "a.csv", residents(500).as_bytes()).await;
    let clerk = site.sign_in(Role::Clerk).await;
    let asset_page = format!("/desk/assets/{asset}");
    for path in ["/desk", "/desk/assets", "/desk/assets/new", "/desk/reviews", "/desk/account"] {
        let answer = site.get_as(&clerk, path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        assert_eq!(answer.headers["cache-control"], "no-store");
    }
    for end in ["", "/edit", "/upload", "/versions/1"] {
        let answer = site.get_as(&clerk, &format!("{asset_page}{end}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{end}: {}", answer.text);
    }
    let started = site.post_as(&clerk, &format!("{asset_page}/versions/1/gate"), "").await;
    assert_eq!(started.status, StatusCode::SEE_OTHER, "{}", started.text);
    site.stage.work().await;
    let gate = started.headers["location"].to_str().unwrap().to_owned();
    let answer = site.get_as(&clerk, &gate).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert!(answer.text.contains("身份证号"));
    let stranger = site.get(&asset_page).await;
    assert_eq!(stranger.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_expired_session_in_the_middle_of_a_form_loses_nothing() {
    let site = Site::new().await;
    let request = Request::post("/desk/assets/new")
        .header("accept", "text/html")
        .header("cookie", "__Host-fenhe=ended")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from("csrf=old&title_zh=%E5%B1%85%E6%B0%91"))
        .unwrap();
    let answer = site.send(request).await;
    assert!(answer.status.is_client_error(), "{}", answer.status);
    assert!(answer.text.contains("居民"), "{}", answer.text);
}

#[tokio::test]
async fn a_form_of_another_site_changes_nothing() {
    let site = Site::new().await;
    let asset = site.stage.asset().await;
    let clerk = site.sign_in(Role::Clerk).await;
    let request = Request::post(format!("/desk/assets/{asset}/submit"))
        .header("cookie", &clerk)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from("csrf=guess"))
        .unwrap();
    assert_eq!(site.send(request).await.status, StatusCode::FORBIDDEN);
    let api = Request::post(format!("/api/v1/assets/{asset}/submission"))
        .header("cookie", &clerk)
        .body(Body::empty())
        .unwrap();
    assert_eq!(site.send(api).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_is_not_there_is_a_page_for_people_and_a_problem_for_programs() {
    let site = Site::new().await;
    let page = site.get("/nothing").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.text.contains("<html"));
    let answer = site.get("/api/v1/datasets/0").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(answer.headers["content-type"], "application/problem+json");
}

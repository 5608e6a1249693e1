//! The inbox, as a page and for programs.

use axum::http::StatusCode;
use platform::registry;
use trust::Role;

use crate::site::Site;

#[tokio::test]
async fn a_task_shows_its_deadline_or_since_when_it_waits() {
    let site = Site::new().await;
    let asset = site.stage.asset().await;
    site.stage.file(asset, "survey.csv", b"a,b\n1,2\n").await;
    let platform = &site.stage.platform;
    let clerk = site.sign_in(Role::Clerk).await;
    let page = site.get_as(&clerk, "/desk").await.text;
    assert!(page.contains("自 2026年3月2日 起等待"), "{page}");
    registry::submit(&site.stage.person(Role::Clerk).await, platform, asset, None).await.unwrap();
    let head = site.sign_in(Role::UnitHead).await;
    let english = site.get_as(&head, "/en/desk").await.text;
    assert!(english.contains("Waiting since 2 March 2026"), "{english}");
    registry::consent(&site.stage.person(Role::UnitHead).await, platform, asset, None)
        .await
        .unwrap();

    let admin = site.sign_in(Role::DataAdmin).await;
    for path in ["/desk".to_owned(), "/desk/reviews".to_owned(), format!("/desk/assets/{asset}")] {
        let page = site.get_as(&admin, &path).await.text;
        for words in
            ["还剩 2 个工作日", "2026年3月4日 24:00 截止", "目录审核发布：2个工作日", "第十七条"]
        {
            assert!(page.contains(words), "{path} {words}: {page}");
        }
    }
    let answer = site.get_as(&admin, "/api/v1/inbox").await;
    assert_eq!(answer.status, StatusCode::OK);
    let inbox: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
    let task = &inbox["tasks"][0];
    assert_eq!(task["kind"], "publish");
    assert_eq!(task["url"], format!("/desk/assets/{asset}"));
    assert_eq!(
        (&task["since"], &task["waited_working_days"]),
        (&serde_json::json!("2026-03-02T01:00:00Z"), &serde_json::json!(0))
    );
    let deadline = &task["deadline"];
    assert_eq!(deadline["rule"], "SH-02");
    assert_eq!(deadline["due"], "2026-03-04");
    assert_eq!(deadline["working_days"], 2);
    assert_eq!(deadline["overdue"], false);
    assert_eq!(deadline["basis"][0], "政务数据共享条例 第十七条");
    let stranger = site.get("/api/v1/inbox").await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
}

//! Summaries with differential privacy, by page as persons go and by the API as programs do.

use axum::http::StatusCode;
use serde_json::Value;
use trust::Role;

use crate::site::{Answer, Site};
use crate::stage::residents;

fn path_of(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    answer.headers["location"].to_str().unwrap().to_owned()
}

fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

#[tokio::test]
async fn persons_set_a_budget_ask_approve_and_everyone_reads_the_figures() {
    let site = Site::new().await;
    let asset = site.stage.asset().await;
    site.stage.file(asset, "residents.csv", residents(2_000).as_bytes()).await;
    site.stage.publish(asset).await;
    let list = format!("/desk/assets/{asset}/summaries");
    let clerk = site.sign_in(Role::Clerk).await;
    let head = site.sign_in(Role::UnitHead).await;
    let reviewer = site.sign_in(Role::GateReviewer).await;

    // The clerk sees that there is no budget, and may not set one.
    let page = site.get_as(&clerk, &list).await;
    assert!(page.text.contains("还没有隐私预算"), "{}", page.text);
    assert!(!page.text.contains("/privacy-budget"), "{}", page.text);
    let budget = format!("/desk/assets/{asset}/privacy-budget");
    let too_much = form(&[("epsilon", "30"), ("reason", "")]);
    let refused = site.post_as(&head, &budget, &too_much).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("不超过 3") && refused.text.contains("value=\"30\""));
    let enough = form(&[("epsilon", "1"), ("reason", "公众关心人口结构")]);
    path_of(&site.post_as(&head, &budget, &enough).await);

    // A draft, question by question; what cannot be read is said at its field.
    let begun = form(&[("title_zh", "居民概况"), ("purpose", "了解人口结构")]);
    let summary = path_of(&site.post_as(&clerk, &list, &begun).await);
    let id = summary.strip_prefix("/desk/summaries/").unwrap();
    let add = format!("{summary}/add");
    let wrong = form(&[("statistic", "mean"), ("column", "年龄"), ("epsilon", "0.2")]);
    let page = site.post_as(&clerk, &add, &wrong).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("lower-error") && page.text.contains("step-error"), "{}", page.text);
    let sexes = form(&[
        ("statistic", "categories"),
        ("column", "性别"),
        ("categories", "女\n男"),
        ("epsilon", "0.3"),
    ]);
    path_of(&site.post_as(&clerk, &add, &sexes).await);
    let ages = form(&[
        ("statistic", "mean"),
        ("column", "年龄"),
        ("lower", "0"),
        ("upper", "100"),
        ("step", "1"),
        ("epsilon", "0.2"),
    ]);
    path_of(&site.post_as(&clerk, &add, &ages).await);
    path_of(&site.post_as(&clerk, &add, &ages).await);
    path_of(&site.post_as(&clerk, &format!("{summary}/remove"), "number=2").await);
    let page = site.get_as(&clerk, &summary).await;
    assert!(page.text.contains("年龄 的均值；取值限于 0 至 100，步长 1"), "{}", page.text);
    assert!(page.text.contains("ε = 0.5"));
    path_of(&site.post_as(&clerk, &format!("{summary}/submit"), "").await);
    let denied = site.post_as(&clerk, &format!("{summary}/approve"), "").await;
    assert_eq!(denied.status, StatusCode::FORBIDDEN);

    // A second person finds it among the reviews and approves.
    let reviews = site.get_as(&reviewer, "/desk/reviews").await;
    assert!(reviews.text.contains(id), "{}", reviews.text);
    path_of(&site.post_as(&reviewer, &format!("{summary}/approve"), "").await);
    site.stage.work().await;
    let page = site.get_as(&reviewer, &summary).await;
    assert!(page.text.contains("已公布") && page.text.contains("95% 区间"), "{}", page.text);

    // Everyone reads it, and the page of the entry leads there.
    let public = summary.replace("/desk/summaries/", "/summary/");
    let entry = site.get(&format!("/dataset/{asset}")).await;
    assert!(entry.text.contains(id), "{}", entry.text);
    for (path, words) in [(public.clone(), "含噪声"), (format!("/en{public}"), "with noise")] {
        let page = site.get(&path).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.contains(words) && page.text.contains("居民概况"), "{}", page.text);
    }
    let csv = site.get(&format!("{public}/figures.csv")).await;
    let lines: Vec<&str> = csv.text.split("\r\n").collect();
    assert_eq!(lines[0], "question,figure,value,low,high,epsilon");
    assert_eq!(lines.len(), 6, "{}", csv.text);
    let json: Value =
        serde_json::from_str(&site.get(&format!("/api/v1/summaries/{id}")).await.text).unwrap();
    let figures = json["answers"][0]["figures"].as_array().unwrap();
    let women = figures[0]["value"].as_f64().unwrap();
    assert!((women - 1_000.0).abs() < 150.0, "{women}");
    assert_eq!(json["answers"][0]["release"]["mechanisms"][0]["name"], "discrete_laplace");
    let budget: Value = serde_json::from_str(
        &site.get(&format!("/api/v1/assets/{asset}/privacy-budget")).await.text,
    )
    .unwrap();
    assert_eq!((&budget["spent"], &budget["remaining"]), (&"0.5".into(), &"0.5".into()));

    // Taken back, it is gone for everyone, and stays for those who answer for it.
    let reason = form(&[("reason", "口径有误")]);
    path_of(&site.post_as(&head, &format!("{summary}/withdraw"), &reason).await);
    assert_eq!(site.get(&public).await.status, StatusCode::NOT_FOUND);
    assert_eq!(site.get_as(&head, &summary).await.status, StatusCode::OK);
}

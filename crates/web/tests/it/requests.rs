//! What the public asks, as pages and for programs.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use law::requests::RequestKind;
use platform::requests::{self, Details, NewCase};
use platform::{gate, registry};
use serde_json::{Value, json};
use trust::{Caller, Role};

use crate::site::{Answer as Reply, Site};
use crate::stage::{body, complete_entry};

/// The cookie of someone who has not signed in.
const VISIT: &str = "__Host-fenhe-visit=visitor";

/// A mark of a form that was shown a minute ago.
fn mark(site: &Site, part: &str) -> String {
    let marked = format!("{}.{part}", testkit::moment().as_second() - 60);
    let code = site.stage.platform.keyring.code("form of anyone", &marked);
    format!("{marked}.{code}")
}

fn encoded(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// A suggestion as its form sends it.
fn suggestion(stamp: &str) -> Vec<(&str, &str)> {
    vec![
        ("kind", "suggestion"),
        ("stamp", stamp),
        ("website", ""),
        ("title", "希望增加接口示例"),
        ("question", "希望增加 <script>alert(1)</script> 的接口示例。"),
        ("name", "王丽"),
        ("contact", "wang@example.org"),
    ]
}

/// The text of a page with its slashes as they are written.
fn plain(page: &Reply) -> String {
    page.text.replace("&#x2f;", "/")
}

async fn api(site: &Site, path: &str, token: Option<&str>, body: &Value) -> Reply {
    api_if(site, path, token, body, None).await
}

/// The same, for the revision that was read.
async fn api_if(
    site: &Site,
    path: &str,
    token: Option<&str>,
    body: &Value,
    read: Option<&str>,
) -> Reply {
    let mut request = Request::post(path).header("content-type", "application/json");
    if let Some(tag) = read {
        request = request.header("if-match", tag);
    }
    if let Some(cookie) = token {
        let secret = cookie.split_once('=').unwrap().1;
        request = request
            .header("cookie", cookie)
            .header("x-csrf-token", trust::identity::csrf::token(secret));
    }
    site.send(request.body(Body::from(body.to_string())).unwrap()).await
}

#[tokio::test]
async fn anyone_files_a_case_by_the_form_and_comes_back_by_its_address() {
    let site = Site::new().await;
    let empty = site.get("/requests").await;
    assert_eq!(empty.status, StatusCode::OK);
    assert!(empty.text.contains("没有符合条件的诉求"), "{}", empty.text);
    for kind in RequestKind::ALL {
        for prefix in ["", "/en"] {
            let form = site.get(&format!("{prefix}/requests/new?kind={kind}")).await;
            assert_eq!(form.status, StatusCode::OK, "{kind}: {}", form.text);
            assert!(form.text.contains(r#"name="stamp""#), "{kind}");
            assert!(form.headers.contains_key("set-cookie"), "the form's token needs a cookie");
        }
    }
    let stamp = mark(&site, "a");
    let sent = site.post_as(VISIT, "/requests/new", &encoded(&suggestion(&stamp))).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    let own = sent.headers["location"].to_str().unwrap().to_owned();
    let page = site.get(&own).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains("wang@example.org") && page.text.contains("&lt;script&gt;"));
    for (name, value) in [
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-robots-tag", "noindex"),
    ] {
        assert_eq!(page.headers[name], value);
    }
    let again = site.post_as(VISIT, "/requests/new", &encoded(&suggestion(&stamp))).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.text.contains("已经提交过"), "{}", again.text);
    let number = own.split('/').nth(3).unwrap();
    let public = site.get(&format!("/requests/{number}")).await;
    let list = site.get("/requests?kind=suggestion").await;
    for page in [&public, &list] {
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.contains("内容待核对后公开"), "{}", page.text);
        for secret in ["wang@example.org", "王丽", "接口示例的", "alert(1)"] {
            assert!(!page.text.contains(secret), "{secret}");
        }
    }
    let wrong = site.get(&format!("/requests/own/{number}/{}", "x".repeat(43))).await;
    assert_eq!(wrong.status, StatusCode::NOT_FOUND);
    let code = own.rsplit('/').next().unwrap();
    let fields = encoded(&[("number", &number.to_lowercase()), ("code", code)]);
    let found = site.post_as(VISIT, "/requests/own", &fields).await;
    assert_eq!(found.headers["location"], own.as_str());
    let lost = encoded(&[("number", number), ("code", "x")]);
    let lost = site.post_as(VISIT, "/requests/own", &lost).await;
    assert_eq!(lost.status, StatusCode::UNPROCESSABLE_ENTITY);
    let back = site.post_as(VISIT, &format!("{own}/withdraw"), "").await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.text);
    assert!(site.get(&format!("/requests/{number}")).await.text.contains("已撤回"));
}

#[tokio::test]
async fn what_a_program_fills_in_is_not_taken_and_nothing_typed_is_lost() {
    let site = Site::new().await;
    let good = mark(&site, "b");
    let now = testkit::moment().as_second();
    let keys = &site.stage.platform.keyring;
    let marked = |second: i64| {
        let marked = format!("{second}.c");
        format!("{marked}.{}", keys.code("form of anyone", &marked))
    };
    let (soon, late) = (marked(now), marked(now - 24 * 3600));
    let mut trap = suggestion(&good);
    trap[2] = ("website", "https://example.org");
    for fields in [trap, suggestion(&soon), suggestion(&late), suggestion(""), suggestion("1.2.3")]
    {
        let sent = site.post_as(VISIT, "/requests/new", &encoded(&fields)).await;
        assert_eq!(sent.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
        assert!(sent.text.contains("wang@example.org"), "what was typed is kept");
    }
    let forged = Request::post("/requests/new")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(encoded(&suggestion(&good))))
        .unwrap();
    assert_eq!(site.send(forged).await.status, StatusCode::FORBIDDEN, "no token of a form of ours");
    let list = site.get("/api/v1/requests").await;
    let list: Value = serde_json::from_str(&list.text).unwrap();
    assert_eq!(list["requests"], json!([]));
    let mut empty = suggestion(&good);
    empty[3] = ("title", "");
    let sent = site.post_as(VISIT, "/en/requests/new", &encoded(&empty)).await;
    assert_eq!(sent.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(sent.text.contains("2 to 100 characters; there are 0"), "{}", sent.text);
    assert!(sent.text.contains(&good), "the same form can be sent again");
}

#[tokio::test]
async fn a_program_files_follows_and_answers_a_case() {
    let site = Site::new().await;
    let new = json!({
        "kind": "open_data", "body": body().to_string(), "title": "公交站点客流",
        "question": "需要按站点和小时统计的客流。", "name": "研究中心", "contact": "0351-1234567",
    });
    let filed = api(&site, "/api/v1/requests", None, &new).await;
    assert_eq!(filed.status, StatusCode::CREATED, "{}", filed.text);
    assert_eq!(filed.headers["cache-control"], "no-store");
    let filed: Value = serde_json::from_str(&filed.text).unwrap();
    let number = filed["request"]["number"].as_str().unwrap();
    let base = format!("/api/v1/requests/{number}");
    let shown = site.get(&base).await;
    for secret in ["研究中心", "1234567", "客流"] {
        assert!(!shown.text.contains(secret), "{}", shown.text);
    }
    let code = json!({ "code": filed["code"] });
    let own = api(&site, &format!("{base}/own"), None, &code).await;
    let own: Value = serde_json::from_str(&own.text).unwrap();
    assert_eq!(own["contact"], "0351-1234567");
    let wrong = api(&site, &format!("{base}/own"), None, &json!({ "code": "x" })).await;
    assert_eq!(wrong.status, StatusCode::NOT_FOUND);

    let (clerk, head) = (site.sign_in(Role::Clerk).await, site.sign_in(Role::UnitHead).await);
    let papers = site.get(&format!("{base}/papers")).await;
    assert_eq!(papers.status, StatusCode::UNAUTHORIZED);
    let papers = site.get_as(&clerk, &format!("{base}/papers")).await;
    assert!(papers.text.contains("研究中心"), "{}", papers.text);
    let post = async |who: &str, step: &str, body: Value| {
        api(&site, &format!("{base}/{step}"), Some(who), &body).await
    };
    let question = json!({ "title": "公交站点客流", "question": "需要客流。" });
    assert_eq!(post(&clerk, "question", question).await.status, StatusCode::OK);
    assert_eq!(post(&clerk, "acceptance", json!({})).await.status, StatusCode::OK);
    let refused = json!({ "outcome": "refused", "text": "涉及商业秘密。" });
    let refused = post(&clerk, "answer", refused).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains(r#""field":"ground""#), "{}", refused.text);
    let granted = json!({ "outcome": "granted", "text": "将于本月底前开放。" });
    assert_eq!(post(&clerk, "answer", granted).await.status, StatusCode::OK);
    let approval = format!("{base}/answer/approval");
    let unread = post(&head, "answer/approval", json!({})).await;
    assert_eq!(unread.status, StatusCode::PRECONDITION_REQUIRED, "it must have been read");
    let tag = site.get(&base).await.headers["etag"].to_str().unwrap().to_owned();
    let own = api_if(&site, &approval, Some(&clerk), &json!({}), Some(&tag)).await;
    assert_eq!(own.status, StatusCode::FORBIDDEN, "a clerk does not approve");
    assert!(!site.get(&base).await.text.contains("将于本月底"), "a draft is not public");
    let approved = api_if(&site, &approval, Some(&head), &json!({}), Some(&tag)).await;
    assert_eq!(approved.status, StatusCode::OK, "{}", approved.text);
    let told: Value = serde_json::from_str(&site.get(&base).await.text).unwrap();
    assert_eq!((&told["state"], &told["in_time"]), (&json!("answered"), &json!(true)));
    assert_eq!(told["answer"]["text"], "将于本月底前开放。");
    let counted = site.get("/api/v1/request-statistics").await;
    let counted: Value = serde_json::from_str(&counted.text).unwrap();
    assert_eq!((&counted["answered"], &counted["acceptance_rate"]), (&json!(1), &json!(1.0)));
    assert_eq!(site.get("/api/v1/requests?kind=petition").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(site.get("/api/v1/requests/nothing").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_desk_answers_by_its_pages() {
    let site = Site::new().await;
    let platform = &site.stage.platform;
    let new = NewCase {
        kind: RequestKind::OpenData,
        about: None,
        body: Some(body()),
        title: "公交站点客流".to_owned(),
        question: "请打 13812345678 联系，需要客流。".to_owned(),
        details: Details::default(),
        commitment_sha256: None,
        name: "研究中心".to_owned(),
        contact: "0351-1234567".to_owned(),
        form: None,
    };
    let anyone = Caller::anonymous(testkit::moment());
    let number = requests::file(&anyone, platform, new).await.unwrap().case.number;
    let desk = format!("/desk/requests/{number}");
    let clerk = site.sign_in(Role::Clerk).await;
    let inbox = plain(&site.get_as(&clerk, "/desk").await);
    assert!(inbox.contains("受理诉求：公交站点客流") && inbox.contains(&desk), "{inbox}");
    assert!(inbox.contains("还剩 20 个工作日"), "{inbox}");
    assert!(site.get_as(&clerk, "/desk/requests").await.text.contains("公交站点客流"));
    let page = site.get_as(&clerk, &desk).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains("【手机号码】"), "the release is proposed masked: {}", page.text);
    let raw = encoded(&[("title", "公交"), ("question", "请打 13812345678 联系")]);
    let refused = site.post_as(&clerk, &format!("{desk}/question"), &raw).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("手机号码，不得公开"), "{}", refused.text);
    let masked = encoded(&[("title", "公交"), ("question", "需要客流"), ("confirmed", "true")]);
    for (step, fields) in [
        ("question", masked.as_str()),
        ("accept", ""),
        ("answer", "outcome=explained&text=x"),
        ("answer", &encoded(&[("outcome", "granted"), ("text", "将于本月底前开放。")])),
    ] {
        let taken = site.post_as(&clerk, &format!("{desk}/{step}"), fields).await;
        let wrong = fields.contains("text=x");
        let expected = if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::SEE_OTHER };
        assert_eq!(taken.status, expected, "{step}: {}", taken.text);
    }
    let head = site.sign_in(Role::UnitHead).await;
    let page = plain(&site.get_as(&head, &format!("/en{desk}")).await);
    assert!(page.contains("Approve and publish the answer"), "{page}");
    let empty = site.post_as(&head, &format!("{desk}/return"), "reason=").await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    let unread = site.post_as(&head, &format!("{desk}/approve"), "").await;
    assert_eq!(
        unread.status,
        StatusCode::PRECONDITION_FAILED,
        "nobody approves what they have not read"
    );
    let address = page.split("action=\"").find(|rest| rest.contains("/approve?revision="));
    let address = address.and_then(|rest| rest.split('"').next()).unwrap();
    let approved = site.post_as(&head, address, "").await;
    assert_eq!(approved.status, StatusCode::SEE_OTHER, "{}", approved.text);
    let public = site.get(&format!("/requests/{number}")).await.text;
    for words in ["需要客流", "将于本月底前开放。", "按时", "批准并公布答复"]
    {
        assert!(public.contains(words), "{words}: {public}");
    }
    assert!(!public.contains("13812345678"));
    let reviewer = site.sign_in(Role::GateReviewer).await;
    assert_eq!(site.get_as(&reviewer, &desk).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn every_page_leads_to_the_form_that_fits() {
    let site = Site::new().await;
    let asset = site.stage.asset().await;
    site.stage.file(asset, "a.csv", b"a,b\n1,2\n").await;
    site.stage.publish(asset).await;
    let entry = plain(&site.get(&format!("/dataset/{asset}")).await);
    let form = format!("/requests/new?about={asset}&kind=open_data");
    assert!(entry.contains(&form.replace('&', "&amp;")), "{entry}");
    let page = site.get(&form).await.text;
    assert!(page.contains("居民抽样调查"), "{page}");
    let nothing = plain(&site.get("/search?q=%E6%B2%A1%E6%9C%89%E8%BF%99%E4%B8%AA").await);
    assert!(nothing.contains("/requests/new?kind=open_data"), "{nothing}");
    assert!(plain(&site.get("/negative-list").await).contains("/requests/new?kind=open_data"));
    let kinds = site.get(&format!("/requests/new?about={asset}")).await.text;
    assert!(kinds.contains("kind=complaint") && !kinds.contains("kind=conditional"), "{kinds}");

    let case = NewCase {
        kind: RequestKind::Complaint,
        about: Some(asset),
        body: None,
        title: "数据暴露个人".to_owned(),
        question: "第二列可以看出是谁。".to_owned(),
        details: Details {
            exposed: Some(requests::Exposed::PersonalInformation),
            ..Details::default()
        },
        commitment_sha256: None,
        name: "居民".to_owned(),
        contact: "a@example.org".to_owned(),
        form: None,
    };
    let anyone = Caller::anonymous(testkit::moment());
    let platform = &site.stage.platform;
    let number = requests::file(&anyone, platform, case).await.unwrap().case.number;
    let admin = site.sign_in(Role::DataAdmin).await;
    let page = site.get_as(&admin, &format!("/desk/requests/{number}")).await.text;
    assert!(!page.contains("暂停开放这份数据"), "nothing is open, nothing to suspend: {page}");
    assert!(page.contains("指派答复单位"), "{page}");
}

/// A dataset that is open.
async fn opened(site: &Site) -> vocabulary::AssetId {
    let (stage, platform) = (&site.stage, &site.stage.platform);
    let asset = stage.asset().await;
    stage.file(asset, "cities.csv", "城市,人口\n太原,530\n大同,310\n".as_bytes()).await;
    stage.publish(asset).await;
    let (clerk, reviewer) =
        (stage.person(Role::Clerk).await, stage.person(Role::GateReviewer).await);
    let settings = gate::Settings::new(law::SharingModel::Public, 0.05);
    let open = law::Audience::Open;
    let run = gate::start(&clerk, platform, asset, 1, open, settings.clone()).await.unwrap().run.id;
    stage.work().await;
    let decisions = gate::find(&clerk, platform, run).await.unwrap().1.decisions;
    gate::confirm(&clerk, platform, run, None, settings, decisions).await.unwrap();
    stage.work().await;
    gate::submit(&clerk, platform, run, None).await.unwrap();
    gate::approve(&reviewer, platform, run, None).await.unwrap();
    asset
}

#[tokio::test]
async fn an_open_dataset_is_rated_by_anyone_once_a_day() {
    let site = Site::new().await;
    let asset = opened(&site).await;
    let path = format!("/dataset/{asset}/rating");
    let form = plain(&site.get(&path).await);
    assert!(form.contains("还没有人评分") && form.contains("name=\"stars\""), "{form}");
    let sent = |stars: &'static str, part: &str| {
        let stamp = mark(&site, part);
        encoded(&[("stamp", stamp.as_str()), ("website", ""), ("stars", stars)])
    };
    let nothing = site.post_as(VISIT, &path, &sent("", "r1")).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(nothing.text.contains("请选择一至五颗星"), "{}", nothing.text);
    let rated = site.post_as(VISIT, &path, &sent("4", "r2")).await;
    assert_eq!(rated.status, StatusCode::SEE_OTHER, "{}", rated.text);
    let again = site.post_as(VISIT, &path, &sent("1", "r3")).await;
    assert!(again.text.contains("今天已经评过分了"), "{}", again.text);
    let page = site.get(&format!("/dataset/{asset}")).await.text;
    assert!(page.contains("4.0") && page.contains("1 次评分"), "{page}");
    let clerk = site.sign_in(Role::Clerk).await;
    let body = json!({ "stars": 5 });
    let ratings = format!("/api/v1/datasets/{asset}/ratings");
    let told = api(&site, &ratings, Some(&clerk), &body).await;
    assert_eq!(told.status, StatusCode::CREATED, "{}", told.text);
    let told: Value = serde_json::from_str(&told.text).unwrap();
    assert_eq!((&told["mean"], &told["counts"]), (&json!(4.5), &json!([0, 0, 0, 1, 1])));
    assert!(told["entry"].is_string());
    let seen: Value = serde_json::from_str(&site.get(&ratings).await.text).unwrap();
    assert_eq!((&seen["total"], seen.get("entry")), (&json!(2), None));
}

#[tokio::test]
async fn a_reuse_is_submitted_by_anyone_and_shown_after_a_review() {
    let site = Site::new().await;
    let asset = site.stage.asset().await;
    site.stage.file(asset, "a.csv", b"a,b\n1,2\n").await;
    site.stage.publish(asset).await;
    assert_eq!(site.get("/reuses").await.status, StatusCode::OK);
    let form = site.get(&format!("/en/reuses/new?dataset={asset}")).await;
    assert!(form.text.contains("居民抽样调查") || form.text.contains("Residents"), "{}", form.text);
    let (stamp, id) = (mark(&site, "r"), asset.to_string());
    let fields = |link: &'static str| {
        encoded(&[
            ("stamp", stamp.as_str()),
            ("datasets", id.as_str()),
            ("title", "客流<b>地图</b>"),
            ("link", link),
            ("description", "按站点显示客流，用于规划。"),
            ("maker", "研究中心"),
            ("contact", "private@example.org"),
        ])
    };
    let wrong = site.post_as(VISIT, "/reuses/new", &fields("javascript:alert(1)")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let sent = site.post_as(VISIT, "/reuses/new", &fields("https://example.org/map")).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    assert!(!site.get("/reuses").await.text.contains("研究中心"), "it was not reviewed");
    let admin = site.sign_in(Role::DataAdmin).await;
    assert!(site.get_as(&admin, "/desk").await.text.contains("审核应用成果"));
    let desk = plain(&site.get_as(&admin, "/desk/reuses").await);
    assert!(desk.contains("private@example.org"), "{desk}");
    let step = desk.split("action=\"").find(|part| part.contains("/show?")).unwrap();
    let step = step.split('"').next().unwrap().to_owned();
    let shown = site.post_as(&admin, &step, "").await;
    assert_eq!(shown.status, StatusCode::SEE_OTHER, "{}", shown.text);
    let gallery = site.get(&format!("/reuses?dataset={asset}")).await.text;
    assert!(gallery.contains("研究中心") && gallery.contains("客流&lt;b&gt;"), "{gallery}");
    assert!(!gallery.contains("private@example.org"));
    let listed = site.get(&format!("/api/v1/reuses?dataset={asset}")).await;
    let listed: Value = serde_json::from_str(&listed.text).unwrap();
    assert_eq!((&listed["total"], listed["reuses"][0].get("contact")), (&json!(1), None));
    let base = format!("/api/v1/reuses/{}", listed["reuses"][0]["id"].as_str().unwrap());
    let reason = json!({ "reason": "链接已失效" });
    let clerk = site.sign_in(Role::Clerk).await;
    let denied = api(&site, &format!("{base}/refusal"), Some(&clerk), &reason).await;
    assert_eq!(denied.status, StatusCode::FORBIDDEN);
    let down = api(&site, &format!("{base}/refusal"), Some(&admin), &reason).await;
    assert_eq!(down.status, StatusCode::OK, "{}", down.text);
    assert!(!site.get("/reuses").await.text.contains("研究中心"));
    let new = json!({
        "title": "地图", "link": "https://example.org", "description": "按站点显示客流的地图。",
        "maker": "研究中心", "contact": "a@example.org", "datasets": [asset.to_string()],
    });
    let sent = api(&site, "/api/v1/reuses", None, &new).await;
    assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.text);
}

#[tokio::test]
async fn granted_data_are_taken_from_the_own_page_and_by_a_program() {
    let site = Site::new().await;
    let (platform, stage) = (&site.stage.platform, &site.stage);
    let clerk = stage.person(Role::Clerk).await;
    let entry = registry::CatalogueEntry {
        opening: Some(law::OpeningAttribute::Conditional),
        ..complete_entry()
    };
    let kind = registry::AssetKind::Dataset;
    let new = registry::NewAsset { body: body(), kind, entry };
    let asset = registry::register(&clerk, platform, new).await.unwrap().asset.id;
    stage.file(asset, "rows.csv", "编号,数量\r\n甲,1\r\n乙,2\r\n".as_bytes()).await;
    stage.publish(asset).await;
    // The clerk's button sends it to the gate for those who ask.
    let cookie = site.sign_in(Role::Clerk).await;
    let started = site.post_as(&cookie, &format!("/desk/assets/{asset}/gate"), "").await;
    assert_eq!(started.status, StatusCode::SEE_OTHER, "{}", started.text);
    stage.work().await;
    let run = gate::of_asset(&clerk, platform, asset).await.unwrap().remove(0);
    assert_eq!(run.audience, law::Audience::Conditional);
    assert_eq!(run.settings.model, law::SharingModel::Controlled);
    let (settings, decisions) = (run.settings.clone(), run.decisions.clone());
    gate::confirm(&clerk, platform, run.id, None, settings, decisions).await.unwrap();
    stage.work().await;
    gate::submit(&clerk, platform, run.id, None).await.unwrap();
    let reviewer = stage.person(Role::GateReviewer).await;
    gate::approve(&reviewer, platform, run.id, None).await.unwrap();

    let page = site.get(&format!("/dataset/{asset}")).await;
    assert!(page.text.contains("获准后在本人页面取用"), "{}", page.text);
    assert!(!page.text.contains("甲"), "no row is shown");
    let rows = site.get(&format!("/api/v1/datasets/{asset}/rows")).await;
    assert_eq!(rows.status, StatusCode::NOT_FOUND);
    let new = NewCase {
        kind: RequestKind::Conditional,
        about: Some(asset),
        body: None,
        title: "申请使用".to_owned(),
        question: "用于城市规划研究。".to_owned(),
        details: Details {
            purpose: "城市规划研究".to_owned(),
            scope: "课题组".to_owned(),
            term_months: Some(6),
            ..Details::default()
        },
        commitment_sha256: Some(requests::commitment_sha256()),
        name: "研究中心".to_owned(),
        contact: "0351-1234567".to_owned(),
        form: None,
    };
    let anyone = Caller::anonymous(testkit::moment());
    let filed = requests::file(&anyone, platform, new).await.unwrap();
    let (number, code) = (filed.case.number, filed.code);
    let own = format!("/requests/own/{number}/{code}");
    let early = site.get(&format!("{own}/data/csv")).await;
    assert_eq!(early.status, StatusCode::NOT_FOUND, "nothing was granted yet");
    requests::accept(&clerk, platform, number, None).await.unwrap();
    let answer = requests::Answer {
        outcome: requests::Outcome::Granted,
        text: "同意使用，请遵守承诺。".to_owned(),
        ground: None,
        dataset: None,
        holder: None,
        repeats: None,
        version: None,
    };
    requests::draft(&clerk, platform, number, None, answer).await.unwrap();
    let head = stage.person(Role::UnitHead).await;
    requests::approve(&head, platform, number, None).await.unwrap();

    for prefix in ["", "/en"] {
        let page = site.get(&format!("{prefix}{own}")).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        assert!(plain(&page).contains(&format!("{own}/data/parquet")), "{}", page.text);
    }
    let csv = site.get(&format!("{own}/data/csv")).await;
    assert_eq!((csv.status, csv.text.as_str()), (StatusCode::OK, "编号,数量\r\n甲,1\r\n乙,2\r\n"));
    assert_eq!(csv.headers["cache-control"], "no-store");
    assert_eq!(csv.headers["referrer-policy"], "no-referrer");
    let part = encoded(&[("where", "数量 > 1"), ("select", "编号")]);
    let some = site.get(&format!("{own}/data/csv?{part}")).await;
    assert_eq!(some.text, "编号\r\n乙\r\n");
    let wrong = site.get(&format!("/requests/own/{number}/wrong/data/csv")).await;
    assert_eq!(wrong.status, StatusCode::NOT_FOUND);
    let base = format!("/api/v1/requests/{number}");
    let by_program = api(&site, &format!("{base}/data/json"), None, &json!({ "code": code })).await;
    assert_eq!(by_program.status, StatusCode::OK, "{}", by_program.text);
    let granted = api(&site, &format!("{base}/own"), None, &json!({ "code": code })).await;
    let granted: Value = serde_json::from_str(&granted.text).unwrap();
    assert_eq!(
        (&granted["grant"]["state"], &granted["grant"]["taken"]),
        (&json!("active"), &json!(3))
    );
    assert!(granted["grant"]["release"].is_string());

    let desk = format!("/desk/requests/{number}");
    let head_cookie = site.sign_in(Role::UnitHead).await;
    let page = site.get_as(&head_cookie, &desk).await;
    assert!(page.text.contains("收回授权"), "{}", page.text);
    let unsaid = site.post_as(&head_cookie, &format!("{desk}/revoke"), "reason=").await;
    assert_eq!(unsaid.status, StatusCode::UNPROCESSABLE_ENTITY);
    let reason = encoded(&[("reason", "转交第三方使用")]);
    let revoked = site.post_as(&head_cookie, &format!("{desk}/revoke"), &reason).await;
    assert_eq!(revoked.status, StatusCode::SEE_OTHER, "{}", revoked.text);
    let gone = site.get(&format!("{own}/data/csv")).await;
    assert_eq!(gone.status, StatusCode::CONFLICT);
    assert!(site.get(&own).await.text.contains("转交第三方使用"), "the filer reads why");
}

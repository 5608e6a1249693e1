//! A site on a stage, with a client that keeps cookies.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use tower::ServiceExt as _;
use vocabulary::Bilingual;

use crate::stage::Stage;

/// A site.
pub(crate) struct Site {
    pub(crate) stage: Stage,
    router: Router,
    monitoring: Router,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Site {
    pub(crate) async fn new() -> Self {
        Self::limited(web::LimitSettings::default()).await
    }

    /// A site with limits of its own.
    pub(crate) async fn limited(limits: web::LimitSettings) -> Self {
        let stage = Stage::new().await;
        let app = web::App {
            platform: stage.platform.clone(),
            pages: Arc::new(web::Pages::load().unwrap()),
            metrics: Arc::new(web::Metrics::default()),
            limits: Arc::new(web::Limits::new(limits)),
            site: Arc::new(web::Site {
                name: Bilingual::new("测试站点", "Test site"),
                tagline: Bilingual::new("测试", "Test"),
                base_url: "http://localhost:8080".to_owned(),
                contact: None,
                demo_accounts: Vec::new(),
                loading: web::Loading::default(),
                https: false,
            }),
            stopping: tokio_util::sync::CancellationToken::new(),
        };
        Self { stage, monitoring: web::monitoring(app.clone()), router: web::router(app) }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        answer(&self.router, request).await
    }

    /// What the operator's monitoring reads.
    pub(crate) async fn monitoring(&self) -> Answer {
        answer(&self.monitoring, Request::get("/metrics").body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        let request = Request::get(path).header("accept", "text/html").body(Body::empty()).unwrap();
        self.send(request).await
    }

    /// Gets a page with a session's cookie.
    pub(crate) async fn get_as(&self, cookie: &str, path: &str) -> Answer {
        let request = Request::get(path)
            .header("accept", "text/html")
            .header("cookie", cookie)
            .body(Body::empty())
            .unwrap();
        self.send(request).await
    }

    /// Posts a form with a session's cookie and its form token.
    pub(crate) async fn post_as(&self, cookie: &str, path: &str, fields: &str) -> Answer {
        let secret = cookie.split_once('=').unwrap().1;
        let token = trust::identity::csrf::token(secret);
        let request = Request::post(path)
            .header("accept", "text/html")
            .header("cookie", cookie)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(format!("csrf={token}&{fields}")))
            .unwrap();
        self.send(request).await
    }

    /// Signs the person with a role in; returns the session's cookie.
    pub(crate) async fn sign_in(&self, role: trust::Role) -> String {
        let visit = "__Host-fenhe-visit=visitor";
        let token = trust::identity::csrf::token("visitor");
        let body = format!(
            "csrf={token}&name=user.{}&password=a+long+enough+passphrase+7&next=/desk",
            role.as_str()
        );
        let request = Request::post("/sign-in")
            .header("cookie", visit)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap();
        let answer = self.send(request).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        let cookies = answer.headers.get_all("set-cookie").iter();
        let cookie = cookies
            .map(|cookie| cookie.to_str().unwrap())
            .find(|cookie| cookie.starts_with("__Host-fenhe="))
            .unwrap();
        for word in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(cookie.contains(word), "{cookie}");
        }
        cookie.split(';').next().unwrap().to_owned()
    }
}

async fn answer(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    Answer {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8_lossy(&bytes).into_owned(),
    }
}

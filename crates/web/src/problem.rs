//! Errors as others see them: `application/problem+json` (RFC 9457) for programs,
//! a page for people. An internal message never reaches a client; it gets the
//! request's id, under which the log has the message.

use std::io;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use platform::{Error, FieldProblem, RefusedBy};
use serde::Serialize;
use utoipa::ToSchema;
use vocabulary::{Bilingual, ErrorKind};

/// A problem, after RFC 9457.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProblemBody {
    /// A word that programs can rely on, e.g. `refused`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What happened, in Chinese and English.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// More about this occurrence.
    pub detail: String,
    /// Fields that are missing or wrong, all at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<FieldView>,
    /// Grounds on which the law refuses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<RefusalView>,
}

/// A field that is missing or wrong.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FieldView {
    /// Path of the field in the request.
    pub field: String,
    /// What is wrong and what to do, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

/// A ground on which the law refuses.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RefusalView {
    /// The code, e.g. `R-OP-02`.
    pub code: String,
    /// What in this case met the condition.
    pub detail: TextView,
    /// The ground: the provision.
    pub ground: TextView,
    /// What to do now.
    pub remedy: TextView,
}

/// Text in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize, ToSchema)]
pub struct TextView {
    /// Chinese.
    #[serde(default)]
    pub zh: String,
    /// English.
    #[serde(default)]
    pub en: String,
}

impl From<Bilingual> for TextView {
    fn from(text: Bilingual) -> Self {
        Self { zh: text.zh, en: text.en }
    }
}

impl From<TextView> for Bilingual {
    fn from(text: TextView) -> Self {
        Self::new(text.zh, text.en)
    }
}

impl RefusalView {
    /// A refusal with its ground from the refusal table.
    pub(crate) fn of(refusal: &RefusedBy) -> Self {
        let entry = law::refusal(&refusal.code);
        let text = |pick: fn(&law::Refusal) -> Bilingual| {
            entry.map(pick).unwrap_or_else(|| Bilingual::new("", "")).into()
        };
        Self {
            code: refusal.code.to_string(),
            detail: refusal.detail.clone().into(),
            ground: text(|entry| entry.ground.clone()),
            remedy: text(|entry| entry.remedy.clone()),
        }
    }
}

/// A problem on its way to the client.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// The word for programs.
    pub kind: &'static str,
    /// What happened.
    pub title: Bilingual,
    /// More about this occurrence.
    pub detail: Bilingual,
    /// Fields.
    pub problems: Vec<FieldProblem>,
    /// Grounds.
    pub refusals: Vec<RefusedBy>,
}

impl Problem {
    /// A problem without fields and grounds.
    pub fn new(
        status: StatusCode,
        kind: &'static str,
        title: Bilingual,
        detail: impl Into<Option<Bilingual>>,
    ) -> Self {
        let detail = detail.into().unwrap_or_else(|| title.clone());
        Self { status, kind, title, detail, problems: Vec::new(), refusals: Vec::new() }
    }

    /// A request that cannot be understood.
    pub fn bad_request(zh: impl Into<String>, en: impl Into<String>) -> Self {
        let title = Bilingual::new("请求有误", "The request is not right");
        Self::new(StatusCode::BAD_REQUEST, "invalid", title, Bilingual::new(zh, en))
    }

    /// Nothing here, or not for this caller.
    pub fn not_found() -> Self {
        let title = Bilingual::new("没有找到", "Not found");
        let detail = Bilingual::new(
            "没有这个地址，或者您无权知道它是否存在。",
            "There is nothing at this address, or nothing that you may know of.",
        );
        Self::new(StatusCode::NOT_FOUND, "not_found", title, detail)
    }

    /// Sign in first.
    pub fn sign_in() -> Self {
        let title = Bilingual::new("请先登录", "Sign in first");
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", title, None)
    }

    /// Something that is not the caller's fault; the log has it under the request's id.
    pub fn internal() -> Self {
        let title = Bilingual::new("系统故障", "Something went wrong here");
        let detail = Bilingual::new(
            "问题已记录。请稍后再试；联系我们时请附上响应头 x-request-id 的值。",
            "It has been recorded. Try again later; if you write to us, quote the header x-request-id.",
        );
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", title, detail)
    }

    /// The body that programs get.
    pub fn body(&self) -> ProblemBody {
        ProblemBody {
            kind: self.kind.to_owned(),
            title: both(&self.title),
            status: self.status.as_u16(),
            detail: both(&self.detail),
            problems: self
                .problems
                .iter()
                .map(|problem| FieldView {
                    field: problem.field.clone(),
                    zh: problem.message.zh.clone(),
                    en: problem.message.en.clone(),
                })
                .collect(),
            refusals: self.refusals.iter().map(RefusalView::of).collect(),
        }
    }
}

/// Both languages in one line, Chinese first.
fn both(text: &Bilingual) -> String {
    if text.en.is_empty() { text.zh.clone() } else { format!("{} / {}", text.zh, text.en) }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let kind = error.kind();
        if let Error::Lake(lake::LakeError::Limit { kind }) = &error {
            // What a client asked was too much; nothing here is broken.
            tracing::warn!(limit = %kind.label().en, "a query reached a limit");
        } else if matches!(kind, ErrorKind::Internal | ErrorKind::Unavailable) {
            tracing::error!(error = %vocabulary::error_chain(&error), "a request failed");
        }
        match error {
            Error::Invalid { problems } => {
                let title = Bilingual::new("填写有误", "Some fields are missing or wrong");
                let detail = problems.first().map(|problem| problem.message.clone());
                Self {
                    problems,
                    ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", title, detail)
                }
            }
            Error::Refused { refusals } => {
                let title = Bilingual::new("依法不予办理", "The law refuses this");
                let detail = refusals.first().map(|refusal| refusal.detail.clone());
                Self {
                    refusals,
                    ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "refused", title, detail)
                }
            }
            Error::WrongState { found, needed, .. } => {
                let title = Bilingual::new("当前状态不能执行此操作", "Not possible in this state");
                let detail = Bilingual::new(
                    format!("当前状态为 {found}，此操作要求 {needed}。"),
                    format!("The state is {found}; this step starts from {needed}."),
                );
                Self::new(StatusCode::CONFLICT, "wrong_state", title, detail)
            }
            Error::Stale => {
                let title = Bilingual::new("内容已被他人修改", "Changed by someone else");
                let detail = Bilingual::new(
                    "请重新读取后再提交，您填写的内容没有丢失。",
                    "Read it again, then repeat your change; nothing that you wrote was saved over theirs.",
                );
                Self::new(StatusCode::PRECONDITION_FAILED, "stale", title, detail)
            }
            Error::NotFound { .. } => Self::not_found(),
            Error::Denied(_) => denied(),
            Error::Ingest(problem) => {
                let title = Bilingual::new("文件无法读取", "The file cannot be read");
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "unreadable", title, problem.remedy())
            }
            Error::Lake(problem) => lake(&problem),
            Error::File { source, .. } if source.kind() == io::ErrorKind::StorageFull => full(),
            Error::Store(_)
            | Error::Search(_)
            | Error::Evidence(_)
            | Error::Deident(_)
            | Error::File { .. }
            | Error::Damaged { .. }
            | Error::Interrupted => match kind {
                ErrorKind::Unavailable => unavailable(),
                ErrorKind::Conflict => Self::from(Error::Stale),
                _ => Self::internal(),
            },
        }
    }
}

/// Signed in, but not permitted.
fn denied() -> Problem {
    let title = Bilingual::new("没有权限", "Not permitted");
    let detail = Bilingual::new(
        "您的角色不允许此操作；本人经办的事项须由他人审核。",
        "Your roles do not allow this; what you filed yourself is decided by someone else.",
    );
    Problem::new(StatusCode::FORBIDDEN, "denied", title, detail)
}

/// Try again later.
fn unavailable() -> Problem {
    let title = Bilingual::new("暂时不可用", "Not available just now");
    let detail = Bilingual::new(
        "磁盘或数据库暂时不可用，没有保存任何内容。请稍后再试。",
        "Disk or database are not available; nothing was saved. Try again later.",
    );
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", title, detail)
}

/// The disk is full; what was acknowledged before stays.
fn full() -> Problem {
    let title = Bilingual::new("磁盘空间不足", "The disk is full");
    let detail = Bilingual::new(
        "此次内容没有保存；已确认收到的部分仍在，腾出空间后可从断点续传。请联系管理员。",
        "This was not saved. What was acknowledged before is still here: an upload goes on from \
         there once there is space. Ask the administrator.",
    );
    Problem::new(StatusCode::INSUFFICIENT_STORAGE, "storage_full", title, detail)
}

/// A query that cannot be answered.
fn lake(problem: &lake::LakeError) -> Problem {
    if matches!(problem, lake::LakeError::Limit { kind: lake::LimitKind::Queue }) {
        return busy();
    }
    let (status, kind, title) = match problem.kind() {
        ErrorKind::Invalid | ErrorKind::Refused => (
            StatusCode::BAD_REQUEST,
            "invalid_query",
            Bilingual::new("查询有误", "The query is not right"),
        ),
        ErrorKind::NotFound | ErrorKind::Denied => return Problem::not_found(),
        ErrorKind::Conflict => return Problem::from(Error::Stale),
        ErrorKind::Unavailable => (
            StatusCode::SERVICE_UNAVAILABLE,
            "limit",
            Bilingual::new("查询超出限制", "The query reached a limit"),
        ),
        ErrorKind::Internal => return Problem::internal(),
    };
    Problem::new(status, kind, title, problem.text())
}

/// Others ask as much as can be answered at once.
fn busy() -> Problem {
    let title = Bilingual::new("查询繁忙", "Too many queries at once");
    let detail = Bilingual::new(
        "同时进行的查询已达上限，请几秒后再试。",
        "As many queries as can run at once are running; try again in a few seconds.",
    );
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", title, detail)
}

/// When a client may ask again for what was not available.
const RETRY_SECONDS: &str = "5";

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body())).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        let headers = response.headers_mut();
        match self.status {
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            // A query that reached a limit will reach it again.
            StatusCode::SERVICE_UNAVAILABLE if self.kind == "unavailable" => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_SECONDS));
            }
            _ => {}
        }
        // Pages for people are made from this by `crate::people`.
        response.extensions_mut().insert(self);
        response
    }
}

//! `/requests/new`: file a case. First the kind, then the form of that kind.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use law::OpeningAttribute;
use law::requests::RequestKind;
use platform::Error;
use platform::open;
use platform::requests::{self, Details, Exposed, NewCase};
use serde::{Deserialize, Serialize};
use vocabulary::{AssetId, Bilingual};

use super::own;
use crate::app::App;
use crate::desk::{done, mistakes};
use crate::form::Posted;
use crate::parts::{Choice, FormProblem, encoded};
use crate::problem::Problem;
use crate::requests::words::Bodies;
use crate::stamp;
use crate::view::Page;
use crate::visitor::Visitor;

/// What a link to the form may fill in.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    kind: String,
    about: String,
    title: String,
}

#[derive(Serialize)]
struct Kinds {
    about: Option<About>,
    kinds: Vec<KindLink>,
}

#[derive(Serialize)]
struct KindLink {
    name: Bilingual,
    hint: Bilingual,
    url: String,
}

/// The dataset that a case is about.
#[derive(Clone, Serialize)]
struct About {
    id: String,
    title: Bilingual,
    url: String,
    conditions: String,
    #[serde(skip)]
    kinds: Vec<RequestKind>,
}

#[derive(Serialize)]
struct Form {
    kind: &'static str,
    name_of_kind: Bilingual,
    limit: Option<Bilingual>,
    about: Option<About>,
    values: Values,
    bodies: Vec<Choice>,
    exposures: Vec<Choice>,
    commitment: Option<Commitment>,
    keep_days: u32,
    stamp: String,
    errors: Vec<FormProblem>,
}

#[derive(Serialize)]
struct Commitment {
    title: Bilingual,
    lines: Vec<Bilingual>,
    sha256: String,
}

/// What was typed.
#[derive(Clone, Debug, Default, Serialize)]
struct Values {
    about: String,
    body: String,
    title: String,
    question: String,
    purpose: String,
    scope: String,
    term_months: String,
    item: String,
    exposed: String,
    name: String,
    contact: String,
    accepted: bool,
}

impl Values {
    fn posted(form: &Posted) -> Self {
        let text = |name: &str| form.text(name).to_owned();
        Self {
            about: text("about"),
            body: text("body"),
            title: text("title"),
            question: text("question"),
            purpose: text("purpose"),
            scope: text("scope"),
            term_months: text("term_months"),
            item: text("item"),
            exposed: text("exposed"),
            name: text("name"),
            contact: text("contact"),
            accepted: !text("commitment").is_empty(),
        }
    }

    /// The case that was typed; `form`: its mark, by which it is sent once.
    fn case(&self, kind: RequestKind, commitment: &str, form: String) -> Result<NewCase, Error> {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let wrong = |field: &str, zh: &str, en: &str| Error::invalid(field, zh, en);
        let about = given(&self.about)
            .map(|text| text.parse())
            .transpose()
            .map_err(|_| wrong("about", "这不是数据集编号。", "That is no id of a dataset."))?;
        let body = given(&self.body).map(|text| text.parse()).transpose();
        let exposed = given(&self.exposed).map(|text| text.parse::<Exposed>()).transpose();
        Ok(NewCase {
            kind,
            about,
            body: body.map_err(|_| wrong("body", "请选择单位。", "Choose a body."))?,
            title: self.title.clone(),
            question: self.question.clone(),
            details: Details {
                purpose: self.purpose.clone(),
                scope: self.scope.clone(),
                term_months: self.term_months.parse().ok(),
                item: self.item.clone(),
                exposed: exposed.map_err(|_| wrong("exposed", "请选择一项。", "Choose one."))?,
            },
            commitment_sha256: given(commitment),
            name: self.name.clone(),
            contact: self.contact.clone(),
            form: Some(form),
        })
    }
}

/// Shows the kinds, or the form of a kind.
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Page, Problem> {
    let Ok(kind) = asked.kind.parse::<RequestKind>() else {
        return kinds(&app, &visitor, &asked).await;
    };
    let title: String = asked.title.chars().take(100).collect();
    let values = Values { about: asked.about, title, ..Values::default() };
    page(&app, &visitor, kind, values, Vec::new(), None).await
}

/// Files what was typed.
pub(crate) async fn create(
    State(app): State<App>,
    visitor: Visitor,
    form: Posted,
) -> Result<Response, Problem> {
    let Ok(kind) = form.text("kind").parse::<RequestKind>() else {
        let page = kinds(&app, &visitor, &Asked::default()).await?;
        return Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response());
    };
    let values = Values::posted(&form);
    let mark = form.text("stamp");
    let kept = match stamp::admitted(&app, &visitor, &form, "question") {
        Ok(kept) => kept,
        Err((problem, stamp)) => {
            let page = page(&app, &visitor, kind, values, vec![problem], stamp).await?;
            return Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response());
        }
    };
    let filed = match values.case(kind, form.text("commitment"), kept) {
        Ok(new) => requests::file(&visitor.caller, &app.platform, new).await,
        Err(error) => Err(error),
    };
    match filed {
        Ok(filed) => {
            let path = own::path(filed.case.number, &filed.code);
            let zh = "已提交。请保存本页地址，凭它查看进度、补正或撤回。";
            let en = "Filed. Keep the address of this page: by it you follow, supplement or take back your case.";
            Ok(own::private(done(&visitor, &path, zh, en)))
        }
        Err(Error::Invalid { problems }) => {
            let again = problems.iter().any(|problem| problem.field == "form");
            let stamp = (!again).then(|| mark.to_owned());
            let errors = mistakes(&problems, field_of);
            let page = page(&app, &visitor, kind, values, errors, stamp).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

/// The field of the form at which a problem is shown.
fn field_of(field: &str) -> String {
    match field {
        "form" | "kind" => "title".to_owned(),
        other => other.to_owned(),
    }
}

async fn kinds(app: &App, visitor: &Visitor, asked: &Asked) -> Result<Page, Problem> {
    let about = about(app, visitor, &asked.about).await?;
    let offered = |kind: &RequestKind| about.as_ref().is_none_or(|one| one.kinds.contains(kind));
    let link = |kind: RequestKind| KindLink {
        name: kind.label(),
        hint: kind.rule().map(|rule| rule.hint.clone()).unwrap_or_default(),
        url: link_to(kind, about.as_ref().map(|one| one.id.as_str()), &asked.title),
    };
    // What needs a dataset starts at the page of one.
    let alone = |kind: &RequestKind| {
        about.is_some() || !matches!(kind, RequestKind::Conditional | RequestKind::Correction)
    };
    let kinds = RequestKind::ALL.into_iter().filter(offered).filter(alone).map(link).collect();
    app.pages.render(visitor, "portal/request_kinds.html", Kinds { about, kinds })
}

/// The address of the form of a kind.
fn link_to(kind: RequestKind, about: Option<&str>, title: &str) -> String {
    let mut url = format!("/requests/new?kind={kind}");
    for (name, value) in [("about", about.unwrap_or_default()), ("title", title)] {
        if !value.is_empty() {
            url.push_str(&format!("&{name}={}", encoded(value)));
        }
    }
    url
}

/// The published dataset with an id; `None` without one, or for anything else.
async fn about(app: &App, visitor: &Visitor, id: &str) -> Result<Option<About>, Problem> {
    let Ok(id) = id.parse::<AssetId>() else { return Ok(None) };
    let dataset = match open::dataset(&visitor.caller, &app.platform, id).await {
        Ok(dataset) => dataset,
        Err(Error::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let entry = &dataset.asset.entry;
    let asks = match (dataset.current.is_some(), entry.opening) {
        (_, Some(OpeningAttribute::Conditional)) => RequestKind::Conditional,
        (false, _) => RequestKind::OpenData,
        (true, _) => RequestKind::Correction,
    };
    let mut kinds =
        vec![asks, RequestKind::Correction, RequestKind::Suggestion, RequestKind::Complaint];
    kinds.dedup();
    Ok(Some(About {
        id: id.to_string(),
        title: entry.title.clone(),
        url: format!("/dataset/{id}"),
        conditions: entry.conditions.clone(),
        kinds,
    }))
}

async fn page(
    app: &App,
    visitor: &Visitor,
    kind: RequestKind,
    values: Values,
    errors: Vec<FormProblem>,
    stamp: Option<String>,
) -> Result<Page, Problem> {
    let about = about(app, visitor, &values.about).await?;
    let now = visitor.caller.now();
    let stamp = match stamp {
        Some(stamp) => stamp,
        None => stamp::fresh(&app.platform.keyring, now)?,
    };
    let bodies = if about.is_some() { Vec::new() } else { Bodies::load(app).await?.choices() };
    let exposures = Exposed::ALL.iter().map(|one| Choice::new(one.code(), one.label()));
    let context = Form {
        kind: kind.code(),
        name_of_kind: kind.label(),
        limit: limit(kind, now),
        about,
        values,
        bodies,
        exposures: exposures.collect(),
        commitment: (kind == RequestKind::Conditional).then(commitment),
        keep_days: law::requests::contact().keep_days,
        stamp,
        errors,
    };
    app.pages.render(visitor, "portal/request_new.html", context)
}

/// Within what time the answer comes.
fn limit(kind: RequestKind, now: jiff::Timestamp) -> Option<Bilingual> {
    let day = vocabulary::time::china_date(now);
    let place = vocabulary::DivisionCode::SHANXI;
    Some(law::deadline(kind.rule()?.answer, place, day).ok()?.length())
}

/// The undertaking, line by line.
fn commitment() -> Commitment {
    let shown = law::requests::commitment();
    let pairs = shown.text.zh.lines().zip(shown.text.en.lines());
    Commitment {
        title: shown.title.clone(),
        lines: pairs.map(|(zh, en)| Bilingual::new(zh, en)).collect(),
        sha256: requests::commitment_sha256(),
    }
}

#[cfg(test)]
mod tests {
    use platform::FieldProblem;

    use super::*;

    #[test]
    fn a_link_to_the_form_carries_what_was_searched_for() {
        let url = link_to(RequestKind::OpenData, None, "公交 & 客流");
        assert_eq!(
            url,
            "/requests/new?kind=open_data&title=%E5%85%AC%E4%BA%A4+%26+%E5%AE%A2%E6%B5%81"
        );
    }

    #[test]
    fn what_is_no_id_is_told_at_its_field() {
        let values = Values { about: "x".to_owned(), ..Values::default() };
        let refused = values.case(RequestKind::Suggestion, "", String::new());
        let Err(Error::Invalid { problems }) = refused else { panic!("{refused:?}") };
        let fields: Vec<&str> =
            problems.iter().map(|FieldProblem { field, .. }| field.as_str()).collect();
        assert_eq!(fields, ["about"]);
    }
}

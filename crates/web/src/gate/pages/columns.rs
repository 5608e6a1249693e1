//! A person confirms or corrects what was found, and has the plan measured.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use platform::gate::{self, Decision, GateRun, Settings};
use platform::{Error, FieldProblem};
use vocabulary::Bilingual;

use super::run::{self, Trouble};
use crate::app::App;
use crate::desk::done;
use crate::extract::id_of;
use crate::form::Posted;
use crate::gate::api::{DecisionBody, SettingsBody};
use crate::parts::{FormProblem, plain_number};
use crate::problem::Problem;
use crate::visitor::Visitor;

/// The form as it is shown: what is saved, or what was typed.
#[derive(Clone, Debug)]
pub(super) struct Typed {
    pub(super) model: String,
    pub(super) k: String,
    /// In percent.
    pub(super) suppression: String,
    pub(super) l: String,
    pub(super) t: String,
    pub(super) leave_out_changed: bool,
    /// One decision a column, in the order of the findings.
    pub(super) columns: Vec<DecisionBody>,
}

impl Typed {
    /// What is saved.
    pub(super) fn of(run: &GateRun) -> Self {
        Self {
            model: run.settings.model.code().to_owned(),
            k: run.settings.k.map(|k| k.to_string()).unwrap_or_default(),
            suppression: plain_number(run.settings.suppression_limit * 100.0),
            l: run.settings.l.map(|l| l.to_string()).unwrap_or_default(),
            t: run.settings.t.map(plain_number).unwrap_or_default(),
            leave_out_changed: run.settings.leave_out_changed,
            columns: run.decisions.iter().cloned().map(DecisionBody::from).collect(),
        }
    }

    /// What was typed; a column that did not come with the form stays as it is.
    fn posted(run: &GateRun, form: &Posted) -> Self {
        let saved = Self::of(run);
        let columns = saved.columns.into_iter().enumerate().map(|(n, column)| {
            let text = |key: &str| {
                form.raw(&format!("column.{n}.{key}")).map(|text| text.trim().to_owned())
            };
            DecisionBody {
                role: text("role").unwrap_or(column.role),
                treatment: text("transform").unwrap_or(column.treatment),
                level: text("level").unwrap_or(column.level),
                pinned: pinned(text("pinned").as_deref(), column.pinned),
                reason: text("reason").unwrap_or(column.reason),
                column: column.column,
            }
        });
        Self {
            model: form.text("model").to_owned(),
            k: form.text("k").to_owned(),
            suppression: form.text("suppression").to_owned(),
            l: form.text("l").to_owned(),
            t: form.text("t").to_owned(),
            leave_out_changed: !form.text("leave_out_changed").is_empty(),
            columns: columns.collect(),
        }
    }

    /// The settings and decisions, or everything that is not a number or not a code.
    fn read(&self) -> Result<(Settings, Vec<Decision>), Vec<FieldProblem>> {
        let mut problems = Vec::new();
        let whole = ("应为整数", "is a whole number");
        let k = number("k", &self.k, whole, &mut problems);
        let l = number("l", &self.l, whole, &mut problems);
        let t = number(
            "t",
            &self.t,
            ("应为数，例如 0.3", "is a number, for example 0.3"),
            &mut problems,
        );
        let percent = self.suppression.trim_end_matches(['%', '％', ' ']);
        let suppression_limit =
            percent.parse::<f64>().map(|percent| percent / 100.0).unwrap_or_else(|_| {
                problems.push(FieldProblem::new(
                    "settings.suppression_limit",
                    "请填写百分比，例如 2。",
                    "Give a percentage, for example 2.",
                ));
                0.0
            });
        for column in self.columns.iter().filter(|column| column.pinned == Some(NO_STEP)) {
            problems.push(FieldProblem::new(
                format!("decisions.{}.pinned", column.column),
                "层级应为整数，0 为原值。",
                "The step is a whole number, 0 being the values themselves.",
            ));
        }
        let (model, leave_out_changed) = (self.model.clone(), self.leave_out_changed);
        let body = SettingsBody { model, k, suppression_limit, l, t, leave_out_changed };
        let settings = collect(Settings::try_from(body), &mut problems);
        let decisions = self.columns.iter().cloned();
        let decisions: Vec<Decision> =
            decisions.filter_map(|body| collect(Decision::try_from(body), &mut problems)).collect();
        match settings {
            Some(settings) if problems.is_empty() => Ok((settings, decisions)),
            _ => Err(problems),
        }
    }
}

/// What stands for a step that is no number until it is told.
const NO_STEP: u32 = u32::MAX;

/// The step that was typed; nothing where the field is empty.
fn pinned(typed: Option<&str>, saved: Option<u32>) -> Option<u32> {
    match typed {
        None => saved,
        Some("") => None,
        Some(text) => Some(text.parse().unwrap_or(NO_STEP)),
    }
}

/// A number that may be left out, or a problem added to the others.
fn number<T: std::str::FromStr>(
    name: &str,
    text: &str,
    (zh, en): (&str, &str),
    problems: &mut Vec<FieldProblem>,
) -> Option<T> {
    if text.is_empty() {
        return None;
    }
    let read = text.parse().ok();
    if read.is_none() {
        let field = format!("settings.{name}");
        problems.push(FieldProblem::new(field, format!("{name} {zh}。"), format!("{name} {en}.")));
    }
    read
}

/// A value, or its problems added to the others.
fn collect<T>(read: Result<T, Error>, problems: &mut Vec<FieldProblem>) -> Option<T> {
    match read {
        Ok(value) => Some(value),
        Err(Error::Invalid { problems: found }) => {
            problems.extend(found);
            None
        }
        Err(_) => None,
    }
}

/// Takes the form and has the plan measured.
pub(crate) async fn confirm(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Posted,
) -> Result<Response, Problem> {
    let caller = visitor.signed_in()?;
    let (_, found) = gate::find(caller, &app.platform, id_of(&id)?).await?;
    let typed = Typed::posted(&found, &form);
    let seen = form.text("etag").parse().ok();
    let taken = match typed.read() {
        Ok((settings, decisions)) => {
            gate::confirm(caller, &app.platform, found.id, seen, settings, decisions).await
        }
        Err(problems) => Err(Error::Invalid { problems }),
    };
    let (status, errors) = match taken {
        Ok(changed) => {
            let path = format!("/desk/gate/{}", changed.run.id);
            return Ok(done(
                &visitor,
                &path,
                "已确认，正在测量。",
                "Confirmed; it is being measured.",
            ));
        }
        Err(Error::Invalid { problems }) => {
            let errors = problems.iter().map(|problem| at_field(problem, &typed)).collect();
            (StatusCode::UNPROCESSABLE_ENTITY, errors)
        }
        Err(Error::Stale) => {
            let text = Bilingual::new(
                "这次送检刚刚有了变化。您的选择还在下面，请看过之后再提交。",
                "This run has just changed. Your choices are below; look again, then send them.",
            );
            (StatusCode::CONFLICT, vec![FormProblem::new("columns", text)])
        }
        Err(other) => return Err(other.into()),
    };
    let trouble = Trouble { errors, typed: Some(typed), ..Trouble::default() };
    let page = run::page(&app, &visitor, found.id, trouble).await?;
    Ok(page.with_status(status).into_response())
}

/// A problem at its field of the form.
fn at_field(problem: &FieldProblem, typed: &Typed) -> FormProblem {
    let text = problem.message.clone();
    let field = match problem.field.as_str() {
        "settings.model" => "model".to_owned(),
        "settings.k" => "k".to_owned(),
        "settings.l" => "l".to_owned(),
        "settings.t" => "t".to_owned(),
        "settings.leave_out_changed" => "leave_out_changed".to_owned(),
        "settings.suppression_limit" => "suppression".to_owned(),
        other => {
            let about = other.strip_prefix("decisions.").unwrap_or_default();
            // A name of a column may have a point in it.
            let is_about = |body: &DecisionBody| {
                about
                    .strip_prefix(body.column.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            match typed.columns.iter().position(is_about) {
                Some(n) => format!("column-{n}"),
                None => "columns".to_owned(),
            }
        }
    };
    FormProblem::new(field, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(k: &str, suppression: &str) -> Typed {
        let column = DecisionBody {
            column: "age.group".to_owned(),
            role: "quasi".to_owned(),
            level: "general_3".to_owned(),
            treatment: "generalize".to_owned(),
            pinned: None,
            reason: String::new(),
        };
        Typed {
            model: "public".to_owned(),
            k: k.to_owned(),
            suppression: suppression.to_owned(),
            l: String::new(),
            t: String::new(),
            leave_out_changed: false,
            columns: vec![column],
        }
    }

    #[test]
    fn a_percentage_is_a_share() {
        let (settings, decisions) = typed("", "2.5 %").read().unwrap();
        assert!((settings.suppression_limit - 0.025).abs() < 1e-12);
        assert_eq!((settings.k, decisions.len()), (None, 1));
        assert_eq!(typed("21", "0").read().unwrap().0.k, Some(21));
    }

    #[test]
    fn everything_that_is_no_number_is_told_at_once() {
        let problems = typed("many", "few").read().unwrap_err();
        let fields: Vec<String> =
            problems.iter().map(|problem| at_field(problem, &typed("", "")).field).collect();
        assert_eq!(fields, ["k", "suppression"]);
    }

    #[test]
    fn a_mistake_about_a_column_stands_at_its_row() {
        let about =
            |field: &str| at_field(&FieldProblem::new(field, "错", "wrong"), &typed("", "")).href;
        assert_eq!(about("decisions.age.group"), "#column-0");
        assert_eq!(about("decisions.age.group.role"), "#column-0");
        assert_eq!(about("decisions"), "#columns");
        assert_eq!(about("settings.model"), "#model");
    }
}

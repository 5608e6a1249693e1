//! The shapes that the macros of `templates/macros.html` draw: one struct a shape,
//! with the fields that the macro reads.
//!
//! Every `url` is a path of this site without the language prefix; a `file_url` is
//! printed as it is.

use deident::risk::Assessment;
use platform::RefusedBy;
use platform::gate::release::Release;
use platform::registry::{self, Asset};
use serde::Serialize;
use vocabulary::Bilingual;

use crate::problem::RefusalView;

/// One error of a form, in the summary and at its field (`Problem` in the templates).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct FormProblem {
    /// Name of the field.
    pub(crate) field: String,
    /// What is wrong and what to do.
    pub(crate) text: Bilingual,
    /// Where the field is on the page: `#` and its id.
    pub(crate) href: String,
}

impl FormProblem {
    /// A problem of a field whose id is its name.
    pub(crate) fn new(field: impl Into<String>, text: Bilingual) -> Self {
        let field = field.into();
        Self { href: format!("#{field}"), field, text }
    }
}

/// One choice of a list (`Option` in the templates).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Choice {
    /// What the form sends.
    pub(crate) value: String,
    /// What people read.
    pub(crate) label: Bilingual,
    /// A sentence under the choice.
    pub(crate) hint: Option<Bilingual>,
}

impl Choice {
    /// A choice without a hint.
    pub(crate) fn new(value: impl Into<String>, label: Bilingual) -> Self {
        Self { value: value.into(), label, hint: None }
    }
}

/// A word in a coloured box.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Tag {
    /// The word.
    pub(crate) label: Bilingual,
    /// `neutral`, `info`, `good`, `wait` or `bad`.
    pub(crate) kind: &'static str,
}

/// A statutory time limit that is running.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Clock {
    /// What is due and within what time.
    pub(crate) name: Bilingual,
    /// Working days until the limit; negative when it has passed. `None` where nobody can
    /// know, because a calendar is not published.
    pub(crate) days_left: Option<i64>,
    /// The last day (`YYYY-MM-DD`).
    pub(crate) due: Option<String>,
    /// Why the last day cannot be told.
    pub(crate) unknown: Option<Bilingual>,
    /// The provision.
    pub(crate) basis: Bilingual,
    /// Where the provision can be read.
    pub(crate) url: Option<String>,
}

impl Clock {
    /// Working days that are few enough to draw attention.
    const SOON: i64 = 2;

    /// The deadline of the law that runs, if one does.
    pub(crate) fn of(clock: &platform::Clock) -> Option<Self> {
        let deadline = clock.deadline.as_ref()?;
        let row = deadline.row;
        let length = row.length();
        let end = deadline.end.as_ref().ok();
        Some(Self {
            name: Bilingual::new(
                format!("{}：{}", row.name.zh, length.zh),
                format!("{}: {}", row.name.en, length.en),
            ),
            days_left: end.map(|end| days_left(end.remaining)),
            due: end.map(|end| end.due.date.to_string()),
            unknown: deadline.end.as_ref().err().map(unknown_end),
            basis: row.basis.first().map(law::Basis::text).unwrap_or_default(),
            url: None,
        })
    }

    /// `over`, `soon` or `later`.
    pub(crate) fn urgency(&self) -> &'static str {
        match self.days_left {
            Some(days) if days < 0 => "over",
            Some(days) if days <= Self::SOON => "soon",
            _ => "later",
        }
    }
}

/// A limit that ended earlier today is over, although no working day has passed.
fn days_left(remaining: law::Remaining) -> i64 {
    let days = i64::from(remaining.working_days);
    if remaining.overdue { -days.max(1) } else { days }
}

/// Why the last day of a limit cannot be told.
fn unknown_end(error: &law::CalendarError) -> Bilingual {
    match error {
        law::CalendarError::NotPublished { year } => Bilingual::new(
            format!("国务院尚未公布 {year} 年放假安排，截止日无法计算"),
            format!("the holidays of {year} are not published, so the last day is not known"),
        ),
        law::CalendarError::OutOfRange | law::CalendarError::Unit | law::CalendarError::File(_) => {
            Bilingual::new("截止日无法计算", "the last day cannot be computed")
        }
    }
}

/// How long something has waited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Waiting {
    /// Since when (RFC 3339).
    pub(crate) since: String,
    /// Working days after that day, up to and with today, where they are known.
    pub(crate) days: Option<u32>,
}

impl Waiting {
    /// The age of what a clock runs for.
    pub(crate) fn of(clock: &platform::Clock) -> Self {
        Self { since: clock.since.to_string(), days: clock.waited }
    }
}

/// The date of an entry, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Dated {
    /// `changed` here, at its `source`, or `taken_over` without a date of its own.
    pub(crate) kind: &'static str,
    /// RFC 3339.
    pub(crate) at: String,
}

impl Dated {
    /// The date of what stands in the catalogue: of the release, where there are data.
    pub(crate) fn of(asset: &Asset, release: Option<&Release>) -> Self {
        let (kind, at) = match (release, asset.dated()) {
            (Some(release), _) => ("changed", release.released_at),
            (None, registry::Dated::Changed(at)) => ("changed", at),
            (None, registry::Dated::AtSource(at)) => ("source", at),
            (None, registry::Dated::TakenOver(at)) => ("taken_over", at),
        };
        Self { kind, at: at.to_string() }
    }
}

/// What the law does not allow: what happened, on which ground, what to do now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Refusal {
    /// The code, e.g. `R-OP-02`.
    pub(crate) code: String,
    /// What in this case met the condition.
    pub(crate) what: Bilingual,
    /// The provision.
    pub(crate) ground: Bilingual,
    /// Where the provision can be read.
    pub(crate) ground_url: Option<String>,
    /// What to do now.
    pub(crate) remedy: Bilingual,
}

impl Refusal {
    /// A refusal with its ground from the refusal table.
    pub(crate) fn of(refusal: &RefusedBy) -> Self {
        let view = RefusalView::of(refusal);
        Self {
            code: view.code,
            what: view.detail.into(),
            ground: view.ground.into(),
            ground_url: None,
            remedy: view.remedy.into(),
        }
    }
}

/// Something that may be done with the thing on the page: one form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Action {
    /// Distinguishes it from the others on the page.
    pub(crate) key: String,
    /// The words on the button.
    pub(crate) label: Bilingual,
    /// Where the form is sent.
    pub(crate) url: String,
    /// `primary`, `secondary` or `warning`.
    pub(crate) kind: String,
    /// What it does, where the label does not say.
    pub(crate) hint: Option<Bilingual>,
    /// Whether a reason is asked for: `none`, `optional` or `required`.
    pub(crate) reason: String,
    /// The label of the reason.
    pub(crate) reason_label: Option<Bilingual>,
    /// Words that must be typed first, because the act destroys something.
    pub(crate) typed: Option<String>,
    /// Why it was not done.
    pub(crate) error: Option<Bilingual>,
    /// The reason that was typed before.
    pub(crate) value: String,
}

/// The pages of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Pages {
    page: u64,
    pages: u64,
    prev: Option<String>,
    next: Option<String>,
    items: Vec<PageLink>,
}

/// A page of a list, or a gap (without number).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct PageLink {
    n: Option<u64>,
    url: Option<String>,
    current: bool,
}

impl Pages {
    /// Links to the first, the last and the nearest pages; `None` for a single page.
    ///
    /// - `page`: the current one, from 1; `pages`: how many there are.
    /// - `address`: the path of a page.
    pub(crate) fn of(page: u64, pages: u64, address: impl Fn(u64) -> String) -> Option<Self> {
        if pages <= 1 {
            return None;
        }
        let near = |number: u64| number == 1 || number == pages || number.abs_diff(page) <= 1;
        let mut items = Vec::new();
        let mut last = 0;
        let (from, until) = (page.saturating_sub(1).max(1), (page + 1).min(pages));
        for number in [1].into_iter().chain(from..=until).chain([pages]) {
            if number <= last || !near(number) {
                continue;
            }
            if number > last + 1 {
                items.push(PageLink { n: None, url: None, current: false });
            }
            let url = Some(address(number));
            items.push(PageLink { n: Some(number), url, current: number == page });
            last = number;
        }
        Some(Self {
            page,
            pages,
            prev: (page > 1).then(|| address((page - 1).min(pages))),
            next: (page < pages).then(|| address(page + 1)),
            items,
        })
    }
}

/// A chart with its sentence and its numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Chart {
    /// Id of its place on the page.
    pub(crate) id: String,
    /// What it shows.
    pub(crate) title: Bilingual,
    /// What it says, for those who do not see it.
    pub(crate) summary: Bilingual,
    /// `bar`, `line` or `scatter`.
    pub(crate) kind: &'static str,
    /// What runs to the right.
    pub(crate) x_name: Bilingual,
    /// What runs upwards.
    pub(crate) y_name: Bilingual,
    /// Places on the x axis (bar, line).
    pub(crate) x: Vec<String>,
    /// Values for each place (bar, line).
    pub(crate) series: Vec<Series>,
    /// Points (scatter).
    pub(crate) points: Vec<Point>,
    /// A line at this height.
    pub(crate) limit: Option<f64>,
    /// The numbers as CSV.
    pub(crate) file_url: Option<String>,
}

/// One row of values of a chart.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Series {
    /// What it is.
    pub(crate) name: Bilingual,
    /// One value for each place of the x axis.
    pub(crate) values: Vec<Option<f64>>,
}

/// A point of a scatter chart.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Point {
    /// What it is.
    pub(crate) label: Bilingual,
    /// To the right.
    pub(crate) x: f64,
    /// Upwards.
    pub(crate) y: f64,
    /// Whether it is the one that was taken.
    pub(crate) chosen: bool,
}

/// The risk arithmetic of GB/T 42460-2023.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Risk {
    model: Bilingual,
    steps: Vec<RiskStep>,
    level: u8,
    verdict: Bilingual,
    basis: Bilingual,
}

/// One line of the arithmetic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct RiskStep {
    symbol: String,
    meaning: Bilingual,
    formula: String,
    value: String,
}

impl Risk {
    /// The arithmetic of an assessment for a sharing model.
    pub(crate) fn of(assessment: &Assessment, model: Bilingual) -> Self {
        let step = |step: &deident::risk::Step| RiskStep {
            symbol: step.symbol.clone(),
            meaning: step.text.clone(),
            formula: step.formula.clone(),
            value: plain_number(step.value),
        };
        let level = assessment.level;
        Self {
            model,
            steps: assessment.steps.iter().map(step).collect(),
            level,
            verdict: assessment.steps.last().map(|step| step.text.clone()).unwrap_or_default(),
            basis: Bilingual::new("GB/T 42460-2023", "GB/T 42460-2023"),
        }
    }
}

/// A number with at most six digits after the point and no zeros at the end.
pub(crate) fn plain_number(number: f64) -> String {
    let text = format!("{number:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Text that is the same in both languages.
pub(crate) fn plain(text: impl Into<String>) -> Bilingual {
    Bilingual { zh: text.into(), en: String::new() }
}

/// A text for a search, percent-encoded as part of a query.
pub(crate) fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_show_the_ends_the_neighbours_and_gaps() {
        let shown = |page, pages| -> Vec<Option<u64>> {
            let list = Pages::of(page, pages, |page| format!("/search?page={page}"));
            list.map(|list| list.items.iter().map(|item| item.n).collect()).unwrap_or_default()
        };
        assert_eq!(shown(1, 1), Vec::<Option<u64>>::new());
        assert_eq!(shown(1, 2), [Some(1), Some(2)]);
        assert_eq!(shown(1, 9), [Some(1), Some(2), None, Some(9)]);
        assert_eq!(shown(5, 9), [Some(1), None, Some(4), Some(5), Some(6), None, Some(9)]);
        assert_eq!(shown(9, 9), [Some(1), None, Some(8), Some(9)]);
        let list = Pages::of(2, 3, |page| page.to_string()).unwrap();
        assert_eq!((list.prev.as_deref(), list.next.as_deref()), (Some("1"), Some("3")));
        // A page behind the end leads back to the last one.
        let list = Pages::of(40, 3, |page| page.to_string()).unwrap();
        assert_eq!((list.prev.as_deref(), list.next.as_deref()), (Some("3"), None));
    }

    #[test]
    fn a_risk_below_the_threshold_is_never_rounded_up_to_it() {
        assert_eq!(plain_number(0.05), "0.05");
        assert_eq!(plain_number(0.047_619_047), "0.047619");
        assert_eq!(plain_number(0.049_99), "0.04999");
        assert_eq!(plain_number(1.0), "1");
        assert_eq!(plain_number(0.0), "0");
    }

    #[test]
    fn a_limit_that_ended_today_is_over() {
        let left = |working_days, overdue| days_left(law::Remaining { working_days, overdue });
        assert_eq!([left(0, true), left(3, true), left(0, false), left(2, false)], [-1, -3, 0, 2]);
    }
}

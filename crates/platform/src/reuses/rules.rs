//! Pure decisions about reuses: what may be submitted, and what may be shown.

use trust::Caller;

use super::NewReuse;
use super::model::{Reuse, ReuseState};
use crate::error::{Error, FieldProblem};
use crate::wording;

/// The most datasets that a reuse names.
const MOST_DATASETS: usize = 20;

/// Checks what was submitted.
///
/// - `published`: how many of its datasets are published here.
///
/// # Errors
///
/// [`Error::Invalid`] with everything that is missing or wrong.
pub(super) fn check_new(new: &NewReuse, published: usize) -> Result<(), Error> {
    let mut problems = Vec::new();
    let mut text = |field: &str, text: &str, least: usize, most: usize| {
        let found = text.trim().chars().count();
        if found < least || found > most {
            problems.push(FieldProblem::new(
                field,
                format!("应为 {least} 至 {most} 个字符，现有 {found} 个。"),
                format!("It has {least} to {most} characters; there are {found}."),
            ));
        }
    };
    text("title", &new.title, 2, 100);
    text("description", &new.description, 10, 2_000);
    text("maker", &new.maker, 1, 100);
    text("contact", &new.contact, 3, 200);
    if !is_web_address(new.link.trim()) {
        problems.push(FieldProblem::new(
            "link",
            "请填写以 http:// 或 https:// 开头的网址，最多 500 个字符。",
            "Give a web address that begins with http:// or https://, of at most 500 characters.",
        ));
    }
    let named = new.datasets.len();
    if named == 0 || named > MOST_DATASETS || published != named {
        problems.push(FieldProblem::new(
            "datasets",
            "请写明用到的数据集，1 至 20 个，都应已在本站发布。",
            "Name the datasets that it was made of, 1 to 20, each published here.",
        ));
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid { problems }) }
}

/// Whether a text is an address that a link may lead to: with a host, and nothing that a
/// browser would run.
fn is_web_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    text.len() <= 500
        && !text.chars().any(|c| c.is_whitespace() || wording::is_unseen(c))
        && host.is_some_and(|host| host.contains('.') && !host.contains('@'))
}

/// The reuse is shown to everyone.
///
/// # Errors
///
/// [`Error::WrongState`] if it is shown already; [`Error::Invalid`] if its text holds what
/// identifies a person.
pub(super) fn show(reuse: Reuse, caller: &Caller) -> Result<Reuse, Error> {
    if reuse.state == ReuseState::Shown {
        return Err(wrong_state(&reuse, "submitted, declined"));
    }
    let link = percent_encoding::percent_decode_str(&reuse.link).decode_utf8_lossy().into_owned();
    let texts = [
        ("title", &reuse.title),
        ("link", &link),
        ("description", &reuse.description),
        ("maker", &reuse.maker),
    ];
    let objections = |(field, text): (&str, &String)| wording::objections(field, text, true);
    let problems: Vec<FieldProblem> = texts.into_iter().flat_map(objections).collect();
    if !problems.is_empty() {
        return Err(Error::Invalid { problems });
    }
    Ok(Reuse {
        state: ReuseState::Shown,
        reason: None,
        decided_by: caller.account_id(),
        decided_at: Some(caller.now()),
        ..reuse
    })
}

/// The reuse is declined or taken down, with a reason.
///
/// # Errors
///
/// [`Error::Invalid`] without a reason; [`Error::WrongState`] if it is declined already.
pub(super) fn decline(reuse: Reuse, reason: &str, caller: &Caller) -> Result<Reuse, Error> {
    if reuse.state == ReuseState::Declined {
        return Err(wrong_state(&reuse, "submitted, shown"));
    }
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > 1_000 {
        return Err(Error::invalid(
            "reason",
            "请写明理由（1 至 1000 个字符）。",
            "Give the reason, in 1 to 1,000 characters.",
        ));
    }
    let objections = wording::objections("reason", reason, true);
    if !objections.is_empty() {
        return Err(Error::Invalid { problems: objections });
    }
    Ok(Reuse {
        state: ReuseState::Declined,
        reason: Some(reason.to_owned()),
        decided_by: caller.account_id(),
        decided_at: Some(caller.now()),
        ..reuse
    })
}

fn wrong_state(reuse: &Reuse, needed: &'static str) -> Error {
    Error::WrongState {
        subject: format!("reuse {}", reuse.id),
        found: reuse.state.code().to_owned(),
        needed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_a_web_address_and_runs_nothing() {
        for text in ["https://example.org", "http://a.cn/路径?x=1#y"] {
            assert!(is_web_address(text), "{text}");
        }
        let long = format!("https://example.org/{}", "a".repeat(500));
        for text in [
            "",
            "example.org",
            "javascript:alert(1)",
            "https://",
            "https://local",
            "ftp://a.cn",
            "https://a.cn/ b",
            "https://user@a.cn",
            "https:///a.cn",
            &long,
        ] {
            assert!(!is_web_address(text), "{text}");
        }
    }
}

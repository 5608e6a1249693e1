//! The mark of a form that anyone may send: spam control without a third party.
//!
//! It says when the form was shown, with a code that only this platform can make. A
//! program that fills in forms sends them at once, or keeps one and sends it for days;
//! people do neither. Each mark files one case.

use jiff::{SignedDuration, Timestamp};
use trust::{Keyring, secret};

use vocabulary::Bilingual;

use crate::app::App;
use crate::form::Posted;
use crate::parts::FormProblem;
use crate::problem::Problem;
use crate::visitor::Visitor;

/// What the code is for.
const PURPOSE: &str = "form of anyone";
/// The least time that a person takes to fill the form in.
const LEAST: SignedDuration = SignedDuration::from_secs(3);
/// How long a form may lie.
const MOST: SignedDuration = SignedDuration::from_hours(12);

/// Why a form is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Untimely {
    /// It came back sooner than anyone can write.
    TooSoon,
    /// It lay for too long.
    TooLate,
    /// It is not a form of ours.
    NotOurs,
}

/// A new mark: the moment, a random part, the code.
///
/// # Errors
///
/// [`Problem::internal`] if the operating system gives no random bytes.
pub(crate) fn fresh(keys: &Keyring, now: Timestamp) -> Result<String, Problem> {
    let part = secret::random_text().map_err(|_| Problem::internal())?;
    let marked = format!("{}.{part}", now.as_second());
    let code = keys.code(PURPOSE, &marked);
    Ok(format!("{marked}.{code}"))
}

/// The mark without its code, if the form is taken: by it the form is sent once.
///
/// # Errors
///
/// [`Untimely`] with why not.
fn check(keys: &Keyring, mark: &str, now: Timestamp) -> Result<String, Untimely> {
    let (marked, code) = mark.rsplit_once('.').ok_or(Untimely::NotOurs)?;
    if !keys.knows(PURPOSE, marked, code) {
        return Err(Untimely::NotOurs);
    }
    let second = marked.split('.').next().and_then(|text| text.parse().ok());
    let shown = second.and_then(|second| Timestamp::from_second(second).ok());
    let age = now.duration_since(shown.ok_or(Untimely::NotOurs)?);
    if age < LEAST {
        return Err(Untimely::TooSoon);
    }
    if age > MOST { Err(Untimely::TooLate) } else { Ok(marked.to_owned()) }
}

/// The mark of a form that a person sent, or what is said to others at the field `at`,
/// with the mark that they may go on with.
pub(crate) fn admitted(
    app: &App,
    visitor: &Visitor,
    form: &Posted,
    at: &str,
) -> Result<String, (FormProblem, Option<String>)> {
    let problem = |zh: &str, en: &str| FormProblem::new(at, Bilingual::new(zh, en));
    let mark = form.text("stamp");
    // People do not see this field; programs that fill in everything do.
    if !form.text("website").is_empty() {
        let said = problem(
            "提交没有成功，请重新填写后再试。",
            "It was not taken; fill the form in once more.",
        );
        return Err((said, None));
    }
    let now = visitor.caller.now();
    check(&app.platform.keyring, mark, now).map_err(|untimely| match untimely {
        Untimely::TooSoon => (
            problem(
                "提交得太快，请核对后再次提交。",
                "That was quick; check it and send it again.",
            ),
            Some(mark.to_owned()),
        ),
        Untimely::TooLate | Untimely::NotOurs => (
            problem(
                "表单已过期，您填写的内容还在，请再次提交。",
                "The form had expired; what you wrote is still here. Send it again.",
            ),
            None,
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_taken_after_some_seconds_and_within_half_a_day() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keyring::open(folder.path(), "test/log").unwrap();
        let shown = Timestamp::from_second(1_772_413_200).unwrap();
        let mark = fresh(&keys, shown).unwrap();
        let after =
            |seconds| check(&keys, &mark, shown + SignedDuration::from_secs(seconds)).map(|_| ());
        assert_eq!(after(2), Err(Untimely::TooSoon));
        assert_eq!(after(3), Ok(()));
        assert_eq!(after(12 * 3600), Ok(()));
        assert_eq!(after(12 * 3600 + 1), Err(Untimely::TooLate));
        assert_ne!(mark, fresh(&keys, shown).unwrap(), "each form has its own");
        let later = mark.replacen("1772413200", "1772413100", 1);
        for forged in ["", ".", "1.2.3", &later, &format!("{mark}x")] {
            let now = shown + SignedDuration::from_secs(60);
            assert_eq!(check(&keys, forged, now), Err(Untimely::NotOurs), "{forged}");
        }
    }
}

//! What a topic may be.

use std::collections::HashSet;

use super::model::Edit;
use crate::error::{Error, FieldProblem};
use crate::wording;

/// The most datasets of a topic.
const MOST_DATASETS: usize = 100;

/// Checks a topic.
///
/// - `published`: how many of its datasets are published here.
///
/// # Errors
///
/// [`Error::Invalid`] with everything that is missing or wrong.
pub(super) fn check(slug: &str, edit: &Edit, published: usize) -> Result<(), Error> {
    let mut problems = Vec::new();
    if !is_slug(slug) {
        problems.push(FieldProblem::new(
            "slug",
            "应为 2 至 40 个小写英文字母、数字或短横，以字母开头。",
            "2 to 40 small Latin letters, digits or dashes, beginning with a letter.",
        ));
    }
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
    text("title.zh", &edit.title.zh, 2, 40);
    text("title.en", &edit.title.en, 0, 80);
    text("summary.zh", &edit.summary.zh, 10, 1_000);
    text("summary.en", &edit.summary.en, 0, 2_000);
    let texts = [
        ("title.zh", &edit.title.zh),
        ("title.en", &edit.title.en),
        ("summary.zh", &edit.summary.zh),
        ("summary.en", &edit.summary.en),
    ];
    problems
        .extend(texts.into_iter().flat_map(|(field, text)| wording::objections(field, text, true)));
    let named = edit.datasets.len();
    let distinct: HashSet<_> = edit.datasets.iter().collect();
    if named > MOST_DATASETS || distinct.len() != named || published != named {
        problems.push(FieldProblem::new(
            "datasets",
            "数据集至多 100 个，不重复，都应已在本站发布。",
            "At most 100 datasets, each once and published here.",
        ));
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid { problems }) }
}

/// Whether a text can be the last part of an address.
fn is_slug(text: &str) -> bool {
    (2..=40).contains(&text.len())
        && text.starts_with(|char: char| char.is_ascii_lowercase())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::is_slug;

    #[test]
    fn an_address_has_small_letters_digits_and_dashes() {
        assert!(is_slug("population-2020") && is_slug("ab"));
        for text in ["a", "1a", "-a", "A-b", "人口", "a b", "a/b", ""] {
            assert!(!is_slug(text), "{text}");
        }
    }
}

//! The language of `q` and `fq`: the part of Solr's that clients of CKAN use.
//!
//! ```text
//! tags:水 AND organization:(a OR b) -res_format:"CSV"
//! metadata_modified:[2026-01-01T00:00:00Z TO *]
//! ```
//!
//! Clauses next to each other must all hold. A field that is not known is an error in
//! `fq`, where a wrong answer would look like a right one.

use std::ops::Bound;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use search::{Condition, Facet};

/// Longest text.
const LONGEST: usize = 8_192;
/// Most terms of a query: each is looked up in the index by itself.
pub(super) const MOST_TERMS: usize = 256;
/// Most brackets and negations inside one another.
const DEEPEST: u32 = 32;

/// What fields there are, for the sentence of an error.
const FIELDS: &str = "id, name, title, notes, text, organization, owner_org, groups, tags, \
    res_format, license_id, metadata_modified, division, kind, state, type, private";

/// Reads a text.
///
/// # Errors
///
/// A sentence that says what is wrong.
pub(super) fn parse(text: &str, now: Timestamp) -> Result<Condition, String> {
    if text.chars().count() > LONGEST {
        return Err(format!("the query is longer than {LONGEST} characters"));
    }
    let mut reader = Reader { rest: text, depth: 0, now };
    let condition = reader.any(None)?;
    match reader.rest.trim_start() {
        "" if terms(&condition) > MOST_TERMS => Err(too_many()),
        "" => Ok(condition),
        rest => Err(format!("cannot read from `{}` on", head(rest))),
    }
}

/// How many terms a condition has.
pub(super) fn terms(condition: &Condition) -> usize {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().map(terms).sum(),
        Condition::Not(inner) => terms(inner),
        _ => 1,
    }
}

/// What is said of a query with too many.
pub(super) fn too_many() -> String {
    format!("the query has more than {MOST_TERMS} terms")
}

/// The beginning of a text, for an error.
fn head(text: &str) -> String {
    text.chars().take(30).collect()
}

struct Reader<'a> {
    rest: &'a str,
    depth: u32,
    now: Timestamp,
}

impl<'a> Reader<'a> {
    /// Clauses of which one must hold.
    fn any(&mut self, field: Option<&str>) -> Result<Condition, String> {
        let mut parts = vec![self.all(field)?];
        while self.word("OR") || self.mark("||") {
            parts.push(self.all(field)?);
        }
        Ok(match (parts.pop(), parts.is_empty()) {
            (Some(only), true) => only,
            (Some(last), false) => {
                parts.push(last);
                Condition::Any(parts)
            }
            (None, _) => Condition::All(Vec::new()),
        })
    }

    /// Clauses that must all hold.
    fn all(&mut self, field: Option<&str>) -> Result<Condition, String> {
        let mut parts = Vec::new();
        loop {
            let _joined = self.word("AND") || self.mark("&&");
            self.rest = self.rest.trim_start();
            let ends = self.rest.is_empty() || self.rest.starts_with(')') || self.is_or();
            if ends {
                break;
            }
            parts.push(self.clause(field)?);
        }
        match (parts.pop(), parts.is_empty()) {
            (Some(only), true) => Ok(only),
            (Some(last), false) => {
                parts.push(last);
                Ok(Condition::All(parts))
            }
            (None, _) if field.is_some() || self.depth > 0 => Err("empty brackets".to_owned()),
            (None, _) => Ok(Condition::All(Vec::new())),
        }
    }

    fn is_or(&self) -> bool {
        self.rest.starts_with("||")
            || self.rest.strip_prefix("OR").is_some_and(|rest| {
                rest.is_empty() || rest.starts_with(|c: char| c.is_whitespace() || c == '(')
            })
    }

    /// One clause, perhaps negated.
    fn clause(&mut self, field: Option<&str>) -> Result<Condition, String> {
        if self.word("NOT") || self.mark("!") || self.mark("-") {
            self.deeper()?;
            let inner = self.clause(field)?;
            self.depth -= 1;
            return Ok(Condition::Not(Box::new(inner)));
        }
        let _required = self.mark("+");
        self.rest = self.rest.trim_start();
        if self.rest.starts_with('(') {
            return self.brackets(field);
        }
        if self.rest.starts_with('"') {
            let text = self.quoted()?;
            return self.term(field, &text);
        }
        if self.rest.starts_with(['[', '{']) {
            return self.range(field.unwrap_or("text"));
        }
        let word = self.bare(&[':']);
        if word.is_empty() {
            return Err(format!("cannot read from `{}` on", head(self.rest)));
        }
        if let Some(rest) = self.rest.strip_prefix(':') {
            self.rest = rest;
            return self.value(&word);
        }
        self.term(field, &word)
    }

    /// What stands behind a field and its colon.
    fn value(&mut self, field: &str) -> Result<Condition, String> {
        if self.rest.starts_with('(') {
            return self.brackets(Some(field));
        }
        if self.rest.starts_with('"') {
            let text = self.quoted()?;
            return self.term(Some(field), &text);
        }
        if self.rest.starts_with(['[', '{']) {
            return self.range(field);
        }
        // Times have colons.
        let word = self.bare(&[]);
        if word.is_empty() {
            Err(format!("`{field}:` has no value"))
        } else {
            self.term(Some(field), &word)
        }
    }

    /// One more bracket or negation around what follows.
    fn deeper(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("more than {DEEPEST} brackets or negations inside one another"));
        }
        Ok(())
    }

    fn brackets(&mut self, field: Option<&str>) -> Result<Condition, String> {
        self.rest = self.rest.strip_prefix('(').unwrap_or(self.rest);
        self.deeper()?;
        let inner = self.any(field)?;
        self.rest = self.rest.trim_start();
        self.rest = self.rest.strip_prefix(')').ok_or("a bracket is not closed")?;
        self.depth -= 1;
        Ok(inner)
    }

    fn quoted(&mut self) -> Result<String, String> {
        let mut text = String::new();
        let mut escaped = false;
        for (at, c) in self.rest.char_indices().skip(1) {
            match c {
                _ if escaped => {
                    text.push(c);
                    escaped = false;
                }
                '\\' => escaped = true,
                '"' => {
                    self.rest = self.rest.get(at + 1..).unwrap_or_default();
                    return Ok(text);
                }
                c => text.push(c),
            }
        }
        Err("a quotation mark is not closed".to_owned())
    }

    /// A word up to a space, a bracket or one of `ends`; a backslash takes the next
    /// character as it is.
    fn bare(&mut self, ends: &[char]) -> String {
        let mut word = String::new();
        let mut escaped = false;
        let mut length = self.rest.len();
        for (at, c) in self.rest.char_indices() {
            if escaped {
                word.push(c);
                escaped = false;
            } else if c == '\\' {
                escaped = true;
            } else if c.is_whitespace() || "()[]{}\"".contains(c) || ends.contains(&c) {
                length = at;
                break;
            } else {
                word.push(c);
            }
        }
        self.rest = self.rest.get(length..).unwrap_or_default();
        word
    }

    /// `[a TO b]`; braces leave the ends out.
    fn range(&mut self, field: &str) -> Result<Condition, String> {
        if field != "metadata_modified" {
            return Err(format!("`{field}` has no range; metadata_modified has"));
        }
        let includes_first = self.rest.starts_with('[');
        let close = self.rest.find([']', '}']).ok_or("a range is not closed")?;
        let inner = self.rest.get(1..close).unwrap_or_default();
        let includes_last = self.rest.get(close..).is_some_and(|rest| rest.starts_with(']'));
        self.rest = self.rest.get(close + 1..).unwrap_or_default();
        let (first, last) = inner.split_once(" TO ").ok_or("a range is written [a TO b]")?;
        let bound = |text: &str, included: bool| -> Result<Bound<i64>, String> {
            match text.trim().trim_matches('"') {
                "*" => Ok(Bound::Unbounded),
                text => {
                    let at = time(text, self.now)?.as_microsecond();
                    Ok(if included { Bound::Included(at) } else { Bound::Excluded(at) })
                }
            }
        };
        Ok(Condition::Changed(bound(first, includes_first)?, bound(last, includes_last)?))
    }

    /// A word operator that stands alone.
    fn word(&mut self, word: &str) -> bool {
        let rest = self.rest.trim_start();
        match rest.strip_prefix(word) {
            Some(after)
                if after.is_empty()
                    || after.starts_with(|c: char| c.is_whitespace() || c == '(') =>
            {
                self.rest = after;
                true
            }
            _ => false,
        }
    }

    fn mark(&mut self, mark: &str) -> bool {
        let rest = self.rest.trim_start();
        let found = rest.strip_prefix(mark);
        if let Some(after) = found {
            self.rest = after;
        }
        found.is_some()
    }

    /// The meaning of a value in a field.
    fn term(&self, field: Option<&str>, value: &str) -> Result<Condition, String> {
        let all = || Condition::All(Vec::new());
        let none = || Condition::Any(Vec::new());
        let only = |holds: bool| if holds { all() } else { none() };
        let in_facet = |facet: Facet, value: String| match value.as_str() {
            "*" => Ok(Condition::Has(facet)),
            text if text.contains('*') => Err(format!("`{text}`: write a whole value, or * alone")),
            _ => Ok(Condition::Value(facet, value)),
        };
        match field {
            None | Some("text" | "title" | "notes" | "author" | "maintainer") if value == "*" => {
                Ok(all())
            }
            None | Some("text" | "title" | "notes" | "author" | "maintainer") => {
                Ok(Condition::Text(value.trim_end_matches('*').to_owned()))
            }
            Some("*") => Ok(only(value == "*")),
            Some("id" | "name") if value == "*" => Ok(all()),
            Some("id" | "name") => Ok(Condition::Id(value.to_owned())),
            Some("organization" | "owner_org") => in_facet(Facet::Provider, value.to_lowercase()),
            Some("groups") => in_facet(Facet::Theme, value.to_owned()),
            Some("tags" | "keywords") => in_facet(Facet::Keyword, value.to_owned()),
            Some("res_format") => in_facet(Facet::Format, value.to_lowercase()),
            Some("license_id") => in_facet(Facet::Licence, value.to_owned()),
            Some("division") => in_facet(Facet::Division, value.to_owned()),
            Some("kind") => in_facet(Facet::Kind, value.to_owned()),
            Some("state") => Ok(only(matches!(value, "active" | "*"))),
            Some("type" | "dataset_type") => Ok(only(matches!(value, "dataset" | "*"))),
            Some("private") => Ok(only(matches!(value, "false" | "*"))),
            Some("capacity") => Ok(only(matches!(value, "public" | "*"))),
            Some("site_id" | "entity_type") => Ok(all()),
            Some("metadata_modified") if value == "*" => Ok(all()),
            Some("metadata_modified") => {
                let at = time(value, self.now)?.as_microsecond();
                Ok(Condition::Changed(Bound::Included(at), Bound::Included(at)))
            }
            Some(other) => Err(format!("`{}` is no field; there are {FIELDS}", head(other))),
        }
    }
}

/// A time as Solr writes it: RFC 3339 with or without zone (then UTC), a day, or `NOW`
/// with steps such as `NOW/DAY-7DAYS`.
fn time(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let wrong = || format!("`{}` is no time; write 2026-01-01T00:00:00Z", head(text));
    if let Some(steps) = text.strip_prefix("NOW") {
        return stepped(steps, now).ok_or_else(wrong);
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    if let Ok(at) = text.parse::<DateTime>() {
        return TimeZone::UTC.to_timestamp(at).map_err(|_| wrong());
    }
    Err(wrong())
}

/// Steps from a time: `-7DAYS`, `+1MONTH`, `/DAY`.
fn stepped(mut steps: &str, now: Timestamp) -> Option<Timestamp> {
    let mut at = TimeZone::UTC.to_datetime(now);
    while !steps.is_empty() {
        let (sign, rest) = (steps.chars().next()?, steps.get(1..)?);
        let end = rest.find(['+', '-', '/']).unwrap_or(rest.len());
        let (step, after) = (rest.get(..end)?, rest.get(end..)?);
        steps = after;
        let digits = step.find(|c: char| !c.is_ascii_digit()).unwrap_or(step.len());
        let (number, unit) = (step.get(..digits)?, step.get(digits..)?.trim_end_matches('S'));
        if sign == '/' {
            at = floor(at, unit)?;
            continue;
        }
        let number: i64 = number.parse().ok().filter(|number| *number <= 100_000)?;
        let number = if sign == '-' { -number } else { number };
        let span = match unit {
            "YEAR" => Span::new().try_years(number),
            "MONTH" => Span::new().try_months(number),
            "DAY" => Span::new().try_days(number),
            "HOUR" => Span::new().try_hours(number),
            "MINUTE" => Span::new().try_minutes(number),
            "SECOND" => Span::new().try_seconds(number),
            _ => return None,
        };
        at = at.checked_add(span.ok()?).ok()?;
    }
    TimeZone::UTC.to_timestamp(at).ok()
}

/// The beginning of the year, month, day, hour or minute that a time lies in.
fn floor(at: DateTime, unit: &str) -> Option<DateTime> {
    let date = at.date();
    let (date, hour, minute) = match unit {
        "YEAR" => (Date::new(date.year(), 1, 1).ok()?, 0, 0),
        "MONTH" => (Date::new(date.year(), date.month(), 1).ok()?, 0, 0),
        "DAY" => (date, 0, 0),
        "HOUR" => (date, at.hour(), 0),
        "MINUTE" => (date, at.hour(), at.minute()),
        _ => return None,
    };
    Some(date.at(hour, minute, 0, 0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn now() -> Timestamp {
        "2026-12-01T10:20:30Z".parse().unwrap()
    }

    fn read(text: &str) -> Condition {
        parse(text, now()).unwrap()
    }

    fn value(facet: Facet, text: &str) -> Condition {
        Condition::Value(facet, text.to_owned())
    }

    fn micros(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_microsecond()
    }

    #[test]
    fn clauses_combine_as_in_solr() {
        assert_eq!(read(""), Condition::All(Vec::new()));
        assert_eq!(read("*:*"), Condition::All(Vec::new()));
        assert_eq!(read("+state:active"), Condition::All(Vec::new()));
        assert_eq!(read("res_format:CSV"), value(Facet::Format, "csv"));
        let both = read("tags:水 organization:ABC");
        let parts = vec![value(Facet::Keyword, "水"), value(Facet::Provider, "abc")];
        assert_eq!(both, Condition::All(parts.clone()));
        assert_eq!(read("tags:水 AND organization:ABC"), both);
        assert_eq!(read("(tags:水 OR organization:ABC)"), Condition::Any(parts));
        let not = Condition::Not(Box::new(value(Facet::Keyword, "a b")));
        assert_eq!(read(r#"-tags:"a b""#), not);
        assert_eq!(read(r#"NOT tags:"a b""#), not);
        let either = vec![value(Facet::Keyword, "a"), value(Facet::Keyword, "b")];
        assert_eq!(read("tags:(a OR b)"), Condition::Any(either));
        assert_eq!(read("tags:*"), Condition::Has(Facet::Keyword));
    }

    #[test]
    fn times_have_the_ends_and_steps_that_were_written() {
        let from = micros("2026-01-01T00:00:00Z");
        let open = Condition::Changed(Bound::Included(from), Bound::Unbounded);
        for text in ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000000Z", "2026-01-01T00:00:00"] {
            assert_eq!(read(&format!("metadata_modified:[{text} TO *]")), open, "{text}");
        }
        let week = Condition::Changed(
            Bound::Excluded(micros("2026-11-24T00:00:00Z")),
            Bound::Included(micros("2026-12-01T10:20:30Z")),
        );
        assert_eq!(read("metadata_modified:{NOW/DAY-7DAYS TO NOW]"), week);
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        for text in [
            "colour:red",
            "tags:",
            "(tags:a",
            "\"a",
            "metadata_modified:[x TO *]",
            "metadata_modified:[* *]",
            "title:[a TO b]",
            "tags:a*b",
            ")",
            "()",
        ] {
            assert!(parse(text, now()).is_err(), "{text}");
        }
        let deep = format!("{}a{}", "(".repeat(40), ")".repeat(40));
        assert!(parse(&deep, now()).is_err());
        assert!(parse(&format!("{}a", "-".repeat(8_000)), now()).is_err());
        assert!(parse(&"a ".repeat(5_000), now()).is_err());
    }

    #[test]
    fn a_query_has_so_many_terms_and_no_more() {
        let clauses = |count: usize| "tags:a ".repeat(count);
        assert_eq!(terms(&read(&clauses(MOST_TERMS))), MOST_TERMS);
        for text in [
            clauses(MOST_TERMS + 1),
            format!("tags:({})", vec!["a"; MOST_TERMS + 1].join(" OR ")),
            format!("id:x -({})", clauses(MOST_TERMS)),
        ] {
            assert_eq!(parse(&text, now()), Err(too_many()));
        }
    }

    proptest! {
        #[test]
        fn no_text_stops_the_reader(text in ".{0,60}") {
            let _answer = parse(&text, now());
        }
    }
}

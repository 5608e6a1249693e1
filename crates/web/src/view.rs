//! Pages from templates: minijinja with one environment a language, so that text
//! is picked without asking for the language in each place.

use std::collections::BTreeMap;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use minijinja::value::Serde;
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value, context};
use rust_embed::RustEmbed;
use serde::Serialize;
use vocabulary::Bilingual;

use crate::problem::Problem;
use crate::visitor::Visitor;

/// The templates, embedded.
#[derive(RustEmbed)]
#[folder = "templates/"]
struct Templates;

/// The front-end files as npm's build left them, embedded.
#[derive(RustEmbed)]
#[folder = "../../assets/dist/"]
struct Dist;

/// The language of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    /// Chinese, the first language.
    Zh,
    /// English.
    En,
}

impl Lang {
    /// The code in templates.
    pub fn code(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    /// The text in this language.
    pub fn pick(self, text: &Bilingual) -> &str {
        match self {
            Self::En if !text.en.is_empty() => &text.en,
            _ => &text.zh,
        }
    }

    /// A path of this site with the language's prefix.
    pub fn href(self, path: &str) -> String {
        match self {
            Self::En if path.starts_with('/') => format!("/en{path}"),
            _ => path.to_owned(),
        }
    }
}

/// The templates of both languages and the front-end files.
pub struct Pages {
    zh: Environment<'static>,
    en: Environment<'static>,
}

impl std::fmt::Debug for Pages {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Pages").finish_non_exhaustive()
    }
}

impl Pages {
    /// Compiles every template.
    ///
    /// # Errors
    ///
    /// The template that does not compile, with its line.
    pub fn load() -> Result<Self, Error> {
        let manifest = manifest()?;
        Ok(Self { zh: environment(Lang::Zh, &manifest)?, en: environment(Lang::En, &manifest)? })
    }

    /// Renders a page.
    ///
    /// # Errors
    ///
    /// [`Problem::internal`] if a template and its context do not fit; the log says where.
    pub fn render(
        &self,
        visitor: &Visitor,
        template: &str,
        page: impl Serialize,
    ) -> Result<Page, Problem> {
        let environment = match visitor.lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        };
        let page = Value::from(Serde(&page));
        let frame = Value::from(Serde(visitor.frame()));
        let rendered = environment
            .get_template(template)
            .and_then(|template| template.render(context! { ..page, ..frame }));
        match rendered {
            Ok(html) => Ok(Page { html, status: StatusCode::OK }),
            Err(error) => {
                tracing::error!(template, error = format!("{error:#}"), "a page did not render");
                Err(Problem::internal())
            }
        }
    }
}

/// A rendered page.
#[derive(Clone, Debug)]
pub struct Page {
    html: String,
    status: StatusCode,
}

impl Page {
    /// The same page with another status, e.g. for a form with mistakes.
    #[must_use]
    pub fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let kind = HeaderValue::from_static("text/html; charset=utf-8");
        let mut response = (self.status, self.html).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }
}

/// A front-end file by its hashed name: content, media type.
pub(crate) fn front_end_file(
    name: &str,
) -> Option<(std::borrow::Cow<'static, [u8]>, &'static str)> {
    let file = Dist::get(name)?;
    let kind = match name.rsplit('.').next()? {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "json" => "application/json",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    };
    Some((file.data, kind))
}

/// Plain names to hashed names.
fn manifest() -> Result<BTreeMap<String, String>, Error> {
    let missing = || {
        Error::new(
            ErrorKind::TemplateNotFound,
            "assets/dist/manifest.json is missing: run `make assets`",
        )
    };
    let file = Dist::get("manifest.json").ok_or_else(missing)?;
    serde_json::from_slice(&file.data)
        .map_err(|error| Error::new(ErrorKind::BadSerialization, error.to_string()))
}

/// The environment of a language with every template.
fn environment(
    lang: Lang,
    manifest: &BTreeMap<String, String>,
) -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_function("t", move |zh: String, en: String| match lang {
        Lang::Zh => zh,
        Lang::En => en,
    });
    environment.add_function("href", move |path: String| lang.href(&path));
    let names = manifest.clone();
    environment.add_function("asset", move |name: String| match names.get(&name) {
        Some(hashed) => Ok(format!("/assets/{hashed}")),
        None => Err(Error::new(ErrorKind::InvalidOperation, format!("no front-end file `{name}`"))),
    });
    environment.add_filter("l", move |text: Value| local(lang, &text));
    environment.add_filter("num", move |number: Value| with_units(lang, &number));
    environment.add_filter("exact", |number: Value| grouped(&number));
    environment.add_filter("bytes", |bytes: f64| size(bytes));
    environment.add_filter("date", move |text: String| date(lang, &text));
    environment.add_filter("datetime", move |text: String| datetime(lang, &text));
    environment.add_filter("percent", |share: f64, digits: Option<usize>| {
        format!("{:.*}%", digits.unwrap_or(1), share * 100.0)
    });
    for name in Templates::iter() {
        let Some(file) = Templates::get(&name) else { continue };
        let source = String::from_utf8_lossy(&file.data).into_owned();
        environment.add_template_owned(name.into_owned(), source)?;
    }
    Ok(environment)
}

/// The text of the language; a plain string passes through.
fn local(lang: Lang, text: &Value) -> Value {
    let pick = |key: &str| text.get_attr(key).ok().filter(|value| !value.is_undefined());
    let chosen = match lang {
        Lang::Zh => pick("zh"),
        Lang::En => pick("en")
            .filter(|value| value.as_str().is_none_or(|text| !text.is_empty()))
            .or_else(|| pick("zh")),
    };
    chosen.unwrap_or_else(|| text.clone())
}

/// A number with all digits and separators.
fn grouped(number: &Value) -> String {
    let text = match i64::try_from(number.clone()) {
        Ok(whole) => whole.to_string(),
        Err(_) => match f64::try_from(number.clone()) {
            Ok(number) => significant(number),
            Err(_) => return number.to_string(),
        },
    };
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(w, f)| (w, Some(f)));
    let mut out = String::from(sign);
    for (position, digit) in whole.chars().enumerate() {
        if position > 0 && (whole.len() - position).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// A number with at most six digits after the point and no zeros at the end.
fn significant(number: f64) -> String {
    let text = format!("{number:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A number for reading: 万 and 亿 in Chinese, separators in English.
fn with_units(lang: Lang, number: &Value) -> String {
    let value = f64::try_from(number.clone()).unwrap_or(0.0);
    if lang == Lang::En || value.abs() < 10_000.0 {
        return grouped(number);
    }
    let (unit, name) = if value.abs() >= 1e8 { (1e8, "亿") } else { (1e4, "万") };
    let text = format!("{:.2}", value / unit);
    format!("{} {name}", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A size in decimal units.
fn size(bytes: f64) -> String {
    let mut value = bytes;
    for unit in ["B", "KB", "MB"] {
        if value < 1000.0 {
            return if unit == "B" {
                format!("{value:.0} B")
            } else {
                format!("{value:.1} {unit}")
            };
        }
        value /= 1000.0;
    }
    format!("{value:.1} GB")
}

/// A date as people write it.
fn date(lang: Lang, text: &str) -> String {
    let Some(date) = day_of(text) else { return text.to_owned() };
    match lang {
        Lang::Zh => format!("{}年{}月{}日", date.year(), date.month(), date.day()),
        Lang::En => date.strftime("%-d %B %Y").to_string(),
    }
}

/// A date and time as people write them, in Shanxi's time.
/// The day of an instant in China, as people write it.
pub(crate) fn day_in_words(at: jiff::Timestamp) -> Bilingual {
    let text = at.to_string();
    Bilingual::new(date(Lang::Zh, &text), date(Lang::En, &text))
}

pub(crate) fn datetime(lang: Lang, text: &str) -> String {
    match text.parse::<jiff::Timestamp>() {
        Ok(time) => {
            let local = time.to_zoned_datetime(china());
            format!("{} {}", date(lang, &local.date().to_string()), local.strftime("%H:%M"))
        }
        Err(_) => date(lang, text),
    }
}

/// The day that a date or a time falls on in Shanxi.
fn day_of(text: &str) -> Option<Date> {
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Some(time.to_zoned_datetime(china()).date());
    }
    text.get(..10)?.parse().ok()
}

/// The time of Shanxi: eight hours ahead of UTC, without daylight saving.
pub(crate) fn china() -> TimeZone {
    TimeZone::fixed(jiff::tz::offset(8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_dates_and_sizes_read_as_people_write_them() {
        assert_eq!(grouped(&Value::from(1_234_567)), "1,234,567");
        assert_eq!(grouped(&Value::from(-1234.5)), "-1,234.5");
        assert_eq!(with_units(Lang::Zh, &Value::from(200_000)), "20 万");
        assert_eq!(with_units(Lang::En, &Value::from(200_000)), "200,000");
        assert_eq!(size(999.0), "999 B");
        assert_eq!(size(1_540_000_000.0), "1.5 GB");
        assert_eq!(date(Lang::Zh, "2026-12-01"), "2026年12月1日");
        assert_eq!(datetime(Lang::En, "2026-11-30T16:30:00Z"), "1 December 2026 00:30");
    }
}

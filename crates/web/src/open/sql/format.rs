//! The formats of an answer.

use axum::http::{HeaderMap, header};

use crate::problem::Problem;

/// A format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Ndjson,
    Csv,
    Parquet,
    Arrow,
}

impl Format {
    const ALL: [Self; 5] = [Self::Json, Self::Ndjson, Self::Csv, Self::Parquet, Self::Arrow];

    /// The format of the parameter, else the first of `Accept` that is known, else JSON.
    ///
    /// # Errors
    ///
    /// A bad request for a parameter that names none.
    pub(super) fn asked(parameter: Option<&str>, headers: &HeaderMap) -> Result<Self, Problem> {
        if let Some(name) = parameter.filter(|name| !name.is_empty()) {
            return Self::ALL.into_iter().find(|format| format.name() == name).ok_or_else(|| {
                Problem::bad_request(
                    format!("format 为 `{name}`，应为 json、ndjson、csv、parquet 或 arrow。"),
                    format!("format is `{name}`; it is json, ndjson, csv, parquet or arrow."),
                )
            });
        }
        let accepted =
            headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let mut kinds = accepted
            .flat_map(|value| value.split(','))
            .map(|kind| kind.split(';').next().unwrap_or_default().trim());
        let known =
            kinds.find_map(|kind| Self::ALL.into_iter().find(|format| format.bare_type() == kind));
        Ok(known.unwrap_or(Self::Json))
    }

    /// The word in addresses, and the end of a file's name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
        }
    }

    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            other => other.bare_type(),
        }
    }

    /// The media type without parameters.
    fn bare_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Arrow => "application/vnd.apache.arrow.stream",
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_parameter_goes_before_the_header_and_json_is_the_rest() {
        let accepting = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(text));
            headers
        };
        let asked = |parameter, headers: &HeaderMap| Format::asked(parameter, headers).unwrap();
        assert_eq!(asked(None, &HeaderMap::new()), Format::Json);
        assert_eq!(asked(None, &accepting("text/html, */*")), Format::Json);
        assert_eq!(asked(None, &accepting("text/plain, text/csv;q=0.9")), Format::Csv);
        assert_eq!(asked(Some("parquet"), &accepting("text/csv")), Format::Parquet);
        assert!(Format::asked(Some("xlsx"), &HeaderMap::new()).is_err());
    }
}

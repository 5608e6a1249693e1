//! Verbs and arguments of OAI-PMH, and everything that may be wrong with them.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use vocabulary::AssetId;

/// An error in the protocol's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OaiError {
    BadVerb(String),
    BadArgument(String),
    CannotDisseminateFormat(String),
    IdDoesNotExist(String),
    NoRecordsMatch,
    BadResumptionToken,
}

impl OaiError {
    /// The code and a sentence.
    pub(super) fn parts(&self) -> (&'static str, String) {
        match self {
            Self::BadVerb(text) => ("badVerb", text.clone()),
            Self::BadArgument(text) => ("badArgument", text.clone()),
            Self::CannotDisseminateFormat(prefix) => (
                "cannotDisseminateFormat",
                format!("there is no format `{prefix}`; there are oai_dc and dcat_ap"),
            ),
            Self::IdDoesNotExist(id) => ("idDoesNotExist", format!("there is no record `{id}`")),
            Self::NoRecordsMatch => ("noRecordsMatch", "no record matches".to_owned()),
            Self::BadResumptionToken => (
                "badResumptionToken",
                "the token is none of this repository; begin the list again".to_owned(),
            ),
        }
    }
}

/// A metadata format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    OaiDc,
    DcatAp,
}

impl Format {
    pub(super) const ALL: [Self; 2] = [Self::OaiDc, Self::DcatAp];

    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::OaiDc => "oai_dc",
            Self::DcatAp => "dcat_ap",
        }
    }

    pub(super) fn schema(self) -> &'static str {
        match self {
            Self::OaiDc => "http://www.openarchives.org/OAI/2.0/oai_dc.xsd",
            Self::DcatAp => "http://www.openarchives.org/OAI/2.0/rdf.xsd",
        }
    }

    pub(super) fn namespace(self) -> &'static str {
        match self {
            Self::OaiDc => "http://www.openarchives.org/OAI/2.0/oai_dc/",
            Self::DcatAp => "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
        }
    }

    fn of(prefix: &str) -> Result<Self, OaiError> {
        let found = Self::ALL.into_iter().find(|format| format.prefix() == prefix);
        found.ok_or_else(|| OaiError::CannotDisseminateFormat(prefix.chars().take(40).collect()))
    }
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Identify,
    ListMetadataFormats { identifier: Option<String> },
    ListSets,
    GetRecord { identifier: String, format: Format },
    List(Harvest),
}

/// A list of records or of their headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Harvest {
    /// Records, and not their headers alone.
    pub(super) with_records: bool,
    pub(super) format: Format,
    pub(super) from: Option<String>,
    pub(super) until: Option<String>,
    pub(super) theme: Option<String>,
    /// Where the answer before ended.
    pub(super) after: Option<(Timestamp, AssetId)>,
    /// Records in the answers before.
    pub(super) seen: u64,
}

/// A token, short names because it travels in addresses.
#[derive(Serialize, Deserialize)]
struct Token {
    r: bool,
    p: String,
    f: Option<String>,
    u: Option<String>,
    t: Option<String>,
    a: i64,
    i: String,
    n: u64,
}

impl Harvest {
    /// The token of the next answer.
    pub(super) fn token_after(&self, at: Timestamp, id: AssetId, seen: u64) -> String {
        let token = Token {
            r: self.with_records,
            p: self.format.prefix().to_owned(),
            f: self.from.clone(),
            u: self.until.clone(),
            t: self.theme.clone(),
            a: at.as_microsecond(),
            i: id.to_string(),
            n: seen,
        };
        let text = serde_json::to_vec(&token).unwrap_or_default();
        BASE64_URL_SAFE_NO_PAD.encode(text)
    }

    /// The list that a token goes on with.
    fn of_token(text: &str, with_records: bool) -> Result<Self, OaiError> {
        let bad = || OaiError::BadResumptionToken;
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| bad())?;
        let token: Token = serde_json::from_slice(&bytes).map_err(|_| bad())?;
        let is_time = |text: &Option<String>| {
            text.as_deref().is_none_or(|text| day_or_second(text).is_some())
        };
        if token.r != with_records || !is_time(&token.f) || !is_time(&token.u) {
            return Err(bad());
        }
        let at = Timestamp::from_microsecond(token.a).map_err(|_| bad())?;
        Ok(Self {
            with_records,
            format: Format::of(&token.p).map_err(|_| bad())?,
            from: token.f,
            until: token.u,
            theme: token.t,
            after: Some((at, token.i.parse().map_err(|_| bad())?)),
            seen: token.n,
        })
    }
}

/// The arguments in their order.
pub(super) fn pairs(query: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query).into_owned().collect()
}

/// The arguments that a verb takes beside `verb`.
fn taken(verb: &str) -> Option<&'static [&'static str]> {
    Some(match verb {
        "Identify" => &[],
        "ListMetadataFormats" => &["identifier"],
        "ListSets" => &["resumptionToken"],
        "GetRecord" => &["identifier", "metadataPrefix"],
        "ListIdentifiers" | "ListRecords" => {
            &["from", "until", "set", "metadataPrefix", "resumptionToken"]
        }
        _ => return None,
    })
}

/// Reads verb and arguments.
///
/// # Errors
///
/// [`OaiError`].
pub(super) fn read(given: &[(String, String)]) -> Result<Verb, OaiError> {
    let verbs: Vec<&str> =
        given.iter().filter(|(name, _)| name == "verb").map(|(_, verb)| verb.as_str()).collect();
    let verb = match verbs.as_slice() {
        [verb] => *verb,
        [] => return Err(OaiError::BadVerb("the argument verb is missing".to_owned())),
        _ => return Err(OaiError::BadVerb("the argument verb is repeated".to_owned())),
    };
    let shown: String = verb.chars().take(40).collect();
    let taken =
        taken(verb).ok_or_else(|| OaiError::BadVerb(format!("there is no verb `{shown}`")))?;
    for (at, (name, _)) in given.iter().enumerate() {
        let name: &str = name;
        if name != "verb" && !taken.contains(&name) {
            let name: String = name.chars().take(40).collect();
            return Err(OaiError::BadArgument(format!("{verb} takes no argument `{name}`")));
        }
        if given.iter().take(at).any(|(earlier, _)| earlier == name) {
            return Err(OaiError::BadArgument(format!("the argument `{name}` is repeated")));
        }
    }
    let argument =
        |name: &str| given.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let required = |name: &str| {
        argument(name)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| OaiError::BadArgument(format!("{verb} needs the argument `{name}`")))
    };
    match verb {
        "Identify" => Ok(Verb::Identify),
        "ListMetadataFormats" => {
            Ok(Verb::ListMetadataFormats { identifier: argument("identifier") })
        }
        "ListSets" => match argument("resumptionToken") {
            None => Ok(Verb::ListSets),
            Some(_) => Err(OaiError::BadResumptionToken),
        },
        "GetRecord" => {
            let identifier = required("identifier")?;
            Ok(Verb::GetRecord { identifier, format: Format::of(&required("metadataPrefix")?)? })
        }
        _ => list(verb == "ListRecords", given.len(), argument, required).map(Verb::List),
    }
}

fn list(
    with_records: bool,
    count: usize,
    argument: impl Fn(&str) -> Option<String>,
    required: impl Fn(&str) -> Result<String, OaiError>,
) -> Result<Harvest, OaiError> {
    if let Some(token) = argument("resumptionToken") {
        if count > 2 {
            let text = "resumptionToken stands alone, without other arguments";
            return Err(OaiError::BadArgument(text.to_owned()));
        }
        return Harvest::of_token(&token, with_records);
    }
    let format = Format::of(&required("metadataPrefix")?)?;
    let (from, until) = (argument("from"), argument("until"));
    let span = |name: &str, text: &Option<String>| match text {
        None => Ok(None),
        Some(text) => day_or_second(text).map(Some).ok_or_else(|| {
            OaiError::BadArgument(format!("{name} is written 2026-01-31 or 2026-01-31T08:00:00Z"))
        }),
    };
    let (begin, end) = (span("from", &from)?, span("until", &until)?);
    if let (Some(begin), Some(end)) = (begin, end) {
        let lengths = (from.as_ref().map(String::len), until.as_ref().map(String::len));
        if lengths.0 != lengths.1 {
            let text = "from and until must have the same granularity";
            return Err(OaiError::BadArgument(text.to_owned()));
        }
        if begin.0 >= end.1 {
            return Err(OaiError::BadArgument("from is later than until".to_owned()));
        }
    }
    let theme = match argument("set") {
        None => None,
        Some(set) => {
            let theme = set.strip_prefix("theme:").unwrap_or_default().to_owned();
            // A set that is not there holds no record.
            Some(if law::entry("theme", &theme).is_some() { theme } else { String::new() })
        }
    };
    Ok(Harvest { with_records, format, from, until, theme, after: None, seen: 0 })
}

/// The time that a day or a second spans: its beginning and the beginning of the next.
pub(super) fn day_or_second(text: &str) -> Option<(Timestamp, Timestamp)> {
    match text.len() {
        10 => {
            let day: jiff::civil::Date = text.parse().ok()?;
            let begin = TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok()?;
            Some((begin, begin.checked_add(SignedDuration::from_hours(24)).ok()?))
        }
        20 if text.ends_with('Z') => {
            let begin: Timestamp = text.parse().ok()?;
            Some((begin, begin.checked_add(SignedDuration::from_secs(1)).ok()?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asked(query: &str) -> Result<Verb, OaiError> {
        read(&pairs(query.as_bytes()))
    }

    fn code(query: &str) -> &'static str {
        asked(query).unwrap_err().parts().0
    }

    #[test]
    fn every_mistake_has_the_code_of_the_protocol() {
        for (query, expected) in [
            ("", "badVerb"),
            ("verb=Nothing", "badVerb"),
            ("verb=Identify&verb=Identify", "badVerb"),
            ("verb=Identify&x=1", "badArgument"),
            ("verb=ListRecords", "badArgument"),
            ("verb=GetRecord&metadataPrefix=oai_dc", "badArgument"),
            ("verb=ListRecords&metadataPrefix=oai_dc&metadataPrefix=oai_dc", "badArgument"),
            ("verb=ListRecords&metadataPrefix=marc", "cannotDisseminateFormat"),
            ("verb=ListRecords&metadataPrefix=oai_dc&from=yesterday", "badArgument"),
            ("verb=ListRecords&metadataPrefix=oai_dc&from=2026-02-30", "badArgument"),
            (
                "verb=ListRecords&metadataPrefix=oai_dc&from=2026-01-02&until=2026-01-01",
                "badArgument",
            ),
            (
                "verb=ListRecords&metadataPrefix=oai_dc&from=2026-01-01&until=2026-01-01T00:00:00Z",
                "badArgument",
            ),
            ("verb=ListRecords&resumptionToken=x", "badResumptionToken"),
            ("verb=ListSets&resumptionToken=x", "badResumptionToken"),
            ("verb=ListRecords&resumptionToken=x&metadataPrefix=oai_dc", "badArgument"),
        ] {
            assert_eq!(code(query), expected, "{query}");
        }
        let same_day = "verb=ListRecords&metadataPrefix=oai_dc&from=2026-01-01&until=2026-01-01";
        assert!(asked(same_day).is_ok());
    }

    #[test]
    fn a_token_goes_on_with_the_same_list_and_no_other() {
        let query = "verb=ListRecords&metadataPrefix=dcat_ap&from=2026-01-01&set=theme:health";
        let Verb::List(first) = asked(query).unwrap() else { panic!("a list") };
        let at: Timestamp = "2026-03-04T05:06:07.123456Z".parse().unwrap();
        let id: AssetId = "0190c2f0-5b7e-7c1a-9f00-0123456789ab".parse().unwrap();
        let token = first.token_after(at, id, 100);
        let next = asked(&format!("verb=ListRecords&resumptionToken={token}")).unwrap();
        assert_eq!(next, Verb::List(Harvest { after: Some((at, id)), seen: 100, ..first }));
        assert_eq!(
            code(&format!("verb=ListIdentifiers&resumptionToken={token}")),
            "badResumptionToken"
        );
    }

    proptest! {
        #[test]
        fn no_query_stops_the_reader(query in ".{0,80}") {
            let _answer = asked(&query);
        }
    }
}

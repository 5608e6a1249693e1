//! What a request costs: six classes, by method and route.
//!
//! Some interfaces are read by POST as well, since parameters can be too long for an
//! address. What is read so costs what it costs by GET.

use axum::http::Method;
use vocabulary::Bilingual;

use crate::protocols::ckan;

/// Requests that are paid for with the same tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Class {
    /// Pages, descriptions, files of the front end: what costs little.
    Read,
    /// Searches, and rows and groups of a table.
    Query,
    /// Whole tables.
    Download,
    /// Attempts to sign in.
    SignIn,
    /// Cases, reuses and ratings that anyone files without signing in.
    Filing,
    /// Whatever changes something.
    Write,
}

/// The routes of the CKAN action API.
const ACTIONS: [&str; 2] = ["/api/action/{name}", "/api/3/action/{name}"];

/// The route of OAI-PMH, which changes nothing.
const OAI: &str = "/oai";

/// The route of read-only SQL.
const SQL: &str = "/api/v1/sql";

/// The route of data that were granted; the code of the case comes in the body.
const GRANTED: &str = "/api/v1/requests/{number}/data/{format}";

/// Routes that search, or read rows, without the prefix of the language.
const QUERIES: [&str; 24] = [
    "/search",
    "/dataset/{id}",
    "/dataset/{id}/explore",
    "/dataset/{id}/explore/groups.csv",
    "/api/v1/datasets",
    "/api/v1/datasets/{id}/rows",
    "/api/v1/datasets/{id}/groups",
    "/dataset/{id}/chart",
    "/dataset/{id}/chart.svg",
    "/dataset/{id}/differences",
    "/api/v1/datasets/{id}/differences",
    "/sql",
    "/api/v1/sql/tables",
    SQL,
    "/catalog.ttl",
    "/catalog.rdf",
    "/catalog.jsonld",
    ACTIONS[0],
    ACTIONS[1],
    OAI,
    "/feed.atom",
    "/body/{code}/feed.atom",
    "/dataset/{id}/feed.atom",
    "/desk/assets",
];

/// Routes that send whole tables.
const DOWNLOADS: [&str; 9] = [
    "/api/v1/datasets/{id}/download/{format}",
    "/requests/own/{number}/{code}/data/{format}",
    GRANTED,
    "/api/v1/assets/{id}/versions/{number}/quarantine.csv",
    "/desk/audit.csv",
    "/catalog/dump.nt",
    "/catalog/dump.ttl",
    "/data.json",
    "/datastore/dump/{id}",
];

/// Routes by which anyone files a case or submits a reuse.
const FILINGS: [&str; 6] = [
    "/requests/new",
    "/api/v1/requests",
    "/reuses/new",
    "/api/v1/reuses",
    "/dataset/{id}/rating",
    "/api/v1/datasets/{id}/ratings",
];

/// Whether the program lives is asked by monitoring, as often as it likes.
const NEVER_LIMITED: &str = "/healthz";

impl Class {
    /// All of them.
    pub(crate) const ALL: [Self; 6] =
        [Self::Read, Self::Query, Self::Download, Self::SignIn, Self::Filing, Self::Write];

    /// The class of a request; `None` for what is never limited.
    ///
    /// - `route`: the route that it matched, e.g. `/en/dataset/{id}`; empty for none.
    /// - `path`: its path.
    pub(crate) fn of(method: &Method, route: &str, path: &str) -> Option<Self> {
        let route = match route.strip_prefix("/en") {
            Some(rest) if rest.starts_with('/') => rest,
            _ => route,
        };
        if route == NEVER_LIMITED {
            return None;
        }
        let reads = method.is_safe() || *method == Method::POST && reads_by_post(route, path);
        Some(match (reads, route) {
            (false, "/sign-in") => Self::SignIn,
            (false, route) if FILINGS.contains(&route) => Self::Filing,
            (false, _) => Self::Write,
            (true, route) if DOWNLOADS.contains(&route) => Self::Download,
            (true, route) if QUERIES.contains(&route) => Self::Query,
            (true, _) => Self::Read,
        })
    }

    /// The word in settings, metrics and header fields.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Query => "query",
            Self::Download => "download",
            Self::SignIn => "sign_in",
            Self::Filing => "filing",
            Self::Write => "write",
        }
    }

    /// What people call it.
    pub(crate) fn words(self) -> Bilingual {
        let (zh, en) = match self {
            Self::Read => ("访问", "requests"),
            Self::Query => ("检索和查询", "searches and queries"),
            Self::Download => ("下载", "downloads"),
            Self::SignIn => ("登录", "attempts to sign in"),
            Self::Filing => ("提交诉求", "cases filed"),
            Self::Write => ("提交", "changes"),
        };
        Bilingual::new(zh, en)
    }
}

/// Whether a POST changes nothing.
fn reads_by_post(route: &str, path: &str) -> bool {
    [OAI, SQL, GRANTED].contains(&route) || ACTIONS.contains(&route) && ckan::changes_nothing(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_paid_for_by_what_it_costs() {
        for (method, route, class) in [
            (Method::GET, "/", Some(Class::Read)),
            (Method::GET, "", Some(Class::Read)),
            (Method::GET, "/en/search", Some(Class::Query)),
            (Method::GET, "/search", Some(Class::Query)),
            (Method::HEAD, "/api/v1/datasets/{id}/rows", Some(Class::Query)),
            (Method::POST, "/api/v1/requests/{number}/data/{format}", Some(Class::Download)),
            (Method::GET, "/api/v1/datasets/{id}/download/{format}", Some(Class::Download)),
            (Method::GET, "/en/sign-in", Some(Class::Read)),
            (Method::POST, "/en/sign-in", Some(Class::SignIn)),
            (Method::POST, "/sign-in", Some(Class::SignIn)),
            (Method::GET, "/en/requests/new", Some(Class::Read)),
            (Method::POST, "/en/requests/new", Some(Class::Filing)),
            (Method::POST, "/api/v1/requests", Some(Class::Filing)),
            (Method::POST, "/api/v1/requests/{number}/supplement", Some(Class::Write)),
            (Method::PATCH, "/api/v1/uploads/{id}", Some(Class::Write)),
            (Method::DELETE, "/nothing", Some(Class::Write)),
            (Method::GET, "/healthz", None),
        ] {
            assert_eq!(Class::of(&method, route, route), class, "{method} {route}");
        }
    }

    #[test]
    fn what_is_read_by_post_is_no_change() {
        let of = |method: &Method, route: &str, path: &str| Class::of(method, route, path).unwrap();
        for (name, class) in [
            ("package_search", Class::Query),
            ("datastore_search", Class::Query),
            ("user_list", Class::Query),
            ("package_create", Class::Write),
            ("package_delete", Class::Write),
            // The same action to whoever carries it out.
            ("package%5Fcreate", Class::Write),
            ("no_such_action", Class::Write),
        ] {
            for route in ACTIONS {
                let path = route.replace("{name}", name);
                assert_eq!(of(&Method::POST, route, &path), class, "{path}");
            }
        }
        assert_eq!(of(&Method::POST, OAI, OAI), Class::Query);
        assert_eq!(of(&Method::POST, SQL, SQL), Class::Query);
        assert_eq!(of(&Method::DELETE, OAI, OAI), Class::Write);
        assert_eq!(of(&Method::POST, "/evidence", "/evidence"), Class::Write);
    }
}

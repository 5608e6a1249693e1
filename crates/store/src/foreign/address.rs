//! The address of a foreign table, as it is written and as it may be shown.

use std::fmt;

use url::Url;

use super::ForeignError;

/// The settings of an address that the driver knows, and whether a message may show them:
/// a password and where a key lies are not shown, nor are options, which may hold anything.
pub(super) const SETTINGS: [(&str, bool); 12] = [
    ("host", true),
    ("hostaddr", true),
    ("port", true),
    ("dbname", true),
    ("user", true),
    ("password", false),
    ("sslmode", true),
    ("sslrootcert", false),
    ("sslcert", false),
    ("sslkey", false),
    ("application_name", false),
    ("options", false),
];

/// Where a foreign table is.
#[derive(Clone, PartialEq, Eq)]
pub struct ForeignAddress {
    pub(super) engine: Engine,
    /// Schema, if one is named, and table.
    pub(super) table: Vec<String>,
    shown: String,
}

/// Which database it is in, and how it is reached.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Engine {
    /// Address with user and password, without the table.
    Postgres(String),
    /// Path of the file.
    Sqlite(String),
}

impl fmt::Debug for ForeignAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("ForeignAddress").field(&self.shown).finish()
    }
}

impl fmt::Display for ForeignAddress {
    /// The address without its password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

impl ForeignAddress {
    /// Whether a text is meant as an address: it begins as one.
    pub fn is_meant(text: &str) -> bool {
        ["postgres://", "postgresql://", "sqlite:"].iter().any(|scheme| text.starts_with(scheme))
    }

    /// Reads `postgres://user@host/database?table=schema.name` or
    /// `sqlite:FILE?table=NAME`. A point in a name stands between schema and table.
    ///
    /// # Errors
    ///
    /// [`ForeignError::Address`] and [`ForeignError::Setting`], which do not repeat the text.
    pub fn parse(text: &str) -> Result<Self, ForeignError> {
        if let Some(rest) = text.strip_prefix("sqlite:") {
            let (path, table) = rest.rsplit_once("?table=").ok_or(ForeignError::Address)?;
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || table.is_empty() {
                return Err(ForeignError::Address);
            }
            return Ok(Self {
                engine: Engine::Sqlite(path.to_owned()),
                table: vec![table.to_owned()],
                shown: text.to_owned(),
            });
        }
        let mut url: Url = text.parse().map_err(|_| ForeignError::Address)?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(ForeignError::Address);
        }
        let pairs = url.query_pairs().into_owned();
        let (named, others): (Vec<_>, Vec<_>) = pairs.partition(|(name, _)| name == "table");
        let [(_, table)] = named.as_slice() else { return Err(ForeignError::Address) };
        let table: Vec<String> = match table.split_once('.') {
            Some((schema, table)) => vec![schema.to_owned(), table.to_owned()],
            None => vec![table.clone()],
        };
        if table.iter().any(String::is_empty) {
            return Err(ForeignError::Address);
        }
        // The driver would leave it out, and note it with its value in the log.
        let shown_by = |name: &str| SETTINGS.iter().find(|(known, _)| *known == name);
        if others.iter().any(|(name, _)| shown_by(name).is_none()) {
            return Err(ForeignError::Setting);
        }
        url.set_query(None);
        if !others.is_empty() {
            url.query_pairs_mut().extend_pairs(&others);
        }
        let connect = url.to_string();
        if url.password().is_some() {
            url.set_password(None).map_err(|()| ForeignError::Address)?;
        }
        url.set_query(None);
        for (name, value) in &others {
            if shown_by(name).is_some_and(|(_, is_shown)| *is_shown) {
                url.query_pairs_mut().append_pair(name, value);
            }
        }
        url.query_pairs_mut().append_pair("table", &table.join("."));
        Ok(Self { engine: Engine::Postgres(connect), table, shown: url.to_string() })
    }

    pub(super) fn quoted_table(&self) -> String {
        let parts: Vec<String> = self.table.iter().map(|part| quoted(part)).collect();
        parts.join(".")
    }

    pub(super) fn no_table(&self) -> ForeignError {
        ForeignError::NoTable { table: self.table.join(".") }
    }
}

/// A name as both engines read it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{ForeignAddress, ForeignError};

    proptest! {
        #[test]
        fn no_password_whatever_it_is_is_shown_and_the_table_is_found(
            password in "[a-zA-Z0-9!$'()*,;%]{9,20}",
            table in "[a-z\\p{Han}]{1,9}",
        ) {
            let text = format!("postgres://li:{password}@db/stadt?table={table}");
            if let Ok(address) = ForeignAddress::parse(&text) {
                let shown = format!("{address} {address:?}");
                prop_assert!(!shown.contains(&password), "{}", shown);
                prop_assert_eq!(address.quoted_table(), format!("\"{table}\""));
            }
        }
    }

    #[test]
    fn a_password_in_an_address_is_never_shown() {
        let text = "postgres://li:geheim@db:5433/stadt?sslmode=require&password=nochmal&table=a.b";
        let address = ForeignAddress::parse(text).unwrap();
        for shown in [address.to_string(), format!("{address:?}")] {
            assert!(!shown.contains("geheim") && !shown.contains("nochmal"), "{shown}");
            assert!(shown.contains("table=a.b") && shown.contains("db:5433"), "{shown}");
        }
        let path = "postgres://li@db/stadt?sslkey=/geheim/li.pem&options=-c%20a=geheim&table=a";
        let shown = ForeignAddress::parse(path).unwrap().to_string();
        assert_eq!(shown, "postgres://li@db/stadt?table=a");
        for misspelt in ["passwd=geheim", "Password=geheim", "pass=geheim", "geheim"] {
            let text = format!("postgres://li@db/stadt?{misspelt}&table=a");
            let error = ForeignAddress::parse(&text).unwrap_err();
            assert_eq!(error, ForeignError::Setting);
            assert!(!error.to_string().contains("geheim"), "{error}");
        }
        let wrong = ForeignAddress::parse("postgres://li:geheim@db/stadt").unwrap_err();
        assert!(!wrong.to_string().contains("geheim"), "{wrong}");
        assert_eq!(address.quoted_table(), "\"a\".\"b\"");
    }

    #[test]
    fn a_name_is_quoted_and_a_path_is_taken_as_it_is() {
        let address = ForeignAddress::parse("sqlite:/data/人口.db?table=a\"b").unwrap();
        assert_eq!(address.quoted_table(), "\"a\"\"b\"");
        for wrong in ["sqlite:x.db", "sqlite:?table=a", "sqlite:x.db?table=", "mysql://a/b?table=c"]
        {
            assert!(ForeignAddress::parse(wrong).is_err(), "{wrong}");
        }
    }
}

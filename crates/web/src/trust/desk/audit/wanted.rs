//! What is looked for in the audit trail: what was typed, and the search it means.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use trust::audit::Filter;
use vocabulary::time::china;
use vocabulary::{AccountId, AssetId, Bilingual};

use crate::app::App;
use crate::desk::failed;
use crate::parts::FormProblem;
use crate::problem::Problem;

/// What is looked for, as it was typed.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Params {
    who: String,
    target: String,
    what: String,
    from: String,
    to: String,
    /// Only records older than this one.
    #[serde(skip_serializing)]
    before: String,
}

impl Params {
    /// The query of a link to the same records.
    pub(super) fn query(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("who", &self.who),
            ("target", &self.target),
            ("what", &self.what),
            ("from", &self.from),
            ("to", &self.to),
        ] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        query.finish()
    }

    /// What is looked for, or what is wrong with what was typed.
    pub(super) async fn filter(
        &self,
        app: &App,
    ) -> Result<Result<Filter, Vec<FormProblem>>, Problem> {
        let mut errors = Vec::new();
        let mut account = None;
        if !self.who.trim().is_empty() {
            account = account_named(app, self.who.trim()).await?;
            if account.is_none() {
                let text = Bilingual::new(
                    "没有这个账户，请填写账户名或账户编号。",
                    "No such account; give its login or its number.",
                );
                errors.push(FormProblem::new("who", text));
            }
        }
        let from = day(&self.from, "from", &mut errors).and_then(start_of);
        let to = day(&self.to, "to", &mut errors);
        if !errors.is_empty() {
            return Ok(Err(errors));
        }
        Ok(Ok(Filter {
            subject: subject(&self.target),
            account,
            kind: Some(self.what.clone()).filter(|kind| !kind.is_empty()),
            from,
            // The last day counts as a whole.
            until: to.and_then(|day| day.tomorrow().ok()).and_then(start_of),
            before: self.before.parse().ok(),
            ..Filter::default()
        }))
    }
}

/// A day that was typed; a text that is none is a mistake.
fn day(typed: &str, field: &str, errors: &mut Vec<FormProblem>) -> Option<Date> {
    let typed = typed.trim();
    if typed.is_empty() {
        return None;
    }
    let day = typed.parse::<Date>().ok();
    if day.is_none() {
        let text = Bilingual::new("日期写作 2026-11-24。", "Write the date as 2026-11-24.");
        errors.push(FormProblem::new(field, text));
    }
    day
}

/// The first instant of a day in China.
fn start_of(day: Date) -> Option<Timestamp> {
    china().to_timestamp(day.at(0, 0, 0, 0)).ok()
}

/// The subject that was typed: an asset's number or the address of its page, or a
/// subject as the trail writes it.
fn subject(typed: &str) -> Option<String> {
    let typed = typed.trim();
    if typed.is_empty() {
        return None;
    }
    let last = typed.trim_end_matches('/').rsplit('/').next().unwrap_or(typed);
    match last.parse::<AssetId>() {
        Ok(id) => Some(format!("asset:{id}")),
        Err(_) => Some(typed.to_owned()),
    }
}

/// The account with this login or number.
async fn account_named(app: &App, who: &str) -> Result<Option<AccountId>, Problem> {
    if let Ok(id) = who.parse::<AccountId>() {
        return Ok(Some(id));
    }
    let mut reader = app.platform.store.read().await.map_err(failed)?;
    let found = trust::identity::find_account_by_login(&mut reader, who).await.map_err(failed)?;
    Ok(found.map(|account| account.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_is_found_by_its_number_and_by_its_address() {
        let id = "0199b2c4-7d31-7a10-8f3e-2b1c4d5e6f70";
        let expected = Some(format!("asset:{id}"));
        assert_eq!(subject(id), expected);
        assert_eq!(subject(&format!(" https://data.example/en/desk/assets/{id}/ ")), expected);
        assert_eq!(subject("account:x"), Some("account:x".to_owned()));
        assert_eq!(subject("  "), None);
    }

    #[test]
    fn a_day_begins_at_midnight_in_china() {
        let start = start_of(jiff::civil::date(2026, 12, 1)).unwrap();
        assert_eq!(start.to_string(), "2026-11-30T16:00:00Z");
    }

    #[test]
    fn links_keep_what_was_looked_for() {
        let params = Params {
            who: "wang min".to_owned(),
            what: "asset.published".to_owned(),
            ..Params::default()
        };
        assert_eq!(params.query(), "who=wang+min&what=asset.published");
    }
}

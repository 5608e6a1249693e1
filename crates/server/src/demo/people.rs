//! The bodies and persons of the demo. None of them exists: names and codes say so.

use jiff::Timestamp;
use platform::Platform;
use trust::Caller;
use trust::identity::{self, Account, Body, BodyKind, NewAccount, NewGrant, Role, RoleGrant};
use vocabulary::{Bilingual, CreditCode, DivisionCode};
use web::DemoAccount;

use super::DemoError;
use super::codes::credit_code;

/// The password of every account; the demo shows it to everyone.
const PASSWORD: &str = "fenhe-yanshi-2026";

/// A body of the demo.
struct Office {
    serial: usize,
    zh: &'static str,
    en: &'static str,
}

/// The competent authority (数据主管部门).
const DATA: Office =
    Office { serial: 1, zh: "山西省数据局（演示）", en: "Shanxi Data Bureau (demo)" };
/// Population and statistics.
const STATISTICS: Office =
    Office {
        serial: 2, zh: "山西省统计局（演示）", en: "Shanxi Bureau of Statistics (demo)"
    };
/// Divisions.
const CIVIL: Office = Office {
    serial: 3,
    zh: "山西省民政厅（演示）",
    en: "Shanxi Department of Civil Affairs (demo)",
};
/// Enterprises.
const MARKET: Office = Office {
    serial: 4,
    zh: "山西省市场监督管理局（演示）",
    en: "Shanxi Administration for Market Regulation (demo)",
};
const OFFICES: [Office; 4] = [DATA, STATISTICS, CIVIL, MARKET];

/// A person of the demo: login, name, role and the office of it.
struct Post {
    login: &'static str,
    name: &'static str,
    role: Role,
    office: &'static Office,
}

const POSTS: [Post; 11] = [
    Post { login: "clerk", name: "李经办", role: Role::Clerk, office: &STATISTICS },
    Post { login: "head", name: "王负责", role: Role::UnitHead, office: &STATISTICS },
    Post { login: "admin", name: "张管理", role: Role::DataAdmin, office: &DATA },
    Post { login: "reviewer", name: "刘审核", role: Role::GateReviewer, office: &DATA },
    Post { login: "sysadmin", name: "陈系统", role: Role::SystemAdmin, office: &DATA },
    Post { login: "secadmin", name: "杨安全", role: Role::SecurityAdmin, office: &DATA },
    Post { login: "auditor", name: "赵审计", role: Role::Auditor, office: &DATA },
    Post { login: "civil.clerk", name: "孙经办", role: Role::Clerk, office: &CIVIL },
    Post { login: "civil.head", name: "周负责", role: Role::UnitHead, office: &CIVIL },
    Post { login: "market.clerk", name: "吴经办", role: Role::Clerk, office: &MARKET },
    Post { login: "market.head", name: "郑负责", role: Role::UnitHead, office: &MARKET },
];

/// What the demo tells its visitors: logins, passwords and what each may do.
pub(crate) fn accounts() -> Vec<DemoAccount> {
    POSTS
        .iter()
        .map(|post| {
            let role = post.role.label();
            DemoAccount {
                login: post.login.to_owned(),
                password: PASSWORD.to_owned(),
                role: Bilingual::new(
                    format!("{} · {}", role.zh, post.office.zh),
                    format!("{}, {}", role.en, post.office.en),
                ),
            }
        })
        .collect()
}

/// A person who acts in the demo.
#[derive(Clone, Debug)]
pub(super) struct Person {
    account: Account,
    grants: Vec<RoleGrant>,
}

impl Person {
    /// The person at this moment, as a request of theirs would be.
    pub(super) fn at(&self, now: Timestamp) -> Caller {
        let valid = self.grants.iter().filter(|grant| grant.is_valid(now)).cloned().collect();
        Caller::of_account(self.account.clone(), valid, now)
    }
}

/// A body with the two persons who file and consent for it.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub(super) body: CreditCode,
    pub(super) name: &'static str,
    pub(super) clerk: Person,
    pub(super) head: Person,
}

/// Everyone who acts in the demo.
#[derive(Clone, Debug)]
pub(super) struct People {
    pub(super) statistics: Unit,
    pub(super) civil: Unit,
    pub(super) market: Unit,
    pub(super) data_admin: Person,
    pub(super) reviewer: Person,
}

/// Makes the bodies, accounts and roles that are not there yet.
pub(super) async fn settle(platform: &Platform) -> Result<People, DemoError> {
    for office in &OFFICES {
        register(platform, office).await?;
    }
    let mut persons = Vec::with_capacity(POSTS.len());
    for post in &POSTS {
        persons.push((post.login, employ(platform, post).await?));
    }
    let person = |login: &'static str| {
        let found = persons.iter().find(|(known, _)| *known == login);
        found.map(|(_, person)| person.clone()).ok_or(DemoError::Missing { what: login })
    };
    let unit = |office: &Office, clerk: &'static str, head: &'static str| {
        Ok::<_, DemoError>(Unit {
            body: code_of(office)?,
            name: office.zh,
            clerk: person(clerk)?,
            head: person(head)?,
        })
    };
    Ok(People {
        statistics: unit(&STATISTICS, "clerk", "head")?,
        civil: unit(&CIVIL, "civil.clerk", "civil.head")?,
        market: unit(&MARKET, "market.clerk", "market.head")?,
        data_admin: person("admin")?,
        reviewer: person("reviewer")?,
    })
}

/// The code of a body: `11`, an organ of the state, of the province.
fn code_of(office: &Office) -> Result<CreditCode, DemoError> {
    let code = credit_code("11", "140000", office.serial);
    code.parse().map_err(|_| DemoError::Missing { what: "credit code" })
}

/// Registers a body, unless it is there.
async fn register(platform: &Platform, office: &Office) -> Result<(), DemoError> {
    let code = code_of(office)?;
    let found = {
        let mut reader = platform.store.read().await?;
        identity::find_body(&mut reader, code).await?
    };
    if found.is_some() {
        return Ok(());
    }
    let now = platform.clock.now();
    let body = Body {
        code,
        name: Bilingual::new(office.zh, office.en),
        kind: BodyKind::Government,
        division: DivisionCode::SHANXI,
        created_at: now,
    };
    Ok(identity::create_body(&Caller::system(now), &platform.store, &body).await?)
}

/// Makes a person's account and grants the role, unless they are there.
async fn employ(platform: &Platform, post: &Post) -> Result<Person, DemoError> {
    let body = code_of(post.office)?;
    let system = Caller::system(platform.clock.now());
    let found = {
        let mut reader = platform.store.read().await?;
        identity::find_account_by_login(&mut reader, post.login).await?
    };
    let account = match found {
        Some(account) => account,
        None => {
            let new = NewAccount {
                login: post.login.to_owned(),
                name: post.name.to_owned(),
                body,
                password: PASSWORD.to_owned(),
            };
            identity::create_account(&system, &platform.store, &new).await?
        }
    };
    let mut grants = {
        let mut reader = platform.store.read().await?;
        identity::grants_of(&mut reader, account.id).await?
    };
    if !grants.iter().any(|grant| grant.role == post.role && grant.body == body) {
        let new = NewGrant {
            account: account.id,
            role: post.role,
            body,
            valid_from: system.now(),
            valid_until: None,
        };
        grants.push(identity::grant_role(&system, &platform.store, &new).await?);
    }
    Ok(Person { account, grants })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_account_may_have_the_password_that_is_shown() {
        let accounts = accounts();
        assert_eq!(accounts.len(), POSTS.len());
        for account in accounts {
            let checked = identity::check_password_rules(&account.password, &account.login);
            assert_eq!(checked, Ok(()), "{}", account.login);
        }
        assert!(PASSWORD.len() >= 12);
    }

    #[test]
    fn every_body_has_a_valid_code_of_its_own() {
        let codes: std::collections::BTreeSet<_> =
            OFFICES.iter().map(|office| code_of(office).unwrap()).collect();
        assert_eq!(codes.len(), OFFICES.len());
        assert!(OFFICES.iter().all(|office| office.zh.contains("演示")));
    }
}

//! `fenhe user add`: the first accounts, made at the console.

use std::io::BufRead as _;

use clap::Args;
use trust::Caller;
use trust::identity::{
    Body, BodyKind, NewAccount, NewGrant, create_account, create_body, find_body, grant_role,
};
use vocabulary::{Bilingual, CreditCode, DivisionCode};

use crate::Failure;
use crate::config::Config;
use crate::show::say;
use crate::wiring::wire;

/// What makes an account.
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// 账户名 Name of the account, 2 to 64 of a-z 0-9 . _ - @
    #[arg(long)]
    login: String,
    /// 姓名 Name of the person.
    #[arg(long)]
    name: String,
    /// 单位的统一社会信用代码 Credit code of the body that the person works for.
    #[arg(long, value_name = "CODE")]
    body: CreditCode,
    /// 单位名称，单位未登记时必填 Name of the body, if it is not registered yet.
    #[arg(long, value_name = "NAME")]
    body_name: Option<String>,
    /// 单位所在行政区划 Division of the body, if it is not registered yet.
    #[arg(long, default_value = "140000")]
    division: DivisionCode,
    /// 角色 Role: clerk, `unit_head`, `data_admin`, `gate_reviewer`, `system_admin`, `security_admin`, auditor
    #[arg(long)]
    role: trust::Role,
}

/// The body is not there and no name was given for it.
#[derive(Debug, thiserror::Error)]
#[error("no body `{0}` is registered; give its name with --body-name to register it")]
struct NoBody(CreditCode);

/// Makes the account; the password is the first line of standard input.
pub(crate) async fn add(config: &Config, add: Add) -> Result<(), Failure> {
    let wired = wire(config).await?;
    let store = &wired.platform.store;
    let caller = Caller::system(wired.platform.clock.now());
    let known = find_body(&mut store.read().await?, add.body).await?;
    if known.is_none() {
        let name = add.body_name.ok_or(NoBody(add.body))?;
        let body = Body {
            code: add.body,
            name: Bilingual::new(name, ""),
            kind: BodyKind::Government,
            division: add.division,
            created_at: caller.now(),
        };
        create_body(&caller, store, &body).await?;
    }
    say("密码（至少 8 个字符）password (at least 8 characters):");
    let mut password = String::new();
    std::io::stdin().lock().read_line(&mut password)?;
    let account = create_account(
        &caller,
        store,
        &NewAccount {
            login: add.login,
            name: add.name,
            body: add.body,
            password: password.trim_end_matches(['\r', '\n']).to_owned(),
        },
    )
    .await?;
    let grant = NewGrant {
        account: account.id,
        role: add.role,
        body: add.body,
        valid_from: caller.now(),
        valid_until: None,
    };
    grant_role(&caller, store, &grant).await?;
    wired.platform.log.seal_all(caller.now()).await?;
    say(&format!("已建立 made: {} ({})", account.login, account.id));
    Ok(())
}

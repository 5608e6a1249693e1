//! What those who used a dataset think of it, over HTTP: `/dataset/{id}/rating`.

pub(crate) mod api;
pub(crate) mod pages;

use axum::Extension;

use crate::limits::Client;
use crate::visitor::Visitor;

/// Who rates, so that one voice counts once a day: an account, else the network that a
/// request comes from. It is not kept.
fn voice(visitor: &Visitor, client: Option<Extension<Client>>) -> String {
    match visitor.caller.account_id() {
        Some(account) => format!("account {account}"),
        None => format!("network {}", client.map(|found| found.0.network()).unwrap_or_default()),
    }
}

//! API tokens.

use std::collections::BTreeSet;

use jiff::ToSpan as _;
use store::{Query as _, params};
use testkit::{moment, stores};
use trust::identity::{IdentityError, disable_account, token};
use trust::{Action, Caller, Resource, Role};

use crate::house::{account, after, body, grant, operator, taxes, with_role};

#[tokio::test]
async fn a_token_does_what_its_owner_may_and_only_what_it_was_made_for() {
    for (engine, store) in stores().await {
        body(&store, taxes()).await;
        let li = account(&store, "li").await;
        grant(&store, &li, Role::Clerk).await.unwrap();
        let owner = with_role(&li, Role::Clerk);
        let scopes = BTreeSet::from([Action::Upload, Action::PublishAsset]);
        let expires = moment().checked_add(48.hours()).unwrap();
        let (made, text) = token::create(&owner, &store, "job", &scopes, expires).await.unwrap();
        assert!(text.starts_with("fh_") && text.len() == 46, "{engine}");

        let caller = token::caller_of(&store, &text, after(1)).await.unwrap().unwrap();
        let asset = Resource::of_kind("asset").of_body(taxes());
        assert!(caller.can(Action::Upload, &asset), "{engine}");
        // The owner may, the token may not.
        assert!(owner.can(Action::RegisterAsset, &asset));
        let denied = caller.require(Action::RegisterAsset, &asset).unwrap_err();
        assert_eq!(denied.policies, ["token_without_scope"], "{engine}");
        // The token may, the owner may not.
        assert!(!caller.can(Action::PublishAsset, &asset), "{engine}");
        // A token makes no token.
        let more = token::create(&caller, &store, "more", &scopes, expires).await;
        assert!(matches!(more, Err(IdentityError::Denied(_))), "{engine}");

        let late = moment().checked_add(48.hours()).unwrap();
        assert!(token::caller_of(&store, &text, late).await.unwrap().is_none(), "{engine}");
        assert_eq!(token::all_of(&mut store.read().await.unwrap(), li.id).await.unwrap(), [made]);
    }
}

#[tokio::test]
async fn a_revoked_token_and_one_of_a_disabled_account_are_refused() {
    for (engine, store) in stores().await {
        body(&store, taxes()).await;
        let li = account(&store, "li").await;
        let wang = account(&store, "wang").await;
        let owner = Caller::of_account(li.clone(), Vec::new(), moment());
        let expires = moment().checked_add(48.hours()).unwrap();
        let make =
            async || token::create(&owner, &store, "t", &BTreeSet::new(), expires).await.unwrap();
        let (first, first_text) = make().await;
        let (_, second_text) = make().await;
        let stranger = Caller::of_account(wang, Vec::new(), moment());
        let denied = token::revoke(&stranger, &store, first.id).await;
        assert!(matches!(denied, Err(IdentityError::Denied(_))), "{engine}");
        token::revoke(&owner, &store, first.id).await.unwrap();
        let alive =
            async |text: &str| token::caller_of(&store, text, after(1)).await.unwrap().is_some();
        assert!(!alive(&first_text).await, "{engine}");
        assert!(alive(&second_text).await, "{engine}");
        assert!(!alive("fh_").await && !alive("").await && !alive(&second_text[3..]).await);
        disable_account(&operator(), &store, li.id).await.unwrap();
        assert!(!alive(&second_text).await, "{engine}");
        let hash: String = store
            .read()
            .await
            .unwrap()
            .one("SELECT token_hash FROM api_token WHERE revoked_at IS NULL", params![])
            .await
            .unwrap();
        assert!(!hash.contains(&second_text[3..]), "{engine}");
    }
}

#[tokio::test]
async fn a_token_lives_a_day_to_a_year() {
    let store = testkit::sqlite_store().await;
    body(&store, taxes()).await;
    let owner = Caller::of_account(account(&store, "li").await, Vec::new(), moment());
    for (hours, accepted) in
        [(-1, false), (23, false), (24, true), (366 * 24, true), (367 * 24, false)]
    {
        let expires = moment().checked_add(hours.hours()).unwrap();
        let made = token::create(&owner, &store, "t", &BTreeSet::new(), expires).await;
        assert_eq!(made.is_ok(), accepted, "{hours}: {made:?}");
    }
    let nameless = token::create(&owner, &store, " ", &BTreeSet::new(), after(86_400 * 2)).await;
    assert!(matches!(nameless, Err(IdentityError::NameMissing)));
}

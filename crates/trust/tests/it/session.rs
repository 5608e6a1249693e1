//! Signing in, sessions, throttling.

use jiff::SignedDuration;
use store::{Query as _, Store, params};
use testkit::stores;
use trust::identity::session::{self, Limits};
use trust::identity::{Browser, IdentityError, change_password, revoke_role};
use trust::{Action, Caller, Resource, Role};

use crate::house::{PASSWORD, account, after, body, grant, operator, taxes};

async fn sign_in_at(
    store: &Store,
    login: &str,
    password: &str,
    address: &str,
    second: i64,
) -> Result<String, IdentityError> {
    let caller = Caller::anonymous(after(second)).with_request("r", address);
    let signed_in = session::sign_in(&caller, store, login, password, Browser::default()).await?;
    Ok(signed_in.secret.as_str().to_owned())
}

async fn caller_at(store: &Store, secret: &str, second: i64) -> Option<Caller> {
    session::caller_of(store, secret, after(second), Limits::default()).await.unwrap()
}

#[tokio::test]
async fn a_session_ends_when_idle_and_after_its_absolute_time() {
    for (engine, store) in stores().await {
        body(&store, taxes()).await;
        account(&store, "li").await;
        let secret = sign_in_at(&store, "Li", PASSWORD, "10.0.0.1", 0).await.unwrap();
        assert!(caller_at(&store, &secret, 1799).await.is_some(), "{engine}");
        assert!(caller_at(&store, &secret, 1799 + 1799).await.is_some(), "{engine}: it was used");
        assert!(caller_at(&store, &secret, 1799 * 2 + 1801).await.is_none(), "{engine}: idle");
        let busy = sign_in_at(&store, "li", PASSWORD, "10.0.0.1", 0).await.unwrap();
        for step in 1..30 {
            let second = step * 1500;
            let alive = caller_at(&store, &busy, second).await.is_some();
            assert_eq!(alive, second < 12 * 3600, "{engine}: {second}");
        }
        let removed = session::sweep(&store, after(50_000), Limits::default()).await.unwrap();
        assert_eq!(removed, 2, "{engine}");
    }
}

#[tokio::test]
async fn signing_in_makes_a_new_session_and_ends_the_old_one() {
    for (engine, store) in stores().await {
        body(&store, taxes()).await;
        account(&store, "li").await;
        let first = sign_in_at(&store, "li", PASSWORD, "a", 0).await.unwrap();
        let caller = Caller::anonymous(after(1)).with_request("r", "a");
        let browser = Browser { session: Some(&first), device: None };
        let again = session::sign_in(&caller, &store, "li", PASSWORD, browser).await.unwrap();
        assert_ne!(again.secret.as_str(), first);
        assert!(caller_at(&store, &first, 1).await.is_none(), "{engine}");
        let signed_in = caller_at(&store, again.secret.as_str(), 1).await.unwrap();
        session::sign_out(&signed_in, &store, again.secret.as_str()).await.unwrap();
        assert!(caller_at(&store, again.secret.as_str(), 1).await.is_none(), "{engine}");
        assert!(caller_at(&store, "", 1).await.is_none(), "{engine}");
        assert!(!format!("{again:?}").contains(again.secret.as_str()));
    }
}

#[tokio::test]
async fn a_secret_is_never_stored() {
    for (engine, store) in stores().await {
        body(&store, taxes()).await;
        account(&store, "li").await;
        let secret = sign_in_at(&store, "li", PASSWORD, "a", 0).await.unwrap();
        let mut reader = store.read().await.unwrap();
        let hash: String = reader.one("SELECT session_hash FROM session", params![]).await.unwrap();
        assert_eq!(hash.len(), 64, "{engine}");
        assert!(!hash.contains(&secret), "{engine}");
        let stored: String = reader.one("SELECT password FROM account", params![]).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{engine}");
    }
}

#[tokio::test]
async fn no_one_is_locked_out_for_long() {
    for (engine, store) in stores().await {
        body(&store, taxes()).await;
        account(&store, "li").await;
        // A stranger fails as often as the delay allows, from many addresses.
        let mut second = 0;
        let mut longest = SignedDuration::ZERO;
        let mut failures = 0;
        while failures < 18 {
            let address = format!("10.0.0.{failures}");
            match sign_in_at(&store, "li", "wrong password", &address, second).await {
                Err(IdentityError::WrongCredentials) => failures += 1,
                Err(IdentityError::Throttled { retry_after }) => {
                    longest = longest.max(retry_after);
                    second += retry_after.as_secs();
                }
                other => panic!("{engine}: {other:?}"),
            }
        }
        assert_eq!(longest, SignedDuration::from_mins(15), "{engine}");
        // The right password waits too, but at most that long.
        let refused = sign_in_at(&store, "li", PASSWORD, "10.9.9.9", second).await;
        assert!(matches!(refused, Err(IdentityError::Throttled { .. })), "{engine}: {refused:?}");
        sign_in_at(&store, "li", PASSWORD, "10.9.9.9", second + 900).await.unwrap();
        // And then everything is forgotten.
        let wrong = sign_in_at(&store, "li", "wrong password", "10.9.9.9", second + 901).await;
        assert!(matches!(wrong, Err(IdentityError::WrongCredentials)), "{engine}");
        sign_in_at(&store, "li", PASSWORD, "10.9.9.9", second + 901).await.unwrap();
    }
}

#[tokio::test]
async fn a_stranger_does_not_slow_the_owner_down_at_a_browser_that_is_known() {
    for (engine, store) in stores().await {
        body(&store, taxes()).await;
        account(&store, "li").await;
        account(&store, "wang").await;
        let from = |device, login, password, second| {
            let caller = Caller::anonymous(after(second)).with_request("r", "10.0.0.1");
            let (store, browser) = (&store, Browser { session: None, device });
            async move { session::sign_in(&caller, store, login, password, browser).await }
        };
        let first = from(None, "li", PASSWORD, 0).await.unwrap();
        let device = first.device.unwrap();
        let device = Some(device.as_str());
        // A stranger at the same address, and then from everywhere.
        for number in 0..5 {
            let _wrong = sign_in_at(&store, "li", "wrong password", "10.0.0.1", number).await;
        }
        let refused = from(None, "li", PASSWORD, 4).await;
        assert!(matches!(refused, Err(IdentityError::Throttled { .. })), "{engine}");
        let again = from(device, "li", PASSWORD, 4).await.unwrap();
        assert!(again.device.is_none(), "{engine}: the browser has its secret already");
        // It is known for its owner alone, and a made-up secret is known for nobody.
        let made_up = "a".repeat(43);
        for (device, login) in [(device, "wang"), (Some(made_up.as_str()), "li")] {
            for second in 20..30 {
                let _wrong = from(device, login, "wrong password", second).await;
            }
            let refused = from(None, login, PASSWORD, 30).await;
            assert!(matches!(refused, Err(IdentityError::Throttled { .. })), "{engine}: {login}");
        }
        // Guesses at the browser itself are slowed down too, and hurt nobody elsewhere.
        let mut throttled = false;
        for second in 100..110 {
            let wrong = from(device, "li", "wrong password", second).await;
            throttled |= matches!(wrong, Err(IdentityError::Throttled { .. }));
        }
        assert!(throttled, "{engine}");
        // After half a year it is forgotten, and after an hour so are the failures.
        let (late, limits) = (200 * 24 * 3600, Limits::default());
        session::sweep(&store, after(late), limits).await.unwrap();
        for table in ["known_device", "sign_in_throttle"] {
            let sql = format!("SELECT COUNT(*) FROM {table}");
            let left: i64 = store.read().await.unwrap().one(&sql, params![]).await.unwrap();
            assert_eq!(left, 0, "{engine}: {table}");
        }
    }
}

#[tokio::test]
async fn an_account_remembers_a_few_browsers_and_none_after_a_new_password() {
    for (engine, store) in stores().await {
        body(&store, taxes()).await;
        let li = account(&store, "li").await;
        for second in 0..25 {
            sign_in_at(&store, "li", PASSWORD, "a", second).await.unwrap();
        }
        let count = async || -> i64 {
            let mut reader = store.read().await.unwrap();
            reader.one("SELECT COUNT(*) FROM known_device", params![]).await.unwrap()
        };
        assert_eq!(count().await, 20, "{engine}");
        let caller = Caller::of_account(li, Vec::new(), after(30));
        change_password(&caller, &store, PASSWORD, "another password").await.unwrap();
        assert_eq!(count().await, 0, "{engine}");
    }
}

#[tokio::test]
async fn an_unknown_login_is_treated_as_a_wrong_password() {
    for (engine, store) in stores().await {
        body(&store, taxes()).await;
        account(&store, "li").await;
        for login in ["nobody", "", "li ", "李"] {
            let error = sign_in_at(&store, login, PASSWORD, "a", 0).await.unwrap_err();
            assert!(matches!(error, IdentityError::WrongCredentials), "{engine}: {error:?}");
        }
        // One address is slowed down whatever logins it tries.
        let mut throttled = false;
        for number in 0..30 {
            let outcome = sign_in_at(&store, &format!("n{number}"), "x", "b", 0).await;
            throttled |= matches!(outcome, Err(IdentityError::Throttled { .. }));
        }
        assert!(throttled, "{engine}");
    }
}

#[tokio::test]
async fn a_withdrawn_right_stops_with_the_next_request() {
    for (engine, store) in stores().await {
        body(&store, taxes()).await;
        let li = account(&store, "li").await;
        let granted = grant(&store, &li, Role::Clerk).await.unwrap();
        let secret = sign_in_at(&store, "li", PASSWORD, "a", 0).await.unwrap();
        let asset = Resource::of_kind("asset").of_body(taxes());
        let before = caller_at(&store, &secret, 1).await.unwrap();
        before.require(Action::RegisterAsset, &asset).unwrap();
        assert_eq!(before.now(), after(1));
        revoke_role(&operator(), &store, granted.id).await.unwrap();
        let next = caller_at(&store, &secret, 1).await.unwrap();
        assert!(next.require(Action::RegisterAsset, &asset).is_err(), "{engine}");
    }
}

#[tokio::test]
async fn an_outdated_hash_is_renewed_at_sign_in() {
    let store = testkit::sqlite_store().await;
    body(&store, taxes()).await;
    let li = account(&store, "li").await;
    // argon2id with 8 KiB and one pass, made by the reference implementation's parameters.
    let weak = {
        use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, Version};
        let params = Params::new(8, 1, 1, None).unwrap();
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_with_salt(PASSWORD.as_bytes(), &[1; 16])
            .unwrap()
            .to_string()
    };
    let mut tx = store.begin().await.unwrap();
    let sql = "UPDATE account SET password = $2 WHERE account_id = $1";
    tx.execute(sql, params![li.id, weak]).await.unwrap();
    tx.commit().await.unwrap();
    sign_in_at(&store, "li", PASSWORD, "a", 0).await.unwrap();
    let mut reader = store.read().await.unwrap();
    let stored: String = reader.one("SELECT password FROM account", params![]).await.unwrap();
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    drop(reader);
    sign_in_at(&store, "li", PASSWORD, "a", 1).await.unwrap();
}

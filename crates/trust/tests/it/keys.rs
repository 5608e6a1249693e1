//! Key files and certificates.

use std::os::unix::fs::PermissionsExt as _;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use serde_json::{Value, json};
use trust::Keyring;
use trust::keys::KeyError;
use trust::keys::jws::JwsError;
use trust::verify::{VerifyError, verify_certificate};

use crate::house::{ORIGIN, keyring};

#[test]
fn keys_are_made_once_and_only_their_owner_reads_them() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("new").join("keys");
    // Many keys, because base64 has a `+` in some of them.
    for number in 0..50 {
        Keyring::open(&folder.path().join(number.to_string()), ORIGIN).unwrap();
    }
    let first = Keyring::open(&keys, ORIGIN).unwrap();
    let again = Keyring::open(&keys, ORIGIN).unwrap();
    assert_eq!(first.vkey(), again.vkey());
    assert_eq!(first.jwks(), again.jwks());
    let mut names: Vec<_> =
        std::fs::read_dir(&keys).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["certificate.key", "log.key"]);
    for name in &names {
        let mode = std::fs::metadata(keys.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name:?}");
    }
    assert!(!format!("{first:?}").contains("PRIVATE"));
}

#[test]
fn several_processes_that_start_together_end_with_the_same_keys() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path();
    let vkeys: Vec<(String, Value)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let keyring = Keyring::open(keys, ORIGIN).unwrap();
                    (keyring.vkey().to_owned(), keyring.jwks())
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(vkeys.iter().all(|vkey| *vkey == vkeys[0]));
}

#[test]
fn a_key_file_that_is_wrong_or_readable_by_others_is_refused() {
    let open = |change: &dyn Fn(&std::path::Path), origin: &str| {
        let folder = tempfile::tempdir().unwrap();
        Keyring::open(folder.path(), ORIGIN).unwrap();
        change(folder.path());
        Keyring::open(folder.path(), origin).unwrap_err()
    };
    let nothing = |_: &std::path::Path| {};
    assert!(matches!(open(&nothing, "other.example/log"), KeyError::Origin { .. }));
    for name in ["", "a b", "a+b", "a\nb", "a\u{3000}b"] {
        assert!(matches!(open(&nothing, name), KeyError::Name), "{name:?}");
    }
    let loose = |folder: &std::path::Path| {
        let mode = std::fs::Permissions::from_mode(0o640);
        std::fs::set_permissions(folder.join("log.key"), mode).unwrap();
    };
    assert!(matches!(open(&loose, ORIGIN), KeyError::Permissions { file: "log.key" }));
    let broken = |folder: &std::path::Path| {
        std::fs::write(folder.join("certificate.key"), "AAAA\n").unwrap();
    };
    assert!(matches!(open(&broken, ORIGIN), KeyError::Format { file: "certificate.key" }));
}

#[test]
fn a_certificate_is_accepted_only_unchanged_and_from_our_key() {
    let (_folder, ours) = keyring();
    let (_other, theirs) = keyring();
    let payload = json!({ "release": "r", "名": "汾河", "rows": 5 });
    let jws = ours.sign_jws(&payload).unwrap();
    assert_eq!(verify_certificate(&jws, &ours.jwks()).unwrap(), payload);
    let refused = |jws: &str, jwks: &Value| match verify_certificate(jws, jwks).unwrap_err() {
        VerifyError::Certificate(error) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&jws, &theirs.jwks()), JwsError::UnknownKey);
    assert_eq!(refused(&jws, &json!({})), JwsError::UnknownKey);
    let parts: Vec<&str> = jws.split('.').collect();
    let changed = BASE64URL.encode(r#"{"release":"s"}"#);
    let with =
        |header: &str, payload: &str, signature: &str| format!("{header}.{payload}.{signature}");
    assert_eq!(refused(&with(parts[0], &changed, parts[2]), &ours.jwks()), JwsError::Signature);
    for header in [
        json!({"alg": "none"}),
        json!({"alg": "HS256"}),
        json!({"alg": "eddsa"}),
        json!({"alg": "EdDSA", "crit": ["exp"]}),
        json!({}),
    ] {
        let forged = with(&BASE64URL.encode(header.to_string()), parts[1], parts[2]);
        assert_eq!(refused(&forged, &ours.jwks()), JwsError::Algorithm, "{header}");
    }
    // A key set that gives another key under our kid is refused too.
    let mut swapped = ours.jwks();
    swapped["keys"][0]["x"] = theirs.jwks()["keys"][0]["x"].clone();
    assert_eq!(refused(&jws, &swapped), JwsError::UnknownKey);
    for text in ["", "a", "a.b", "a.b.c", "a.b.c.d", "....", &jws[1..], &format!("{jws}.")] {
        assert!(verify_certificate(text, &ours.jwks()).is_err(), "{text}");
    }
}

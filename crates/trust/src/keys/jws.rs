//! Compact JWS with `EdDSA` (RFC 7515, RFC 8037), strict on both sides.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Why a JWS is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// It has not three parts of base64url, or a part is not JSON.
    #[error("it is not a compact JWS")]
    Format,
    /// It asks for another algorithm than `EdDSA`, or for extensions.
    #[error("only EdDSA without extensions is accepted")]
    Algorithm,
    /// No key of the set has its `kid`.
    #[error("the key set has no such key")]
    UnknownKey,
    /// The signature does not belong to the contents.
    #[error("the signature is wrong")]
    Signature,
}

/// The JWK thumbprint (RFC 7638) of a key, used as its `kid`.
fn thumbprint(key: &VerifyingKey) -> String {
    let x = BASE64URL.encode(key.as_bytes());
    // The members in this order, without spaces: the thumbprint is over this text.
    let text = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    BASE64URL.encode(Sha256::digest(text.as_bytes()))
}

pub(super) fn sign(key: &SigningKey, payload: &Value) -> Option<String> {
    let header = json!({ "alg": "EdDSA", "kid": thumbprint(&key.verifying_key()), "typ": "JWT" });
    let header = BASE64URL.encode(serde_json::to_vec(&header).ok()?);
    let payload = BASE64URL.encode(serde_json::to_vec(payload).ok()?);
    let signed = format!("{header}.{payload}");
    let signature = BASE64URL.encode(key.sign(signed.as_bytes()).to_bytes());
    Some(format!("{signed}.{signature}"))
}

pub(super) fn key_set(key: &VerifyingKey) -> Value {
    json!({ "keys": [{
        "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
        "kid": thumbprint(key), "x": BASE64URL.encode(key.as_bytes()),
    }] })
}

/// Checks a JWS against a JWK set; returns its payload.
///
/// The algorithm is never taken from the JWS: it is `EdDSA` or refused. The key is
/// looked up by `kid`, and the `kid` must be the key's thumbprint.
///
/// # Errors
///
/// Any [`JwsError`].
pub fn verify(jws: &str, jwks: &Value) -> Result<Value, JwsError> {
    let mut parts = jws.split('.');
    let (Some(header), Some(payload), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(JwsError::Format);
    };
    let decode = |part: &str| BASE64URL.decode(part).map_err(|_| JwsError::Format);
    let head: Value = serde_json::from_slice(&decode(header)?).map_err(|_| JwsError::Format)?;
    if head.get("alg").and_then(Value::as_str) != Some("EdDSA") || head.get("crit").is_some() {
        return Err(JwsError::Algorithm);
    }
    let kid = head.get("kid").and_then(Value::as_str).ok_or(JwsError::UnknownKey)?;
    let key = find_key(jwks, kid).ok_or(JwsError::UnknownKey)?;
    let signature = Signature::from_slice(&decode(signature)?).map_err(|_| JwsError::Signature)?;
    let signed = format!("{header}.{payload}");
    key.verify_strict(signed.as_bytes(), &signature).map_err(|_| JwsError::Signature)?;
    serde_json::from_slice(&decode(payload)?).map_err(|_| JwsError::Format)
}

fn find_key(jwks: &Value, kid: &str) -> Option<VerifyingKey> {
    let is = |key: &Value, name: &str, wanted: &str| {
        key.get(name).and_then(Value::as_str) == Some(wanted)
    };
    let listed =
        jwks.get("keys")?.as_array()?.iter().find(|key| {
            is(key, "kid", kid) && is(key, "kty", "OKP") && is(key, "crv", "Ed25519")
        })?;
    let bytes = BASE64URL.decode(listed.get("x")?.as_str()?).ok()?;
    let key = VerifyingKey::from_bytes(&bytes.try_into().ok()?).ok()?;
    (thumbprint(&key) == kid).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thumbprint_is_that_of_rfc_8037() {
        // RFC 8037, appendix A.3.
        let x = BASE64URL.decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
        let key = VerifyingKey::from_bytes(&x.try_into().unwrap()).unwrap();
        assert_eq!(thumbprint(&key), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn the_signature_is_that_of_rfc_8037() {
        // RFC 8037, appendix A.4 and A.5: a foreign header is verified too.
        let seed = BASE64URL.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
        let key = SigningKey::from_bytes(&seed.try_into().unwrap());
        let signed = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        assert_eq!(
            BASE64URL.encode(key.sign(signed.as_bytes()).to_bytes()),
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        );
    }
}

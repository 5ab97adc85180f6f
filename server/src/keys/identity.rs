//! Who a visitor is, proved by the site's own backend: a user id signed with the key's identity
//! secret, or a JWT (HS256) signed with it.
//!
//! The JWT reader knows one algorithm, so no header can talk it into another.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value};
use sha2::Sha256;
use shared::{ErrorCode, Identity, limits};

use crate::clock::{hex, random_hex};
use crate::config::Secret;
use crate::error::ApiError;
use shared::license_key::IdentityMode;

/// A visitor whose site has vouched for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedUser {
    pub id: String,
    /// Claims of the visitor with `userHash`, of the site with a JWT.
    pub name: String,
    pub email: String,
    /// The further claims of a JWT.
    pub attributes: Map<String, Value>,
}

/// A new identity secret.
#[must_use]
pub fn new_secret() -> String {
    format!("nis_{}", random_hex::<32>())
}

/// Proves an identity against the secrets that hold. `None` = an anonymous visitor, who is welcome.
///
/// # Errors
/// `identity_required` and `identity_invalid`.
pub fn prove(
    mode: IdentityMode,
    secrets: &[Secret],
    identity: Option<&Identity>,
    now_ms: i64,
) -> Result<Option<VerifiedUser>, ApiError> {
    if mode == IdentityMode::Off {
        return Ok(None);
    }
    let given =
        identity.filter(|i| i.user_id.is_some() || i.jwt.is_some() || i.user_hash.is_some());
    let Some(identity) = given else {
        return match mode {
            IdentityMode::Required => Err(ErrorCode::IdentityRequired.into()),
            _ => Ok(None),
        };
    };
    let proved = match &identity.jwt {
        Some(jwt) => by_jwt(secrets, jwt, now_ms),
        None => by_hash(secrets, identity),
    };
    proved.map(Some).map_err(|why| ApiError::new(ErrorCode::IdentityInvalid).with_message(why))
}

fn mac_of(secret: &Secret) -> Option<Hmac<Sha256>> {
    Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes()).ok()
}

fn by_hash(secrets: &[Secret], identity: &Identity) -> Result<VerifiedUser, &'static str> {
    let id = identity.user_id.as_deref().filter(|id| !id.is_empty());
    let id = id.ok_or("identity.userId is missing.")?;
    let hash = identity.user_hash.as_deref().ok_or("identity.userHash is missing.")?;
    // Every secret is tried in full, so that the time does not tell which one it was.
    let holds = secrets.iter().filter_map(mac_of).fold(false, |held, mut mac| {
        mac.update(id.as_bytes());
        let expected = hex(&mac.finalize().into_bytes());
        held | bool::from(subtle::ConstantTimeEq::ct_eq(expected.as_bytes(), hash.as_bytes()))
    });
    if !holds {
        return Err("identity.userHash is not the lower-case hex HMAC-SHA256 of userId with this \
                    key's identity secret.");
    }
    Ok(VerifiedUser {
        id: id.to_owned(),
        name: identity.name.clone().unwrap_or_default(),
        email: identity.email.clone().unwrap_or_default(),
        attributes: Map::new(),
    })
}

fn by_jwt(secrets: &[Secret], jwt: &str, now_ms: i64) -> Result<VerifiedUser, &'static str> {
    const FORM: &str = "identity.jwt is not a JWT signed with HS256.";
    let (signed, signature) = jwt.rsplit_once('.').ok_or(FORM)?;
    let (header, payload) = signed.split_once('.').ok_or(FORM)?;
    let object = |part: &str| -> Option<Map<String, Value>> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
    };
    let header = object(header).ok_or(FORM)?;
    if header.get("alg").and_then(Value::as_str) != Some("HS256") || header.contains_key("crit") {
        return Err(FORM);
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| FORM)?;
    let holds = secrets.iter().filter_map(mac_of).fold(false, |held, mut mac| {
        mac.update(signed.as_bytes());
        held | mac.verify_slice(&signature).is_ok()
    });
    if !holds {
        return Err("identity.jwt is not signed with this key's identity secret.");
    }
    let mut claims = object(payload).ok_or(FORM)?;
    let seconds = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => value.as_f64().map(Some).ok_or("identity.jwt has a time that is no number."),
    };
    #[expect(clippy::cast_precision_loss, reason = "seconds of this age are exact in an f64")]
    let now = now_ms as f64 / 1000.0;
    if seconds("exp")?.is_some_and(|exp| exp <= now) {
        return Err("identity.jwt has expired.");
    }
    if seconds("nbf")?.is_some_and(|nbf| nbf > now) {
        return Err("identity.jwt is not valid yet.");
    }
    let id = match claims.remove("user_id").or_else(|| claims.get("sub").cloned()) {
        Some(Value::String(id)) if !id.is_empty() => id,
        Some(Value::Number(id)) => id.to_string(),
        _ => return Err("identity.jwt has neither user_id nor sub."),
    };
    if id.len() > limits::USER_ID_BYTES || id.contains('\0') {
        return Err("the user id in identity.jwt is longer than 200 bytes.");
    }
    let mut text = |name: &str| match claims.remove(name) {
        Some(Value::String(text)) => text.replace('\0', ""),
        _ => String::new(),
    };
    let (name, email) = (text("name"), text("email"));
    for technical in ["exp", "nbf", "iat", "iss", "aud", "jti", "sub"] {
        claims.remove(technical);
    }
    let mut errors = shared::FieldErrors::default();
    shared::license_key::check_json(&mut errors, "identity.jwt", &claims);
    errors.into_result().map_err(|_| "identity.jwt holds more than 4 KiB of claims.")?;
    Ok(VerifiedUser { id, name, email, attributes: claims })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn secrets() -> Vec<Secret> {
        vec![Secret::new("nis_one"), Secret::new("nis_two")]
    }

    fn jwt(secret: &str, header: &str, payload: &str) -> String {
        let signed =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let mut mac = mac_of(&Secret::new(secret)).unwrap();
        mac.update(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    fn ask(identity: &Identity) -> Result<Option<VerifiedUser>, ErrorCode> {
        prove(IdentityMode::Optional, &secrets(), Some(identity), 1_000_000).map_err(|e| e.code)
    }

    #[test]
    fn a_hash_proves_its_user_with_any_secret_that_holds() {
        for secret in ["nis_one", "nis_two"] {
            let mut mac = mac_of(&Secret::new(secret)).unwrap();
            mac.update("ü-1".as_bytes());
            let hash = hex(&mac.finalize().into_bytes());
            let with = |id: &str, hash: &str| Identity {
                user_id: Some(id.into()),
                user_hash: Some(hash.into()),
                ..Identity::default()
            };
            assert_eq!(ask(&with("ü-1", &hash)).unwrap().unwrap().id, "ü-1");
            assert!(ask(&with("ü-2", &hash)).is_err());
            assert!(ask(&with("ü-1", &hash.to_uppercase())).is_err());
            assert!(ask(&with("ü-1", "")).is_err());
        }
    }

    #[test]
    fn a_jwt_counts_only_when_it_is_signed_with_hs256_and_in_its_time() {
        let good = r#"{"alg":"HS256","typ":"JWT"}"#;
        let read = |jwt: String| ask(&Identity { jwt: Some(jwt), ..Identity::default() });
        let user = read(jwt("nis_two", good, r#"{"sub":"7","exp":1001,"name":"A","plan":"pro"}"#));
        let user = user.unwrap().unwrap();
        assert_eq!((user.id.as_str(), user.name.as_str()), ("7", "A"));
        assert_eq!(user.attributes.get("plan"), Some(&Value::from("pro")));
        for (secret, header, payload) in [
            ("nis_two", r#"{"alg":"none"}"#, r#"{"sub":"7"}"#),
            ("nis_two", r#"{"alg":"RS256"}"#, r#"{"sub":"7"}"#),
            ("nis_two", r#"{"alg":"hs256"}"#, r#"{"sub":"7"}"#),
            ("other", good, r#"{"sub":"7"}"#),
            ("nis_two", good, r#"{"sub":"7","exp":1000}"#),
            ("nis_two", good, r#"{"sub":"7","exp":"later"}"#),
            ("nis_two", good, r#"{"sub":"7","nbf":1001}"#),
            ("nis_two", good, r#"{"name":"x"}"#),
            ("nis_two", good, r#"{"sub":""}"#),
        ] {
            assert!(read(jwt(secret, header, payload)).is_err(), "{header} {payload}");
        }
        let unsigned = jwt("nis_two", good, r#"{"sub":"7"}"#);
        let unsigned = unsigned.rsplit_once('.').unwrap().0.to_owned() + ".";
        assert!(read(unsigned).is_err());
    }

    proptest! {
        #[test]
        fn nothing_that_a_visitor_sends_makes_it_panic(text in ".{0,200}") {
            let identity = Identity { jwt: Some(text), ..Identity::default() };
            prop_assert!(ask(&identity).is_err());
        }
    }
}

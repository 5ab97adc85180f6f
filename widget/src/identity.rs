//! Who the visitor is said to be, and what another word about it means for the session at hand.
//!
//! The page says it, the server checks it; here it is only compared and handed on. It lives in
//! memory alone: nothing of it is ever stored.

/// What the page said of the visitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// As the server gets it, with its proof.
    pub identity: String,
    /// What tells one user from another; none when the identity names none.
    pub user: Option<String>,
}

/// What a new word about the visitor changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Nothing,
    /// The same user, with another proof or other claims: the conversation goes on.
    Proof,
    /// Nobody knew who it was; what was said so far may have been this user's.
    Named,
    /// Somebody else, or nobody any more: what is shown is not theirs to see.
    User,
}

/// Compares what was said last with what is said now.
#[must_use]
pub fn change(old: Option<&Who>, new: Option<&Who>) -> Change {
    match (old, new) {
        _ if old == new => Change::Nothing,
        (None, _) => Change::Named,
        (Some(old), Some(new)) if old.user == new.user && new.user.is_some() => Change::Proof,
        _ => Change::User,
    }
}

/// The claims of a JWT, as JSON. Whether they are true, only the server can tell.
#[must_use]
pub fn claims(jwt: &str) -> Option<String> {
    let (mut claims, mut part, mut bits, mut held) = (Vec::new(), 0, 0, 0);
    for c in jwt.bytes() {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => {
                part += i32::from(c == b'.');
                continue;
            }
        };
        if part == 1 {
            bits = bits << 6 | u32::from(value);
            held += 6;
            if held >= 8 {
                held -= 8;
                claims.push((bits >> held) as u8);
            }
        }
    }
    String::from_utf8(claims).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_claims_of_a_jwt_are_read() {
        // Claims of every length of padding, and the two signs that only this base64 has.
        for (jwt, text) in [
            ("e30.eyJzdWIiOiJhZGEifQ.x", r#"{"sub":"ada"}"#),
            ("e30.eyJzdWIiOiJhZGExIn0.x", r#"{"sub":"ada1"}"#),
            ("e30.eyJzdWIiOiJhZGExMiJ9.x", r#"{"sub":"ada12"}"#),
            ("e30.eyJuIjoiw7_Dvj4-Pz8ifQ.x", r#"{"n":"ÿþ>>??"}"#),
            ("no jwt", ""),
        ] {
            assert_eq!(claims(jwt).as_deref(), Some(text));
        }
    }

    fn who(user: &str, proof: &str) -> Who {
        Who { identity: format!("{user} {proof}"), user: Some(user.into()) }
    }

    #[test]
    fn a_page_that_says_the_same_again_disturbs_nothing() {
        assert_eq!(change(None, None), Change::Nothing);
        assert_eq!(change(Some(&who("ada", "1")), Some(&who("ada", "1"))), Change::Nothing);
    }

    #[test]
    fn a_fresh_proof_of_the_same_user_keeps_the_conversation() {
        assert_eq!(change(Some(&who("ada", "1")), Some(&who("ada", "2"))), Change::Proof);
    }

    #[test]
    fn nobody_becomes_a_user_and_a_user_never_becomes_another_unnoticed() {
        assert_eq!(change(None, Some(&who("ada", "1"))), Change::Named);
        assert_eq!(change(Some(&who("ada", "1")), Some(&who("bob", "1"))), Change::User);
        assert_eq!(change(Some(&who("ada", "1")), None), Change::User);
        let unreadable = |text: &str| Who { identity: text.into(), user: None };
        assert_eq!(change(Some(&unreadable("x")), Some(&unreadable("y"))), Change::User);
    }
}

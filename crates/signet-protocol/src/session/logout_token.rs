//! The logout token that notifies a client's server of an ended session (OpenID Connect Back-Channel Logout §2.4).

use serde::Serialize;

use crate::ids::{ClientId, SessionId, TokenId};
use crate::time::{Span, Timestamp};

/// The `typ` of logout tokens (OpenID Connect Back-Channel Logout §2.4).
pub const TYP: &str = "logout+jwt";

/// The lifetime of a logout token, enough for one delivery (OpenID Connect Back-Channel Logout §2.4).
const LIFETIME: Span = Span::from_minutes(2);

/// The claims of a logout token. It has no `nonce` member, since a logout token must not have one.
#[derive(Clone, Debug, Serialize)]
pub struct LogoutTokenClaims {
    iss: String,
    sub: String,
    aud: ClientId,
    iat: i64,
    exp: i64,
    jti: TokenId,
    sid: SessionId,
    events: Events,
}

#[derive(Clone, Debug, Serialize)]
struct Events {
    #[serde(rename = "http://schemas.openid.net/event/backchannel-logout")]
    backchannel_logout: Empty,
}

#[derive(Clone, Debug, Serialize)]
struct Empty {}

/// The input of a logout token.
pub struct LogoutFacts<'a> {
    /// The issuer identifier of the realm.
    pub issuer: &'a str,
    /// The person's `sub` for this client.
    pub subject: String,
    pub audience: &'a ClientId,
    pub session: &'a SessionId,
    pub jti: TokenId,
}

/// Builds the claims of the logout token for one delivery.
pub fn claims(facts: LogoutFacts<'_>, now: Timestamp) -> LogoutTokenClaims {
    LogoutTokenClaims {
        iss: facts.issuer.to_owned(),
        sub: facts.subject,
        aud: facts.audience.clone(),
        iat: now.as_secs(),
        exp: now.plus(LIFETIME).as_secs(),
        jti: facts.jti,
        sid: facts.session.clone(),
        events: Events { backchannel_logout: Empty {} },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_logout_token_has_exactly_the_specified_claims() {
        let client = ClientId::parse("rp").unwrap();
        let session = SessionId::parse("s1").unwrap();
        let now = Timestamp::from_millis(1_000_500);
        let jti = TokenId::new(now, [1; 16]);
        let facts = LogoutFacts {
            issuer: "https://op.example",
            subject: "alice".to_owned(),
            audience: &client,
            session: &session,
            jti: jti.clone(),
        };
        let expected = json!({
            "iss": "https://op.example", "sub": "alice", "aud": "rp", "iat": 1000, "exp": 1120, "jti": jti.as_str(),
            "sid": "s1", "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        });
        assert_eq!(serde_json::to_value(claims(facts, now)).unwrap(), expected);
    }
}

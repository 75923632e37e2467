//! The logout token by which a client's server is told that a session has ended (OpenID Connect Back-Channel Logout
//! §2.4).

use serde::Serialize;

use super::ids::{ClientId, SessionId, TokenId};
use super::time::{Span, Timestamp};

/// The `typ` of logout tokens (OpenID Connect Back-Channel Logout §2.4).
pub const TYP: &str = "logout+jwt";

/// How long a logout token lives: long enough for one delivery (OpenID Connect Back-Channel Logout §2.4).
const LIFETIME: Span = Span::from_minutes(2);

/// The claims of a logout token. There is no member for a `nonce`: a logout token must not have one.
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

/// What a logout token is made from.
pub struct LogoutFacts<'a> {
    /// This server's issuer identifier.
    pub issuer: &'a str,
    /// The person, as the client knows them.
    pub subject: String,
    /// The client.
    pub audience: &'a ClientId,
    /// The session that has ended.
    pub session: &'a SessionId,
    /// The token's id.
    pub jti: TokenId,
}

/// The claims of the logout token of one delivery.
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
    fn a_logout_token_holds_what_the_specification_asks_for_and_nothing_else() {
        let (client, session) = (ClientId::parse("rp").unwrap(), SessionId::parse("s1").unwrap());
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

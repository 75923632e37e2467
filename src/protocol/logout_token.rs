//! The logout token by which a client's server is told that a session has ended (OpenID Connect Back-Channel Logout
//! §2.4), and what follows from its answer (§2.5, §2.8).

use serde::Serialize;

use super::ids::{ClientId, SessionId, TokenId};
use super::time::{Span, Timestamp};

/// The `typ` of logout tokens (OpenID Connect Back-Channel Logout §2.4).
pub const TYP: &str = "logout+jwt";

/// How long a logout token lives: long enough for one delivery (OpenID Connect Back-Channel Logout §2.4).
const LIFETIME: Span = Span::from_minutes(2);
/// How often a client may refuse before it is left alone.
const REFUSALS: i64 = 3;
/// How long to wait after each failed attempt; after the last of these always `SELDOM`.
const WAITS: [Span; 5] =
    [Span::from_secs(1), Span::from_secs(5), Span::from_secs(30), Span::from_minutes(2), Span::from_minutes(10)];
const SELDOM: Span = Span::from_minutes(30);

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

/// What follows from a client's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The client has been told.
    Told,
    /// It is tried again after this time.
    Again(Span),
    /// The client does not accept it, however often it is tried (OpenID Connect Back-Channel Logout §2.8).
    Refused,
}

/// What follows from the status of the client's answer, if there was one, to the attempt of this number.
pub fn verdict(status: Option<u16>, attempt: i64) -> Verdict {
    match status {
        Some(200..=299) => Verdict::Told,
        Some(400) if attempt >= REFUSALS => Verdict::Refused,
        Some(_) | None => {
            let failed_before = usize::try_from(attempt.saturating_sub(1)).unwrap_or_default();
            Verdict::Again(WAITS.get(failed_before).copied().unwrap_or(SELDOM))
        }
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

    #[test]
    fn what_is_not_accepted_is_tried_again_ever_more_seldom() {
        let again = |secs| Verdict::Again(Span::from_secs(secs));
        let rows = [
            (Some(200), 1, Verdict::Told),
            (Some(204), 7, Verdict::Told),
            (None, 1, again(1)),
            (Some(503), 2, again(5)),
            (Some(302), 3, again(30)),
            (Some(404), 4, again(120)),
            (None, 5, again(600)),
            (Some(500), 6, again(1800)),
            (None, 40, again(1800)),
            (Some(400), 1, again(1)),
            (Some(400), 2, again(5)),
            (Some(400), 3, Verdict::Refused),
            (Some(400), 9, Verdict::Refused),
            (None, 0, again(1)),
        ];
        for (status, attempt, expected) in rows {
            assert_eq!(verdict(status, attempt), expected, "{status:?} to attempt {attempt}");
        }
    }
}

//! Security Event Tokens, which deliver rows of the audit log to webhooks (RFC 8417 §2). Each event has a URI of this
//! server's own; if CAEP or RISC has registered one for it, the token contains that too, as a second description of the
//! same event (RFC 8417 §1.2). Besides the subject it contains no personal data: no name, address or browser.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::audit_chain::Row;
use crate::ids::WebhookId;
use crate::time::Timestamp;

/// The `typ` of these tokens (RFC 8417 §2.3).
pub const TYP: &str = "secevent+jwt";
/// Their media type (RFC 8935 §2.1).
pub const MEDIA_TYPE: &str = "application/secevent+jwt";
/// The prefix of this server's own event URIs.
const OWN: &str = "urn:signet:event:";
/// The prefix of CAEP event URIs (OpenID CAEP §3).
const CAEP: &str = "https://schemas.openid.net/secevent/caep/event-type/";
/// The prefix of RISC event URIs (OpenID RISC Profile §2).
const RISC: &str = "https://schemas.openid.net/secevent/risc/event-type/";
/// The event of a test delivery (OpenID Shared Signals Framework §8.1.4.1).
const VERIFICATION: &str = "https://schemas.openid.net/secevent/ssf/event-type/verification";

/// The claims of a Security Event Token. It has no `exp`, which RFC 8417 §2.2 advises against, and no `sub` besides
/// `sub_id` (RFC 9493 §4.1), so that it cannot be mistaken for an ID token.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SecurityEventClaims {
    iss: String,
    aud: String,
    iat: i64,
    jti: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    txn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    toe: Option<i64>,
    sub_id: Value,
    events: Map<String, Value>,
}

/// Sender and receiver of an event.
#[derive(Clone, Copy, Debug)]
pub struct Parties<'a> {
    /// The issuer identifier of the realm.
    pub issuer: &'a str,
    /// The receiver, for `aud`.
    pub audience: &'a str,
    pub webhook: &'a WebhookId,
}

/// Builds the claims about a row. They depend on the row alone, so every attempt has the same content and the same
/// `jti`, by which a receiver detects duplicates (RFC 8417 §2.2); `txn` is the row's id.
pub fn claims(parties: Parties<'_>, row: &Row) -> SecurityEventClaims {
    let mut events = Map::new();
    if let Some((uri, facts)) = registered(row) {
        events.insert(uri, facts);
    }
    events.insert(format!("{OWN}{}", row.event), own(row));
    SecurityEventClaims {
        iss: parties.issuer.to_owned(),
        aud: parties.audience.to_owned(),
        iat: row.at.as_secs(),
        jti: format!("{}.{}", row.id, parties.webhook),
        txn: Some(row.id.clone()),
        toe: Some(row.at.as_secs()),
        sub_id: subject(parties.issuer, row),
        events,
    }
}

/// Builds the claims of a test delivery.
pub fn verification(parties: Parties<'_>, state: &str, now: Timestamp) -> SecurityEventClaims {
    SecurityEventClaims {
        iss: parties.issuer.to_owned(),
        aud: parties.audience.to_owned(),
        iat: now.as_secs(),
        jti: format!("{state}.{}", parties.webhook),
        txn: None,
        toe: None,
        sub_id: json!({ "format": "opaque", "id": parties.webhook }),
        events: Map::from_iter([(VERIFICATION.to_owned(), json!({ "state": state }))]),
    }
}

/// Returns the subject of the event: a session of a person (CAEP §2), a person, a client, or this server (RFC 9493
/// §3.2).
fn subject(issuer: &str, row: &Row) -> Value {
    let user = row.user.as_ref().map(|user| json!({ "format": "iss_sub", "iss": issuer, "sub": user }));
    match (user, &row.session, &row.client) {
        // One session of the person, not all of them.
        (Some(user), Some(session), _) => {
            json!({ "format": "complex", "user": user, "session": { "format": "opaque", "id": session } })
        }
        (Some(user), None, _) => user,
        (None, _, Some(client)) => json!({ "format": "opaque", "id": client }),
        (None, _, None) => json!({ "format": "uri", "uri": issuer }),
    }
}

/// Returns the event in the form of CAEP or RISC, if one of them defines it.
fn registered(row: &Row) -> Option<(String, Value)> {
    if row.outcome != "success" {
        return None;
    }
    let initiator = match row.actor.as_str() {
        "user" => "user",
        "system" => "system",
        // A command, or a client of the administration API.
        _ => "admin",
    };
    let common = [("event_timestamp", row.at.as_secs().into()), ("initiating_entity", initiator.into())];
    let caep = |name: &str, own: &[(&str, Value)]| {
        let facts = common.iter().chain(own).map(|(name, value)| ((*name).to_owned(), value.clone()));
        Some((format!("{CAEP}{name}"), Value::Object(facts.collect())))
    };
    match row.event.as_str() {
        "login" => caep("session-established", &[]),
        "logout" | "session.ended" | "user.signed_out" | "user.banned" => caep("session-revoked", &[]),
        "user.password_set" => {
            caep("credential-change", &[("credential_type", "password".into()), ("change_type", "update".into())])
        }
        "user.disabled" => Some((format!("{RISC}account-disabled"), json!({}))),
        "user.enabled" => Some((format!("{RISC}account-enabled"), json!({}))),
        "user.removed" => Some((format!("{RISC}account-purged"), json!({}))),
        _ => None,
    }
}

/// Returns the event in the form of the audit log, without personal data and free text.
fn own(row: &Row) -> Value {
    let mut facts = Map::new();
    let mut put = |name: &str, value: &str| facts.insert(name.to_owned(), value.into());
    put("outcome", &row.outcome);
    // The operator's account name stays on the host.
    put("actor", if row.actor.starts_with("command:") { "command" } else { &row.actor });
    for (name, value) in [("client_id", &row.client), ("sid", &row.session)] {
        if let Some(value) = value {
            put(name, value);
        }
    }
    if let Some(name) = named(&row.event) {
        put(name, &row.reason);
    }
    Value::Object(facts)
}

/// Returns the claim name for the event's reason if that is a fixed word or an identifier. The reason of a command is
/// free text and is omitted.
fn named(event: &str) -> Option<&'static str> {
    match event {
        "login" | "account.soft_locked" | "limit.exceeded" => Some("reason"),
        "consent" => Some("scope"),
        "authorization_code.replayed" | "refresh_token.reused" => Some("grant_id"),
        _ if event.starts_with("key.") => Some("kid"),
        _ if event.starts_with("webhook.") => Some("webhook"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(event: &str, user: Option<&str>, client: Option<&str>) -> Row {
        Row {
            seq: Some(1),
            at: Timestamp::from_millis(1_000_500),
            id: "row1".to_owned(),
            event: event.to_owned(),
            outcome: "success".to_owned(),
            actor: "command:alice".to_owned(),
            user: user.map(str::to_owned),
            client: client.map(str::to_owned),
            session: None,
            address: "192.0.2.1".to_owned(),
            user_agent: "Browser".to_owned(),
            request_id: "r1".to_owned(),
            reason: "free text".to_owned(),
            details: None,
        }
    }

    fn of(row: &Row) -> Value {
        let webhook = WebhookId::parse("siem").unwrap();
        let parties =
            Parties { issuer: "https://op.example", audience: "https://siem.example/events", webhook: &webhook };
        serde_json::to_value(claims(parties, row)).unwrap()
    }

    #[test]
    fn a_security_event_has_the_specified_claims_and_no_personal_data() {
        let expected = json!({
            "iss": "https://op.example", "aud": "https://siem.example/events", "iat": 1000, "toe": 1000,
            "jti": "row1.siem", "txn": "row1",
            "sub_id": {"format": "iss_sub", "iss": "https://op.example", "sub": "u1"},
            "events": {
                "https://schemas.openid.net/secevent/risc/event-type/account-disabled": {},
                "urn:signet:event:user.disabled": {"outcome": "success", "actor": "command"},
            },
        });
        assert_eq!(of(&row("user.disabled", Some("u1"), None)), expected);
    }

    #[test]
    fn registered_events_accompany_our_own() {
        let caep = |name: &str| format!("{CAEP}{name}");
        let rows = [
            ("logout", caep("session-revoked")),
            ("session.ended", caep("session-revoked")),
            ("user.signed_out", caep("session-revoked")),
            ("user.password_set", caep("credential-change")),
            ("login", caep("session-established")),
            ("user.disabled", format!("{RISC}account-disabled")),
            ("user.enabled", format!("{RISC}account-enabled")),
            ("user.removed", format!("{RISC}account-purged")),
        ];
        for (event, uri) in rows {
            let mut row = row(event, Some("u1"), None);
            let claims = of(&row);
            assert!(claims["events"].get(&uri).is_some(), "{event}: {claims}");
            assert!(claims["events"].get(format!("{OWN}{event}")).is_some(), "{event}: {claims}");
            row.outcome = "failure".to_owned();
            assert!(of(&row)["events"].get(&uri).is_none(), "{event} did not happen");
        }
        let change = of(&row("user.password_set", Some("u1"), None));
        assert_eq!(
            change["events"][caep("credential-change")],
            json!({
                "credential_type": "password", "change_type": "update", "event_timestamp": 1000,
                "initiating_entity": "admin",
            })
        );
    }

    #[test]
    fn the_subject_is_a_person_a_client_or_this_server() {
        let rows = [
            (Some("u1"), Some("rp"), json!({"format": "iss_sub", "iss": "https://op.example", "sub": "u1"})),
            (None, Some("rp"), json!({"format": "opaque", "id": "rp"})),
            (None, None, json!({"format": "uri", "uri": "https://op.example"})),
        ];
        for (user, client, expected) in rows {
            assert_eq!(of(&row("key.announced", user, client))["sub_id"], expected);
        }
        let ended = of(&Row { session: Some("s1".to_owned()), ..row("logout", Some("u1"), Some("rp")) });
        let user = json!({"format": "iss_sub", "iss": "https://op.example", "sub": "u1"});
        let session = json!({"format": "opaque", "id": "s1"});
        assert_eq!(ended["sub_id"], json!({"format": "complex", "user": user, "session": session}));
    }
}

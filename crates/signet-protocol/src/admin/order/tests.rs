use serde_json::{Value, json};

use super::*;
use crate::claims::requested::RequestedClaims;
use crate::ids::UserId;

const ISSUER: &str = "https://op.example";

fn client(scope: &str) -> Client {
    Client {
        id: ClientId::parse("ops").unwrap(),
        metadata: serde_json::from_value(json!({ "scope": scope })).unwrap(),
        secrets: Vec::new(),
        enabled: true,
        registration: None,
        logo: None,
    }
}

fn claims(aud: Audience, scope: &str) -> AccessTokenClaims {
    let id = ClientId::parse("ops").unwrap();
    AccessTokenClaims {
        iss: ISSUER.into(),
        sub: Subject::Client(id.clone()).as_claim(),
        aud,
        exp: 600,
        nbf: 0,
        iat: 0,
        jti: TokenId::new(Timestamp::from_millis(0), [1; 16]),
        client_id: id,
        scope: Scope::parse_stored(scope).unwrap(),
        auth_time: None,
        sid: None,
        grant_id: None,
        claims: RequestedClaims::default(),
        cnf: None,
    }
}

#[test]
fn a_token_for_the_api_has_no_other_audience() {
    let api = || Audience::One(format!("{ISSUER}{PATH}"));
    let both = "signet:read signet:revoke";
    let rows = [
        ("to revoke", api(), "signet:revoke", both, Permission::Revoke, Ok(())),
        ("who revokes may look", api(), "signet:revoke", both, Permission::Read, Ok(())),
        ("to look", api(), "signet:read", both, Permission::Read, Ok(())),
        ("to look is not to revoke", api(), "signet:read", both, Permission::Revoke, Err(Denial::Permission)),
        ("another scope", api(), "api:write", both, Permission::Read, Err(Denial::Permission)),
        ("no scope", api(), "", both, Permission::Read, Err(Denial::Permission)),
        ("taken from the client", api(), both, "signet:read", Permission::Revoke, Err(Denial::Permission)),
        ("the issuer", Audience::One(ISSUER.into()), both, both, Permission::Read, Err(Denial::Audience)),
        ("below it", Audience::One(format!("{ISSUER}{PATH}/x")), both, both, Permission::Read, Err(Denial::Audience)),
        (
            "two",
            Audience::Many(vec![format!("{ISSUER}{PATH}"), ISSUER.into()]),
            both,
            both,
            Permission::Read,
            Err(Denial::Audience),
        ),
        (
            "another issuer",
            Audience::One(format!("https://x.example{PATH}")),
            both,
            both,
            Permission::Read,
            Err(Denial::Audience),
        ),
    ];
    for (case, aud, scope, registered, permission, expected) in rows {
        assert_eq!(permit(&claims(aud, scope), &client(registered), ISSUER, permission), expected, "{case}");
    }
}

#[test]
fn a_token_of_a_user_gives_no_access() {
    let own = || claims(Audience::One(format!("{ISSUER}{PATH}")), "signet:revoke");
    let rows: [(&str, fn(&mut AccessTokenClaims)); 4] = [
        ("a user", |claims| claims.sub = UserId::from_random([7; 16]).as_str().to_owned()),
        ("another client", |claims| claims.sub = "client:other".into()),
        ("a session", |claims| claims.sid = SessionId::parse("s")),
        ("a grant", |claims| claims.grant_id = FamilyId::parse("f")),
    ];
    for (case, change) in rows {
        let mut claims = own();
        change(&mut claims);
        let denied = permit(&claims, &client("signet:revoke"), ISSUER, Permission::Read);
        assert_eq!(denied, Err(Denial::Permission), "{case}");
    }
}

#[test]
fn an_order_has_one_target_and_its_members_only() {
    let good = [
        json!({"target": "token", "token": "eyJ"}),
        json!({"target": "token", "jti": "x", "reason": "leaked"}),
        json!({"target": "grant", "id": "f"}),
        json!({"target": "session", "id": "s"}),
        json!({"target": "consent", "username": "alice", "client": "rp"}),
        json!({"target": "user", "username": "alice"}),
        json!({"target": "user", "username": "alice", "until": "2030-01-01T00:00:00Z"}),
        json!({"target": "client", "id": "rp"}),
        json!({"target": "realm"}),
    ];
    for body in good {
        assert!(Order::parse(body.to_string().as_bytes()).is_ok(), "{body}");
    }
    let bad = [
        (json!([]), OrderError::Malformed),
        (json!({"id": "rp"}), OrderError::Malformed),
        (json!({"target": "realm", "force": true}), OrderError::Malformed),
        (json!({"target": 1}), OrderError::Malformed),
        (json!({"target": "everything"}), OrderError::Target),
        (json!({"target": "realm", "id": "x"}), OrderError::Members),
        (json!({"target": "user"}), OrderError::Members),
        (json!({"target": "user", "id": "alice"}), OrderError::Members),
        (json!({"target": "client", "id": "rp", "until": "2030-01-01"}), OrderError::Members),
        (json!({"target": "token", "token": "a", "jti": "b"}), OrderError::Members),
        (json!({"target": "session", "id": "a b"}), OrderError::Identifier),
        (json!({"target": "user", "username": "alice", "until": "tomorrow"}), OrderError::Until),
        (json!({"target": "realm", "reason": "two\nlines"}), OrderError::Reason),
    ];
    for (body, expected) in bad {
        let refused = Order::parse(Value::to_string(&body).as_bytes()).unwrap_err();
        assert_eq!(refused, expected, "{body}");
    }
    let twice = br#"{"target": "user", "username": "bob", "username": "alice"}"#;
    assert_eq!(Order::parse(twice).unwrap_err(), OrderError::Malformed);
}

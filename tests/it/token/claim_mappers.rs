//! Claim mappers: custom claims from user data, at their targets, for their clients and audiences; never under the name
//! of a protocol claim.

use serde_json::{Value, json};
use signet::flows::admin::{MappersError, NewMapper, Person};
use signet_protocol::claims::standard::PersonClaims;
use signet_protocol::ids::ClientId;
use signet_protocol::secret::Password;

use crate::support::server::PASSWORD;
use crate::support::{RelyingParty, TestServer, Tokens, claims};

const API: &str = "https://api.example/";

/// A server with carol, who has attributes and roles.
async fn server() -> TestServer {
    let server = TestServer::start().await;
    let claims = json!({"name": "Carol Example", "locale": "de", "phone_number": "+49 30 1"});
    let person = Person {
        username: "carol".to_owned(),
        email: Some("carol@example.org".to_owned()),
        email_verified: true,
        password: Some(Password::new(PASSWORD.to_owned())),
        claims: PersonClaims::from_json(&claims.to_string()).unwrap(),
        attributes: json!({"tier": "gold", "groups": ["a", "b"], "nothing": null}).as_object().unwrap().clone(),
        roles: vec!["admin".to_owned(), "editor".to_owned()],
    };
    server.add_person(person).await;
    server
}

/// Adds a mapper like the command, without notifying this node.
async fn add(server: &TestServer, id: &str, client: Option<&str>, mapper: Value) -> Result<(), MappersError> {
    let new = NewMapper {
        id: id.to_owned(),
        client: client.map(|client| ClientId::parse(client).unwrap()),
        mapper: serde_json::from_value(mapper).unwrap(),
    };
    server.operator(&server.context()).mappers().add(new).await
}

/// Adds a mapper to the realm; the server follows by itself.
pub async fn map(server: &TestServer, claim: &str, source: Value, more: Value) {
    let mut mapper = json!({"claim": claim, "source": source, "targets": ["access_token", "id_token", "userinfo"]});
    more.as_object().unwrap().iter().for_each(|(name, value)| mapper[name] = value.clone());
    add(server, claim, None, mapper).await.unwrap();
    server.app.follow().await.unwrap();
}

/// Removes a mapper from the realm; the server follows by itself.
pub async fn unmap(server: &TestServer, claim: &str) {
    server.operator(&server.context()).mappers().remove(claim.to_owned()).await.unwrap();
    server.app.follow().await.unwrap();
}

async fn client(server: &TestServer, id: &str, more: Value) -> RelyingParty {
    let mut metadata = json!({"scope": "openid profile offline_access org", "audiences": [API],
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"]});
    more.as_object().unwrap().iter().for_each(|(name, value)| metadata[name] = value.clone());
    server.client(id, metadata).await
}

async fn sign_in(rp: &RelyingParty, more: &[(&str, &str)]) -> Tokens {
    let changes: Vec<_> = [("scope", "openid offline_access")].iter().chain(more).copied().collect();
    rp.redeem(&rp.authorize_with("carol", &changes).await.code()).await.tokens()
}

async fn userinfo(server: &TestServer, tokens: &Tokens) -> Value {
    server.userinfo(&tokens.access_token).await.json().await.unwrap()
}

#[tokio::test]
async fn every_source_reaches_every_target() {
    let server = server().await;
    let rows = [
        ("x_username", json!({"user": "username"}), Some(json!("carol"))),
        ("x_email", json!({"user": "email"}), Some(json!("carol@example.org"))),
        ("x_locale", json!({"user": "locale"}), Some(json!("de"))),
        ("x_gender", json!({"user": "gender"}), None),
        ("https://example.org/tier", json!({"attribute": "tier"}), Some(json!("gold"))),
        ("x_groups", json!({"attribute": "groups"}), Some(json!(["a", "b"]))),
        ("x_nothing", json!({"attribute": "nothing"}), None),
        ("x_missing", json!({"attribute": "missing"}), None),
        ("roles", json!("roles"), Some(json!(["admin", "editor"]))),
        ("x_static", json!({"static": {"tenant": 7}}), Some(json!({"tenant": 7}))),
    ];
    for (at, (claim, source, _)) in rows.iter().enumerate() {
        let mapper = json!({"claim": claim, "source": source, "targets": ["access_token", "id_token", "userinfo"]});
        add(&server, &format!("m{at}"), None, mapper).await.unwrap();
    }
    server.app.follow().await.unwrap();
    for format in ["jwt", "opaque"] {
        let rp = client(&server, format, json!({"access_token_format": format})).await;
        let first = sign_in(&rp, &[]).await;
        let next = rp.refresh(first.refresh_token()).await.tokens();
        for tokens in [&first, &next] {
            let mut released = vec![claims(tokens.id_token()), userinfo(&server, tokens).await];
            released.push(rp.introspect(&tokens.access_token).await);
            if format == "jwt" {
                released.push(claims(&tokens.access_token));
            }
            for (claim, _, expected) in &rows {
                released.iter().for_each(|released| {
                    assert_eq!(released.get(*claim), expected.as_ref(), "{claim} {format}: {released}")
                });
            }
        }
        let own = rp.client_credentials(&[]).await.tokens();
        let seen = rp.introspect(&own.access_token).await;
        assert_eq!(
            (seen.get("x_static"), seen.get("x_username"), seen.get("roles")),
            (Some(&json!({"tenant": 7})), None, None)
        );
    }
}

#[tokio::test]
async fn a_claim_appears_only_at_its_targets() {
    let server = server().await;
    for target in ["access_token", "id_token", "userinfo"] {
        map(&server, &format!("in_{target}"), json!({"static": 1}), json!({"targets": [target]})).await;
    }
    let rp = client(&server, "rp", json!({})).await;
    let tokens = sign_in(&rp, &[]).await;
    let released = [
        ("access_token", claims(&tokens.access_token)),
        ("access_token", rp.introspect(&tokens.access_token).await),
        ("id_token", claims(tokens.id_token())),
        ("userinfo", userinfo(&server, &tokens).await),
    ];
    for (place, released) in released {
        for target in ["access_token", "id_token", "userinfo"] {
            assert_eq!(
                released.get(format!("in_{target}")).is_some(),
                place == target,
                "{target} in {place}: {released}"
            );
        }
    }
}

#[tokio::test]
async fn scope_and_audience_are_conditions() {
    let server = server().await;
    map(&server, "of_scope", json!("roles"), json!({"scope": "org"})).await;
    map(&server, "of_audience", json!("roles"), json!({"audience": API})).await;
    let rp = client(&server, "rp", json!({})).await;
    let bare = sign_in(&rp, &[]).await;
    let scoped = sign_in(&rp, &[("scope", "openid org")]).await;
    let addressed = sign_in(&rp, &[("resource", API)]).await;
    for (rule, tokens, by_scope, by_audience) in
        [("bare", &bare, false, false), ("scope", &scoped, true, false), ("audience", &addressed, false, true)]
    {
        let token = claims(&tokens.access_token);
        assert_eq!(
            (token.get("of_scope").is_some(), token.get("of_audience").is_some()),
            (by_scope, by_audience),
            "{rule}"
        );
        assert_eq!(claims(tokens.id_token()).get("of_scope").is_some(), by_scope, "{rule}");
    }
    assert_eq!(userinfo(&server, &bare).await.get("of_scope"), None);
    assert!(userinfo(&server, &scoped).await.get("of_scope").is_some());
}

#[tokio::test]
async fn a_mapper_of_one_client_does_not_apply_to_another() {
    let server = server().await;
    let mine = client(&server, "mine", json!({})).await;
    let theirs = client(&server, "theirs", json!({})).await;
    let mapper =
        |claim: &str| json!({"claim": claim, "source": "roles", "targets": ["access_token", "id_token", "userinfo"]});
    add(&server, "own", Some("mine"), mapper("own")).await.unwrap();
    add(&server, "all", None, mapper("all")).await.unwrap();
    let nobody = add(&server, "x", Some("nobody"), mapper("x")).await;
    assert!(matches!(nobody, Err(MappersError::Conflict)), "no such client: {nobody:?}");
    let again = add(&server, "own", None, mapper("x")).await;
    assert!(matches!(again, Err(MappersError::Conflict)), "the name is taken: {again:?}");
    server.app.follow().await.unwrap();
    for (rp, has_own) in [(&mine, true), (&theirs, false)] {
        let tokens = sign_in(rp, &[]).await;
        for released in [claims(&tokens.access_token), claims(tokens.id_token()), userinfo(&server, &tokens).await] {
            assert_eq!((released.get("own").is_some(), released.get("all").is_some()), (has_own, true), "{released}");
        }
    }
}

#[tokio::test]
async fn a_mapper_cannot_set_a_protocol_claim() {
    let server = server().await;
    let reserved = [
        "sub",
        "iss",
        "aud",
        "exp",
        "iat",
        "nbf",
        "jti",
        "auth_time",
        "nonce",
        "acr",
        "amr",
        "azp",
        "at_hash",
        "c_hash",
        "sid",
        "scope",
        "client_id",
        "grant_id",
        "claims",
        "cnf",
        "act",
        "may_act",
        "events",
        "active",
        "token_type",
        "username",
        "email",
        "email_verified",
        "name",
        "preferred_username",
        "address",
        "phone_number_verified",
    ];
    for claim in reserved {
        let mapper = json!({"claim": claim, "source": {"static": "mallory"}, "targets": ["access_token", "id_token", "userinfo"]});
        let refused = add(&server, "m", None, mapper).await;
        assert!(refused.is_err(), "{claim}");
    }
    let bad = [
        json!({"claim": "", "source": "roles", "targets": ["userinfo"]}),
        json!({"claim": "a b", "source": "roles", "targets": ["userinfo"]}),
        json!({"claim": "x", "source": "roles", "targets": []}),
        json!({"claim": "x", "source": {"user": "password"}, "targets": ["userinfo"]}),
        json!({"claim": "x", "source": {"static": "y".repeat(2000)}, "targets": ["userinfo"]}),
        json!({"claim": "x", "source": "roles", "targets": ["userinfo"], "scope": "two scopes"}),
    ];
    for mapper in bad {
        assert!(add(&server, "m", None, mapper.clone()).await.is_err(), "{mapper}");
    }
    assert_eq!(server.database().query("SELECT id FROM claim_mappers").await.len(), 0, "nothing was kept");
}

#[tokio::test]
async fn other_nodes_follow_and_a_removed_mapper_is_gone() {
    let server = server().await;
    let twin = server.twin().await;
    let rp = client(&server, "rp", json!({})).await;
    twin.app.follow().await.unwrap();
    let there = rp.at(&twin);
    let before = sign_in(&there, &[]).await;
    assert_eq!(claims(&before.access_token).get("roles"), None);
    map(&server, "roles", json!("roles"), json!({})).await;
    twin.app.follow().await.unwrap();
    let tokens = sign_in(&there, &[]).await;
    let expected = json!(["admin", "editor"]);
    assert_eq!((&claims(&tokens.access_token)["roles"], &claims(tokens.id_token())["roles"]), (&expected, &expected));
    assert_eq!(
        there.introspect(&before.access_token).await["roles"],
        expected,
        "introspection shows the current roles"
    );
    let info: Value = twin.userinfo(&before.access_token).await.json().await.unwrap();
    assert_eq!(info["roles"], expected);

    unmap(&server, "roles").await;
    let again = server.operator(&server.context()).mappers().remove("roles".to_owned()).await;
    assert!(matches!(again, Err(MappersError::NotFound(_))), "{again:?}");
    for node in [&server, &twin] {
        node.app.follow().await.unwrap();
        let rp = rp.at(node);
        let tokens = sign_in(&rp, &[]).await;
        assert_eq!(claims(&tokens.access_token).get("roles"), None);
        assert_eq!(claims(tokens.id_token()).get("roles"), None);
        assert_eq!(rp.introspect(&tokens.access_token).await.get("roles"), None);
    }
    let events = server.database().audit_events().await;
    assert_eq!(events.iter().filter(|event| event.contains("mapper")).count(), 2, "{events:?}");
}

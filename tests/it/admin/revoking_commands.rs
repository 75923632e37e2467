//! Revocation by command, next to a running server.

use serde_json::{Value, json};

use crate::support::place::{Place, refused, stderr, succeeded};
use crate::support::server::{PASSWORD, http_client};
use crate::support::{RelyingParty, Tokens};
use crate::token::signed_claims::SigningKeys;

/// A running server with alice, and her tokens at a client.
pub struct Scene {
    pub place: Place,
    _server: tokio::process::Child,
    pub rp: RelyingParty,
}

impl Scene {
    pub async fn set() -> Self {
        Self::set_with(&[]).await
    }

    /// A scene whose server has these environment variables.
    pub async fn set_with(variables: &[(&str, &str)]) -> Self {
        let place = Place::new().await;
        let server = place.serve_with(variables).await;
        let user = ["user", "add", "--username", "alice", "--password-stdin"];
        succeeded(&place.run_with_input(&user, PASSWORD).await);
        let client = [
            "client",
            "add",
            "--id",
            "rp",
            "--redirect-uri",
            "https://rp.example/cb",
            "--grant",
            "authorization_code",
            "--grant",
            "refresh_token",
            "--scope",
            "openid profile email offline_access",
            "--json",
        ];
        let made: Value = serde_json::from_str(&succeeded(&place.run(&client).await)).unwrap();
        let rp = RelyingParty {
            id: "rp".to_owned(),
            secret: made["client_secret"].as_str().map(str::to_owned),
            issuer: place.issuer(),
            redirect_uri: "https://rp.example/cb".to_owned(),
            auth_method: "client_secret_basic".to_owned(),
            http: http_client(),
        };
        Self { place, _server: server, rp }
    }

    /// Runs a command that answers in JSON.
    pub async fn json(&self, arguments: &[&str]) -> Value {
        let output = self.place.run(&[arguments, &["--json"]].concat()).await;
        serde_json::from_str(&succeeded(&output)).unwrap()
    }

    async fn dies_within_a_second(&self, tokens: &Tokens) {
        for _ in 0..40 {
            if !self.rp.is_active(&tokens.access_token).await {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("it lives for more than a second, and two");
    }
}

#[tokio::test]
async fn a_token_is_inspected_and_a_forged_one_is_known_as_such() {
    let scene = Scene::set().await;
    let token = scene.rp.sign_in("alice").await.access_token;
    let inspect = async |token: &str| -> Value {
        let output = scene.place.run_with_input(&["token", "inspect", "--json"], token).await;
        serde_json::from_str(&succeeded(&output)).unwrap()
    };
    let good = inspect(&token).await;
    assert_eq!((&good["signature"], &good["findings"]), (&json!("valid"), &json!([])), "{good}");
    assert_eq!(good["claims"], crate::support::claims(&token));
    assert_eq!(good["size"]["bytes"], token.len());
    assert!(good["size"]["largest_claims"][0]["bytes"].as_u64().unwrap() > 10, "{good}");
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let forged = inspect(&format!("{signed}.{}", "A".repeat(signature.len()))).await;
    assert_eq!(forged["signature"], "INVALID", "{forged}");
    assert_eq!(forged["findings"], json!(["the signature is not valid"]));
}

#[tokio::test]
async fn the_inspection_names_a_wrong_audience_and_the_weight_of_a_large_token() {
    let scene = Scene::set().await;
    let tokens = scene.rp.sign_in("alice").await;
    let service = ["client", "add", "--id", "svc", "--grant", "client_credentials", "--scope", "read"];
    scene.json(&[&service[..], &["--audience", "https://api.example/"]].concat()).await;
    let with = |changes: Value| {
        let mut claims = crate::support::claims(&tokens.access_token);
        changes.as_object().unwrap().iter().for_each(|(name, value)| claims[name] = value.clone());
        claims
    };
    let keys = SigningKeys::of(&scene.place).await;
    let foreign = keys.sign(&with(json!({"aud": "https://other.example/"})));
    let own = keys.sign(&with(json!({"aud": "https://api.example/", "client_id": "svc"})));
    let heavy = keys.sign(&with(json!({"groups": "g".repeat(4000)})));
    let issuer = scene.place.issuer();
    let rows: [(&str, &str, &[&str], &str); 8] = [
        ("for the issuer", &tokens.access_token, &[], ""),
        ("for its client", tokens.id_token(), &[], ""),
        ("for a resource of its client", &own, &[], ""),
        ("for another resource", &foreign, &[], "the audience is neither the issuer, nor a client, nor a resource"),
        ("for the named audience", &tokens.access_token, &["--audience", &issuer], ""),
        ("for another than the named", &own, &["--audience", &issuer], "the token is not for the audience"),
        ("for the named, unknown here", &foreign, &["--audience", "https://other.example/"], ""),
        ("large", &heavy, &[], "the token is large: its largest claims are groups 4002"),
    ];
    for (rule, token, options, expected) in rows {
        let inspect = [&["token", "inspect", "--json"], options].concat();
        let output = scene.place.run_with_input(&inspect, token).await;
        let found: Value = serde_json::from_str(&succeeded(&output)).unwrap();
        let findings: Vec<&str> = found["findings"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert_eq!(found["signature"], "valid", "{rule}");
        match expected {
            "" => assert!(findings.is_empty(), "{rule}: {findings:?}"),
            part => assert!(findings.len() == 1 && findings[0].contains(part), "{rule}: {findings:?}"),
        }
    }
    let said = succeeded(&scene.place.run_with_input(&["token", "inspect"], &heavy).await);
    assert!(said.contains(&format!("size       {} bytes", heavy.len())), "{said}");
}

#[tokio::test]
async fn tokens_grants_sessions_and_consents_are_revoked_by_command() {
    let scene = Scene::set().await;
    let mut tokens = Vec::new();
    for _ in 0..5 {
        tokens.push(scene.rp.sign_in("alice").await);
    }
    let jti = crate::support::claims(&tokens[0].access_token)["jti"].as_str().unwrap().to_owned();
    let by_jti = ["token", "revoke", "--jti", &jti, "--reason", "pasted into a chat"];
    assert_eq!(scene.json(&by_jti).await, json!({"revoked": true, "sessions": 0, "grants": 0}));
    scene.dies_within_a_second(&tokens[0]).await;
    assert!(succeeded(&scene.place.run(&by_jti).await).contains("already void"));
    refused(&scene.place.run(&["token", "revoke", "--jti", "nonsense"]).await, "not that of an access token");

    let presented = scene.place.run_with_input(&["token", "revoke"], tokens[1].refresh_token()).await;
    assert!(succeeded(&presented).contains("grants: 1"));
    scene.dies_within_a_second(&tokens[1]).await;
    let unknown = scene.place.run_with_input(&["token", "revoke"], "nonsense\n").await;
    assert!(succeeded(&unknown).contains("Nothing to do"));

    let grants = scene.json(&["grant", "list", "--username", "alice"]).await;
    assert_eq!(grants.as_array().unwrap().len(), 4, "{grants}");
    let id = crate::support::claims(&tokens[2].access_token)["grant_id"].as_str().unwrap().to_owned();
    assert_eq!(scene.json(&["grant", "list", "--client", "rp"]).await, grants);
    assert!(succeeded(&scene.place.run(&["grant", "list", "--client", "rp"]).await).contains(&id));
    assert_eq!(scene.json(&["grant", "revoke", "--id", &id]).await["grants"], 1);
    scene.dies_within_a_second(&tokens[2]).await;
    refused(&scene.place.run(&["grant", "revoke", "--id", "nothing"]).await, "no grant");

    let sessions = scene.json(&["session", "list", "--username", "alice"]).await;
    assert_eq!(sessions.as_array().unwrap().len(), 5, "{sessions}");
    let sid = crate::support::claims(&tokens[3].access_token)["sid"].as_str().unwrap().to_owned();
    assert_eq!(scene.json(&["session", "end", "--id", &sid]).await["sessions"], 1);
    scene.dies_within_a_second(&tokens[3]).await;
    refused(&scene.place.run(&["session", "end", "--id", "nothing"]).await, "no session");

    let consents = scene.json(&["consent", "list", "--username", "alice"]).await;
    assert_eq!(consents[0]["client"], "rp", "{consents}");
    succeeded(&scene.place.run(&["consent", "revoke", "--username", "alice", "--client", "rp"]).await);
    scene.dies_within_a_second(&tokens[4]).await;
    assert_eq!(scene.json(&["consent", "list", "--username", "alice"]).await, json!([]));
    refused(&scene.place.run(&["consent", "revoke", "--username", "alice", "--client", "no"]).await, "no client");
    let audit = succeeded(&scene.place.run(&["audit", "list", "--event", "token.revoked"]).await);
    assert!(audit.contains(&format!("{jti}: pasted into a chat")), "{audit}");
}

#[tokio::test]
async fn users_clients_and_the_realm_are_signed_out_by_command() {
    let scene = Scene::set().await;
    let user = ["user", "sign-out", "--username", "alice"];
    let orders: [&[&str]; 4] = [
        &user,
        &["client", "sign-out", "--id", "rp"],
        &["realm", "sign-out", "--yes"],
        &[&user[..], &["--until", "2100-01-01"]].concat(),
    ];
    for order in orders {
        let tokens = scene.rp.sign_in("alice").await;
        assert!(scene.rp.is_active(&tokens.access_token).await);
        let ended = scene.json(order).await;
        assert_eq!((&ended["revoked"], &ended["grants"]), (&json!(true), &json!(1)), "{order:?}");
        scene.dies_within_a_second(&tokens).await;
        scene.rp.refresh(tokens.refresh_token()).await.assert_error(400, "invalid_grant");
    }
    let status = scene.json(&["revocations", "status"]).await;
    assert_eq!((&status["banned_users"], &status["in_force"]["realm"]), (&json!(1), &json!(1)), "{status}");
    assert!(succeeded(&scene.place.run(&["revocations", "status"]).await).contains("banned users  1"));
    assert_eq!(scene.json(&["revocations", "sweep"]).await, json!({"removed": 0}));
    succeeded(&scene.place.run(&["user", "enable", "--username", "alice"]).await);
    scene.rp.sign_in("alice").await;

    refused(&scene.place.run(&[&user[..], &["--until", "2001-01-01"]].concat()).await, "in the future");
    refused(&scene.place.run(&["client", "sign-out", "--id", "nobody"]).await, "no client");
    for wrong in [&["--reason", "a\nb"][..], &["--reason", &"x".repeat(201)], &["--until", "soon"]] {
        let output = scene.place.run(&[&user[..], wrong].concat()).await;
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    }
}

#[tokio::test]
async fn the_scopes_of_the_administration_are_given_by_command_alone() {
    let place = Place::new().await;
    let add = |scope: &'static str, grant: &'static str| {
        ["client", "add", "--id", "ops", "--redirect-uri", "https://rp.example/cb", "--grant", grant, "--scope", scope]
    };
    refused(&place.run(&add("signet:revok", "client_credentials")).await, "signet:revok");
    refused(&place.run(&add("signet:revoke", "authorization_code")).await, "client_credentials");
    succeeded(&place.run(&add("signet:read signet:revoke", "client_credentials")).await);
    std::fs::write(place.path().join("open.toml"), "[registration]\nscopes = [\"signet:revoke\"]\n").unwrap();
    refused(&place.run(&["--config", "open.toml", "config", "print"]).await, "registration.scopes");
}

#[tokio::test]
async fn an_id_may_begin_with_a_hyphen() {
    let place = Place::new().await;
    for command in [["grant", "revoke", "--id"], ["session", "end", "--id"], ["keys", "compromise", "--kid"]] {
        let output = place.run(&[&command[..], &["-Rk3vZ0hW1mPq8sTuVwXyz"]].concat()).await;
        assert_eq!(output.status.code(), Some(1), "refused, and not misunderstood: {output:?}");
    }
}

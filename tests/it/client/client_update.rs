//! Updating a client by command: it keeps its consents and grants, reduced to what it may still have.

use serde_json::{Value, json};
use signet::flows::admin::{Changed, ClientUpdate, ClientsError, SecretSource};
use signet_protocol::client::ClientMetadata;
use signet_protocol::ids::ClientId;
use signet_store::client::clients::Standing;

use crate::admin::revoking_commands::Scene;
use crate::client::registration::{client, open, register, with};
use crate::client::registration_management::{At, put_of};
use crate::support::place::{ALLOWED, Place, refused, stderr, succeeded};
use crate::support::{RelyingParty, TestServer};

/// Changes a client as the command does, from what is registered now.
pub async fn update(server: &TestServer, id: &str, change: impl FnOnce(&mut ClientMetadata)) -> ClientUpdate {
    let context = server.context();
    let operator = server.operator(&context);
    let registrar = server.registrar(&operator);
    let read = operator.clients().read(&ClientId::parse(id).unwrap()).await.unwrap();
    let mut next = read.client.metadata.clone();
    change(&mut next);
    let changed = registrar.carry_out(registrar.plan(&read, next).unwrap()).await.unwrap();
    server.app.follow().await.unwrap();
    changed
}

fn without(metadata: &mut ClientMetadata, scope: &str) {
    metadata.scope = metadata.scope.filtered(|held| held != scope);
}

#[tokio::test]
async fn an_update_says_what_grants_lose_and_keeps_them_and_the_consents() {
    let scene = Scene::set().await;
    let tokens = scene.rp.sign_in("alice").await;
    let changed = scene.json(&["client", "update", "rp", "--remove-scope", "email", "--name", "Shop"]).await;
    assert_eq!(changed["narrowed"], json!([{"kind": "scope", "lost": "email", "grants": 1}]), "{changed}");
    let old = &changed["changed"][1];
    assert_eq!(old["name"], "scope", "{changed}");
    assert_eq!(
        (&old["old"], &old["new"]),
        (&json!("openid profile email offline_access"), &json!("openid profile offline_access"))
    );
    assert_eq!(changed["client_secret"], Value::Null);
    assert!(
        !scene.rp.is_active(&tokens.access_token).await,
        "it allowed more, and every node knows when the command ends"
    );
    let next = scene.rp.refresh(tokens.refresh_token()).await.tokens();
    assert_eq!(next.json["scope"], "openid profile offline_access");
    assert_eq!(scene.json(&["consent", "list", "--username", "alice"]).await[0]["client"], "rp");
    let shown = succeeded(&scene.place.run(&["client", "update", "--id", "rp", "--remove-scope", "profile"]).await);
    assert!(shown.contains("Refresh tokens of 1 grant lost the scope profile."), "{shown}");
    assert!(shown.contains("  scope: openid profile offline_access -> openid offline_access\n"), "{shown}");
    scene.json(&["client", "update", "rp", "--scope", "openid profile email offline_access"]).await;
    assert!(!scene.rp.is_active(&tokens.access_token).await, "what comes back brings no old token back");
    let rows = succeeded(&scene.place.run(&["audit", "list", "--event", "client.updated"]).await);
    assert!(rows.contains("client=rp") && rows.contains("client_name: none -> Shop; scope: openid profile"), "{rows}");
}

#[tokio::test]
async fn a_dry_run_says_the_same_and_changes_nothing() {
    let scene = Scene::set().await;
    let tokens = scene.rp.sign_in("alice").await;
    let dry = scene.json(&["client", "update", "rp", "--scope", "openid profile offline_access", "--dry-run"]).await;
    assert_eq!(dry["narrowed"], json!([{"kind": "scope", "lost": "email", "grants": 1}]), "{dry}");
    let dry = scene.json(&["client", "update", "rp", "--auth-method", "none", "--dry-run"]).await;
    assert_eq!((&dry["ended_grants"], &dry["drops_secrets"]), (&json!(1), &json!(true)), "{dry}");
    assert!(scene.rp.is_active(&tokens.access_token).await);
    assert_eq!(scene.json(&["client", "list"]).await[0]["scope"], "openid profile email offline_access");
    assert_eq!(succeeded(&scene.place.run(&["audit", "list", "--event", "client.updated"]).await), "");
}

#[tokio::test]
async fn an_update_that_takes_nothing_away_ends_nothing() {
    let scene = Scene::set().await;
    let tokens = scene.rp.sign_in("alice").await;
    let more = ["client", "update", "rp", "--add-redirect-uri", "https://rp.example/second", "--add-scope", "phone"];
    let changed = scene.json(&more).await;
    assert_eq!((&changed["narrowed"], &changed["voids_access_tokens"]), (&json!([]), &json!(false)), "{changed}");
    assert!(scene.rp.is_active(&tokens.access_token).await);
    let again = succeeded(&scene.place.run(&more).await);
    assert_eq!(again, "The client rp already has these attributes.\n");
}

#[tokio::test]
async fn an_update_is_refused_where_another_came_first() {
    let server = open().await;
    let kept = register(&server, &with(json!({"client_name": "First"}))).await;
    let rp = client(&server, &kept);
    let context = server.context();
    let operator = server.operator(&context);
    let registrar = server.registrar(&operator);
    let id = ClientId::parse(&rp.id).unwrap();
    let plan = async |name: &str| {
        let read = operator.clients().read(&id).await.unwrap();
        let next = ClientMetadata { client_name: name.to_owned(), ..read.client.metadata.clone() };
        registrar.plan(&read, next).unwrap()
    };
    let one = plan("One").await;
    let other = plan("Other").await;
    registrar.carry_out(one).await.unwrap();
    let refused = registrar.carry_out(other).await.err();
    assert!(matches!(refused, Some(ClientsError::Changed(Changed("client")))), "{refused:?}");
    let unaware = plan("Unaware").await;
    registrar.rotate_secret(id.clone(), SecretSource::Generated).await.unwrap();
    assert!(
        matches!(registrar.carry_out(unaware).await, Err(ClientsError::Changed(Changed("client")))),
        "a new secret counts"
    );
    let enabled = plan("Enabled").await;
    server.set_client_standing(id.as_str(), Standing::Disabled).await;
    let refused = registrar.carry_out(enabled).await;
    assert!(
        matches!(refused, Err(ClientsError::Changed(Changed("client")))),
        "a client that was disabled: {refused:?}"
    );
    let disabled = plan("Disabled").await;
    server.set_client_standing(id.as_str(), Standing::Disabled).await;
    registrar.carry_out(disabled).await.unwrap();
    let disabled = plan("Disabled still").await;
    server.set_client_standing(id.as_str(), Standing::Enabled).await;
    let refused = registrar.carry_out(disabled).await;
    assert!(matches!(refused, Err(ClientsError::Changed(Changed("client")))), "a client that was enabled: {refused:?}");
    let late = plan("Late").await;
    let reply = At::own(&server, &kept).put(&put_of(&kept, json!({"client_name": "Itself"}))).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert!(
        matches!(registrar.carry_out(late).await, Err(ClientsError::Changed(Changed("client")))),
        "its own change counts"
    );
    let read = operator.clients().read(&id).await.unwrap();
    assert_eq!((read.client.name(), read.history.created_by.as_str()), ("Itself", "client"));
}

#[tokio::test]
async fn a_client_that_turns_public_loses_its_secret_and_grants_and_gets_another_secret_when_it_comes_back() {
    let server = TestServer::start().await;
    let rp = server.client("rp", json!({})).await;
    let tokens = rp.sign_in("alice").await;
    let public = update(&server, "rp", |client| client.token_endpoint_auth_method = "none".to_owned()).await;
    assert_eq!((public.ended_grants, public.drops_secrets, public.secret.is_none()), (1, true, true));
    rp.refresh(tokens.refresh_token()).await.assert_error(401, "invalid_client");
    let back =
        update(&server, "rp", |client| client.token_endpoint_auth_method = "client_secret_post".to_owned()).await;
    let secret = back.secret.map(|secret| secret.expose().to_owned());
    assert!(secret.is_some() && secret != rp.secret);
    let rp = RelyingParty { secret, auth_method: "client_secret_post".to_owned(), ..rp.at(&server) };
    rp.refresh(tokens.refresh_token()).await.assert_error(400, "invalid_grant");
    rp.sign_in("alice").await;
}

#[tokio::test]
async fn a_resource_that_a_client_loses_is_counted_by_the_grants_that_had_it() {
    let server = TestServer::start().await;
    let audiences = ["https://a.example/", "https://b.example/"];
    let rp = server.client("rp", json!({"audiences": audiences, "skip_consent": true})).await;
    for resource in [audiences[0], audiences[0], audiences[1]] {
        let scope = [("scope", "openid offline_access"), ("resource", resource)];
        rp.redeem(&rp.authorize_with("alice", &scope).await.code()).await.tokens();
    }
    let changed = update(&server, "rp", |client| {
        client.audiences.remove(0);
        without(client, "phone");
    });
    let changed = changed.await;
    let narrowed: Vec<_> = changed.narrowed.iter().map(|loss| (loss.kind, loss.lost.as_str(), loss.grants)).collect();
    assert_eq!(narrowed, [("resource", audiences[0], 2)], "a scope that no grant has is not mentioned");
}

#[tokio::test]
async fn an_update_obeys_the_rules_of_registration() {
    let place = Place::new().await;
    let add = ["client", "add", "web", "--redirect-uri", "https://rp.example/cb", "--subject-type", "pairwise"];
    succeeded(&place.run(&add).await);
    let rows: [(&[&str], &str); 9] = [
        (&["--subject-type", "public"], "cannot be changed"),
        (&["--redirect-uri", "https://other.example/cb"], "cannot be changed"),
        (&["--auth-method", "none", "--add-grant", "client_credentials"], "without authentication"),
        (&["--remove-redirect-uri", "https://rp.example/cb"], "at least one redirect URI"),
        (&["--remove-redirect-uri", "https://rp.example/other"], "has no such value"),
        (&["--access-token-lifetime", "2d"], "between 60 and 86400"),
        (&["--auth-method", "private_key_jwt"], "needs jwks"),
        (&["--remove-scope", "phone"], "has no such value"),
        (&["--backchannel-logout-uri", "http://rp.example/out"], "https"),
    ];
    for (options, why) in rows {
        refused(&place.run(&[&["client", "update", "web"], options].concat()).await, why);
    }
    refused(&place.run(&["client", "update", "nobody", "--name", "x"]).await, "no client");
    assert_eq!(place.run(&["client", "update", "--name", "x"]).await.status.code(), Some(2), "no client is named");
}

#[tokio::test]
async fn options_override_a_file_and_an_empty_value_removes_an_attribute() {
    let place = Place::new().await;
    let file = place.path().join("web.json");
    let members = json!({
        "redirect_uris": ["https://rp.example/cb"], "scope": "openid", "client_name": "File",
        "backchannel_logout_uri": "https://rp.example/out", "access_token_lifetime": 300,
    });
    std::fs::write(&file, members.to_string()).unwrap();
    let file = file.to_str().unwrap();
    let add = ["client", "add", "web", "--metadata", file, "--auth-method", "client_secret_post"];
    let add = [&add[..], &["--profile", "oidc_classic", "--id-token-alg", "ES256", "--name", "Option"]].concat();
    refused(&place.run(&add).await, "profiles.allowed");
    let allowed = async |arguments: &[&str]| -> std::process::Output {
        place.command(arguments).env(ALLOWED.0, ALLOWED.1).output().await.unwrap()
    };
    succeeded(&allowed(&add).await);
    let listed = async || -> Value {
        serde_json::from_str::<Value>(&succeeded(&place.run(&["client", "list", "--json"]).await)).unwrap()[0].clone()
    };
    let web = listed().await;
    let expected = [
        ("client_name", json!("Option")),
        ("token_endpoint_auth_method", json!("client_secret_post")),
        ("profile", json!("oidc_classic")),
        ("id_token_signed_response_alg", json!("ES256")),
        ("access_token_lifetime", json!(300)),
    ];
    expected.iter().for_each(|(name, value)| assert_eq!(&web[*name], value, "{name}"));
    // A client keeps a profile that is no longer allowed, but no client gets it.
    succeeded(&place.run(&["client", "update", "web", "--name", "Option", "--pkce", "nonce"]).await);
    let change = ["client", "update", "web", "--backchannel-logout-uri", "", "--access-token-lifetime", ""];
    succeeded(&place.run(&[&change[..], &["--skip-consent", "--profile", "oauth21"]].concat()).await);
    let web = listed().await;
    assert_eq!((&web["backchannel_logout_uri"], &web["access_token_lifetime"]), (&Value::Null, &Value::Null));
    assert_eq!(
        (&web["skip_consent"], &web["profile"], &web["pkce"]),
        (&json!(true), &json!("oauth21"), &json!("nonce"))
    );
    refused(&place.run(&["client", "update", "web", "--profile", "oidc_classic"]).await, "profiles.allowed");
    std::fs::write(file, r#"{"scope": "openid email", "client_name": null}"#).unwrap();
    succeeded(&place.run(&["client", "update", "web", "--metadata", file, "--skip-consent=false"]).await);
    let web = listed().await;
    assert_eq!((&web["scope"], &web["client_name"]), (&json!("openid email"), &json!("")));
    assert_eq!((&web["skip_consent"], &web["redirect_uris"][0]), (&json!(false), &json!("https://rp.example/cb")));
    std::fs::write(file, r#"{"redirect_uri": "https://rp.example/"}"#).unwrap();
    let output = place.run(&["client", "update", "web", "--metadata", file]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("expected one of"), "{}", stderr(&output));
}

#[tokio::test]
async fn a_client_that_is_given_another_profile_keeps_the_stricter_demand_for_pkce() {
    let place = Place::new().await;
    let run = async |arguments: &[&str]| place.command(arguments).env(ALLOWED.0, ALLOWED.1).output().await.unwrap();
    let add = ["client", "add", "web", "--redirect-uri", "https://rp.example/cb", "--profile", "oidc_classic"];
    succeeded(&run(&[&add[..], &["--pkce", "optional"]].concat()).await);
    let update = ["client", "update", "web", "--profile"];
    let strict = run(&[&update[..], &["oauth21"]].concat()).await;
    let said = succeeded(&strict);
    assert!(said.contains("  pkce: optional -> nonce\n"), "{said}");
    assert!(!stderr(&strict).contains("PKCE"), "{}", stderr(&strict));
    let relaxed = run(&[&update[..], &["oidc_classic", "--pkce", "required"]].concat()).await;
    assert!(!stderr(&relaxed).contains("neither PKCE"), "{}", stderr(&relaxed));
    let chosen = run(&[&update[..], &["oauth21", "--pkce", "optional"]].concat()).await;
    assert!(succeeded(&chosen).contains("  pkce: required -> optional\n"), "what is chosen holds");
    assert!(stderr(&chosen).contains("neither PKCE nor a nonce is required"), "{}", stderr(&chosen));

    succeeded(&run(&["client", "update", "web", "--metadata", &unnamed(&place)]).await);
    let classic = succeeded(&run(&[&update[..], &["oidc_classic"]].concat()).await);
    assert!(classic.contains("  pkce: none -> required\n"), "the rule that applied before stays: {classic}");
}

/// A file of metadata without `pkce`, like registrations made before that setting existed.
fn unnamed(place: &Place) -> String {
    let file = place.path().join("unnamed.json");
    std::fs::write(&file, r#"{"pkce": null}"#).unwrap();
    file.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn client_metadata_cannot_control_the_terminal() {
    let place = Place::new().await;
    succeeded(&place.run(&["client", "add", "web", "--redirect-uri", "https://rp.example/cb"]).await);
    let hostile = "\u{202e}knab\u{2066} \u{200f}\u{61c}Shop";
    let said = succeeded(&place.run(&["client", "update", "web", "--name", hostile]).await);
    assert!(said.contains("  client_name: none -> \u{fffd}knab\u{fffd} \u{fffd}\u{fffd}Shop\n"), "{said}");
    for command in [&["client", "show", "web"][..], &["client", "list"]] {
        let said = succeeded(&place.run(command).await);
        assert!(said.contains("\u{fffd}knab\u{fffd}"), "{command:?}: {said}");
    }
}

#[tokio::test]
async fn a_client_is_shown_with_what_it_holds_and_without_its_secrets() {
    let scene = Scene::set().await;
    scene.rp.sign_in("alice").await;
    succeeded(&scene.place.run(&["client", "rotate-secret", "rp"]).await);
    let shown = scene.json(&["client", "show", "rp"]).await;
    let expected = json!({
        "client_id": "rp", "enabled": true, "consents": 1, "grants": 1, "version": 2, "last_used_at": null,
        "scope": "openid profile email offline_access", "has_logo": false, "registered_by_itself": false,
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&shown[name], value, "{name}");
    }
    assert!(shown["created_by"].as_str().unwrap().starts_with("command"), "{shown}");
    let secrets = shown["secrets"].as_array().unwrap();
    assert_eq!(secrets.iter().filter(|secret| secret["expires_at"].is_i64()).count(), 1, "{shown}");
    assert_eq!(secrets.len(), 2);
    let text = succeeded(&scene.place.run(&["client", "show", "--id", "rp"]).await);
    assert!(text.contains("consents:     1\n") && text.contains("  redirect_uris: https://rp.example/cb\n"), "{text}");
    for secret in [scene.rp.secret.as_deref().unwrap(), "digest", "sealed"] {
        assert!(!text.contains(secret) && !shown.to_string().contains(secret));
    }
    refused(&scene.place.run(&["client", "show", "nobody"]).await, "no client");
}

#[tokio::test]
async fn a_new_client_comes_with_what_its_application_needs() {
    let place = Place::new().await;
    let add = ["client", "add", "shop", "--redirect-uri", "https://shop.example/cb"];
    let output = place.run(&add).await;
    assert!(stderr(&output).contains("--id-token-claims"), "the switch of those that read it: {}", stderr(&output));
    let said = succeeded(&output);
    let issuer = place.issuer();
    for line in [
        format!("issuer: {issuer}"),
        format!("discovery: {issuer}/.well-known/openid-configuration"),
        "client_id: shop".to_owned(),
        "redirect_uri: https://shop.example/cb".to_owned(),
        "authentication: client_secret_basic or client_secret_post".to_owned(),
        "scope: openid profile email".to_owned(),
        "client_secret: sgcs_".to_owned(),
    ] {
        assert!(said.contains(&format!("\n{line}")), "{line}: {said}");
    }
    assert!(said.contains("\npkce: S256"), "{said}");
    let service = ["client", "add", "svc", "--grant", "client_credentials", "--scope", "orders:read", "--json"];
    let service: Value = serde_json::from_str(&succeeded(&place.run(&service).await)).unwrap();
    assert_eq!((&service["pkce"], &service["issuer"]), (&Value::Null, &json!(issuer)));
    assert_eq!((&service["warnings"], &service["redirect_uris"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn combinations_that_cannot_work_are_warned_of() {
    let place = Place::new().await;
    let uri = ["--redirect-uri", "https://rp.example/cb"];
    let refreshing = ["--grant", "authorization_code", "--grant", "refresh_token"];
    let rows: [(&[&str], &str); 4] = [
        (&["--scope", "openid offline_access"], "offline_access yields no refresh token"),
        (&[&refreshing[..], &["--scope", "openid"]].concat(), "refresh_token yields no refresh token"),
        (&["--grant", "client_credentials", "--scope", "openid"], "granted by people only"),
        (&refreshing, ""),
    ];
    for (number, (options, why)) in rows.into_iter().enumerate() {
        let id = format!("client{number}");
        let output = place.run(&[&["client", "add", &id], &uri[..], options].concat()).await;
        succeeded(&output);
        let said = stderr(&output);
        match why {
            "" => assert!(!said.contains("warning"), "{options:?}: {said}"),
            why => assert!(said.contains("signet: warning: ") && said.contains(why), "{options:?}: {said}"),
        }
    }
    let narrowed = place.run(&["client", "update", "client3", "--remove-scope", "offline_access"]).await;
    succeeded(&narrowed);
    assert!(stderr(&narrowed).contains("refresh_token yields no refresh token"), "{}", stderr(&narrowed));
}

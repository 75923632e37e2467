//! The defaults of `client add`: PKCE or a nonce, the secret by either method, an allowed profile. Existing clients
//! keep their settings.

use serde_json::{Value, json};

use crate::support::place::{ALLOWED, Place, refused, stderr, stdout, succeeded};

const REDIRECT: [&str; 2] = ["--redirect-uri", "https://rp.example/cb"];

/// The metadata of a client that is registered with these options.
async fn added(place: &Place, id: &str, options: &[&str]) -> Value {
    succeeded(&place.run(&[&["client", "add", "--id", id], options].concat()).await);
    let listed: Value = serde_json::from_str(&succeeded(&place.run(&["client", "list", "--json"]).await)).unwrap();
    listed.as_array().unwrap().iter().find(|client| client["client_id"] == id).unwrap().clone()
}

#[tokio::test]
async fn a_new_client_may_use_a_nonce_and_either_method_unless_its_options_say_otherwise() {
    let place = Place::new().await;
    let file = |name: &str, members: Value| {
        let path = place.path().join(name);
        std::fs::write(&path, members.to_string()).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let silent = file("silent.json", json!({"redirect_uris": ["https://rp.example/cb"]}));
    let exact = json!({
        "redirect_uris": ["https://rp.example/cb"], "token_endpoint_auth_method": "client_secret_post",
        "pkce": "required",
    });
    let exact = file("exact.json", exact);
    let with = |options: &[&'static str]| [&REDIRECT[..], options].concat();
    let rows: [(&str, Vec<&str>, &str, Value); 7] = [
        ("nothing", with(&[]), "client_secret", json!("nonce")),
        ("pkce", with(&["--pkce", "required"]), "client_secret", json!("required")),
        ("lax", with(&["--pkce", "optional"]), "client_secret", json!("optional")),
        ("method", with(&["--auth-method", "client_secret_basic"]), "client_secret_basic", json!("nonce")),
        ("public", with(&["--auth-method", "none"]), "none", json!(null)),
        ("silent-file", vec!["--metadata", &silent], "client_secret", json!("nonce")),
        ("exact-file", vec!["--metadata", &exact], "client_secret_post", json!("required")),
    ];
    for (id, options, method, pkce) in rows {
        let client = added(&place, id, &options).await;
        assert_eq!((&client["token_endpoint_auth_method"], &client["pkce"]), (&json!(method), &pkce), "{id}");
    }
    let unknown = [&["client", "add", "--id", "x", "--pkce", "maybe"], &REDIRECT[..]].concat();
    refused(&place.run(&unknown).await, "--pkce is required, nonce or optional");
}

#[tokio::test]
async fn a_profile_outside_the_settings_is_given_to_no_new_client_and_stays_with_old_ones() {
    let place = Place::new().await;
    let classic = [&["client", "add", "--id", "old", "--profile", "oidc_classic"], &REDIRECT[..]].concat();
    refused(&place.run(&classic).await, "profiles.allowed");
    let members = json!({"redirect_uris": ["https://rp.example/cb"], "profile": "oidc_classic"});
    std::fs::write(place.path().join("classic.json"), members.to_string()).unwrap();
    refused(&place.run(&["client", "add", "--id", "file", "--metadata", "classic.json"]).await, "profiles.allowed");
    assert!(stdout(&place.run(&["doctor"]).await).contains("ok    client-profiles"));

    let allowed = place.command(&classic).env(ALLOWED.0, ALLOWED.1).output().await.unwrap();
    assert!(allowed.status.success(), "{}", stderr(&allowed));
    let said = stdout(&place.run(&["doctor"]).await);
    let line = said.lines().find(|line| line.contains("client-profiles")).unwrap();
    assert!(line.starts_with("warn") && line.contains("old (oidc_classic)"), "{line}");
    let said = stdout(&place.command(&["doctor"]).env(ALLOWED.0, ALLOWED.1).output().await.unwrap());
    assert!(said.contains("ok    client-profiles"), "{said}");

    succeeded(&place.run(&["client", "update", "old", "--name", "Old"]).await);
    succeeded(&place.run(&[&["client", "add", "--id", "new"], &REDIRECT[..]].concat()).await);
    let moved = place.run(&["client", "update", "new", "--profile", "oidc_classic"]).await;
    refused(&moved, "profiles.allowed");
    succeeded(&place.run(&["client", "update", "old", "--profile", "oauth21"]).await);
    refused(&place.run(&["client", "update", "old", "--profile", "oidc_classic"]).await, "profiles.allowed");

    let served = place.command(&["serve"]).env("SIGNET_REGISTRATION__PROFILE", "oidc_classic").output().await.unwrap();
    refused(&served, "registration.profile is oidc_classic, which is not in profiles.allowed");
}

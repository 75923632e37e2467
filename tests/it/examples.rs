//! The scripts of `examples/`, run as their readers run them, against a server of their own.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::commands::{Place, stderr, stdout, succeeded};
use crate::support::server::PASSWORD;

/// Runs a script with this standard input and these variables; the JSON that it ends with.
async fn run(script: &str, arguments: &[&str], input: &str, variables: &[(&str, &str)]) -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(script);
    let mut command = Command::new("bash");
    command.arg(file).args(arguments).envs(variables.iter().copied()).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
    let output = child.wait_with_output().await.unwrap();
    assert!(output.status.success(), "{script}:\n{}\n{}", stdout(&output), stderr(&output));
    serde_json::from_str(&stdout(&output)).unwrap_or_else(|error| panic!("{script}: {error}: {}", stdout(&output)))
}

#[tokio::test]
async fn the_walk_through_of_the_code_flow_ends_with_the_claims_of_the_person() {
    let place = Place::new().await;
    let add = ["user", "add", "--username", "alice", "--email", "alice@example.org", "--password-stdin"];
    succeeded(&place.run_with_input(&add, PASSWORD).await);
    let redirect_uri = "http://127.0.0.1/callback";
    let public = ["client", "add", "--id", "walk", "--auth-method", "none", "--redirect-uri", redirect_uri];
    let scope = ["--scope", "openid profile email"];
    succeeded(&place.run(&[&public[..], &scope].concat()).await);
    let confidential = ["client", "add", "--id", "web", "--redirect-uri", redirect_uri, "--skip-consent", "--json"];
    let added = succeeded(&place.run(&[&confidential[..], &scope].concat()).await);
    let added: Value = serde_json::from_str(&added).unwrap();
    let mut server = place.serve().await;
    let issuer = place.issuer();
    for (client, secret) in [("walk", ""), ("web", added["client_secret"].as_str().unwrap())] {
        let arguments = [issuer.as_str(), client, redirect_uri, "alice"];
        let claims = run("authorization-code.sh", &arguments, PASSWORD, &[("CLIENT_SECRET", secret)]).await;
        assert!(claims["sub"].is_string(), "{claims}");
        assert_eq!((&claims["email"], &claims["preferred_username"]), (&"alice@example.org".into(), &"alice".into()));
    }
    server.kill().await.unwrap();
}

#[tokio::test]
async fn the_walk_through_of_a_grant_ends_with_its_revocation() {
    let place = Place::new().await;
    let add = ["user", "add", "--username", "alice", "--password-stdin"];
    succeeded(&place.run_with_input(&add, PASSWORD).await);
    let redirect_uri = "http://127.0.0.1/callback";
    let grants = ["--grant", "authorization_code", "--grant", "refresh_token", "--redirect-uri", redirect_uri];
    succeeded(&place.run(&[&["client", "add", "--id", "walk", "--auth-method", "none"], &grants[..]].concat()).await);
    let added = place.run(&[&["client", "add", "--id", "web", "--json"], &grants[..]].concat()).await;
    let added: Value = serde_json::from_str(&succeeded(&added)).unwrap();
    let mut server = place.serve().await;
    let issuer = place.issuer();
    let tokens = place.path().join("tokens.json");
    let tokens = tokens.to_str().unwrap();
    let variables = [("SCOPE", "openid profile offline_access"), ("TOKENS", tokens)];
    for (client, secret) in [("walk", ""), ("web", added["client_secret"].as_str().unwrap())] {
        let secret = ("CLIENT_SECRET", secret);
        let arguments = [issuer.as_str(), client, redirect_uri, "alice"];
        let claims = run("authorization-code.sh", &arguments, PASSWORD, &[&variables[..], &[secret]].concat()).await;
        let granted = std::fs::read_to_string(tokens).unwrap();
        let ended = run("refresh-token.sh", &[issuer.as_str(), client], &granted, &[secret]).await;
        assert_eq!((&ended["sub"], &ended["error"]), (&claims["sub"], &"invalid_grant".into()), "{ended}");
    }
    server.kill().await.unwrap();
}

#[tokio::test]
async fn the_walk_through_of_client_credentials_ends_with_an_active_token() {
    let place = Place::new().await;
    let add = ["client", "add", "--id", "billing", "--grant", "client_credentials", "--scope", "orders:read", "--json"];
    let added: Value = serde_json::from_str(&succeeded(&place.run(&add).await)).unwrap();
    let mut server = place.serve().await;
    let issuer = place.issuer();
    let arguments = [issuer.as_str(), "billing", "orders:read"];
    let secret = ("CLIENT_SECRET", added["client_secret"].as_str().unwrap());
    let answer = run("client-credentials.sh", &arguments, "", &[secret]).await;
    assert_eq!((&answer["active"], &answer["scope"]), (&true.into(), &"orders:read".into()), "{answer}");
    server.kill().await.unwrap();
}

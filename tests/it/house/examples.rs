//! The examples: scripts run as a reader runs them, applications as modules of this binary, each against its own
//! server.

use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use signet_protocol::time::Span;
use signet_store::clock::Clock;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::process::Command;

use crate::support::place::{Place, stderr, stdout, succeeded};
use crate::support::server::PASSWORD;
use crate::support::{Browser, TestServer, header};

#[path = "../../../examples/relying_party.rs"]
mod relying_party;
#[path = "../../../examples/resource_server.rs"]
mod resource_server;

#[tokio::test]
async fn the_relying_party_signs_in_the_browser_that_asked_and_no_other() {
    let server = TestServer::start().await;
    let rp = server.client("my-app", json!({ "redirect_uris": ["http://127.0.0.1/callback"] })).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let registration = relying_party::Registration {
        issuer: server.issuer.clone(),
        client_id: rp.id.clone(),
        client_secret: rp.secret.clone(),
    };
    let application = tokio::spawn(relying_party::run(listener, registration));
    let at_server = server.browser();
    let at_application = Browser::new(&url);
    let other = Browser::new(&url);

    assert!(at_application.get("/").await.has("Sign in with Signet"));
    other.get("/login").await;
    let request = at_application.get("/login").await.location().expect("a redirect to the server");
    let response = at_server.authorize(&request, "alice").await.location().expect("a redirect to the application");
    assert!(response.starts_with(&format!("{url}/callback?")), "{response}");
    assert_eq!(other.get(&response).await.status, 400, "another browser's response");
    let before = at_application.cookie("rp-session");
    assert_eq!(at_application.get(&response).await.location().as_deref(), Some("/"));
    assert!(at_application.get("/").await.has("Signed in as <b>alice Example</b>"));
    assert_ne!(at_application.cookie("rp-session"), before, "a new session");
    assert_eq!(at_application.get(&response).await.status, 400, "a response is used once");

    for (rule, change) in [("state", "state=x"), ("issuer", "iss=https://other.example&was=")] {
        let request = at_application.get("/login").await.location().unwrap();
        let response = at_server.authorize(&request, "alice").await.location().unwrap();
        let name = change.split('=').next().unwrap();
        let changed = response.replace(&format!("{name}="), change);
        assert_ne!(changed, response);
        assert_eq!(at_application.get(&changed).await.status, 400, "{rule}");
    }
    application.abort();
}

/// The status of a request with this token, and the challenge.
async fn call(server: &TestServer, url: &str, authorization: Option<&str>) -> (u16, String) {
    let request = server.http.get(format!("{url}/orders"));
    let request = match authorization {
        Some(value) => request.header("authorization", value),
        None => request,
    };
    let response = request.send().await.unwrap();
    let challenge = response.headers().get("www-authenticate").map(|value| value.to_str().unwrap().to_owned());
    (response.status().as_u16(), challenge.unwrap_or_default())
}

#[tokio::test]
async fn the_resource_server_accepts_access_tokens_for_itself_with_its_scope() {
    let resource = "https://orders.example";
    // The resource server reads the system's clock, so the tokens from before the change have expired there.
    let clock = Clock::shifted();
    clock.advance(Span::from_hours(-1));
    let server = TestServer::by(clock.clone()).await;
    server.add_user("alice").await;
    let metadata = json!({
        "grant_types": ["authorization_code", "client_credentials"],
        "scope": "openid orders:read orders:write",
        "audiences": [resource, "https://billing.example"],
    });
    let rp = server.client("billing", metadata).await;
    let token = async |resource: &str, scope: &str| {
        rp.client_credentials(&[("resource", resource), ("scope", scope)]).await.tokens().access_token
    };
    let expired = token(resource, "orders:read").await;
    server.advance(Span::from_hours(1)).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let api = tokio::spawn(resource_server::run(listener, server.issuer.clone(), resource.to_owned()));

    let valid = token(resource, "orders:read").await;
    let (signed, signature) = valid.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", signature.chars().rev().collect::<String>());
    // The ID token of a client whose id is the API's URI differs from an access token by its type alone.
    let namesake = json!({
        "scope": "openid orders:read",
        "token_endpoint_auth_method": "none",
        "id_token_signed_response_alg": "ES256",
    });
    let namesake = server.client(resource, namesake).await;
    let code = namesake.authorize_with("alice", &[("scope", "openid orders:read")]).await.code();
    let id_token = namesake.redeem(&code).await.tokens().id_token().to_owned();
    // The generic type `JWT` (RFC 9068 §4).
    let metadata = json!({
        "grant_types": ["client_credentials"],
        "redirect_uris": [],
        "scope": "orders:read",
        "audiences": [resource],
        "access_token_typ": "JWT",
    });
    let legacy = server.client("legacy", metadata).await;
    let untyped = legacy.client_credentials(&[("resource", resource)]).await.tokens().access_token;
    let invalid = "Bearer error=\"invalid_token\"";
    let rows = [
        ("a token for this API", format!("Bearer {valid}"), 200, ""),
        ("the scheme in lower case", format!("bearer {valid}"), 200, ""),
        ("another scheme", format!("Basic {valid}"), 401, "Bearer"),
        ("another API's", format!("Bearer {}", token("https://billing.example", "orders:read").await), 401, invalid),
        (
            "without the scope",
            format!("Bearer {}", token(resource, "orders:write").await),
            403,
            "Bearer error=\"insufficient_scope\", scope=\"orders:read\"",
        ),
        ("expired", format!("Bearer {expired}"), 401, invalid),
        ("a forged signature", format!("Bearer {forged}"), 401, invalid),
        ("a token of the type JWT", format!("Bearer {untyped}"), 401, invalid),
        ("an ID token", format!("Bearer {id_token}"), 401, invalid),
        ("no JWT", "Bearer abc".to_owned(), 401, invalid),
    ];
    for (rule, authorization, status, challenge) in rows {
        let answer = call(&server, &url, Some(&authorization)).await;
        assert_eq!(answer, (status, challenge.to_owned()), "{rule}: {}", header(&valid));
    }
    assert_eq!(call(&server, &url, None).await, (401, "Bearer".to_owned()), "no token");
    api.abort();
}

/// Runs a script with this input and these variables, and returns the JSON at the end of its output.
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

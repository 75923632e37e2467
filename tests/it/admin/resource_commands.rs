//! The commands about resources, and the options of `client add` for resource servers.

use serde_json::{Value, json};

use crate::support::header;
use crate::support::place::{Place, refused, stderr, succeeded};
use crate::support::server::http_client;

const API: &str = "https://api.example";

/// The secret in the output of a command.
fn secret(said: &str) -> String {
    said.lines().find_map(|line| line.strip_prefix("client_secret: ")).expect("a secret").to_owned()
}

/// The header of a token for the API.
async fn token_header(place: &Place, secret: &str) -> Value {
    let params = [("grant_type", "client_credentials"), ("resource", API)];
    let request = http_client().post(format!("{}/token", place.issuer())).basic_auth("caller", Some(secret));
    let answer: Value = request.form(&params).send().await.unwrap().json().await.unwrap();
    header(answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")))
}

#[tokio::test]
async fn a_resource_of_a_running_server_is_changed_and_removed() {
    let place = Place::new().await;
    let mut server = place.serve().await;
    let add = ["client", "add", "--id", "caller", "--grant", "client_credentials", "--audience", API];
    let secret = secret(&succeeded(&place.run(&add).await));
    assert_eq!(token_header(&place, &secret).await["alg"], "ES256");
    let update = ["resource", "update", API, "--access-token-alg", "RS256", "--access-token-typ", "JWT"];
    succeeded(&place.run(&update).await);
    let begun = std::time::Instant::now();
    while token_header(&place, &secret).await["alg"] != "RS256" {
        assert!(begun.elapsed().as_secs() < 20, "within a second, on a machine that is not busy");
    }
    assert_eq!(token_header(&place, &secret).await["typ"], "JWT");
    let listed: Value = serde_json::from_str(&succeeded(&place.run(&["resource", "list", "--json"]).await)).unwrap();
    assert_eq!(listed, json!([{ "resource": API, "access_token_alg": "RS256", "access_token_typ": "JWT" }]));
    succeeded(&place.run(&["resource", "update", "--id", API, "--access-token-alg", "default"]).await);
    let shown = succeeded(&place.run(&["resource", "show", API]).await);
    assert!(shown.contains("alg default") && shown.contains("typ JWT"), "{shown}");

    let no_key = ["resource", "update", API, "--access-token-alg", "EdDSA"];
    refused(&place.run(&no_key).await, "keys.algorithms lists RS256, ES256");
    refused(&place.run(&["resource", "remove", API]).await, "clients still name this resource: caller");
    refused(&place.run(&["resource", "show", "urn:none"]).await, "there is no resource");
    assert_eq!(place.run(&["resource", "add"]).await.status.code(), Some(2));
    succeeded(&place.run(&["resource", "add", "urn:free"]).await);
    refused(&place.run(&["resource", "add", "urn:free"]).await, "exists already");
    let page = succeeded(&place.run(&["resource", "list", "--after", API, "--limit", "1"]).await);
    assert!(page.starts_with("urn:free"), "{page}");
    succeeded(&place.run(&["resource", "remove", "urn:free"]).await);
    server.kill().await.unwrap();
}

#[tokio::test]
async fn a_weak_secret_is_taken_with_a_warning_where_the_operator_asks_for_it() {
    let place = Place::new().await;
    let add = ["client", "add", "--id", "old", "--grant", "client_credentials", "--secret-stdin"];
    refused(&place.run_with_input(&add, "hunter22").await, "--allow-weak-secret");
    let weak = [&add[..], &["--allow-weak-secret"]].concat();
    let taken = place.run_with_input(&weak, "hunter22").await;
    succeeded(&taken);
    assert!(stderr(&taken).contains("warning: the secret is weak"), "{}", stderr(&taken));
    let rotate = ["client", "rotate-secret", "--id", "old", "--secret-stdin", "--allow-weak-secret"];
    refused(&place.run_with_input(&rotate, "hunter2").await, "8 visible ASCII characters");
    assert_eq!(place.run(&["client", "add", "--id", "x", "--allow-weak-secret"]).await.status.code(), Some(2));
}

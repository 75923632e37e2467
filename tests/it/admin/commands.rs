//! The commands, run as separate processes next to a running server.

use serde_json::Value;

use crate::support::claims;
pub use crate::support::place::{ALLOWED, Place, refused, stderr, stdout, succeeded};
use crate::support::server::http_client;

#[tokio::test]
async fn a_client_is_added_while_the_server_runs_and_works_within_a_second() {
    let place = Place::new().await;
    let mut server = place.serve().await;
    let added = place
        .run(&["client", "add", "--id", "svc", "--grant", "client_credentials", "--scope", "api:read", "--json"])
        .await;
    let added: Value = serde_json::from_str(&succeeded(&added)).unwrap();
    let secret = added["client_secret"].as_str().unwrap();
    let http = http_client();
    let url = format!("http://localhost:{}/token", place.port);
    let ask = |secret: String| {
        let request = http.post(&url).basic_auth("svc", Some(secret)).form(&[("grant_type", "client_credentials")]);
        async move { request.send().await.unwrap().status().as_u16() }
    };
    // A client that is not cached yet is found at once.
    assert_eq!(ask(secret.to_owned()).await, 200);
    succeeded(&place.run(&["client", "disable", "--id", "svc"]).await);
    let mut status = 200;
    for _ in 0..40 {
        status = ask(secret.to_owned()).await;
        if status != 200 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(status, 401, "the command applies within two seconds");
    succeeded(&place.run(&["healthcheck"]).await);
    server.kill().await.unwrap();
    refused(&place.run(&["healthcheck"]).await, "no response from");
}

#[tokio::test]
async fn users_are_added_disabled_and_refused_with_one_clear_line() {
    let place = Place::new().await;
    let add =
        ["user", "add", "--username", "alice", "--email", "alice@example.org", "--password-stdin", "--role", "admin"];
    let added = succeeded(&place.run_with_input(&add, "correct horse battery\n").await);
    assert!(added.contains("alice"), "{added}");
    refused(&place.run_with_input(&add, "correct horse battery\n").await, "exists already");
    let weak = ["user", "add", "--username", "bob", "--password-stdin"];
    refused(&place.run_with_input(&weak, "password123\n").await, "password");
    let shouting = ["user", "add", "--username", "ALICE", "--password-stdin"];
    refused(&place.run_with_input(&shouting, "correct horse battery").await, "exists already");
    succeeded(&place.run(&["user", "disable", "--username", "alice"]).await);
    refused(&place.run(&["user", "disable", "--username", "nobody"]).await, "no user");
    let claims = place.path().join("claims.json");
    std::fs::write(&claims, r#"{"birthdate": "yesterday"}"#).unwrap();
    let malformed = ["user", "add", "--username", "carol", "--claims", claims.to_str().unwrap()];
    let output = place.run(&malformed).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("birthdate"), "{}", stderr(&output));
}

#[tokio::test]
async fn clients_are_listed_rotated_and_refused_with_one_clear_line() {
    let place = Place::new().await;
    let given = "a-secret-of-my-own-with-enough-characters";
    let add = ["client", "add", "--id", "web", "--redirect-uri", "https://rp.example/cb", "--secret-stdin"];
    succeeded(&place.run_with_input(&add, &format!("{given}\n")).await);
    let listed: Value = serde_json::from_str(&succeeded(&place.run(&["client", "list", "--json"]).await)).unwrap();
    assert_eq!(listed[0]["client_id"], "web");
    assert!(!listed.to_string().contains(given));
    let rotated = succeeded(&place.run(&["client", "rotate-secret", "--id", "web"]).await);
    assert!(rotated.contains("client_secret: sgcs_"), "{rotated}");
    let rows: [(&[&str], &str); 8] = [
        (&["client", "add", "--id", "web", "--redirect-uri", "https://rp.example/cb"], "exists already"),
        (&["client", "add", "--id", "x"], "redirect URI"),
        (&["client", "add", "--id", "x", "--redirect-uri", "http://rp.example/cb"], "rp.example"),
        (
            &["client", "add", "--id", "x", "--redirect-uri", "https://rp.example/", "--profile", "fapi2_security"],
            "not built",
        ),
        (&["client", "add", "--id", "x", "--redirect-uri", "https://rp.example/", "--grant", "password"], "password"),
        (&["client", "add", "--id", "x", "--redirect-uri", "https://rp.example/", "--id-token-alg", "EdDSA"], "EdDSA"),
        (&["client", "rotate-secret", "--id", "nobody"], "no client"),
        (&["client", "add", "--id", "a b", "--redirect-uri", "https://rp.example/"], "visible ASCII"),
    ];
    for (arguments, why) in rows {
        let output = place.run(arguments).await;
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(why), "{arguments:?}: {}", stderr(&output));
    }
    let classic =
        ["client", "add", "--id", "old", "--redirect-uri", "https://old.example/cb", "--profile", "oidc_classic"];
    let output = place.command(&classic).env(ALLOWED.0, ALLOWED.1).output().await.unwrap();
    assert!(stderr(&output).contains("warning"), "{}", stderr(&output));
    assert!(succeeded(&place.run(&["client", "list"]).await).contains("warning"));
}

#[tokio::test]
async fn a_client_that_names_no_scope_may_ask_for_what_people_sign_in_with() {
    let place = Place::new().await;
    let redirect = ["--redirect-uri", "https://rp.example/cb"];
    let refreshing = ["--grant", "authorization_code", "--grant", "refresh_token"];
    let rows: [(&[&str], &str); 5] = [
        (&redirect, "openid profile email"),
        (&[redirect, ["--grant", "authorization_code"]].concat(), "openid profile email"),
        (&[&redirect[..], &refreshing].concat(), "openid profile email offline_access"),
        (&["--grant", "client_credentials"], ""),
        (&[&redirect[..], &refreshing, &["--scope", "openid"]].concat(), "openid"),
    ];
    for (number, (arguments, scope)) in rows.into_iter().enumerate() {
        let id = format!("client{number}");
        let added = place.run(&[&["client", "add", "--json", "--id", &id], arguments].concat()).await;
        let added: Value = serde_json::from_str(&succeeded(&added)).unwrap();
        assert_eq!(added["scope"], scope, "{arguments:?}");
        let listed: Value = serde_json::from_str(&succeeded(&place.run(&["client", "list", "--json"]).await)).unwrap();
        let kept = listed.as_array().unwrap().iter().find(|client| client["client_id"] == id.as_str()).unwrap();
        assert_eq!(kept["scope"].as_str().unwrap_or_default(), scope, "{arguments:?}");
    }
    let said = succeeded(&place.run(&[&["client", "add", "--id", "said"], &redirect[..]].concat()).await);
    assert!(said.contains("\nscope: openid profile email\n"), "{said}");
    let unknown = [&["client", "add", "--id", "x", "--auth-method", "foo"], &redirect[..]].concat();
    refused(&place.run(&unknown).await, "use one of client_secret, client_secret_basic");
}

#[tokio::test]
async fn an_empty_list_says_so_to_people_and_stays_empty_for_programs() {
    let place = Place::new().await;
    succeeded(&place.run(&["user", "add", "--username", "alice"]).await);
    let rows: [(&[&str], &str); 8] = [
        (&["client", "list"], "No clients."),
        (&["session", "list", "--username", "alice"], "No live sessions."),
        (&["grant", "list", "--username", "alice"], "No live grants."),
        (&["consent", "list", "--username", "alice"], "No consents."),
        (&["mapper", "list"], "No claim mappers."),
        (&["block", "list"], "No blocked addresses."),
        (&["webhook", "list"], "No webhooks."),
        (&["audit", "list", "--event", "no.such.event"], "No rows."),
    ];
    for (command, expected) in rows {
        let output = place.run(command).await;
        assert_eq!((succeeded(&output).as_str(), stderr(&output).trim()), ("", expected), "{command:?}");
        if command[0] != "audit" {
            let output = place.run(&[command, &["--json"]].concat()).await;
            assert_eq!((succeeded(&output).trim(), stderr(&output).as_str()), ("[]", ""), "{command:?}");
        }
    }
}

#[tokio::test]
async fn keys_are_listed_and_rotated_and_tokens_inspected() {
    let place = Place::new().await;
    let server = place.serve().await;
    let keys = || async {
        let listed = place.run(&["keys", "list", "--json"]).await;
        let keys = serde_json::from_str::<Vec<Value>>(&succeeded(&listed)).unwrap();
        // Keys for encryption are made after the server has begun to listen.
        keys.into_iter().filter(|key| key["use"] == "sig").collect::<Vec<_>>()
    };
    assert_eq!(keys().await.len(), 2);
    assert!(succeeded(&place.run(&["keys", "rotate", "--alg", "ES256"]).await).contains("announced ES256"));
    let announced: Vec<_> = keys().await.into_iter().filter(|key| key["state"] == "announced").collect();
    assert_eq!(announced.len(), 1);
    let again = succeeded(&place.run(&["keys", "rotate", "--alg", "ES256"]).await);
    assert!(again.starts_with("ES256 key ") && again.contains("is announced already; it signs from"), "{again}");
    assert_eq!(keys().await.iter().filter(|key| key["state"] == "announced").count(), 1);
    refused(&place.run(&["keys", "rotate", "--alg", "HS256"]).await, "HS256");
    let inspected = place.run_with_input(&["token", "inspect"], "eyJhbGciOiJub25lIn0.e30.\n").await;
    assert_eq!(inspected.status.code(), Some(1), "an unsigned token is no token");
    drop(server);
    // The master key of another installation cannot open the sealed keys.
    std::fs::write(place.path().join("keys/master.key"), format!("{}\n", "A".repeat(43))).unwrap();
    refused(&place.run(&["keys", "list"]).await, "master key");
}

#[tokio::test]
async fn wrong_settings_are_one_clear_line_and_wrong_usage_is_exit_code_2() {
    let place = Place::new().await;
    assert_eq!(place.run(&["client", "add"]).await.status.code(), Some(2));
    assert_eq!(place.run(&["frobnicate"]).await.status.code(), Some(2));
    let printed = succeeded(&place.run(&["config", "print"]).await);
    assert!(printed.contains("issuer = "), "{printed}");
    let with = |name: &str, value: &str| {
        let mut command = place.command(&["serve"]);
        command.env(name, value);
        async move { command.output().await.unwrap() }
    };
    refused(&with("SIGNET_MODE", "production").await, "issuer");
    refused(&with("SIGNET_ISUER", "https://op.example").await, "isuer");
    refused(&with("SIGNET_KEYS__MASTER_KEY", "changeme").await, "master_key");
    refused(&with("SIGNET_KEYS__RETENTION", "1h").await, "retention");
}

#[tokio::test]
async fn the_server_shuts_down_gracefully_on_a_signal() {
    let place = Place::new().await;
    let mut server = place.serve().await;
    let id = server.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    let status = tokio::time::timeout(std::time::Duration::from_secs(20), server.wait()).await.unwrap().unwrap();
    assert_eq!(status.code(), Some(0));
}

#[tokio::test]
async fn clients_get_logos_and_are_removed_and_tokens_let_others_register() {
    let place = Place::new().await;
    let add = ["client", "add", "--id", "web", "--redirect-uri", "https://rp.example/cb"];
    succeeded(&place.run(&add).await);
    std::fs::write(place.path().join("logo.png"), b"\x89PNG\r\n\x1a\n....").unwrap();
    std::fs::write(place.path().join("logo.svg"), b"<svg/>").unwrap();
    succeeded(&place.run(&["client", "logo", "--id", "web", "--file", "logo.png"]).await);
    refused(&place.run(&["client", "logo", "--id", "web", "--file", "logo.svg"]).await, "PNG, JPEG or WebP");
    refused(&place.run(&["client", "logo", "--id", "no", "--file", "logo.png"]).await, "no client");
    let listed: Value = serde_json::from_str(&succeeded(&place.run(&["client", "list", "--json"]).await)).unwrap();
    assert_eq!((&listed[0]["has_logo"], &listed[0]["registered_by_itself"]), (&Value::from(true), &Value::from(false)));
    let make = ["client", "initial-token", "--uses", "2", "--days", "3", "--json"];
    let output = place.run(&make).await;
    let warning = "registration.mode is \"off\", so this token cannot be used yet; set it to \"token\"";
    assert!(stderr(&output).contains(warning), "{}", stderr(&output));
    let made: Value = serde_json::from_str(&succeeded(&output)).unwrap();
    assert!(made["initial_access_token"].as_str().unwrap().starts_with("sgia_"), "{made}");
    assert_eq!(made["uses"], 2);
    assert_eq!(place.run(&["client", "initial-token", "--uses", "0"]).await.status.code(), Some(2));
    succeeded(&place.run(&["client", "remove", "--id", "web", "--yes"]).await);
    refused(&place.run(&["client", "remove", "--id", "web", "--yes"]).await, "no client");
    assert_eq!(succeeded(&place.run(&["client", "list", "--json"]).await).trim(), "[]");
}

#[tokio::test]
async fn custom_claims_apply_within_a_second_and_required_secrets_are_stored() {
    let place = Place::new().await;
    let mut server = place.serve().await;
    let service = ["client", "add", "--id", "svc", "--grant", "client_credentials", "--json"];
    let made: Value = serde_json::from_str(&succeeded(&place.run(&service).await)).unwrap();
    let mapper = ["mapper", "add", "--claim", "tier", "--value", "\"gold\"", "--target", "access-token"];
    succeeded(&place.run(&mapper).await);
    refused(&place.run(&mapper).await, "a mapper with this name already");
    let reserved = ["mapper", "add", "--claim", "exp", "--value", "1", "--target", "id-token"];
    refused(&place.run(&reserved).await, "one of the protocol's own");
    let nowhere = ["mapper", "add", "--claim", "tier", "--target", "userinfo"];
    refused(&place.run(&nowhere).await, "--from-user");
    let http = http_client();
    let url = format!("http://localhost:{}/token", place.port);
    let tier = async || {
        let form = [("grant_type", "client_credentials")];
        let secret = made["client_secret"].as_str().unwrap();
        let answer = http.post(&url).basic_auth("svc", Some(secret)).form(&form).send().await.unwrap();
        let tokens: Value = answer.json().await.unwrap();
        claims(tokens["access_token"].as_str().unwrap())["tier"].clone()
    };
    within_a_second("the claim is there", async || tier().await == "gold").await;
    let list: Value = serde_json::from_str(&succeeded(&place.run(&["mapper", "list", "--json"]).await)).unwrap();
    assert_eq!((&list[0]["id"], &list[0]["mapper"]["claim"]), (&"tier".into(), &"tier".into()));
    succeeded(&place.run(&["mapper", "remove", "--id", "tier"]).await);
    refused(&place.run(&["mapper", "remove", "--id", "tier"]).await, "there is no claim mapper");
    within_a_second("the claim is gone", async || tier().await.is_null()).await;
    let keyed =
        ["client", "add", "--id", "keyed", "--redirect-uri", "https://rp.example/cb", "--id-token-alg", "HS256"];
    succeeded(&place.run(&keyed).await);
    succeeded(&place.run(&["client", "rotate-secret", "--id", "keyed"]).await);
    let hybrid =
        ["client", "add", "--id", "h", "--redirect-uri", "https://rp.example/cb", "--response-type", "code id_token"];
    refused(&place.run(&hybrid).await, "is not allowed by the client's profile");
    let classic = [&hybrid[..], &["--profile", "oidc_classic"]].concat();
    let output = place.command(&classic).env(ALLOWED.0, ALLOWED.1).output().await.unwrap();
    assert!(output.status.success() && stderr(&output).contains("warning"), "{}", stderr(&output));
    server.kill().await.unwrap();
}

/// Waits until a condition holds, for at most the time that a change may take to apply.
async fn within_a_second(what: &str, holds: impl AsyncFn() -> bool) {
    for _ in 0..40 {
        if holds().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{what}: not within a second, and two");
}

#[tokio::test]
async fn an_operator_blocks_and_unblocks_addresses_of_a_running_server() {
    let place = Place::new().await;
    let mut server = place.serve().await;
    let http = http_client();
    let url = format!("http://localhost:{}/login", place.port);
    let status = async || http.get(&url).send().await.unwrap().status().as_u16();
    let list = async || -> Vec<Value> {
        serde_json::from_str(&succeeded(&place.run(&["block", "list", "--json"]).await)).unwrap()
    };
    assert_eq!((status().await, list().await.len()), (400, 0));
    let add = ["block", "add", "--address", "::ffff:127.0.0.1/104", "--for", "2h", "--reason", "a test"];
    assert!(succeeded(&place.run(&add).await).contains("127.0.0.0/8"), "IPv4 in IPv6 is IPv4");
    within_a_second("the block applies", async || status().await == 403).await;
    let listed = list().await;
    assert_eq!(
        (&listed[0]["network"], &listed[0]["reach"], &listed[0]["reason"]),
        (&Value::from("127.0.0.0/8"), &Value::from("everything"), &Value::from("a test"))
    );
    let from = listed[0]["created_at"].as_i64().unwrap();
    let until = listed[0]["expires_at"].as_i64().unwrap();
    assert_eq!(until - from, 7200);
    assert!(succeeded(&place.run(&["block", "list"]).await).starts_with("127.0.0.0/8"));

    refused(&place.run(&["block", "remove", "--address", "127.0.0.1"]).await, "no");
    assert_eq!(list().await.len(), 1, "what is listed is removed, not what lies in it");
    succeeded(&place.run(&["block", "remove", "--address", "127.0.0.0/8"]).await);
    within_a_second("the block is gone", async || status().await == 400).await;
    assert_eq!(list().await.len(), 0);

    let sign_in = ["block", "add", "--address", "127.0.0.1", "--sign-in-only"];
    succeeded(&place.run(&sign_in).await);
    assert_eq!((&list().await[0]["reach"], status().await), (&Value::from("sign-in"), 400));
    for (wrong, why) in [("example.org", "address"), ("127.0.0.1/33", "address")] {
        let output = place.run(&["block", "add", "--address", wrong]).await;
        assert!(output.status.code() == Some(2) && stderr(&output).contains(why), "{wrong}: {}", stderr(&output));
    }
    for time in ["0s", "-1h", "soon"] {
        let output = place.run(&["block", "add", "--address", "192.0.2.1", &format!("--for={time}")]).await;
        assert_eq!(output.status.code(), Some(2), "{time}");
    }
    server.kill().await.unwrap();
}

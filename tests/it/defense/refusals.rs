//! Explained refusals: the operator's view, the client's view, and the limits on strangers who flood the explanations.

mod log;

use serde_json::{Value, json};
use signet::config::{RegistrationMode, Settings};
use signet::flows::defense::refusals::{self, Explanation};
use signet_protocol::time::Span;

use crate::support::place::{Place, stdout, succeeded};
use crate::support::{Reply, TestServer};

fn behind_proxy(settings: &mut Settings) {
    settings.proxy.trusted = vec!["127.0.0.0/8".parse().unwrap()];
}

/// Writes queued refusals, as the job does twice a second.
async fn flush(server: &TestServer) {
    refusals::flush(&server.app.provider, server.clock.now()).await;
}

async fn explain(server: &TestServer, request_id: &str) -> Option<Explanation> {
    flush(server).await;
    refusals::explain(&server.app.provider.store, &server.context(), request_id).await.unwrap()
}

/// The refusals that named this client, the latest first.
async fn latest(server: &TestServer, client: &str) -> Vec<Explanation> {
    flush(server).await;
    refusals::latest(&server.app.provider.store, &server.context(), client, 500).await.unwrap()
}

/// A token request without authentication that names this client, from this address.
async fn stranger(server: &TestServer, address: &str, client: &str, code: &str) -> Reply {
    let form = [("grant_type", "authorization_code"), ("code", code), ("client_id", client)];
    let request = server.http.post(server.url("/token")).header("x-forwarded-for", address).form(&form);
    Reply::of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn each_refusal_is_explained_to_the_operator_and_not_to_the_client() {
    let server = TestServer::start_with(|settings| settings.registration.mode = RegistrationMode::Token).await;
    let rp = server.relying_party().await;
    let other = server.client("other", json!({})).await;
    let mut posting = rp.at(&server);
    posting.auth_method = "client_secret_post".to_owned();
    let mut wrong = rp.at(&server);
    wrong.secret = Some("not the secret of this client at all".to_owned());
    let browser = server.browser();
    let authorize = async |changes: &[(&str, &str)]| {
        let page = browser.get(&rp.authorization_url(changes)).await;
        page.header("x-request-id").unwrap().to_owned()
    };
    let id = |reply: &Reply| reply.header("x-request-id").unwrap().to_owned();
    let code = async || rp.authorize_as("alice").await.code();
    let used = code().await;
    rp.redeem(&used).await.tokens();
    let tokens = rp.sign_in("alice").await;
    let userinfo = Reply::of(server.userinfo("nonsense").await).await;
    let foreign = other.sign_in("alice").await;
    let rows = [
        (id(&wrong.redeem("a").await), 401, "invalid_client", "the client secret does not match"),
        (
            id(&posting.redeem("a").await),
            400,
            "invalid_client",
            "client registered for client_secret_basic, used client_secret_post",
        ),
        (
            id(&stranger(&server, "192.0.2.1", "nobody", "a").await),
            400,
            "invalid_client",
            "no client is registered under this client_id",
        ),
        (
            id(&rp.redeem_with(&code().await, &[("code_verifier", &"v".repeat(43))]).await),
            400,
            "invalid_grant",
            "PKCE verifier does not match",
        ),
        (
            id(&rp.redeem_with(&code().await, &[("code_verifier", "")]).await),
            400,
            "invalid_grant",
            "PKCE verifier is missing, the authorization request had a challenge",
        ),
        (id(&rp.redeem(&used).await), 400, "invalid_grant", "the code was used before"),
        (id(&other.redeem(&code().await).await), 400, "invalid_grant", "the code was issued to another client"),
        (
            id(&rp.refresh_with(tokens.refresh_token(), &[("scope", "openid phone")]).await),
            400,
            "invalid_scope",
            "the grant does not cover the scope phone",
        ),
        (
            id(&rp.client_credentials(&[]).await),
            400,
            "unauthorized_client",
            "client not registered for the grant type client_credentials",
        ),
        (id(&userinfo), 401, "invalid_token", "not an access token of this server, or deleted after its expiry"),
        (
            authorize(&[("redirect_uri", "https://rp.example/cb?code=secret")]).await,
            400,
            "invalid_request",
            "redirect_uri https://rp.example/cb?code=… is not one of 1 registered",
        ),
        (
            authorize(&[("scope", "openid admin")]).await,
            303,
            "invalid_scope",
            "client not registered for the scope admin",
        ),
        (
            authorize(&[("code_challenge", ""), ("code_challenge_method", "")]).await,
            303,
            "invalid_request",
            "code_challenge is missing",
        ),
        (
            authorize(&[("response_type", "token")]).await,
            303,
            "unsupported_response_type",
            "response_type token is not one that the client has registered: code",
        ),
        (
            authorize(&[("id_token_hint", foreign.id_token())]).await,
            303,
            "invalid_request",
            "id_token_hint was issued to another client than client_id names",
        ),
        (id(&server.post("/register", &[]).await), 400, "invalid_client_metadata", "The body must be application/json"),
        (
            id(&server.post("/introspect", &[("token", "x")]).await),
            400,
            "invalid_client",
            "the request names no client",
        ),
        (
            id(&rp.post("/par", &[("request_uri", "https://rp.example/object")]).await),
            400,
            "invalid_request",
            "request_uri cannot be pushed",
        ),
    ];
    for (request_id, status, error, cause) in rows {
        let explanation = explain(&server, &request_id).await.unwrap_or_else(|| panic!("{cause}"));
        let answer = &explanation.answer;
        assert_eq!((answer.status, answer.error.as_str(), explanation.cause.as_str()), (status, error, cause));
    }
    let of_rp = latest(&server, "rp").await;
    let named = of_rp[0].client.as_ref().unwrap();
    assert_eq!((named.id.as_str(), named.name.as_deref()), ("rp", Some("Test application")));
    let hints: Vec<_> = of_rp.iter().filter_map(|explanation| explanation.hint.as_deref()).collect();
    assert!(hints.iter().any(|hint| hint.contains("signet client update rp --auth-method METHOD")), "{hints:?}");
    let of_nobody = latest(&server, "nobody").await;
    assert_eq!(of_nobody[0].client.as_ref().unwrap().name, None, "a client that does not exist is named all the same");
    assert_eq!(of_nobody[0].endpoint, "/token");
}

#[tokio::test]
async fn a_token_whose_sub_its_client_no_longer_knows_is_not_blamed_on_the_user() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let token = rp.sign_in("alice").await.access_token;
    server.remove_client("rp").await;
    server.client("rp", json!({ "subject_type": "pairwise" })).await;
    let refused = Reply::of(server.userinfo(&token).await).await;
    let explanation = explain(&server, refused.header("x-request-id").unwrap()).await.unwrap();
    assert!(explanation.cause.starts_with("sub of the access token names no user for its client"), "{explanation:?}");
    assert_eq!(explanation.answer.error, "invalid_token");
}

#[tokio::test]
async fn pages_of_a_sign_in_are_explained_too() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let browser = server.browser();
    let page = browser.visit(&rp.authorization_url(&[])).await;
    let action = page.form().action;
    let wrong = browser.submit(&page, &[("username", "alice"), ("password", "wrong"), ("login-submit", "yes")]).await;
    let forged = browser.post(&action, &[("username", "alice"), ("password", "x"), ("login-submit", "yes")]).await;
    let elsewhere = server.browser().get(&action).await;
    let logout = server.browser().get("/logout?client_id=rp&post_logout_redirect_uri=https://evil.example/").await;
    let rows = [
        (&wrong, "sign-in failed: wrong credentials"),
        (&forged, "the form has expired, or was not sent from this server's page"),
        (&elsewhere, "the sign-in was not started in this browser, or was deleted after its expiry"),
        (&logout, "post_logout_redirect_uri https://evil.example/ is not one of 1 registered"),
    ];
    for (page, cause) in rows {
        let request_id = page.header("x-request-id").unwrap();
        let explanation = explain(&server, request_id).await.unwrap_or_else(|| panic!("{cause}"));
        assert_eq!(explanation.cause, cause);
    }
}

#[tokio::test]
async fn a_refused_redirect_uri_is_shown_as_text_if_it_is_one() {
    let contact = "help@example.org";
    let server = TestServer::start_with(|settings| settings.contact = Some(contact.to_owned())).await;
    let rp = server.relying_party().await;
    let long = format!("https://rp.example/{}", "p/".repeat(200));
    let rows = [
        ("https://rp.example/other?token=secret", Some("https://rp.example/other?token=…")),
        ("https://user:password@rp.example/cb", Some("https://…@rp.example/cb")),
        ("javascript:alert(1)", Some("javascript:alert(1)")),
        ("Call 555-0100 now", None),
        ("<b>bold</b>", None),
    ];
    for (received, shown) in rows {
        let page = server.browser().get(&rp.authorization_url(&[("redirect_uri", received)])).await;
        page.assert_rejected(received, 400, "redirect_uri is not registered for this application.");
        let expected = shown.map(|shown| format!("<code id=\"received-uri\">{shown}</code>"));
        match &expected {
            Some(expected) => assert!(page.has(expected), "{received}: {page:?}"),
            None => assert!(!page.has("received-uri"), "{received}: {page:?}"),
        }
        assert!(!page.has("secret") && !page.has("password@") && !page.has("href=\"javascript"), "{page:?}");
        assert!(page.has(&format!("<a id=\"contact\" href=\"mailto:{contact}\">{contact}</a>")), "{page:?}");
    }
    let page = server.browser().get(&rp.authorization_url(&[("redirect_uri", &long)])).await;
    assert!(page.has("received-uri") && !page.has(&long), "clipped");
}

#[tokio::test]
async fn a_flood_in_the_name_of_one_client_or_from_one_network_removes_nothing_of_others() {
    let server = TestServer::start_with(behind_proxy).await;
    let rp = server.relying_party().await;
    server.client("other", json!({})).await;
    let victim = stranger(&server, "198.51.100.1", "rp", "a").await;
    let neighbor = stranger(&server, "203.0.113.1", "other", "a").await;
    flush(&server).await;
    for batch in 0..12 {
        for number in 0..20 {
            // An existing client id, and a different unknown one each time.
            stranger(&server, "203.0.113.1", "rp", "a").await;
            stranger(&server, "203.0.113.1", &format!("made-up-{batch}-{number}"), "a").await;
        }
        flush(&server).await;
    }
    for (reply, whose) in [(&victim, "the client in another network"), (&neighbor, "another client in the network")] {
        let request_id = reply.header("x-request-id").unwrap();
        assert!(explain(&server, request_id).await.is_some(), "{whose}");
    }
    let rows = server.database().query("SELECT client_id, owner, network FROM refusals").await;
    let count = |owner: &str| rows.iter().filter(|row| row[1] == owner.as_bytes()).count();
    assert!(count("rp") <= 101 && count("") <= 100, "{} of rp, {} of none", count("rp"), count(""));
    assert!(count("rp") > 50 && count("") > 50, "the flood itself is sampled");
    assert_eq!(rp.id, "rp");
}

#[tokio::test]
async fn a_lost_database_loses_explanations_alone() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    server.database().execute("ALTER TABLE refusals RENAME TO lost").await;
    let refused = rp.redeem("nonsense").await;
    refused.assert_error(400, "invalid_grant");
    flush(&server).await;
    let metrics = server.app.provider.metrics.encode().unwrap();
    assert!(metrics.contains("signet_refusals_dropped_total 1"), "{metrics}");
    rp.sign_in("alice").await;
    server.database().execute("ALTER TABLE lost RENAME TO refusals").await;
    let next = rp.redeem("nonsense").await;
    assert!(explain(&server, next.header("x-request-id").unwrap()).await.is_some());
}

#[tokio::test]
async fn a_refusal_costs_its_request_no_statement() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    rp.client_credentials(&[]).await.assert_error(400, "unauthorized_client");
    let (_, statements) = server.statements(async { rp.client_credentials(&[]).await }).await;
    assert_eq!(statements, 0);
}

#[tokio::test]
async fn another_node_explains_and_forgets_after_a_day() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let twin = server.twin().await;
    twin.app.follow().await.unwrap();
    let refused = rp.at(&twin).redeem("nonsense").await;
    let request_id = refused.header("x-request-id").unwrap();
    flush(&twin).await;
    assert_eq!(
        explain(&server, request_id).await.unwrap().cause,
        "no such code was issued, or it was deleted after its expiry"
    );
    server.advance(Span::from_hours(25)).await;
    server.upkeep().await;
    assert!(explain(&server, request_id).await.is_none());
}

#[tokio::test]
async fn the_command_explains_while_the_server_runs() {
    let place = Place::new().await;
    let add = [
        "client",
        "add",
        "--id",
        "rp",
        "--name",
        "My app",
        "--auth-method",
        "client_secret_basic",
        "--redirect-uri",
        "https://rp.example/cb",
    ];
    succeeded(&place.run(&add).await);
    let mut server = place.serve().await;
    let http = crate::support::server::http_client();
    let form = [("grant_type", "authorization_code"), ("code", "a"), ("client_id", "rp"), ("client_secret", "wrong")];
    let request = http.post(format!("{}/token", place.issuer())).header("x-request-id", "chosen-by-the-client");
    let refused = Reply::of(request.form(&form).send().await.unwrap()).await;
    let request_id = refused.header("x-request-id").unwrap();
    assert_ne!(request_id, "chosen-by-the-client");
    let shown = succeeded(&place.run(&["explain", "--", request_id]).await);
    let expected = [
        format!("Request  {request_id} at "),
        "Client   rp (My app)".to_owned(),
        "Answer   400 invalid_client: The client could not be authenticated.".to_owned(),
        "Cause    client registered for client_secret_basic, used client_secret_post".to_owned(),
        "Hint     ".to_owned(),
    ];
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(lines.len(), expected.len(), "{shown}");
    assert!(lines.iter().zip(&expected).all(|(line, begin)| line.starts_with(begin)), "{shown}");
    let json: Value =
        serde_json::from_str(&succeeded(&place.run(&["explain", "--json", "--", request_id]).await)).unwrap();
    assert_eq!((&json["request_id"], &json["client"]["name"]), (&json!(request_id), &json!("My app")));
    let listed = succeeded(&place.run(&["explain", "--client", "rp", "--last", "1"]).await);
    assert_eq!(listed, shown);
    let unknown = place.run(&["explain", "no-such-id"]).await;
    assert_eq!((unknown.status.code(), stdout(&unknown).as_str()), (Some(1), ""));
    let complaint = String::from_utf8_lossy(&unknown.stderr);
    assert!(complaint.contains("no refusal is stored for the request ID no-such-id"), "{complaint}");
    server.kill().await.unwrap();
}

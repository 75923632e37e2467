//! Back-channel logout (OpenID Connect Back-Channel Logout §2.4, §2.5, §2.8): the notified clients, the logout token,
//! and reliable delivery.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use signet::jobs;
use signet_protocol::time::Span;

use crate::support::receiver::SILENCE;
use crate::support::{Browser, Receiver, RelyingParty, TestServer, UserChange, claims, header, verified};

/// A server that may call loopback addresses.
async fn server() -> TestServer {
    TestServer::start_with(|settings| settings.outbound.allow_hosts = vec!["127.0.0.1".to_owned()]).await
}

/// Another node of the server, with the same settings.
async fn twin(server: &TestServer) -> TestServer {
    server.twin_with(|settings| settings.outbound.allow_hosts = vec!["127.0.0.1".to_owned()]).await
}

/// A client with this back-channel logout endpoint.
async fn listener(server: &TestServer, id: &str, receiver: &Receiver) -> RelyingParty {
    let metadata = json!({
        "backchannel_logout_uri": receiver.url, "backchannel_logout_session_required": true, "skip_consent": true,
    });
    server.client(id, metadata).await
}

/// A browser in which alice is signed in at the client, with the ID token.
async fn signed_in(rp: &RelyingParty) -> (Browser, String) {
    let authorized = rp.authorize_with("alice", &[("scope", "openid")]).await;
    let tokens = rp.redeem(&authorized.code()).await.tokens();
    (authorized.browser, tokens.id_token().to_owned())
}

async fn sign_out(browser: &Browser, id_token: &str) {
    assert!(browser.get(&format!("/logout?id_token_hint={id_token}")).await.has("You are signed out"));
}

/// Waits until everything has been delivered or abandoned.
async fn outbox_is_empty(server: &TestServer) {
    let begun = Instant::now();
    while !server.database().query("SELECT id FROM outbox").await.is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(20), "the outbox does not become empty");
        tokio::task::yield_now().await;
    }
}

async fn undelivered(server: &TestServer) -> Vec<String> {
    let rows = server.database().query("SELECT reason FROM audit_events WHERE event = 'logout.undelivered'").await;
    rows.into_iter().map(|row| String::from_utf8(row[0].clone()).unwrap()).collect()
}

#[tokio::test]
async fn a_client_gets_a_signed_logout_token() {
    for alg in ["RS256", "ES256"] {
        let server = server().await;
        let receiver = Receiver::start().await;
        let metadata = json!({ "backchannel_logout_uri": receiver.url, "id_token_signed_response_alg": alg });
        let rp = server.client("rp", metadata).await;
        let (browser, id_token) = signed_in(&rp).await;
        sign_out(&browser, &id_token).await;

        let arrival = receiver.next().await;
        assert_eq!(arrival.headers["content-type"], "application/x-www-form-urlencoded");
        assert_eq!(arrival.fields.len(), 1, "nothing but the token: {arrival:?}");
        assert_eq!(arrival.fields[0].0, "logout_token");
        let token = &arrival.fields[0].1;
        assert_eq!(header(token)["typ"], "logout+jwt");
        assert_eq!(header(token)["alg"], alg);
        let token_claims = verified(&server, token, alg, "rp").await;
        let known = claims(&id_token);
        for name in ["iss", "sub", "sid"] {
            assert_eq!(token_claims[name], known[name], "{name}");
        }
        assert_eq!(token_claims["aud"], "rp");
        assert_eq!(token_claims["events"], json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
        assert_eq!(token_claims["exp"].as_i64().unwrap() - token_claims["iat"].as_i64().unwrap(), 120);
        assert_ne!(token_claims["jti"], known["jti"]);
        let mut names: Vec<&String> = token_claims.as_object().unwrap().keys().collect();
        names.sort();
        assert_eq!(names, ["aud", "events", "exp", "iat", "iss", "jti", "sid", "sub"], "and never a nonce");
        outbox_is_empty(&server).await;
        assert_eq!(receiver.count(), 1);
    }
}

#[tokio::test]
async fn every_end_of_a_session_is_notified() {
    let server = server().await;
    let receiver = Receiver::start().await;
    let rp = listener(&server, "rp", &receiver).await;
    for way in ["by hint", "by confirmation", "another person", "signed out by command", "disabled by command"] {
        let (browser, id_token) = signed_in(&rp).await;
        match way {
            "by hint" => sign_out(&browser, &id_token).await,
            "by confirmation" => {
                let question = browser.get("/logout").await;
                assert!(browser.submit(&question, &[("logout-confirm", "yes")]).await.has("You are signed out"));
            }
            "another person" => {
                let page = browser.visit(&rp.authorization_url(&[("prompt", "login")])).await;
                let switch = format!("{}&switch=yes", page.url);
                let page = browser.get(&switch).await;
                browser.sign_in(&page, "bob").await.code();
            }
            "signed out by command" => server.change_user("alice", UserChange::SignOut).await,
            _ => server.change_user("alice", UserChange::Disable).await,
        }
        let token_claims = claims(&receiver.token().await);
        let known = claims(&id_token);
        assert_eq!((&token_claims["sid"], &token_claims["sub"]), (&known["sid"], &known["sub"]), "{way}");
    }
    outbox_is_empty(&server).await;
    assert_eq!(receiver.count(), 5, "each is notified once");
}

#[tokio::test]
async fn a_client_outside_the_session_is_not_notified() {
    let server = server().await;
    let notified = Receiver::start().await;
    let silent = Receiver::start().await;
    let rp = listener(&server, "rp", &notified).await;
    let other = listener(&server, "other", &silent).await;
    let deaf = server.client("deaf", json!({ "skip_consent": true })).await;
    let (elsewhere, _) = signed_in(&other).await;
    let (browser, id_token) = signed_in(&rp).await;
    for _ in 0..2 {
        browser.get(&deaf.authorization_url(&[])).await.code();
        browser.get(&rp.authorization_url(&[])).await.code();
    }
    let members = server.database().query("SELECT client_id FROM session_clients ORDER BY client_id").await;
    assert_eq!(members, [[b"other"].map(|id| id.to_vec()).to_vec(), vec![b"rp".to_vec()]], "once each");
    sign_out(&browser, &id_token).await;
    notified.token().await;
    outbox_is_empty(&server).await;
    assert_eq!(silent.count(), 0);
    assert!(elsewhere.get(&other.authorization_url(&[("prompt", "none")])).await.parameter("code").is_some());
}

#[tokio::test]
async fn signing_in_again_as_the_same_person_ends_nothing() {
    let server = server().await;
    let receiver = Receiver::start().await;
    let rp = listener(&server, "rp", &receiver).await;
    let (browser, id_token) = signed_in(&rp).await;
    let page = browser.visit(&rp.authorization_url(&[("prompt", "login")])).await;
    let code = browser.sign_in(&page, "alice").await.code();
    let again = rp.redeem(&code).await.tokens();
    assert_eq!(claims(again.id_token())["sid"], claims(&id_token)["sid"]);
    assert_eq!(server.database().query("SELECT id FROM outbox").await.len(), 0);
    assert_eq!(receiver.count(), 0);
}

#[tokio::test]
async fn a_client_that_was_down_is_notified_once_it_is_up() {
    let mut server = server().await;
    let receiver = Receiver::start().await;
    let rp = listener(&server, "rp", &receiver).await;
    let (browser, id_token) = signed_in(&rp).await;
    server.stop_jobs().await;
    receiver.answer_with(503);
    sign_out(&browser, &id_token).await;
    let mut tokens = Vec::new();
    for wait in [0, 1, 5] {
        server.advance(Span::from_secs(wait)).await;
        assert_eq!(jobs::deliver_due(&server.app).await.unwrap(), 1, "after {wait} s");
        tokens.push(claims(&receiver.token().await));
    }
    receiver.answer_with(204);
    server.advance(Span::from_secs(30)).await;
    assert_eq!(jobs::deliver_due(&server.app).await.unwrap(), 1);
    tokens.push(claims(&receiver.token().await));
    for pair in tokens.windows(2) {
        assert_ne!(pair[0]["jti"], pair[1]["jti"], "each attempt has a token of its own");
        assert_eq!(pair[1]["sid"], claims(&id_token)["sid"]);
    }
    assert!(tokens[3]["iat"].as_i64() >= tokens[0]["iat"].as_i64().map(|first| first + 36));
    outbox_is_empty(&server).await;
    assert_eq!(undelivered(&server).await, [""; 0]);
}

#[tokio::test]
async fn nothing_is_retried_before_its_time() {
    let mut server = server().await;
    let receiver = Receiver::start().await;
    let rp = listener(&server, "rp", &receiver).await;
    let (browser, id_token) = signed_in(&rp).await;
    server.stop_jobs().await;
    receiver.answer_with(500);
    sign_out(&browser, &id_token).await;
    for wait in [0, 1, 5, 30, 120, 600, 1800, 1800] {
        if wait >= 30 {
            server.advance(Span::from_secs(wait - 20)).await;
            assert_eq!(jobs::deliver_due(&server.app).await.unwrap(), 0, "before {wait} s");
            server.advance(Span::from_secs(20)).await;
        } else {
            server.advance(Span::from_secs(wait)).await;
        }
        assert_eq!(jobs::deliver_due(&server.app).await.unwrap(), 1, "after {wait} s");
    }
    assert_eq!(receiver.count(), 8);
}

#[tokio::test]
async fn two_nodes_notify_a_client_once() {
    let one = server().await;
    let receiver = Receiver::start().await;
    let two = twin(&one).await;
    let rp = listener(&one, "rp", &receiver).await;
    let mut expected = Vec::new();
    for _ in 0..12 {
        expected.push(claims(&signed_in(&rp).await.1)["sid"].clone());
    }
    one.change_user("alice", UserChange::SignOut).await;
    let (here, there) = tokio::join!(jobs::deliver_due(&one.app), jobs::deliver_due(&two.app));
    here.and(there).unwrap();
    outbox_is_empty(&one).await;
    let mut token_claims = Vec::new();
    while token_claims.len() < expected.len() {
        token_claims.push(claims(&receiver.token().await)["sid"].clone());
    }
    let sorted = |mut sids: Vec<Value>| {
        sids.sort_by_key(Value::to_string);
        sids
    };
    assert_eq!(sorted(token_claims), sorted(expected));
    assert_eq!(receiver.count(), 12, "no client is notified twice");
}

#[tokio::test]
async fn a_delivery_of_a_dead_node_is_taken_over() {
    let one = server().await;
    let receiver = Receiver::start().await;
    let rp = listener(&one, "rp", &receiver).await;
    let (browser, id_token) = signed_in(&rp).await;
    receiver.answer_with(SILENCE);
    sign_out(&browser, &id_token).await;
    receiver.token().await;
    let two = twin(&one).await;
    drop(one);
    assert_eq!(two.database().query("SELECT id FROM outbox").await.len(), 1, "the row stays");
    receiver.answer_with(200);
    assert_eq!(jobs::deliver_due(&two.app).await.unwrap(), 0, "its turn is not over");
    two.advance(Span::from_secs(61)).await;
    jobs::deliver_due(&two.app).await.unwrap();
    assert_eq!(claims(&receiver.token().await)["sid"], claims(&id_token)["sid"]);
    outbox_is_empty(&two).await;
}

#[tokio::test]
async fn a_delivery_is_abandoned_after_three_refusals_or_a_day() {
    let half_hours = [Span::from_minutes(31); 5];
    let days = [Span::ZERO, Span::from_hours(23), Span::from_hours(1), Span::from_hours(1)];
    let rows: [(u16, &[Span], usize, &str); 2] =
        [(400, &half_hours, 3, "the client refuses it"), (503, &days, 2, "the client could not be reached")];
    for (status, waits, attempts, reason) in rows {
        let mut server = server().await;
        let receiver = Receiver::start().await;
        let rp = listener(&server, "rp", &receiver).await;
        let (browser, id_token) = signed_in(&rp).await;
        server.stop_jobs().await;
        receiver.answer_with(status);
        sign_out(&browser, &id_token).await;
        for wait in waits {
            server.advance(*wait).await;
            jobs::deliver_due(&server.app).await.unwrap();
        }
        outbox_is_empty(&server).await;
        assert_eq!(receiver.count(), attempts, "{status}");
        assert_eq!(undelivered(&server).await, [reason]);
    }
}

#[tokio::test]
async fn a_client_without_a_logout_uri_is_not_notified() {
    let server = server().await;
    let receiver = Receiver::start().await;
    let page = json!({ "frontchannel_logout_uri": "https://rp.example/out", "skip_consent": true });
    let rp = server.client("rp", page).await;
    let (browser, id_token) = signed_in(&rp).await;
    sign_out(&browser, &id_token).await;
    outbox_is_empty(&server).await;
    assert_eq!((undelivered(&server).await.len(), receiver.count()), (0, 0));
}

#[tokio::test]
async fn an_unresponsive_client_does_not_delay_others() {
    let server = server().await;
    let slow = Receiver::start().await;
    let quick = Receiver::start().await;
    listener(&server, "slow", &slow).await;
    let rp = listener(&server, "quick", &quick).await;
    slow.answer_with(SILENCE);
    let realm = server.app.realm.id.as_str();
    let end = server.clock.now().plus(Span::from_hours(1)).as_millis();
    let rows: Vec<String> = (0..200)
        .map(|number| format!("('m{number}', '{realm}', 'backchannel_logout', 'slow', 's', 'u', 0, 1, 1, {end})"))
        .collect();
    let columns = "id, realm_id, kind, client_id, session_id, user_id, attempts, next_at, created_at, expires_at";
    server.database().execute(&format!("INSERT INTO outbox ({columns}) VALUES {}", rows.join(", "))).await;
    let (browser, id_token) = signed_in(&rp).await;
    slow.next().await;
    sign_out(&browser, &id_token).await;
    assert_eq!(claims(&quick.token().await)["sid"], claims(&id_token)["sid"]);
    assert!(slow.count() <= 4, "{} requests to one client at a time", slow.count());
}

#[tokio::test]
async fn a_logout_does_not_wait_for_the_clients() {
    let server = server().await;
    let receiver = Receiver::start().await;
    let rp = listener(&server, "rp", &receiver).await;
    let (browser, id_token) = signed_in(&rp).await;
    receiver.answer_with(SILENCE);
    sign_out(&browser, &id_token).await;
    assert_eq!(server.database().query("SELECT id FROM outbox").await.len(), 1, "it has not been delivered yet");
    receiver.token().await;
}

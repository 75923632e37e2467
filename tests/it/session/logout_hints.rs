//! ID tokens as logout hints (OpenID Connect RP-Initiated Logout §2): a hint ends the session that it names in any
//! browser, as long as any session can last, and never leads to an error page without a way out.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use signet_protocol::time::Span;

use crate::session::logout::{BYE, assert_question, assert_signed_out, is_signed_in, logout_url, signed_in};
use crate::support::server::PASSWORD;
use crate::support::{Receiver, TestServer, claims, header};

#[tokio::test]
async fn a_hint_ends_its_session_in_a_browser_that_does_not_hold_it() {
    let server = TestServer::start_with(allow_loopback).await;
    let receiver = Receiver::start().await;
    let rp = server.client("rp", json!({"skip_consent": true, "backchannel_logout_uri": receiver.url})).await;
    let (browser, tokens) = signed_in(&rp, "openid").await;
    let page = server.browser().get(&logout_url(&[("id_token_hint", tokens.id_token())])).await;
    assert_signed_out("without the cookie", &page);
    assert!(!is_signed_in(&browser, &rp).await);
    rp.refresh(tokens.refresh_token()).await.assert_error(400, "invalid_grant");
    assert!(!rp.is_active(&tokens.access_token).await);
    assert_eq!(claims(&receiver.token().await)["sid"], claims(tokens.id_token())["sid"]);
}

#[tokio::test]
async fn a_hint_that_an_application_posts_by_itself_ends_its_session_at_once() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (browser, tokens) = signed_in(&rp, "openid").await;
    let hint = [("id_token_hint", tokens.id_token())];
    let page = server.browser().post_from("https://rp.example", "/logout", &hint).await;
    assert_eq!(page.status, 303, "a form of another site, which follows with its cookie");
    assert!(is_signed_in(&browser, &rp).await);
    let page = server.browser().post_with(&[], "/logout", &hint).await;
    assert_signed_out("without an origin and a cookie", &page);
    assert!(!is_signed_in(&browser, &rp).await);
}

fn allow_loopback(settings: &mut signet::config::Settings) {
    settings.outbound.allow_hosts = vec!["127.0.0.1".to_owned()];
}

#[tokio::test]
async fn a_hint_of_an_expired_session_tells_its_clients() {
    let server = TestServer::start_with(allow_loopback).await;
    let receiver = Receiver::start().await;
    let rp = server.client("rp", json!({"skip_consent": true, "backchannel_logout_uri": receiver.url})).await;
    let (browser, tokens) = signed_in(&rp, "openid").await;
    server.advance(Span::from_minutes(61)).await;
    let page = browser.get(&logout_url(&[("id_token_hint", tokens.id_token())])).await;
    assert_signed_out("after the idle end", &page);
    assert_eq!(claims(&receiver.token().await)["sid"], claims(tokens.id_token())["sid"]);
}

#[tokio::test]
async fn a_hint_ends_the_access_tokens_of_a_session_that_has_expired_and_been_ended_by_upkeep() {
    let server = TestServer::start_with(|settings| settings.sessions.idle = Span::from_minutes(2)).await;
    let rp = server.client("rp", json!({"skip_consent": true})).await;
    let (browser, tokens) = signed_in(&rp, "openid").await;
    server.advance(Span::from_minutes(3)).await;
    server.upkeep().await;
    let ended = "SELECT id FROM sessions WHERE ended_at IS NOT NULL";
    assert_eq!(server.database().query(ended).await.len(), 1);
    assert!(rp.is_active(&tokens.access_token).await, "it lives to its own end");
    for _ in 0..2 {
        let page = browser.get(&logout_url(&[("id_token_hint", tokens.id_token())])).await;
        assert_signed_out("after upkeep", &page);
        assert!(!rp.is_active(&tokens.access_token).await);
    }
    let logouts = "SELECT id FROM audit_events WHERE event = 'logout'";
    assert_eq!(server.database().query(logouts).await.len(), 1, "the second ends nothing");
}

#[tokio::test]
async fn a_browser_without_the_session_learns_nothing_about_its_clients() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let framed = json!({"skip_consent": true, "frontchannel_logout_uri": "https://rp.example/frontchannel"});
    let other = server.client("framed", framed).await;
    let (browser, tokens) = signed_in(&rp, "openid").await;
    browser.get(&other.authorization_url(&[("scope", "openid")])).await.code();
    let (again, held) = signed_in(&rp, "openid").await;
    again.get(&other.authorization_url(&[("scope", "openid")])).await.code();
    let page = server.browser().get(&logout_url(&[("id_token_hint", tokens.id_token())])).await;
    assert!(page.has("You are signed out") && !page.has("rp.example/frontchannel"), "{page:?}");
    let page = again.get(&logout_url(&[("id_token_hint", held.id_token())])).await;
    assert!(page.has("rp.example/frontchannel"), "its own browser frames them: {page:?}");
}

#[tokio::test]
async fn a_hint_is_good_for_as_long_as_a_session_lives_though_its_key_is_gone() {
    let server = TestServer::start_with(|settings| settings.keys.rotation_interval = Span::from_days(2)).await;
    let rp = server.relying_party().await;
    let browser = server.browser();
    let page = browser.visit(&rp.authorization_url(&[("scope", "openid")])).await;
    let remembered = [("username", "alice"), ("password", PASSWORD), ("remember", "yes"), ("login-submit", "yes")];
    let page = browser.submit(&page, &remembered).await;
    let tokens = rp.redeem(&browser.allow(&page).await.code()).await.tokens();
    for _ in 0..29 {
        server.advance(Span::from_days(1)).await;
    }
    let jwks: serde_json::Value = server.get("/jwks").await.json().await.unwrap();
    assert!(!jwks.to_string().contains(header(tokens.id_token())["kid"].as_str().unwrap()), "the key is gone");
    assert!(is_signed_in(&browser, &rp).await);
    let params = [("id_token_hint", tokens.id_token()), ("post_logout_redirect_uri", BYE)];
    let page = browser.get(&logout_url(&params)).await;
    assert_eq!(page.location().as_deref(), Some(BYE), "{page:?}");
    assert!(!is_signed_in(&browser, &rp).await);
}

#[tokio::test]
async fn a_hint_that_proves_nothing_any_more_counts_as_none_and_a_forged_one_is_refused() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (_, old) = signed_in(&rp, "openid").await;
    let parts: Vec<&str> = old.id_token().split('.').collect();
    let unknown = URL_SAFE_NO_PAD.encode(json!({"alg": "RS256", "kid": "long-gone"}).to_string());
    let unknown = format!("{unknown}.{}.{}", parts[1], parts[2]);
    for _ in 0..31 {
        server.advance(Span::from_days(1)).await;
    }
    for (rule, hint) in [("older than any session", old.id_token()), ("its key is unknown", unknown.as_str())] {
        let (browser, _) = signed_in(&rp, "openid").await;
        let page = browser.get(&logout_url(&[("id_token_hint", hint), ("post_logout_redirect_uri", BYE)])).await;
        assert_question(rule, &page);
        assert!(is_signed_in(&browser, &rp).await, "{rule}");
        let page = browser.submit(&page, &[("logout-confirm", "yes")]).await;
        assert_signed_out(&format!("{rule}: it leads nowhere either"), &page);
    }
    let (browser, tokens) = signed_in(&rp, "openid").await;
    let parts: Vec<&str> = tokens.id_token().split('.').collect();
    let forged = format!("{}.{}.{}", parts[0], parts[1], "A".repeat(parts[2].len()));
    let page = browser.get(&logout_url(&[("id_token_hint", &forged)])).await;
    page.assert_rejected("forged", 400, "id_token_hint is not valid");
}

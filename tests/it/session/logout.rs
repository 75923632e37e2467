//! Signing out (OpenID Connect RP-Initiated Logout §2, §3): the requests that may end a session, the grants that end
//! with it, and the browser's next page.

use serde_json::json;
use signet_protocol::time::Span;
use signet_store::client::clients::Standing;

use crate::authorize::requests::assert_error_at_client;
use crate::support::{Browser, Page, RelyingParty, TestServer, Tokens};

pub const BYE: &str = "https://rp.example/bye";

/// A browser in which alice is signed in, with the tokens of this scope.
pub async fn signed_in(rp: &RelyingParty, scope: &str) -> (Browser, Tokens) {
    let authorized = rp.authorize_with("alice", &[("scope", scope)]).await;
    let tokens = rp.redeem(&authorized.code()).await.tokens();
    (authorized.browser, tokens)
}

pub fn logout_url(params: &[(&str, &str)]) -> String {
    format!("/logout?{}", url::form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish())
}

pub async fn is_signed_in(browser: &Browser, rp: &RelyingParty) -> bool {
    let page = browser.get(&rp.authorization_url(&[("prompt", "none"), ("scope", "openid")])).await;
    if page.parameter("code").is_some() {
        return true;
    }
    assert_error_at_client("signed out", rp, &page, "login_required", Some("the-state"));
    false
}

#[track_caller]
pub fn assert_question(rule: &str, page: &Page) {
    assert_eq!(page.status, 200, "{rule}: {page:?}");
    assert!(page.has("<title>Do you want to sign out? · Signet</title>"), "{rule}: {page:?}");
    assert!(page.has("<h1>Do you want to sign out?</h1>"), "{rule}: {page:?}");
    assert!(page.has("id=\"logout-confirm\" name=\"logout-confirm\" value=\"yes\" autofocus"), "{rule}: {page:?}");
    assert!(page.has("id=\"logout-cancel\" name=\"logout-cancel\" value=\"yes\""), "{rule}: {page:?}");
}

#[track_caller]
pub fn assert_signed_out(rule: &str, page: &Page) {
    assert_eq!(page.status, 200, "{rule}: {page:?}");
    assert!(page.has("<title>You are signed out · Signet</title>"), "{rule}: {page:?}");
    assert!(page.has("<h1>You are signed out</h1>") && !page.has("<form"), "{rule}: {page:?}");
}

#[tokio::test]
async fn a_hint_and_a_registered_uri_sign_out_and_lead_back_with_the_state() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let long = "s".repeat(128);
    let rows: [(&str, Option<&str>); 4] =
        [("128 characters", Some(&long)), ("unicode", Some("ü&=#?+ \"'漢")), ("none", None), ("short", Some("0"))];
    for (rule, state) in rows {
        let (browser, tokens) = signed_in(&rp, "openid").await;
        let cookie = browser.cookie("signet-session").unwrap();
        let mut params = vec![("id_token_hint", tokens.id_token()), ("post_logout_redirect_uri", BYE)];
        params.extend(state.map(|state| ("state", state)));
        let page = browser.get(&logout_url(&params)).await;
        assert_eq!(page.status, 303, "{rule}: {page:?}");
        assert!(page.location().unwrap().starts_with(BYE), "{rule}: {page:?}");
        let expected: Vec<(String, String)> = state.map(|state| ("state".into(), state.into())).into_iter().collect();
        assert_eq!(page.parameters(), expected, "{rule}");
        assert!(page.header("set-cookie").unwrap().starts_with("signet-session=;"), "{rule}: {page:?}");
        assert_eq!(browser.cookie("signet-session"), None, "{rule}");
        assert!(!is_signed_in(&browser, &rp).await, "{rule}");
        browser.set_cookie("signet-session", &cookie);
        assert!(!is_signed_in(&browser, &rp).await, "{rule}: the cookie is dead, not only forgotten");
    }
}

#[tokio::test]
async fn unregistered_and_unproven_requests_are_refused_and_end_nothing() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let other = server.client("other", json!({"post_logout_redirect_uris": ["https://other.example/bye"]})).await;
    let stranger = TestServer::start().await;
    let (_, elsewhere) = signed_in(&stranger.relying_party().await, "openid").await;
    let (browser, tokens) = signed_in(&rp, "openid").await;
    let hint = tokens.id_token();
    let parts: Vec<&str> = hint.split('.').collect();
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", parts[1]);
    let broken = format!("{}.{}.{}", parts[0], parts[1], parts[2].replace(|c: char| c != 'A', "A"));
    let uri = "post_logout_redirect_uri is not registered";
    let invalid = "id_token_hint is not valid";
    type Row<'a> = (&'a str, Vec<(&'a str, &'a str)>, &'a str);
    let bad = |bad: &'static str| vec![("id_token_hint", hint), ("post_logout_redirect_uri", bad), ("state", "s")];
    let hinted = |bad| vec![("id_token_hint", bad), ("post_logout_redirect_uri", BYE), ("state", "s")];
    let rows: Vec<Row<'_>> = vec![
        ("another URI", bad("https://evil.example/bye"), uri),
        ("query added", bad("https://rp.example/bye?foo=bar"), uri),
        ("slash added", bad("https://rp.example/bye/"), uri),
        ("fragment added", bad("https://rp.example/bye#x"), uri),
        ("other case", bad("https://RP.example/bye"), uri),
        ("a redirect URI of the client", bad("https://rp.example/cb"), uri),
        ("another client's", bad("https://other.example/bye"), uri),
        ("javascript", bad("javascript:alert(1)"), uri),
        ("an unknown client", vec![("post_logout_redirect_uri", BYE), ("client_id", "nobody")], uri),
        ("unsigned hint", hinted(&unsigned), invalid),
        ("hint with another signature", hinted(&broken), invalid),
        ("another issuer's hint", hinted(elsewhere.id_token()), invalid),
        ("an access token", hinted(&tokens.access_token), invalid),
        ("not a JWT", vec![("id_token_hint", "hello")], invalid),
        ("hint and client differ", vec![("id_token_hint", hint), ("client_id", &other.id)], invalid),
    ];
    for (rule, params, sentence) in rows {
        for page in [browser.get(&logout_url(&params)).await, browser.post("/logout", &params).await] {
            page.assert_rejected(rule, 400, sentence);
            assert!(!page.has("<form"), "{rule}: {page:?}");
            assert_eq!(page.header("set-cookie"), None, "{rule}");
        }
        assert!(is_signed_in(&browser, &rp).await, "{rule}");
    }
    let twice = format!("{}&state=t", logout_url(&bad(BYE)));
    browser.get(&twice).await.assert_rejected("a parameter twice", 400, "A parameter is repeated");
    assert!(is_signed_in(&browser, &rp).await);
}

#[tokio::test]
async fn without_a_hint_the_person_is_asked() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    for (rule, params) in [("no parameters", vec![]), ("only a state", vec![("state", "s")])] {
        let (browser, _) = signed_in(&rp, "openid").await;
        let page = browser.get(&logout_url(&params)).await;
        assert_question(rule, &page);
        assert!(page.has("<bdi>alice</bdi>"), "{rule}: {page:?}");
        assert!(is_signed_in(&browser, &rp).await, "{rule}: a GET alone ends nothing");
        let stay = browser.submit_once(&page, &[("logout-cancel", "yes")]).await;
        assert_eq!(stay.location().as_deref(), Some("/"), "{rule}");
        assert!(is_signed_in(&browser, &rp).await, "{rule}");
        let page = browser.submit(&page, &[("logout-confirm", "yes")]).await;
        assert_signed_out(rule, &page);
        assert!(!is_signed_in(&browser, &rp).await, "{rule}");
    }
    let page = server.browser().get("/logout").await;
    assert_question("no one is signed in", &page);
}

#[tokio::test]
async fn without_an_application_the_person_is_asked_and_stays_here() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    for uri in [BYE, "https://evil.example/bye", "javascript:alert(1)"] {
        let (browser, _) = signed_in(&rp, "openid").await;
        let params = [("post_logout_redirect_uri", uri), ("state", "s")];
        let page = browser.get(&logout_url(&params)).await;
        assert_question(uri, &page);
        assert!(!page.has("Asked for by") && !page.has("Test application"), "{uri}: {page:?}");
        assert!(is_signed_in(&browser, &rp).await, "{uri}: a GET alone ends nothing");
        let page = browser.submit_once(&page, &[("logout-confirm", "yes")]).await;
        assert_signed_out(uri, &page);
        assert!(page.has("Your session on this device has ended."), "{uri}: {page:?}");
        let policy = page.header("content-security-policy").unwrap();
        assert!(!page.has(uri) && !policy.contains("example"), "§3: it leads nowhere: {page:?}");
        assert!(!is_signed_in(&browser, &rp).await, "{uri}");
    }
}

#[tokio::test]
async fn the_page_says_which_session_has_ended() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (browser, tokens) = signed_in(&rp, "openid").await;
    let hint = logout_url(&[("id_token_hint", tokens.id_token())]);
    let elsewhere = server.browser().get(&hint).await;
    assert_signed_out("by a program that holds no cookie", &elsewhere);
    assert!(elsewhere.has("The session that the application named has ended. This device held no session."));
    assert!(!is_signed_in(&browser, &rp).await, "and so it has");

    let (browser, tokens) = signed_in(&rp, "openid").await;
    let page = browser.get(&logout_url(&[("id_token_hint", tokens.id_token())])).await;
    assert!(page.has("Your session on this device has ended."), "{page:?}");

    let stranger = server.browser();
    let question = stranger.get("/logout").await;
    let page = stranger.submit_once(&question, &[("logout-confirm", "yes")]).await;
    assert!(page.has("There was no session on this device."), "{page:?}");

    let (browser, tokens) = signed_in(&rp, "openid").await;
    server.set_client_standing("rp", Standing::Disabled).await;
    let page = server.browser().get(&logout_url(&[("id_token_hint", tokens.id_token())])).await;
    assert_question("a hint of a disabled client ends nothing, and is not said to", &page);
    server.set_client_standing("rp", Standing::Enabled).await;
    assert!(is_signed_in(&browser, &rp).await);
}

#[tokio::test]
async fn a_hint_without_a_uri_signs_out_and_says_so() {
    let server = TestServer::start().await;
    let rp = server.client("rp", json!({"client_uri": "https://rp.example/start"})).await;
    for state in [None, Some(("state", "s"))] {
        let (browser, tokens) = signed_in(&rp, "openid").await;
        let mut params = vec![("id_token_hint", tokens.id_token())];
        params.extend(state);
        let page = browser.get(&logout_url(&params)).await;
        assert_signed_out("no URI", &page);
        assert!(page.has("href=\"https://rp.example/start\""), "{page:?}");
        assert!(!is_signed_in(&browser, &rp).await);
    }
}

#[tokio::test]
async fn a_client_that_only_names_itself_gets_the_browser_back_after_the_question() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (browser, _) = signed_in(&rp, "openid").await;
    let params = [("client_id", "rp"), ("post_logout_redirect_uri", BYE), ("state", "a&\"b")];
    let page = browser.get(&logout_url(&params)).await;
    assert_question("client_id", &page);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("form-action 'self' https://rp.example;"), "{policy}");
    let form = page.form();
    for (name, value) in params {
        assert_eq!(form.field(name), Some(value), "{name}");
    }
    let forged = [("csrf", form.field("csrf").unwrap()), ("logout-confirm", "yes"), ("client_id", "rp")];
    let evil = [forged[0], forged[1], forged[2], ("post_logout_redirect_uri", "https://evil.example/")];
    browser.post("/logout", &evil).await.assert_rejected("checked again", 400, "is not registered");
    assert!(is_signed_in(&browser, &rp).await);
    let page = browser.submit_once(&page, &[("logout-confirm", "yes")]).await;
    assert!(page.location().unwrap().starts_with("https://rp.example/bye?state="), "{page:?}");
    assert_eq!(page.parameter("state").as_deref(), Some("a&\"b"));
    assert!(!is_signed_in(&browser, &rp).await);
}

#[tokio::test]
async fn the_answer_to_the_question_must_come_from_our_page() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (browser, _) = signed_in(&rp, "openid").await;
    let question = browser.get("/logout").await.form();
    let stranger = server.browser().get("/logout").await.form().field("csrf").unwrap().to_owned();
    for (rule, token) in [("no token", ""), ("another browser's", stranger.as_str())] {
        let page = browser.post("/logout", &[("logout-confirm", "yes"), ("csrf", token)]).await;
        page.assert_rejected(rule, 403, "The form has expired");
    }
    let fields = [("logout-confirm", "yes"), ("csrf", question.field("csrf").unwrap())];
    browser.post_from("https://evil.example", "/logout", &fields).await.assert_rejected("Origin", 403, "The form");
    let cross = [("sec-fetch-site", "cross-site")];
    browser.post_with(&cross, "/logout", &fields).await.assert_rejected("Sec-Fetch-Site", 403, "The form");
    assert!(is_signed_in(&browser, &rp).await);
}

#[tokio::test]
async fn a_hint_ends_only_the_session_that_it_names() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (browser, _) = signed_in(&rp, "openid").await;
    let (elsewhere, other_device) = signed_in(&rp, "openid").await;
    let bob = rp.redeem(&rp.authorize_as("bob").await.code()).await.tokens();
    assert!(is_signed_in(&elsewhere, &rp).await);
    for (rule, hint) in [("another session", other_device.id_token()), ("another person", bob.id_token())] {
        let page = browser.get(&logout_url(&[("id_token_hint", hint), ("post_logout_redirect_uri", BYE)])).await;
        assert_question(rule, &page);
        assert!(is_signed_in(&browser, &rp).await, "{rule}");
    }
    assert!(!is_signed_in(&elsewhere, &rp).await, "the one that it names, in whatever browser");
    let page = server.browser().get(&logout_url(&[("id_token_hint", bob.id_token())])).await;
    assert_signed_out("no one is signed in here", &page);
}

#[tokio::test]
async fn an_expired_hint_still_names_the_session() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (browser, tokens) = signed_in(&rp, "openid").await;
    server.advance(Span::from_minutes(40)).await;
    assert!(is_signed_in(&browser, &rp).await);
    server.advance(Span::from_minutes(40)).await;
    let params = [("id_token_hint", tokens.id_token()), ("post_logout_redirect_uri", BYE)];
    let page = browser.post("/logout", &params).await;
    assert_eq!(page.location().as_deref(), Some(BYE), "{page:?}");
    assert!(!is_signed_in(&browser, &rp).await);
}

#[tokio::test]
async fn tokens_end_with_the_session_except_the_offline_grant() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let own = server.client("first-party", json!({"skip_consent": true})).await;
    let (browser, offline) = signed_in(&rp, "openid offline_access").await;
    let page = browser.get(&own.authorization_url(&[("scope", "openid")])).await;
    let online = own.redeem(&page.code()).await.tokens();
    let (_, on_another_device) = signed_in(&rp, "openid").await;
    assert!(own.is_active(&online.access_token).await && rp.is_active(&offline.access_token).await);

    let page = browser.get(&logout_url(&[("id_token_hint", offline.id_token())])).await;
    assert_signed_out("signed out", &page);
    assert!(!own.is_active(&online.access_token).await);
    assert!(!rp.is_active(&offline.access_token).await);
    assert_eq!(server.userinfo(&online.access_token).await.status(), 401);
    own.refresh(online.refresh_token()).await.assert_error(400, "invalid_grant");
    assert!(rp.is_active(&on_another_device.access_token).await);
    let renewed = rp.refresh(offline.refresh_token()).await.tokens();
    assert!(rp.is_active(&renewed.access_token).await, "a grant of offline_access outlives the session");
    assert_eq!(server.userinfo(&renewed.access_token).await.status(), 200);
}

#[tokio::test]
async fn a_code_of_an_ended_session_cannot_be_redeemed() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (browser, tokens) = signed_in(&rp, "openid").await;
    let code = browser.get(&rp.authorization_url(&[("scope", "openid")])).await.code();
    browser.get(&logout_url(&[("id_token_hint", tokens.id_token())])).await;
    rp.redeem(&code).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn advisory_logout_parameters_are_ignored() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    for more in [("ui_locales", "de fr"), ("logout_hint", "alice@example.org"), ("unknown", "x")] {
        let (browser, tokens) = signed_in(&rp, "openid").await;
        let params =
            [("id_token_hint", tokens.id_token()), ("post_logout_redirect_uri", BYE), ("client_id", "rp"), more];
        let page = browser.get(&logout_url(&params)).await;
        assert_eq!(page.location().as_deref(), Some(BYE), "{more:?}: {page:?}");
        assert!(!is_signed_in(&browser, &rp).await, "{more:?}");
        let (browser, _) = signed_in(&rp, "openid").await;
        assert_question("without a hint", &browser.get(&logout_url(&[more])).await);
    }
}

#[tokio::test]
async fn a_disabled_client_ends_no_session() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let other = server.client("other", json!({})).await;
    let (browser, tokens) = signed_in(&rp, "openid").await;
    let page = browser.authorize(&other.authorization_url(&[("scope", "openid")]), "alice").await;
    page.code();
    server.set_client_standing("rp", Standing::Disabled).await;
    let page = browser.get(&logout_url(&[("id_token_hint", tokens.id_token())])).await;
    assert_question("its hint proves nothing any more", &page);
    let params = [("id_token_hint", tokens.id_token()), ("post_logout_redirect_uri", BYE)];
    browser.get(&logout_url(&params)).await.assert_rejected("nor may it be returned to", 400, "is not registered");
    assert!(is_signed_in(&browser, &other).await);
}

#[tokio::test]
async fn the_question_to_a_browser_without_cookies_is_bound_to_that_browser() {
    let server = TestServer::start().await;
    let one = server.browser();
    let other = server.browser();
    let page = one.get("/logout").await;
    assert_question("without cookies", &page);
    let form = page.form();
    let fields = [("logout-confirm", "yes"), ("csrf", form.field("csrf").unwrap())];
    let elsewhere = other.post("/logout", &fields).await;
    assert_eq!(elsewhere.status, 403, "a token of another browser: {elsewhere:?}");
    assert!(other.get("/logout").await.header("set-cookie").unwrap().starts_with("signet-browser="));
    assert_eq!(other.post("/logout", &fields).await.status, 403, "a browser that has a name");
    assert_signed_out("its own", &one.post("/logout", &fields).await);
}

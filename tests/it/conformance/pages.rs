//! The pages, operated by a browser without a person: by ids that are also names, one URL for each step, and fixed
//! phrases.

use serde_json::json;

use super::Channel;
use super::logout::{BYE, CODE, Signed};
use super::run::Run;
use crate::support::Page;
use crate::support::server::PASSWORD;

/// Asserts that a page has these visible controls, whose names are their ids.
#[track_caller]
fn controls(page: &Page, ids: &[&str]) {
    for id in ids {
        let tag = page.body.split('<').find(|tag| tag.contains(&format!(" id=\"{id}\""))).expect("a control");
        assert!(tag.contains(&format!(" name=\"{id}\"")) && !tag.contains("hidden"), "{tag}");
        assert!(tag.starts_with("input") || tag.starts_with("button type=\"submit\""), "{tag}");
    }
    assert!(!page.has("<script"), "nothing here needs a script: {page:?}");
}

#[tokio::test]
async fn every_step_has_an_address_and_controls_of_its_own() {
    let question = Signed::start().await.logout(&[]).await;
    assert!(question.has("<title>Do you want to sign out? · Signet</title>"), "{question:?}");
    controls(&question, &["logout-confirm", "logout-cancel"]);

    let run = Run::start(CODE).await;
    let client = run.register().await;
    let first = run.browser.get(&run.url(&run.request(&client))).await;
    assert_eq!(first.status, 303);
    assert!(first.location().unwrap().starts_with("/login?"), "{first:?}");
    let login = run.browser.follow(first).await;
    assert!(login.has("<title>Sign in</title>"), "{login:?}");
    controls(&login, &["username", "password", "login-submit", "login-cancel"]);
    let second = run.browser.submit_once(&login, &[("username", "alice"), ("password", PASSWORD)]).await;
    assert_eq!(second.status, 303);
    assert!(second.location().unwrap().starts_with("/consent?"), "{second:?}");
    let consent = run.browser.follow(second).await;
    controls(&consent, &["consent-allow", "consent-deny"]);
}

#[tokio::test]
async fn saying_no_is_one_click_on_either_page() {
    let run = Run::start(CODE).await;
    let client = run.register().await;
    let request = run.request(&client);
    let login = run.login_page(&request).await;
    let cancelled = run.browser.submit(&login, &[("login-cancel", "yes")]).await;
    assert_eq!(run.error(&request, Channel::Query, &cancelled), "access_denied");
    let request = run.request(&client);
    let login = run.login_page(&request).await;
    let consent = run.browser.sign_in(&login, "alice").await;
    let denied = run.browser.submit(&consent, &[("consent-deny", "yes")]).await;
    assert_eq!(run.error(&request, Channel::Query, &denied), "access_denied");
}

#[tokio::test]
async fn error_pages_say_what_is_wrong_in_fixed_phrases() {
    let signed = Signed::start().await;
    let run = &signed.run;
    let several = run.register_with(json!({"redirect_uris": [BYE, format!("{BYE}/second")]})).await;
    let request = run.request(&signed.client);
    let elsewhere = request.clone().with("redirect_uri", "https://suite.example/elsewhere");
    let gone = format!("urn:ietf:params:oauth:request_uri:{}", "A".repeat(43));
    let gone = elsewhere.clone().with("request_uri", &gone);
    let rows = [
        ("redirect_uri is not registered", elsewhere),
        ("redirect_uri is required", run.request(&several).without("redirect_uri")),
        ("request_uri is expired or already used", gone),
    ];
    for (phrase, request) in rows {
        run.browser.get(&run.url(&request)).await.assert_rejected(phrase, 400, phrase);
    }
    for (phrase, params) in [
        (
            "post_logout_redirect_uri is not registered",
            vec![("post_logout_redirect_uri", BYE), ("client_id", "unknown")],
        ),
        ("id_token_hint is not valid", vec![("id_token_hint", "x")]),
    ] {
        signed.logout(&params).await.assert_rejected(phrase, 400, phrase);
    }
    // If the client is known, the error goes to the client.
    let page = run.browser.get(&run.url(&request.clone().without("response_type"))).await;
    assert_eq!(run.error(&request, Channel::Query, &page), "invalid_request");
    assert_eq!(page.parameter("error_description").as_deref(), Some("response_type is required."));
}

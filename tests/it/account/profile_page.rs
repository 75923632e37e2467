//! The profile of the account console.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::sessions_page::{press, signed_in};
use crate::support::{Browser, Page, RelyingParty, TestServer};

/// Saves the profile page with these fields over its version.
async fn save(browser: &Browser, page: &Page, fields: &[(&str, &str)]) -> Page {
    let version = page.form().field("version").unwrap().to_owned();
    let button = [("version", version.as_str()), ("profile-submit", "yes")];
    let all: Vec<(&str, &str)> = button.into_iter().chain(fields.iter().copied()).collect();
    press(browser, page, &all).await
}

/// The claims of a person at an application.
async fn claims(server: &TestServer, rp: &RelyingParty, username: &str) -> Value {
    let scope = [("scope", "openid profile email phone address")];
    let tokens = rp.redeem(&rp.authorize_with(username, &scope).await.code()).await.tokens();
    server.userinfo(&tokens.access_token).await.json().await.unwrap()
}

#[tokio::test]
async fn people_edit_their_profile_and_applications_see_it() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let browser = signed_in(&server, "alice").await;
    let page = browser.visit("/account/profile").await;
    assert!(page.has("value=\"alice Example\"") && page.has("id=\"profile-submit\""), "{page:?}");
    let fields = [
        ("name", "Zoë <b>\"Łukasz\"</b>"),
        ("phone_number", "+49 30 654321"),
        ("zoneinfo", ""),
        ("street_address", "2 Side St\r\nYard"),
        ("locality", "Bonn"),
    ];
    let done = save(&browser, &page, &fields).await;
    let shown = browser.follow(done).await;
    assert!(shown.has("role=\"status\"") && shown.has("Your profile was saved."), "{shown:?}");
    assert!(!shown.has("<b>") && shown.has("&#60;b&#62;"), "markup is shown as text: {shown:?}");
    let claims = claims(&server, &rp, "alice").await;
    assert_eq!(claims["name"], "Zoë <b>\"Łukasz\"</b>");
    assert_eq!((&claims["phone_number"], &claims["phone_number_verified"]), (&json!("+49 30 654321"), &json!(false)));
    assert_eq!(claims["address"]["formatted"], "2 Side St\nYard\nBonn\nDE");
    assert_eq!((claims.get("zoneinfo"), &claims["given_name"]), (None, &json!("alice")), "missing fields stay");
    let rows = server.database().query("SELECT actor FROM audit_events WHERE event = 'user.updated'").await;
    assert_eq!(rows, [[b"user".to_vec()]]);
}

#[tokio::test]
async fn what_is_not_in_the_policy_cannot_be_set() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let before = claims(&server, &rp, "alice").await;
    let browser = signed_in(&server, "alice").await;
    let page = browser.visit("/account/profile").await;
    assert!(!page.has("name=\"username\"") && !page.has("name=\"preferred_username\""), "{page:?}");
    let fields = [
        ("sub", "x"),
        ("username", "root"),
        ("preferred_username", "root"),
        ("email", "root@example.org"),
        ("email_verified", "true"),
        ("phone_number_verified", "true"),
        ("roles", "admin"),
        ("role", "admin"),
        ("attributes", "{\"admin\":true}"),
        ("enabled", "1"),
        ("valid_from", "0"),
        ("formatted", "elsewhere"),
        ("address.formatted", "elsewhere"),
        ("birthdate", "2000-01-01"),
    ];
    let done = save(&browser, &page, &fields).await;
    let shown = browser.follow(done).await;
    assert!(shown.has("Nothing was changed."), "{shown:?}");
    assert_eq!(claims(&server, &rp, "alice").await, before);
    assert_eq!(server.database().query("SELECT role FROM user_roles").await.len(), 0);
}

#[tokio::test]
async fn all_errors_of_a_profile_are_shown_at_once_and_nothing_is_saved() {
    let server = TestServer::start().await;
    let browser = signed_in(&server, "alice").await;
    let page = browser.visit("/account/profile").await;
    let fields = [
        ("name", "a\u{202e}b"),
        ("given_name", " Alice"),
        ("phone_number", "call me"),
        ("picture", "javascript:alert(1)"),
        ("country", "kept \u{200b}"),
        ("family_name", "New"),
    ];
    let shown = save(&browser, &page, &fields).await;
    assert_eq!(shown.status, StatusCode::UNPROCESSABLE_ENTITY);
    for field in ["name", "given_name", "phone_number", "picture", "country"] {
        assert!(shown.has(&format!("id=\"{field}-error\"")), "{field}: {shown:?}");
    }
    assert!(shown.has("role=\"alert\"") && shown.has("value=\"New\""), "what was typed stays: {shown:?}");
    assert!(!shown.has("id=\"family_name-error\""), "{shown:?}");
    assert_eq!(shown.body.matches(" autofocus").count(), 1, "the first one has the focus: {shown:?}");
    let again = browser.visit("/account/profile").await;
    assert!(again.has("value=\"Example\"") && !again.has("value=\"New\""), "{again:?}");
}

#[tokio::test]
async fn of_two_forms_of_one_version_the_second_is_refused() {
    let server = TestServer::start().await;
    let browser = signed_in(&server, "alice").await;
    let page = browser.visit("/account/profile").await;
    assert_eq!(save(&browser, &page, &[("given_name", "First")]).await.status, StatusCode::SEE_OTHER);
    let shown = save(&browser, &page, &[("given_name", "Second"), ("name", "Second")]).await;
    assert_eq!(shown.status, StatusCode::CONFLICT, "{shown:?}");
    assert!(shown.has("changed in the meantime") && shown.has("value=\"First\""), "{shown:?}");
    assert_eq!(save(&browser, &shown, &[("given_name", "Third")]).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_user_name_changes_if_the_policy_allows_it_and_it_is_free() {
    let server = TestServer::start_with(|settings| {
        settings.accounts.fields.username = settings.accounts.fields.name;
        settings.accounts.fields.address = settings.accounts.fields.gender;
    })
    .await;
    let browser = signed_in(&server, "alice").await;
    let page = browser.visit("/account/profile").await;
    assert!(page.has("name=\"username\"") && !page.has("street_address"), "{page:?}");
    for (name, status) in [("bob", 409), ("bob@example.org", 422), ("a\u{202e}", 422), ("carol", 303)] {
        let done = save(&browser, &page, &[("username", name)]).await;
        assert_eq!(done.status.as_u16(), status, "{name}: {done:?}");
    }
    let page = browser.visit("/account").await;
    assert!(page.has("<bdi>carol</bdi>"), "{page:?}");
}

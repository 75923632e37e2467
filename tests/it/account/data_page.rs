//! The download of an account's data, and the deletion of an account by its person.

use reqwest::StatusCode;
use serde_json::{Value, json};
use signet::config::Settings;
use signet_protocol::time::Span;

use super::sessions_page::{press, signed_in};
use crate::support::{Receiver, TestServer};

#[tokio::test]
async fn a_person_downloads_their_own_data_without_secrets() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let tokens = rp.sign_in("alice").await;
    rp.sign_in("bob").await;
    let browser = signed_in(&server, "alice").await;
    let page = browser.visit("/account/data").await;
    let file = press(&browser, &page, &[("data-export", "yes")]).await;
    assert_eq!(file.header("content-type"), Some("application/json"));
    assert_eq!(file.header("content-disposition"), Some("attachment; filename=\"account.json\""));
    let data: Value = serde_json::from_str(&file.body).unwrap();
    assert_eq!(data["profile"]["username"], "alice");
    assert_eq!(data["profile"]["claims"]["given_name"], "alice");
    assert_eq!(data["consents"][0]["client_id"], "rp");
    assert_eq!(data["grants"][0]["offline"], true);
    assert_eq!(data["sessions"].as_array().unwrap().len(), 2);
    let events: Vec<&str> =
        data["activity"].as_array().unwrap().iter().map(|entry| entry["event"].as_str().unwrap()).collect();
    assert!(events.contains(&"login") && events.contains(&"consent"), "{events:?}");
    let cookie = browser.cookie("signet-session").unwrap();
    for secret in [tokens.refresh_token.as_deref().unwrap(), &cookie, "argon2", "bob"] {
        assert!(!file.body.contains(secret), "{secret}");
    }
    let rows = server.database().query("SELECT id FROM audit_events WHERE event = 'user.data_exported'").await;
    assert_eq!(rows.len(), 1);
}

#[tokio::test]
async fn the_download_and_the_deletion_need_a_fresh_authentication() {
    let server = TestServer::start().await;
    let browser = signed_in(&server, "alice").await;
    let data = browser.visit("/account/data").await;
    let delete = browser.visit("/account/delete").await;
    server.advance(Span::from_minutes(11)).await;
    let name = ("username", "alice");
    for (page, button) in [(&data, ("data-export", "yes")), (&delete, ("delete-confirm", "yes"))] {
        let answer = press(&browser, page, &[name, button]).await;
        assert!(answer.location().is_some_and(|location| location.contains("fresh=yes")), "{answer:?}");
        let opened = browser.get(&page.url).await;
        assert!(opened.location().is_some_and(|location| location.contains("fresh=yes")), "{opened:?}");
    }
    assert!(browser.visit("/account").await.has("<bdi>alice</bdi>"));
}

#[tokio::test]
async fn a_deleted_account_has_no_access_and_its_applications_are_notified() {
    let allow_loopback = |settings: &mut Settings| settings.outbound.allow_hosts = vec!["127.0.0.1".to_owned()];
    let server = TestServer::start_with(allow_loopback).await;
    let receiver = Receiver::start().await;
    let rp = server.client("rp", json!({ "backchannel_logout_uri": receiver.url })).await;
    let tokens = rp.sign_in("alice").await;
    let browser = signed_in(&server, "alice").await;
    let page = browser.visit("/account/delete").await;
    let refused = press(&browser, &page, &[("username", "bob"), ("delete-confirm", "yes")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.has("role=\"alert\"") && refused.has("Nothing was deleted."), "{refused:?}");
    let done = press(&browser, &page, &[("username", "Alice"), ("delete-confirm", "yes")]).await;
    assert!(done.has("Your account was deleted"), "{done:?}");
    assert_eq!(browser.cookie("signet-session"), None);
    assert!(!rp.is_active(&tokens.access_token).await);
    assert_eq!(rp.refresh(tokens.refresh_token.as_deref().unwrap()).await.status, 400);
    assert_eq!(server.userinfo(&tokens.access_token).await.status(), 401);
    receiver.next().await;
    let form = browser.visit("/account").await;
    let again = browser.sign_in(&form, "alice").await;
    assert!(again.has("Incorrect username or password."), "like an unknown user: {again:?}");
    for table in ["users", "sessions", "consents", "known_devices"] {
        let rows = server.database().query(&format!("SELECT * FROM {table} WHERE realm_id <> ''")).await;
        let text = format!("{:?}", rows.iter().flatten().map(|cell| String::from_utf8_lossy(cell)).collect::<Vec<_>>());
        assert!(!text.contains("alice"), "{table}: {text}");
    }
    let rows = server.database().query("SELECT actor, address, reason FROM audit_events").await;
    let text = format!("{:?}", rows.iter().flatten().map(|cell| String::from_utf8_lossy(cell)).collect::<Vec<_>>());
    assert!(!text.contains("alice"), "{text}");
    let rows = server.database().query("SELECT actor FROM audit_events WHERE event = 'user.removed'").await;
    assert_eq!(rows, [[b"user".to_vec()]]);
}

#[tokio::test]
async fn an_operator_can_keep_people_from_deleting_their_account() {
    let server = TestServer::start_with(|settings| settings.accounts.deletion = false).await;
    let browser = signed_in(&server, "alice").await;
    assert_eq!(browser.visit("/account/delete").await.status, StatusCode::NOT_FOUND);
    assert!(!browser.visit("/account/data").await.has("/account/delete"));
}

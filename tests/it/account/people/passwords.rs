//! Passwords that an administrator sets.

use signet::config::Settings;
use signet::flows::admin::PasswordSetter;
use signet_protocol::secret::Password;
use signet_store::account::users::Validity;

use super::{count, sign_in, sub};
use crate::admin::revoking_commands::Scene;
use crate::support::TestServer;
use crate::support::place::{refused, succeeded};
use crate::support::server::PASSWORD;

const NEW: &str = "quite another pass phrase";

/// Enables soft locks, with rate limits too high to matter.
fn locking(settings: &mut Settings) {
    settings.limits.enabled = true;
    settings.limits.login = 100_000;
    settings.limits.authorize = 100_000;
    settings.limits.api = 100_000;
    settings.limits.waiting = 100_000;
    settings.limits.pages = 100_000;
}

#[tokio::test]
async fn a_new_password_ends_all_that_was_begun_with_the_old_one_on_every_node() {
    let server = TestServer::start_with(locking).await;
    let twin = server.twin().await;
    let rp = server.relying_party().await;
    let tokens = rp.sign_in("alice").await;
    let bobs = rp.sign_in("bob").await;
    let id = sub(&tokens);
    let (browser, page) = sign_in(&rp, "alice", PASSWORD).await;
    let code = browser.follow(page).await.code();
    for _ in 0..6 {
        sign_in(&rp, "alice", "wrong").await;
    }
    assert_eq!(sign_in(&rp, "alice", PASSWORD).await.1.status, 429, "sign-ins from strange browsers pause");
    assert!(count(&server, "known_devices", &id).await > 0);
    let ended = server.set_password("alice", NEW).await;
    assert_eq!((ended.sessions, ended.grants), (2, 1));

    for node in [&server, &twin] {
        assert_eq!(node.userinfo(&tokens.access_token).await.status(), 401);
        assert_eq!(node.userinfo(&bobs.access_token).await.status(), 200);
        assert!(!rp.at(node).is_active(&tokens.access_token).await);
        rp.at(node).refresh(tokens.refresh_token()).await.assert_error(400, "invalid_grant");
    }
    rp.redeem(&code).await.assert_error(400, "invalid_grant");
    assert_eq!(browser.get(&rp.authorization_url(&[("prompt", "none")])).await.error(), "login_required");
    assert_eq!(count(&server, "known_devices", &id).await, 0);
    assert!(sign_in(&rp, "alice", PASSWORD).await.1.has("Incorrect username or password."));
    let (browser, page) = sign_in(&rp, "alice", NEW).await;
    assert_eq!(page.status, 303, "the pause is over: {page:?}");
    rp.redeem(&browser.follow(page).await.code()).await.tokens();
    let events = server.database().audit_events().await;
    assert!(events.contains(&"user.password_set".to_owned()), "{events:?}");
}

#[tokio::test]
async fn a_sign_in_that_a_new_password_overtakes_fails() {
    // Hashing takes long enough for the new password to come in between.
    let server = TestServer::start_with(|settings| {
        locking(settings);
        settings.passwords.memory_kib = 16 * 1024;
        settings.passwords.iterations = 8;
    })
    .await;
    let rp = server.relying_party().await;
    let tokens = rp.sign_in("alice").await;
    let id = sub(&tokens);
    let context = server.context();
    let operator = server.operator(&context);
    let provider = &server.app.provider;
    let setter = PasswordSetter {
        passwords: &provider.sign_ins.passwords,
        soft_locks: &provider.sign_ins.locks,
        validity: Validity::Lasting,
    };
    let password = Password::new(NEW.to_owned());
    let prepared = operator.people().prepare_password(&setter, "alice", password).await.unwrap();
    server.database().execute("DELETE FROM login_failures").await;
    let slow = tokio::spawn({
        let rp = rp.at(&server);
        async move { sign_in(&rp, "alice", PASSWORD).await.1 }
    });
    // The attempt has taken its place, and its password is being hashed.
    while server.database().query("SELECT kind FROM login_failures WHERE kind = 'account'").await.is_empty() {
        tokio::task::yield_now().await;
    }
    operator.people().set_password(prepared).await.unwrap();
    let page = slow.await.unwrap();
    assert!(page.has("Incorrect username or password."), "{page:?}");
    let live = format!("SELECT id FROM sessions WHERE user_id = '{id}' AND ended_at IS NULL");
    assert!(server.database().query(&live).await.is_empty(), "no session outlives the old password");
    assert_eq!(count(&server, "known_devices", &id).await, 0);
}

#[tokio::test]
async fn a_new_password_by_command_obeys_the_policy() {
    let scene = Scene::set().await;
    let tokens = scene.rp.sign_in("alice").await;
    let place = &scene.place;
    let set = ["user", "set-password", "alice", "--password-stdin"];
    for (weak, why) in [("short", "at least"), ("password123", "too common"), ("", "no secret")] {
        refused(&place.run_with_input(&set, weak).await, why);
    }
    refused(&place.run(&["user", "set-password", "alice"]).await, "use --password-stdin");
    assert!(scene.rp.is_active(&tokens.access_token).await, "a refusal ends nothing");
    let said = place.run_with_input(&[&set[..], &["--reason", "lost"]].concat(), NEW).await;
    assert!(succeeded(&said).contains("Sessions ended: 1, grants: 1."), "{said:?}");
    assert!(!scene.rp.is_active(&tokens.access_token).await);
    let log = succeeded(&place.run(&["audit", "list", "--event", "user.password_set", "--user", "alice"]).await);
    assert!(log.contains("set: lost"), "{log}");
}

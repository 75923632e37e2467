//! People change their own password in the account console.

use signet_protocol::time::Span;

use crate::support::server::PASSWORD;
use crate::support::{Browser, MailSink, Page, RelyingParty, TestServer};

const PATH: &str = "/account/security/password";
const NEW: &str = "purple otters juggle quietly";

/// A server with limits too high to matter, but for failed sign-ins.
async fn server() -> TestServer {
    let server = TestServer::stopped_with(|settings| {
        settings.limits.enabled = true;
        settings.limits.login = 100_000;
        settings.limits.pages = 100_000;
        settings.limits.authorize = 100_000;
        settings.limits.waiting = 100_000;
        settings.limits.api = 100_000;
    });
    server.await
}

/// A browser in which alice is signed in, at the page.
async fn signed_in(server: &TestServer) -> (Browser, Page) {
    let browser = server.browser();
    let login = browser.visit(PATH).await;
    let page = browser.sign_in(&login, "alice").await;
    assert!(page.has("id=\"current-password\"") && page.has("id=\"new-password\""), "{page:?}");
    (browser, page)
}

async fn change(browser: &Browser, page: &Page, current: &str, new: &str) -> Page {
    let fields = [("current-password", current), ("new-password", new), ("password-submit", "yes")];
    browser.submit(page, &fields).await
}

async fn sign_in_with(rp: &RelyingParty, password: &str) -> Page {
    let browser = Browser::new(&rp.issuer);
    let login = browser.visit(&rp.authorization_url(&[])).await;
    browser.submit(&login, &[("username", "alice"), ("password", password), ("login-submit", "yes")]).await
}

#[tokio::test]
async fn a_changed_password_ends_everything_but_the_session_that_changed_it() {
    let server = server().await;
    let twin = server.twin().await;
    let rp = server.relying_party().await;
    let elsewhere = rp.sign_in("alice").await;
    let bobs = rp.sign_in("bob").await;
    let (browser, page) = signed_in(&server).await;
    let consent = browser.visit(&rp.authorization_url(&[("scope", "openid offline_access")])).await;
    let here = if consent.has("id=\"consent-allow\"") { browser.allow(&consent).await } else { consent };
    let here = rp.redeem(&here.code()).await.tokens();
    let cookie = browser.cookie("signet-session");
    let sid = server.database().query("SELECT id FROM sessions ORDER BY created_at DESC").await.len();
    server.advance(Span::from_secs(1)).await;

    let done = change(&browser, &page, PASSWORD, NEW).await;
    assert!(done.has("role=\"status\"") && done.has("Your password is changed."), "{done:?}");
    assert!(done.url.ends_with("/account/security/password?changed=yes"), "{}", done.url);
    assert_ne!(browser.cookie("signet-session"), cookie, "the session has a new cookie");
    let live = server.database().query("SELECT id FROM sessions WHERE ended_at IS NULL AND user_id <> ''").await;
    assert_eq!((live.len(), sid), (2, 3), "bob's session and this one are left");
    server.advance(Span::from_secs(1)).await;
    for node in [&server, &twin] {
        assert_eq!(node.userinfo(&elsewhere.access_token).await.status(), 401);
        assert_eq!(node.userinfo(&here.access_token).await.status(), 401, "access tokens are cut off");
        assert_eq!(node.userinfo(&bobs.access_token).await.status(), 200);
        rp.at(node).refresh(elsewhere.refresh_token()).await.assert_error(400, "invalid_grant");
    }
    let again = rp.refresh(here.refresh_token()).await.tokens();
    assert_eq!(server.userinfo(&again.access_token).await.status(), 200, "this session's application goes on");
    assert!(browser.visit(PATH).await.has("id=\"current-password\""), "still signed in");
    let old = browser.at(&server);
    old.set_cookie("signet-session", &cookie.unwrap());
    assert!(old.visit(PATH).await.has("id=\"login-submit\""), "the old cookie is void");
    assert!(sign_in_with(&rp, PASSWORD).await.has("Incorrect username or password."));
    assert!(sign_in_with(&rp, NEW).await.location().is_some_and(|to| to.contains("code=")));
    let actors = "SELECT actor FROM audit_events WHERE event = 'user.password_set'";
    assert_eq!(server.database().query(actors).await, [[b"user".to_vec()]]);
}

#[tokio::test]
async fn a_change_needs_the_current_password_and_obeys_the_rules() {
    let server = server().await;
    let rp = server.relying_party().await;
    let (browser, mut page) = signed_in(&server).await;
    for (current, new, field, why) in [
        ("wrong", NEW, "current-password", "not your current password"),
        ("", NEW, "current-password", "not your current password"),
        (PASSWORD, "short", "new-password", "at least 8 characters"),
        (PASSWORD, "pineapple7", "new-password", "too easy to guess"),
        (PASSWORD, "alice@example.org", "new-password", "your name or e-mail address"),
        (PASSWORD, PASSWORD, "new-password", "must differ from the old one"),
        (PASSWORD, &"x".repeat(10_000), "new-password", "at most 128 characters"),
    ] {
        page = change(&browser, &page, current, new).await;
        let marked = format!("id=\"{field}-error\"");
        assert!(
            page.status == 200 && page.has(why) && page.has(&marked) && page.has("role=\"alert\""),
            "{why}: {page:?}"
        );
        assert!(!page.body.contains(NEW) && !page.body.contains(PASSWORD), "no password is repeated");
    }
    assert!(sign_in_with(&rp, PASSWORD).await.has("id=\"consent-allow\""), "nothing has changed");
}

#[tokio::test]
async fn the_current_password_is_guessed_as_slowly_as_at_a_sign_in() {
    let server = server().await;
    let (browser, mut page) = signed_in(&server).await;
    // Its device mark is gone, so that the counters of strangers apply.
    server.database().execute("DELETE FROM known_devices").await;
    let mut status = 200;
    for _ in 0..12 {
        page = change(&browser, &page, "wrong", NEW).await;
        status = page.status.as_u16();
        if status == 429 {
            break;
        }
    }
    assert_eq!(status, 429, "{page:?}");
    assert!(page.has("too many failed attempts") && page.header("retry-after").is_some(), "{page:?}");
    let right = change(&browser, &page, PASSWORD, NEW).await;
    assert_eq!(right.status.as_u16(), 429, "a pause holds for the right password too");
}

#[tokio::test]
async fn the_form_is_protected_and_asks_strangers_to_sign_in() {
    let server = server().await;
    let stranger = server.browser();
    let asked = stranger.get(PATH).await;
    assert!(asked.location().is_some_and(|to| to.contains("/login?to=")), "{asked:?}");
    let known = stranger.get("/.well-known/change-password").await;
    assert_eq!((known.status.as_u16(), known.location().as_deref()), (303, Some(PATH)));
    let (browser, page) = signed_in(&server).await;
    let fields = [("current-password", PASSWORD), ("new-password", NEW)];
    browser.post(PATH, &fields).await.assert_rejected("no token", 403, "The form has expired");
    let csrf = page.form().field("csrf").unwrap().to_owned();
    let forged = [("csrf", csrf.as_str()), fields[0], fields[1]];
    let cross = browser.post_from("https://evil.example", PATH, &forged).await;
    cross.assert_rejected("another site", 403, "The form has expired");
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("; script-src 'sha256-") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(page.has("autocomplete=\"current-password\"") && page.has("autocomplete=\"new-password\""), "{page:?}");
}

#[tokio::test]
async fn a_person_whose_password_must_be_replaced_is_asked_in_the_console_too() {
    let server = server().await;
    let given = "given by the help desk";
    server.set_password_until("alice", given, signet_store::account::users::Validity::NextSignIn).await;
    server.advance(Span::from_secs(1)).await;
    let browser = server.browser();
    let login = browser.visit(PATH).await;
    let fields = [("username", "alice"), ("password", given), ("login-submit", "yes")];
    let choice = browser.submit(&login, &fields).await;
    assert!(choice.has("Choose a new password") && choice.has("name=\"ticket\""), "{choice:?}");
    let page = browser.submit(&choice, &[("new-password", NEW), ("password-submit", "yes")]).await;
    assert!(page.has("id=\"current-password\""), "{page:?}");
}

#[tokio::test]
async fn the_change_is_noticed_by_mail() {
    let sink = MailSink::start().await;
    let mut server = TestServer::start_with(|settings| sink.settings(settings)).await;
    server.stop_jobs().await;
    let (browser, page) = signed_in(&server).await;
    signet::jobs::deliver_due(&server.app).await.unwrap();
    assert!(sink.next().await.text().contains("sign-in"), "the mail about the new browser");
    let done = change(&browser, &page, PASSWORD, NEW).await;
    assert!(done.has("Your password is changed."), "{done:?}");
    signet::jobs::deliver_due(&server.app).await.unwrap();
    let mail = sink.next().await;
    assert!(mail.text().contains("password"), "{}", mail.text());
    assert!(!mail.text().contains(NEW));
}

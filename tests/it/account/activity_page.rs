//! The activity of an account, and the report that it was another person.

use signet_protocol::time::Span;

use super::sessions_page::{is_signed_in, press, signed_in};
use crate::support::TestServer;

#[tokio::test]
async fn people_see_the_activity_of_their_own_account_alone() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    rp.sign_in("bob").await;
    let stranger = server.browser();
    let form = stranger.visit("/account").await;
    stranger.submit(&form, &[("username", "alice"), ("password", "wrong"), ("login-submit", "yes")]).await;
    server.set_password("alice", "another long password").await;
    server.set_password("alice", crate::support::server::PASSWORD).await;
    let page = signed_in(&server, "alice").await.visit("/account/activity").await;
    for shown in ["Signed in", "Failed to sign in", "The password was changed", "by an administrator", "127.0.0.1"] {
        assert!(page.has(shown), "{shown}: {page:?}");
    }
    assert!(!page.has("Access was allowed"), "this was bob: {page:?}");
    let other = signed_in(&server, "bob").await.visit("/account/activity").await;
    assert!(other.has("Access was allowed: <bdi>Test application</bdi>"), "{other:?}");
    assert!(!other.has("Failed to sign in"), "{other:?}");
}

#[tokio::test]
async fn the_activity_has_pages() {
    let server = TestServer::start().await;
    let browser = signed_in(&server, "alice").await;
    for _ in 0..60 {
        server.advance(Span::from_minutes(11)).await;
        let form = browser.visit("/login?to=%2Faccount&fresh=yes").await;
        browser.sign_in(&form, "alice").await;
    }
    let first = browser.visit("/account/activity").await;
    let older =
        first.body.split("id=\"activity-older\" rel=\"next\" href=\"").nth(1).and_then(|at| at.split('"').next());
    let older = older.unwrap_or_else(|| panic!("{first:?}")).to_owned();
    let count = |text: &str| text.matches("class=\"event-what\"").count();
    let second = browser.visit(&older).await;
    let all = count(&first.body) + count(&second.body);
    let rows = server.database().query("SELECT id FROM audit_events WHERE user_id IS NOT NULL").await;
    let of_bob = server.database().query("SELECT id FROM audit_events WHERE event = 'user.added'").await;
    assert_eq!(all + of_bob.len() - 1, rows.len(), "every row once: {second:?}");
    for odd in ["x", "1", "-1.a", "99999999999999999999.a", "1.%27--"] {
        let page = browser.visit(&format!("/account/activity?before={odd}")).await;
        assert_eq!(page.status, 200, "{odd}");
    }
}

#[tokio::test]
async fn a_report_ends_all_other_sessions_and_leads_to_the_password() {
    let server = TestServer::start().await;
    let thief = signed_in(&server, "alice").await;
    let bob = signed_in(&server, "bob").await;
    let browser = signed_in(&server, "alice").await;
    let question = browser.visit("/account/activity/dispute").await;
    assert!(is_signed_in(&thief).await, "the question changes nothing");
    let done = press(&browser, &question, &[("confirm", "yes")]).await;
    assert!(done.location().unwrap().starts_with("/account/security"), "{done:?}");
    assert!(!is_signed_in(&thief).await && is_signed_in(&browser).await && is_signed_in(&bob).await);
    let page = browser.visit("/account/activity").await;
    assert!(page.has("Activity was reported as not yours"), "{page:?}");
}

#[tokio::test]
async fn the_overview_shows_the_previous_sign_in_and_not_the_present_one() {
    let server = TestServer::start().await;
    let browser = signed_in(&server, "alice").await;
    let page = browser.visit("/account").await;
    assert!(!page.has("last-sign-in"), "there is none before the first: {page:?}");
    let first = server.context().now;
    server.advance(Span::from_days(2)).await;
    let page = signed_in(&server, "alice").await.visit("/account").await;
    let shown = first.to_chrono().format("%Y-%m-%d").to_string();
    assert!(page.has(&format!("id=\"last-sign-in\" datetime=\"{shown}")), "{page:?}");
}

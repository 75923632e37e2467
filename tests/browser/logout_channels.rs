//! Logout across sites: the clients' own pages in frames (OpenID Connect Front-Channel Logout §3), and the session
//! iframe on a client's page (OpenID Connect Session Management §3).

use serde_json::{Value, json};

use super::site::COOKIE;
use super::{Frames, Scripts, Stage};
use crate::support::server::PASSWORD;

fn with_logout_page(origin: &str) -> Value {
    json!({ "frontchannel_logout_uri": format!("{origin}/out?tenant=1") })
}

fn first_party(_: &str) -> Value {
    json!({ "skip_consent": true })
}

/// Signs out at the application's request, up to its own page.
async fn sign_out(stage: &Stage) {
    let back = format!("{}/bye", stage.site.origin);
    let query = [("client_id", "rp"), ("post_logout_redirect_uri", &back), ("state", "gone")];
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    stage.follow(&stage.server.url(&format!("/logout?{query}"))).await;
    stage.chromium.click("logout-confirm").await;
    stage.chromium.has_left_for("/bye").await;
}

#[tokio::test]
async fn a_logout_reaches_the_page_of_the_application_with_its_own_cookie() {
    for scripts in [Scripts::On, Scripts::Off] {
        let Some(stage) = Stage::across_sites(scripts, Frames::WithCookies, with_logout_page).await else { return };
        stage.log_in().await;
        sign_out(&stage).await;
        let visits = stage.site.visits();
        let paths: Vec<&str> = visits.iter().map(|visit| visit.path.as_str()).collect();
        assert_eq!(paths, ["/callback", "/out", "/bye"], "{scripts:?}: the frame first, then the browser goes on");
        let out = &visits[1];
        let bye = &visits[2];
        assert_eq!(out.cookies, COOKIE, "{scripts:?}: the application knows whom to sign out");
        assert_eq!((out.parameter("iss"), out.parameter("tenant")), (stage.server.issuer.as_str(), "1"));
        assert_eq!(out.parameter("sid").len(), 22);
        assert_eq!(bye.parameter("state"), "gone");
        assert_eq!(stage.chromium.violations().await, [""; 0], "{scripts:?}");
    }
}

/// The answer of the session iframe on the application's page.
async fn ask(stage: &Stage, message: &str) -> String {
    let op = json!(stage.server.issuer);
    let message = json!(message);
    stage.site.show(&format!(
        "<!doctype html><title>Application</title><iframe id=\"op\" src={op} hidden></iframe>",
        op = json!(stage.server.url("/session/check"))
    ));
    stage.chromium.goto(&stage.site.origin).await;
    let script = format!(
        "const done = arguments[arguments.length - 1];
         addEventListener('message', (event) => done([event.origin, event.data]), {{ once: true }});
         document.getElementById('op').contentWindow.postMessage({message}, {op});"
    );
    let answer = stage.chromium.evaluate_async(&script).await;
    assert_eq!(answer[0], op, "the frame shows, and answers");
    answer[1].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_session_iframe_reports_a_change_to_the_application() {
    let Some(stage) = Stage::across_sites(Scripts::On, Frames::WithCookies, first_party).await else { return };
    stage.authorize(&[]).await;
    stage.sign_in("alice", PASSWORD).await;
    let state = stage.returned().await.parameter("session_state").to_owned();
    let watched = format!("rp {state}");
    assert_eq!(ask(&stage, &watched).await, "unchanged");
    assert_eq!(ask(&stage, &format!("another {state}")).await, "changed", "the state of another client");
    for malformed in ["", "rp", "rp ", &state, "rp nosalt", "rp a.b.c", "rp a. b", &format!("{watched} more")] {
        assert_eq!(ask(&stage, malformed).await, "error", "{malformed:?}");
    }

    // The same person once more.
    stage.authorize(&[("prompt", "login")]).await;
    stage.chromium.fill("password", PASSWORD).await;
    stage.chromium.click("login-submit").await;
    stage.returned().await;
    assert_eq!(ask(&stage, &watched).await, "unchanged");

    sign_out(&stage).await;
    assert_eq!(ask(&stage, &watched).await, "changed", "signed out");
    stage.authorize(&[]).await;
    stage.sign_in("bob", PASSWORD).await;
    let other = stage.returned().await.parameter("session_state").to_owned();
    assert_eq!(ask(&stage, &watched).await, "changed", "another person");
    assert_eq!(ask(&stage, &format!("rp {other}")).await, "unchanged");
    assert_eq!(stage.chromium.violations().await, [""; 0]);
}

#[tokio::test]
async fn the_session_iframe_uses_the_origin_reported_by_the_browser() {
    let Some(stage) = Stage::across_sites(Scripts::On, Frames::WithCookies, first_party).await else { return };
    stage.authorize(&[]).await;
    stage.sign_in("alice", PASSWORD).await;
    let state = stage.returned().await.parameter("session_state").to_owned();
    // The same message from a page of another origin: of the server itself.
    stage.chromium.goto(&stage.server.url("/session/check")).await;
    let own = format!("rp {state}");
    let script = format!(
        "const done = arguments[arguments.length - 1];
         addEventListener('message', (event) => event.data !== {own} && done(event.data));
         postMessage({own}, '*');",
        own = json!(own)
    );
    assert_eq!(stage.chromium.evaluate_async(&script).await, "changed");
}

#[tokio::test]
async fn without_third_party_cookies_the_session_iframe_reports_no_change() {
    let Some(stage) = Stage::across_sites(Scripts::On, Frames::WithoutCookies, first_party).await else { return };
    stage.authorize(&[]).await;
    stage.sign_in("alice", PASSWORD).await;
    let state = stage.returned().await.parameter("session_state").to_owned();
    // On "changed" an application would request a new state at once, in an endless loop.
    assert_eq!(ask(&stage, &format!("rp {state}")).await, "error");
}

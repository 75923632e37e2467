//! The session management plan: the state in the response changes when the person signs out.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::config;
use super::logout::Signed;
use super::run::unique;

#[tokio::test]
async fn oidcc_session_management_rp_initiated_logout_discovery_endpoint_verification() {
    let document = config::document().await;
    assert!(document["check_session_iframe"].as_str().unwrap().starts_with("https://"));
}

/// The answer of the iframe to a client of the suite with this state (OpenID Connect Session Management §3.2).
fn answer(client: &str, session_state: &str, browser_state: Option<String>) -> &'static str {
    let salt = session_state.split_once('.').expect("a digest and a salt").1;
    let browser_state = browser_state.unwrap_or_default();
    let digest = Sha256::digest(format!("{client} https://suite.example {browser_state} {salt}"));
    let held = format!("{}.{salt}", URL_SAFE_NO_PAD.encode(digest));
    if held == session_state { "unchanged" } else { "changed" }
}

#[tokio::test]
async fn oidcc_session_management_rp_initiated_logout() {
    let signed = Signed::start().await;
    let frame = signed.run.browser.get(signed.run.metadata["check_session_iframe"].as_str().unwrap()).await;
    assert!(frame.status == 200 && frame.has("unchanged") && frame.has("changed"), "{frame:?}");
    let held = signed.outcome.response.get("session_state").expect("a session_state").to_owned();
    let answer = || answer(&signed.client.id, &held, signed.run.browser.cookie("signet-state"));
    assert_eq!(answer(), "unchanged");
    signed.logout_and_return(&unique()).await;
    assert_eq!(answer(), "changed");
    signed.is_over().await;
}

//! The front-channel logout plan: the page after a logout loads the client's page in a frame.

use serde_json::json;
use url::Url;

use super::config;
use super::logout::{BYE, Signed};
use super::run::unique;
use crate::support::browser::attribute;

const PAGE: &str = "https://suite.example/test/a/signet/frontchannel_logout";

#[tokio::test]
async fn oidcc_frontchannel_rp_initiated_logout_discovery_endpoint_verification() {
    let document = config::document().await;
    for name in ["frontchannel_logout_supported", "frontchannel_logout_session_supported"] {
        assert_eq!(document[name], true, "{name}");
    }
}

#[tokio::test]
async fn oidcc_frontchannel_rp_initiated_logout() {
    let metadata = json!({"frontchannel_logout_uri": PAGE, "frontchannel_logout_session_required": true});
    let signed = Signed::start_with(metadata).await;
    let state = unique();
    let page = signed.logout_and_return(&state).await;
    assert_eq!(page.status, 200, "{page:?}");
    assert!(page.has("<h1>You are signed out</h1>"), "{page:?}");
    let frames: Vec<&str> = page.body.split("<iframe").skip(1).collect();
    assert_eq!(frames.len(), 1, "{page:?}");
    let address = Url::parse(&attribute(frames[0], "src").unwrap()).unwrap();
    assert!(address.as_str().starts_with(&format!("{PAGE}?")), "{address}");
    let query: Vec<(String, String)> = address.query_pairs().into_owned().collect();
    let sid = signed.outcome.claims["sid"].as_str().unwrap();
    assert_eq!(query, [("iss".into(), signed.run.server.issuer.clone()), ("sid".into(), sid.into())]);
    let onward = page.body.split("<a class=\"button\" id=\"continue\"").nth(1).and_then(|tag| attribute(tag, "href"));
    assert_eq!(onward, Some(format!("{BYE}?state={state}")));
    signed.is_over().await;
}

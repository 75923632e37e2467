//! The RP-initiated logout plan: accepted and refused requests.

use serde_json::json;

use super::run::{Client, Outcome, Run, unique};
use super::{Variant, config};
use crate::support::keys::{KeyPair, encode};
use crate::support::{Page, claims};

pub const BYE: &str = "https://suite.example/test/a/signet/post_logout_redirect";
pub const CODE: Variant = Variant::of("code");

/// A signed-in person at a client with a registered post-logout URI.
pub struct Signed {
    pub run: Run,
    pub client: Client,
    pub outcome: Outcome,
}

impl Signed {
    pub async fn start() -> Self {
        Self::start_with(json!({})).await
    }

    pub async fn start_with(metadata: serde_json::Value) -> Self {
        let run = Run::start(CODE).await;
        let mut changes = json!({ "post_logout_redirect_uris": [BYE] });
        changes.as_object_mut().unwrap().extend(metadata.as_object().unwrap().clone());
        let client = run.register_with(changes).await;
        let outcome = run.flow(&client, &run.request(&client)).await;
        Self { run, client, outcome }
    }

    /// The page after a GET of the logout endpoint with these parameters.
    pub async fn logout(&self, params: &[(&str, &str)]) -> Page {
        let endpoint = self.run.metadata["end_session_endpoint"].as_str().unwrap();
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
        self.run.browser.get(&format!("{endpoint}?{query}")).await
    }

    /// The redirect after a logout with all parameters.
    pub async fn logout_and_return(&self, state: &str) -> Page {
        let hint = self.outcome.id_token();
        self.logout(&[("id_token_hint", hint), ("post_logout_redirect_uri", BYE), ("state", state)]).await
    }

    /// Asserts that the session has ended.
    pub async fn is_over(&self) {
        let request = self.run.request(&self.client).with("prompt", "none");
        assert_eq!(self.run.refused(&request).await, "login_required");
    }

    /// Asserts that the session is live.
    pub async fn goes_on(&self) {
        self.run.authorize_silently(&self.run.request(&self.client).with("prompt", "none")).await;
    }

    /// Asserts that the request leads to an error page and the session stays live.
    async fn refused(&self, params: &[(&str, &str)], sentence: &str) {
        let page = self.logout(params).await;
        page.assert_rejected("logout", 400, sentence);
        self.goes_on().await;
    }

    /// Asserts that the request leads to the question, and its confirmation to the page "You are signed out".
    async fn asked(&self, params: &[(&str, &str)]) {
        let page = self.logout(params).await;
        assert!(page.status == 200 && page.has("<h1>Do you want to sign out?</h1>"), "{page:?}");
        let button =
            page.body.split("<button").find(|tag| tag.contains(" autofocus")).expect("a button with the focus");
        assert!(button.contains("name=\"logout-confirm\""), "{button}");
        self.goes_on().await;
        signed_out(&self.run.browser.submit(&page, &[("logout-confirm", "yes")]).await);
        self.is_over().await;
    }
}

#[track_caller]
fn signed_out(page: &Page) {
    assert!(page.status == 200 && page.location().is_none(), "{page:?}");
    assert!(page.has("<h1>You are signed out</h1>"), "{page:?}");
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_discovery_endpoint_verification() {
    let document = config::document().await;
    assert!(document["end_session_endpoint"].as_str().unwrap().starts_with("https://"));
}

#[tokio::test]
async fn oidcc_rp_initiated_logout() {
    let signed = Signed::start().await;
    let state = unique();
    let page = signed.logout_and_return(&state).await;
    assert_eq!(page.location(), Some(format!("{BYE}?state={state}")), "the state and nothing else");
    signed.is_over().await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_state() {
    let signed = Signed::start().await;
    let page = signed.logout(&[("id_token_hint", signed.outcome.id_token()), ("post_logout_redirect_uri", BYE)]).await;
    assert_eq!(page.location().as_deref(), Some(BYE));
    signed.is_over().await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_bad_post_logout_redirect_uri() {
    let signed = Signed::start().await;
    let state = unique();
    let uri = format!("{BYE}/Pq7xR2");
    let params = [("id_token_hint", signed.outcome.id_token()), ("post_logout_redirect_uri", &uri), ("state", &state)];
    signed.refused(&params, "post_logout_redirect_uri is not registered").await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri() {
    let signed = Signed::start().await;
    let state = unique();
    let uri = format!("{BYE}?foo=bar");
    let params = [("id_token_hint", signed.outcome.id_token()), ("post_logout_redirect_uri", &uri), ("state", &state)];
    signed.refused(&params, "post_logout_redirect_uri is not registered").await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_modified_id_token_hint() {
    let signed = Signed::start().await;
    let state = unique();
    let hint = format!("{}.{}.", encode(&json!({"alg": "none"})), encode(&claims(signed.outcome.id_token())));
    let params = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BYE), ("state", &state)];
    signed.refused(&params, "id_token_hint is not valid").await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_bad_id_token_hint() {
    let signed = Signed::start().await;
    let state = unique();
    let hint = KeyPair::generate("RS256").sign(&json!({}), &claims(signed.outcome.id_token()));
    // The suite expects a page and no redirect. An unknown key may have been removed, so the hint is ignored.
    let params = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BYE), ("state", &state)];
    signed.asked(&params).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_id_token_hint() {
    let signed = Signed::start().await;
    let state = unique();
    let params = [("post_logout_redirect_uri", BYE), ("state", state.as_str())];
    // The suite expects a page and no redirect: the person confirms, is signed out, and stays here.
    signed.asked(&params).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_params() {
    Signed::start().await.asked(&[]).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_only_state() {
    Signed::start().await.asked(&[("state", &unique())]).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_post_logout_redirect_uri() {
    let signed = Signed::start().await;
    let state = unique();
    signed_out(&signed.logout(&[("id_token_hint", signed.outcome.id_token()), ("state", &state)]).await);
    signed.is_over().await;
}

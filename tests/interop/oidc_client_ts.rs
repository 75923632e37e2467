//! oidc-client-ts on the page of an application without a server, in Chromium: the settings that docs/clients.md names,
//! userinfo, token renewal and sign-out.

use serde_json::{Value, json};

use super::installed;
use crate::browser::{Chromium, Scripts, Site, Stage};
use crate::support::TestServer;
use crate::support::server::PASSWORD;

/// The scopes that the application requests.
const SCOPE: &str = "openid profile offline_access";

/// The application's page: the library, a manager, and what came of the way back from the server.
fn page(library: &str, issuer: &str) -> String {
    let script = "
        const manager = new oidc.UserManager({
            authority: ISSUER, client_id: 'spa', redirect_uri: `${location.origin}/`, scope: SCOPE,
            post_logout_redirect_uri: `${location.origin}/bye`, loadUserInfo: true,
        })
        // A test asks: the person's tokens, or why there are none.
        const back = location.search ? manager.signinCallback() : Promise.resolve()
        const summary = (user) => user && { profile: user.profile, scope: user.scope, type: user.token_type,
            token: user.access_token, renewal: user.refresh_token }
        const settle = (asked, done) => asked.then((user) => done(summary(user)), (error) => done({ error: `${error}` }))";
    let script = script.replace("ISSUER", &json!(issuer).to_string()).replace("SCOPE", &json!(SCOPE).to_string());
    format!(
        "<!doctype html><title>Application</title><button id=\"go\">Log in</button>
        <script>{library}</script>
        <script>{script}
        document.getElementById('go').onclick = () => manager.signinRedirect()</script>"
    )
}

/// The result of a promise on the page.
async fn ask(chromium: &Chromium, promise: &str) -> Value {
    let script = format!("settle({promise}, arguments[arguments.length - 1])");
    let answer = chromium.evaluate_async(&script).await;
    assert_eq!(answer["error"], Value::Null, "{promise}");
    answer
}

#[tokio::test]
async fn oidc_client_ts_signs_in_renews_and_signs_out() {
    let Some(folder) = installed() else { return };
    let Some(chromium) = Chromium::start(Scripts::On).await else { return };
    let server = TestServer::start().await;
    let site = Site::start().await;
    let metadata = json!({
        "token_endpoint_auth_method": "none", "grant_types": ["authorization_code", "refresh_token"], "scope": SCOPE,
        "redirect_uris": [format!("{}/", site.origin)], "cors_origins": [site.origin],
    });
    let rp = site.client(&server, "spa", metadata).await;
    let library = folder.join("node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js");
    site.show(&page(&std::fs::read_to_string(library).unwrap(), &server.issuer));
    let stage = Stage { chromium, server, site, rp };
    let chromium = &stage.chromium;
    let server = &stage.server;

    chromium.goto(&stage.site.origin).await;
    chromium.click("go").await;
    stage.sign_in("alice", PASSWORD).await;
    chromium.click("consent-allow").await;
    chromium.has_left_for("code=").await;
    let signed_in = ask(chromium, "back").await;
    let summary = [&signed_in["type"], &signed_in["scope"], &signed_in["profile"]["preferred_username"]];
    assert_eq!(summary, ["Bearer", SCOPE, "alice"], "the library has checked the ID token, and asked userinfo");
    let token = signed_in["token"].as_str().unwrap();
    assert_eq!(server.userinfo(token).await.status(), 200);

    let renewed = ask(chromium, "manager.signinSilent()").await;
    assert_ne!(renewed["token"], signed_in["token"]);
    assert_ne!(
        renewed["renewal"], signed_in["renewal"],
        "the refresh token is replaced, and the library keeps the new"
    );
    let again = ask(chromium, "manager.signinSilent()").await;
    assert_ne!(again["renewal"], renewed["renewal"]);

    chromium.evaluate("setTimeout(() => manager.signoutRedirect())").await;
    chromium.has_left_for("/bye").await;
    chromium.goto(&stage.site.origin).await;
    chromium.click("go").await;
    chromium.find("login-submit").await;
    assert_eq!(chromium.violations().await, [""; 0]);
}

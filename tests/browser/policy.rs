//! The content security policy in a browser: it protects the pages and breaks none.

use serde_json::json;

use super::chromium::PATIENCE;
use super::{Scripts, Stage};
use crate::support::server::PASSWORD;

#[tokio::test]
async fn no_page_of_the_flow_violates_its_own_policy() {
    let Some(stage) = Stage::set().await else { return };
    stage.site.show(
        "<!doctype html><meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'\">\
         <script>document.title = 'ran'</script>",
    );
    stage.chromium.goto(&stage.site.origin).await;
    assert!(!stage.chromium.violations().await.is_empty(), "violations are seen at all");

    let steps = ["wrong password", "consent", "deny", "allow", "form_post", "new login", "sign out", "home", "error"];
    for step in steps {
        let chromium = &stage.chromium;
        match step {
            "wrong password" => {
                stage.authorize(&[]).await;
                stage.sign_in("alice", "wrong").await;
                chromium.find("login-error").await;
            }
            "consent" => {
                stage.sign_in("alice", PASSWORD).await;
                chromium.find("consent-deny").await;
            }
            "deny" => {
                chromium.click("consent-deny").await;
                stage.returned().await;
            }
            "allow" => {
                stage.authorize(&[]).await;
                chromium.click("consent-allow").await;
                stage.returned().await.parameter("code");
            }
            "form_post" => {
                stage.authorize(&[("response_mode", "form_post")]).await;
                stage.returned().await.parameter("code");
            }
            // The redirect to the application follows the sign-in form here, not the consent form.
            "new login" => {
                stage.authorize(&[("prompt", "login")]).await;
                chromium.fill("password", PASSWORD).await;
                chromium.click("login-submit").await;
                stage.returned().await.parameter("code");
            }
            "sign out" => {
                stage.follow(&stage.server.url("/logout")).await;
                chromium.click("logout-confirm").await;
                chromium.find_any("[role=status]").await;
            }
            "home" => chromium.goto(&stage.server.url("/")).await,
            _ => {
                chromium.goto(&stage.server.url("/authorize?client_id=unknown")).await;
                chromium.find("request-id").await;
            }
        }
        assert_eq!(chromium.violations().await, [""; 0], "{step}");
    }
}

#[tokio::test]
async fn the_policy_lets_an_answer_go_to_a_private_use_scheme() {
    let changes = json!({ "redirect_uris": ["com.example.app:/cb"], "token_endpoint_auth_method": "none" });
    let Some(stage) = Stage::set_with(Scripts::On, changes).await else { return };
    stage.authorize(&[]).await;
    stage.sign_in("alice", PASSWORD).await;
    let button = stage.chromium.find("consent-allow").await;
    let url = stage.chromium.url().await;
    button.click().await.unwrap();
    // No application here takes the address, so that the browser stays: the code says when the answer has arrived.
    let begun = std::time::Instant::now();
    while stage.server.database().query("SELECT client_id FROM authorization_codes").await.is_empty() {
        assert!(begun.elapsed() < PATIENCE, "the answer does not arrive");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    stage.chromium.goto(&url).await;
    assert!(stage.chromium.text().await.contains("This sign-in is already done."));
    assert_eq!(stage.chromium.violations().await, [""; 0]);
}

#[tokio::test]
async fn a_page_of_this_server_cannot_be_framed() {
    let Some(stage) = Stage::set().await else { return };
    // The start page, since any other would miss its cookies in a frame of another site.
    let url = stage.server.url("/");
    stage.site.show(&format!("<!doctype html><iframe id=\"frame\" src=\"{url}\"></iframe>"));
    stage.chromium.goto(&stage.site.origin).await;
    let frame = stage.chromium.find("frame").await;
    frame.enter_frame().await.unwrap();
    assert!(!stage.chromium.text().await.contains("This server signs you in"), "the page shows in a frame");
    let said = stage.chromium.violations().await;
    assert!(said.iter().any(|entry| entry.contains("frame-ancestors")), "{said:?}");
}

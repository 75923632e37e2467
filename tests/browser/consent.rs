//! Consent, and the redirect back to the application.

use serde_json::json;

use super::{Scripts, Stage};
use crate::support::server::PASSWORD;

#[tokio::test]
async fn denying_returns_access_denied_to_the_application() {
    let Some(stage) = Stage::set().await else { return };
    stage.authorize(&[]).await;
    stage.sign_in("alice", PASSWORD).await;
    stage.chromium.click("consent-deny").await;
    let visit = stage.returned().await;
    assert_eq!(visit.parameter("error"), "access_denied");
    assert_eq!(visit.parameter("state"), "the-state");
    assert_eq!(visit.parameter("iss"), stage.server.issuer);
    assert!(!visit.params.contains_key("code"));
    stage.authorize(&[]).await;
    stage.chromium.find("consent-allow").await;
}

#[tokio::test]
async fn a_new_scope_is_asked_for_and_marked() {
    let Some(stage) = Stage::set().await else { return };
    let marked = async || {
        stage.chromium.find("consent-allow").await;
        let titles = "[...document.querySelectorAll('.is-new .scope-title')].map(title => title.innerText)";
        stage.chromium.evaluate(titles).await
    };
    stage.authorize(&[]).await;
    stage.sign_in("alice", PASSWORD).await;
    assert_eq!(marked().await, json!([]), "where all is new, no mark says more than none");
    stage.chromium.click("consent-allow").await;
    stage.returned().await.parameter("code");
    stage.authorize(&[("scope", "openid profile email phone")]).await;
    assert_eq!(marked().await, json!(["See your phone number New"]));
    assert!(stage.chromium.url().await.contains("/consent?"), "no second sign-in is needed");
    stage.chromium.click("consent-allow").await;
    stage.returned().await.parameter("code");
    stage.authorize(&[("scope", "openid phone"), ("state", "less")]).await;
    assert_eq!(stage.returned().await.parameter("state"), "less", "a part of what was granted needs no page");
}

#[tokio::test]
async fn a_double_click_on_allow_yields_one_code() {
    let Some(stage) = Stage::set().await else { return };
    stage.authorize(&[]).await;
    stage.sign_in("alice", PASSWORD).await;
    stage.chromium.double_click("consent-allow").await;
    // Should the second click ever give the first answer up, a page explains it.
    stage.chromium.find_any("#arrived, #request-id").await;
    let arrived = stage.chromium.has("arrived").await;
    let text = stage.chromium.text().await;
    assert!(arrived || text.contains("This sign-in is already done."), "{text}");
    // A browser that gives an answer up may have begun to follow it.
    let delivered = stage.deliveries();
    assert!(delivered == 1 || (delivered == 0 && !arrived), "{:?}", stage.site.visits());
}

#[tokio::test]
async fn sending_the_consent_form_again_yields_no_second_code() {
    let Some(stage) = Stage::set().await else { return };
    stage.authorize(&[]).await;
    stage.sign_in("alice", PASSWORD).await;
    stage.chromium.find("consent-allow").await;
    let consent_page = stage.chromium.client.window().await.unwrap();
    // The same page again in another tab, as by a person who thinks that nothing has happened.
    let url = stage.chromium.url().await;
    let other = stage.chromium.client.new_window(true).await.unwrap().handle;
    stage.chromium.client.switch_to_window(other).await.unwrap();
    stage.chromium.goto(&url).await;
    stage.chromium.click("consent-allow").await;
    let code = stage.returned().await.parameter("code").to_owned();
    stage.chromium.client.switch_to_window(consent_page).await.unwrap();
    stage.chromium.click("consent-allow").await;
    stage.chromium.find("request-id").await;
    let text = stage.chromium.text().await;
    assert!(text.contains("This sign-in is already done."), "{text}");
    assert_eq!(stage.deliveries(), 1);
    stage.rp.redeem(&code).await.tokens();
}

#[tokio::test]
async fn form_post_delivers_by_itself() {
    let Some(stage) = Stage::set().await else { return };
    stage.authorize(&[("response_mode", "form_post")]).await;
    stage.sign_in("alice", PASSWORD).await;
    stage.chromium.click("consent-allow").await;
    let visit = stage.returned().await;
    assert_eq!((visit.method.as_str(), visit.path.as_str()), ("POST", "/callback"));
    assert_eq!(visit.parameter("state"), "the-state");
    assert_eq!(visit.parameter("iss"), stage.server.issuer);
    stage.rp.redeem(visit.parameter("code")).await.tokens();
    assert_eq!(stage.chromium.violations().await, [""; 0], "the policy names the script by its hash");
}

#[tokio::test]
async fn form_post_delivers_by_its_button_without_scripts() {
    let Some(stage) = Stage::set_with(Scripts::Off, json!({})).await else { return };
    stage.authorize(&[("response_mode", "form_post")]).await;
    stage.sign_in("alice", PASSWORD).await;
    stage.chromium.click("consent-allow").await;
    let button = stage.chromium.find_any("#form-post button").await;
    assert_eq!(stage.deliveries(), 0, "nothing has gone by itself");
    assert!(button.is_displayed().await.unwrap());
    button.click().await.unwrap();
    let visit = stage.returned().await;
    assert_eq!(visit.method, "POST");
    stage.rp.redeem(visit.parameter("code")).await.tokens();
}

#[tokio::test]
async fn names_with_markup_show_as_text() {
    const NAME: &str = "<img src=x onerror=\"document.title='owned'\">\"><script>document.title='owned'</script>";
    let Some(stage) = Stage::set_with(Scripts::On, json!({ "client_name": NAME })).await else { return };
    stage.authorize(&[("login_hint", "\"><script>document.title='owned'</script>")]).await;
    stage.chromium.find("login-submit").await;
    assert_eq!(stage.chromium.value("username").await, "\"><script>document.title='owned'</script>");
    for page in ["login", "consent", "logout"] {
        assert!(stage.chromium.text().await.contains(NAME), "{page}: {}", stage.chromium.text().await);
        assert_ne!(stage.chromium.title().await, "owned", "{page}");
        assert_eq!(stage.chromium.evaluate("document.scripts.length").await, 0, "{page}");
        assert_eq!(stage.chromium.evaluate("document.querySelectorAll('main img').length").await, 0, "{page}");
        match page {
            "login" => {
                stage.sign_in("alice", PASSWORD).await;
                stage.chromium.find("consent-allow").await;
            }
            _ => {
                stage.follow(&stage.server.url("/logout?client_id=rp")).await;
                stage.chromium.find("logout-confirm").await;
            }
        }
    }
}

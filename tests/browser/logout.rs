//! Signing out (OpenID Connect RP-Initiated Logout).

use super::Stage;

fn logout_url(stage: &Stage, more: &[(&str, &str)]) -> String {
    let back = format!("{}/bye", stage.site.origin);
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("post_logout_redirect_uri", &back).append_pair("state", "gone").extend_pairs(more);
    stage.server.url(&format!("/logout?{}", query.finish()))
}

#[tokio::test]
async fn a_person_who_confirms_is_signed_out_and_comes_back_to_the_application() {
    let Some(stage) = Stage::set().await else { return };
    stage.log_in().await;
    stage.follow(&logout_url(&stage, &[("client_id", "rp")])).await;
    stage.chromium.find("logout-confirm").await;
    assert!(stage.chromium.title().await.contains("Do you want to sign out?"));
    assert!(stage.chromium.text().await.contains("alice"), "the page says who is signed in");
    stage.chromium.click("logout-confirm").await;
    let visit = stage.returned().await;
    assert_eq!((visit.path.as_str(), visit.parameter("state")), ("/bye", "gone"));
    assert_eq!(stage.chromium.violations().await, [""; 0]);

    stage.authorize(&[]).await;
    stage.chromium.find("login-submit").await;
    assert_eq!(stage.deliveries(), 2, "no code without a sign-in");
}

#[tokio::test]
async fn a_person_who_stays_signed_in_is_signed_in() {
    let Some(stage) = Stage::set().await else { return };
    stage.log_in().await;
    stage.follow(&logout_url(&stage, &[("client_id", "rp")])).await;
    stage.chromium.click("logout-cancel").await;
    stage.chromium.find_any("a.button[href='/logout']").await;
    stage.authorize(&[("state", "still here")]).await;
    assert_eq!(stage.returned().await.parameter("state"), "still here");
}

#[tokio::test]
async fn an_application_that_proves_the_session_needs_no_question() {
    let Some(stage) = Stage::set().await else { return };
    let tokens = stage.rp.redeem(&stage.log_in().await).await.tokens();
    stage.follow(&logout_url(&stage, &[("id_token_hint", tokens.id_token())])).await;
    assert_eq!(stage.returned().await.path, "/bye");
    stage.authorize(&[]).await;
    stage.chromium.find("login-submit").await;
}

#[tokio::test]
async fn signing_out_without_an_application_ends_on_the_servers_own_page() {
    let Some(stage) = Stage::set().await else { return };
    stage.log_in().await;
    stage.chromium.goto(&stage.server.url("/")).await;
    stage.chromium.find_any("a.button[href='/logout']").await.click().await.unwrap();
    stage.chromium.click("logout-confirm").await;
    stage.chromium.find_any("[role=status]").await;
    let text = stage.chromium.text().await;
    assert!(text.contains("You are signed out"), "{text}");
    // The question that Chromium may still show has nothing left to end.
    stage.chromium.go_back(1, &[&stage.server.url("/logout")]).await;
    stage.chromium.goto(&stage.server.url("/")).await;
    assert!(stage.chromium.text().await.contains("You are not signed in."));
}

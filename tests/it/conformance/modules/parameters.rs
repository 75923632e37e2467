//! Parameters that a server may use or ignore, but must not fail on.

use crate::conformance::run::{Outcome, Run};

/// The whole flow with this parameter.
async fn with(run: &Run, name: &str, value: &str) -> Outcome {
    let client = run.register().await;
    let outcome = run.flow(&client, &run.request(&client).with(name, value)).await;
    run.unregister(client).await;
    outcome
}

pub async fn oidcc_alternate_happy_flow(run: &Run) {
    let client = run.register().await;
    let request = run.request(&client).with("scope", "email openid").reversed();
    run.flow(&client, &request).await;
    run.unregister(client).await;
}

pub async fn oidcc_display_page(run: &Run) {
    with(run, "display", "page").await;
}

pub async fn oidcc_display_popup(run: &Run) {
    with(run, "display", "popup").await;
}

pub async fn oidcc_login_hint(run: &Run) {
    with(run, "login_hint", "buffy@suite.example").await;
}

pub async fn oidcc_ui_locales(run: &Run) {
    with(run, "ui_locales", "se").await;
}

pub async fn oidcc_claims_locales(run: &Run) {
    with(run, "claims_locales", "se").await;
}

pub async fn oidcc_ensure_request_with_unknown_parameter_succeeds(run: &Run) {
    with(run, "extra", "foobar").await;
}

pub async fn oidcc_ensure_request_with_acr_values_succeeds(run: &Run) {
    let listed = run.metadata["acr_values_supported"].as_array().expect("a list");
    let listed: Vec<&str> = listed.iter().map(|acr| acr.as_str().unwrap()).collect();
    let claims = with(run, "acr_values", &listed.join(" ")).await.claims;
    assert!(claims["acr"].as_str().is_some_and(|acr| listed.contains(&acr)), "{claims}");
}

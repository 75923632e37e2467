//! `prompt` and `max_age`: repeated sign-ins, and requests without a page.

use signet_protocol::time::Span;

use crate::conformance::run::{Client, Outcome, Run};

/// A client, and the first login at it.
async fn signed_in(run: &Run, more: &[(&str, &str)]) -> (Client, Outcome) {
    let client = run.register().await;
    let request = more.iter().fold(run.request(&client), |request, (name, value)| request.with(name, value));
    let outcome = run.flow(&client, &request).await;
    (client, outcome)
}

/// The second login, where the sign-in page must appear again.
async fn again(run: &Run, client: &Client, name: &str, value: &str) -> Outcome {
    let request = run.request(client).with(name, value);
    let page = run.login_page(&request).await;
    let response = run.response(&request, &run.complete(page).await);
    run.finish(client, &request, response).await
}

pub async fn oidcc_prompt_login(run: &Run) {
    let (client, first) = signed_in(run, &[]).await;
    run.server.advance(Span::from_secs(1)).await;
    let second = again(run, &client, "prompt", "login").await;
    assert!(second.auth_time() > first.auth_time());
    assert_eq!(second.claims["sub"], first.claims["sub"]);
    run.unregister(client).await;
}

pub async fn oidcc_prompt_none_not_logged_in(run: &Run) {
    let client = run.register().await;
    let request = run.request(&client).with("prompt", "none");
    assert_eq!(request.get("state").unwrap().len(), 128);
    assert_eq!(run.refused(&request).await, "login_required");
    run.unregister(client).await;
}

pub async fn oidcc_prompt_none_logged_in(run: &Run) {
    let (client, first) = signed_in(run, &[]).await;
    run.server.advance(Span::from_secs(1)).await;
    let request = run.request(&client).with("prompt", "none");
    let response = run.authorize_silently(&request).await;
    let second = run.finish(&client, &request, response).await;
    assert_eq!(second.claims["sub"], first.claims["sub"]);
    assert_eq!(second.auth_time(), first.auth_time());
    run.unregister(client).await;
}

pub async fn oidcc_max_age_1(run: &Run) {
    let (client, first) = signed_in(run, &[]).await;
    run.server.advance(Span::from_secs(2)).await;
    let second = again(run, &client, "max_age", "1").await;
    let age = run.server.clock.now().as_secs() - second.auth_time();
    assert!(second.auth_time() > first.auth_time() && age <= 1, "{age}");
    run.unregister(client).await;
}

pub async fn oidcc_max_age_10000(run: &Run) {
    let (client, first) = signed_in(run, &[("max_age", "15000")]).await;
    run.server.advance(Span::from_secs(1)).await;
    let request = run.request(&client).with("max_age", "10000");
    let response = run.authorize_silently(&request).await;
    let second = run.finish(&client, &request, response).await;
    assert_eq!(second.auth_time(), first.auth_time());
    assert_eq!(second.claims["sub"], first.claims["sub"]);
    run.unregister(client).await;
}

pub async fn oidcc_id_token_hint(run: &Run) {
    let (client, first) = signed_in(run, &[]).await;
    let request = run.request(&client).with("prompt", "none").with("id_token_hint", first.id_token());
    let response = run.authorize_silently(&request).await;
    let second = run.finish(&client, &request, response).await;
    assert_eq!(second.claims["sub"], first.claims["sub"]);
    run.unregister(client).await;
}

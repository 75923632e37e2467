//! Claims about the person by scope and by the `claims` parameter, and the ways to call userinfo.

use serde_json::Value;

use crate::conformance::checks;
use crate::conformance::run::Run;
use crate::support::Reply;

const PROFILE: [&str; 14] = [
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "updated_at",
    "preferred_username",
];
const EMAIL: [&str; 2] = ["email", "email_verified"];
const ADDRESS: [&str; 1] = ["address"];
const PHONE: [&str; 2] = ["phone_number", "phone_number_verified"];

/// Requests these scopes and checks the released claims: at userinfo, or in the ID token if no other token is issued.
async fn released(run: &Run, scopes: &[&str], groups: &[&[&str]]) {
    let supported = run.metadata["scopes_supported"].as_array().unwrap();
    for scope in scopes {
        assert!(supported.contains(&Value::from(*scope)), "{supported:?}");
    }
    let client = run.register().await;
    let request = run.request(&client).with("scope", &format!("openid {}", scopes.join(" ")));
    let outcome = run.flow(&client, &request).await;
    let about = match run.variant.response_type {
        "id_token" => outcome.claims,
        _ => {
            let about = run.userinfo(outcome.access_token()).await;
            assert_eq!(about["sub"], outcome.claims["sub"]);
            about
        }
    };
    for group in [&PROFILE[..], &EMAIL, &ADDRESS, &PHONE] {
        for name in group {
            assert_eq!(about.get(name).is_some(), groups.contains(&group), "{name}: {about}");
        }
    }
    run.unregister(client).await;
}

pub async fn oidcc_scope_profile(run: &Run) {
    released(run, &["profile"], &[&PROFILE]).await;
}

pub async fn oidcc_scope_email(run: &Run) {
    released(run, &["email"], &[&EMAIL]).await;
}

pub async fn oidcc_scope_address(run: &Run) {
    released(run, &["address"], &[&ADDRESS]).await;
}

pub async fn oidcc_scope_phone(run: &Run) {
    released(run, &["phone"], &[&PHONE]).await;
}

pub async fn oidcc_scope_all(run: &Run) {
    released(run, &["profile", "email", "address", "phone"], &[&PROFILE, &EMAIL, &ADDRESS, &PHONE]).await;
}

pub async fn oidcc_claims_essential(run: &Run) {
    let client = run.register().await;
    let request = run.request(&client).with("claims", r#"{"userinfo":{"name":{"essential":true}}}"#);
    let outcome = run.flow(&client, &request).await;
    let about = run.userinfo(outcome.access_token()).await;
    assert!(about["name"].is_string() && outcome.claims.get("name").is_none(), "{about}");
    run.unregister(client).await;
}

/// The way in which an access token is presented to userinfo (RFC 6750 §2).
#[derive(Clone, Copy)]
enum Presented {
    Get,
    PostHeader,
    PostBody,
}

async fn userinfo(run: &Run, how: Presented) {
    let client = run.register().await;
    let outcome = run.flow(&client, &run.request(&client)).await;
    let uri = run.metadata["userinfo_endpoint"].as_str().unwrap();
    let token = outcome.access_token();
    let http = &run.server.http;
    let request = match how {
        Presented::Get => http.get(uri).bearer_auth(token),
        Presented::PostHeader => http.post(uri).bearer_auth(token),
        Presented::PostBody => http.post(uri).form(&[("access_token", token)]),
    };
    let reply = Reply::of(request.send().await.unwrap()).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert!(reply.header("content-type").unwrap().starts_with("application/json"), "{reply:?}");
    checks::well_formed(&reply.json());
    assert_eq!(reply.json()["sub"], outcome.claims["sub"]);
    run.unregister(client).await;
}

pub async fn oidcc_userinfo_get(run: &Run) {
    userinfo(run, Presented::Get).await;
}

pub async fn oidcc_userinfo_post_header(run: &Run) {
    userinfo(run, Presented::PostHeader).await;
}

pub async fn oidcc_userinfo_post_body(run: &Run) {
    userinfo(run, Presented::PostBody).await;
}

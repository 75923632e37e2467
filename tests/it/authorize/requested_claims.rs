//! The `claims` parameter (OpenID Connect Core §5.5): individual claims in addition to scopes, from the request through
//! consent to the tokens.

use serde_json::{Value, json};

use crate::support::{Browser, Page, RelyingParty, TestServer, Tokens, claims};

/// A request for these claims with the scope `openid`.
fn asking(rp: &RelyingParty, claims: &Value, more: &[(&str, &str)]) -> String {
    let text = claims.to_string();
    let changes: Vec<_> = [("scope", "openid"), ("claims", &text)].iter().chain(more).copied().collect();
    rp.authorization_url(&changes)
}

/// Signs in as alice, consents and redeems.
async fn tokens(rp: &RelyingParty, claims: &Value, more: &[(&str, &str)]) -> (Tokens, Browser) {
    let browser = Browser::new(&rp.issuer);
    let page = browser.authorize(&asking(rp, claims, more), "alice").await;
    (rp.redeem(&page.code()).await.tokens(), browser)
}

async fn userinfo(server: &TestServer, token: &str) -> Value {
    server.userinfo(token).await.json().await.unwrap()
}

fn names(object: &Value) -> Vec<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn a_claim_appears_where_it_was_requested() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let asked = json!({
        "userinfo": {
            "given_name": {"essential": true}, "email": null, "zoneinfo": {"values": ["UTC", "Europe/Berlin"]},
            "birthdate": {"value": "2000-01-01"}, "http://example.info/claims/groups": null, "unheard_of": {"x": 1},
        },
        "id_token": {"locale": null, "auth_time": {"essential": true}, "gender": {"value": "female"}},
        "unknown_member": [],
    });
    let (tokens, _) = tokens(&rp, &asked, &[]).await;
    let info = userinfo(&server, &tokens.access_token).await;
    assert_eq!(names(&info), ["email", "given_name", "sub", "zoneinfo"], "a wrong value is left out, and so is more");
    assert_eq!((&info["email"], &info["zoneinfo"]), (&json!("alice@example.org"), &json!("Europe/Berlin")));
    let id_token = claims(tokens.id_token());
    assert_eq!(id_token["locale"], "en-GB");
    for absent in ["given_name", "email", "gender", "name", "zoneinfo"] {
        assert_eq!(id_token.get(absent), None, "{absent}");
    }
    let access_token = claims(&tokens.access_token);
    for absent in ["given_name", "email", "locale", "zoneinfo"] {
        assert_eq!(access_token.get(absent), None, "{absent} in the access token");
    }
}

#[tokio::test]
async fn scopes_and_single_claims_add_up() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let asked = json!({"userinfo": {"phone_number": {"essential": true}, "email": {"value": "other@example.org"}}});
    let (tokens, _) = tokens(&rp, &asked, &[("scope", "openid email")]).await;
    let info = userinfo(&server, &tokens.access_token).await;
    assert_eq!(names(&info), ["email", "email_verified", "phone_number", "sub"], "a scope asks for no value");
}

#[tokio::test]
async fn claims_last_through_refreshes_and_are_not_widened_by_them() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let asked = json!({"userinfo": {"nickname": null}, "id_token": {"locale": null}});
    let (first, _) = tokens(&rp, &asked, &[("scope", "openid offline_access")]).await;
    let more = [("claims", r#"{"userinfo":{"birthdate":null},"id_token":{"birthdate":null}}"#)];
    let mut held = first;
    for round in 0..2 {
        held = rp.refresh_with(held.refresh_token(), &more).await.tokens();
        let id_token = claims(held.id_token());
        assert_eq!((&id_token["locale"], id_token.get("birthdate")), (&json!("en-GB"), None), "{round}");
        assert_eq!(names(&userinfo(&server, &held.access_token).await), ["nickname", "sub"], "{round}");
    }
}

#[tokio::test]
async fn the_id_token_is_about_the_subject_that_was_named_or_there_is_none() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (alice, browser) = tokens(&rp, &json!({}), &[]).await;
    let alice = claims(alice.id_token())["sub"].clone();
    let bob = claims(rp.redeem(&rp.authorize_as("bob").await.code()).await.tokens().id_token())["sub"].clone();
    let named = |sub: &Value| json!({"id_token": {"sub": {"value": sub}}});
    browser.get(&asking(&rp, &named(&alice), &[("prompt", "none")])).await.code();
    for stranger in [bob.clone(), json!("nobody"), json!("alice")] {
        let page = browser.get(&asking(&rp, &named(&stranger), &[("prompt", "none")])).await;
        assert_eq!(page.error(), "login_required", "{stranger}");
        let page = browser.visit(&asking(&rp, &named(&stranger), &[])).await;
        assert!(page.has("id=\"login-submit\""), "{stranger}: {page:?}");
        let page = browser.sign_in(&page, "alice").await;
        assert!(page.has("id=\"login-submit\""), "the wrong person signs in in vain: {page:?}");
    }
    let page = browser.authorize(&asking(&rp, &named(&bob), &[]), "bob").await;
    assert_eq!(claims(rp.redeem(&page.code()).await.tokens().id_token())["sub"], bob);
    for (rule, sub) in [("a number", json!(1)), ("null", Value::Null), ("a list", json!([bob])), ("empty", json!(""))] {
        let page = browser.get(&asking(&rp, &named(&sub), &[("prompt", "none")])).await;
        assert!(["invalid_request", "login_required"].contains(&page.error().as_str()), "{rule}: no sub is like that");
    }
}

#[tokio::test]
async fn a_hint_and_a_claim_that_name_two_people_are_refused() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (tokens, browser) = tokens(&rp, &json!({}), &[]).await;
    let hint = [("id_token_hint", tokens.id_token()), ("prompt", "none")];
    let same = json!({"id_token": {"sub": {"value": claims(tokens.id_token())["sub"]}}});
    browser.get(&asking(&rp, &same, &hint)).await.code();
    let other = json!({"id_token": {"sub": {"value": "someone"}}});
    assert_eq!(browser.get(&asking(&rp, &other, &hint)).await.error(), "invalid_request");
}

#[tokio::test]
async fn an_unreachable_essential_acr_is_refused() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (first, browser) = tokens(&rp, &json!({}), &[]).await;
    let ours = claims(first.id_token())["acr"].clone();
    let rows = [
        (json!({"essential": true, "values": ["urn:mfa", "urn:phr"]}), Some("unmet_authentication_requirements")),
        (json!({"essential": true, "value": "urn:mfa"}), Some("unmet_authentication_requirements")),
        (json!({"essential": true, "values": ["urn:mfa", ours]}), None),
        (json!({"essential": true}), None),
        (json!({"values": ["urn:mfa"]}), None),
        (Value::Null, None),
    ];
    for (acr, error) in rows {
        let page = browser.get(&asking(&rp, &json!({"id_token": {"acr": acr}}), &[])).await;
        assert_eq!(page.parameter("error").as_deref(), error, "{acr}: {page:?}");
        assert_eq!(page.parameter("code").is_none(), error.is_some(), "{acr}");
    }
}

/// True if the consent page marks this as new.
fn is_new(page: &Page, text: &str) -> bool {
    page.body.split("class=\"is-new\"").skip(1).any(|part| part.split("</li>").next().unwrap().contains(text))
}

#[tokio::test]
async fn people_are_asked_for_each_claim_once_and_again_for_a_new_one() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (name, both) =
        (json!({"userinfo": {"birthdate": null}}), json!({"id_token": {"birthdate": null, "gender": null}}));
    let browser = server.browser();
    let page = browser.visit(&asking(&rp, &name, &[])).await;
    let page = browser.sign_in(&page, "alice").await;
    assert!(page.has("id=\"consent-allow\"") && page.has("birth"), "{page:?}");
    assert!(!page.has("gender"), "{page:?}");
    let denied = browser.submit(&page, &[("consent-deny", "yes")]).await;
    assert_eq!(denied.error(), "access_denied");
    let silent = [("prompt", "none")];
    assert_eq!(browser.get(&asking(&rp, &name, &silent)).await.error(), "consent_required", "no is not yes");
    browser.authorize(&asking(&rp, &name, &[]), "alice").await.code();
    browser.get(&asking(&rp, &name, &silent)).await.code();

    assert_eq!(browser.get(&asking(&rp, &both, &silent)).await.error(), "consent_required", "another claim");
    let page = browser.visit(&asking(&rp, &both, &[])).await;
    assert!(page.has("id=\"consent-allow\"") && page.has("gender"), "{page:?}");
    assert!(is_new(&page, "gender") && !is_new(&page, "birth"), "{page:?}");
    browser.allow(&page).await.code();
    for known in [&both, &name] {
        browser.get(&asking(&rp, known, &silent)).await.code();
    }
    let page = browser.get(&asking(&rp, &name, &[("scope", "openid profile"), ("prompt", "none")])).await;
    assert_eq!(page.error(), "consent_required", "two claims are no scope");
}

#[tokio::test]
async fn a_granted_scope_covers_its_claims() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let browser = server.browser();
    browser.authorize(&rp.authorization_url(&[("scope", "openid profile")]), "alice").await.code();
    let silent = [("prompt", "none")];
    browser.get(&asking(&rp, &json!({"id_token": {"nickname": null}}), &silent)).await.code();
    let page = browser.get(&asking(&rp, &json!({"id_token": {"email": null}}), &silent)).await;
    assert_eq!(page.error(), "consent_required");
}

#[tokio::test]
async fn claims_come_in_the_languages_that_are_preferred() {
    let server = TestServer::start().await;
    let stored = r##"{"name":"Alice","name#de":"Alix","name#fr-CA":"Alicie","name#ja-Kana-JP":"A","locale":"en"}"##;
    let sql = format!("UPDATE users SET claims = '{stored}' WHERE username = 'alice'");
    assert_eq!(server.database().execute(&sql).await, 1);
    let rp = server.relying_party().await;
    let asked = json!({"userinfo": {"name": null}, "id_token": {"name": null}});
    let (tokens, _) = tokens(&rp, &asked, &[("claims_locales", "fr de <script>")]).await;
    let info = userinfo(&server, &tokens.access_token).await;
    assert_eq!(names(&info), ["name", "name#de", "name#fr-CA", "sub"]);
    assert_eq!((&info["name#fr-CA"], &info["name#de"]), (&json!("Alicie"), &json!("Alix")));
    assert_eq!(claims(tokens.id_token())["name#de"], "Alix");
}

#[tokio::test]
async fn malformed_claims_are_refused_and_told_to_the_client() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let browser = server.browser();
    let long = format!(r#"{{"userinfo":{{"name":{{"value":"{}"}}}}}}"#, "x".repeat(4096));
    let many = json!({"userinfo": {"name": {"values": vec!["x"; 21]}}}).to_string();
    let rows = [
        "name",
        "[]",
        "1",
        "null",
        "\"{}\"",
        "{",
        r#"{"userinfo":[]}"#,
        r#"{"id_token":"sub"}"#,
        r#"{"userinfo":{"name":"x"}}"#,
        r#"{"userinfo":{"name":{"essential":1}}}"#,
        r#"{"userinfo":{"name":{"values":{}}}}"#,
        r#"{"userinfo":{"name":null,"name":null}}"#,
        &long,
        &many,
    ];
    for claims in rows {
        let page = browser.get(&rp.authorization_url(&[("claims", claims)])).await;
        assert_eq!(page.error(), "invalid_request", "{claims}");
        assert_eq!(page.parameter("state").as_deref(), Some("the-state"), "{claims}");
    }
    let twice = format!("{}&claims=%7B%7D&claims=%7B%7D", rp.authorization_url(&[]));
    assert_eq!(browser.get(&twice).await.error(), "invalid_request", "RFC 6749 §3.1");
}

#[tokio::test]
async fn a_client_that_never_calls_userinfo_may_have_the_claims_of_its_scopes_in_the_id_token() {
    let server = TestServer::start().await;
    let rp = server.client("reader", json!({ "id_token_claims": true })).await;
    let plain = server.relying_party().await;
    let person = ["name", "preferred_username", "email", "email_verified", "birthdate", "phone_number", "address"];
    let held = |token: &str| person.map(|name| claims(token).get(name).is_some());

    let asked = [("scope", "openid profile email offline_access")];
    let first = rp.redeem(&rp.authorize_with("alice", &asked).await.code()).await.tokens();
    let of_profile_and_email = [true, true, true, true, true, false, false];
    assert_eq!(held(first.id_token()), of_profile_and_email, "those of the granted scopes and no others");
    assert_eq!(claims(first.id_token())["email"], "alice@example.org");
    assert_eq!(held(&first.access_token), [false; 7]);
    let next = rp.refresh_with(first.refresh_token(), &[("scope", "openid email")]).await.tokens();
    assert_eq!(held(next.id_token()), [false, false, true, true, false, false, false], "narrowed with the scope");
    assert_eq!(held(plain.sign_in("alice").await.id_token()), [false; 7], "off by default");
}

//! Pairwise subjects (OpenID Connect Core §8): clients of different sectors see different subjects, and no endpoint,
//! token or hint reveals the person.

use serde_json::{Value, json};
use signet::flows::admin::SecretSource;
use signet_protocol::ids::ClientId;

use crate::support::{Browser, RelyingParty, TestServer, Tokens, UserChange, claims};

/// A client with pairwise subjects at this host.
async fn client(server: &TestServer, id: &str, host: &str, more: Value) -> RelyingParty {
    let mut metadata = json!({"subject_type": "pairwise", "redirect_uris": [format!("https://{host}/{id}")],
        "post_logout_redirect_uris": [format!("https://{host}/bye")]});
    more.as_object().unwrap().iter().for_each(|(name, value)| metadata[name] = value.clone());
    server.client(id, metadata).await
}

/// Signs in with the scope `openid` alone.
async fn sign_in(rp: &RelyingParty, username: &str) -> (Tokens, Browser) {
    let authorized = rp.authorize_with(username, &[("scope", "openid offline_access")]).await;
    (rp.redeem(&authorized.code()).await.tokens(), authorized.browser)
}

fn sub(token: &str) -> String {
    claims(token)["sub"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_subject_is_specific_to_its_sector() {
    let server = TestServer::start().await;
    let public = server.client("public", json!({})).await;
    let one = client(&server, "one", "a.example", json!({})).await;
    let same = client(&server, "same", "a.example", json!({})).await;
    let other = client(&server, "other", "b.example", json!({})).await;
    let mut subs = Vec::new();
    for rp in [&public, &one, &same, &other] {
        subs.push(sub(sign_in(rp, "alice").await.0.id_token()));
    }
    let [public, one_sub, same, other] = &subs[..] else { unreachable!() };
    assert_eq!(one_sub, same, "OpenID Connect Core §8.1: the sector's");
    assert!(one_sub != other && one_sub != public && other != public, "{subs:?}");
    assert_ne!(&sub(sign_in(&one, "bob").await.0.id_token()), one_sub);
    let restarted = server.twin().await;
    let again = one.at(&restarted);
    assert_eq!(&sub(sign_in(&again, "alice").await.0.id_token()), one_sub, "on another node and after a restart");
}

#[tokio::test]
async fn every_answer_names_the_same_subject() {
    let server = TestServer::start().await;
    for format in ["jwt", "opaque"] {
        let rp = client(&server, format, "a.example", json!({"access_token_format": format})).await;
        let (tokens, _) = sign_in(&rp, "alice").await;
        let subject = sub(tokens.id_token());
        let next = rp.refresh(tokens.refresh_token()).await.tokens();
        for tokens in [&tokens, &next] {
            assert_eq!(sub(tokens.id_token()), subject, "{format}");
            let info: Value = server.userinfo(&tokens.access_token).await.json().await.unwrap();
            assert_eq!(info, json!({"sub": subject}), "{format}");
            let seen = rp.introspect(&tokens.access_token).await;
            assert_eq!((&seen["active"], &seen["sub"]), (&json!(true), &json!(subject)), "{format}");
            if format == "jwt" {
                assert_eq!(sub(&tokens.access_token), subject);
            }
        }
        assert_eq!(rp.introspect(next.refresh_token()).await["sub"], subject, "{format}");
    }
}

#[tokio::test]
async fn nothing_that_a_client_sees_identifies_the_person() {
    let server = TestServer::start().await;
    let public = sub(sign_in(&server.client("public", json!({})).await, "alice").await.0.id_token());
    for format in ["jwt", "opaque"] {
        let hybrid = json!({"access_token_format": format, "profile": "oidc_classic",
            "grant_types": ["authorization_code", "implicit", "refresh_token"],
            "response_types": ["code", "code id_token token"]});
        let rp = client(&server, format, "a.example", hybrid).await;
        let hybrid = [("response_type", "code id_token token"), ("scope", "openid offline_access")];
        let authorized = rp.authorize_with("alice", &hybrid).await;
        let page = &authorized.page;
        let front = page.fragment("access_token").unwrap();
        let id_token = page.fragment("id_token").unwrap();
        let tokens = rp.redeem(&page.fragment("code").unwrap()).await.tokens();
        let mut seen = vec![page.location().unwrap(), tokens.json.to_string(), claims(&id_token).to_string()];
        seen.push(claims(tokens.id_token()).to_string());
        for token in [&front, &tokens.access_token] {
            seen.push(server.userinfo(token).await.text().await.unwrap());
            seen.push(rp.introspect(token).await.to_string());
            if format == "jwt" {
                seen.push(claims(token).to_string());
            }
        }
        seen.push(rp.introspect(tokens.refresh_token()).await.to_string());
        for text in seen {
            assert!(!text.contains(&public) && !text.to_lowercase().contains("alice"), "{format}: {text}");
        }
    }
}

#[tokio::test]
async fn a_subject_is_understood_where_a_client_names_one() {
    let server = TestServer::start().await;
    let one = client(&server, "one", "a.example", json!({})).await;
    let other = client(&server, "other", "b.example", json!({})).await;
    let public = server.client("public", json!({})).await;
    let (tokens, browser) = sign_in(&one, "alice").await;
    let mine = sub(tokens.id_token());
    let theirs = sub(sign_in(&other, "alice").await.0.id_token());
    let id = sub(sign_in(&public, "alice").await.0.id_token());
    let bob = sub(sign_in(&one, "bob").await.0.id_token());

    let silent = [("scope", "openid"), ("prompt", "none")];
    let with = |more: (&str, &str)| one.authorization_url(&[silent[0], silent[1], more]);
    browser.get(&with(("id_token_hint", tokens.id_token()))).await.code();
    let named = |sub: &str| json!({"id_token": {"sub": {"value": sub}}}).to_string();
    browser.get(&with(("claims", &named(&mine)))).await.code();
    for (rule, stranger) in [("another sector's", &theirs), ("the account's id", &id), ("bob's", &bob)] {
        let page = browser.get(&with(("claims", &named(stranger)))).await;
        assert_eq!(page.error(), "login_required", "{rule}");
    }
    let url = other.authorization_url(&[silent[0], silent[1], ("id_token_hint", tokens.id_token())]);
    assert_eq!(browser.get(&url).await.error(), "invalid_request", "another client's hint");
    let url = public.authorization_url(&[silent[0], silent[1], ("claims", &named(&mine))]);
    assert_eq!(browser.authorize(&url, "alice").await.error(), "login_required", "not a public one either");
}

#[tokio::test]
async fn a_hint_with_a_pairwise_subject_ends_its_session_at_once() {
    let server = TestServer::start().await;
    let rp = client(&server, "rp", "a.example", json!({})).await;
    let (tokens, browser) = sign_in(&rp, "alice").await;
    let (elsewhere, other) = sign_in(&rp, "bob").await;
    let page = other.get(&format!("/logout?id_token_hint={}", tokens.id_token())).await;
    assert!(page.has("name=\"logout-confirm\""), "alice's hint does not end bob's session: {page:?}");
    let hint = tokens.id_token();
    let url = format!("/logout?id_token_hint={hint}&post_logout_redirect_uri=https%3A%2F%2Fa.example%2Fbye&state=s");
    let page = browser.get(&url).await;
    assert_eq!(page.location().as_deref(), Some("https://a.example/bye?state=s"), "{page:?}");
    assert_eq!(server.userinfo(&tokens.access_token).await.status(), 401);
    assert_eq!(server.userinfo(&elsewhere.access_token).await.status(), 200);
}

#[tokio::test]
async fn revocation_and_cut_offs_find_the_person_behind_the_subject() {
    let server = TestServer::start().await;
    for format in ["jwt", "opaque"] {
        let rp = client(&server, format, "a.example", json!({"access_token_format": format})).await;
        let other = client(&server, &format!("{format}-other"), "b.example", json!({})).await;
        let (tokens, _) = sign_in(&rp, "alice").await;
        other.revoke(&tokens.access_token).await.assert_error(400, "unauthorized_client");
        assert_eq!(other.introspect(&tokens.access_token).await, json!({"active": false}), "{format}");
        assert_eq!(rp.revoke(&tokens.access_token).await.status, 200);
        assert_eq!(server.userinfo(&tokens.access_token).await.status(), 401, "{format}");
        let next = rp.refresh(tokens.refresh_token()).await.tokens();
        let (bobs, _) = sign_in(&rp, "bob").await;
        server.advance(signet_protocol::time::Span::from_secs(1)).await;
        server.change_user("alice", UserChange::SignOut).await;
        assert_eq!(server.userinfo(&next.access_token).await.status(), 401, "{format}");
        rp.refresh(next.refresh_token()).await.assert_error(400, "invalid_grant");
        assert!(!rp.is_active(&next.access_token).await && rp.is_active(&bobs.access_token).await, "{format}");
        server.advance(signet_protocol::time::Span::from_secs(1)).await;
    }
    let rp = client(&server, "disabled", "a.example", json!({})).await;
    let (tokens, _) = sign_in(&rp, "bob").await;
    server.change_user("bob", UserChange::Disable).await;
    assert_eq!(server.userinfo(&tokens.access_token).await.status(), 401);
}

#[tokio::test]
async fn a_sector_is_one_host_or_a_named_one() {
    let server = TestServer::start().await;
    let context = server.context();
    let operator = server.operator(&context);
    let two = ["https://a.example/cb", "https://b.example/cb"];
    let rows = [
        ("one host", json!({"redirect_uris": ["https://a.example/cb", "https://a.example/other"]}), true),
        ("two hosts", json!({"redirect_uris": two}), false),
        ("two hosts, not pairwise", json!({"redirect_uris": two, "subject_type": "public"}), true),
        (
            "a subdomain is another host",
            json!({"redirect_uris": ["https://a.example/", "https://x.a.example/"]}),
            false,
        ),
        ("no host at all", json!({"redirect_uris": [], "grant_types": ["client_credentials"]}), true),
        (
            "a device, a sector of its own",
            json!({"redirect_uris": ["com.example.app:/cb", "http://127.0.0.1/cb"]}),
            true,
        ),
        ("a device and a host", json!({"redirect_uris": ["com.example.app:/cb", "https://a.example/cb"]}), false),
        ("http", json!({"redirect_uris": two, "sector_identifier_uri": "http://a.example/sector"}), false),
    ];
    for (at, (rule, changes, accepted)) in rows.into_iter().enumerate() {
        let mut metadata = json!({"subject_type": "pairwise", "scope": "openid"});
        changes.as_object().unwrap().iter().for_each(|(name, value)| metadata[name] = value.clone());
        let id = ClientId::parse(&format!("c{at}")).unwrap();
        let metadata = serde_json::from_value(metadata).unwrap();
        let made = server.registrar(&operator).add(id, metadata, SecretSource::Generated).await;
        assert_eq!(made.is_ok(), accepted, "{rule}: {:?}", made.err());
    }
}

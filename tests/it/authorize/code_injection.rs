//! Injected and mixed-up authorization codes of clients that may omit PKCE (OAuth 2.1 §7.5.1, RFC 9700 §2.1.1, §4.5):
//! the nonce or the challenge of a request binds its code, and neither can be removed.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::authorize::requests::assert_error_at_client;
use crate::client::registration::{self, register, with};
use crate::client::registration_management::{At, put_of};
use crate::support::relying_party::VERIFIER;
use crate::support::{RelyingParty, TestServer, claims};

/// A request without a challenge.
const BARE: [(&str, &str); 2] = [("code_challenge", ""), ("code_challenge_method", "")];
/// A token request without a verifier.
const UNVERIFIED: [(&str, &str); 1] = [("code_verifier", "")];

/// A confidential client with the settings of new ones.
async fn new_client(server: &TestServer, id: &str) -> RelyingParty {
    server.client(id, json!({"pkce": "nonce", "token_endpoint_auth_method": "client_secret"})).await
}

/// A request without a challenge, with these parameters.
fn bare<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [&BARE[..], changes].concat()
}

/// A code of a request without a challenge, with this nonce.
async fn bare_code(rp: &RelyingParty, user: &str, nonce: &str) -> String {
    rp.authorize_with(user, &bare(&[("nonce", nonce), ("scope", "openid offline_access")])).await.code()
}

#[tokio::test]
async fn a_request_without_a_challenge_needs_openid_and_a_nonce() {
    let server = TestServer::start().await;
    let rp = new_client(&server, "rp").await;
    let public = json!({"pkce": "optional", "token_endpoint_auth_method": "none"});
    let public = server.client("public", public).await;
    let rows: [(&str, &RelyingParty, Vec<(&str, &str)>, bool); 7] = [
        ("a nonce and openid", &rp, vec![], true),
        ("no nonce", &rp, vec![("nonce", "")], false),
        ("no openid", &rp, vec![("scope", "profile")], false),
        ("no openid and no nonce", &rp, vec![("scope", "profile"), ("nonce", "")], false),
        ("only the method", &rp, vec![("code_challenge_method", "S256")], false),
        ("plain beside the nonce", &rp, vec![("code_challenge", VERIFIER), ("code_challenge_method", "plain")], false),
        ("a public client", &public, vec![], false),
    ];
    for (rule, rp, changes, accepted) in rows {
        let changes = match changes.as_slice() {
            [("code_challenge_method", _)] => [&BARE[..1], &changes].concat(),
            [("code_challenge", _), ..] => changes,
            _ => bare(&changes),
        };
        let url = rp.authorization_url(&changes);
        let page = server.browser().visit(&url).await;
        let pushed: Vec<(String, String)> = url::Url::parse(&url).unwrap().query_pairs().into_owned().collect();
        let pushed: Vec<(&str, &str)> = pushed.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let pushed = pushed.into_iter().filter(|(name, _)| *name != "client_id").collect::<Vec<_>>();
        let reply = rp.post("/par", &pushed).await;
        if accepted {
            assert!(page.has("id=\"login-submit\""), "{rule}: {page:?}");
            assert_eq!(reply.status, 201, "{rule}: {reply:?}");
        } else {
            assert_error_at_client(rule, rp, &page, "invalid_request", Some("the-state"));
            reply.assert_error(400, "invalid_request");
        }
    }
}

#[tokio::test]
async fn an_injected_code_carries_the_nonce_of_the_request_that_it_came_from() {
    let server = TestServer::start().await;
    let rp = new_client(&server, "rp").await;
    let stolen = bare_code(&rp, "alice", "of-alices-browser").await;
    let own = bare_code(&rp, "bob", "of-the-attackers-browser").await;
    // The attacker's browser brings alice's code back to the client, which compares the nonce with its own.
    let tokens = rp.redeem_with(&stolen, &UNVERIFIED).await.tokens();
    assert_eq!(claims(tokens.id_token())["nonce"], "of-alices-browser");
    let tokens = rp.redeem_with(&own, &UNVERIFIED).await.tokens();
    assert_eq!(claims(tokens.id_token())["nonce"], "of-the-attackers-browser");
}

#[tokio::test]
async fn a_code_cannot_be_redeemed_by_another_client() {
    let server = TestServer::start().await;
    let rp = new_client(&server, "rp").await;
    let thief = new_client(&server, "thief").await;
    let code = bare_code(&rp, "alice", "n").await;
    thief.redeem_with(&code, &UNVERIFIED).await.assert_error(400, "invalid_grant");
    let tokens = rp.redeem_with(&code, &UNVERIFIED).await.tokens();
    assert!(rp.is_active(&tokens.access_token).await, "the attempt does no harm");
    let form = [("grant_type", "authorization_code"), ("code", &code), ("client_id", "rp")];
    server.post("/token", &form).await.assert_error(400, "invalid_client");
}

#[tokio::test]
async fn neither_a_challenge_nor_its_absence_can_be_taken_back() {
    let server = TestServer::start().await;
    let rp = new_client(&server, "rp").await;
    let challenged = rp.authorize_as("alice").await.code();
    rp.redeem_with(&challenged, &UNVERIFIED).await.assert_error(400, "invalid_grant");
    let challenged = rp.authorize_as("alice").await.code();
    let another = VERIFIER.to_uppercase();
    rp.redeem_with(&challenged, &[("code_verifier", &another)]).await.assert_error(400, "invalid_grant");
    // RFC 9700 §4.8.2: an attacker has removed the challenge from the request on its way.
    let stripped = bare_code(&rp, "alice", "n").await;
    rp.redeem(&stripped).await.assert_error(400, "invalid_grant");
    let challenged = rp.authorize_as("alice").await.code();
    rp.redeem(&challenged).await.tokens();
}

#[tokio::test]
async fn a_client_that_loses_openid_loses_what_it_did_without_a_challenge() {
    let server = registration::open_with(|_| {}).await;
    let grants = json!({"grant_types": ["authorization_code", "refresh_token"], "scope": "openid profile"});
    let kept = register(&server, &with(grants)).await;
    let rp = registration::client(&server, &kept);
    let wide = ("scope", "openid profile");
    let bare_code = rp.authorize_with("alice", &bare(&[wide])).await.code();
    let challenged = rp.authorize_with("alice", &[wide]).await.code();
    let browser = server.browser();
    let open_page = browser.visit(&rp.authorization_url(&bare(&[wide]))).await;

    let narrow = json!({"grant_types": ["authorization_code", "refresh_token"], "scope": "profile"});
    let reply = At::own(&server, &kept).put(&put_of(&kept, narrow)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    rp.redeem_with(&bare_code, &UNVERIFIED).await.assert_error(400, "invalid_grant");
    let tokens = rp.redeem(&challenged).await.tokens();
    assert_eq!((tokens.json["scope"].as_str(), tokens.id_token), (Some("profile"), None), "no nonce would reach it");
    let page = browser.sign_in(&open_page, "alice").await;
    page.assert_rejected("a page that is open", 400, "The application may no longer ask for this.");
    let page = server.browser().visit(&rp.authorization_url(&bare(&[("scope", "profile")]))).await;
    assert_error_at_client("from now on", &rp, &page, "invalid_request", Some("the-state"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_that_redeem_a_code_without_a_challenge_at_once_one_gets_tokens_which_the_others_void() {
    let server = TestServer::start().await;
    let twin = server.twin().await;
    let rp = new_client(&server, "rp").await;
    twin.app.follow().await.unwrap();
    let code = bare_code(&rp, "alice", "n").await;
    let at = [rp.at(&server), rp.at(&twin)];
    let replies = join_all((0..10).map(|turn| at[turn % 2].redeem_with(&code, &UNVERIFIED))).await;
    let won: Vec<_> = replies.iter().filter(|reply| reply.status == 200).collect();
    assert_eq!(won.len(), 1, "{replies:?}");
    let tokens = won[0].tokens();
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        reply.assert_error(400, "invalid_grant");
    }
    rp.refresh(tokens.refresh_token()).await.assert_error(400, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_concurrent_thief_gets_nothing_and_breaks_nothing() {
    let server = TestServer::start().await;
    let rp = new_client(&server, "rp").await;
    let thief = new_client(&server, "thief").await;
    let code = bare_code(&rp, "alice", "n").await;
    let clients: Vec<&RelyingParty> = (0..11).map(|turn| if turn == 5 { &rp } else { &thief }).collect();
    let replies = join_all(clients.iter().map(|client| client.redeem_with(&code, &UNVERIFIED))).await;
    for (client, reply) in clients.iter().zip(&replies) {
        match client.id.as_str() {
            "rp" => assert!(!reply.tokens().access_token.is_empty()),
            _ => reply.assert_error(400, "invalid_grant"),
        }
    }
    let tokens: Value = replies[5].json();
    assert!(rp.is_active(tokens["access_token"].as_str().unwrap()).await, "the attempts revoked nothing");
}

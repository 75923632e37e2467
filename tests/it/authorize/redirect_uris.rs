//! Redirect URIs (RFC 6749 §3.1.2, RFC 8252 §7, RFC 9700 §4.1): a near miss gets a page, never a redirect.

use serde_json::json;

use crate::support::{RelyingParty, TestServer};

/// Asserts that no browser is redirected to this URI, with or without other faults in the request.
async fn assert_refused(server: &TestServer, rp: &RelyingParty, uri: &str) {
    let more: [&[(&str, &str)]; 3] = [&[], &[("response_type", "token")], &[("prompt", "none")]];
    for changes in more {
        let mut all = vec![("redirect_uri", uri)];
        all.extend_from_slice(changes);
        let page = server.browser().get(&rp.authorization_url(&all)).await;
        page.assert_rejected(uri, 400, "redirect_uri is not registered");
    }
}

#[tokio::test]
async fn a_redirect_uri_is_compared_byte_for_byte() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let near_misses = [
        "https://rp.example/CB",
        "https://RP.example/cb",
        "HTTPS://rp.example/cb",
        "http://rp.example/cb",
        "https://rp.example:443/cb",
        "https://rp.example:8443/cb",
        "https://rp.example./cb",
        "https://rp.example/cb/",
        "https://rp.example/c",
        "https://rp.example/cb/random",
        "https://rp.example/cb?",
        "https://rp.example/cb?x=1",
        "https://rp.example/cb#",
        "https://rp.example/cb#fragment",
        "https://rp.example/cb;x",
        "https://rp.example//cb",
        "https://rp.example/./cb",
        "https://rp.example/a/../cb",
        "https://rp.example/%63b",
        "https://rp.example/cb%20",
        "https://rp.example/cb%0d%0aX: y",
        "https://rp.example\\cb",
        "https:/rp.example/cb",
        "https://rp.example",
        "https://rp.example.evil.example/cb",
        "https://evil.rp.example/cb",
        "https://evil.example/https://rp.example/cb",
        "https://evil.example?https://rp.example/cb",
        "https://user@rp.example/cb",
        "https://rp.example@evil.example/cb",
        "https://rp.example\\@evil.example/cb",
        "https://rp.example\t/cb",
        " https://rp.example/cb",
        "https://rp.example/cb ",
        "https://rp.example/cb https://evil.example/",
        "https://rp.ехample/cb",
        "//rp.example/cb",
        "/cb",
        "javascript:alert(1)",
        "data:text/html,x",
    ];
    for uri in near_misses {
        assert_refused(&server, &rp, uri).await;
    }
}

#[tokio::test]
async fn an_openid_request_names_its_redirect_uri() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let page = server.browser().get(&rp.authorization_url(&[("redirect_uri", "")])).await;
    page.assert_rejected("OpenID Connect Core §3.1.2.1", 400, "redirect_uri is required");

    let page = rp.authorize_with("alice", &[("redirect_uri", ""), ("scope", "email")]).await.page;
    assert!(page.location().unwrap().starts_with("https://rp.example/cb?code="), "RFC 6749 §3.1.2.3: {page:?}");

    let two = json!({"redirect_uris": ["https://rp.example/1", "https://rp.example/2"]});
    let two = server.client("two", two).await;
    let page = server.browser().get(&two.authorization_url(&[("redirect_uri", ""), ("scope", "email")])).await;
    page.assert_rejected("RFC 6749 §3.1.2.3: several are registered", 400, "redirect_uri is required");
}

#[tokio::test]
async fn a_registered_query_is_kept_and_compared() {
    let server = TestServer::start().await;
    let registered = "https://rp.example/cb?foo=bar&x=%7E";
    let rp = server.client("rp", json!({"redirect_uris": [registered]})).await;
    let page = rp.authorize_as("alice").await.page;
    let location = page.location().unwrap();
    assert!(location.starts_with(&format!("{registered}&code=")), "{location}");
    rp.redeem(&page.code()).await.tokens();
    for uri in [
        "https://rp.example/cb",
        "https://rp.example/cb?foo=bar",
        "https://rp.example/cb?foo=baz&x=%7E",
        "https://rp.example/cb?foo=bar&x=%7E&y=1",
        "https://rp.example/cb?x=%7E&foo=bar",
        "https://rp.example/cb?foo=bar&x=%7e",
        "https://rp.example/cb?foo=bar&x=~",
    ] {
        assert_refused(&server, &rp, uri).await;
    }
}

#[tokio::test]
async fn of_a_loopback_literal_only_the_port_may_vary() {
    let server = TestServer::start().await;
    let metadata = json!({
        "redirect_uris": ["http://127.0.0.1/cb", "http://[::1]:8080/v6", "http://localhost/named"],
        "token_endpoint_auth_method": "none",
    });
    let rp = server.client("native", metadata).await;
    for uri in [
        "http://127.0.0.1/cb",
        "http://127.0.0.1:53123/cb",
        "http://[::1]/v6",
        "http://[::1]:9/v6",
        "http://localhost/named",
    ] {
        let authorized = rp.authorize_with("alice", &[("redirect_uri", uri)]).await;
        assert!(authorized.page.location().unwrap().starts_with(&format!("{uri}?code=")), "{:?}", authorized.page);
        let other = rp.redeem_with(&authorized.code(), &[("redirect_uri", "http://127.0.0.1:1/cb")]).await;
        other.assert_error(400, "invalid_grant");
    }
    for uri in [
        "http://127.0.0.1:53123/cb?x",
        "http://127.0.0.1:53123/cb/",
        "http://127.0.0.1:53123/CB",
        "http://127.0.0.1:53123/v6",
        "http://127.0.0.1:/cb",
        "http://127.0.0.1:0/cb",
        "http://127.0.0.1:080/cb",
        "http://127.0.0.1:65536/cb",
        "http://127.0.0.1:-1/cb",
        "http://127.0.0.1:1@evil.example/cb",
        "http://127.0.0.1.evil.example:1/cb",
        "http://127.0.0.2:53123/cb",
        "http://127.1:53123/cb",
        "http://0x7f000001:53123/cb",
        "https://127.0.0.1:53123/cb",
        "http://localhost:53123/cb",
        "http://localhost:53123/named",
        "http://[::1]:53123/cb",
        "http://[0:0:0:0:0:0:0:1]:8080/v6",
        "http://[::ffff:127.0.0.1]:1/cb",
    ] {
        assert_refused(&server, &rp, uri).await;
    }
}

#[tokio::test]
async fn a_private_use_scheme_is_redirected_to() {
    let server = TestServer::start().await;
    let metadata = json!({"redirect_uris": ["com.example.app:/oauth/cb"], "token_endpoint_auth_method": "none"});
    let rp = server.client("app", metadata).await;
    let page = rp.authorize_as("alice").await.page;
    assert!(page.location().unwrap().starts_with("com.example.app:/oauth/cb?code="), "{page:?}");
    rp.redeem(&page.code()).await.tokens();
    for uri in [
        "com.example.app:/oauth/CB",
        "COM.example.app:/oauth/cb",
        "com.example.app://oauth/cb",
        "com.example.evil:/oauth/cb",
    ] {
        assert_refused(&server, &rp, uri).await;
    }
}

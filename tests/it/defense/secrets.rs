//! No secret is in the log or in the database, whether requests succeed, fail, or break the server.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use signet::jobs;

use crate::support::keys::KeyPair;
use crate::support::log::{listen, logged};
use crate::support::relying_party::VERIFIER;
use crate::support::server::PASSWORD;
use crate::support::{Page, TestServer};

/// The values that must not be found, by name.
#[derive(Default)]
struct Secrets(Vec<(&'static str, Vec<u8>)>);

impl Secrets {
    /// Keeps a secret, whole, without its prefix, and as the bytes that it encodes.
    fn keep(&mut self, kind: &'static str, secret: &str) {
        self.0.push((kind, secret.as_bytes().to_vec()));
        if let Some((_, random)) = secret.split_at_checked(5).filter(|(prefix, _)| prefix.ends_with('_')) {
            self.0.push((kind, random.as_bytes().to_vec()));
            self.0.push((kind, URL_SAFE_NO_PAD.decode(random).unwrap()));
        }
        if let Some((_, signature)) = secret.rsplit_once('.') {
            self.0.push((kind, signature.as_bytes().to_vec()));
        }
    }

    fn found_in(&self, bytes: &[u8]) -> Option<&'static str> {
        let holds = |secret: &[u8]| bytes.windows(secret.len()).any(|window| window == secret);
        self.0.iter().find(|(_, secret)| holds(secret)).map(|(kind, _)| *kind)
    }
}

#[tokio::test]
async fn no_secret_is_in_the_log_or_in_the_database() {
    listen();
    let server = TestServer::start().await;
    let mut secrets = Secrets::default();
    secrets.keep("password", PASSWORD);
    secrets.keep("verifier", VERIFIER);

    for format in ["jwt", "opaque"] {
        succeed_and_fail(&server, format, &mut secrets).await;
    }
    assert_with_key(&server, &mut secrets).await;
    jobs::run_upkeep(&server.app, "test").await.unwrap();
    let dump = server.database().dump().await;
    assert!(dump.iter().any(|(_, value)| value == b"alice") && secrets.0.len() > 60, "the dump is one");
    for (table, value) in &dump {
        assert_eq!(secrets.found_in(value), None, "in {table}: {:?}", String::from_utf8_lossy(value));
    }

    break_it(&server, &mut secrets).await;
    let text = logged();
    assert!(text.contains("answered a request") && text.contains("a request failed"), "the log is one");
    assert!(text.contains("DEBUG"), "and holds more than what is logged by default");
    let leaky = text.lines().find(|line| secrets.found_in(line.as_bytes()).is_some());
    assert_eq!(leaky, None, "{:?}", leaky.and_then(|line| secrets.found_in(line.as_bytes())));
    for personal in ["alice@example.org", "canary-state", "canary-nonce"] {
        let line = text.lines().find(|line| line.contains(personal));
        assert_eq!(line, None, "{personal}");
    }
}

/// All flows of one client, with every kind of failure.
async fn succeed_and_fail(server: &TestServer, format: &'static str, secrets: &mut Secrets) {
    let rp = server.client(format, json!({ "access_token_format": format })).await;
    secrets.keep("client secret", rp.secret.as_deref().unwrap());
    let browser = server.browser();
    let scope = ("scope", "openid email offline_access");
    let url = rp.authorization_url(&[scope, ("state", "canary-state"), ("nonce", "canary-nonce")]);
    let page: Page = browser.visit(&url).await;
    let wrong = "canary-wrong-password";
    secrets.keep("wrong password", wrong);
    let typed = [("username", "alice"), ("password", wrong), ("login-submit", "yes")];
    let page = browser.submit(&page, &typed).await;
    let hidden = page.form().hidden;
    secrets.keep("form token", &hidden.iter().find(|(name, _)| name == "csrf").unwrap().1);
    let page = browser.sign_in(&page, "alice").await;
    let code = browser.allow(&page).await.code();
    secrets.keep("code", &code);
    for cookie in ["signet-browser", "signet-session"] {
        secrets.keep("cookie", &browser.cookie(cookie).unwrap());
    }

    let wrong_verifier = "canary-verifier-canary-verifier-canary-verifier-1";
    secrets.keep("wrong verifier", wrong_verifier);
    let other = browser.visit(&url).await.code();
    secrets.keep("code", &other);
    rp.redeem_with(&other, &[("code_verifier", wrong_verifier)]).await.assert_error(400, "invalid_grant");
    let tokens = rp.redeem(&code).await.tokens();
    let next = rp.refresh(tokens.refresh_token()).await.tokens();
    for tokens in [&tokens, &next] {
        secrets.keep("access token", &tokens.access_token);
        secrets.keep("refresh token", tokens.refresh_token());
        secrets.keep("ID token", tokens.id_token());
    }
    assert_eq!(server.userinfo(&next.access_token).await.status(), 200);
    assert!(rp.is_active(next.refresh_token()).await);
    assert_eq!(server.get(&format!("/userinfo?access_token={}", next.access_token)).await.status(), 401);
    let damaged = format!("{}AAAA", next.access_token);
    secrets.keep("damaged token", &damaged);
    assert_eq!(server.userinfo(&damaged).await.status(), 401);
    assert_eq!(rp.revoke(&tokens.access_token).await.status, 200);
    rp.redeem(&code).await.assert_error(400, "invalid_grant");
    let guessed = "canary-guessed-secret-0123456789abcdef";
    secrets.keep("guessed secret", guessed);
    let post = [("client_id", format), ("client_secret", guessed), ("grant_type", "refresh_token")];
    server.post("/token", &post).await.assert_error(400, "invalid_client");
    browser.get(&format!("/logout?id_token_hint={}", tokens.id_token())).await;
}

/// A client assertion, good and replayed.
async fn assert_with_key(server: &TestServer, secrets: &mut Secrets) {
    let key = KeyPair::generate("ES256");
    let metadata = json!({
        "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [key.jwk] },
        "grant_types": ["client_credentials"], "redirect_uris": [], "scope": "api",
    });
    server.client("signs", metadata).await;
    let exp = server.clock.now().as_secs() + 60;
    let claims = json!({ "iss": "signs", "sub": "signs", "aud": server.issuer, "jti": "canary-jti", "exp": exp });
    let assertion = key.sign(&json!({}), &claims);
    secrets.keep("assertion", &assertion);
    secrets.keep("jti", "canary-jti");
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let params = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", kind),
        ("client_assertion", assertion.as_str()),
    ];
    server.post("/token", &params).await.tokens();
    server.post("/token", &params).await.assert_error(400, "invalid_client");
}

/// Requests that the server cannot serve because its database is damaged, then gone.
async fn break_it(server: &TestServer, secrets: &mut Secrets) {
    let rp = server.relying_party().await;
    let scope = ("scope", "openid offline_access");
    let authorized = rp.authorize_with("bob", &[scope]).await;
    let url = rp.authorization_url(&[scope, ("state", "canary-state")]);
    let code = authorized.code();
    secrets.keep("code", &code);
    secrets.keep("cookie", &authorized.browser.cookie("signet-session").unwrap());
    server.database().execute("ALTER TABLE authorization_codes RENAME TO elsewhere").await;
    assert_eq!(rp.redeem(&code).await.status, 500);
    assert_eq!(authorized.browser.get(&url).await.status, 500);
    server.app.provider.store.close().await;
    assert_eq!(rp.redeem(&code).await.status, 503);
    assert_eq!(authorized.browser.get(&url).await.status, 503);
}

//! Signed and encrypted responses (OpenID Connect Core §5.3.2, §10), and assertions keyed by the client's secret (§9):
//! readable by that client only, and never accepted as access tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, jwk::Jwk};
use serde_json::{Value, json};
use signet_crypto::encrypt;
use signet_protocol::jose::encryption::{ContentEncryption, KeyManagement};
use signet_protocol::jose::jwk::{self, SigningAlgorithm};
use signet_protocol::time::Span;

use crate::client::client_assertions::{claims as assertion_claims, outcome, present};
use crate::support::jwe::Recipient;
use crate::support::keys::{KeyPair, encode, sign_hs256};
use crate::support::upstream::{Script, Upstream};
use crate::support::{RelyingParty, TestServer, claims, header};

/// Checks the signature of a token with the key that its header names, and returns its claims.
async fn verified(server: &TestServer, token: &str) -> Value {
    let set: Value = server.get("/.well-known/jwks.json").await.json().await.unwrap();
    let head = header(token);
    let key = set["keys"].as_array().unwrap().iter().find(|key| key["kid"] == head["kid"]).expect("one of our keys");
    assert_eq!((&key["use"], &key["alg"]), (&json!("sig"), &head["alg"]), "{head}");
    let key = DecodingKey::from_jwk(&serde_json::from_value::<Jwk>(key.clone()).unwrap()).unwrap();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let alg = head["alg"].as_str().unwrap().parse().unwrap();
    assert!(jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, alg).unwrap(), "{head}");
    claims(token)
}

fn is_keyed_by(secret: &str, token: &str) -> bool {
    let (message, signature) = token.rsplit_once('.').unwrap();
    let key = DecodingKey::from_secret(secret.as_bytes());
    let by_secret = jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, jsonwebtoken::Algorithm::HS256);
    header(token)["alg"] == "HS256" && by_secret.unwrap()
}

/// The JWT that userinfo answers with.
async fn signed_userinfo(server: &TestServer, access_token: &str) -> String {
    let answer = server.userinfo(access_token).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/jwt");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    answer.text().await.unwrap()
}

#[tokio::test]
async fn userinfo_is_signed_with_the_registered_algorithm() {
    let all = SigningAlgorithm::ALL.to_vec();
    let server = TestServer::start_with(|settings| settings.keys.algorithms = all).await;
    for algorithm in SigningAlgorithm::ALL.map(SigningAlgorithm::as_str) {
        let rp = server.client(algorithm, json!({"userinfo_signed_response_alg": algorithm})).await;
        let tokens = rp.sign_in("alice").await;
        let token = signed_userinfo(&server, &tokens.access_token).await;
        assert_eq!(header(&token)["alg"], algorithm);
        let received = verified(&server, &token).await;
        assert_eq!((&received["iss"], &received["aud"]), (&json!(server.issuer), &json!(algorithm)), "{algorithm}");
        assert_eq!(
            (&received["sub"], &received["email"]),
            (&claims(tokens.id_token())["sub"], &json!("alice@example.org"))
        );
        assert_eq!(server.userinfo(&token).await.status(), 401, "it is no access token: {algorithm}");
        assert!(!rp.is_active(&token).await, "{algorithm}");
    }
}

#[tokio::test]
async fn answers_keyed_by_the_secret_follow_its_rotation() {
    let server = TestServer::start().await;
    let metadata = json!({"id_token_signed_response_alg": "HS256", "userinfo_signed_response_alg": "HS256"});
    let mut rp = server.client("rp", metadata).await;
    let old = rp.secret.clone().unwrap();
    let tokens = rp.sign_in("alice").await;
    let userinfo = signed_userinfo(&server, &tokens.access_token).await;
    for token in [tokens.id_token(), &userinfo] {
        assert!(is_keyed_by(&old, token) && !is_keyed_by("another client's secret, long enough", token));
        assert_eq!(header(token).get("kid"), None, "no one else has the key");
        assert_eq!(server.userinfo(token).await.status(), 401);
    }
    assert!(!server.database().holds(&old).await, "it is kept sealed");
    server.rotate_secret(&mut rp, None).await;
    let new = rp.secret.clone().unwrap();
    assert_ne!(new, old);
    let next = rp.refresh(tokens.refresh_token()).await.tokens();
    let userinfo = signed_userinfo(&server, &next.access_token).await;
    for token in [next.id_token(), &userinfo] {
        assert!(is_keyed_by(&new, token) && !is_keyed_by(&old, token));
    }
    let twin = server.twin().await;
    let there = rp.at(&twin).refresh(next.refresh_token()).await.tokens();
    assert!(is_keyed_by(&new, there.id_token()), "on every node");
}

/// A client that wants its answers encrypted to this key.
fn encrypted(key: &Recipient, enc: Option<&str>) -> Value {
    let mut metadata = json!({
        "profile": "oidc_classic", "grant_types": ["authorization_code", "implicit", "refresh_token"],
        "response_types": ["code", "code id_token"], "jwks": {"keys": [key.jwk]},
        "userinfo_signed_response_alg": "ES256",
        "id_token_encrypted_response_alg": key.jwk["alg"], "userinfo_encrypted_response_alg": key.jwk["alg"],
    });
    for name in ["id_token_encrypted_response_enc", "userinfo_encrypted_response_enc"] {
        metadata[name] = enc.map_or(Value::Null, Value::from);
    }
    metadata
}

/// Decrypts an answer and checks the signature inside.
async fn read(server: &TestServer, key: &Recipient, enc: &str, token: &str) -> Value {
    let head = header(token);
    assert_eq!((&head["enc"], &head["cty"]), (&json!(enc), &json!("JWT")), "RFC 7519 §5.2: {head}");
    verified(server, &key.decrypt(token)).await
}

#[tokio::test]
async fn encrypted_answers_are_read_by_their_client() {
    let server = TestServer::start().await;
    for alg in ["RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A256KW"] {
        let key = Recipient::generate(alg);
        for (asked, enc) in
            [(Some("A256GCM"), "A256GCM"), (Some("A128CBC-HS256"), "A128CBC-HS256"), (None, "A128CBC-HS256")]
        {
            let id = format!("{}-{}", alg.replace('+', "-"), asked.unwrap_or("default"));
            let rp = server.client(&id, encrypted(&key, asked)).await;
            let authorized = rp.authorize_with("alice", &[("response_type", "code id_token")]).await;
            let front = authorized.page.fragment("id_token").unwrap();
            let code = authorized.page.fragment("code").unwrap();
            let tokens = rp.redeem(&code).await.tokens();
            let userinfo = signed_userinfo(&server, &tokens.access_token).await;
            let front_claims = read(&server, &key, enc, &front).await;
            let back_claims = read(&server, &key, enc, tokens.id_token()).await;
            let received = read(&server, &key, enc, &userinfo).await;
            assert_eq!(front_claims["nonce"], "the-nonce", "{id}");
            assert!(front_claims["c_hash"].is_string() && back_claims["at_hash"].is_string(), "{id}");
            assert_eq!((&received["sub"], &received["aud"]), (&back_claims["sub"], &json!(id)), "{id}");
            assert_eq!(received["email"], "alice@example.org", "{id}");
            for token in [&front, tokens.id_token(), &userinfo] {
                assert_eq!(server.userinfo(token).await.status(), 401, "{id}");
                assert!(!rp.is_active(token).await, "{id}");
            }
        }
    }
}

#[tokio::test]
async fn a_jwt_keyed_by_a_shared_secret_is_no_access_token() {
    let server =
        TestServer::start_with(|settings| settings.keys.encryption_algorithms = KeyManagement::ALL.to_vec()).await;
    server.advance(Span::ZERO).await;
    let rp = server.client("rp", json!({"id_token_signed_response_alg": "HS256"})).await;
    let tokens = rp.sign_in("alice").await;
    let set: Value = server.get("/.well-known/jwks.json").await.json().await.unwrap();
    let access_token = claims(&tokens.access_token);
    let bytes = access_token.to_string();
    let mut forgeries = Vec::new();
    for key in jwk::encryption_keys(&set).unwrap() {
        let alg = KeyManagement::named(key.alg.as_deref().unwrap()).unwrap();
        for enc in ContentEncryption::ALL {
            forgeries.push(encrypt(&bytes, &key, alg, enc).unwrap());
            forgeries.push(encrypt(&tokens.access_token, &key, alg, enc).unwrap());
        }
    }
    let head = header(&tokens.access_token);
    let secret = rp.secret.as_deref().unwrap();
    forgeries.push(sign_hs256(secret, &json!({"typ": "at+jwt"}), &access_token));
    forgeries.push(sign_hs256(secret, &json!({"typ": "at+jwt", "kid": head["kid"]}), &access_token));
    for key in set["keys"].as_array().unwrap() {
        forgeries.push(sign_hs256(&key.to_string(), &json!({"typ": "at+jwt", "kid": key["kid"]}), &access_token));
        forgeries.push(KeyPair::generate("ES256").sign(&json!({"typ": "at+jwt", "kid": key["kid"]}), &access_token));
    }
    for forgery in &forgeries {
        assert_eq!(server.userinfo(forgery).await.status(), 401, "{forgery}");
        assert!(!rp.is_active(forgery).await, "{forgery}");
        assert_eq!(rp.revoke(forgery).await.status, 200, "{forgery}");
    }
    assert_eq!(server.userinfo(&tokens.access_token).await.status(), 200, "and none of them harmed the real one");
}

#[tokio::test]
async fn a_client_whose_key_is_gone_gets_an_error_and_no_token() {
    let server = TestServer::start_with(|settings| settings.outbound.allow_hosts = vec!["127.0.0.1".to_owned()]).await;
    let key = Recipient::generate("ECDH-ES");
    let set = |keys: &[&Value]| Script::ok("application/jwk-set+json", &json!({"keys": keys}).to_string());
    let publisher = Upstream::http(set(&[&key.jwk])).await;
    let mut metadata = encrypted(&key, Some("A256GCM"));
    metadata.as_object_mut().unwrap().remove("jwks");
    metadata["jwks_uri"] = json!(publisher.url("/jwks"));
    metadata["access_token_format"] = json!("opaque");
    let rp = server.client("rp", metadata).await;
    let authorized = rp.authorize_with("alice", &[]).await;
    let code = authorized.code();
    let tokens = rp.redeem(&code).await.tokens();
    read(&server, &key, "A256GCM", tokens.id_token()).await;

    publisher.play(set(&[&KeyPair::generate("ES256").jwk]));
    server.advance(Span::from_hours(1)).await;
    let page = authorized.browser.authorize(&rp.authorization_url(&[]), "alice").await;
    let reply = rp.redeem(&page.code()).await;
    reply.assert_error(503, "temporarily_unavailable");
    assert_eq!(reply.json().as_object().unwrap().keys().collect::<Vec<_>>(), ["error", "error_description"]);
    let hybrid =
        authorized.browser.authorize(&rp.authorization_url(&[("response_type", "code id_token")]), "alice").await;
    hybrid.assert_rejected("nothing to encrypt to", 503, "The server cannot answer right now.");
    assert!(!hybrid.has("sgac_") && !hybrid.has("sgat_"), "{hybrid:?}");

    server.advance(Span::from_secs(50)).await;
    let code = authorized.browser.authorize(&rp.authorization_url(&[]), "alice").await.code();
    rp.redeem(&code).await.assert_error(503, "temporarily_unavailable");
    publisher.play(set(&[&key.jwk]));
    server.advance(Span::from_secs(11)).await;
    let tokens = rp.redeem(&code).await.tokens();
    read(&server, &key, "A256GCM", tokens.id_token()).await;
}

/// A service that authenticates by this method.
async fn service(server: &TestServer, id: &str, method: &str, more: Value) -> RelyingParty {
    let mut metadata =
        json!({"grant_types": ["client_credentials"], "scope": "api", "token_endpoint_auth_method": method});
    more.as_object().unwrap().iter().for_each(|(name, value)| metadata[name] = value.clone());
    server.client(id, metadata).await
}

#[tokio::test]
async fn an_assertion_keyed_by_the_secret_is_accepted_once_from_its_client() {
    let server = TestServer::start().await;
    let mut rp = service(&server, "svc", "client_secret_jwt", json!({})).await;
    let secret = rp.secret.clone().unwrap();
    let assertion = sign_hs256(&secret, &json!({}), &assertion_claims(&server, "svc"));
    assert_eq!(outcome(&server, &assertion).await, "ok");
    assert_eq!(outcome(&server, &assertion).await, "invalid_client", "a replay");
    assert_eq!(outcome(&server.twin().await, &assertion).await, "invalid_client", "a replay at another node");
    let stranger = service(&server, "stranger", "client_secret_jwt", json!({})).await.secret.unwrap();
    let honest = || assertion_claims(&server, "svc");
    let with = |name: &str, value: Value| {
        let mut claims = honest();
        claims[name] = value;
        sign_hs256(&secret, &json!({}), &claims)
    };
    let fresh = sign_hs256(&secret, &json!({}), &honest());
    let parts: Vec<&str> = fresh.split('.').collect();
    let refused = [
        ("another client's secret", sign_hs256(&stranger, &json!({}), &honest())),
        ("a guess", sign_hs256("guessed-guessed-guessed-guessed-guessed", &json!({}), &honest())),
        ("no secret at all", sign_hs256("", &json!({}), &honest())),
        ("HS384 in the header", sign_hs256(&secret, &json!({"alg": "HS384"}), &honest())),
        ("unsigned", format!("{}.{}.", encode(&json!({"alg": "none"})), parts[1])),
        ("a key of the client's own", KeyPair::generate("ES256").sign(&json!({}), &honest())),
        ("for another server", with("aud", json!("https://else.example"))),
        ("expired", with("exp", json!(server.clock.now().as_secs() - 31))),
        ("about another", with("sub", json!("stranger"))),
        ("tampered", format!("{}.{}.{}", parts[0], encode(&honest()), parts[2])),
    ];
    for (rule, assertion) in refused {
        assert_eq!(outcome(&server, &assertion).await, "invalid_client", "{rule}");
    }
    for (method, status) in [("client_secret_basic", 401), ("client_secret_post", 400)] {
        let plain = RelyingParty { auth_method: method.to_owned(), ..rp.at(&server) };
        plain.client_credentials(&[]).await.assert_error(status, "invalid_client");
    }
    assert_eq!(outcome(&server, &fresh).await, "ok", "what was not tampered with");
    server.rotate_secret(&mut rp, None).await;
    let new = sign_hs256(rp.secret.as_deref().unwrap(), &json!({}), &honest());
    assert_eq!(outcome(&server, &new).await, "ok", "the new secret");
    assert!(!server.database().holds(&secret).await, "it is kept sealed");
}

#[tokio::test]
async fn no_other_client_may_key_an_assertion_by_what_it_shares_or_publishes() {
    let server = TestServer::start().await;
    let basic = service(&server, "basic", "client_secret_basic", json!({})).await;
    let by_secret = sign_hs256(basic.secret.as_deref().unwrap(), &json!({}), &assertion_claims(&server, "basic"));
    assert_eq!(outcome(&server, &by_secret).await, "invalid_client", "registered for another method");
    for algorithm in ["ES256", "RS256", "EdDSA"] {
        let key = KeyPair::generate(algorithm);
        let keys = json!({"jwks": {"keys": [key.jwk]}});
        service(&server, algorithm, "private_key_jwt", keys).await;
        let honest = || assertion_claims(&server, algorithm);
        assert_eq!(outcome(&server, &key.sign(&json!({}), &honest())).await, "ok", "{algorithm}");
        let public = ["x", "n", "e"].iter().filter_map(|name| key.jwk[*name].as_str().map(str::to_owned));
        for secret in public.chain([key.jwk.to_string(), String::new()]) {
            let confused = sign_hs256(&secret, &json!({"kid": key.jwk["kid"]}), &honest());
            assert_eq!(outcome(&server, &confused).await, "invalid_client", "{algorithm} as HS256");
        }
    }
    service(&server, "app", "none", json!({"grant_types": ["authorization_code"]})).await;
    let reply = present(&server, &sign_hs256("", &json!({}), &assertion_claims(&server, "app"))).await;
    reply.assert_error(400, "invalid_client");
}

#[tokio::test]
async fn a_key_that_is_no_point_of_its_curve_is_the_clients_fault() {
    let server = TestServer::start_with(|settings| {
        settings.outbound.allow_hosts = vec!["127.0.0.1".to_owned()];
        settings.registration.mode = signet::config::RegistrationMode::Open;
    })
    .await;
    let coordinate = URL_SAFE_NO_PAD.encode([1; 32]);
    let key = json!({"kty": "EC", "crv": "P-256", "use": "enc", "alg": "ECDH-ES", "x": coordinate, "y": coordinate});
    let set = json!({"keys": [key]});
    let wants = json!({"jwks": set, "id_token_encrypted_response_alg": "ECDH-ES"});
    let reply = crate::client::registration::send(&server, None, &crate::client::registration::with(wants)).await;
    reply.assert_error(400, "invalid_client_metadata");
    let upstream = Upstream::http(Script::ok("application/json", &set.to_string())).await;
    let wants = json!({"jwks_uri": upstream.url("/jwks"), "id_token_encrypted_response_alg": "ECDH-ES"});
    let rp = server.client("published", wants).await;
    let code = rp.authorize_as("alice").await.code();
    rp.redeem(&code).await.assert_error(400, "invalid_request");
}

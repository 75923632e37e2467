//! The keys that clients encrypt to (RFC 7516, RFC 7517 §4.2): generated after the start, published, kept and rotated.

use openidconnect::core::CoreJsonWebKeySet;
use serde_json::Value;
use signet::app::App;
use signet::config::RegistrationMode;
use signet_crypto::{DecryptError, encrypt};
use signet_protocol::ids::KeyId;
use signet_protocol::jose::encryption::{ContentEncryption, KeyManagement};
use signet_protocol::jose::jwk::{self, PublicJwk};
use signet_protocol::time::Span;

use crate::client::client_update::update;
use crate::client::registration::{open_with, register, send, with};
use crate::client::registration_management::{At, put_of};
use crate::support::{TestServer, header};

const SECRET: &str = "eyJhbGciOiJub25lIn0.e30.";

async fn server(algorithms: &[KeyManagement]) -> TestServer {
    TestServer::start_with(|settings| settings.keys.encryption_algorithms = algorithms.to_vec()).await
}

async fn key_set(server: &TestServer) -> Value {
    server.get("/.well-known/jwks.json").await.json().await.unwrap()
}

/// The key to which a client would encrypt by this algorithm.
async fn recipient(server: &TestServer, alg: KeyManagement) -> Option<PublicJwk> {
    let keys = jwk::encryption_keys(&key_set(server).await).unwrap();
    keys.into_iter().find(|key| key.alg.as_deref() == Some(alg.as_str()))
}

fn encrypted(key: &PublicJwk, alg: KeyManagement) -> String {
    encrypt(SECRET, key, alg, ContentEncryption::A256Gcm).unwrap()
}

async fn decrypts(server: &TestServer, token: &str) -> bool {
    let decrypted = server.app.provider.keys.decrypt(&server.app.realm.id, token, None, server.clock.now());
    decrypted.await.is_ok_and(|plain| plain.as_str() == SECRET)
}

#[tokio::test]
async fn keys_for_encryption_come_after_the_start_and_outlive_it() {
    let server = server(&KeyManagement::ALL).await;
    assert_eq!(server.app.readiness().await, Ok(()), "the server answers before it has them");
    assert!(recipient(&server, KeyManagement::EcdhEs).await.is_none());
    server.advance(Span::ZERO).await;
    let restarted = server.twin_with(|settings| settings.keys.encryption_algorithms = Vec::new()).await;
    for alg in KeyManagement::ALL {
        let key = recipient(&server, alg).await.unwrap();
        let token = encrypted(&key, alg);
        assert_eq!(header(&token)["kid"], key.thumbprint());
        assert!(decrypts(&server, &token).await, "{alg:?}");
        assert!(decrypts(&restarted, &token).await, "{alg:?}: another process, which makes none itself");
        let stranger = PublicJwk { kid: Some("stranger".to_owned()), ..key };
        let to_stranger = encrypted(&stranger, alg);
        let refused = server.app.provider.keys.decrypt(&server.app.realm.id, &to_stranger, None, server.clock.now());
        assert_eq!(refused.await.err(), Some(DecryptError::Failed));
    }
    let set = key_set(&server).await;
    let keys = set["keys"].as_array().unwrap();
    let uses: Vec<&str> = keys.iter().map(|key| key["use"].as_str().unwrap()).collect();
    assert_eq!(uses, ["sig", "sig", "enc", "enc", "enc"]);
    let others = serde_json::from_value::<CoreJsonWebKeySet>(set.clone()).unwrap();
    assert_eq!(others.keys().len(), 2, "who knows no encryption reads the keys that sign");
    let others = serde_json::from_value::<jsonwebtoken::jwk::JwkSet>(set.clone()).unwrap();
    assert_eq!(others.keys.len(), 5);
    let mut kids: Vec<&str> = keys.iter().map(|key| key["kid"].as_str().unwrap()).collect();
    kids.sort_unstable();
    kids.dedup();
    assert_eq!(kids.len(), 5);
}

#[tokio::test]
async fn a_server_without_encryption_algorithms_has_no_keys_for_it() {
    let server = server(&[]).await;
    server.advance(Span::from_days(1)).await;
    assert!(key_set(&server).await["keys"].as_array().unwrap().iter().all(|key| key["use"] == "sig"));
}

#[tokio::test]
async fn keys_of_a_setting_that_is_gone_stay_in_use_until_they_are_dropped() {
    let mut server = server(&[KeyManagement::EcdhEs]).await;
    server.advance(Span::ZERO).await;
    server.stop_jobs().await;
    let first = recipient(&server, KeyManagement::EcdhEs).await.unwrap();
    let later = server.twin_with(|settings| settings.keys.encryption_algorithms = Vec::new()).await;
    assert!(decrypts(&later, &encrypted(&first, KeyManagement::EcdhEs)).await);
    later.advance(Span::from_days(29)).await;
    later.advance(Span::from_days(1)).await;
    let second = recipient(&later, KeyManagement::EcdhEs).await.unwrap();
    assert_ne!(second.kid, first.kid, "it rotates");
    let advertised = |document: Value| document["request_object_encryption_alg_values_supported"].clone();
    let discovery = async || later.get("/.well-known/openid-configuration").await.json().await.unwrap();
    assert_eq!(advertised(discovery().await), serde_json::json!(["ECDH-ES"]));

    let provider = &later.app.provider;
    for kid in [first.kid.unwrap(), second.kid.unwrap()] {
        let kid = KeyId::from_stored(kid);
        let dropped = later.operator(&later.context()).keys(&provider.keys).compromise(&kid).await;
        dropped.unwrap();
    }
    later.advance(Span::ZERO).await;
    assert!(recipient(&later, KeyManagement::EcdhEs).await.is_none(), "and gets no successor");
    assert_eq!(advertised(discovery().await), Value::Null);
}

#[tokio::test]
async fn a_client_that_would_encrypt_to_a_server_without_keys_is_refused_and_learns_why() {
    let body = with(serde_json::json!({ "request_object_encryption_alg": "ECDH-ES" }));
    let without = open_with(|_| {}).await;
    let refused = send(&without, None, &body).await;
    refused.assert_error(400, "invalid_client_metadata");
    let why = refused.json()["error_description"].as_str().unwrap().to_owned();
    assert!(why.contains("request_object_encryption_alg") && why.contains("cannot decrypt request objects"), "{why}");
    let with_keys = open_with(|settings| settings.keys.encryption_algorithms = vec![KeyManagement::EcdhEs]).await;
    assert_eq!(register(&with_keys, &body).await["request_object_encryption_alg"], "ECDH-ES");
}

#[tokio::test]
async fn a_client_keeps_an_algorithm_that_the_settings_name_no_more_and_others_take_it_while_there_is_a_key() {
    let ecdh = KeyManagement::EcdhEs;
    let mut server = open_with(|settings| settings.keys.encryption_algorithms = vec![ecdh]).await;
    let body = with(serde_json::json!({ "request_object_encryption_alg": "ECDH-ES" }));
    let kept = register(&server, &body).await;
    server.advance(Span::ZERO).await;
    server.stop_jobs().await;
    let later = server.twin_with(|settings| {
        settings.registration.mode = RegistrationMode::Open;
        settings.keys.encryption_algorithms = Vec::new();
    });
    let later = later.await;
    register(&later, &body).await;
    let id = kept["client_id"].as_str().unwrap();
    update(&later, id, |client| client.client_name = "By an operator".to_owned()).await;

    let kid = KeyId::from_stored(recipient(&later, ecdh).await.unwrap().kid.unwrap());
    let provider = &later.app.provider;
    later.operator(&later.context()).keys(&provider.keys).compromise(&kid).await.unwrap();
    later.advance(Span::ZERO).await;
    send(&later, None, &body).await.assert_error(400, "invalid_client_metadata");
    let renamed = update(&later, id, |client| client.client_name = "Again".to_owned()).await;
    assert_eq!(renamed.changed.len(), 1);
    let itself = At::own(&later, &kept).put(&put_of(&kept, serde_json::json!({ "client_name": "Itself" }))).await;
    assert_eq!(itself.status, 200, "{itself:?}");
}

#[tokio::test]
async fn a_rotated_key_decrypts_what_was_encrypted_to_it_until_its_retention_has_passed() {
    let server = server(&[KeyManagement::EcdhEs]).await;
    server.advance(Span::ZERO).await;
    let alg = KeyManagement::EcdhEs;
    let old = recipient(&server, alg).await.unwrap();
    let rotated = server.app.provider.keys.rotate(&server.app.realm.id, alg, server.clock.now()).await.unwrap();
    server.app.follow().await.unwrap();
    assert!(rotated.announced_now);
    assert_eq!(recipient(&server, alg).await.as_ref(), Some(&old), "every node knows it before a client does");
    server.advance(Span::from_hours(1)).await;
    let new = recipient(&server, alg).await.unwrap();
    assert_eq!(new.kid.as_deref(), Some(rotated.kid.as_str()));
    let to_old = encrypted(&old, alg);
    let to_new = encrypted(&new, alg);
    assert!(decrypts(&server, &to_old).await && decrypts(&server, &to_new).await);
    server.advance(Span::from_days(7)).await;
    assert!(!decrypts(&server, &to_old).await && decrypts(&server, &to_new).await);
    let rows = server.database().query("SELECT kid FROM signing_keys WHERE algorithm = 'ECDH-ES'").await;
    assert_eq!(rows.len(), 1, "its private part is deleted");
}

#[tokio::test]
async fn a_key_for_encryption_never_becomes_one_that_signs() {
    let server = server(&[KeyManagement::EcdhEs]).await;
    server.advance(Span::ZERO).await;
    let relabel = "UPDATE signing_keys SET algorithm = 'ES256', generation = 9 WHERE algorithm = 'ECDH-ES'";
    assert_eq!(server.database().execute(relabel).await, 1);
    let refused = App::open(server.settings(), server.clock.clone()).await.err();
    assert!(refused.unwrap().to_string().contains("stored key"), "it is sealed for another purpose");
}

#[tokio::test]
async fn a_sealed_secret_opens_in_its_own_place_only() {
    let server = TestServer::start().await;
    let keys = &server.app.provider.keys;
    let sealed = keys.seal(b"a client's secret", "default|web|client-secret").unwrap();
    assert_eq!(keys.open(&sealed, "default|web|client-secret").unwrap().as_slice(), b"a client's secret");
    assert!(keys.open(&sealed, "default|other|client-secret").is_none());
    let user = server.add_user("pairwise").await;
    let subject = keys.pairwise().unwrap().subject("rp.example", &user).unwrap();
    let twin = server.twin().await;
    assert_eq!(twin.app.provider.keys.pairwise().unwrap().user("rp.example", &subject), Some(user), "on every node");
}

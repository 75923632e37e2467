//! Encrypted request objects (RFC 9101 §6.1).

use serde_json::json;
use signet_crypto::encrypt;
use signet_protocol::jose::encryption::{ContentEncryption, KeyManagement};
use signet_protocol::jose::jwk;
use signet_protocol::time::Span;

use super::{UNSIGNED, signer};
use crate::support::TestServer;
use crate::support::keys::{KeyPair, encode};

#[tokio::test]
async fn an_encrypted_object_is_decrypted_and_still_has_to_be_signed() {
    let server =
        TestServer::start_with(|settings| settings.keys.encryption_algorithms = KeyManagement::ALL.to_vec()).await;
    server.advance(Span::ZERO).await;
    let signer = signer(&server, "rp", json!({})).await;
    let keys = jwk::encryption_keys(&server.get("/.well-known/jwks.json").await.json().await.unwrap()).unwrap();
    let object = signer.object(json!({}));
    for alg in KeyManagement::ALL {
        let key = keys.iter().find(|key| key.alg.as_deref() == Some(alg.as_str())).unwrap();
        for enc in ContentEncryption::ALL {
            let token = encrypt(&object, key, alg, enc).unwrap();
            let page = signer.get(&token).await;
            assert_eq!(page.parameter("state").as_deref(), Some("signed-state"), "{alg:?} {enc:?}");
            let reply = signer.rp.post("/par", &[("request", &token)]).await;
            assert_eq!(reply.status, 201, "{alg:?} {enc:?}: {reply:?}");

            let refused = |rule: &'static str, token: String| (format!("{rule}: {alg:?} {enc:?}"), token);
            let stranger = jwk::PublicJwk { kid: Some("stranger".to_owned()), ..key.clone() };
            let nameless = jwk::PublicJwk { kid: None, ..key.clone() };
            let payload = signer.claims(json!({})).to_string();
            let none = format!("{}.{}.", encode(&json!({"alg": "none"})), encode(&signer.claims(json!({}))));
            let forged = KeyPair::generate("ES256").sign(&json!({}), &signer.claims(json!({})));
            let parts: Vec<&str> = token.split('.').collect();
            let mut header = crate::support::header(&token);
            header["zip"] = json!("DEF");
            let mut rows = vec![
                refused("to another key", encrypt(&object, &stranger, alg, enc).unwrap()),
                refused("without a kid", encrypt(&object, &nameless, alg, enc).unwrap()),
                refused("not signed", encrypt(&payload, key, alg, enc).unwrap()),
                refused("alg none inside", encrypt(&none, key, alg, enc).unwrap()),
                refused("signed by another", encrypt(&forged, key, alg, enc).unwrap()),
                refused("encrypted twice", encrypt(&token, key, alg, enc).unwrap()),
                refused(
                    "zip added to the header",
                    [&encode(&header)[..], parts[1], parts[2], parts[3], parts[4]].join("."),
                ),
            ];
            for at in 0..5 {
                let mut changed: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
                let other = if changed[at].starts_with('A') { "B" } else { "A" };
                if !changed[at].is_empty() {
                    changed[at].replace_range(..1, other);
                    rows.push(refused("tampered", changed.join(".")));
                }
            }
            for (rule, token) in rows {
                signer.refuse(&rule, &token, "invalid_request_object", UNSIGNED).await;
            }
        }
    }
}

//! Tokens with a genuine signature but missing or wrong claims (RFC 9068 §4, RFC 7519 §4.1) are refused.

use serde_json::{Value, json};
use signet::app::{ensure_realm, key_policy};
use signet::config::Settings;
use signet::keys::Keyring;
use signet_crypto::MasterKey;
use signet_protocol::ids::RealmId;
use signet_protocol::jose::jwk::SigningAlgorithm;
use signet_store::Store;
use signet_store::clock::Clock;

use crate::admin::revoking_commands::Scene;
use crate::support::place::Place;
use crate::support::{Reply, TestServer, claims};

/// The signing keys of a server in another process.
pub struct SigningKeys {
    keyring: Keyring,
    realm: RealmId,
}

impl SigningKeys {
    pub async fn of(place: &Place) -> Self {
        let settings = Settings::load(Some(&place.path().join("signet.toml")), std::iter::empty()).unwrap();
        let store = Store::open(&place.database().url, 2).await.unwrap();
        let realm = ensure_realm(&store, Clock::System.now()).await.unwrap();
        let master = MasterKey::require(&place.path().join("keys")).unwrap();
        let realms = std::slice::from_ref(&realm);
        let keyring = Keyring::load(store, Some(master), key_policy(&settings), realms).await.unwrap();
        Self { keyring, realm }
    }

    /// Signs these claims as an access token.
    pub fn sign(&self, claims: &Value) -> String {
        let keys = self.keyring.of(&self.realm);
        keys.sign_jwt(claims, "at+jwt", SigningAlgorithm::ES256, Clock::System.now()).unwrap()
    }
}

/// Signs these claims with the key of access tokens.
fn signed(server: &TestServer, claims: &Value, typ: &str) -> String {
    let keys = server.app.provider.keys.of(&server.app.realm.id);
    keys.sign_jwt(claims, typ, SigningAlgorithm::ES256, server.clock.now()).unwrap()
}

#[tokio::test]
async fn a_signed_token_with_bad_or_missing_claims_is_refused() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let good = claims(&rp.sign_in("alice").await.access_token);
    let now = server.clock.now().as_secs();
    let skew = server.app.provider.lifetimes.skew.as_secs();
    let rows = [
        ("as it is", json!({}), 200),
        ("no exp", json!({"exp": null}), 401),
        ("exp now", json!({"exp": now}), 401),
        ("expired by the skew and a second", json!({"exp": now - skew - 1}), 401),
        ("exp as text", json!({"exp": (now + 600).to_string()}), 401),
        ("no iss", json!({"iss": null}), 401),
        ("another iss", json!({"iss": "https://evil.example"}), 401),
        ("iss with a slash", json!({"iss": format!("{}/", server.issuer)}), 401),
        ("no aud", json!({"aud": null}), 401),
        ("another aud", json!({"aud": "https://api.example"}), 401),
        ("no client_id", json!({"client_id": null}), 401),
        ("an unknown client", json!({"client_id": "unheard-of"}), 401),
        ("no sub", json!({"sub": null}), 401),
        ("an unknown sub", json!({"sub": "unheard-of"}), 401),
        ("no jti", json!({"jti": null}), 401),
        ("a jti that is none of ours", json!({"jti": "1"}), 401),
        ("no iat", json!({"iat": null}), 401),
        ("iat ahead within the skew", json!({"iat": now + skew - 5}), 200),
        ("iat ahead beyond the skew", json!({"iat": now + skew + 60}), 401),
        ("no nbf", json!({"nbf": null}), 401),
        ("nbf ahead within the skew", json!({"nbf": now + skew - 5}), 200),
        ("nbf ahead beyond the skew", json!({"nbf": now + skew + 60}), 401),
        ("a scope that the client may not have", json!({"scope": "openid api"}), 401),
        ("no scope", json!({"scope": null}), 403),
    ];
    for (rule, change, status) in rows {
        let mut all = good.clone();
        change.as_object().unwrap().iter().for_each(|(name, value)| all[name] = value.clone());
        all.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        let reply = Reply::of(server.userinfo(&signed(&server, &all, "at+jwt")).await).await;
        assert_eq!(reply.status, status, "{rule}: {reply:?}");
        if status == 401 {
            let challenge = reply.header("www-authenticate").unwrap();
            assert!(
                challenge.starts_with("Bearer") && challenge.contains("error=\"invalid_token\""),
                "{rule}: {challenge}"
            );
        }
    }
    for typ in ["logout+jwt", "AT+JWT", ""] {
        assert_eq!(server.userinfo(&signed(&server, &good, typ)).await.status(), 401, "typ {typ}");
    }
    // A resource may want this type for its access tokens; ID tokens have it too, but no client_id.
    assert_eq!(server.userinfo(&signed(&server, &good, "JWT")).await.status(), 200);
    let mut nameless = good.clone();
    nameless.as_object_mut().unwrap().remove("client_id");
    assert_eq!(server.userinfo(&signed(&server, &nameless, "JWT")).await.status(), 401);
}

#[tokio::test]
async fn a_token_lives_for_the_same_time_in_every_time_zone() {
    // POSIX time zones, which need no database: nine hours east and eight hours west.
    for zone in ["JST-9", "PST8"] {
        let scene = Scene::set_with(&[("TZ", zone)]).await;
        let fresh = scene.rp.sign_in("alice").await.access_token;
        let good = claims(&fresh);
        let now = Clock::System.now().as_secs();
        assert!((now - good["iat"].as_i64().unwrap()).abs() <= 60, "{zone}: {good}");
        let keys = SigningKeys::of(&scene.place).await;
        let rows = [
            ("as it is", json!({}), 200),
            ("a minute before its end", json!({"exp": now + 60}), 200),
            ("a second after its end", json!({"exp": now - 1}), 401),
            ("an hour after its end", json!({"exp": now - 3600}), 401),
            ("of an hour ahead", json!({"iat": now + 3600}), 401),
            ("from an hour ahead", json!({"nbf": now + 3600}), 401),
        ];
        for (rule, change, status) in rows {
            let mut all = good.clone();
            change.as_object().unwrap().iter().for_each(|(name, value)| all[name] = value.clone());
            let userinfo = scene.rp.http.get(format!("{}/userinfo", scene.rp.issuer)).bearer_auth(keys.sign(&all));
            assert_eq!(userinfo.send().await.unwrap().status(), status, "{zone}: {rule}");
        }
    }
}

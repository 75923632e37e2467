//! Secrets of migrated applications, shorter than this server's own (RFC 6749 §10.10), and guesses at them.

use serde_json::{Value, json};
use signet::flows::admin::{ClientsError, Registrar, SecretError, SecretSource};
use signet_protocol::ids::ClientId;
use signet_protocol::secret::ClientSecret;
use signet_protocol::time::Span;

use crate::support::{RelyingParty, TestServer};

#[tokio::test]
async fn a_weak_secret_is_taken_on_demand_alone_and_never_where_it_signs() {
    let server = TestServer::start().await;
    let context = server.context();
    let operator = server.operator(&context);
    let registrar = server.registrar(&operator);
    let add = async |id: &str, metadata: Value, source: SecretSource| {
        let metadata = serde_json::from_value(metadata).unwrap();
        registrar.add(ClientId::parse(id).unwrap(), metadata, source).await.map(|_| ())
    };
    let secret = |text: &str| ClientSecret::parse(text).unwrap();
    let plain = json!({ "redirect_uris": ["https://rp.example/cb"], "grant_types": ["client_credentials"] });
    let mut keyed = plain.clone();
    keyed["id_token_signed_response_alg"] = json!("HS256");
    let seven = add("seven", plain.clone(), SecretSource::Existing(secret("1234567"))).await;
    assert!(matches!(seven, Err(ClientsError::Secret(SecretError::Short))), "{seven:?}");
    let unasked = add("unasked", plain.clone(), SecretSource::Given(secret("12345678"))).await;
    assert!(matches!(unasked, Err(ClientsError::Secret(SecretError::Weak))), "{unasked:?}");
    let signs = add("signs", keyed, SecretSource::Existing(secret("12345678"))).await;
    assert!(matches!(signs, Err(ClientsError::Secret(SecretError::WeakKey))), "{signs:?}");
    add("strong", plain.clone(), SecretSource::Existing(secret(&"x".repeat(32)))).await.unwrap();
    add("weak", plain, SecretSource::Existing(secret("12345678"))).await.unwrap();
    server.app.follow().await.unwrap();

    let mut rp = RelyingParty::new(&server, "weak", Some("12345678".to_owned()), json!({}));
    rp.client_credentials(&[]).await.tokens();
    let id = ClientId::parse("weak").unwrap();
    registrar.rotate_secret(id, SecretSource::Existing(secret("abcdefgh"))).await.unwrap();
    server.app.follow().await.unwrap();
    rp.secret = Some("abcdefgh".to_owned());
    rp.client_credentials(&[]).await.tokens();
    let query = "SELECT client_id FROM audit_events WHERE event = 'client.weak_secret_set'";
    assert_eq!(server.database().query(query).await, [[b"weak".to_vec()], [b"weak".to_vec()]]);
}

#[tokio::test]
async fn guessing_a_weak_secret_is_stopped_by_network_and_then_for_all() {
    let server = TestServer::stopped_with(|settings| {
        settings.limits.enabled = true;
        settings.limits.secret_failures = 3;
        settings.proxy.trusted = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let grants = json!({ "grant_types": ["client_credentials"], "token_endpoint_auth_method": "client_secret_post" });
    server.client("rp", grants.clone()).await;
    let other = server.client("other", grants).await;
    let right = "12345678".to_owned();
    let context = server.context();
    let operator = server.operator(&context);
    let supported = server.app.provider.supported(&server.app.realm.id);
    let registrar = Registrar { operator: &operator, supported, keys: None };
    let weak = SecretSource::Existing(ClientSecret::parse(&right).unwrap());
    registrar.rotate_secret(ClientId::parse("rp").unwrap(), weak).await.unwrap();
    server.app.follow().await.unwrap();
    let at = async |client: &str, address: &str, path: &str, secret: &str| {
        let form =
            [("grant_type", "client_credentials"), ("token", "x"), ("client_id", client), ("client_secret", secret)];
        let request = server.http.post(server.url(path)).header("x-forwarded-for", address).form(&form);
        request.send().await.unwrap().status().as_u16()
    };
    let from = async |address: &str, path: &str, secret: &str| at("rp", address, path, secret).await;
    let paths = ["/token", "/par", "/revoke", "/introspect"];
    for _ in 0..20 {
        assert_eq!(from("192.0.2.1", "/token", "an old secret").await, 400, "a repeated secret is no guess");
    }
    for (guess, path) in paths.iter().enumerate().take(2) {
        assert_eq!(from("192.0.2.2", path, &format!("guess {guess}")).await, 400, "{path}");
    }
    for path in paths {
        assert_eq!(from("192.0.2.3", path, &right).await, 429, "{path}: the secret is not compared");
    }
    for _ in 0..100 {
        assert_eq!(from("198.51.100.1", "/token", &right).await, 200, "another network; right secrets are not counted");
    }
    for guess in 0..100 {
        assert_eq!(at("other", "192.0.2.1", "/token", &format!("guess {guess}")).await, 400);
    }
    assert_eq!(
        at("other", "192.0.2.1", "/token", other.secret.as_deref().unwrap()).await,
        200,
        "strong secrets need no limit"
    );
    server.clock.advance(Span::from_secs(20));
    assert_eq!(from("192.0.2.1", "/token", &right).await, 200, "attempts come back");
    for network in 0..20 {
        for guess in 0..3 {
            from(&format!("203.0.{network}.1"), "/token", &format!("guess {guess}")).await;
        }
    }
    assert_eq!(from("198.51.100.1", "/token", &right).await, 429, "guesses from ever more networks");
    other.client_credentials(&[]).await.tokens();
}

//! Secrets that an application brings from elsewhere, shorter than those of this server (RFC 6749 §10.10).

use serde_json::{Value, json};
use signet::flows::administer::{self, AdminError, Registrar, SecretSource};
use signet::protocol::ids::ClientId;
use signet::protocol::secret::ClientSecret;

use crate::support::{RelyingParty, TestServer};

#[tokio::test]
async fn a_weak_secret_is_taken_on_demand_alone_and_never_where_it_signs() {
    let server = TestServer::start().await;
    let provider = &server.app.provider;
    let context = server.context();
    let keys = Some(&provider.keys);
    let registrar = || Registrar { store: &provider.store, context: &context, supported: provider.supported(), keys };
    let add = async |id: &str, metadata: Value, source: SecretSource| {
        let metadata = serde_json::from_value(metadata).unwrap();
        administer::add_client(&registrar(), ClientId::parse(id).unwrap(), metadata, source).await.map(|_| ())
    };
    let secret = |text: &str| ClientSecret::parse(text).unwrap();
    let plain = json!({ "redirect_uris": ["https://rp.example/cb"], "grant_types": ["client_credentials"] });
    let mut keyed = plain.clone();
    keyed["id_token_signed_response_alg"] = json!("HS256");
    let seven = add("seven", plain.clone(), SecretSource::Existing(secret("1234567"))).await;
    assert!(matches!(seven, Err(AdminError::ShortSecret)), "{seven:?}");
    let unasked = add("unasked", plain.clone(), SecretSource::Given(secret("12345678"))).await;
    assert!(matches!(unasked, Err(AdminError::WeakSecret)), "{unasked:?}");
    let signs = add("signs", keyed, SecretSource::Existing(secret("12345678"))).await;
    assert!(matches!(signs, Err(AdminError::WeakKey)), "{signs:?}");
    add("strong", plain.clone(), SecretSource::Existing(secret(&"x".repeat(32)))).await.unwrap();
    add("weak", plain, SecretSource::Existing(secret("12345678"))).await.unwrap();
    server.app.follow().await.unwrap();

    let mut rp = RelyingParty::new(&server, "weak", Some("12345678".to_owned()), json!({}));
    rp.client_credentials(&[]).await.tokens();
    let id = ClientId::parse("weak").unwrap();
    administer::rotate_secret(&registrar(), id, SecretSource::Existing(secret("abcdefgh"))).await.unwrap();
    server.app.follow().await.unwrap();
    rp.secret = Some("abcdefgh".to_owned());
    rp.client_credentials(&[]).await.tokens();
    let query = "SELECT client_id FROM audit_events WHERE event = 'client.weak_secret_set'";
    assert_eq!(server.database().query(query).await, [[b"weak".to_vec()], [b"weak".to_vec()]]);
}

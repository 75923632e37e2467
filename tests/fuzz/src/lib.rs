//! The pure rules as the server has them, and clients to try them with.

use serde_json::{Value, json};
use signet_protocol::client::{Client, ClientMetadata};
use signet_protocol::ids::ClientId;

/// The grants, authentication methods and algorithms that metadata is checked against.
pub const SUPPORTED: signet_protocol::client::Supported<'static> = signet_protocol::client::Supported {
    grants: &["authorization_code", "client_credentials", "refresh_token"],
    auth_methods: &["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
    decryption: std::borrow::Cow::Borrowed(&signet_protocol::jose::encryption::KeyManagement::ALL),
    algorithms: &signet_protocol::jose::jwk::SigningAlgorithm::ALL,
    profiles: &signet_protocol::client::profile::Profile::ALL,
};

/// A client with this metadata.
pub fn client(metadata: Value) -> Client {
    let metadata: ClientMetadata = serde_json::from_value(metadata).expect("client metadata");
    metadata.check(&SUPPORTED).expect("metadata that is accepted");
    let id = ClientId::parse("rp").expect("an id");
    Client { id, metadata, secrets: Vec::new(), enabled: true, registration: None, logo: None }
}

/// One client of each kind that requests are decided differently for.
pub fn clients() -> Vec<Client> {
    let scope = "openid profile email offline_access api";
    vec![
        client(
            json!({"redirect_uris": ["https://rp.example/cb"], "scope": scope, "audiences": ["https://api.example/"]}),
        ),
        client(json!({"redirect_uris": ["http://127.0.0.1/cb", "com.example.app:/cb"], "scope": scope,
            "token_endpoint_auth_method": "none"})),
        client(json!({"redirect_uris": ["https://rp.example/cb?a=b"], "scope": scope, "profile": "oidc_classic",
            "default_max_age": 60})),
    ]
}

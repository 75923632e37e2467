//! The tools of the tests: a server for each test, a browser, and a relying party. Everything uses public HTTP; only
//! clients and users are added with the commands' functions.

pub mod administrator;
pub mod browser;
pub mod database;
pub mod jwe;
pub mod keys;
pub mod log;
pub mod mail_sink;
pub mod orders;
pub mod place;
pub mod proxy;
pub mod receiver;
pub mod relying_party;
pub mod server;
pub mod upstream;

pub use administrator::Administrator;
pub use browser::{Browser, Form, Page};
pub use mail_sink::MailSink;
pub use orders::UserChange;
pub use proxy::{Line, Proxy};
pub use receiver::Receiver;
pub use relying_party::{RelyingParty, Reply, Tokens};
pub use server::TestServer;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation};
use serde_json::Value;

/// The number of runs of a race: a few, or `RACE_ROUNDS`.
pub fn rounds(few: usize) -> usize {
    std::env::var("RACE_ROUNDS").map_or(few, |text| text.parse().expect("a number"))
}

/// The claims of a token for this audience that a published key has signed by this algorithm. It may have no `exp`.
pub async fn verified(server: &TestServer, token: &str, alg: &str, audience: &str) -> Value {
    let set: JwkSet = server.get("/jwks").await.json().await.unwrap();
    let kid = header(token)["kid"].as_str().unwrap().to_owned();
    let key = DecodingKey::from_jwk(set.find(&kid).expect("the key is published")).unwrap();
    let mut validation = Validation::new(alg.parse().unwrap());
    validation.set_audience(&[audience]);
    validation.set_issuer(&[&server.app.settings.issuer]);
    validation.set_required_spec_claims(&["iss", "aud"]);
    jsonwebtoken::decode::<Value>(token, &key, &validation).expect("a valid signature").claims
}

/// The claims of a JWT, unverified.
pub fn claims(token: &str) -> Value {
    part(token, 1)
}

/// The header of a JWT.
pub fn header(token: &str) -> Value {
    part(token, 0)
}

fn part(token: &str, index: usize) -> Value {
    use base64::Engine as _;
    let part = token.split('.').nth(index).expect("a JWT has three parts");
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).expect("base64url");
    serde_json::from_slice(&bytes).expect("JSON")
}

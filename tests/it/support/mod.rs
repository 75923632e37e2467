//! What the stories are told with: a server of their own each, a browser, and a relying party. Everything goes
//! through public HTTP; only clients and users are registered as the commands do it.

pub mod administrator;
pub mod browser;
pub mod database;
pub mod jwe;
pub mod keys;
pub mod log;
pub mod mail_sink;
pub mod proxy;
pub mod receiver;
pub mod relying_party;
pub mod server;
pub mod upstream;

pub use administrator::Administrator;
pub use browser::{Browser, Form, Page};
pub use mail_sink::MailSink;
pub use proxy::{Line, Proxy};
pub use receiver::Receiver;
pub use relying_party::{RelyingParty, Reply, Tokens};
pub use server::TestServer;

use serde_json::Value;

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

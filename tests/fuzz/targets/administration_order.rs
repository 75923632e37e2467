//! Bodies of the administration API: an order holds exactly what the body says, and no error repeats any of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use signet_protocol::admin::order::{Order, What};

fuzz_target!(|data: &[u8]| {
    let order = match Order::parse(data) {
        Ok(order) => order,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let body: Value = serde_json::from_slice(data).expect("JSON");
    let member = |name: &str| body.get(name).and_then(Value::as_str);
    let (target, fits) = match &order.what {
        What::Presented(token) => ("token", member("token") == Some(token.expose())),
        What::Token(id) => ("token", member("jti") == Some(id.as_str())),
        What::Grant(id) => ("grant", member("id") == Some(id.as_str())),
        What::Session(id) => ("session", member("id") == Some(id.as_str())),
        What::Consent { username, client } => {
            ("consent", member("username") == Some(username) && member("client") == Some(client.as_str()))
        }
        What::User { username, until } => {
            ("user", member("username") == Some(username) && member("until").is_some() == until.is_some())
        }
        What::Client(id) => ("client", member("id") == Some(id.as_str())),
        What::Realm => ("realm", true),
    };
    assert_eq!(member("target"), Some(target));
    assert!(fits, "{body}");
});

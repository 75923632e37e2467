//! The `Authorization` header: what is read stands in the header, bounded and of the right alphabet.
#![no_main]

use libfuzzer_sys::fuzz_target;
use signet_protocol::client::credentials::{self, Authorization, MAX_BEARER};

fuzz_target!(|data: &[u8]| {
    match credentials::parse(&[data]) {
        Ok(Authorization::None) => panic!("there is a header"),
        Ok(Authorization::Basic(basic)) => {
            assert!(data[..5].eq_ignore_ascii_case(b"basic"));
            assert!(basic.client_id.as_str().bytes().all(|byte| (0x21..=0x7e).contains(&byte)));
            assert!(!basic.client_id.as_str().is_empty());
        }
        Ok(Authorization::Bearer(token)) => {
            assert!(data[..6].eq_ignore_ascii_case(b"bearer") && data.ends_with(token.as_bytes()));
            assert!(!token.is_empty() && token.len() <= MAX_BEARER);
            assert!(token.bytes().all(|byte| byte.is_ascii_graphic()));
        }
        Err(error) => assert!(!error.description.is_empty()),
    }
    assert!(credentials::parse(&[data, data]).is_err(), "two headers");
});

//! The `Cookie` header: a cookie is found where it stands once, whatever other sites have planted beside it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use signet_protocol::cookie_header::single;

const NAME: &str = "__Host-signet-session";

fuzz_target!(|data: &[u8]| {
    let lines = || data.split(|byte| *byte == b'\n');
    let found = single(lines(), NAME);
    if let Some(value) = found {
        assert!(!value.contains(';'));
        assert!(value.is_empty() || data.windows(value.len()).any(|part| part == value.as_bytes()));
    }
    // Ours beside anything that does not name it.
    let named = data.windows(NAME.len()).any(|part| part == NAME.as_bytes());
    let own = format!("{NAME}=sgss_own");
    let beside = single(lines().chain([own.as_bytes()]), NAME);
    if !named {
        assert_eq!((found, beside), (None, Some("sgss_own")));
    }
    if found.is_some() {
        assert_eq!(beside, None, "it is repeated");
    }
});

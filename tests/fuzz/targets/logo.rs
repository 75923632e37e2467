//! Logos: one kind at most, recognized by its first bytes, and never anything that a browser could run.
#![no_main]

use libfuzzer_sys::fuzz_target;
use signet_protocol::client::logo::{LogoType, MAX_LOGO};

fuzz_target!(|data: &[u8]| {
    let Ok(kind) = LogoType::of(data) else { return };
    assert!(data.len() <= MAX_LOGO);
    assert!(kind.media_type().starts_with("image/") && kind.media_type() != "image/svg+xml");
    assert!(!data.starts_with(b"<") && !data.starts_with(b"%") && !data.starts_with(b"GIF"));
});

//! `traceparent`: what is read has the form of W3C Trace Context §3.2 and stands in the header.
#![no_main]

use libfuzzer_sys::fuzz_target;
use signet_protocol::trace_context::TraceParent;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some(parent) = TraceParent::parse(text) else { return };
    assert_eq!(&text[3..35], parent.trace_id);
    assert_eq!(&text[36..52], parent.parent_id);
    for id in [parent.trace_id, parent.parent_id] {
        assert!(u128::from_str_radix(id, 16).is_ok_and(|id| id != 0));
        assert!(!id.bytes().any(|digit| digit.is_ascii_uppercase()));
    }
    assert!(text.len() == 55 || !text.starts_with("00"));
});

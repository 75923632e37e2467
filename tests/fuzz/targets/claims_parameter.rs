//! The `claims` parameter: what is read is bounded, names nothing but claims that there are, and is stored as it is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use signet_protocol::claims::requested::{MAX_CLAIMS, RequestedClaims};
use signet_protocol::claims::standard::is_person_claim;
use signet_protocol::jose::jws::strict_object;

fuzz_target!(|data: &[u8]| {
    // The parameter, and after a line feed `claims_locales`.
    let text = String::from_utf8_lossy(data);
    let (claims, locales) = text.split_once('\n').map_or((&*text, None), |(claims, locales)| (claims, Some(locales)));
    let Ok(requested) = RequestedClaims::parse(Some(claims), locales) else { return };
    assert!(claims.len() <= MAX_CLAIMS);
    let asked = strict_object(claims.as_bytes()).expect("a strict object");

    assert!(requested.locales.len() <= 10);
    assert!(requested.locales.iter().all(|tag| locales.is_some_and(|locales| locales.contains(tag.as_str()))));
    assert!(requested.userinfo.keys().all(|name| is_person_claim(name)));
    for (place, requests) in [("userinfo", &requested.userinfo), ("id_token", &requested.id_token)] {
        for (name, request) in requests {
            let how = asked.get(place).and_then(|place| place.get(name)).expect("what was asked for");
            assert_eq!(request.essential, how.get("essential").and_then(Value::as_bool).unwrap_or_default());
            assert!(request.values.len() <= 21);
            assert!(request.values.iter().all(|value| request.accepts(value)));
        }
    }
    let names = requested.names();
    assert!(names.iter().all(|name| is_person_claim(name)) && names.is_sorted());
    assert!(requested.essential_acr().is_none_or(|wanted| !wanted.is_empty()));
    if let Some(subject) = requested.subject() {
        assert!(requested.id_token["sub"].accepts(&Value::from(subject)));
    }
    let stored = serde_json::to_string(&requested).expect("JSON");
    let restored: RequestedClaims = serde_json::from_str(&stored).expect("what was written is read");
    // But for the last digit of fractions, which no claim has.
    assert_eq!(shape(&restored), shape(&requested));
});

/// The requested claims, without their values.
fn shape(requested: &RequestedClaims) -> Vec<(&str, bool, usize)> {
    let all = requested.userinfo.iter().chain(&requested.id_token);
    all.map(|(name, request)| (name.as_str(), request.essential, request.values.len())).collect()
}

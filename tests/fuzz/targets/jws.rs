//! Tokens from outside: what is read as a JWS is exactly what was sent, is signed, and asks for nothing unknown.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use signet_protocol::client::assertion::{self, AssertionRules, AudienceRule};
use signet_protocol::ids::ClientId;
use signet_protocol::jose::jws::{self, UnverifiedJws};
use signet_protocol::time::{Span, Timestamp};

fuzz_target!(|data: &[u8]| {
    // Three lines are encoded as the three parts, so that the engine need not learn base64; all else is the token.
    let lines: Vec<&[u8]> = data.splitn(3, |byte| *byte == b'\n').collect();
    match lines.as_slice() {
        [header, payload, signature] => {
            check(&[header, payload, signature].map(|part| URL_SAFE_NO_PAD.encode(part)).join("."));
        }
        _ => check(&String::from_utf8_lossy(data)),
    }
});

fn check(token: &str) {
    let Ok(jws) = UnverifiedJws::parse(token) else { return };
    assert_eq!(format!("{}.{}", jws.signing_input(), URL_SAFE_NO_PAD.encode(jws.signature())), token);
    assert!(!jws.signature().is_empty() && token.len() <= jws::MAX_TOKEN);
    assert!(!jws.alg().eq_ignore_ascii_case("none"));
    assert!(["crit", "b64", "enc", "zip"].iter().all(|name| !jws.header_has(name)));
    assert_eq!((jws.kid().is_some(), jws.typ().is_some()), (jws.header_has("kid"), jws.header_has("typ")));

    let claims = jws.payload();
    let again = jws::strict_object(&serde_json::to_vec(claims).expect("JSON")).expect("what was read is strict");
    assert!(again.keys().eq(claims.keys()));
    for name in ["exp", "nbf", "iat"] {
        if let Ok(Some(date)) = jws::numeric_date(claims, name) {
            assert!(date >= Timestamp::from_secs(0));
        }
    }
    let audiences = jws::audiences(claims);

    let client_id = ClientId::parse("rp").expect("an id");
    let now = Timestamp::from_secs(1_000_000);
    let leeway = Span::from_secs(30);
    let rules = AssertionRules {
        client_id: &client_id,
        audiences: &["https://op.example", "https://op.example/token"],
        single_audience: AudienceRule::AnyOf,
        max_age: Span::from_minutes(5),
        leeway,
    };
    if let Ok(id) = assertion::check(claims, &rules, now) {
        assert!((1..=assertion::MAX_JTI).contains(&id.jti.chars().count()));
        assert!(id.expires_at > now, "what is accepted is remembered until it is not");
        assert_eq!(jws::string(claims, "iss"), Ok(Some("rp")));
        assert_eq!(jws::string(claims, "sub"), Ok(Some("rp")));
        assert!(audiences.expect("audiences").iter().any(|audience| rules.audiences.contains(audience)));
    }
}

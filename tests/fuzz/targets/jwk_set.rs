//! Key sets of clients: what is accepted is small, public, unambiguous and bound to algorithms.
#![no_main]

use std::collections::HashSet;

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use signet_protocol::jose::jwk::{self, KeyMaterial};
use signet_protocol::jose::jws;

fuzz_target!(|data: &[u8]| {
    let Some(set) = jws::strict_object(data) else { return };
    let set = Value::Object(set);
    let Ok(keys) = jwk::client_keys(&set) else { return };
    assert!(keys.len() <= jwk::MAX_KEYS);
    let named: Vec<&str> = keys.iter().filter_map(|key| key.kid.as_deref()).collect();
    assert_eq!(named.iter().collect::<HashSet<_>>().len(), named.len());
    for key in &keys {
        match &key.material {
            KeyMaterial::Rsa { n, e } => {
                assert!(n.len() >= 256 && n[0] != 0 && e.last().expect("an exponent") % 2 == 1)
            }
            KeyMaterial::Ec { x, y, .. } => assert!(x.len() == y.len() && matches!(x.len(), 32 | 48)),
            KeyMaterial::Ed25519 { x } => assert_eq!(x.len(), 32),
        }
        assert!(key.algorithms().iter().all(|alg| jwk::CLIENT_ALGORITHMS.contains(alg)));
        for alg in ["none", "HS256", "RSA1_5", ""] {
            assert!(!key.allows(alg), "{alg}");
        }
        assert_eq!(key.thumbprint().len(), 43);
    }
    let again = serde_json::to_vec(&set).expect("JSON");
    let again = jws::strict_object(&again).expect("what was read is strict");
    assert_eq!(jwk::client_keys(&Value::Object(again)).as_ref(), Ok(&keys));
});

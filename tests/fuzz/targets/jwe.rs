//! Encrypted tokens from outside: what is read is exactly what was sent, and every part has its algorithm's length.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use signet_protocol::jose::encryption::{CEK_LENGTH, ContentEncryption, KeyManagement, TAG_LENGTH};
use signet_protocol::jose::jwe::{EncryptedToken, MAX_TOKEN};
use signet_protocol::jose::jws::strict_object;

fuzz_target!(|data: &[u8]| {
    // Five lines are encoded as the five parts, so that the engine need not learn base64; all else is the token.
    let lines: Vec<&[u8]> = data.splitn(5, |byte| *byte == b'\n').collect();
    match lines.as_slice() {
        [_, _, _, _, _] => check(&lines.iter().map(|part| URL_SAFE_NO_PAD.encode(part)).collect::<Vec<_>>().join(".")),
        _ => check(&String::from_utf8_lossy(data)),
    }
});

fn check(text: &str) {
    let Ok(token) = EncryptedToken::parse(text) else { return };
    assert!(text.len() <= MAX_TOKEN && EncryptedToken::looks_like(text));
    let parts =
        [&token.encrypted_key, &token.iv, &token.ciphertext, &token.tag].map(|part| URL_SAFE_NO_PAD.encode(part));
    assert_eq!(format!("{}.{}", token.protected, parts.join(".")), text, "the only spelling of its parts");

    let header = URL_SAFE_NO_PAD.decode(token.protected).expect("base64url");
    let header = strict_object(&header).expect("a strict object");
    assert!(!header.contains_key("crit") && !header.contains_key("zip"));
    assert_eq!(header.get("alg").and_then(|alg| alg.as_str()), Some(token.alg.as_str()));
    assert_eq!(header.get("enc").and_then(|enc| enc.as_str()), Some(token.enc.as_str()));
    assert_eq!(header.get("kid").and_then(|kid| kid.as_str()), token.kid.as_deref());

    assert_eq!((token.iv.len(), token.tag.len()), (token.enc.iv_length(), TAG_LENGTH));
    if token.enc == ContentEncryption::A128CbcHs256 {
        assert!(!token.ciphertext.is_empty() && token.ciphertext.len() % 16 == 0);
    }
    assert_eq!(token.ephemeral.is_some(), token.alg != KeyManagement::RsaOaep256);
    assert!(token.ephemeral.iter().all(|key| key.agrees()));
    match token.alg {
        KeyManagement::RsaOaep256 => assert!(token.encrypted_key.len() >= 256),
        KeyManagement::EcdhEs => assert!(token.encrypted_key.is_empty()),
        KeyManagement::EcdhEsA256Kw => assert_eq!(token.encrypted_key.len(), CEK_LENGTH + 8),
    }
}

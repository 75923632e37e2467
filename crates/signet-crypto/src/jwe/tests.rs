use serde_json::json;

use super::*;
use crate::fixtures::{RFC_7515_A3, decoded, p256_der, rsa_der};
use crate::signing_key::{self, SigningKey};
use signet_protocol::ids::KeyId;
use signet_protocol::jose::jwk::SigningAlgorithm;

/// The private member of the key of RFC 7520 §5.5.1.
const RFC_7520_5_5: &str = "r_kHyZ-a06rmxM3yESK84r1otSg-aQcVStkRhA-iCM8";

/// A recipient: the private key and its public part.
fn recipient(kind: &str) -> (DecryptionKey, PublicJwk) {
    let kid = || KeyId::from_stored("k".to_owned());
    let public = |algorithm, der: &[u8]| {
        let key = SigningKey::from_pkcs8(kid(), algorithm, der).unwrap();
        PublicJwk { alg: None, ..key.public }
    };
    match kind {
        "RSA" => (DecryptionKey::rsa(&rsa_der()).unwrap(), public(SigningAlgorithm::RS256, &rsa_der())),
        "P-256" => {
            let der = p256_der(RFC_7520_5_5);
            (DecryptionKey::ec(Curve::P256, &der).unwrap(), public(SigningAlgorithm::ES256, &der))
        }
        _ => {
            let der = signing_key::generate(SigningAlgorithm::ES384, 0).unwrap();
            (DecryptionKey::ec(Curve::P384, &der).unwrap(), public(SigningAlgorithm::ES384, &der))
        }
    }
}

/// The key types that an algorithm works with.
fn kinds(alg: KeyManagement) -> &'static [&'static str] {
    match alg {
        KeyManagement::RsaOaep256 => &["RSA"],
        KeyManagement::EcdhEs | KeyManagement::EcdhEsA256Kw => &["P-256", "P-384"],
    }
}

fn decrypt(key: &DecryptionKey, token: &str) -> Result<Vec<u8>, DecryptError> {
    let token = EncryptedToken::parse(token)?;
    key.decrypt(&token).map(|plain| plain.to_vec())
}

fn header(token: &str) -> Value {
    serde_json::from_slice(&decoded(token.split('.').next().unwrap())).unwrap()
}

/// Returns every supported pair of algorithms, each with a recipient.
fn combinations() -> Vec<(KeyManagement, ContentEncryption, DecryptionKey, PublicJwk)> {
    let mut all = Vec::new();
    for alg in KeyManagement::ALL {
        for enc in ContentEncryption::ALL {
            for kind in kinds(alg) {
                let (private, public) = recipient(kind);
                all.push((alg, enc, private, public));
            }
        }
    }
    all
}

#[test]
fn a_token_is_decrypted_only_by_the_key_it_was_encrypted_to() {
    let rsa = recipient("RSA").0;
    let p256 = recipient("P-256").0;
    let p384 = recipient("P-384").0;
    let strangers = [&p384, &DecryptionKey::ec(Curve::P256, &p256_der(RFC_7515_A3)).unwrap()];
    for (alg, enc, private, public) in combinations() {
        for length in [0, 1, 15, 16, 17, 5000] {
            let plain = vec![b'x'; length];
            let token = encrypt_bytes(&plain, &public, alg, enc).unwrap();
            assert_eq!(decrypt(&private, &token), Ok(plain), "{alg:?} {enc:?} {length}");
        }
        let token = encrypt("a.b.c", &public, alg, enc).unwrap();
        let header = header(&token);
        let expected = json!({"alg":alg,"enc":enc,"kid":"k","cty":"JWT"});
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(header[name], *value, "{header}");
        }
        assert_eq!(header.get("epk").is_some(), alg != KeyManagement::RsaOaep256, "{header}");
        assert!(header["epk"].get("d").is_none() && header["epk"].get("kid").is_none(), "{header}");
        for stranger in strangers {
            assert_eq!(decrypt(stranger, &token), Err(DecryptError::Failed), "{alg:?} {enc:?}");
        }
        let of_another_kind = if alg == KeyManagement::RsaOaep256 { &p256 } else { &rsa };
        assert_eq!(decrypt(of_another_kind, &token), Err(DecryptError::Failed), "{alg:?} {enc:?}");
        let again = encrypt("a.b.c", &public, alg, enc).unwrap();
        let differ = token.split('.').zip(again.split('.')).filter(|(one, other)| one != other).count();
        assert!(differ >= 4 - usize::from(alg == KeyManagement::EcdhEs), "every token has keys of its own");
    }
}

#[test]
fn a_token_with_any_part_changed_is_not_decrypted() {
    for (alg, enc, private, public) in combinations() {
        let token = encrypt("Live long and prosper.", &public, alg, enc).unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        for at in 1..5 {
            let bytes = decoded(parts[at]);
            for byte in [0, bytes.len() / 2, bytes.len().saturating_sub(1)] {
                let mut bytes = bytes.clone();
                if bytes.is_empty() {
                    continue;
                }
                bytes[byte] ^= 1;
                let changed = with(&parts, at, &b64(&bytes));
                assert_eq!(decrypt(&private, &changed), Err(DecryptError::Failed), "{alg:?} {enc:?} {at} {byte}");
            }
        }
        // The header is authenticated as sent, so a different encoding of it is a different header.
        let spelled = header(&token).to_string().replace("\"alg\":", "\"alg\": ");
        let changed = with(&parts, 0, &b64(spelled.as_bytes()));
        assert_eq!(decrypt(&private, &changed), Err(DecryptError::Failed), "{alg:?} {enc:?} header");
        for (at, cut) in [(2, 1), (4, 1), (4, 4)] {
            let bytes = decoded(parts[at]);
            let changed = with(&parts, at, &b64(&bytes[..bytes.len() - cut]));
            let refused = Err(DecryptError::Malformed(JweError::Length));
            assert_eq!(decrypt(&private, &changed), refused, "{alg:?} {enc:?} {at} cut by {cut}");
        }
    }
}

#[test]
fn a_token_relabeled_to_another_algorithm_is_not_decrypted() {
    let (private, public) = recipient("P-256");
    let token = encrypt("x", &public, KeyManagement::EcdhEsA256Kw, ContentEncryption::A128CbcHs256).unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let relabeled = |name: &str, value: &str| {
        let mut header = header(&token);
        header[name] = json!(value);
        b64(header.to_string().as_bytes())
    };
    let direct = with(&parts, 0, &relabeled("alg", "ECDH-ES"));
    assert_eq!(decrypt(&private, &direct), Err(DecryptError::Malformed(JweError::Length)));
    let direct = with(&direct.split('.').collect::<Vec<_>>(), 1, "");
    assert_eq!(decrypt(&private, &direct), Err(DecryptError::Failed));
    let gcm = with(&parts, 0, &relabeled("enc", "A256GCM"));
    assert_eq!(decrypt(&private, &gcm), Err(DecryptError::Malformed(JweError::Length)));
    let gcm = with(&gcm.split('.').collect::<Vec<_>>(), 2, &b64(&[0; 12]));
    assert_eq!(decrypt(&private, &gcm), Err(DecryptError::Failed));
}

#[test]
fn an_ephemeral_key_off_the_curve_fails_like_any_other_fault() {
    for alg in [KeyManagement::EcdhEs, KeyManagement::EcdhEsA256Kw] {
        let (private, public) = recipient("P-256");
        let token = encrypt("x", &public, alg, ContentEncryption::A256Gcm).unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let zero = b64(&[0; 32]);
        for (x, y) in [(&zero, &zero), (&b64(&[1; 32]), &b64(&[2; 32])), (&b64(&[0xff; 32]), &zero)] {
            let mut header = header(&token);
            header["epk"] = json!({"kty":"EC","crv":"P-256","x":x,"y":y});
            let changed = with(&parts, 0, &b64(header.to_string().as_bytes()));
            assert_eq!(decrypt(&private, &changed), Err(DecryptError::Failed), "{x} {y}");
        }
        let off = PublicJwk {
            kid: None,
            alg: None,
            material: KeyMaterial::Ec { curve: Curve::P256, x: vec![1; 32], y: vec![2; 32] },
        };
        let refused = encrypt("x", &off, alg, ContentEncryption::A256Gcm);
        assert_eq!(refused.err(), Some(KeyError::Malformed), "encryption to it is refused as well");
    }
}

#[test]
fn a_wrong_padding_under_a_right_tag_fails_like_a_wrong_tag() {
    let (private, public) = recipient("P-256");
    let alg = KeyManagement::EcdhEs;
    let token = encrypt("x", &public, alg, ContentEncryption::A128CbcHs256).unwrap();
    let mut read = EncryptedToken::parse(&token).unwrap();
    let cek = private.content_key(&read).unwrap();
    // A changed block decrypts to noise. The tag is recomputed, as only the sender could.
    let mut outcomes = Vec::new();
    for change in 1..=255_u8 {
        let mut changed = EncryptedToken { ciphertext: read.ciphertext.clone(), ..copy(&read) };
        changed.iv[15] ^= change;
        changed.tag = cbc_tag(&cek[..16], [token_header(&token), &changed.iv, &changed.ciphertext]).to_vec();
        outcomes.push(private.decrypt(&changed).map(|_| ()));
    }
    let failed = outcomes.iter().filter(|outcome| **outcome == Err(DecryptError::Failed)).count();
    assert_eq!(failed, 254, "one change makes a padding of another length, all others none");
    read.tag[0] ^= 1;
    assert_eq!(private.decrypt(&read).err(), Some(DecryptError::Failed), "a wrong tag");
}

#[test]
fn a_key_that_cannot_be_recovered_is_replaced_and_the_tag_decides() {
    let (private, public) = recipient("RSA");
    for enc in ContentEncryption::ALL {
        let token = encrypt("x", &public, KeyManagement::RsaOaep256, enc).unwrap();
        let read = EncryptedToken::parse(&token).unwrap();
        // A key of the wrong length with valid padding: RSA succeeds, and the result is the same.
        let KeyMaterial::Rsa { n, e } = &public.material else { panic!("an RSA key") };
        let key = PublicKeyComponents { n, e };
        let key = OaepPublicEncryptingKey::new(key.try_into().unwrap()).unwrap();
        let mut short = vec![0; key.ciphertext_size()];
        key.encrypt(&OAEP_SHA256_MGF1SHA256, &[7; 16], &mut short, None).unwrap();
        for encrypted_key in [short, vec![0; 256], vec![0xff; 256], vec![1; 300]] {
            let changed = EncryptedToken { encrypted_key, ..copy(&read) };
            assert_eq!(private.decrypt(&changed).err(), Some(DecryptError::Failed));
        }
        assert_eq!(private.decrypt(&read).unwrap().as_slice(), b"x");
    }
}

#[test]
fn a_key_is_used_for_its_algorithm_only() {
    let (_, rsa) = recipient("RSA");
    let (_, ec) = recipient("P-256");
    let edwards = PublicJwk { kid: None, alg: None, material: KeyMaterial::Ed25519 { x: vec![1; 32] } };
    let bound = PublicJwk { alg: Some("ECDH-ES".to_owned()), ..ec.clone() };
    for (key, alg) in [
        (&rsa, KeyManagement::EcdhEs),
        (&rsa, KeyManagement::EcdhEsA256Kw),
        (&ec, KeyManagement::RsaOaep256),
        (&edwards, KeyManagement::RsaOaep256),
        (&edwards, KeyManagement::EcdhEs),
        (&bound, KeyManagement::EcdhEsA256Kw),
    ] {
        let refused = encrypt("x", key, alg, ContentEncryption::A256Gcm);
        assert_eq!(refused.err(), Some(KeyError::Algorithm), "{alg:?}");
    }
}

#[test]
fn the_concat_kdf_is_that_of_rfc_7518_appendix_c() {
    let alice = DecryptionKey::ec(Curve::P256, &p256_der("0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo")).unwrap();
    let bob = KeyMaterial::Ec {
        curve: Curve::P256,
        x: decoded("weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ"),
        y: decoded("e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck"),
    };
    let DecryptionKey::Ec(alice) = alice else { panic!("a key of a curve") };
    let shared = agree(&alice, &PublicJwk { kid: None, alg: None, material: bob }).unwrap();
    let derived = concat_kdf(&shared, "A128GCM", [b"Alice", b"Bob"], 128);
    assert_eq!(b64(&derived[..16]), "VqqN6vgjbSBcIijNcacQGg");
}

#[test]
fn aes_cbc_with_hmac_is_that_of_rfc_7518_appendix_b_1_and_rfc_7516_appendix_a() {
    let hex = |text: &str| -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    };
    let counting: Secret = Zeroizing::new(std::array::from_fn(|at| u8::try_from(at).unwrap()));
    let prosper: Secret = Zeroizing::new([
        4, 211, 31, 197, 84, 157, 252, 254, 11, 100, 157, 250, 63, 170, 106, 206, 107, 124, 212, 45, 111, 107, 9, 219,
        200, 177, 0, 240, 143, 156, 44, 207,
    ]);
    let iv = decoded("AxY8DCtDaGlsbGljb3RoZQ");
    let ciphertext = decoded("KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY");
    let kerckhoffs: &[u8] = b"A cipher system must not be required to be secret, and it must be able to fall into the hands of the enemy without inconvenience";
    let rows: [(&str, &Secret, &str, [Vec<u8>; 3], &[u8]); 3] = [
        (
            "RFC 7518 B.1",
            &counting,
            "The second principle of Auguste Kerckhoffs",
            [
                hex("1af38c2dc2b96ffdd86694092341bc04"),
                hex(
                    "c80edfa32ddf39d5ef00c0b468834279a2e46a1b8049f792f76bfe54b903a9c9a94ac9b47ad2655c5f10f9aef71427e2fc6f9b3f399a221489f16362c703233609d45ac69864e3321cf82935ac4096c86e133314c54019e8ca7980dfa4b9cf1b384c486f3a54c51078158ee5d79de59fbd34d848b3d69550a67646344427ade54b8851ffb598f7f80074b9473c82e2db",
                ),
                hex("652c3fa36b0a7c5b3219fab3a30bc1c4"),
            ],
            kerckhoffs,
        ),
        (
            "RFC 7516 A.2",
            &prosper,
            "eyJhbGciOiJSU0ExXzUiLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0",
            [iv.clone(), ciphertext.clone(), decoded("9hH0vgRfYgPnAHOd8stkvw")],
            b"Live long and prosper.",
        ),
        (
            "RFC 7516 A.3",
            &prosper,
            "eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0",
            [iv, ciphertext, decoded("U0m_YmjN04DJvceFICbCVQ")],
            b"Live long and prosper.",
        ),
    ];
    for (source, cek, protected, [iv, ciphertext, tag], expected) in rows {
        let enc = ContentEncryption::A128CbcHs256;
        let token = EncryptedToken { protected, iv, ciphertext, tag, enc, ..nothing() };
        assert_eq!(open(cek, &token).unwrap().as_slice(), expected, "{source}");
    }
}

#[test]
fn the_token_of_rfc_7520_5_5_is_decrypted() {
    let token = "eyJhbGciOiJFQ0RILUVTIiwia2lkIjoibWVyaWFkb2MuYnJhbmR5YnVja0BidWNrbGFuZC5leGFtcGxlIiwiZXBrIjp7Imt0eSI6IkVDIiwiY3J2IjoiUC0yNTYiLCJ4IjoibVBVS1RfYkFXR0hJaGcwVHBqanFWc1AxclhXUXVfdndWT0hIdE5rZFlvQSIsInkiOiI4QlFBc0ltR2VBUzQ2ZnlXdzVNaFlmR1RUMElqQnBGdzJTUzM0RHY0SXJzIn0sImVuYyI6IkExMjhDQkMtSFMyNTYifQ..yc9N8v5sYyv3iGQT926IUg.BoDlwPnTypYq-ivjmQvAYJLb5Q6l-F3LIgQomlz87yW4OPKbWE1zSTEFjDfhU9IPIOSA9Bml4m7iDFwA-1ZXvHteLDtw4R1XRGMEsDIqAYtskTTmzmzNa-_q4F_evAPUmwlO-ZG45Mnq4uhM1fm_D9rBtWolqZSF3xGNNkpOMQKF1Cl8i8wjzRli7-IXgyirlKQsbhhqRzkv8IcY6aHl24j03C-AR2le1r7URUhArM79BY8soZU0lzwI-sD5PZ3l4NDCCei9XkoIAfsXJWmySPoeRb2Ni5UZL4mYpvKDiwmyzGd65KqVw7MsFfI_K767G9C9Azp73gKZD0DyUn1mn0WW5LmyX_yJ-3AROq8p1WZBfG-ZyJ6195_JGG2m9Csg.WCCkNa-x4BeB9hIDIfFuhg";
    let plain = decrypt(&recipient("P-256").0, token).unwrap();
    let text = String::from_utf8(plain).unwrap();
    assert!(text.starts_with("You can trust us to stick with you through thick and thin"), "{text}");
    assert!(text.ends_with("We are your friends, Frodo."), "{text}");
}

/// Made with jwcrypto for the keys of RFC 7515 A.2.1 and RFC 7520 §5.5.1, `apu` and `apv` as in RFC 7518 appendix C.
#[test]
fn tokens_of_another_implementation_are_decrypted() {
    let rows = [
        (
            "RSA-OAEP-256",
            "A256GCM",
            "eyJhbGciOiAiUlNBLU9BRVAtMjU2IiwgImVuYyI6ICJBMjU2R0NNIiwgImN0eSI6ICJKV1QifQ.SEy0YKWx-y5dw77kwjlbQjmlb-c7bQ5_I-8C-HAr-tKKp-dqYbZRkIXiskVllWoMPudE_TF3LroQHnS5kun68FW-LgBb2pNrT_ld6Nfc2QOhdHHYVcLfveDo9W8etDbMX1inUNEBA2AX0Pg9WRd3BSQXqleKTBWtMSMWrYUC8Y-XUTibRLQcYPUSpI8GPh1T9UhD5822TS2mIUtp5N5_nQfKMk_0tApB2PQgL-yscsYnQPGpQVaUiXHLpdDBlwseIq0NyI-inxdRTaINaK_5uQQ3x_WOpgFZQKvcZBGP2YOsl40mNLZBKKjPvZBwV9y8tNOpVj1Sj3rqBIFgTZlgWQ._mnxLL2FtXclvW-8.Zc-QzRUiN8S9XizQlhjv_CD3zV8iEA.DoioG6gsfZEzOeTGOT_9ow",
        ),
        (
            "RSA-OAEP-256",
            "A128CBC-HS256",
            "eyJhbGciOiAiUlNBLU9BRVAtMjU2IiwgImVuYyI6ICJBMTI4Q0JDLUhTMjU2IiwgImN0eSI6ICJKV1QifQ.HFtWX_F3xi3zydlwwh3BP0vMhuWwJx_Ti8brpA0GdVFzUaDVYfPPiUFz_tDfn7a2a6FyHRfvG3C703llDRzSrgpkJtHloNmvUv8Atu9EKsN4zIMKNHaPYrGfQuqKraqLYzfqRBn2QEFlhW-8hB93z8-hHPMy7Y-f12sPjwEsesgBp-GZin46wAgOGJeOWpm_UoAZpe7FipzJmoye3vLLrDCT6qyuAjYcrtkWRrEZpCPfp3X0-2SaHTbwwdA8iEHIOKqn9uGIcUZEmqKBY2qjKodQbE5TMcGYiZVFjzQBT36XkP4utpcx-hljMblU5XJjLmLrg2VUyLCEWB5LbZadeg.0PWJ6czVwCpBeVIHjggupg.xL5F-YesZ2HUsCkPT28B5Dnoj8use4kcDpvjaUAoCfk.DZwXSdDxC6wszWnmVcZTvA",
        ),
        (
            "ECDH-ES",
            "A256GCM",
            "eyJhbGciOiJFQ0RILUVTIiwiYXB1IjoiUVd4cFkyVSIsImFwdiI6IlFtOWkiLCJjdHkiOiJKV1QiLCJlbmMiOiJBMjU2R0NNIiwiZXBrIjp7ImNydiI6IlAtMjU2Iiwia3R5IjoiRUMiLCJ4Ijoia3RkWEVjdHU3enNURXFrZzZDb2pBVmNndG5DQ29XaEI4VF9yV2Fvbm92YyIsInkiOiJGaUdnTl9TWnRoUE5RME1qRDNMVUQybjBIVjdZUmYyQ08zTmFhZ1pEQ2ZFIn19..J0RLVf_oQ4BS6gBs.xA5x6bGYcckNJYT8Mz6dMcGHm38jRg.3Ag8EyK231S8srDigh9KfQ",
        ),
        (
            "ECDH-ES",
            "A128CBC-HS256",
            "eyJhbGciOiJFQ0RILUVTIiwiYXB1IjoiUVd4cFkyVSIsImFwdiI6IlFtOWkiLCJjdHkiOiJKV1QiLCJlbmMiOiJBMTI4Q0JDLUhTMjU2IiwiZXBrIjp7ImNydiI6IlAtMjU2Iiwia3R5IjoiRUMiLCJ4IjoiODRDWHdyaUNRa0djbmx1VkpiLXd0SmxZaTBJcGFQQjNKVDN2WDdDRHVrWSIsInkiOiJZU3VIYVdoR3VTdXktR3pDWVljTHFvaFVTakE1U1ZaUWtOM29IRVBDQnlrIn19..gegr8Vvpq45mlRYX5OE25w.S_n7Ti_IkZJ1BzSJl5SFquk627GKgowjIA2gCmQwlpk.8AgjWNX-dmKZyvBs0TsmvQ",
        ),
        (
            "ECDH-ES+A256KW",
            "A256GCM",
            "eyJhbGciOiJFQ0RILUVTK0EyNTZLVyIsImFwdSI6IlFXeHBZMlUiLCJhcHYiOiJRbTlpIiwiY3R5IjoiSldUIiwiZW5jIjoiQTI1NkdDTSIsImVwayI6eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6InlOMmNzRXEwUUJKM0hjSERHMWJXM0ZySVJkUXY5bXpPWFNfMDJTY2FlcjgiLCJ5IjoiRnNYQUxvM2o5Q3o4aWc5RUYyR1p2bFA2UEdhemd4ME5rYnJxQjVBQUtjQSJ9fQ.S_yQOicS2Q4GPhV6VzRIAc7juvTMDq-zWYuoXUtn2_YGY7U0creomQ.njVMdSbPBleA4ez3.gw4xxbyTxew_AoZeOuJ820GKA-INWA.7XGwlerHhk_kk895m0v4CA",
        ),
        (
            "ECDH-ES+A256KW",
            "A128CBC-HS256",
            "eyJhbGciOiJFQ0RILUVTK0EyNTZLVyIsImFwdSI6IlFXeHBZMlUiLCJhcHYiOiJRbTlpIiwiY3R5IjoiSldUIiwiZW5jIjoiQTEyOENCQy1IUzI1NiIsImVwayI6eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6ImJUY0hJa1RLMnlBMWN0RnlPN2dpWGl5YmJnTkhtaDhmRHZWRHY3UXU3TE0iLCJ5Ijoib2VPWnN0dFFDVDVlVlRseU0wYmU0WTBUUGtWblQ4SEZvUUc2Qlphb1NubyJ9fQ.WLpePX2sVv95Yeq0YrJvUlibq8wVWjQs_AQsq8FHsLNZYbeHTItsqQ.E0qIGktmWOpbitp5B835Tg.EXnKqWYiCVi01ycEUYhQHr1IS-jg3Sqmvhky3S_QdMk.N30lJwG1sSyKTkcmlO_6SQ",
        ),
    ];
    for (alg, enc, token) in rows {
        let kind = if alg == "RSA-OAEP-256" { "RSA" } else { "P-256" };
        assert_eq!((header(token)["alg"].as_str(), header(token)["enc"].as_str()), (Some(alg), Some(enc)));
        assert_eq!(decrypt(&recipient(kind).0, token), Ok(b"Live long and prosper.".to_vec()), "{alg} {enc}");
    }
}

fn token_header(token: &str) -> &[u8] {
    token.split('.').next().unwrap().as_bytes()
}

/// Replaces one of the parts.
fn with(parts: &[&str], at: usize, part: &str) -> String {
    let mut parts = parts.to_vec();
    parts[at] = part;
    parts.join(".")
}

fn copy<'a>(token: &EncryptedToken<'a>) -> EncryptedToken<'a> {
    EncryptedToken {
        kid: token.kid.clone(),
        ephemeral: token.ephemeral.clone(),
        party_u: token.party_u.clone(),
        party_v: token.party_v.clone(),
        encrypted_key: token.encrypted_key.clone(),
        iv: token.iv.clone(),
        ciphertext: token.ciphertext.clone(),
        tag: token.tag.clone(),
        ..*token
    }
}

/// Returns an empty token.
fn nothing() -> EncryptedToken<'static> {
    EncryptedToken {
        alg: KeyManagement::EcdhEs,
        enc: ContentEncryption::A256Gcm,
        kid: None,
        ephemeral: None,
        party_u: Vec::new(),
        party_v: Vec::new(),
        protected: "",
        encrypted_key: Vec::new(),
        iv: Vec::new(),
        ciphertext: Vec::new(),
        tag: Vec::new(),
    }
}

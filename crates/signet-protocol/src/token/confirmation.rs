//! The key that a token is bound to (RFC 7800 §3): the `cnf` claim of access tokens and introspection answers.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::jose::jwk::PublicJwk;
use crate::secret::Digest;

/// The `cnf` claim, with one confirmation method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Confirmation {
    /// The thumbprint of the DPoP key (RFC 9449 §6.1).
    #[serde(rename = "jkt")]
    Key(String),
    /// The SHA-256 digest of a client certificate (RFC 8705 §3.1).
    #[serde(rename = "x5t#S256")]
    Certificate(String),
}

impl Confirmation {
    /// Binds to the key of a verified DPoP proof.
    pub fn of_key(key: &PublicJwk) -> Self {
        Self::Key(key.thumbprint())
    }

    /// Binds to a client certificate in DER.
    pub fn of_certificate(der: &[u8]) -> Self {
        Self::Certificate(URL_SAFE_NO_PAD.encode(Digest::of(der).as_bytes()))
    }

    /// Returns the `token_type` of a token with this binding (RFC 9449 §5, RFC 8705 §3).
    pub const fn token_type(&self) -> &'static str {
        match self {
            Self::Key(_) => "DPoP",
            Self::Certificate(_) => BEARER,
        }
    }
}

/// The `token_type` of tokens that are unbound or bound to a certificate (RFC 6750 §4).
pub const BEARER: &str = "Bearer";

/// Returns the `token_type` of a token with this binding, or with none.
pub fn token_type(confirmation: Option<&Confirmation>) -> &'static str {
    confirmation.map_or(BEARER, Confirmation::token_type)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_confirmation_is_written_and_read_as_its_specification_has_it() {
        let rows = [
            ("RFC 9449 §6.1", Confirmation::Key("0ZcOCORZNYy".into()), json!({ "jkt": "0ZcOCORZNYy" }), "DPoP"),
            (
                "RFC 8705 §3.1",
                Confirmation::Certificate("bwcK0esc".into()),
                json!({ "x5t#S256": "bwcK0esc" }),
                "Bearer",
            ),
        ];
        for (rule, confirmation, claim, token_type) in rows {
            assert_eq!(serde_json::to_value(&confirmation).unwrap(), claim, "{rule}");
            assert_eq!(confirmation.token_type(), token_type, "{rule}");
            assert_eq!(serde_json::from_value::<Confirmation>(claim).unwrap(), confirmation, "{rule}");
        }
        assert_eq!(token_type(None), "Bearer");
    }

    #[test]
    fn a_key_is_confirmed_by_its_thumbprint_and_a_certificate_by_its_digest() {
        // The key of RFC 8037 appendix A.
        let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
        let key = PublicJwk::from_json(&key).unwrap();
        assert_eq!(Confirmation::of_key(&key), Confirmation::Key("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k".into()));
        // SHA-256 of the empty string.
        let empty = Confirmation::Certificate("47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU".into());
        assert_eq!(Confirmation::of_certificate(b""), empty);
    }
}

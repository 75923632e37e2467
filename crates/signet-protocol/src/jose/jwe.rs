//! Strict parsing of a compact JWE before any cryptography (RFC 7516 §3.1, §4.1, §5.2, §7.1). `keys` decrypts it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::encryption::{ContentEncryption, KeyManagement, TAG_LENGTH};
use super::jwk::PublicJwk;
use super::jws::{self, strict_object};

/// The maximum length of a token, in bytes: the longest JWS when encrypted, plus a key and a header.
pub const MAX_TOKEN: usize = 16_384;
/// The header parameters that change how a token is read, none of which is supported: extensions and compression,
/// by which a small token could become a large one (RFC 7516 §4.1.3, §4.1.13; RFC 8725 §3.6).
const UNSUPPORTED: [&str; 2] = ["crit", "zip"];

/// The reason why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JweError {
    #[error("The encrypted token is too long.")]
    TooLong,
    /// Not five parts.
    #[error("The token is not a compact JWE.")]
    NotCompact,
    /// A part is not base64url without padding, or not in canonical form.
    #[error("A part of the encrypted token is not canonical base64url.")]
    NotBase64Url,
    /// The header is not a JSON object, repeats a member name, or nests too deep.
    #[error("The header of the encrypted token is not a JSON object with unique members.")]
    NotJsonObject,
    /// The header has `crit` or `zip`.
    #[error("The header of the encrypted token requires an unsupported extension.")]
    UnsupportedHeader,
    /// `alg` or `enc` is missing or not supported.
    #[error("The encryption algorithm is not supported.")]
    UnsupportedAlgorithm,
    /// A header parameter has the wrong type, or `epk` is missing or not an elliptic curve public key.
    #[error("A header parameter of the encrypted token is missing or malformed.")]
    MalformedHeader,
    /// The encrypted key, the initialization vector, the ciphertext or the tag has the wrong length.
    #[error("A part of the encrypted token has the wrong length for its algorithm.")]
    Length,
}

/// A well-formed JWE, not decrypted.
pub struct EncryptedToken<'a> {
    pub alg: KeyManagement,
    pub enc: ContentEncryption,
    /// The `kid` of the recipient's key. It may only select among known keys.
    pub kid: Option<String>,
    /// The sender's ephemeral public key `epk`, present for ECDH.
    pub ephemeral: Option<PublicJwk>,
    /// The decoded `apu`, empty if absent (RFC 7518 §4.6.1.2).
    pub party_u: Vec<u8>,
    /// The decoded `apv`, empty if absent (RFC 7518 §4.6.1.3).
    pub party_v: Vec<u8>,
    /// The header as sent, which the tag authenticates (RFC 7516 §5.1 step 14).
    pub protected: &'a str,
    pub encrypted_key: Vec<u8>,
    /// The initialization vector, of the length that `enc` requires.
    pub iv: Vec<u8>,
    pub ciphertext: Vec<u8>,
    /// The authentication tag, [`TAG_LENGTH`] bytes.
    pub tag: Vec<u8>,
}

impl std::fmt::Debug for EncryptedToken<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EncryptedToken")
    }
}

impl<'a> EncryptedToken<'a> {
    /// Returns true for the five parts of a compact JWE, which distinguish it from a JWS (RFC 7516 §9).
    pub fn looks_like(token: &str) -> bool {
        token.split('.').count() == 5
    }

    /// Parses a token. Keys and certificates in its header are ignored; the recipient uses its own.
    pub fn parse(token: &'a str) -> Result<Self, JweError> {
        if token.len() > MAX_TOKEN {
            return Err(JweError::TooLong);
        }
        let mut parts = token.split('.');
        let mut next = || parts.next().ok_or(JweError::NotCompact);
        let protected = next()?;
        let encrypted_key = next()?;
        let iv = next()?;
        let ciphertext = next()?;
        let tag = next()?;
        if parts.next().is_some() || protected.is_empty() {
            return Err(JweError::NotCompact);
        }
        let header = strict_object(&decode(protected)?).ok_or(JweError::NotJsonObject)?;
        let (alg, enc) = algorithms(&header)?;
        let text = |name| jws::string(&header, name).map_err(|_| JweError::MalformedHeader);
        text("typ")?;
        text("cty")?;
        let token = Self {
            alg,
            enc,
            kid: text("kid")?.map(str::to_owned),
            ephemeral: ephemeral(&header, alg)?,
            party_u: decode(text("apu")?.unwrap_or_default())?,
            party_v: decode(text("apv")?.unwrap_or_default())?,
            protected,
            encrypted_key: decode(encrypted_key)?,
            iv: decode(iv)?,
            ciphertext: decode(ciphertext)?,
            tag: decode(tag)?,
        };
        let fits = alg.fits(&token.encrypted_key) && enc.fits(&token.ciphertext);
        if fits && token.iv.len() == enc.iv_length() && token.tag.len() == TAG_LENGTH {
            Ok(token)
        } else {
            Err(JweError::Length)
        }
    }
}

/// Returns `alg` and `enc` of a header without extensions.
fn algorithms(header: &Map<String, Value>) -> Result<(KeyManagement, ContentEncryption), JweError> {
    if UNSUPPORTED.iter().any(|name| header.contains_key(*name)) {
        return Err(JweError::UnsupportedHeader);
    }
    let text = |name| jws::string(header, name).ok().flatten().ok_or(JweError::UnsupportedAlgorithm);
    let alg = KeyManagement::named(text("alg")?).ok_or(JweError::UnsupportedAlgorithm)?;
    let enc = ContentEncryption::named(text("enc")?).ok_or(JweError::UnsupportedAlgorithm)?;
    Ok((alg, enc))
}

/// Returns the ephemeral key of a key agreement (RFC 7518 §4.6.1.1).
fn ephemeral(header: &Map<String, Value>, alg: KeyManagement) -> Result<Option<PublicJwk>, JweError> {
    match alg {
        KeyManagement::RsaOaep256 => Ok(None),
        KeyManagement::EcdhEs | KeyManagement::EcdhEsA256Kw => {
            let key = header.get("epk").and_then(|epk| PublicJwk::from_json(epk).ok());
            key.filter(|key| key.agrees()).map(Some).ok_or(JweError::MalformedHeader)
        }
    }
}

/// Decodes a part and refuses non-canonical encodings (RFC 4648 §3.5).
fn decode(part: &str) -> Result<Vec<u8>, JweError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| JweError::NotBase64Url)
}

#[cfg(test)]
mod tests;

//! The encryption algorithms that are supported (RFC 7518 §4, §5).

use serde::{Deserialize, Serialize};

/// The length of the content encryption key of every supported `enc`, in bytes (RFC 7518 §5.2.3, §5.3).
pub const CEK_LENGTH: usize = 32;
/// The length of the authentication tag of every supported `enc`, in bytes.
pub const TAG_LENGTH: usize = 16;

/// A key management algorithm: how the content encryption key reaches the recipient (RFC 7518 §4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum KeyManagement {
    /// Encrypted with RSAES-OAEP, SHA-256 and MGF1 with SHA-256 (RFC 7518 §4.3).
    #[serde(rename = "RSA-OAEP-256")]
    RsaOaep256,
    /// Agreed upon by ephemeral-static ECDH (RFC 7518 §4.6).
    #[serde(rename = "ECDH-ES")]
    EcdhEs,
    /// Wrapped with AES under an agreed key (RFC 7518 §4.6, §4.4).
    #[serde(rename = "ECDH-ES+A256KW")]
    EcdhEsA256Kw,
}

impl KeyManagement {
    pub const ALL: [Self; 3] = [Self::RsaOaep256, Self::EcdhEs, Self::EcdhEsA256Kw];

    /// Returns the value of `alg`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RsaOaep256 => "RSA-OAEP-256",
            Self::EcdhEs => "ECDH-ES",
            Self::EcdhEsA256Kw => "ECDH-ES+A256KW",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }

    /// Returns true if an encrypted key may have this length: none where the key is agreed upon directly (RFC 7516 §5.2
    /// step 10), one block more than the key where it is wrapped, a modulus for RSA.
    pub(crate) fn fits(self, encrypted_key: &[u8]) -> bool {
        match self {
            Self::RsaOaep256 => (256..=1024).contains(&encrypted_key.len()),
            Self::EcdhEs => encrypted_key.is_empty(),
            Self::EcdhEsA256Kw => encrypted_key.len() == CEK_LENGTH + 8,
        }
    }
}

/// A content encryption algorithm (RFC 7518 §5.1). Both take a key of [`CEK_LENGTH`] bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ContentEncryption {
    /// AES-GCM (RFC 7518 §5.3).
    #[serde(rename = "A256GCM")]
    A256Gcm,
    /// AES-CBC with HMAC-SHA-256 (RFC 7518 §5.2.3), the default where `enc` is absent.
    #[serde(rename = "A128CBC-HS256")]
    A128CbcHs256,
}

impl ContentEncryption {
    pub const ALL: [Self; 2] = [Self::A256Gcm, Self::A128CbcHs256];

    /// Returns the value of `enc`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A256Gcm => "A256GCM",
            Self::A128CbcHs256 => "A128CBC-HS256",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }

    /// Returns the length of the initialization vector, in bytes.
    pub const fn iv_length(self) -> usize {
        match self {
            Self::A256Gcm => 12,
            Self::A128CbcHs256 => 16,
        }
    }

    /// Returns true if a ciphertext may have this length: AES-CBC yields whole blocks, at least one.
    pub(crate) fn fits(self, ciphertext: &[u8]) -> bool {
        match self {
            Self::A256Gcm => true,
            Self::A128CbcHs256 => !ciphertext.is_empty() && ciphertext.len().is_multiple_of(16),
        }
    }
}

//! jsonwebtoken's process-wide crypto provider: it signs with the parsed keys of this server and verifies with
//! aws-lc-rs as usual.
//!
//! jsonwebtoken parses a private key for every signature. The encoding keys of this server therefore contain a handle
//! instead of the key, and the provider looks up the parsed key by it. Handles are never reused in a process. This is
//! the only global state.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, PoisonError, RwLock, Weak};

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, aws_lc};
use jsonwebtoken::errors::Error;
use jsonwebtoken::signature::{self, Signer};
use jsonwebtoken::{Algorithm, EncodingKey};

use super::signing_key::PrivateKey;

static HANDLES: LazyLock<RwLock<HashMap<u64, Weak<PrivateKey>>>> = LazyLock::new(RwLock::default);
static NEXT: AtomicU64 = AtomicU64::new(1);

static PROVIDER: LazyLock<CryptoProvider> =
    LazyLock::new(|| CryptoProvider { signer_factory: signer, ..aws_lc::DEFAULT_PROVIDER.clone() });

/// Installs the provider. Repeated calls have no effect.
pub fn install() {
    // It fails only if a provider is installed already, which is this one.
    let _ = LazyLock::force(&PROVIDER).install_default();
}

/// The handle of a key, by which the provider finds it as long as the handle exists.
pub struct Handle(u64);

impl Handle {
    /// Registers a key until the handle is dropped.
    pub fn new(key: &Arc<PrivateKey>) -> Self {
        let handle = NEXT.fetch_add(1, Ordering::Relaxed);
        HANDLES.write().unwrap_or_else(PoisonError::into_inner).insert(handle, Arc::downgrade(key));
        Self(handle)
    }

    /// Returns jsonwebtoken's key, which contains the handle.
    pub fn encoding_key(&self, algorithm: Algorithm) -> EncodingKey {
        let handle = self.0.to_be_bytes();
        match algorithm {
            Algorithm::ES256 | Algorithm::ES384 => EncodingKey::from_ec_der(&handle),
            Algorithm::EdDSA => EncodingKey::from_ed_der(&handle),
            _ => EncodingKey::from_rsa_der(&handle),
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        HANDLES.write().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

struct KeySigner {
    key: Arc<PrivateKey>,
    algorithm: Algorithm,
}

impl Signer<Vec<u8>> for KeySigner {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        self.key.sign(message).map_err(signature::Error::from_source)
    }
}

impl JwtSigner for KeySigner {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>, Error> {
    // An HMAC secret of eight bytes is not a handle.
    let is_secret = matches!(algorithm, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512);
    let handle = key.as_bytes().try_into().ok().map(u64::from_be_bytes).filter(|_| !is_secret);
    let handles = HANDLES.read().unwrap_or_else(PoisonError::into_inner);
    match handle.and_then(|handle| handles.get(&handle)).and_then(Weak::upgrade) {
        Some(found) => Ok(Box::new(KeySigner { key: found, algorithm: *algorithm })),
        // Not a handle but a real key, from tests and clients in this process.
        None => (aws_lc::DEFAULT_PROVIDER.signer_factory)(algorithm, key),
    }
}

//! `keys.*`: signing keys, encryption keys and the master key.

use std::path::PathBuf;

use serde::Serialize;

use super::{Algorithm, KeyManagement, MasterKey, Span};

/// Settings of the keys and of the master key that seals them.
#[derive(Debug, Serialize)]
pub struct Keys {
    /// The directory of the master key, unless `master_key` is set.
    pub dir: PathBuf,
    /// The master key, for hosts that share a database.
    pub master_key: Option<MasterKey>,
    /// Algorithms that the server signs with, each with a key of its own.
    pub algorithms: Vec<Algorithm>,
    /// Algorithms by which clients may encrypt to the server, each with a key of its own. Keys that already exist in
    /// the database stay in use.
    pub encryption_algorithms: Vec<KeyManagement>,
    /// Set on a node that verifies with public keys, and has neither the master key nor private keys.
    pub verify_only: bool,
    /// The modulus of new RSA keys, 3072 or 4096 bits.
    pub rsa_bits: u32,
    /// The time for which a key signs or is the one to encrypt to.
    pub rotation_interval: Span,
    /// The time for which a retired key stays published.
    pub retention: Span,
    /// The time for which others may cache the JWK set. A new key is announced at least that long before it signs.
    pub jwks_max_age: Span,
}

impl Default for Keys {
    fn default() -> Self {
        Self {
            dir: PathBuf::from("keys"),
            master_key: None,
            algorithms: vec![Algorithm::RS256, Algorithm::ES256],
            encryption_algorithms: Vec::new(),
            verify_only: false,
            rsa_bits: 3072,
            rotation_interval: Span::from_days(30),
            retention: Span::from_days(7),
            jwks_max_age: Span::from_hours(1),
        }
    }
}

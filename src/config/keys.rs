//! `keys.*`: signing keys, encryption keys and the master key.

use std::path::PathBuf;

use serde::Serialize;

use super::table::settings;
use super::{Algorithm, KeyManagement, MasterKey, Span};

settings! {
    [keys]

    /// Signing keys, encryption keys, and the master key that seals them.
    #[derive(Debug, Serialize)]
    pub struct Keys {
        /// The directory of the master key.
        pub dir: PathBuf = PathBuf::from("keys"),
        /// The master key, 32 bytes in base64url or hex, for hosts that share a database. It replaces the file in
        /// `keys.dir`.
        #[secret(MasterKey::parse, file = "A file with the master key.")]
        pub master_key: Option<MasterKey> = None,
        /// Algorithms that the server signs with, each with a key of its own; `RS384`, `RS512`, `PS256`, `PS384`,
        /// `PS512`, `ES384` and `EdDSA` are also possible. Access tokens are signed with `ES256` if it is listed,
        /// otherwise with the first, unless the resource or the client selects another; ID tokens with the algorithm
        /// that the client registered, `RS256` by default.
        pub algorithms: Vec<Algorithm> = vec![Algorithm::RS256, Algorithm::ES256],
        /// Algorithms by which clients may encrypt request objects, each with its own key in the key set:
        /// `RSA-OAEP-256`, `ECDH-ES`, `ECDH-ES+A256KW`. Keys of an earlier setting stay in use until `signet keys
        /// compromise` drops them.
        pub encryption_algorithms: Vec<KeyManagement> = Vec::new(),
        /// Makes this a node that has neither the master key nor private keys. It serves the key set, the metadata,
        /// introspection and userinfo, and answers 503 to all other requests.
        pub verify_only: bool = false,
        /// The size of new RSA keys. `4096` is also possible.
        pub rsa_bits: u32 = 3072,
        /// The time for which a key signs, or is the one to encrypt to. It must be longer than
        /// `keys.jwks_max_age`.
        pub rotation_interval: Span = Span::from_days(30),
        /// The time for which a retired key stays published and verifies, at least the longest token lifetime, 24 h,
        /// plus `tokens.clock_skew`.
        pub retention: Span = Span::from_days(7),
        /// The time for which others may cache the key set, at most 7 days. A key is published at least that long
        /// before it signs.
        pub jwks_max_age: Span = Span::from_hours(1),
    }
}

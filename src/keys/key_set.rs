//! The keys of one realm, for signing, verification and decryption, and the published JWK set.

use std::sync::Arc;

use bytes::Bytes;
use jsonwebtoken::Header;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::decryption::Decryption;
use super::public_part;
use signet_crypto::encryption_key::EncryptionKey;
use signet_crypto::jwe::DecryptError;
use signet_crypto::signing_key::{KeyError, SigningKey, verify_with};
use signet_protocol::client::resource::TokenHeader;
use signet_protocol::ids::KeyId;
use signet_protocol::jose::jwe::EncryptedToken;
use signet_protocol::jose::jwk::{KeyAlgorithm, KeyMaterial, PublicJwk, SigningAlgorithm};
use signet_protocol::jose::jws::UnverifiedJws;
use signet_protocol::jose::key_schedule::{self, KeyTimes, Policy, State};
use signet_protocol::secret::Digest;
use signet_protocol::time::{Span, Timestamp};
use signet_store::realm::hint_keys::HintKey;

/// A key of a realm.
#[derive(Clone)]
pub(super) enum Key {
    Signing(Arc<SigningKey>),
    Encryption(Arc<EncryptionKey>),
}

impl Key {
    /// Parses a private key in PKCS#8 form and checks it against its algorithm.
    pub(super) fn from_pkcs8(kid: KeyId, algorithm: KeyAlgorithm, der: &[u8]) -> Result<Self, KeyError> {
        match algorithm {
            KeyAlgorithm::Signing(algorithm) => {
                SigningKey::from_pkcs8(kid, algorithm, der).map(Arc::new).map(Self::Signing)
            }
            KeyAlgorithm::Encryption(algorithm) => {
                EncryptionKey::from_pkcs8(&kid, algorithm, der).map(Arc::new).map(Self::Encryption)
            }
        }
    }

    /// Creates a key that verifies or is published, and does nothing else.
    pub(super) fn from_public(kid: KeyId, algorithm: KeyAlgorithm, material: KeyMaterial) -> Result<Self, KeyError> {
        match algorithm {
            KeyAlgorithm::Signing(algorithm) => {
                SigningKey::from_public(kid, algorithm, material).map(Arc::new).map(Self::Signing)
            }
            KeyAlgorithm::Encryption(algorithm) => {
                EncryptionKey::from_public(&kid, algorithm, material).map(Arc::new).map(Self::Encryption)
            }
        }
    }

    pub(super) fn public(&self) -> &PublicJwk {
        match self {
            Self::Signing(key) => &key.public,
            Self::Encryption(key) => &key.public,
        }
    }

    fn signing(&self) -> Option<&SigningKey> {
        match self {
            Self::Signing(key) => Some(key),
            Self::Encryption(_) => None,
        }
    }

    fn encryption(&self) -> Option<&Arc<EncryptionKey>> {
        match self {
            Self::Signing(_) => None,
            Self::Encryption(key) => Some(key),
        }
    }
}

pub struct KeySet {
    keys: Vec<(KeyTimes, Key)>,
    times: Vec<KeyTimes>,
    hint_keys: Vec<HintKey>,
    /// Keys that are stored without their public part.
    incomplete: Vec<KeyId>,
    policy: Policy,
}

/// A served document with its entity tag.
#[derive(Clone, Debug)]
pub struct Jwks {
    pub body: Bytes,
    /// A strong entity tag, with its quotes.
    pub etag: String,
}

/// The state of a key, for commands and health checks.
#[derive(Clone, Debug, Serialize)]
pub struct KeyStatus {
    pub kid: KeyId,
    pub algorithm: String,
    /// `sig` or `enc`.
    #[serde(rename = "use")]
    pub key_use: &'static str,
    /// `announced`, `active`, `retired` or `gone`.
    pub state: &'static str,
    /// The time of first publication, in milliseconds.
    pub announced_at: Timestamp,
    /// The time from which it signs or is the key to encrypt to, in milliseconds.
    pub activates_at: Timestamp,
}

impl KeyStatus {
    /// Returns true if it is the key of its algorithm that is in use.
    pub fn is_active(&self) -> bool {
        self.state == "active"
    }
}

/// The reason why a signature of this server is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// No key has this `kid`, or it has been removed.
    #[error("the key is unknown")]
    UnknownKey,
    /// The header's `alg` is not the key's (RFC 8725 §3.1).
    #[error("the algorithm is not that of the key")]
    Algorithm,
    #[error("the signature is not valid")]
    Signature,
}

impl Jwks {
    /// Creates a document and derives its entity tag.
    pub fn new(body: Vec<u8>) -> Self {
        let digest = Digest::of(&body);
        let tag: String = digest.as_bytes().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Self { body: body.into(), etag: format!("\"{tag}\"") }
    }
}

impl Default for KeySet {
    fn default() -> Self {
        let policy = Policy { interval: Span::ZERO, announce: Span::ZERO, lead: Span::ZERO, retention: Span::ZERO };
        Self::new(Vec::new(), policy)
    }
}

impl KeySet {
    pub(super) fn new(keys: Vec<(KeyTimes, Key)>, policy: Policy) -> Self {
        let times = keys.iter().map(|(times, _)| times.clone()).collect();
        Self { keys, times, hint_keys: Vec::new(), incomplete: Vec::new(), policy }
    }

    /// Adds the public parts of removed keys.
    pub(super) fn with_hint_keys(self, hint_keys: Vec<HintKey>) -> Self {
        Self { hint_keys, ..self }
    }

    /// Adds the names of keys that are stored without their public part.
    pub(super) fn with_incomplete(self, incomplete: Vec<KeyId>) -> Self {
        Self { incomplete, ..self }
    }

    pub(super) fn incomplete(&self) -> &[KeyId] {
        &self.incomplete
    }

    /// Returns a key that has been parsed already.
    pub(super) fn find(&self, kid: &KeyId) -> Option<Key> {
        self.keys.iter().find(|(times, _)| times.kid == *kid).map(|(_, key)| key.clone())
    }

    /// Returns true if there is a key of the algorithm that was not dropped.
    pub(super) fn has_key_of(&self, algorithm: &str) -> bool {
        self.times.iter().any(|key| key.algorithm == algorithm && key.dropped_at.is_none())
    }

    /// Returns the times that the schedule is computed from.
    pub fn times(&self) -> &[KeyTimes] {
        &self.times
    }

    /// Signs an access token (RFC 9068 §2.1).
    pub fn sign_access_token(
        &self,
        claims: &impl Serialize,
        header: TokenHeader,
        now: Timestamp,
    ) -> Result<String, KeyError> {
        self.sign_jwt(claims, header.typ.as_str(), header.alg, now)
    }

    /// Signs claims as a JWT of this `typ` (RFC 7515 §4.1.9), such as those of userinfo or a logout token.
    pub fn sign_jwt(
        &self,
        claims: &impl Serialize,
        typ: &str,
        algorithm: SigningAlgorithm,
        now: Timestamp,
    ) -> Result<String, KeyError> {
        let key = self.signing_key(algorithm, now)?;
        let mut header = Header::new(key.jwt_algorithm());
        header.typ = Some(typ.to_owned());
        header.kid = Some(key.kid.as_str().to_owned());
        jsonwebtoken::encode(&header, claims, &key.encoding_key()?).map_err(|_| KeyError::Signature)
    }

    /// Verifies a signature of this realm: the `kid` names the key, and the key the algorithm.
    ///
    /// # Errors
    /// [`VerifyError`] says what is wrong; for the log, not for the client.
    pub fn verify(&self, token: &str, jws: &UnverifiedJws<'_>, now: Timestamp) -> Result<(), VerifyError> {
        let kid = jws.kid().ok_or(VerifyError::UnknownKey)?;
        let (times, key) =
            self.keys.iter().find(|(times, _)| times.kid.as_str() == kid).ok_or(VerifyError::UnknownKey)?;
        let key = key.signing().ok_or(VerifyError::UnknownKey)?;
        if self.state(times, now) == State::Gone {
            return Err(VerifyError::UnknownKey);
        }
        check(token, jws, key)
    }

    /// Verifies the signature of a logout hint. Besides the keys of [`Self::verify`] it accepts the public part of a
    /// removed key, but not of one that was dropped as compromised. [`VerifyError::UnknownKey`] means that nothing is
    /// left of the key; any other error means a forged or broken hint.
    pub fn verify_hint(&self, token: &str, jws: &UnverifiedJws<'_>, now: Timestamp) -> Result<(), VerifyError> {
        let verified = self.verify_own(token, jws);
        if verified != Err(VerifyError::UnknownKey) {
            return verified;
        }
        let named = |key: &&HintKey| Some(key.kid.as_str()) == jws.kid() && now < key.expires_at;
        let key = self.hint_keys.iter().find(named).ok_or(VerifyError::UnknownKey)?;
        if jws.alg() != key.algorithm {
            return Err(VerifyError::Algorithm);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(VerifyError::Signature)?;
        let public = serde_json::from_str(&key.public).map_err(|_| VerifyError::UnknownKey)?;
        let public = PublicJwk::from_json(&public).map_err(|_| VerifyError::UnknownKey)?;
        verify_with(&public, &key.algorithm, message, signature).map_err(|_| VerifyError::Signature)
    }

    /// Returns the public part of a signing key that is about to be removed. Returns `None` for other keys, and for one
    /// that was dropped as compromised, which could sign forged hints.
    pub(super) fn hint_key(&self, kid: &KeyId, expires_at: Timestamp) -> Option<HintKey> {
        let held = self.keys.iter().find(|(times, _)| times.kid == *kid && times.dropped_at.is_none());
        let key = held.and_then(|(_, key)| key.signing())?;
        Some(HintKey {
            kid: kid.clone(),
            algorithm: key.algorithm.as_str().to_owned(),
            public: public_part::encode(&key.public),
            expires_at,
        })
    }

    /// Returns true if signatures of this key are still valid.
    pub fn holds(&self, kid: &str, now: Timestamp) -> bool {
        let held = self.keys.iter().find(|(times, _)| times.kid.as_str() == kid);
        held.is_some_and(|(times, key)| key.signing().is_some() && self.state(times, now) != State::Gone)
    }

    /// Verifies a signature made for the server's own use. It accepts a key that is no longer published as long as it
    /// is stored, but not one that was dropped.
    pub fn verify_own(&self, token: &str, jws: &UnverifiedJws<'_>) -> Result<(), VerifyError> {
        let fits = |times: &KeyTimes| Some(times.kid.as_str()) == jws.kid() && times.dropped_at.is_none();
        let held = self.keys.iter().find(|(times, _)| fits(times));
        let key = held.and_then(|(_, key)| key.signing()).ok_or(VerifyError::UnknownKey)?;
        check(token, jws, key)
    }

    /// Prepares the decryption of a token by the key of its `kid` (RFC 7516 §4.1.6), which every published key has. A
    /// token without `kid` is refused, so that a request costs at most one private key operation. A retired key
    /// decrypts tokens encrypted while it was published. The error does not reveal why a token cannot be decrypted.
    pub fn decryption(&self, token: &str, now: Timestamp) -> Result<Decryption, DecryptError> {
        let read = EncryptedToken::parse(token)?;
        let kid = read.kid.as_deref().ok_or(DecryptError::Failed)?;
        let named = self.keys.iter().find(|(times, _)| times.kid.as_str() == kid);
        let live = named.filter(|(times, _)| self.state(times, now) != State::Gone);
        let key = live.and_then(|(_, key)| key.encryption()).filter(|key| key.algorithm == read.alg);
        Ok(Decryption { key: key.ok_or(DecryptError::Failed)?.clone(), token: token.to_owned() })
    }

    /// Builds the set to publish now, public members only: announced, active and retired signing keys, and the active
    /// encryption keys. Retired encryption keys are omitted, since tokens encrypted to them could arrive after their
    /// removal.
    pub fn jwks(&self, now: Timestamp) -> Jwks {
        let live = || self.keys.iter().map(|(times, key)| (self.state(times, now), key));
        let signing = live().filter(|(state, _)| *state != State::Gone).filter_map(|(_, key)| key.signing());
        let encryption = live().filter(|(state, _)| *state == State::Active).filter_map(|(_, key)| key.encryption());
        let signing = signing.map(|key| key.public.published("sig"));
        let encryption = encryption.map(|key| key.public.published("enc"));
        let keys: Vec<Map<String, Value>> = signing.chain(encryption).collect();
        let body = json!({ "keys": keys }).to_string().into_bytes();
        Jwks::new(body)
    }

    pub fn status(&self, now: Timestamp) -> Vec<KeyStatus> {
        let status = |times: &KeyTimes| KeyStatus {
            kid: times.kid.clone(),
            algorithm: times.algorithm.clone(),
            key_use: KeyAlgorithm::named(&times.algorithm).map_or("sig", KeyAlgorithm::key_use),
            state: match self.state(times, now) {
                State::Announced => "announced",
                State::Active => "active",
                State::Retired => "retired",
                State::Gone => "gone",
            },
            announced_at: times.announced_at,
            activates_at: times.activates_at,
        };
        self.times.iter().map(status).collect()
    }

    /// Returns true if each of these algorithms has an active key.
    pub fn is_ready(&self, algorithms: &[SigningAlgorithm], now: Timestamp) -> bool {
        algorithms.iter().all(|algorithm| self.signing_key(*algorithm, now).is_ok())
    }

    /// The key of this algorithm that signs now.
    ///
    /// # Errors
    /// [`KeyError::Algorithm`] where there is none.
    pub fn signing_key(&self, algorithm: SigningAlgorithm, now: Timestamp) -> Result<&SigningKey, KeyError> {
        let signing = self.keys.iter().filter_map(|(times, key)| key.signing().map(|key| (times, key)));
        let mut fitting = signing.filter(|(_, key)| key.algorithm == algorithm);
        let active = fitting.find(|(times, _)| self.state(times, now) == State::Active);
        active.map(|(_, key)| key).ok_or(KeyError::Algorithm)
    }

    fn state(&self, key: &KeyTimes, now: Timestamp) -> State {
        key_schedule::state(key, &self.times, now, &self.policy)
    }
}

/// Verifies that the key has signed the token, with the key's own algorithm.
fn check(token: &str, jws: &UnverifiedJws<'_>, key: &SigningKey) -> Result<(), VerifyError> {
    if jws.alg() != key.algorithm.as_str() {
        return Err(VerifyError::Algorithm);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(VerifyError::Signature)?;
    let verdict = jsonwebtoken::crypto::verify(signature, message.as_bytes(), key.decoding_key(), key.jwt_algorithm());
    match verdict {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(VerifyError::Signature),
    }
}

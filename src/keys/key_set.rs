//! The keys of one realm: which one signs, which ones verify, and the JWKS that is published.

use std::sync::Arc;

use jsonwebtoken::Header;
use openidconnect::core::CoreJwsSigningAlgorithm;
use openidconnect::{AccessToken, IdToken};
use serde::Serialize;
use serde_json::{Value, json};

use super::signing_key::{KeyError, SigningKey};
use crate::protocol::access_token::{AccessTokenClaims, TYP};
use crate::protocol::id_token::{ExtraClaims, SignetIdTokenClaims};
use crate::protocol::ids::KeyId;
use crate::protocol::jwk::SigningAlgorithm;
use crate::protocol::jws::UnverifiedJws;
use crate::protocol::key_schedule::{self, KeyTimes, Policy, State};
use crate::protocol::secret::Digest;
use crate::protocol::time::{Span, Timestamp};

/// An ID token in openidconnect's type.
type SignetIdToken = IdToken<
    ExtraClaims,
    openidconnect::core::CoreGenderClaim,
    openidconnect::core::CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

/// The keys of a realm.
pub struct KeySet {
    keys: Vec<(KeyTimes, Arc<SigningKey>)>,
    times: Vec<KeyTimes>,
    policy: Policy,
}

/// The published set as it goes over the wire.
#[derive(Clone, Debug)]
pub struct Jwks {
    /// The JSON document (RFC 7517 §5).
    pub body: Vec<u8>,
    /// A strong entity tag of it, with its quotes.
    pub etag: String,
}

/// A key's state, for commands and health.
#[derive(Clone, Debug, Serialize)]
pub struct KeyStatus {
    /// The `kid`.
    pub kid: KeyId,
    /// The algorithm.
    pub algorithm: String,
    /// `announced`, `active`, `retired` or `gone`.
    pub state: &'static str,
    /// Since when it has been published, in milliseconds.
    pub announced_at: Timestamp,
    /// From when it signs, in milliseconds.
    pub activates_at: Timestamp,
}

/// Why a signature of ours is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// No key has this `kid`, or it has been removed.
    #[error("the key is unknown")]
    UnknownKey,
    /// The header's `alg` is not the key's (RFC 8725 §3.1).
    #[error("the algorithm is not that of the key")]
    Algorithm,
    /// The signature is not valid.
    #[error("the signature is not valid")]
    Signature,
}

impl Jwks {
    /// A document with the entity tag that follows from it.
    pub fn new(body: Vec<u8>) -> Self {
        let digest = Digest::of(&body);
        let tag: String = digest.as_bytes().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Self { body, etag: format!("\"{tag}\"") }
    }
}

impl Default for KeySet {
    fn default() -> Self {
        let policy = Policy { interval: Span::ZERO, announce: Span::ZERO, lead: Span::ZERO, retention: Span::ZERO };
        Self::new(Vec::new(), policy)
    }
}

impl KeySet {
    pub(super) fn new(keys: Vec<(KeyTimes, Arc<SigningKey>)>, policy: Policy) -> Self {
        let times = keys.iter().map(|(times, _)| times.clone()).collect();
        Self { keys, times, policy }
    }

    /// A key that is in memory already.
    pub(super) fn find(&self, kid: &KeyId) -> Option<Arc<SigningKey>> {
        self.keys.iter().find(|(times, _)| times.kid == *kid).map(|(_, key)| key.clone())
    }

    /// The times from which the schedule follows.
    pub fn times(&self) -> &[KeyTimes] {
        &self.times
    }

    /// Signs an access token (RFC 9068 §2.1).
    ///
    /// # Errors
    /// [`KeyError`] where there is no key of this algorithm or it fails.
    pub fn sign_access_token(
        &self,
        claims: &AccessTokenClaims,
        algorithm: SigningAlgorithm,
        now: Timestamp,
    ) -> Result<String, KeyError> {
        self.sign_jwt(claims, TYP, algorithm, now)
    }

    /// Signs claims as a JWT of this type (RFC 8725 §3.11).
    ///
    /// # Errors
    /// [`KeyError`] where there is no key of this algorithm or it fails.
    pub fn sign_jwt(
        &self,
        claims: &impl Serialize,
        typ: &str,
        algorithm: SigningAlgorithm,
        now: Timestamp,
    ) -> Result<String, KeyError> {
        let key = self.active(algorithm, now)?;
        let mut header = Header::new(key.jwt_algorithm());
        header.typ = Some(typ.to_owned());
        header.kid = Some(key.kid.as_str().to_owned());
        jsonwebtoken::encode(&header, claims, &key.encoding_key()).map_err(|_| KeyError::Signature)
    }

    /// Signs an ID token with the hash of its access token (OpenID Connect Core §3.1.3.6).
    ///
    /// # Errors
    /// [`KeyError`] where there is no key of this algorithm or it fails.
    pub fn sign_id_token(
        &self,
        claims: SignetIdTokenClaims,
        algorithm: SigningAlgorithm,
        access_token: &str,
        now: Timestamp,
    ) -> Result<String, KeyError> {
        let key = self.active(algorithm, now)?;
        let access_token = AccessToken::new(access_token.to_owned());
        let token = SignetIdToken::new(claims, key, key.core_algorithm(), Some(&access_token), None);
        token.map(|token| token.to_string()).map_err(|_| KeyError::Signature)
    }

    /// Verifies a signature of this realm: the `kid` names the key, and the key the algorithm.
    ///
    /// # Errors
    /// [`VerifyError`] says what is wrong; for the log, not for the client.
    pub fn verify(&self, token: &str, jws: &UnverifiedJws<'_>, now: Timestamp) -> Result<(), VerifyError> {
        let kid = jws.kid().ok_or(VerifyError::UnknownKey)?;
        let (times, key) =
            self.keys.iter().find(|(times, _)| times.kid.as_str() == kid).ok_or(VerifyError::UnknownKey)?;
        if key_schedule::state(times, &self.times, now, &self.policy) == State::Gone {
            return Err(VerifyError::UnknownKey);
        }
        if jws.alg() != key.algorithm.as_str() {
            return Err(VerifyError::Algorithm);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(VerifyError::Signature)?;
        let verdict =
            jsonwebtoken::crypto::verify(signature, message.as_bytes(), key.decoding_key(), key.jwt_algorithm());
        match verdict {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(VerifyError::Signature),
        }
    }

    /// The set to publish now: announced, active and retired keys, public members only.
    pub fn jwks(&self, now: Timestamp) -> Jwks {
        let live = self
            .keys
            .iter()
            .filter(|(times, _)| key_schedule::state(times, &self.times, now, &self.policy) != State::Gone);
        let keys: Vec<Value> = live.map(|(_, key)| published(key)).collect();
        let body = json!({ "keys": keys }).to_string().into_bytes();
        Jwks::new(body)
    }

    /// The state of every key.
    pub fn status(&self, now: Timestamp) -> Vec<KeyStatus> {
        let status = |times: &KeyTimes| KeyStatus {
            kid: times.kid.clone(),
            algorithm: times.algorithm.clone(),
            state: match key_schedule::state(times, &self.times, now, &self.policy) {
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

    /// Whether every one of these algorithms has a key that signs now.
    pub fn is_ready(&self, algorithms: &[SigningAlgorithm], now: Timestamp) -> bool {
        algorithms.iter().all(|algorithm| self.active(*algorithm, now).is_ok())
    }

    fn active(&self, algorithm: SigningAlgorithm, now: Timestamp) -> Result<&SigningKey, KeyError> {
        let active = self.keys.iter().find(|(times, key)| {
            key.algorithm == algorithm && key_schedule::state(times, &self.times, now, &self.policy) == State::Active
        });
        active.map(|(_, key)| key.as_ref()).ok_or(KeyError::Algorithm)
    }
}

/// A public key as it is published: openidconnect's form and the `alg` that it cannot name.
fn published(key: &SigningKey) -> Value {
    let mut jwk = serde_json::to_value(key.published()).unwrap_or_default();
    if let Some(object) = jwk.as_object_mut() {
        object.retain(|_, member| !member.is_null());
        object.insert("alg".to_owned(), Value::from(key.algorithm.as_str()));
    }
    jwk
}

//! Signing of ID tokens by openidconnect, with a key of the realm or the secret of a client (OpenID Connect Core §2,
//! §10.1).

use openidconnect::core::{
    CoreGenderClaim, CoreHmacKey, CoreJsonCurveType, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
};
use openidconnect::{AccessToken, AuthorizationCode, IdToken, JsonWebKeyId, PrivateSigningKey, SigningError};

use super::id_token::{ExtraClaims, SignetIdTokenClaims};
use signet_crypto::{KeyError, MIN_SECRET, SigningKey};
use signet_protocol::jose::jwk::{Curve, KeyMaterial, PublicJwk, SigningAlgorithm};

/// An ID token in openidconnect's type.
type SignetIdToken = IdToken<ExtraClaims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

/// The access token and the code that are issued with an ID token, which contains their hashes.
#[derive(Clone, Copy, Debug, Default)]
pub struct IdTokenHashes<'a> {
    /// The access token, for `at_hash` (OpenID Connect Core §3.1.3.6).
    pub access_token: Option<&'a str>,
    /// The authorization code, for `c_hash` (OpenID Connect Core §3.3.2.11).
    pub code: Option<&'a str>,
}

/// A key of this server as openidconnect's private key.
struct RealmKey<'a>(&'a SigningKey);

impl PrivateSigningKey for RealmKey<'_> {
    type VerificationKey = CoreJsonWebKey;

    fn sign(&self, algorithm: &CoreJwsSigningAlgorithm, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        if *algorithm != core_algorithm(self.0.algorithm()) {
            return Err(SigningError::UnsupportedAlg(self.0.algorithm().as_str().to_owned()));
        }
        self.0.sign(message).map_err(|_| SigningError::CryptoError)
    }

    fn as_verification_key(&self) -> CoreJsonWebKey {
        core_key(self.0.public())
    }
}

/// Signs an ID token with a key of this server, after adding `at_hash` and `c_hash`.
pub fn sign_id_token(
    key: &SigningKey,
    claims: SignetIdTokenClaims,
    hashes: IdTokenHashes<'_>,
) -> Result<String, KeyError> {
    signed(claims, &RealmKey(key), core_algorithm(key.algorithm()), hashes)
}

/// Signs an ID token with a client's secret. A secret shorter than [`MIN_SECRET`] is [`KeyError::Malformed`].
pub fn sign_id_token_hs256(
    secret: &[u8],
    claims: SignetIdTokenClaims,
    hashes: IdTokenHashes<'_>,
) -> Result<String, KeyError> {
    if secret.len() < MIN_SECRET {
        return Err(KeyError::Malformed);
    }
    signed(claims, &CoreHmacKey::new(secret), CoreJwsSigningAlgorithm::HmacSha256, hashes)
}

/// Signs an ID token and returns its compact form.
fn signed<K: PrivateSigningKey<VerificationKey = CoreJsonWebKey>>(
    claims: SignetIdTokenClaims,
    key: &K,
    algorithm: CoreJwsSigningAlgorithm,
    hashes: IdTokenHashes<'_>,
) -> Result<String, KeyError> {
    let access_token = hashes.access_token.map(|token| AccessToken::new(token.to_owned()));
    let code = hashes.code.map(|code| AuthorizationCode::new(code.to_owned()));
    let token = SignetIdToken::new(claims, key, algorithm, access_token.as_ref(), code.as_ref());
    token.map(|token| token.to_string()).map_err(|_| KeyError::Signature)
}

/// Converts an algorithm to openidconnect's type.
const fn core_algorithm(algorithm: SigningAlgorithm) -> CoreJwsSigningAlgorithm {
    match algorithm {
        SigningAlgorithm::RS256 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        SigningAlgorithm::RS384 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
        SigningAlgorithm::RS512 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
        SigningAlgorithm::PS256 => CoreJwsSigningAlgorithm::RsaSsaPssSha256,
        SigningAlgorithm::PS384 => CoreJwsSigningAlgorithm::RsaSsaPssSha384,
        SigningAlgorithm::PS512 => CoreJwsSigningAlgorithm::RsaSsaPssSha512,
        SigningAlgorithm::ES256 => CoreJwsSigningAlgorithm::EcdsaP256Sha256,
        SigningAlgorithm::ES384 => CoreJwsSigningAlgorithm::EcdsaP384Sha384,
        SigningAlgorithm::EdDSA => CoreJwsSigningAlgorithm::EdDsa,
    }
}

/// Converts a public key to openidconnect's type, which has no `alg`.
fn core_key(public: &PublicJwk) -> CoreJsonWebKey {
    let kid = public.kid.clone().map(JsonWebKeyId::new);
    match public.material.clone() {
        KeyMaterial::Rsa { n, e } => CoreJsonWebKey::new_rsa(n, e, kid),
        KeyMaterial::Ec { curve, x, y } => {
            let curve = match curve {
                Curve::P256 => CoreJsonCurveType::P256,
                Curve::P384 => CoreJsonCurveType::P384,
            };
            CoreJsonWebKey::new_ec(x, y, curve, kid)
        }
        KeyMaterial::Ed25519 { x } => CoreJsonWebKey::new_okp(x, CoreJsonCurveType::Ed25519, kid),
    }
}

#[cfg(test)]
mod tests;

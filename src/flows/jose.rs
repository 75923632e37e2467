//! Answers to clients as they have registered them: signed with a key of this server or with the client's secret, then
//! encrypted to a key of the client's (OpenID Connect Core §10). And tokens that clients have encrypted to this server.

use serde::Serialize;
use zeroize::Zeroizing;

use super::{Context, FlowError, Provider, client_keys};
use crate::keys::{self, DecryptError};
use crate::protocol::client::{Client, Encryption, ResponseSigning};
use crate::protocol::encryption::KeyManagement;
use crate::protocol::error::OAuthError;
use crate::protocol::ids::{ClientId, RealmId};
use crate::protocol::jwk::PublicJwk;

/// Decrypts a token that a client has encrypted to this server.
///
/// # Errors
/// `invalid` where it cannot be decrypted, [`FlowError::Unavailable`] where too many are being decrypted.
pub async fn decrypt(
    provider: &Provider,
    context: &Context,
    token: &str,
    invalid: OAuthError,
) -> Result<Zeroizing<String>, FlowError> {
    let decrypted = provider.keys.decrypt(&context.realm.id, token, context.region(), context.now).await;
    decrypted.map_err(|error| match error {
        DecryptError::Busy => FlowError::Unavailable(error.to_string()),
        DecryptError::Malformed(_) | DecryptError::Failed => invalid.into(),
    })
}

/// Signs claims as a JWT of this `typ`.
///
/// # Errors
/// [`FlowError`] where a key fails, or the client's secret is not to be had.
pub fn sign(
    provider: &Provider,
    context: &Context,
    client: &Client,
    claims: &impl Serialize,
    (typ, signing): (&str, ResponseSigning),
) -> Result<String, FlowError> {
    match signing {
        ResponseSigning::Key(algorithm) => {
            Ok(provider.keys.of(&context.realm.id).sign_jwt(claims, typ, algorithm, context.now)?)
        }
        ResponseSigning::ClientSecret => Ok(keys::sign_hs256(&secret(provider, context, client)?, claims, typ)?),
    }
}

/// Why an answer cannot be encrypted; the client can mend it.
const NO_KEY: OAuthError = OAuthError::invalid_request("The client has no key that answers could be encrypted to.");

/// Makes sure that ID tokens can be signed and encrypted as the client wants them, before anything is consumed or stored
/// for it.
///
/// # Errors
/// `invalid_request` where the client has no key to encrypt to, [`FlowError::Unavailable`] where its keys cannot be had.
pub async fn check_id_token_key(provider: &Provider, context: &Context, client: &Client) -> Result<(), FlowError> {
    if client.metadata.id_token_signed_response_alg == ResponseSigning::ClientSecret {
        secret(provider, context, client)?;
    }
    match client.metadata.id_token_encryption() {
        Some(Encryption { alg, .. }) => encryption_key(provider, context, client, alg).await.map(drop),
        None => Ok(()),
    }
}

async fn encryption_key(
    provider: &Provider,
    context: &Context,
    client: &Client,
    alg: KeyManagement,
) -> Result<PublicJwk, FlowError> {
    // Boxed: most clients want nothing encrypted, and need no room for a request for their keys.
    match Box::pin(client_keys::encryption_key(provider, context, client, alg)).await? {
        // What a client publishes is not checked when it registers.
        Some(key) if keys::check_client_key(&key).is_err() => Err(NO_KEY.into()),
        Some(key) => Ok(key),
        None if client.metadata.jwks_uri.is_some() => {
            Err(FlowError::Unavailable("the keys of the client cannot be had".to_owned()))
        }
        None => Err(NO_KEY.into()),
    }
}

/// Encrypts a signed answer, if the client wants it so (RFC 7519 §5.2: signed, then encrypted).
///
/// # Errors
/// `invalid_request` where the client has no key to encrypt to, or [`FlowError`] where the cryptography fails.
pub async fn encrypt(
    provider: &Provider,
    context: &Context,
    client: &Client,
    encryption: Option<Encryption>,
    token: String,
) -> Result<String, FlowError> {
    let Some(Encryption { alg, enc }) = encryption else { return Ok(token) };
    let key = encryption_key(provider, context, client, alg).await?;
    Ok(keys::encrypt(&token, &key, alg, enc)?)
}

/// The secret of a client that needs it itself: the newest that has not expired.
///
/// # Errors
/// [`FlowError::Internal`] where none was kept, as that of a client that was not registered so.
pub fn secret(provider: &Provider, context: &Context, client: &Client) -> Result<Zeroizing<Vec<u8>>, FlowError> {
    let mut secrets = secrets(provider, context, client);
    secrets.next().ok_or_else(|| FlowError::Internal("the client's secret was not kept".to_owned()))
}

/// The secrets of a client that have not expired, the newest first, as far as they were kept.
pub fn secrets<'a>(
    provider: &'a Provider,
    context: &'a Context,
    client: &'a Client,
) -> impl Iterator<Item = Zeroizing<Vec<u8>>> + 'a {
    let place = secret_place(&context.realm.id, &client.id);
    let live = client.secrets.iter().filter(|secret| secret.expires_at.is_none_or(|end| context.now < end));
    live.filter_map(move |secret| provider.keys.open(secret.sealed.as_deref()?, &place))
}

/// What a sealed secret is bound to, so that rows cannot be swapped.
pub fn secret_place(realm: &RealmId, client: &ClientId) -> String {
    format!("{realm}|{client}|client-secret")
}

//! Signed and encrypted responses as clients have registered them (OpenID Connect Core §10): signed with a key of this
//! server or with the client's secret, then encrypted to a key of the client. Also decrypts tokens sent to this server.

use serde::Serialize;
use zeroize::Zeroizing;

use crate::flows::client::published_keys;
use crate::flows::{Context, FlowError, Provider};
use signet_crypto::DecryptError;
use signet_protocol::client::{Client, Encryption, ResponseSigning};
use signet_protocol::error::OAuthError;
use signet_protocol::ids::{ClientId, RealmId};
use signet_protocol::jose::encryption::KeyManagement;
use signet_protocol::jose::jwk::PublicJwk;

/// Decrypts a token that a client has encrypted to this server.
///
/// # Errors
/// `invalid` if it cannot be decrypted, [`FlowError::Unavailable`] if too many decryptions are in progress or this node
/// has no private keys.
pub async fn decrypt(
    provider: &Provider,
    context: &Context,
    token: &str,
    invalid: OAuthError,
) -> Result<Zeroizing<String>, FlowError> {
    provider.keys.require_private()?;
    let decrypted = provider.keys.decrypt(&context.realm.id, token, context.region(), context.now).await;
    decrypted.map_err(|error| match error {
        DecryptError::Busy => FlowError::Unavailable(error.to_string()),
        DecryptError::Malformed(_) | DecryptError::Failed => invalid.into(),
    })
}

/// The format of a signed JWT.
#[derive(Clone, Copy)]
pub struct Format<'a> {
    /// The header parameter `typ`.
    pub typ: &'a str,
    pub signing: ResponseSigning,
}

/// Signs claims as a JWT.
pub fn sign(
    provider: &Provider,
    context: &Context,
    client: &Client,
    claims: &impl Serialize,
    format: Format<'_>,
) -> Result<String, FlowError> {
    let Format { typ, signing } = format;
    match signing {
        ResponseSigning::Key(algorithm) => {
            Ok(provider.keys.of(&context.realm.id).sign_jwt(claims, typ, algorithm, context.now)?)
        }
        ResponseSigning::ClientSecret => {
            Ok(signet_crypto::sign_hs256(&secret(provider, context, client)?, claims, typ)?)
        }
    }
}

/// A response that cannot be encrypted; the client can fix this.
const NO_KEY: OAuthError = OAuthError::invalid_request("The client has no key that answers could be encrypted to.");

/// Checks that ID tokens can be signed and encrypted as the client registered, before anything is consumed or stored.
///
/// # Errors
/// `invalid_request` if the client has no key to encrypt to, [`FlowError::Unavailable`] if its keys cannot be fetched.
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
    // Boxed, because most clients use no encryption and should not pay for the future of a fetch.
    match Box::pin(published_keys::encryption_key(provider, context, client, alg)).await? {
        // Published keys have not been validated at registration.
        Some(key) if signet_crypto::check_client_key(&key).is_err() => Err(NO_KEY.into()),
        Some(key) => Ok(key),
        None if client.metadata.jwks_uri.is_some() => {
            Err(FlowError::Unavailable("the keys of the client cannot be had".to_owned()))
        }
        None => Err(NO_KEY.into()),
    }
}

/// Encrypts a signed response if the client registered for it (RFC 7519 §5.2: signed, then encrypted).
///
/// # Errors
/// `invalid_request` if the client has no key to encrypt to, [`FlowError`] if the encryption fails.
pub async fn encrypt(
    provider: &Provider,
    context: &Context,
    client: &Client,
    encryption: Option<Encryption>,
    token: String,
) -> Result<String, FlowError> {
    let Some(Encryption { alg, enc }) = encryption else { return Ok(token) };
    let key = encryption_key(provider, context, client, alg).await?;
    Ok(signet_crypto::encrypt(&token, &key, alg, enc)?)
}

/// The newest unexpired secret of a client, for clients whose secret must be stored in clear.
pub fn secret(provider: &Provider, context: &Context, client: &Client) -> Result<Zeroizing<Vec<u8>>, FlowError> {
    secrets(provider, context, client)?
        .next()
        .ok_or_else(|| FlowError::Internal("the client's secret was not kept".to_owned()))
}

/// The unexpired stored secrets of a client, newest first.
///
/// # Errors
/// [`FlowError::Unavailable`] on a node without the master key, which cannot open them.
pub fn secrets<'a>(
    provider: &'a Provider,
    context: &'a Context,
    client: &'a Client,
) -> Result<impl Iterator<Item = Zeroizing<Vec<u8>>> + 'a, FlowError> {
    provider.keys.require_private()?;
    let place = secret_place(&context.realm.id, &client.id);
    let live = client.secrets.iter().filter(|secret| secret.expires_at.is_none_or(|end| context.now < end));
    Ok(live.filter_map(move |secret| provider.keys.open(secret.sealed.as_deref()?, &place)))
}

/// The associated data of a sealed secret, so that rows cannot be swapped.
pub fn secret_place(realm: &RealmId, client: &ClientId) -> String {
    format!("{realm}|{client}|client-secret")
}

//! Answers to clients as they have registered them: signed with a key of this server or with the client's secret, then
//! encrypted to a key of the client's (OpenID Connect Core §10).

use serde::Serialize;

use super::{Context, FlowError, Provider, client_keys};
use crate::keys::{self, Content};
use crate::protocol::client::{Client, Encryption, ResponseSigning};

/// The `typ` of signed answers.
const TYP: &str = "JWT";

/// Signs claims.
///
/// # Errors
/// [`FlowError`] where a key fails, or the client's secret is not to be had.
pub fn sign(
    provider: &Provider,
    context: &Context,
    client: &Client,
    claims: &impl Serialize,
    signing: ResponseSigning,
) -> Result<String, FlowError> {
    match signing {
        ResponseSigning::Key(algorithm) => {
            Ok(provider.keys.of(&context.realm.id).sign_jwt(claims, TYP, algorithm, context.now)?)
        }
        ResponseSigning::ClientSecret => Ok(keys::sign_hs256(&secret(provider, context, client)?, claims)?),
    }
}

/// Encrypts a signed answer, if the client wants it so (RFC 7519 §5.2: signed, then encrypted).
///
/// # Errors
/// [`FlowError`] where the client has no key to encrypt to.
pub async fn encrypt(
    provider: &Provider,
    context: &Context,
    client: &Client,
    encryption: Option<Encryption>,
    token: String,
) -> Result<String, FlowError> {
    let Some(Encryption { alg, enc }) = encryption else { return Ok(token) };
    let key = client_keys::encryption_key(provider, context, client, alg).await?;
    let key = key.ok_or_else(|| FlowError::Internal("the client has no key to encrypt to".to_owned()))?;
    Ok(keys::encrypt(Content::SignedJwt(&token), &key, alg, enc)?)
}

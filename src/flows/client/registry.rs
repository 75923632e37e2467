//! Writes about clients that operators and clients share: the check of metadata, secrets, removal.

use super::cut_off::cut_off;
use crate::flows::context::Context;
use crate::flows::error::FlowError;
use crate::flows::token::jose;
use crate::keys::Keyring;
use signet_protocol::client::{ClientMetadata, MetadataError, Supported};
use signet_protocol::ids::ClientId;
use signet_protocol::jose::jwk::{self, JwkError};
use signet_protocol::secret::ClientSecret;
use signet_protocol::time::Timestamp;
use signet_protocol::token::revocation::Target;
use signet_store::client::clients;
use signet_store::client::clients::NewSecret;
use signet_store::events::audit::{self, Record};
use signet_store::node::changes;
use signet_store::{StoreError, Tx};

/// The minimum length of an operator's secret.
pub(crate) const MIN_SECRET: usize = 32;

/// Validates the metadata as a whole, including the keys in it.
pub(crate) fn check_metadata(metadata: &ClientMetadata, supported: &Supported<'_>) -> Result<(), MetadataError> {
    metadata.check(supported)?;
    let Some(set) = &metadata.jwks else { return Ok(()) };
    for key in jwk::client_keys(set)?.iter().chain(&jwk::encryption_keys(set)?) {
        signet_crypto::check_client_key(key).map_err(|_| MetadataError::Keys(JwkError::Malformed))?;
    }
    Ok(())
}

/// The client that a secret belongs to.
#[derive(Clone, Copy)]
pub(crate) struct SecretOwner<'a> {
    pub id: &'a ClientId,
    pub metadata: &'a ClientMetadata,
}

/// The stored form of a client's secret.
pub(crate) fn stored(
    context: &Context,
    keys: Option<&Keyring>,
    owner: SecretOwner<'_>,
    secret: &ClientSecret,
) -> Result<NewSecret, FlowError> {
    let SecretOwner { id, metadata } = owner;
    let sealed = if metadata.needs_recoverable_secret() {
        let keys = keys.ok_or_else(|| FlowError::Internal("there is no master key to seal with".to_owned()))?;
        Some(keys.seal(secret.expose().as_bytes(), &jose::secret_place(&context.realm.id, id))?)
    } else {
        None
    };
    Ok(NewSecret { digest: secret.digest(), sealed, is_weak: is_short(secret) })
}

/// True if an attacker who reads the database could guess the secret from its digest.
pub(crate) fn is_short(secret: &ClientSecret) -> bool {
    secret.expose().len() < MIN_SECRET
}

/// Deletes a client with its rows, and voids everything issued to it. Returns false if there was none.
pub(crate) async fn delete(
    tx: &mut Tx,
    context: &Context,
    id: &ClientId,
    horizon: Timestamp,
) -> Result<bool, StoreError> {
    if !clients::delete(tx, &context.realm.id, id).await? {
        return Ok(false);
    }
    cut_off(tx, context, Target::Client, id.as_str(), horizon).await?;
    Ok(true)
}

/// Deletes a client as [`delete`] does, with its audit record, and publishes it.
pub(crate) async fn remove(
    tx: &mut Tx,
    context: &Context,
    id: &ClientId,
    record: &Record,
    horizon: Timestamp,
) -> Result<bool, StoreError> {
    let realm = &context.realm.id;
    let now = context.now;
    if !delete(tx, context, id, horizon).await? {
        return Ok(false);
    }
    audit::append(tx, realm, record, now).await?;
    changes::publish(tx, realm, changes::Kind::Client, id.as_str(), now).await?;
    Ok(true)
}

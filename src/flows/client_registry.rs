//! Writes about clients that operators and clients share: the check of metadata, secrets, removal.

use super::context::Context;
use super::cut_off::cut_off;
use super::error::FlowError;
use super::jose;
use crate::keys::{self, Keyring};
use crate::protocol::client::{ClientMetadata, MetadataError, Supported};
use crate::protocol::ids::ClientId;
use crate::protocol::jwk::{self, JwkError};
use crate::protocol::revocation::Target;
use crate::protocol::secret::ClientSecret;
use crate::protocol::time::Timestamp;
use crate::store::audit::{self, Record};
use crate::store::clients::NewSecret;
use crate::store::{StoreError, Tx, changes, clients};

/// The minimum length of an operator's secret.
pub(super) const MIN_SECRET: usize = 32;

/// Validates the metadata as a whole, including the keys in it.
pub(super) fn check_metadata(metadata: &ClientMetadata, supported: &Supported<'_>) -> Result<(), MetadataError> {
    metadata.check(supported)?;
    let Some(set) = &metadata.jwks else { return Ok(()) };
    for key in jwk::client_keys(set)?.iter().chain(&jwk::encryption_keys(set)?) {
        keys::check_client_key(key).map_err(|_| MetadataError::Keys(JwkError::Malformed))?;
    }
    Ok(())
}

/// The stored form of a secret, for a client with this metadata.
pub(super) fn stored(
    context: &Context,
    keys: Option<&Keyring>,
    (id, metadata): (&ClientId, &ClientMetadata),
    secret: &ClientSecret,
) -> Result<NewSecret, FlowError> {
    let sealed = if metadata.needs_recoverable_secret() {
        let keys = keys.ok_or_else(|| FlowError::Internal("there is no master key to seal with".to_owned()))?;
        Some(keys.seal(secret.expose().as_bytes(), &jose::secret_place(&context.realm.id, id))?)
    } else {
        None
    };
    Ok(NewSecret { digest: secret.digest(), sealed, is_weak: is_short(secret) })
}

/// True if an attacker who reads the database could guess the secret from its digest.
pub(super) fn is_short(secret: &ClientSecret) -> bool {
    secret.expose().len() < MIN_SECRET
}

/// Removes a client in a transaction. Returns true if it existed.
pub(super) async fn remove(
    tx: &mut Tx,
    context: &Context,
    id: &ClientId,
    record: &Record,
    horizon: Timestamp,
) -> Result<bool, StoreError> {
    let realm = &context.realm.id;
    let now = context.now;
    if !clients::delete(tx, realm, id).await? {
        return Ok(false);
    }
    audit::append(tx, realm, record, now).await?;
    cut_off(tx, context, Target::Client, id.as_str(), horizon).await?;
    changes::publish(tx, realm, changes::Kind::Client, id.as_str(), now).await?;
    Ok(true)
}

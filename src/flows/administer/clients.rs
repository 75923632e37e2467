//! Registering clients, their secrets, and whether they may do anything.

use std::sync::Arc;

use super::{AdminError, cut_off, record};
use crate::flows::{Context, FlowError};
use crate::keys;
use crate::protocol::client::{ClientMetadata, MetadataError, Supported};
use crate::protocol::ids::ClientId;
use crate::protocol::jwk;
use crate::protocol::revocation::Target;
use crate::protocol::secret::{ClientSecret, Digest};
use crate::protocol::time::{Span, Timestamp};
use crate::store::audit::{self, Event};
use crate::store::clients::Standing;
use crate::store::{Store, StoreError, authorization_codes, changes, clients, token_families};

/// Where a client's secret comes from.
pub enum SecretSource {
    /// It is made here and shown once.
    Generated,
    /// The operator brings it.
    Given(ClientSecret),
}

/// The least length of a secret that an operator brings.
const MIN_SECRET: usize = 32;
/// How long the old secret stays valid beside a new one.
pub const SECRET_OVERLAP: Span = Span::from_days(1);

/// Registers a client; its secret, if one was made.
///
/// # Errors
/// [`AdminError`] where the metadata is refused or the id taken.
pub async fn add_client(
    store: &Store,
    context: &Context,
    id: ClientId,
    metadata: ClientMetadata,
    (source, supported): (SecretSource, &Supported<'_>),
) -> Result<Option<ClientSecret>, AdminError> {
    metadata.check(supported)?;
    for key in metadata.jwks.as_ref().map(jwk::client_keys).transpose().map_err(MetadataError::from)?.iter().flatten() {
        keys::check_client_key(key).map_err(|_| AdminError::Key)?;
    }
    let (secret, made) = match metadata.has_secret() {
        true => source_secret(context, source)?,
        false => (None, None),
    };
    let record = record(context, Event::ClientAdded, None, Some(&id))?;
    let shared = Arc::new((context.clone(), id, metadata, record));
    let inserted = store.write(move |tx| {
        let shared = shared.clone();
        Box::pin(async move {
            let (context, id, metadata, record) = &*shared;
            let (realm, now) = (&context.realm.id, context.now);
            clients::insert(tx, realm, id, metadata, now).await?;
            if let Some(secret) = secret {
                clients::add_secret(tx, realm, id, secret, now).await?;
            }
            audit::append(tx, realm, record, now).await?;
            changes::publish(tx, realm, changes::Kind::Client, id.as_str(), now).await
        })
    });
    match inserted.await {
        Ok(()) => Ok(made),
        Err(StoreError::Conflict) => Err(AdminError::Exists("a client with this id")),
        Err(error) => Err(error.into()),
    }
}

type Sourced = (Option<Digest>, Option<ClientSecret>);

fn source_secret(context: &Context, source: SecretSource) -> Result<Sourced, AdminError> {
    match source {
        SecretSource::Given(secret) if secret.expose().len() < MIN_SECRET => Err(AdminError::WeakSecret),
        SecretSource::Given(secret) => Ok((Some(secret.digest()), None)),
        SecretSource::Generated => {
            let secret = ClientSecret::generate(context.entropy.bytes().map_err(FlowError::from)?);
            Ok((Some(secret.digest()), Some(secret)))
        }
    }
}

/// Gives a client a new secret; the old one works for [`SECRET_OVERLAP`] longer.
///
/// # Errors
/// [`AdminError`] where there is no such client, or it has no secrets.
pub async fn rotate_secret(
    store: &Store,
    context: &Context,
    id: ClientId,
    source: SecretSource,
) -> Result<Option<ClientSecret>, AdminError> {
    let mut tx = store.read().await?;
    let client = clients::find(&mut tx, &context.realm.id, &id).await?.ok_or(AdminError::Unknown("client"))?;
    drop(tx);
    if !client.metadata.has_secret() {
        return Err(AdminError::NoSecret(client.metadata.token_endpoint_auth_method));
    }
    let (digest, made) = source_secret(context, source)?;
    let record = record(context, Event::ClientSecretRotated, None, Some(&id))?;
    let shared = Arc::new((context.clone(), id, record));
    let written = store.write(move |tx| {
        let shared = shared.clone();
        Box::pin(async move {
            let (context, id, record) = &*shared;
            let (realm, now) = (&context.realm.id, context.now);
            clients::expire_secrets(tx, realm, id, now.plus(SECRET_OVERLAP), now).await?;
            if let Some(digest) = digest {
                clients::add_secret(tx, realm, id, digest, now).await?;
            }
            audit::append(tx, realm, record, now).await?;
            changes::publish(tx, realm, changes::Kind::Client, id.as_str(), now).await
        })
    });
    match written.await {
        Ok(()) => Ok(made),
        Err(StoreError::Conflict) => Err(AdminError::Exists("this secret")),
        Err(error) => Err(error.into()),
    }
}

/// Enables or disables a client. What a disabled client holds is void, also when it is enabled again.
///
/// # Errors
/// [`AdminError`] where there is no such client.
pub async fn set_client_standing(
    store: &Store,
    context: &Context,
    id: ClientId,
    standing: Standing,
    horizon: Timestamp,
) -> Result<(), AdminError> {
    let event = match standing {
        Standing::Enabled => Event::ClientEnabled,
        Standing::Disabled => Event::ClientDisabled,
    };
    let record = record(context, event, None, Some(&id))?;
    let shared = Arc::new((context.clone(), id, record));
    let written = store.write(move |tx| {
        let shared = shared.clone();
        Box::pin(async move {
            let (context, id, record) = &*shared;
            let (realm, now) = (&context.realm.id, context.now);
            if !clients::set_standing(tx, realm, id, standing, now).await? {
                return Ok::<_, StoreError>(false);
            }
            audit::append(tx, realm, record, now).await?;
            if standing == Standing::Disabled {
                authorization_codes::drop_unused(tx, realm, id).await?;
                token_families::revoke_client(tx, realm, id, "client disabled", now).await?;
                cut_off(tx, context, Target::Client, id.as_str(), horizon).await?;
            }
            changes::publish(tx, realm, changes::Kind::Client, id.as_str(), now).await?;
            Ok(true)
        })
    });
    if written.await? { Ok(()) } else { Err(AdminError::Unknown("client")) }
}

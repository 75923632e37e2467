//! Adding, enabling, disabling and removing clients, and rotating their secrets.

use super::secrets::{self, SecretSource};
use super::{AdminError, record};
use crate::flows::Context;
use crate::flows::client::cut_off::cut_off;
use crate::flows::client::registry::{check_metadata, remove};
use crate::keys::Keyring;
use signet_protocol::client::{ClientMetadata, Supported};
use signet_protocol::ids::ClientId;
use signet_protocol::secret::ClientSecret;
use signet_protocol::time::{Span, Timestamp};
use signet_protocol::token::revocation::Target;
use signet_store::client::clients;
use signet_store::client::clients::{NewClient, Standing};
use signet_store::events::audit::{self, Event, Record};
use signet_store::node::changes;
use signet_store::token::{authorization_codes, token_families};
use signet_store::{Store, StoreError};

/// The time for which the old secret stays valid after a rotation.
pub const SECRET_OVERLAP: Span = Span::from_days(1);

/// The dependencies of client registration.
pub struct Registrar<'a> {
    pub store: &'a Store,
    pub context: &'a Context,
    /// The algorithms, grants and methods that clients may register.
    pub supported: Supported<'a>,
    /// Seals secrets that must be stored in clear; without it, clients that need one cannot be registered.
    pub keys: Option<&'a Keyring>,
}

/// Registers a client. Returns its secret, if one was generated.
pub async fn add_client(
    registrar: &Registrar<'_>,
    id: ClientId,
    metadata: ClientMetadata,
    source: SecretSource,
) -> Result<Option<ClientSecret>, AdminError> {
    let Registrar { store, context, supported, keys } = registrar;
    supported.check_profile(metadata.profile)?;
    check_metadata(&metadata, supported)?;
    let weak = weak_secret(context, &id, &source)?;
    let (secret, made) = if metadata.has_secret() {
        secrets::source(context, *keys, (&id, &metadata), source).map(|(secret, made)| (Some(secret), made))?
    } else {
        (None, None)
    };
    let reason = introspection(&metadata);
    let record = Record { reason, ..record(context, Event::ClientAdded, None, Some(&id))? };
    let created_by = record.actor.clone();
    let records = [Some(record), weak];
    let given = ((*context).clone(), id, metadata, secret, created_by, records);
    let inserted = store.write_with(given, move |given, tx| {
        Box::pin(async move {
            let (context, id, metadata, secret, created_by, records) = given;
            let realm = &context.realm.id;
            let now = context.now;
            clients::insert(tx, realm, &NewClient { id, metadata, created_by }, now).await?;
            if let Some(secret) = secret {
                clients::add_secret(tx, realm, id, secret, now).await?;
            }
            for record in records.iter().flatten() {
                audit::append(tx, realm, record, now).await?;
            }
            changes::publish(tx, realm, changes::Kind::Client, id.as_str(), now).await
        })
    });
    match inserted.await {
        Ok(()) => Ok(made),
        Err(StoreError::Conflict) => Err(AdminError::Exists("a client with this id")),
        Err(error) => Err(error.into()),
    }
}

/// The audit record of a weak secret; `None` for a strong one.
fn weak_secret(context: &Context, id: &ClientId, source: &SecretSource) -> Result<Option<Record>, AdminError> {
    if source.is_weak() { Ok(Some(record(context, Event::ClientSecretWeak, None, Some(id))?)) } else { Ok(None) }
}

/// The audit log's reason for a client that may introspect tokens of other clients.
fn introspection(metadata: &ClientMetadata) -> String {
    match metadata.introspects.as_slice() {
        [] => String::new(),
        resources => format!("introspects {}", resources.join(" ")),
    }
}

/// Gives a client a new secret; the old one works for [`SECRET_OVERLAP`] longer.
///
/// # Errors
/// [`AdminError`] if there is no such client, or it has no secrets; [`AdminError::Changed`] if a concurrent change came
/// first.
pub async fn rotate_secret(
    registrar: &Registrar<'_>,
    id: ClientId,
    source: SecretSource,
) -> Result<Option<ClientSecret>, AdminError> {
    let Registrar { store, context, keys, .. } = registrar;
    let mut tx = store.read().await?;
    let history = clients::history(&mut tx, &context.realm.id, &id).await?.ok_or(AdminError::Unknown("client"))?;
    let client = clients::find(&mut tx, &context.realm.id, &id).await?.ok_or(AdminError::Unknown("client"))?;
    drop(tx);
    let version = history.version;
    if !client.metadata.has_secret() {
        return Err(AdminError::NoSecret(client.metadata.token_endpoint_auth_method));
    }
    let weak = weak_secret(context, &id, &source)?;
    let (secret, made) = secrets::source(context, *keys, (&id, &client.metadata), source)?;
    let record = record(context, Event::ClientSecretRotated, None, Some(&id))?;
    let records = [Some(record), weak];
    let written = store.write_with(((*context).clone(), id, secret, records), move |given, tx| {
        Box::pin(async move {
            let (context, id, secret, records) = given;
            let realm = &context.realm.id;
            let now = context.now;
            if !clients::advance(tx, realm, id, version, now).await? {
                return Ok(false);
            }
            clients::expire_secrets(tx, realm, id, now.plus(SECRET_OVERLAP), now).await?;
            clients::add_secret(tx, realm, id, secret, now).await?;
            for record in records.iter().flatten() {
                audit::append(tx, realm, record, now).await?;
            }
            changes::publish(tx, realm, changes::Kind::Client, id.as_str(), now).await?;
            Ok(true)
        })
    });
    match written.await {
        Ok(true) => Ok(made),
        Ok(false) => Err(AdminError::Changed("client")),
        Err(StoreError::Conflict) => Err(AdminError::Exists("this secret")),
        Err(error) => Err(error.into()),
    }
}

/// Enables or disables a client. Everything issued to a disabled client stays void when it is enabled again.
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
    let written = store.write_with((context.clone(), id, record), move |given, tx| {
        Box::pin(async move {
            let (context, id, record) = given;
            let realm = &context.realm.id;
            let now = context.now;
            let changed = clients::set_standing(tx, realm, id, standing, now).await?;
            if !changed && !clients::exists(tx, realm, id).await? {
                return Ok::<_, StoreError>(false);
            }
            audit::append(tx, realm, record, now).await?;
            // Also voids tokens that a node issued before it learned of the disabling.
            if changed || standing == Standing::Disabled {
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

/// Removes a client with all its rows; everything issued to it is void on every node.
pub async fn remove_client(
    store: &Store,
    context: &Context,
    id: ClientId,
    horizon: Timestamp,
) -> Result<(), AdminError> {
    let record = record(context, Event::ClientRemoved, None, Some(&id))?;
    let written = store.write_with((context.clone(), id, record), move |given, tx| {
        Box::pin(async move {
            let (context, id, record) = given;
            remove(tx, context, id, record, horizon).await
        })
    });
    if written.await? { Ok(()) } else { Err(AdminError::Unknown("client")) }
}

//! Registering clients, updating their metadata, and rotating their secrets.

use super::client_update::{ClientPlan, ClientUpdate, GrantLosses, Revision};
use super::clients::{ClientsError, NO_CLIENT, RegisteredClient};
use super::error::{Changed, Exists};
use super::operator::{Change, Operator};
use super::secrets::{PreparedSecret, SecretError, SecretSource};
use crate::flows::client::registry::{SecretOwner, check_metadata};
use crate::flows::{Concerning, FlowError};
use crate::keys::Keyring;
use signet_protocol::client::{ClientMetadata, Supported};
use signet_protocol::ids::ClientId;
use signet_protocol::secret::ClientSecret;
use signet_protocol::time::Span;
use signet_store::StoreError;
use signet_store::client::clients::{self, NewClient};
use signet_store::events::audit::{Event, Record};
use signet_store::node::changes;

/// The time for which the old secret stays valid after a rotation.
pub const SECRET_OVERLAP: Span = Span::from_days(1);

/// Registers clients of the realm.
pub struct Registrar<'a> {
    pub operator: &'a Operator<'a>,
    /// The algorithms, grants and methods that clients may register.
    pub supported: Supported<'a>,
    /// Seals secrets that must be stored in clear; without it, clients that need one cannot be registered.
    pub keys: Option<&'a Keyring>,
}

impl Registrar<'_> {
    /// Registers a client. Returns its secret, if one was generated.
    pub async fn add(
        &self,
        id: ClientId,
        metadata: ClientMetadata,
        source: SecretSource,
    ) -> Result<Option<ClientSecret>, ClientsError> {
        self.supported.check_profile(metadata.profile)?;
        check_metadata(&metadata, &self.supported)?;
        let added = self.operator.record(Event::ClientAdded, Concerning::client(&id), &introspection(&metadata))?;
        let created_by = added.actor.clone();
        let change = self.change(&id, added, &source)?;
        let secret = if metadata.has_secret() { Some(self.prepare(&id, &metadata, source)?) } else { None };
        let (stored, made) = secret.map(|secret| (secret.stored, secret.made)).unzip();
        let written = self.operator.write(change, (id, metadata, stored, created_by), |given, tx| {
            Box::pin(async move {
                let (id, metadata, secret, created_by) = &given.data;
                let realm = given.realm();
                clients::insert(tx, realm, &NewClient { id, metadata, created_by }, given.now()).await?;
                match secret {
                    Some(secret) => clients::add_secret(tx, realm, id, secret, given.now()).await,
                    None => Ok(()),
                }
            })
        });
        match written.await {
            Ok(()) => Ok(made.flatten()),
            Err(StoreError::Conflict) => Err(Exists("a client with this id").into()),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives a client a new secret; the old one works for [`SECRET_OVERLAP`] longer.
    pub async fn rotate_secret(
        &self,
        id: ClientId,
        source: SecretSource,
    ) -> Result<Option<ClientSecret>, ClientsError> {
        let realm = self.operator.realm();
        let mut tx = self.operator.store.read().await?;
        let version = clients::history(&mut tx, realm, &id).await?.ok_or(NO_CLIENT)?.version;
        let client = clients::find(&mut tx, realm, &id).await?.ok_or(NO_CLIENT)?;
        drop(tx);
        if !client.metadata.has_secret() {
            return Err(SecretError::Unused(client.metadata.token_endpoint_auth_method).into());
        }
        let rotated = self.operator.record(Event::ClientSecretRotated, Concerning::client(&id), "")?;
        let change = self.change(&id, rotated, &source)?;
        let PreparedSecret { stored, made } = self.prepare(&id, &client.metadata, source)?;
        let written = self.operator.write(change, (id, stored), move |given, tx| {
            Box::pin(async move {
                let (id, secret) = &given.data;
                let realm = given.realm();
                let now = given.now();
                if !clients::advance(tx, realm, id, version, now).await? {
                    return Ok(false);
                }
                clients::expire_secrets(tx, realm, id, now.plus(SECRET_OVERLAP), now).await?;
                clients::add_secret(tx, realm, id, secret, now).await?;
                Ok(true)
            })
        });
        match written.await {
            Ok(true) => Ok(made),
            Ok(false) => Err(Changed("client").into()),
            Err(StoreError::Conflict) => Err(Exists("this secret").into()),
            Err(error) => Err(error.into()),
        }
    }

    /// Plans an update, whose metadata is validated with the rules of registration.
    pub fn plan(&self, read: &RegisteredClient, next: ClientMetadata) -> Result<ClientPlan, ClientsError> {
        let client = &read.client;
        let next = match client.registration {
            Some(_) => next.capped_over(&client.metadata),
            None => next,
        };
        // A profile that the client already has is not checked again.
        if next.profile != client.metadata.profile {
            self.supported.check_profile(next.profile)?;
        }
        check_metadata(&next, &self.supported.clone().with_held(&client.metadata))?;
        if !next.keeps_subjects_of(client) {
            return Err(ClientsError::Sector);
        }
        let record = self.operator.record(Event::ClientUpdated, Concerning::client(&client.id), "")?;
        let horizon = self.operator.horizon();
        let revision = Revision { client, version: read.history.version, next, horizon };
        Ok(ClientPlan::of(self.operator.context, self.keys, revision, record)?)
    }

    /// Returns the effect of an update without writing it.
    pub async fn preview(&self, plan: &ClientPlan) -> Result<ClientUpdate, ClientsError> {
        let mut tx = self.operator.store.read().await?;
        let losses = GrantLosses::of(&mut tx, self.operator.context, plan).await?;
        Ok(plan.outcome(losses))
    }

    /// Writes an update, and waits until every node has applied it.
    ///
    /// # Errors
    /// [`ClientsError::Changed`] if the client has been changed since it was read.
    pub async fn carry_out(&self, mut plan: ClientPlan) -> Result<ClientUpdate, ClientsError> {
        if plan.is_empty() {
            return Ok(ClientUpdate::default());
        }
        let secret = plan.take_secret();
        // The plan appends its own record, as it does for a client that updates itself.
        let written = self.operator.write(Change::of(Vec::new()), plan, |given, tx| {
            Box::pin(async move {
                let losses = GrantLosses::of(tx, &given.context, &given.data).await?;
                let is_written = given.data.apply(tx, &given.context).await?;
                Ok::<_, StoreError>(is_written.then(|| given.data.outcome(losses)))
            })
        });
        let update = written.await?.ok_or(Changed("client"))?;
        Ok(ClientUpdate { secret, ..update })
    }

    /// The change of a client's secret, with a second record for a weak one.
    fn change(&self, id: &ClientId, record: Record, source: &SecretSource) -> Result<Change, FlowError> {
        let mut records = vec![record];
        if source.is_weak() {
            records.push(self.operator.record(Event::ClientSecretWeak, Concerning::client(id), "")?);
        }
        Ok(Change::of(records).publishing(changes::Kind::Client, id.as_str()))
    }

    fn prepare(
        &self,
        id: &ClientId,
        metadata: &ClientMetadata,
        source: SecretSource,
    ) -> Result<PreparedSecret, SecretError> {
        let owner = SecretOwner { id, metadata };
        PreparedSecret::of(self.operator.context, self.keys, owner, source)
    }
}

/// The audit log's reason for a client that may introspect tokens of other clients.
fn introspection(metadata: &ClientMetadata) -> String {
    match metadata.introspects.as_slice() {
        [] => String::new(),
        resources => format!("introspects {}", resources.join(" ")),
    }
}

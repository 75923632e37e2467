//! A planned replacement of a client's metadata, with its effect on secrets and grants: by an operator, with
//! [`super::Registrar`], or by the client itself (RFC 7592 §2.2). It states the version that it is based on.

use serde::Serialize;

use super::narrowing::narrow;
use super::secrets::{PlannedSecret, SecretChange};
use crate::flows::{Context, FlowError};
use crate::keys::Keyring;
use signet_protocol::account::attributes::AttributeChange;
use signet_protocol::client::{Client, ClientMetadata, GrantEffect, Losses};
use signet_protocol::events::audit_details::Details;
use signet_protocol::ids::ClientId;
use signet_protocol::secret::ClientSecret;
use signet_protocol::time::Timestamp;
use signet_store::account::holdings::{self, Allowed};
use signet_store::client::clients::{self, Replacement};
use signet_store::events::audit::{self, Record};
use signet_store::node::changes;
use signet_store::{StoreError, Tx};

/// The maximum length of a change in the audit log, in characters.
const MAX_REASON: usize = 1000;

/// The effect of an update of a client.
#[derive(Debug, Default, Serialize)]
pub struct ClientUpdate {
    pub changed: Vec<AttributeChange>,
    /// The scopes and resources that live grants lose.
    pub narrowed: Vec<NarrowedGrants>,
    pub ended_grants: i64,
    /// True if earlier access tokens are void.
    pub voids_access_tokens: bool,
    /// True if the client's earlier secrets no longer work.
    pub drops_secrets: bool,
    /// The generated secret, to be shown once.
    #[serde(skip)]
    pub secret: Option<ClientSecret>,
}

/// A scope or a resource that live grants lose.
#[derive(Debug, Serialize)]
pub struct NarrowedGrants {
    /// `scope` or `resource`.
    pub kind: &'static str,
    pub lost: String,
    /// The number of grants that had it.
    pub grants: i64,
}

/// A stored client, and its new metadata.
pub(crate) struct Revision<'a> {
    pub client: &'a Client,
    /// The version of its row.
    pub version: i64,
    pub next: ClientMetadata,
    /// The expiry of a revocation made now.
    pub horizon: Timestamp,
}

/// A validated update that has not been written.
pub struct ClientPlan {
    replacement: ClientReplacement,
    losses: Losses,
    changed: Vec<AttributeChange>,
    made: Option<ClientSecret>,
    drops_secrets: bool,
    record: Record,
}

impl ClientPlan {
    /// Plans an update with validated metadata. The audit record lists the changed attributes.
    pub(crate) fn of(
        context: &Context,
        keys: Option<&Keyring>,
        revision: Revision<'_>,
        record: Record,
    ) -> Result<Self, FlowError> {
        let Revision { client, version, next, horizon } = revision;
        let changed = client.metadata.changes_to(&next);
        let lines: Vec<String> = changed.iter().map(AttributeChange::line).collect();
        let reason: String = lines.join("; ").chars().take(MAX_REASON).collect();
        let details = Details::of_changes(&changed);
        let PlannedSecret { change, made } = PlannedSecret::of(context, keys, client, &next)?;
        Ok(Self {
            drops_secrets: !client.secrets.is_empty() && !matches!(change, SecretChange::Keep(_)),
            losses: client.metadata.losses_to(&next),
            replacement: ClientReplacement {
                id: client.id.clone(),
                version,
                narrowing: GrantEffect::of(client, &next),
                metadata: next,
                secret: change,
                horizon,
            },
            changed,
            made,
            record: Record { reason, details, ..record },
        })
    }

    pub(crate) const fn metadata(&self) -> &ClientMetadata {
        &self.replacement.metadata
    }

    /// The effect on grants and tokens.
    pub(crate) const fn narrowing(&self) -> GrantEffect {
        self.replacement.narrowing
    }

    /// The generated secret, to be shown once.
    pub(crate) const fn secret(&self) -> Option<&ClientSecret> {
        self.made.as_ref()
    }

    /// Replaces the metadata in a transaction, and publishes it with its audit record. Returns false if a concurrent
    /// change came first.
    pub(crate) async fn apply(&self, tx: &mut Tx, context: &Context) -> Result<bool, StoreError> {
        let realm = &context.realm.id;
        let now = context.now;
        if !replace_client(tx, context, &self.replacement).await? {
            return Ok(false);
        }
        audit::append(tx, realm, &self.record, now).await?;
        changes::publish(tx, realm, changes::Kind::Client, self.replacement.id.as_str(), now).await?;
        Ok(true)
    }

    /// True if the update changes nothing.
    pub(super) const fn is_empty(&self) -> bool {
        self.changed.is_empty()
    }

    /// Takes the generated secret, to be shown once.
    pub(super) const fn take_secret(&mut self) -> Option<ClientSecret> {
        self.made.take()
    }

    pub(super) fn outcome(&self, losses: GrantLosses) -> ClientUpdate {
        ClientUpdate {
            changed: self.changed.clone(),
            narrowed: losses.narrowed,
            ended_grants: losses.ended,
            voids_access_tokens: self.replacement.narrowing != GrantEffect::Nothing,
            drops_secrets: self.drops_secrets,
            secret: None,
        }
    }
}

/// The effect of an update on live grants.
pub(super) struct GrantLosses {
    narrowed: Vec<NarrowedGrants>,
    /// The number of grants that end.
    ended: i64,
}

impl GrantLosses {
    pub(super) async fn of(tx: &mut Tx, context: &Context, plan: &ClientPlan) -> Result<Self, StoreError> {
        let realm = &context.realm.id;
        let now = context.now;
        let id = &plan.replacement.id;
        if plan.replacement.narrowing == GrantEffect::Grants {
            let ended = holdings::of_client(tx, realm, id, now).await?.grants;
            return Ok(Self { narrowed: Vec::new(), ended });
        }
        let mut narrowed = Vec::new();
        for scope in &plan.losses.scopes {
            let grants = holdings::grants_with(tx, realm, id, Allowed::Scope(scope), now).await?;
            narrowed.push(NarrowedGrants { kind: "scope", lost: scope.clone(), grants });
        }
        for resource in &plan.losses.resources {
            let grants = holdings::grants_with(tx, realm, id, Allowed::Resource(resource), now).await?;
            narrowed.push(NarrowedGrants { kind: "resource", lost: resource.clone(), grants });
        }
        narrowed.retain(|loss| loss.grants > 0);
        Ok(Self { narrowed, ended: 0 })
    }
}

/// New metadata of a client, with its effect on secrets and grants.
struct ClientReplacement {
    id: ClientId,
    metadata: ClientMetadata,
    /// The version that the metadata is based on.
    version: i64,
    narrowing: GrantEffect,
    secret: SecretChange,
    /// The expiry of a revocation made now.
    horizon: Timestamp,
}

/// Replaces the metadata of a client in a transaction; the caller publishes it. Returns false if a concurrent change
/// came first.
async fn replace_client(tx: &mut Tx, context: &Context, replacement: &ClientReplacement) -> Result<bool, StoreError> {
    let realm = &context.realm.id;
    let now = context.now;
    let ClientReplacement { id, metadata, version, narrowing, secret, horizon } = replacement;
    if let SecretChange::Keep(secret) = secret
        && !clients::has_secret(tx, realm, id, *secret).await?
    {
        return Ok(false);
    }
    if !clients::replace(tx, realm, id, &Replacement { metadata, version: *version }, now).await? {
        return Ok(false);
    }
    match secret {
        SecretChange::Keep(_) => {}
        SecretChange::Drop => clients::drop_secrets(tx, realm, id).await?,
        SecretChange::New(secret) => {
            clients::drop_secrets(tx, realm, id).await?;
            clients::add_secret(tx, realm, id, secret, now).await?;
        }
    }
    narrow(tx, context, id, *narrowing, *horizon).await?;
    Ok(true)
}

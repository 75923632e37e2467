//! Context of commands: the store and the default realm.

use std::sync::Arc;

use super::{database, operator};
use crate::app;
use crate::config::Settings;
use crate::flows::admin::{Actor, Operator};
use crate::flows::{Context, LONGEST_ACCESS_TOKEN, Realm};
use crate::keys::Keyring;
use signet_crypto::entropy::Entropy;
use signet_protocol::time::{Span, Timestamp};
use signet_store::Store;
use signet_store::clock::NodeClock;
use signet_store::events::audit::Origin;

/// An open database with the context of a command.
pub struct CommandContext {
    pub store: Store,
    pub context: Context,
    clock: NodeClock,
    /// The tolerance between clocks.
    skew: Span,
}

impl CommandContext {
    /// Opens the existing database of the settings.
    pub async fn open(settings: &Settings) -> anyhow::Result<Self> {
        database::require(settings)?;
        Self::at(app::open_existing_store(settings).await?, settings).await
    }

    /// Uses an open database with the current schema.
    pub async fn at(store: Store, settings: &Settings) -> anyhow::Result<Self> {
        let clock = app::clock_of(&store).await?;
        let realm = app::ensure_realm(&store, clock.now()).await?;
        // As late as possible, since a revocation by the command voids everything issued before this time.
        let now = clock.now();
        let context = Context {
            realm: Arc::new(Realm { id: realm, issuer: settings.issuer.clone(), mails: settings.mail.is_on() }),
            now,
            entropy: Entropy::default(),
            origin: Origin { operator: operator::name(), ..Origin::default() },
        };
        Ok(Self { store, context, clock, skew: settings.tokens.clock_skew })
    }

    /// Returns the operator who runs the command, without a reason.
    pub fn operator(&self) -> Operator<'_> {
        Operator::new(&self.store, &self.context, Actor::Command, self.skew)
    }

    /// Reads the clock again after slow work, so that a cut-off covers tokens issued meanwhile.
    pub fn renew(&mut self) {
        self.context.now = self.clock.now();
    }

    /// Loads the signing keys; only their public parts on a node that only verifies.
    pub async fn keyring(&self, settings: &Settings) -> anyhow::Result<Keyring> {
        let realm = &self.context.realm.id;
        let master = app::node_master_key(settings, &self.store, realm, &self.context.entropy).await?;
        let realm = std::slice::from_ref(realm);
        Ok(Keyring::load(self.store.clone(), master, app::key_policy(settings), realm).await?)
    }

    /// Returns the time until which a revocation made now must be kept.
    pub fn horizon(&self) -> Timestamp {
        self.context.now.plus(LONGEST_ACCESS_TOKEN).plus(self.skew)
    }

    /// Closes the database.
    pub async fn close(self) {
        self.store.close().await;
    }
}

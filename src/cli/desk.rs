//! What commands that change the database work with: the store and a context of the default realm.

use std::sync::Arc;

use super::{database, operator};
use crate::app;
use crate::clock::NodeClock;
use crate::config::Settings;
use crate::entropy::Entropy;
use crate::flows::{Context, LONGEST_ACCESS_TOKEN, Realm};
use crate::keys::Keyring;
use crate::protocol::time::Timestamp;
use crate::store::Store;
use crate::store::audit::Origin;

/// An opened database and the circumstances of a command.
pub struct Desk {
    /// The database.
    pub store: Store,
    /// The circumstances of the command.
    pub context: Context,
    clock: NodeClock,
}

impl Desk {
    /// Opens the database that the settings name, which must have been created before.
    ///
    /// # Errors
    /// Where there is none, it cannot be opened, or its schema does not fit.
    pub async fn open(settings: &Settings) -> anyhow::Result<Self> {
        database::require(settings)?;
        Self::at(app::open_existing_store(settings).await?, settings).await
    }

    /// The same with a database that has been opened already, whose schema is the one that this binary knows.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn at(store: Store, settings: &Settings) -> anyhow::Result<Self> {
        let clock = app::clock_of(&store).await?;
        let realm = app::ensure_realm(&store, clock.now()).await?;
        // As late as possible: what was issued before this point is void where the command cuts something off.
        let now = clock.now();
        let context = Context {
            realm: Arc::new(Realm { id: realm, issuer: settings.issuer.clone(), mails: settings.mail.is_on() }),
            now,
            entropy: Entropy::default(),
            origin: Origin { operator: operator::name(), ..Origin::default() },
        };
        Ok(Self { store, context, clock })
    }

    /// Reads the clock again after slow work, so that a cut-off covers what was issued meanwhile.
    pub fn renew(&mut self) {
        self.context.now = self.clock.now();
    }

    /// Opens the signing keys too.
    ///
    /// # Errors
    /// Where the master key is not there or not the right one.
    pub async fn keyring(&self, settings: &Settings) -> anyhow::Result<Keyring> {
        let realm = &self.context.realm.id;
        let master = app::master_key(settings, &self.store, realm, &self.context.entropy).await?;
        let realm = std::slice::from_ref(realm);
        Ok(Keyring::load(self.store.clone(), master, app::key_policy(settings), realm).await?)
    }

    /// Until when a revocation made now has to be kept.
    pub fn horizon(&self, settings: &Settings) -> Timestamp {
        self.context.now.plus(LONGEST_ACCESS_TOKEN).plus(settings.tokens.clock_skew)
    }

    /// Waits for the database to be closed properly.
    pub async fn close(self) {
        self.store.close().await;
    }
}

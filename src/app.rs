//! L3: the state that all handlers share, and the documents prepared ahead of requests.

mod database;
mod documents;
mod observe;
mod time;

pub use database::{
    create_master_key, ensure_realm, existing_master_key, has_sealed_keys, master_key, node_master_key,
    open_existing_store, open_store,
};
pub use documents::{Document, Documents};
use observe::Rounds;
pub use time::clock_of;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use arc_swap::ArcSwap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::adapters::openid_connect::metadata::MetadataError;
use crate::branding::{Branding, BrandingError};
use crate::config::{Mode, Settings};
use crate::fetch::{Fetcher, OutboundError};
use crate::flows::authorize::Requests;
use crate::flows::client::profiles::Profiles;
use crate::flows::client::{Clients, register};
use crate::flows::defense::{Limits, rates};
use crate::flows::events::audit;
use crate::flows::outbound::Outbound;
use crate::flows::session::Browsers;
use crate::flows::sign_in::{SignIns, soft_lock};
use crate::flows::token::Tokens;
use crate::flows::{FlowError, Lifetimes, Provider, Realm};
use crate::keys::{KeyPolicy, Keyring, KeyringError};
use crate::mail::{Mailer, MailerError};
use crate::metrics::Metrics;
use crate::passwords::{BreachedFile, BreachedFileError, Cost, PasswordError, Passwords};
use signet_crypto::entropy::{Entropy, EntropyError};
use signet_crypto::{MasterKey, MasterKeyError};
use signet_protocol::account::password::PasswordRules;
use signet_protocol::jose::key_schedule::Policy;
use signet_protocol::time::Span;
use signet_store::account::users;
use signet_store::authorize::{authorization_requests, pushed_requests};
use signet_store::clock::{Clock, NodeClock};
use signet_store::node::membership::Polled;
use signet_store::node::view::View;
use signet_store::token::device_authorizations;
use signet_store::{Store, StoreError};

/// The time between the announcement of the next signing key and its activation.
const KEY_LEAD: Span = Span::from_hours(24);

/// The shared state of a node.
pub struct App {
    /// The state that use cases need.
    pub provider: Provider,
    /// The checked settings.
    pub settings: Settings,
    /// The clock, shared by all nodes of one database.
    pub clock: NodeClock,
    pub entropy: Entropy,
    /// The realm at the base URL.
    pub realm: Arc<Realm>,
    /// The appearance of the pages.
    pub branding: Branding,
    /// The position of the audit log review, on the node that does the upkeep.
    pub audit_review: audit::Review,
    documents: ArcSwap<Documents>,
    publishing: Mutex<()>,
    /// The key version that the documents were built from.
    published_keys: AtomicU64,
    draining: AtomicBool,
    rounds: Rounds,
    base_path: String,
}

/// The reason why the server does not start. Each message is one clear line.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    #[error("passwords.*: {0}")]
    Passwords(#[from] PasswordError),
    #[error(transparent)]
    BreachedFile(#[from] BreachedFileError),
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    #[error(transparent)]
    Mailer(#[from] MailerError),
    #[error(transparent)]
    Branding(#[from] BrandingError),
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

impl App {
    /// Opens the database (and migrates it where that is the server's task), the master key and the keys. Due signing
    /// keys are created here; encryption keys are created by the first upkeep, once the server listens. Nothing missing
    /// or damaged is replaced silently.
    pub async fn open(settings: Settings, clock: Clock) -> Result<Arc<Self>, StartError> {
        let store = open_store(&settings).await?;
        Self::on(store, settings, clock).await
    }

    /// Opens everything as [`Self::open`] does, but refuses an empty database.
    pub async fn open_existing(settings: Settings, clock: Clock) -> Result<Arc<Self>, StartError> {
        let store = open_existing_store(&settings).await?;
        Self::on(store, settings, clock).await
    }

    async fn on(store: Store, settings: Settings, clock: Clock) -> Result<Arc<Self>, StartError> {
        let passwords = open_passwords(&settings)?;
        let branding = Branding::load(&settings.branding)?;
        let entropy = Entropy::default();
        let clock = NodeClock::new(clock);
        time::keep(&clock, &store).await?;
        let now = clock.now();
        let realm = ensure_realm(&store, now).await?;
        let master = node_master_key(&settings, &store, &realm, &entropy).await?;
        // Without a master key nothing is served that uses the keys derived here, so a random one takes its place.
        let random = MasterKey::new(entropy.bytes()?);
        let root = master.as_ref().unwrap_or(&random);
        let tokens = Tokens::new(root, settings.accounts.tokens.clone());
        let browsers = Browsers::new(root, &settings);
        let ticket_key = root.ticket_key();
        let locks = soft_lock::Rules::new(&settings.limits, root.failure_key());
        let keys = Keyring::load(store.clone(), master, key_policy(&settings), std::slice::from_ref(&realm)).await?;
        keys.create_due_signing_keys(&realm, now).await?;
        let mut tx = store.read().await?;
        users::some_hashes(&mut tx, &realm).await?.iter().for_each(|hash| passwords.note(hash));
        passwords.set_foreign(users::foreign_works(&mut tx, &realm).await?.iter().map(String::as_str));
        drop(tx);
        let metrics = Metrics::new(store.metrics(), passwords.metrics());
        metrics.process.set_started(now);
        let lifetimes = Lifetimes::new(&settings);
        let rates = rates::Limits::new(&settings.limits, lifetimes.request);
        let fetcher = Fetcher::new(&settings.outbound, settings.mode)?;
        let mailer = Mailer::new(&settings.mail, settings.outbound.extra_ca.as_deref())?;
        let profiles = Profiles::load(&mut store.read().await?, &realm, &settings.profiles.allowed).await?;
        let provider = Provider {
            view: View::load(store.clone(), now).await?,
            keys,
            keys_read: AtomicU64::new(0),
            lifetimes,
            requests: Requests::default(),
            tokens,
            clients: Clients::new(profiles, register::Rules::new(settings.registration.clone())),
            sign_ins: SignIns { passwords, locks, ticket_key },
            browsers,
            limits: Limits::new(rates, URL_SAFE_NO_PAD.encode(entropy.bytes::<16>()?), &metrics),
            outbound: Outbound::new(fetcher, mailer),
            metrics,
            store,
        };
        let mails = provider.outbound.mailer.is_some();
        let realm = Arc::new(Realm { id: realm, issuer: settings.issuer.clone(), mails });
        let documents = ArcSwap::from_pointee(Documents::make(&provider, &realm, now)?);
        // None yet: the first poll reads the keys again, since they may have changed in the meantime.
        let published_keys = AtomicU64::new(0);
        let draining = AtomicBool::new(false);
        let base_path = base_path(&settings.issuer);
        Ok(Arc::new(Self {
            provider,
            settings,
            clock,
            entropy,
            realm,
            branding,
            audit_review: audit::Review::default(),
            documents,
            publishing: Mutex::default(),
            published_keys,
            draining,
            rounds: Rounds::starting(now),
            base_path,
        }))
    }

    /// Returns the prepared documents.
    pub fn documents(&self) -> Arc<Documents> {
        self.documents.load_full()
    }

    /// Synchronizes the clock with the database and applies changes of other processes. On an error the view grows
    /// stale until a later call succeeds.
    pub async fn follow(&self) -> Result<(), FlowError> {
        time::keep(&self.clock, &self.provider.store).await?;
        let begun = Instant::now();
        let now = self.clock.now();
        let applied = self.provider.view.follow(now).await?;
        let changes = self.provider.view.key_changes();
        self.provider.follow_keys(&self.realm.id).await?;
        self.provider.keys.store_public_parts(&self.realm.id).await?;
        if self.published_keys.swap(changes, Ordering::AcqRel) != changes {
            self.refresh_documents()?;
        }
        // Only now, after all changes took effect on this node.
        let store = &self.provider.store;
        Ok(store.membership().renew(store, Polled { begun, applied, now }).await?)
    }

    /// Creates due keys, deletes those that are gone, and publishes the rest.
    pub async fn rotate_keys(&self) -> Result<(), FlowError> {
        self.provider.keys.apply_schedule(&self.realm.id, self.clock.now()).await?;
        self.refresh_documents()
    }

    /// Rebuilds the prepared documents.
    pub fn refresh_documents(&self) -> Result<(), FlowError> {
        // The lock keeps two concurrent calls in order; otherwise a key that was just dropped could be published again.
        let _turn = self.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        let made = Documents::make(&self.provider, &self.realm, self.clock.now());
        self.documents.store(Arc::new(made.map_err(|error| FlowError::Internal(error.to_string()))?));
        Ok(())
    }

    /// Counts waiting authorization requests, pushed requests and device authorizations, for their caps.
    pub async fn count_waiting(&self) -> Result<(), FlowError> {
        let mut tx = self.provider.store.read().await?;
        let now = self.clock.now();
        let waiting = authorization_requests::count(&mut tx, now).await?;
        let pushed = pushed_requests::count(&mut tx).await?;
        let devices = device_authorizations::count(&mut tx).await?;
        self.provider.requests.waiting.set(waiting);
        self.provider.requests.pushed.set(pushed);
        self.provider.requests.devices.set(devices);
        Ok(())
    }

    /// Follows the imported password hashes, whose work every failed sign-in costs.
    pub async fn follow_hashes(&self) -> Result<(), FlowError> {
        let mut tx = self.provider.store.read().await?;
        let works = users::foreign_works(&mut tx, &self.realm.id).await?;
        self.provider.sign_ins.passwords.set_foreign(works.iter().map(String::as_str));
        Ok(())
    }

    /// Marks the node as draining, so that it reports not ready for new work.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Returns true after [`Self::drain`].
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Checks if the server can work now. The error names the missing part in a word.
    pub async fn readiness(&self) -> Result<(), &'static str> {
        if self.is_draining() {
            return Err("draining");
        }
        if !self.has_keys() {
            return Err("signing keys");
        }
        self.provider.view.check_fresh().map_err(|_| "database")?;
        self.provider.store.check_applied().await.map_err(|error| match error {
            StoreError::Schema(_) => "schema",
            _ => "database",
        })
    }

    pub fn is_development(&self) -> bool {
        self.settings.mode == Mode::Development
    }

    /// Returns true if browsers reach this server by https.
    pub fn is_secure(&self) -> bool {
        self.settings.issuer.starts_with("https:")
    }

    /// Returns true if traces are exported to a collector.
    pub fn exports_traces(&self) -> bool {
        self.settings.telemetry.otlp_endpoint.is_some()
    }

    /// Returns the path of the issuer, the prefix of all routes; empty at the root of a host.
    pub fn base_path(&self) -> &str {
        &self.base_path
    }
}

fn base_path(issuer: &str) -> String {
    url::Url::parse(issuer).map(|url| url.path().trim_end_matches('/').to_owned()).unwrap_or_default()
}

/// Builds the key policy from the settings.
pub fn key_policy(settings: &Settings) -> KeyPolicy {
    KeyPolicy {
        algorithms: settings.keys.algorithms.clone(),
        encryption: settings.keys.encryption_algorithms.clone(),
        rsa_bits: settings.keys.rsa_bits,
        schedule: Policy {
            interval: settings.keys.rotation_interval,
            announce: settings.keys.jwks_max_age,
            lead: KEY_LEAD,
            retention: settings.keys.retention,
        },
        hint_retention: Lifetimes::new(settings).hint(),
    }
}

/// Creates the password hashing pool with the rules for new passwords. A cost out of range and a file of breached
/// passwords that cannot be searched are errors.
pub fn open_passwords(settings: &Settings) -> Result<Passwords, StartError> {
    let passwords = &settings.passwords;
    let cost =
        Cost { memory_kib: passwords.memory_kib, iterations: passwords.iterations, parallelism: passwords.parallelism };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let workers = if passwords.workers == 0 { cores } else { passwords.workers };
    let rules = PasswordRules { min_chars: passwords.min_length, min_score: passwords.min_score };
    let breached = passwords.breached_file.as_deref().map(BreachedFile::open).transpose()?;
    Ok(Passwords::new(cost, workers)?.with_rules(rules, breached))
}

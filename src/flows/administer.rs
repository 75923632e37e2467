//! Administration of clients and people: what the commands do, and what the administration API will do.

mod blocks;
mod client_update;
mod clients;
mod directory;
mod key_transfer;
mod keys;
mod mappers;
mod narrowing;
mod overview;
mod password;
mod people;
mod person_removal;
mod person_update;
mod registration;
mod resources;
mod revoking;
mod secrets;
mod webhooks;

pub use blocks::{NewBlock, add_block, remove_block};
pub(super) use client_update::Revision;
pub use client_update::{ClientPlan, ClientUpdate, NarrowedGrants, RegisteredClient, registered_client};
pub use clients::{Registrar, SECRET_OVERLAP, add_client, remove_client, rotate_secret, set_client_standing};
pub(super) use clients::{check_metadata, remove};
pub use directory::{UserPage, UserQuery, users};
pub use key_transfer::{ExportedKeys, export_keys, import_keys};
pub use keys::{Compromised, compromise_key};
pub use mappers::{add_mapper, remove_mapper};
pub(super) use narrowing::narrow;
pub use overview::{
    Consent, Grant, Session, Standing, Whose, consents, grants, revocations, sessions, sweep_revocations,
};
pub use password::{PasswordSetter, PreparedPassword, paused_until, prepare_password, set_password};
pub use people::{Person, UserChange, add_user, change_user, find_user};
pub use person_removal::remove_user;
pub use person_update::{PersonUpdate, RegisteredUser, registered_user, update_user, void_late_tokens};
pub use registration::{make_initial_token, set_logo};
pub use resources::{add_resource, remove_resource, update_resource};
pub use revoking::{
    Ended, Revoker, end_session, revoke_grant, revoke_named, revoke_presented, sign_out_client, sign_out_realm,
    sign_out_user, withdraw_consent,
};
pub use secrets::SecretSource;
pub(super) use secrets::stored as stored_secret;
pub use webhooks::{NewWebhook, WebhookChange, add_webhook, change_webhook};

use super::{Concerning, Context, FlowError};
use crate::keys::KeyringError;
use crate::passwords::PasswordError;
use crate::protocol::claim_mapper::MapperError;
use crate::protocol::client::MetadataError;
use crate::protocol::ids::{ClientId, UserId};
use crate::protocol::logo::LogoError;
use crate::protocol::person::PersonError;
use crate::protocol::resource::ResourceError;
use crate::protocol::revocation::{Reason, Revocation, Target};
use crate::protocol::time::Timestamp;
use crate::store::audit::{self, Event, Outcome};
use crate::store::{self, StoreError, Tx};

/// Why something is refused. Each is one clear line.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The metadata breaks a rule.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// A claim mapper breaks a rule.
    #[error(transparent)]
    Mapper(#[from] MapperError),
    /// A resource breaks a rule.
    #[error(transparent)]
    Resource(#[from] ResourceError),
    /// A resource that clients still ask tokens for, or introspect for.
    #[error("clients still name this resource: {0}; take it from them first")]
    ResourceInUse(String),
    /// A claim mapper's name cannot be one.
    #[error("the mapper needs a name of 1 to 64 letters, digits and - _ .; give one with --id")]
    MapperName,
    /// A claim mapper cannot be added.
    #[error("there is a mapper with this name already, or no such client")]
    MapperConflict,
    /// A webhook's name cannot be one.
    #[error("a webhook is named by 1 to 64 letters, digits and - _ .")]
    WebhookName,
    /// A webhook's audience cannot be one.
    #[error("the audience must have at least one character, and no control characters")]
    WebhookAudience,
    /// A webhook has too many patterns.
    #[error("a webhook has at most 50 patterns of events")]
    WebhookEvents,
    /// A pattern covers no event that there is.
    #[error("{0:?} names no event; `signet webhook events` lists them")]
    UnknownEvent(String),
    /// A name, an address or a password breaks a rule.
    #[error(transparent)]
    Person(#[from] PersonError),
    /// The picture is no logo.
    #[error(transparent)]
    Logo(#[from] LogoError),
    /// A reason is too long.
    #[error("the reason must have at most 200 characters, none of them a control character")]
    Reason,
    /// A ban would be over already.
    #[error("the end of a ban must lie in the future")]
    Past,
    /// A `jti` that this server has not made.
    #[error("the jti is not that of an access token of this server")]
    Jti,
    /// The id, the name or the address is taken.
    #[error("{0} exists already")]
    Exists(&'static str),
    /// There is no such thing.
    #[error("there is no {0} with this name")]
    Unknown(&'static str),
    /// A text that no name and no address can hold.
    #[error("the text is too long, or has characters that no name has")]
    Query,
    /// A text names one user and is the `sub` of another.
    #[error("this is the name of one user and the sub of another; use an e-mail address, or the other's sub")]
    Ambiguous,
    /// There is nothing of this id.
    #[error("there is no {0} with this id")]
    UnknownId(&'static str),
    /// Another change came first.
    #[error("the {0} was changed meanwhile; look at it and try again")]
    Changed(&'static str),
    /// A client would see the subjects of another sector (OpenID Connect Core §8.1).
    #[error("subject_type and the host of a client with pairwise subjects cannot be changed; register another client")]
    Sector,
    /// The client's method knows no secrets.
    #[error("a client that authenticates with {0} has no secret")]
    NoSecret(String),
    /// The secret is too short or has characters that cannot be sent.
    #[error(
        "the secret must have 32 to 512 visible ASCII characters; --allow-weak-secret takes a shorter one that an \
         application has already"
    )]
    WeakSecret,
    /// The secret is shorter than even a weak one may be.
    #[error("a weak secret must have 8 visible ASCII characters or more")]
    ShortSecret,
    /// A weak secret of a client whose profile allows none.
    #[error("a client of the profile {0} cannot have a weak secret")]
    WeakSecretOfStrictProfile(&'static str),
    /// A weak secret that would be a key for signatures.
    #[error("a secret that signs (client_secret_jwt, HS256) must have 32 characters or more")]
    WeakKey,
    /// The database holds no keys yet.
    #[error("there are no keys yet; the server makes them when it starts")]
    NoKeys,
    /// Imported keys would meet others.
    #[error("the database has keys already; they are imported only where there are none")]
    HasKeys,
    /// The imported file holds something else.
    #[error("the file is not an export of keys that this version reads, for this realm")]
    KeyFile,
    /// An imported key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyringError),
    /// The password could not be hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// It did not come about.
    #[error(transparent)]
    Flow(#[from] FlowError),
}

impl From<StoreError> for AdminError {
    fn from(error: StoreError) -> Self {
        Self::Flow(error.into())
    }
}

async fn cut_off(
    tx: &mut Tx,
    context: &Context,
    target: Target,
    subject: &str,
    horizon: Timestamp,
) -> Result<(), StoreError> {
    let revocation = Revocation {
        realm: context.realm.id.clone(),
        target,
        subject: subject.to_owned(),
        not_before: context.now,
        expires_at: horizon,
    };
    store::revocations::insert(tx, &revocation, "cut off", context.now).await.map(|_| ())
}

/// Checks what an operator gives as the reason.
fn checked_reason(reason: &str) -> Result<(), AdminError> {
    Reason::parse(reason).map(|_| ()).ok_or(AdminError::Reason)
}

fn record(
    context: &Context,
    event: Event,
    user: Option<&UserId>,
    client: Option<&ClientId>,
) -> Result<audit::Record, FlowError> {
    let concerning = Concerning { actor: "command", user, client, session: None };
    Ok(context.record(event, Outcome::Success, concerning, "")?)
}

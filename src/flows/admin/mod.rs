//! Administration of clients, people, keys and resources, for the commands and for the administration API.

pub mod api;
mod blocks;
mod client_update;
mod clients;
mod directory;
mod error;
mod key_transfer;
mod keys;
mod mappers;
mod narrowing;
mod operator;
mod overview;
mod password;
mod people;
mod person;
mod person_removal;
mod person_update;
mod registration;
mod resources;
mod revoking;
mod secrets;
mod webhooks;

pub use blocks::{Blocks, BlocksError, NewBlock};
pub(crate) use client_update::Revision;
pub use client_update::{ClientPlan, ClientUpdate, NarrowedGrants, RegisteredClient, registered_client};
pub use clients::{Registrar, SECRET_OVERLAP, add_client, remove_client, rotate_secret, set_client_standing};
pub use directory::{UserPage, UserQuery, users};
pub use error::{Changed, Exists, Kind, NotFound, RoomError};
pub use key_transfer::{ExportedKeys, export_keys, import_keys};
pub use keys::{Compromised, compromise_key};
pub use mappers::{Mappers, MappersError, NewMapper};
pub(crate) use narrowing::narrow;
pub use operator::{Actor, Operator};
pub use overview::{
    Consent, Grant, Session, Standing, Whose, consents, grants, revocations, sessions, sweep_revocations,
};
pub use password::{PasswordSetter, PreparedPassword, paused_until, prepare_password, set_password};
pub use people::{Person, UserChange, add_user, change_user};
pub use person::find_user;
pub use person_removal::remove_user;
pub use person_update::{PersonUpdate, RegisteredUser, registered_user, update_user, void_late_tokens};
pub use registration::{make_initial_token, set_logo};
pub use resources::{Resources, ResourcesError};
pub use revoking::{
    Ended, Revoker, end_session, revoke_grant, revoke_named, revoke_presented, sign_out_client, sign_out_realm,
    sign_out_user, withdraw_consent,
};
pub use secrets::SecretSource;
pub use webhooks::{NewWebhook, WebhookChange, Webhooks, WebhooksError};

use super::{Concerning, Context, FlowError};
use crate::keys::KeyringError;
use crate::passwords::PasswordError;
use signet_protocol::account::person::PersonError;
use signet_protocol::client::MetadataError;
use signet_protocol::client::logo::LogoError;
use signet_protocol::ids::{ClientId, UserId};
use signet_protocol::token::revocation::Reason;
use signet_store::StoreError;
use signet_store::events::audit::{self, Event, Outcome};

/// The reason why an administrative request fails, as one line for the operator.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    #[error(transparent)]
    Person(#[from] PersonError),
    #[error(transparent)]
    Logo(#[from] LogoError),
    #[error("the reason must have at most 200 characters, none of them a control character")]
    Reason,
    /// The ban would have ended already.
    #[error("the end of a ban must lie in the future")]
    Past,
    /// Not a `jti` of this server.
    #[error("the jti is not that of an access token of this server")]
    Jti,
    #[error("{0} exists already")]
    Exists(&'static str),
    #[error("there is no {0} with this name")]
    Unknown(&'static str),
    /// A text that can be neither a name nor an address.
    #[error("the text is too long, or has characters that are not allowed in a name")]
    Query,
    /// A text that is the name of one user and the `sub` of another.
    #[error("this is the name of one user and the sub of another; use an e-mail address, or the other's sub")]
    Ambiguous,
    #[error("there is no {0} with this id")]
    UnknownId(&'static str),
    /// A concurrent change came first.
    #[error("the {0} was changed meanwhile; check it and try again")]
    Changed(&'static str),
    /// The client would see subjects of another sector (OpenID Connect Core §8.1).
    #[error("subject_type and the host of a client with pairwise subjects cannot be changed; register another client")]
    Sector,
    /// The client's authentication method uses no secret.
    #[error("a client that authenticates with {0} has no secret")]
    NoSecret(String),
    #[error(
        "the secret must have 32 to 512 visible ASCII characters; --allow-weak-secret takes a shorter one that an \
         application has already"
    )]
    WeakSecret,
    /// The secret is too short even for a weak one.
    #[error("a weak secret must have 8 visible ASCII characters or more")]
    ShortSecret,
    #[error("a client of the profile {0} cannot have a weak secret")]
    WeakSecretOfStrictProfile(&'static str),
    /// A weak secret would be used to sign.
    #[error("a secret that signs (client_secret_jwt, HS256) must have 32 characters or more")]
    WeakKey,
    #[error("there are no keys yet; the server generates them when it starts")]
    NoKeys,
    /// Keys can only be imported into a database without keys.
    #[error("the database has keys already; import keys into a database without any")]
    HasKeys,
    #[error("the file is not an export of keys that this version reads, for this realm")]
    KeyFile,
    #[error(transparent)]
    Key(#[from] KeyringError),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Flow(#[from] FlowError),
}

impl From<StoreError> for AdminError {
    fn from(error: StoreError) -> Self {
        Self::Flow(error.into())
    }
}

/// Validates an operator's reason.
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

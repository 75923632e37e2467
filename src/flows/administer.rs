//! Administration of clients and users: what the commands do, and what the administration API will do.

use std::sync::Arc;

use super::{Concerning, Context, FlowError};
use crate::keys;
use crate::passwords::{PasswordError, Passwords};
use crate::protocol::claims::PersonClaims;
use crate::protocol::client::{AUTH_NONE, ClientMetadata, MetadataError, Supported};
use crate::protocol::ids::{ClientId, UserId};
use crate::protocol::jwk;
use crate::protocol::person::{self, EmailAddress, PersonError, Username};
use crate::protocol::revocation::{Revocation, Target};
use crate::protocol::secret::{ClientSecret, Password};
use crate::protocol::time::{Span, Timestamp};
use crate::store::audit::{self, Event, Outcome};
use crate::store::clients::Standing;
use crate::store::users::NewUser;
use crate::store::{
    Store, StoreError, Tx, authorization_codes, changes, clients, revocations, sessions, token_families, users,
};

/// Why something is refused. Each is one clear line.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The metadata breaks a rule.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// A name, an address or a password breaks a rule.
    #[error(transparent)]
    Person(#[from] PersonError),
    /// One of the client's keys is no key.
    #[error("a key of the JWK set is not a valid public key")]
    Key,
    /// The id, the name or the address is taken.
    #[error("{0} exists already")]
    Exists(&'static str),
    /// There is no such thing.
    #[error("there is no {0} with this name")]
    Unknown(&'static str),
    /// The client's method knows no secrets.
    #[error("a client that authenticates with {0} has no secret")]
    NoSecret(String),
    /// The secret is too short or has characters that cannot be sent.
    #[error("the secret must have 32 to 512 visible ASCII characters")]
    WeakSecret,
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
    let (secret, made) = match has_secret(&metadata) {
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

/// Whether clients with this method have a secret.
fn has_secret(metadata: &ClientMetadata) -> bool {
    !matches!(metadata.token_endpoint_auth_method.as_str(), AUTH_NONE | "private_key_jwt")
}

type Sourced = (Option<crate::protocol::secret::Digest>, Option<ClientSecret>);

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
    if !has_secret(&client.metadata) {
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

/// A person to add.
pub struct Person {
    /// The name to sign in with.
    pub username: String,
    /// The address.
    pub email: Option<String>,
    /// Whether the address is known to be theirs.
    pub email_verified: bool,
    /// The password; without one nobody can sign in with one.
    pub password: Option<Password>,
    /// The standard claims.
    pub claims: PersonClaims,
    /// The roles.
    pub roles: Vec<String>,
    /// The least length of a password, in characters.
    pub min_password: usize,
}

/// Adds a person.
///
/// # Errors
/// [`AdminError`] where something is refused, or the name or the address is taken.
pub async fn add_user(
    store: &Store,
    passwords: &Passwords,
    context: &Context,
    person: Person,
) -> Result<UserId, AdminError> {
    let username = Username::parse(&person.username)?;
    let email = person.email.as_deref().map(EmailAddress::parse).transpose()?;
    let entropy = |_| FlowError::Internal("no random bytes".to_owned());
    let hash = match person.password {
        Some(password) => {
            let personal = [username.as_str(), email.as_ref().map_or("", EmailAddress::as_str)];
            person::check_password(&password, person.min_password, &personal)?;
            Some(passwords.hash(password, context.entropy.bytes().map_err(entropy)?).await?)
        }
        None => None,
    };
    let id = UserId::from_random(context.entropy.bytes().map_err(entropy)?);
    let salt = context.entropy.bytes().map_err(entropy)?;
    let record = record(context, Event::UserAdded, Some(&id), None)?;
    let draft = (username, email, person.email_verified, person.claims.to_json(), person.roles);
    let shared = Arc::new((context.clone(), id.clone(), draft, hash, record));
    let written = store.write(move |tx| {
        let shared = shared.clone();
        Box::pin(async move {
            let (context, id, (username, email, email_verified, claims, roles), hash, record) = &*shared;
            let (realm, now) = (&context.realm.id, context.now);
            let (email, email_verified) = (email.as_ref(), *email_verified);
            // A name may not be somebody else's address, nor an address somebody's name: both sign people in.
            for key in std::iter::once(username.key()).chain(email.map(EmailAddress::key)) {
                if users::find_for_login(tx, realm, &key).await?.is_some() {
                    return Err(StoreError::Conflict);
                }
            }
            users::insert(tx, realm, &NewUser { id, username, email, email_verified, claims, salt }, now).await?;
            if let Some(hash) = hash {
                users::set_password(tx, realm, id, hash, now).await?;
            }
            for role in roles {
                users::add_role(tx, realm, id, role).await?;
            }
            audit::append(tx, realm, record, now).await
        })
    });
    match written.await {
        Ok(()) => Ok(id),
        Err(StoreError::Conflict) => Err(AdminError::Exists("a user with this name or address")),
        Err(error) => Err(error.into()),
    }
}

/// Sets a person's password.
///
/// # Errors
/// [`AdminError`] where there is no such person.
pub async fn set_password(
    store: &Store,
    passwords: &Passwords,
    context: &Context,
    username: &str,
    password: Password,
) -> Result<(), AdminError> {
    let unknown = || AdminError::Unknown("user");
    let key = person::lookup_key(username).ok_or_else(unknown)?;
    let mut tx = store.read().await?;
    let user = users::find_for_login(&mut tx, &context.realm.id, &key).await?.ok_or_else(unknown)?;
    drop(tx);
    let hash = passwords.hash(password, context.entropy.bytes().map_err(FlowError::from)?).await?;
    let record = record(context, Event::PasswordSet, Some(&user.id), None)?;
    let shared = Arc::new((context.clone(), user.id, hash, record));
    let written = store.write(move |tx| {
        let shared = shared.clone();
        Box::pin(async move {
            let (context, user, hash, record) = &*shared;
            users::set_password(tx, &context.realm.id, user, hash, context.now).await?;
            audit::append(tx, &context.realm.id, record, context.now).await
        })
    });
    Ok(written.await?)
}

/// What happens to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserChange {
    /// They may not sign in, and nothing speaks for them.
    Disable,
    /// They may sign in again; what was void stays void.
    Enable,
    /// They are signed out everywhere.
    SignOut,
}

/// Disables, enables or signs out a person.
///
/// # Errors
/// [`AdminError`] where there is no such person.
pub async fn change_user(
    store: &Store,
    context: &Context,
    username: &str,
    change: UserChange,
    horizon: Timestamp,
) -> Result<(), AdminError> {
    let unknown = || AdminError::Unknown("user");
    let key = person::lookup_key(username).ok_or_else(unknown)?;
    let mut tx = store.read().await?;
    let user = users::find_for_login(&mut tx, &context.realm.id, &key).await?.ok_or_else(unknown)?;
    drop(tx);
    let (event, standing) = match change {
        UserChange::Disable => (Event::UserDisabled, Standing::Disabled),
        UserChange::Enable => (Event::UserEnabled, Standing::Enabled),
        UserChange::SignOut if user.enabled => (Event::UserSignedOut, Standing::Enabled),
        UserChange::SignOut => (Event::UserSignedOut, Standing::Disabled),
    };
    let record = record(context, event, Some(&user.id), None)?;
    let shared = Arc::new((context.clone(), user, record));
    let written = store.write(move |tx| {
        let shared = shared.clone();
        Box::pin(async move {
            let (context, user, record) = &*shared;
            let (realm, now) = (&context.realm.id, context.now);
            let valid_from = if change == UserChange::Enable { user.valid_from } else { now };
            users::set_standing(tx, realm, &user.id, (standing, valid_from), now).await?;
            audit::append(tx, realm, record, now).await?;
            if change != UserChange::Enable {
                end_everything(tx, context, &user.id, horizon).await?;
            }
            changes::publish(tx, realm, changes::Kind::User, user.id.as_str(), now).await
        })
    });
    Ok(written.await?)
}

/// Ends all sessions and grants of a person, and voids their access tokens.
async fn end_everything(tx: &mut Tx, context: &Context, user: &UserId, horizon: Timestamp) -> Result<(), StoreError> {
    let (realm, now) = (&context.realm.id, context.now);
    sessions::end_all(tx, realm, user, now).await?;
    token_families::revoke_user(tx, realm, user, "user signed out", now).await?;
    cut_off(tx, context, Target::User, user.as_str(), horizon).await
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
    revocations::insert(tx, &revocation, "cut off", context.now).await.map(|_| ())
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

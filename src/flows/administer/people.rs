//! Adding people, their passwords, and whether they may sign in.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::revoking::{Revoker, sign_out_user};
use super::{AdminError, cut_off, record};
use crate::flows::{Context, FlowError};
use crate::passwords::Passwords;
use crate::protocol::claims::PersonClaims;
use crate::protocol::ids::UserId;
use crate::protocol::person::{self, EmailAddress, Username};
use crate::protocol::revocation::{Reason, Target};
use crate::protocol::secret::Password;
use crate::protocol::time::Timestamp;
use crate::store::audit::{self, Event, Record};
use crate::store::users::{LoginRecord, NewUser};
use crate::store::{Store, StoreError, Tx, changes, outbox, sessions, token_families, users};

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
    /// Further values, for claim mappers.
    pub attributes: Map<String, Value>,
    /// The roles.
    pub roles: Vec<String>,
    /// The least length of a password, in characters.
    pub min_password: usize,
}

/// The audit record of roles that a person gets.
fn roles_granted(context: &Context, user: &UserId, roles: &[String]) -> Result<Record, FlowError> {
    let names: Vec<&str> = roles.iter().map(String::as_str).collect();
    let reason: String = format!("granted: {}", names.join(" ")).chars().take(200).collect();
    Ok(Record { reason, ..record(context, Event::RolesChanged, Some(user), None)? })
}

/// The id of the person with this name or address, if there is one.
///
/// # Errors
/// [`FlowError`] where the database fails.
pub async fn user_id(store: &Store, context: &Context, named: &str) -> Result<Option<String>, FlowError> {
    let Some(key) = person::lookup_key(named) else { return Ok(None) };
    let found = users::find_for_login(&mut store.read().await?, &context.realm.id, &key).await?;
    Ok(found.map(|found| found.id.as_str().to_owned()))
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
    let claims = person.claims.with_display_names()?.to_json();
    let id = UserId::from_random(context.entropy.bytes().map_err(entropy)?);
    let salt = context.entropy.bytes().map_err(entropy)?;
    let added = record(context, Event::UserAdded, Some(&id), None)?;
    let granted = (!person.roles.is_empty()).then(|| roles_granted(context, &id, &person.roles)).transpose()?;
    let records: Vec<Record> = [Some(added), granted].into_iter().flatten().collect();
    let attributes = Value::Object(person.attributes).to_string();
    let draft = (username, email, person.email_verified, (claims, attributes), person.roles);
    let shared = Arc::new((context.clone(), id.clone(), draft, hash, records));
    let written = store.write(move |tx| {
        let shared = shared.clone();
        Box::pin(async move {
            let (context, id, (username, email, email_verified, (claims, attributes), roles), hash, records) = &*shared;
            let (realm, now) = (&context.realm.id, context.now);
            let (email, email_verified) = (email.as_ref(), *email_verified);
            // A name may not be somebody else's address, nor an address somebody's name: both sign people in.
            for key in std::iter::once(username.key()).chain(email.map(EmailAddress::key)) {
                if users::find_for_login(tx, realm, &key).await?.is_some() {
                    return Err(StoreError::Conflict);
                }
            }
            users::insert(tx, realm, &NewUser { id, username, email, email_verified, claims, attributes, salt }, now)
                .await?;
            if let Some(hash) = hash {
                users::set_password(tx, realm, id, hash, now).await?;
            }
            for role in roles {
                users::add_role(tx, realm, id, role).await?;
            }
            for record in records {
                audit::append(tx, realm, record, now).await?;
            }
            Ok(())
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
    let user = find(store, context, username).await?;
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
    /// They may sign in again, though they were banned; what was void stays void.
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
    let event = match change {
        UserChange::Disable => Event::UserDisabled,
        UserChange::Enable => Event::UserEnabled,
        UserChange::SignOut => {
            let revoker = Revoker { store, context, actor: "command", reason: &Reason::default(), horizon };
            return sign_out_user(&revoker, username, None).await.map(|_| ());
        }
    };
    let user = find(store, context, username).await?;
    let record = record(context, event, Some(&user.id), None)?;
    let shared = Arc::new((context.clone(), user, record));
    let written = store.write(move |tx| {
        let shared = shared.clone();
        Box::pin(async move {
            let (context, user, record) = &*shared;
            let (realm, now) = (&context.realm.id, context.now);
            audit::append(tx, realm, record, now).await?;
            match change {
                // What was under way when they were disabled, and written after it, does not come alive with them.
                UserChange::Enable => {
                    if users::enable(tx, realm, &user.id, now).await? {
                        end_everything(tx, context, &user.id, "user enabled", horizon).await?;
                    }
                }
                UserChange::Disable | UserChange::SignOut => {
                    users::disable(tx, realm, &user.id, now).await?;
                    end_everything(tx, context, &user.id, "user disabled", horizon).await?;
                }
            }
            changes::publish(tx, realm, changes::Kind::User, user.id.as_str(), now).await
        })
    });
    Ok(written.await?)
}

/// The person with this name or address.
///
/// # Errors
/// [`AdminError::Unknown`] where there is none.
pub(super) async fn find(store: &Store, context: &Context, username: &str) -> Result<LoginRecord, AdminError> {
    let unknown = || AdminError::Unknown("user");
    let key = person::lookup_key(username).ok_or_else(unknown)?;
    let mut tx = store.read().await?;
    users::find_for_login(&mut tx, &context.realm.id, &key).await?.ok_or_else(unknown)
}

/// Ends all sessions and grants of a person, of which clients are told, and voids their access tokens; how many sessions
/// and grants there were.
pub(super) async fn end_everything(
    tx: &mut Tx,
    context: &Context,
    user: &UserId,
    because: &str,
    horizon: Timestamp,
) -> Result<(u64, u64), StoreError> {
    let (realm, now) = (&context.realm.id, context.now);
    outbox::all_sessions_end(tx, realm, user, now).await?;
    let sessions = sessions::end_all(tx, realm, user, now).await?;
    let grants = token_families::revoke_user(tx, realm, user, because, now).await?;
    cut_off(tx, context, Target::User, user.as_str(), horizon).await?;
    Ok((sessions, grants))
}

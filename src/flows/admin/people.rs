//! Adding, finding, enabling, disabling and signing out people.

use serde_json::{Map, Value};

use super::person::{end_everything, find_user};
use super::revoking::{Revoker, sign_out_user};
use super::{AdminError, record};
use crate::flows::{Context, FlowError};
use crate::passwords::Passwords;
use signet_protocol::account::person::{self, EmailAddress, Username};
use signet_protocol::claims::standard::PersonClaims;
use signet_protocol::events::audit_details::Details;
use signet_protocol::ids::UserId;
use signet_protocol::secret::Password;
use signet_protocol::time::Timestamp;
use signet_protocol::token::revocation::Reason;
use signet_store::account::users;
use signet_store::account::users::NewUser;
use signet_store::events::audit::{self, Event, Record};
use signet_store::node::changes;
use signet_store::{Store, StoreError};

/// A person to add.
pub struct Person {
    pub username: String,
    pub email: Option<String>,
    pub email_verified: bool,
    /// Without a password the person cannot sign in with one.
    pub password: Option<Password>,
    pub claims: PersonClaims,
    /// Further values, for claim mappers.
    pub attributes: Map<String, Value>,
    pub roles: Vec<String>,
    /// The minimum length of a password, in characters.
    pub min_password: usize,
}

/// The audit record of granted roles.
fn roles_granted(context: &Context, user: &UserId, roles: &[String]) -> Result<Record, FlowError> {
    let names: Vec<&str> = roles.iter().map(String::as_str).collect();
    let reason: String = format!("granted: {}", names.join(" ")).chars().take(200).collect();
    let details = Details::of_roles(roles, &[]);
    Ok(Record { reason, details, ..record(context, Event::RolesChanged, Some(user), None)? })
}

/// The words that a person's password must not be: their names and their address.
pub(crate) fn personal_words<'a>(
    username: &'a str,
    address: Option<&'a str>,
    claims: &'a PersonClaims,
) -> Vec<&'a str> {
    let names = ["name", "given_name", "family_name", "nickname"];
    [Some(username), address].into_iter().chain(names.map(|name| claims.get(name))).flatten().collect()
}

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
            let address = email.as_ref().map(EmailAddress::as_str);
            let personal = personal_words(username.as_str(), address, &person.claims);
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
    let written = store.write_with((context.clone(), id.clone(), draft, hash, records), move |given, tx| {
        Box::pin(async move {
            let (context, id, (username, email, email_verified, (claims, attributes), roles), hash, records) = given;
            let realm = &context.realm.id;
            let now = context.now;
            let email = email.as_ref();
            let email_verified = *email_verified;
            // A name must not be another person's address, nor an address another person's name: both sign people in.
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

/// A change of a person's standing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserChange {
    /// Bars sign-ins and voids everything issued.
    Disable,
    /// Allows sign-ins again, also after a ban. Everything that was voided stays void.
    Enable,
    /// Ends all sessions and grants.
    SignOut,
}

pub async fn change_user(
    store: &Store,
    context: &Context,
    username: &str,
    change: UserChange,
    horizon: Timestamp,
) -> Result<(), AdminError> {
    let standing = match change {
        UserChange::Disable => UserStanding::Disabled,
        UserChange::Enable => UserStanding::Enabled,
        UserChange::SignOut => {
            let revoker = Revoker { store, context, actor: "command", reason: &Reason::default(), horizon };
            return sign_out_user(&revoker, username, None).await.map(|_| ());
        }
    };
    set_standing(store, context, username, standing, horizon).await
}

/// The right of a person to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum UserStanding {
    Enabled,
    Disabled,
}

/// Disables or enables a person. Either way everything that was issued before is void.
async fn set_standing(
    store: &Store,
    context: &Context,
    username: &str,
    standing: UserStanding,
    horizon: Timestamp,
) -> Result<(), AdminError> {
    let event = match standing {
        UserStanding::Enabled => Event::UserEnabled,
        UserStanding::Disabled => Event::UserDisabled,
    };
    let user = find_user(store, context, username).await?;
    let record = record(context, event, Some(&user), None)?;
    let written = store.write_with((context.clone(), user, record), move |given, tx| {
        Box::pin(async move {
            let (context, user, record) = given;
            let realm = &context.realm.id;
            let now = context.now;
            audit::append(tx, realm, record, now).await?;
            match standing {
                // Also voids what was issued in requests that were running during the disabling and finished after it.
                UserStanding::Enabled => {
                    if users::enable(tx, realm, user, now).await? {
                        end_everything(tx, context, user, "user enabled", horizon).await?;
                    }
                }
                UserStanding::Disabled => {
                    users::disable(tx, realm, user, now).await?;
                    end_everything(tx, context, user, "user disabled", horizon).await?;
                }
            }
            changes::publish(tx, realm, changes::Kind::User, user.as_str(), now).await
        })
    });
    Ok(written.await?)
}

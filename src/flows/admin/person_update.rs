//! Updating the attributes of a person. The audit log names the attributes, never their values.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::AdminError;
use super::person::find_user;
use super::revoking::Revoker;
use crate::flows::client::cut_off::cut_off;
use crate::flows::{Concerning, Context, FlowError};
use signet_protocol::account::attributes::AttributeChange;
use signet_protocol::account::person::{EmailAddress, Username};
use signet_protocol::claims::standard::PersonClaims;
use signet_protocol::events::audit_details::Details;
use signet_protocol::ids::UserId;
use signet_protocol::time::Timestamp;
use signet_protocol::token::revocation::Target;
use signet_store::account::directory::{self, History, Replacement};
use signet_store::account::holdings::{self, OfUser};
use signet_store::account::users;
use signet_store::account::users::User;
use signet_store::events::audit::{self, Event, Record};
use signet_store::events::outbox::{self, Mail};
use signet_store::node::changes;
use signet_store::{Store, StoreError, Tx};

/// The maximum length of a change in the audit log, in characters.
const MAX_REASON: usize = 1000;

/// A person with the version that a change is based on.
pub struct RegisteredUser {
    pub user: User,
    pub history: History,
    /// The numbers of their sessions, grants and consents.
    pub holds: OfUser,
}

/// Reads a person by name, address or `sub`, to show or change them.
pub async fn registered_user(store: &Store, context: &Context, named: &str) -> Result<RegisteredUser, AdminError> {
    let id = find_user(store, context, named).await?;
    let realm = &context.realm.id;
    let mut tx = store.read().await?;
    let history = directory::history(&mut tx, realm, &id).await?.ok_or(AdminError::Unknown("user"))?;
    let user = users::find(&mut tx, realm, &id).await?.ok_or(AdminError::Unknown("user"))?;
    let holds = holdings::of_user(&mut tx, realm, &id, context.now).await?;
    Ok(RegisteredUser { user, history, holds })
}

/// The new attributes of a person.
#[derive(Clone, Debug)]
pub struct PersonUpdate {
    pub username: String,
    pub email: Option<String>,
    pub email_verified: bool,
    pub claims: PersonClaims,
    /// Further values, for claim mappers.
    pub attributes: Map<String, Value>,
    pub roles: Vec<String>,
}

impl From<&User> for PersonUpdate {
    fn from(user: &User) -> Self {
        Self {
            username: user.username.clone(),
            email: user.email.as_ref().map(|(address, _)| address.clone()),
            email_verified: user.email.as_ref().is_some_and(|(_, verified)| *verified),
            claims: user.claims.clone(),
            attributes: user.attributes.clone(),
            roles: user.roles.clone(),
        }
    }
}

impl PersonUpdate {
    /// Sets or removes the address. A changed address counts as unverified.
    pub fn set_email(&mut self, address: Option<String>) {
        self.email_verified &= address == self.email;
        self.email = address;
    }

    /// The attributes by name, without empty ones.
    fn members(&self) -> Map<String, Value> {
        let mut members: Map<String, Value> = self.claims.clone().into();
        // The time of the last change is implied by the update.
        members.remove("updated_at");
        members.insert("username".to_owned(), self.username.as_str().into());
        if let Some(address) = &self.email {
            members.insert("email".to_owned(), address.as_str().into());
            members.insert("email_verified".to_owned(), self.email_verified.into());
        }
        if !self.attributes.is_empty() {
            members.insert("attributes".to_owned(), Value::Object(self.attributes.clone()));
        }
        members.insert("roles".to_owned(), self.roles.clone().into());
        members
    }
}

/// Updates a person, unless they have been changed since they were read, and returns the changed attributes. The loss
/// of a role voids earlier access tokens; [`void_late_tokens`] voids those that are signed until every node has applied
/// the update. A replaced verified address gets a mail.
///
/// # Errors
/// [`AdminError::Changed`] if a concurrent change came first, [`AdminError::Person`] or [`AdminError::Exists`] if the
/// name or the address is refused.
pub async fn update_user(
    revoker: &Revoker<'_>,
    read: &RegisteredUser,
    mut next: PersonUpdate,
) -> Result<Vec<AttributeChange>, AdminError> {
    let context = revoker.context;
    next.claims = next.claims.with_display_names()?;
    next.roles.sort();
    next.roles.dedup();
    let held = PersonUpdate::from(&read.user);
    let changed = AttributeChange::between(&held.members(), &next.members());
    if changed.is_empty() {
        return Ok(changed);
    }
    let change = Arc::new(Change::new(revoker, read, &next, &changed)?);
    let written = revoker.store.write_with((context.clone(), change), move |given, tx| {
        Box::pin(async move {
            let (context, change) = given;
            change.write(tx, context).await
        })
    });
    match written.await {
        Ok(true) => Ok(changed),
        Ok(false) => Err(AdminError::Changed("user")),
        Err(StoreError::Conflict) => Err(AdminError::Exists("a user with this name or address")),
        Err(error) => Err(error.into()),
    }
}

/// Voids the access tokens that nodes signed with a withdrawn role between the time of [`update_user`] and their next
/// poll. Must be called after every node has applied the update, with the context of a later time.
pub async fn void_late_tokens(revoker: &Revoker<'_>, user: &UserId) -> Result<(), AdminError> {
    let horizon = revoker.horizon;
    let written = revoker.store.write_with((revoker.context.clone(), user.clone()), move |given, tx| {
        Box::pin(async move {
            let (context, user) = given;
            cut_off(tx, context, Target::User, user.as_str(), horizon).await
        })
    });
    Ok(written.await?)
}

/// The rows of an update.
struct Change {
    user: UserId,
    replacement: Replacement,
    /// The keys of a new name and address, which must not lead to another person.
    new_keys: Vec<String>,
    granted: Vec<String>,
    withdrawn: Vec<String>,
    /// The mail to the previous address.
    farewell: Option<Mail>,
    records: Vec<Record>,
    horizon: Timestamp,
}

impl Change {
    fn new(
        revoker: &Revoker<'_>,
        read: &RegisteredUser,
        next: &PersonUpdate,
        changed: &[AttributeChange],
    ) -> Result<Self, AdminError> {
        let held = &read.user;
        let is_changed = |name: &str| changed.iter().any(|change| change.name == name);
        // An unchanged name is kept, even if it breaks today's rules.
        let username = if is_changed("username") {
            Username::parse(&next.username)?
        } else {
            Username::from_stored(held.username.clone())
        };
        let email = next.email.as_deref().map(EmailAddress::parse).transpose()?;
        let new_name = is_changed("username").then(|| username.key());
        let new_address = email.as_ref().filter(|_| is_changed("email")).map(EmailAddress::key);
        let granted: Vec<String> = missing(&next.roles, &held.roles);
        let withdrawn: Vec<String> = missing(&held.roles, &next.roles);
        let concerning = Concerning { user: Some(&held.id), ..Concerning::default() };
        let own: Vec<&str> =
            changed.iter().map(|change| change.name.as_str()).filter(|name| *name != "roles").collect();
        let mut records = Vec::new();
        if !own.is_empty() {
            let record = revoker.record(Event::UserUpdated, concerning, &clipped(&own.join(" ")))?;
            records.push(Record { details: Details::of_attributes(&own), ..record });
        }
        if is_changed("roles") {
            let reason = clipped(&in_words(&granted, &withdrawn));
            let details = Details::of_roles(&granted, &withdrawn);
            records.push(Record { details, ..revoker.record(Event::RolesChanged, concerning, &reason)? });
        }
        let mut farewell = None;
        if is_changed("email") {
            let record = revoker.record(Event::EmailChanged, concerning, "changed")?;
            let old = held.email.as_ref().filter(|(_, verified)| *verified && revoker.context.realm.mails);
            farewell = old.map(|(address, _)| Mail {
                user: held.id.clone(),
                row: record.id.clone(),
                address: address.clone(),
            });
            records.push(record);
        }
        Ok(Self {
            user: held.id.clone(),
            new_keys: new_name.into_iter().chain(new_address).collect(),
            replacement: Replacement {
                username,
                email_verified: next.email_verified && email.is_some(),
                email,
                claims: stored_claims(&next.claims)?,
                attributes: Value::Object(next.attributes.clone()).to_string(),
                version: read.history.version,
            },
            granted,
            withdrawn,
            farewell,
            records,
            horizon: revoker.horizon,
        })
    }

    /// Writes the update in a transaction. Returns false if a concurrent change came first.
    async fn write(&self, tx: &mut Tx, context: &Context) -> Result<bool, StoreError> {
        let user = &self.user;
        let realm = &context.realm.id;
        let now = context.now;
        for key in &self.new_keys {
            if users::find_for_login(tx, realm, key).await?.is_some_and(|found| found.id != *user) {
                return Err(StoreError::Conflict);
            }
        }
        if !directory::replace(tx, realm, user, &self.replacement, now).await? {
            return Ok(false);
        }
        for role in &self.granted {
            users::add_role(tx, realm, user, role).await?;
        }
        for role in &self.withdrawn {
            directory::drop_role(tx, realm, user, role).await?;
        }
        if !self.withdrawn.is_empty() {
            cut_off(tx, context, Target::User, user.as_str(), self.horizon).await?;
        }
        for record in &self.records {
            audit::append(tx, realm, record, now).await?;
        }
        if let Some(mail) = &self.farewell {
            outbox::queue_mail(tx, realm, mail, now).await?;
        }
        changes::publish(tx, realm, changes::Kind::User, user.as_str(), now).await?;
        Ok(true)
    }
}

/// The claims as stored; the time of the last change has its own column.
fn stored_claims(claims: &PersonClaims) -> Result<String, FlowError> {
    let mut members: Map<String, Value> = claims.clone().into();
    members.remove("updated_at");
    let claims = PersonClaims::try_from(members).map_err(|error| FlowError::Internal(error.to_string()))?;
    Ok(claims.to_json())
}

/// The members of `list` that `other` lacks.
fn missing(list: &[String], other: &[String]) -> Vec<String> {
    list.iter().filter(|role| !other.contains(role)).cloned().collect()
}

/// Role changes, for the audit log.
fn in_words(granted: &[String], withdrawn: &[String]) -> String {
    let parts = [("granted", granted), ("withdrawn", withdrawn)].into_iter().filter(|(_, roles)| !roles.is_empty());
    parts.map(|(what, roles)| format!("{what}: {}", roles.join(" "))).collect::<Vec<_>>().join("; ")
}

fn clipped(text: &str) -> String {
    text.chars().take(MAX_REASON).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_address_is_unverified() {
        let rows = [
            ("the same", Some("a@example.org"), true),
            ("another", Some("b@example.org"), false),
            ("none", None, false),
        ];
        for (case, address, verified) in rows {
            let mut person = PersonUpdate {
                username: "alice".to_owned(),
                email: Some("a@example.org".to_owned()),
                email_verified: true,
                claims: PersonClaims::default(),
                attributes: Map::new(),
                roles: Vec::new(),
            };
            person.set_email(address.map(str::to_owned));
            assert_eq!((person.email.as_deref(), person.email_verified), (address, verified), "{case}");
        }
    }
}

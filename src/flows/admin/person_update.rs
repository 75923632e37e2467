//! Updating the attributes of a person. The audit log names the attributes, never their values.

use serde_json::{Map, Value};

use super::error::Changed;
use super::operator::{Change, Given};
use super::people::{People, PeopleError, TAKEN};
use super::person::NO_USER;
use crate::flows::{Concerning, FlowError};
use signet_protocol::account::attributes::AttributeChange;
use signet_protocol::account::person::{EmailAddress, Username};
use signet_protocol::claims::standard::PersonClaims;
use signet_protocol::events::audit_details::Details;
use signet_protocol::ids::UserId;
use signet_protocol::token::revocation::Target;
use signet_store::account::directory::{self, History, Replacement};
use signet_store::account::holdings::{self, OfUser};
use signet_store::account::users::{self, User};
use signet_store::events::audit::{Event, Record};
use signet_store::events::outbox::{self, Mail};
use signet_store::node::changes;
use signet_store::{StoreError, Tx};

/// The maximum length of a change in the audit log, in characters.
const MAX_REASON: usize = 1000;

/// A person with the version that a change is based on.
pub struct RegisteredUser {
    pub user: User,
    pub history: History,
    /// The numbers of their sessions, grants and consents.
    pub holds: OfUser,
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
    pub(super) fn members(&self) -> Map<String, Value> {
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

impl People<'_> {
    /// Reads a person by name, address or `sub`, to show or change them.
    pub async fn read(&self, named: &str) -> Result<RegisteredUser, PeopleError> {
        let id = self.find(named).await?;
        self.read_user(&id).await
    }

    /// Reads this person, to show or change them.
    pub(in crate::flows) async fn read_user(&self, id: &UserId) -> Result<RegisteredUser, PeopleError> {
        let realm = self.operator.realm();
        let mut tx = self.operator.store.read().await?;
        let history = directory::history(&mut tx, realm, id).await?.ok_or(NO_USER)?;
        let user = users::find(&mut tx, realm, id).await?.ok_or(NO_USER)?;
        let holds = holdings::of_user(&mut tx, realm, id, self.operator.now()).await?;
        Ok(RegisteredUser { user, history, holds })
    }

    /// Updates a person, unless they have been changed since they were read, and returns the changed attributes. The
    /// loss of a role voids earlier access tokens; [`People::void_late_tokens`] voids those that are signed until every
    /// node has applied the update. A replaced verified address gets a mail.
    ///
    /// # Errors
    /// [`PeopleError::Changed`] if a concurrent change came first, [`PeopleError::Person`] or [`PeopleError::Exists`]
    /// if the name or the address is refused.
    pub async fn update(
        &self,
        read: &RegisteredUser,
        mut next: PersonUpdate,
    ) -> Result<Vec<AttributeChange>, PeopleError> {
        next.claims = next.claims.with_display_names()?;
        next.roles.sort();
        next.roles.dedup();
        let changed = AttributeChange::between(&PersonUpdate::from(&read.user).members(), &next.members());
        if changed.is_empty() {
            return Ok(changed);
        }
        let update = Update::new(read, &next, &changed)?;
        let records = self.records(&update, &changed)?;
        let update = update.with_farewell(self.farewell(&read.user, &records));
        let change = Change::of(records).publishing(changes::Kind::User, update.user.as_str());
        let written =
            self.operator.write(change, update, |given, tx| Box::pin(async move { given.data.write(tx, given).await }));
        match written.await {
            Ok(true) => Ok(changed),
            Ok(false) => Err(Changed("user").into()),
            Err(StoreError::Conflict) => Err(TAKEN.into()),
            Err(error) => Err(error.into()),
        }
    }

    /// Voids the access tokens that nodes signed with a withdrawn role between the time of [`People::update`] and their
    /// next poll. Must be called after every node has applied the update, with the context of a later time.
    pub async fn void_late_tokens(&self, user: &UserId) -> Result<(), PeopleError> {
        let written = self.operator.write(Change::of(Vec::new()), user.clone(), |given, tx| {
            Box::pin(async move { given.cut_off(tx, Target::User, given.data.as_str()).await })
        });
        Ok(written.await?)
    }

    /// The audit records of an update, which name the changed attributes.
    pub(super) fn records(&self, update: &Update, changed: &[AttributeChange]) -> Result<Vec<Record>, FlowError> {
        let concerning = Concerning::user(&update.user);
        let names: Vec<&str> = changed.iter().map(|change| change.name.as_str()).collect();
        let own: Vec<&str> = names.iter().copied().filter(|name| *name != "roles").collect();
        let mut records = Vec::new();
        if !own.is_empty() {
            let record = self.operator.record(Event::UserUpdated, concerning, &clipped(&own.join(" ")))?;
            records.push(Record { details: Details::of_attributes(&own), ..record });
        }
        if names.contains(&"roles") {
            let Update { granted, withdrawn, .. } = update;
            let record =
                self.operator.record(Event::RolesChanged, concerning, &clipped(&in_words(granted, withdrawn)))?;
            records.push(Record { details: Details::of_roles(granted, withdrawn), ..record });
        }
        if names.contains(&"email") {
            records.push(self.operator.record(Event::EmailChanged, concerning, "changed")?);
        }
        Ok(records)
    }

    /// The mail to the previous address, if it was verified and is replaced.
    pub(super) fn farewell(&self, held: &User, records: &[Record]) -> Option<Mail> {
        let record = records.iter().find(|record| record.event == Event::EmailChanged)?;
        let (address, is_verified) = held.email.as_ref()?;
        let is_due = *is_verified && self.operator.context.realm.mails;
        is_due.then(|| Mail { user: held.id.clone(), row: record.id.clone(), address: address.clone() })
    }
}

/// The rows of an update.
pub(super) struct Update {
    pub user: UserId,
    replacement: Replacement,
    /// The keys of a new name and address, which must not lead to another person.
    new_keys: Vec<String>,
    granted: Vec<String>,
    withdrawn: Vec<String>,
    /// The mail to the previous address.
    farewell: Option<Mail>,
}

impl Update {
    pub fn new(read: &RegisteredUser, next: &PersonUpdate, changed: &[AttributeChange]) -> Result<Self, PeopleError> {
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
            granted: missing(&next.roles, &held.roles),
            withdrawn: missing(&held.roles, &next.roles),
            farewell: None,
        })
    }

    /// The same update with a mail to the previous address.
    pub fn with_farewell(self, farewell: Option<Mail>) -> Self {
        Self { farewell, ..self }
    }

    /// Writes the update in a transaction. Returns false if a concurrent change came first.
    pub async fn write<S>(&self, tx: &mut Tx, given: &Given<S>) -> Result<bool, StoreError> {
        let user = &self.user;
        let realm = given.realm();
        let now = given.now();
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
            given.cut_off(tx, Target::User, user.as_str()).await?;
        }
        if let Some(mail) = &self.farewell {
            outbox::queue_mail(tx, realm, mail, now).await?;
        }
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

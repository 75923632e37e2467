//! Importing people of another system, in batches. A person is known by their id there, so that a file can be imported
//! again: what it says as before changes nothing, even if the person has been changed here since.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Serialize;
use serde_json::{Map, Value};

use super::operator::{Change, Effect, Given};
use super::people::{People, PeopleError, TAKEN, ValidPerson};
use super::person_update::{PersonUpdate, RegisteredUser, Update};
use crate::flows::{Concerning, FlowError};
use crate::passwords::{ImportedHash, Passwords};
use signet_protocol::account::attributes::AttributeChange;
use signet_protocol::account::foreign_hash::Import;
use signet_protocol::account::import_row::ImportRow;
use signet_protocol::claims::standard::PersonClaims;
use signet_protocol::secret::Digest;
use signet_store::account::imported_users::{self, External, Said};
use signet_store::account::users::{self, NewPassword, Validity};
use signet_store::account::{directory, holdings};
use signet_store::events::audit::{self, Event, Record};
use signet_store::node::changes;
use signet_store::{StoreError, Tx};

/// The number of hashes that are wrapped at once. More would fill the queue of the pool.
const AT_ONCE: usize = 4;

/// The purpose of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Nothing is written.
    Trial,
    Import,
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", content = "reason", rename_all = "snake_case")]
pub enum Outcome {
    Created,
    Updated,
    Unchanged,
    Refused(String),
}

/// An import in progress.
pub struct Importer<'a> {
    people: People<'a>,
    passwords: &'a Passwords,
    /// The name of the other system.
    source: String,
    purpose: Purpose,
    /// The ids, names and addresses of the rows so far.
    seen: HashSet<String>,
}

/// What is to be done about a row.
enum Plan {
    Nothing(Outcome),
    Create(Box<Creation>),
    Update(Box<Renewal>),
}

struct Creation {
    external_id: String,
    digest: Digest,
    person: ValidPerson,
    password: Option<Import>,
    enabled: bool,
    records: Vec<Record>,
}

struct Renewal {
    external_id: String,
    digest: Digest,
    update: Update,
    records: Vec<Record>,
}

impl<'a> People<'a> {
    /// Begins an import from the system of this name.
    pub fn importer(self, passwords: &'a Passwords, source: &str, purpose: Purpose) -> Importer<'a> {
        Importer { people: self, passwords, source: source.to_owned(), purpose, seen: HashSet::new() }
    }
}

impl Importer<'_> {
    /// Imports rows in one transaction, and returns what became of each.
    pub async fn import(&mut self, rows: Vec<ImportRow>) -> Result<Vec<Outcome>, PeopleError> {
        let mut plans = Vec::new();
        for row in rows {
            plans.push(self.plan(row).await?);
        }
        if self.purpose == Purpose::Trial {
            return Ok(plans.iter().map(Plan::expected).collect());
        }
        let passwords = self.passwords;
        let people = &self.people;
        let hashed = stream::iter(plans).map(|plan| people.with_hash(passwords, plan)).buffered(AT_ONCE);
        let plans: Vec<Plan> = hashed.try_collect().await?;
        self.write(plans).await
    }

    async fn plan(&mut self, row: ImportRow) -> Result<Plan, PeopleError> {
        if !self.seen.insert(format!("id {}", row.external_id)) {
            return Ok(Plan::refused("external_id comes twice in the file"));
        }
        let realm = self.people.operator.realm();
        let mut tx = self.people.operator.store.read().await?;
        let external = External { source: &self.source, id: &row.external_id };
        let Some(known) = imported_users::find(&mut tx, realm, external).await? else {
            let mut taken = false;
            for key in row_keys(&row) {
                taken |= users::find_for_login(&mut tx, realm, &key).await?.is_some();
                taken |= !self.seen.insert(format!("name {key}"));
            }
            drop(tx);
            return if taken { Ok(Plan::refused(&TAKEN.to_string())) } else { self.creation(row) };
        };
        if known.digest == row.digest.as_bytes() {
            return Ok(Plan::Nothing(Outcome::Unchanged));
        }
        let history = directory::history(&mut tx, realm, &known.user).await?;
        let user = users::find(&mut tx, realm, &known.user).await?;
        drop(tx);
        let (Some(history), Some(user)) = (history, user) else { return Ok(Plan::refused("the user was removed")) };
        self.renewal(row, &RegisteredUser { user, history, holds: holdings::OfUser::default() })
    }

    fn creation(&self, row: ImportRow) -> Result<Plan, PeopleError> {
        let person = ValidPerson::imported(self.people.operator.context, &row)?;
        let state = if row.enabled { "" } else { ", disabled" };
        let object = format!("imported from {}{state}", self.source);
        let mut records = vec![self.people.operator.record(Event::UserAdded, Concerning::user(&person.id), &object)?];
        if !row.roles.is_empty() {
            records.push(self.people.roles_granted(&person.id, &row.roles)?);
        }
        let ImportRow { external_id, digest, password, enabled, .. } = row;
        Ok(Plan::Create(Box::new(Creation { external_id, digest, person, password, enabled, records })))
    }

    /// What a row says that it did not say before. Roles are added, never withdrawn, and the password is the person's.
    fn renewal(&self, row: ImportRow, read: &RegisteredUser) -> Result<Plan, PeopleError> {
        let mut next = PersonUpdate::from(&read.user);
        next.username = row.username.as_str().to_owned();
        if let Some(address) = &row.email {
            next.email = Some(address.as_str().to_owned());
            next.email_verified = row.email_verified;
        }
        next.claims = merged(&next.claims, &row.claims)?;
        next.attributes.extend(row.attributes);
        next.roles.extend(row.roles);
        next.roles.sort();
        next.roles.dedup();
        let changed = AttributeChange::between(&PersonUpdate::from(&read.user).members(), &next.members());
        let update = match Update::new(read, &next, &changed) {
            Ok(update) => update,
            Err(error @ PeopleError::Person(_)) => return Ok(Plan::refused(&error.to_string())),
            Err(error) => return Err(error),
        };
        let records = self.people.records(&update, &changed)?;
        let update = update.with_farewell(self.people.farewell(&read.user, &records));
        Ok(Plan::Update(Box::new(Renewal { external_id: row.external_id, digest: row.digest, update, records })))
    }

    /// Writes a batch. If a row collides with a concurrent change, the rows are written one by one.
    async fn write(&self, plans: Vec<Plan>) -> Result<Vec<Outcome>, PeopleError> {
        let batch = Arc::new(Batch { source: self.source.clone(), plans });
        let all = 0..batch.plans.len();
        match self.write_some(&batch, all.clone()).await {
            Err(StoreError::Conflict) => {}
            written => return Ok(written?),
        }
        let mut outcomes = Vec::new();
        for at in all {
            match self.write_some(&batch, at..at + 1).await {
                Ok(written) => outcomes.extend(written),
                Err(StoreError::Conflict) => outcomes.push(Outcome::Refused(TAKEN.to_string())),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(outcomes)
    }

    async fn write_some(&self, batch: &Arc<Batch>, range: Range<usize>) -> Result<Vec<Outcome>, StoreError> {
        let change = Change::of(Vec::new());
        let written = self.people.operator.write(change, (batch.clone(), range), |given, tx| {
            Box::pin(async move {
                let (batch, range) = &given.data;
                batch.write(tx, given, range.clone()).await.map(Written)
            })
        });
        written.await.map(|Written(outcomes)| outcomes)
    }
}

impl People<'_> {
    /// The plan with the stored form of the row's password hash.
    async fn with_hash(&self, passwords: &Passwords, plan: Plan) -> Result<Plan, PeopleError> {
        let Plan::Create(mut creation) = plan else { return Ok(plan) };
        if let Some(import) = creation.password.take() {
            let salt = self.operator.context.entropy.bytes().map_err(FlowError::from)?;
            let stored = passwords.import(import, salt).await.map_err(FlowError::from)?;
            let new = |stored: ImportedHash| NewPassword {
                hash: stored.hash,
                work: stored.work,
                validity: Validity::Lasting,
            };
            creation.person.password = stored.map(new);
        }
        Ok(Plan::Create(creation))
    }
}

impl Plan {
    fn refused(reason: &str) -> Self {
        Self::Nothing(Outcome::Refused(reason.to_owned()))
    }

    /// What becomes of the row unless something comes in between.
    fn expected(&self) -> Outcome {
        match self {
            Self::Nothing(outcome) => outcome.clone(),
            Self::Create(_) => Outcome::Created,
            Self::Update(renewal) if renewal.records.is_empty() => Outcome::Unchanged,
            Self::Update(_) => Outcome::Updated,
        }
    }
}

/// The rows of a transaction.
struct Batch {
    source: String,
    plans: Vec<Plan>,
}

/// The outcomes of a batch, whose rows have written their own audit records.
struct Written(Vec<Outcome>);

impl Effect for Written {
    fn is_change(&self) -> bool {
        false
    }
}

impl Batch {
    async fn write<S>(&self, tx: &mut Tx, given: &Given<S>, range: Range<usize>) -> Result<Vec<Outcome>, StoreError> {
        let mut outcomes = Vec::new();
        let mut updated = Vec::new();
        for plan in self.plans.get(range).unwrap_or_default() {
            outcomes.push(match plan {
                Plan::Nothing(outcome) => outcome.clone(),
                Plan::Create(creation) => self.create(tx, given, creation).await?,
                Plan::Update(renewal) => {
                    let outcome = self.renew(tx, given, renewal).await?;
                    updated.extend((outcome == Outcome::Updated).then_some(&renewal.update.user));
                    outcome
                }
            });
        }
        for user in updated {
            changes::publish(tx, given.realm(), changes::Kind::User, user.as_str(), given.now()).await?;
        }
        Ok(outcomes)
    }

    async fn create<S>(&self, tx: &mut Tx, given: &Given<S>, new: &Creation) -> Result<Outcome, StoreError> {
        let realm = given.realm();
        let now = given.now();
        if new.person.is_taken(tx, realm).await? {
            return Ok(Outcome::Refused(TAKEN.to_string()));
        }
        new.person.insert(tx, realm, now).await?;
        if !new.enabled {
            users::disable(tx, realm, &new.person.id, now).await?;
        }
        let said = Said { external: self.external(&new.external_id), user: &new.person.id, digest: new.digest };
        finish(tx, given, said, &new.records).await?;
        Ok(Outcome::Created)
    }

    async fn renew<S>(&self, tx: &mut Tx, given: &Given<S>, renewal: &Renewal) -> Result<Outcome, StoreError> {
        let Renewal { external_id, digest, update, records } = renewal;
        if !records.is_empty() && !update.write(tx, given).await? {
            return Ok(Outcome::Refused("the user was changed meanwhile".to_owned()));
        }
        let said = Said { external: self.external(external_id), user: &update.user, digest: *digest };
        finish(tx, given, said, records).await?;
        Ok(if records.is_empty() { Outcome::Unchanged } else { Outcome::Updated })
    }

    fn external<'b>(&'b self, id: &'b str) -> External<'b> {
        External { source: &self.source, id }
    }
}

/// Records what the import has said about a person, and its audit records.
async fn finish<S>(tx: &mut Tx, given: &Given<S>, said: Said<'_>, records: &[Record]) -> Result<(), StoreError> {
    imported_users::put(tx, given.realm(), said, given.now()).await?;
    for record in records {
        audit::append(tx, given.realm(), record, given.now()).await?;
    }
    Ok(())
}

/// The keys by which a row's person could be mistaken for another.
fn row_keys(row: &ImportRow) -> impl Iterator<Item = String> {
    std::iter::once(row.username.key()).chain(row.email.as_ref().map(|email| email.key()))
}

/// The claims of a person with those of a row over them.
fn merged(held: &PersonClaims, said: &PersonClaims) -> Result<PersonClaims, PeopleError> {
    let mut claims: Map<String, Value> = held.clone().into();
    claims.extend(Map::from(said.clone()));
    PersonClaims::try_from(claims).map_err(|error| FlowError::Internal(error.to_string()).into())
}

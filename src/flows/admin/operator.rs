//! The door of administration. An [`Operator`] is the author of orders in one realm: commands, the API and every other
//! surface make one, and its rooms carry the orders out ([`Operator::people`], [`Operator::clients`], ...). A room
//! writes with [`Operator::write`] alone, which stores the change, its audit records and its publication together.
//!
//! Authorization comes before: a command has the rights of its account on the host, a client of the API the permission
//! that [`super::api::admit`] has found in its token, and a person only what belongs to them.

use std::fmt;

use futures_util::future::BoxFuture;

use crate::flows::client::cut_off::cut_off;
use crate::flows::{Concerning, Context, FlowError, LONGEST_ACCESS_TOKEN};
use signet_protocol::ids::{ClientId, RealmId};
use signet_protocol::time::{Span, Timestamp};
use signet_protocol::token::revocation::{Reason, Target};
use signet_store::events::audit::{self, Event, Outcome, Record};
use signet_store::node::changes::{self, Kind};
use signet_store::{Store, StoreError, Tx};

/// The author of an order, as the audit log names it.
#[derive(Clone, Debug)]
pub enum Actor {
    /// A command; the audit log adds the account on the host.
    Command,
    /// A person, in their own account console.
    Person,
    /// A client of the administration API.
    Client(ClientId),
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command => f.write_str("command"),
            Self::Person => f.write_str("user"),
            Self::Client(id) => write!(f, "client:{id}"),
        }
    }
}

/// The author of orders in a realm, with their time and their reason.
pub struct Operator<'a> {
    pub(super) store: &'a Store,
    pub(super) context: &'a Context,
    pub(super) reason: Reason,
    actor: Actor,
    skew: Span,
}

impl<'a> Operator<'a> {
    /// An operator who gives no reason. `skew` is the tolerance between clocks, by which a revocation outlasts the
    /// tokens that it voids.
    pub fn new(store: &'a Store, context: &'a Context, actor: Actor, skew: Span) -> Self {
        Self { store, context, reason: Reason::default(), actor, skew }
    }

    /// The same operator with a reason, which the audit log keeps beside the object of each order.
    #[must_use]
    pub fn because(self, reason: Reason) -> Self {
        Self { reason, ..self }
    }

    pub(in crate::flows) fn realm(&self) -> &'a RealmId {
        &self.context.realm.id
    }

    pub(in crate::flows) const fn now(&self) -> Timestamp {
        self.context.now
    }

    /// The tolerance between clocks.
    pub(super) const fn skew(&self) -> Span {
        self.skew
    }

    /// The time at which everything issued until now has expired.
    pub(super) fn horizon(&self) -> Timestamp {
        self.now().plus(LONGEST_ACCESS_TOKEN).plus(self.skew)
    }

    /// The actor as stored.
    pub(super) fn actor(&self) -> String {
        self.context.actor(&self.actor.to_string())
    }

    /// The audit record of an order about `object`.
    pub(in crate::flows) fn record(
        &self,
        event: Event,
        concerning: Concerning<'_>,
        object: &str,
    ) -> Result<Record, FlowError> {
        let actor = self.actor.to_string();
        let concerning = Concerning { actor: &actor, ..concerning };
        let record = self.context.record(event, Outcome::Success, concerning, &self.reason.about(object))?;
        // The mail about it says that an administrator did it.
        let is_known = event == Event::UserSignedOut && matches!(self.actor, Actor::Person);
        Ok(Record { mailed: record.mailed && !is_known, ..record })
    }

    /// A change with one audit record, of an order about `object`.
    pub(in crate::flows) fn change(
        &self,
        event: Event,
        concerning: Concerning<'_>,
        object: &str,
    ) -> Result<Change, FlowError> {
        Ok(Change::of(vec![self.record(event, concerning, object)?]))
    }

    /// Records that the data was copied to a backup.
    pub async fn record_backup(&self) -> Result<(), FlowError> {
        let change = self.change(Event::BackedUp, Concerning::default(), "")?;
        self.write(change, (), |_, _| Box::pin(async { Ok(()) })).await
    }

    /// Writes a change in one transaction: runs the job, and if it has an effect, appends the audit records and
    /// publishes the change. An error of the job undoes everything. The job can run several times.
    pub(in crate::flows) async fn write<S, T, E, F>(&self, change: Change, data: S, job: F) -> Result<T, E>
    where
        F: for<'t> Fn(&'t Given<S>, &'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
        S: Send + Sync + 'static,
        T: Effect + Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let given = Given { context: self.context.clone(), horizon: self.horizon(), data };
        let written = self.store.write_with((given, change, job), |(given, change, job), tx| {
            Box::pin(async move {
                let effect = job(given, tx).await?;
                if effect.is_change() {
                    change.append_to(tx, given).await?;
                }
                Ok::<_, E>(effect)
            })
        });
        written.await
    }
}

/// The traces of a change besides its rows: audit records, and an entry in the sequence that all nodes follow.
pub(in crate::flows) struct Change {
    records: Vec<Record>,
    publication: Option<Publication>,
}

/// The object that other nodes read again.
struct Publication {
    kind: Kind,
    subject: String,
}

impl Change {
    pub(in crate::flows) const fn of(records: Vec<Record>) -> Self {
        Self { records, publication: None }
    }

    /// Also publishes that this object has changed.
    pub(in crate::flows) fn publishing(self, kind: Kind, subject: &str) -> Self {
        let publication = Some(Publication { kind, subject: subject.to_owned() });
        Self { publication, ..self }
    }

    async fn append_to<S>(&self, tx: &mut Tx, given: &Given<S>) -> Result<(), StoreError> {
        for record in &self.records {
            audit::append(tx, given.realm(), record, given.now()).await?;
        }
        match &self.publication {
            Some(Publication { kind, subject }) => {
                changes::publish(tx, given.realm(), *kind, subject, given.now()).await
            }
            None => Ok(()),
        }
    }
}

/// The data of a job, with the circumstances of its order.
pub(in crate::flows) struct Given<S> {
    pub context: Context,
    /// The time at which everything issued until now has expired.
    pub horizon: Timestamp,
    pub data: S,
}

impl<S> Given<S> {
    pub fn realm(&self) -> &RealmId {
        &self.context.realm.id
    }

    pub const fn now(&self) -> Timestamp {
        self.context.now
    }

    /// Voids everything that was issued about the subject until now.
    pub async fn cut_off(&self, tx: &mut Tx, target: Target, subject: &str) -> Result<(), StoreError> {
        cut_off(tx, &self.context, target, subject, self.horizon).await
    }
}

/// The result of a job, which says whether it has changed anything.
pub(in crate::flows) trait Effect {
    fn is_change(&self) -> bool;
}

impl Effect for () {
    fn is_change(&self) -> bool {
        true
    }
}

/// True if there was something to change.
impl Effect for bool {
    fn is_change(&self) -> bool {
        *self
    }
}

/// `None` if there was nothing to change.
impl<T> Effect for Option<T> {
    fn is_change(&self) -> bool {
        self.is_some()
    }
}

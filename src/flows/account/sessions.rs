//! The sessions of a person: their list, and the end of one, of all others, or of everything.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::person::Person;
use super::{announce, operator};
use crate::flows::session;
use crate::flows::{Concerning, Context, FlowError, Provider};
use signet_protocol::client::Client;
use signet_protocol::defense::brute_force;
use signet_protocol::ids::{ClientId, SessionId};
use signet_store::Tx;
use signet_store::events::audit::{self, Event, Outcome};
use signet_store::session::session_clients;
use signet_store::session::sessions;
use signet_store::token::token_families::{self, FamilyOwner};

/// A live session of the person.
#[derive(Clone, Debug)]
pub struct OwnSession {
    pub stored: sessions::Listed,
    /// True for the session of the browser that asks.
    pub is_current: bool,
    pub place: Place,
    /// The applications that take part in it, by name.
    pub applications: Vec<Arc<Client>>,
}

/// The network of a session's last authentication, compared with that of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    SameNetwork,
    Elsewhere,
    Unknown,
}

/// The live sessions of the person: first the current one, then the others by their last use.
pub async fn list(provider: &Provider, context: &Context, person: &Person) -> Result<Vec<OwnSession>, FlowError> {
    let realm = &context.realm.id;
    let user = &person.user.id;
    let mut tx = provider.store.read().await?;
    let stored = sessions::list(&mut tx, realm, user, context.now).await?;
    let participants = session_clients::of_user(&mut tx, realm, user).await?;
    let families = token_families::list(&mut tx, realm, FamilyOwner::User(user), context.now).await?;
    drop(tx);
    let mut own = Vec::new();
    for stored in stored {
        let id = &stored.session.id;
        let joined = participants.iter().filter(|part| part.session == *id).map(|part| &part.client);
        let granted = families.iter().filter(|family| family.session == *id).map(|family| &family.client);
        let clients: BTreeSet<&ClientId> = joined.chain(granted).collect();
        let mut applications = Vec::new();
        for client in clients {
            applications.extend(provider.view.client(realm, client).await?);
        }
        let is_current = *id == person.session.id;
        own.push(OwnSession { is_current, place: place(context, &stored.address), applications, stored });
    }
    own.sort_by_key(|session| !session.is_current);
    Ok(own)
}

fn place(context: &Context, address: &str) -> Place {
    let there = address.parse().ok().map(brute_force::region);
    match (there, context.region()) {
        (Some(there), Some(here)) if there == here => Place::SameNetwork,
        (Some(_), Some(_)) => Place::Elsewhere,
        (None, _) | (_, None) => Place::Unknown,
    }
}

/// Ends a session of the person. Returns false if the id is not that of a live session of theirs.
pub async fn end(
    provider: &Provider,
    context: &Context,
    person: &Person,
    session: &SessionId,
) -> Result<bool, FlowError> {
    let operator = operator(provider, context);
    let user = &person.user.id;
    let concerning = Concerning { session: Some(session), ..Concerning::user(user) };
    let change = operator.change(Event::SessionEnded, concerning, session.as_str())?;
    let written = operator.write(change, (user.clone(), session.clone()), |given, tx| {
        Box::pin(async move {
            let (user, session) = &given.data;
            if sessions::owner(tx, given.realm(), session).await?.as_ref() != Some(user) {
                return Ok(None);
            }
            session::end(tx, &given.context, session, given.horizon).await
        })
    });
    let is_ended = written.await?.is_some();
    announce(provider).await?;
    Ok(is_ended)
}

/// Ends all sessions of the person but the current one, and returns their number.
pub async fn end_others(provider: &Provider, context: &Context, person: &Person) -> Result<u64, FlowError> {
    let given = (context.clone(), person.clone(), provider.revocation_horizon(context.now));
    let written = provider.store.write_with(given, |given, tx| {
        Box::pin(async move {
            let (context, person, horizon) = given;
            let mut ended = 0;
            for other in others(tx, context, person).await? {
                if session::end(tx, context, &other, *horizon).await?.is_some() {
                    ended += 1;
                    let user = &person.user.id;
                    let concerning = Concerning { actor: "user", session: Some(&other), ..Concerning::user(user) };
                    let record = context.record(Event::SessionEnded, Outcome::Success, concerning, other.as_str())?;
                    audit::append(tx, &context.realm.id, &record, context.now).await?;
                }
            }
            Ok::<_, FlowError>(ended)
        })
    });
    let ended = written.await?;
    announce(provider).await?;
    Ok(ended)
}

async fn others(tx: &mut Tx, context: &Context, person: &Person) -> Result<Vec<SessionId>, FlowError> {
    let listed = sessions::list(tx, &context.realm.id, &person.user.id, context.now).await?;
    let ids = listed.into_iter().map(|listed| listed.session.id);
    Ok(ids.filter(|id| *id != person.session.id).collect())
}

/// Ends everything that was issued to the person: all sessions, the current one too, and all grants.
pub async fn sign_out_everywhere(provider: &Provider, context: &Context, person: &Person) -> Result<(), FlowError> {
    operator(provider, context).revocations().sign_out(person.user.id.clone(), None).await?;
    announce(provider).await
}

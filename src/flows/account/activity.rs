//! The activity of a person's account, as the audit log has it, and the report that it was not theirs.

use std::sync::Arc;

use super::person::Person;
use super::sessions;
use crate::flows::{Concerning, Context, FlowError, Provider};
use signet_protocol::account::activity::Activity;
use signet_protocol::client::Client;
use signet_protocol::ids::ClientId;
use signet_protocol::time::Timestamp;
use signet_store::events::audit::{self, Event, Outcome};
use signet_store::events::audit_log::{self, Before, RECENT_PAGE};

/// An event of the account.
#[derive(Clone, Debug)]
pub struct Entry {
    pub at: Timestamp,
    pub activity: Activity,
    /// The name of the event in the audit log.
    pub event: String,
    pub actor: Actor,
    /// The address and the browser of the person's own events, and of failed sign-ins.
    pub origin: Option<Origin>,
    /// The application concerned, if it still exists.
    pub application: Option<Arc<Client>>,
}

/// The origin of a request by a browser.
#[derive(Clone, Debug)]
pub struct Origin {
    pub address: String,
    pub user_agent: String,
}

/// The actor of an event. Administrators are not named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A browser, as the person or in their name.
    Person,
    Application,
    Server,
    Administrator,
}

impl Actor {
    /// The name in downloads.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Person => "user",
            Self::Application => "client",
            Self::Server => "system",
            Self::Administrator => "administrator",
        }
    }

    fn of(stored: &str) -> Self {
        match stored {
            "user" => Self::Person,
            "client" => Self::Application,
            "system" => Self::Server,
            _ => Self::Administrator,
        }
    }
}

/// A page of the activity, the newest first.
#[derive(Clone, Debug, Default)]
pub struct ActivityPage {
    pub entries: Vec<Entry>,
    /// The place before which the next page begins, if there may be more.
    pub next: Option<Before>,
}

/// The page of the person's activity before this place.
pub async fn page(
    provider: &Provider,
    context: &Context,
    person: &Person,
    before: &Before,
) -> Result<ActivityPage, FlowError> {
    let realm = &context.realm.id;
    let mut tx = provider.store.read().await?;
    let rows = audit_log::recent(&mut tx, realm, &person.user.id, before).await?;
    drop(tx);
    let is_full = rows.len() == RECENT_PAGE;
    let next = rows.last().filter(|_| is_full).map(|row| Before { at: row.at, id: row.id.clone() });
    let mut entries = Vec::new();
    for row in rows {
        let Some(activity) = Activity::of(&row.event, &row.outcome) else { continue };
        let application = match row.client.map(ClientId::from_stored) {
            Some(client) => provider.view.client(realm, &client).await?,
            None => None,
        };
        let actor = Actor::of(&row.actor);
        // The address of an application's server or of an administrator is none of the person's business.
        let origin = (actor == Actor::Person && !row.address.is_empty())
            .then_some(Origin { address: row.address, user_agent: row.user_agent });
        entries.push(Entry { at: row.at, activity, event: row.event, actor, origin, application });
    }
    Ok(ActivityPage { entries, next })
}

/// The time of the sign-in before the one that began the present session.
pub async fn previous_sign_in(
    provider: &Provider,
    context: &Context,
    person: &Person,
) -> Result<Option<Timestamp>, FlowError> {
    let present = person.session.authentication.time;
    let mut tx = provider.store.read().await?;
    Ok(audit_log::previous_login(&mut tx, &context.realm.id, &person.user.id, present).await?)
}

/// Ends all sessions but the current one, and records the report. The person changes the password next, which ends
/// everything else.
pub async fn dispute(provider: &Provider, context: &Context, person: &Person) -> Result<u64, FlowError> {
    let ended = sessions::end_others(provider, context, person).await?;
    let user = &person.user.id;
    let concerning = Concerning { actor: "user", session: Some(&person.session.id), ..Concerning::user(user) };
    let record = context.record(Event::ActivityDisputed, Outcome::Success, concerning, "not me")?;
    let written = provider.store.write_with((context.clone(), record), |given, tx| {
        Box::pin(async move {
            let (context, record) = given;
            audit::append(tx, &context.realm.id, record, context.now).await
        })
    });
    written.await?;
    Ok(ended)
}

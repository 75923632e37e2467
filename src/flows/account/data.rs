//! The data of a person's account, for a download. It contains no secrets, and nothing about other people.

use serde_json::{Value, json};

use super::activity::{self, Entry};
use super::person::{FreshPerson, Person};
use super::profile;
use crate::flows::{Concerning, Context, FlowError, Provider};
use signet_protocol::time::{Span, Timestamp};
use signet_store::account::personal_tokens;
use signet_store::authorize::consents;
use signet_store::events::audit::{self, Event, Outcome};
use signet_store::events::audit_log::Before;
use signet_store::session::sessions;
use signet_store::token::token_families::{self, FamilyOwner};

/// The number of pages of the activity in a download.
const ACTIVITY_PAGES: usize = 100;

/// Collects the data of the person, and records the download. Times are RFC 3339.
pub async fn export(provider: &Provider, context: &Context, person: &FreshPerson) -> Result<Value, FlowError> {
    let person = person.person();
    let realm = &context.realm.id;
    let user = &person.user.id;
    let held = profile::load(provider, context, person).await?;
    let mut tx = provider.store.read().await?;
    let consents = consents::list(&mut tx, realm, user).await?;
    let families = token_families::list(&mut tx, realm, FamilyOwner::User(user), context.now).await?;
    let sessions = sessions::list(&mut tx, realm, user, context.now).await?;
    let tokens = personal_tokens::list(&mut tx, realm, user, context.now).await?;
    drop(tx);
    let mut entries = Vec::new();
    let mut before = Some(Before { at: context.now.plus(Span::from_minutes(1)), id: String::new() });
    for _ in 0..ACTIVITY_PAGES {
        let Some(place) = before else { break };
        let page = activity::page(provider, context, person, &place).await?;
        entries.extend(page.entries);
        before = page.next;
    }
    record(provider, context, person).await?;
    let (email, is_verified) = held.user.email.clone().unzip();
    let mut claims = serde_json::to_value(&held.user.claims).unwrap_or_default();
    claims.as_object_mut().map(|claims| claims.remove("updated_at"));
    Ok(json!({
        "issuer": context.realm.issuer,
        "exported_at": written(context.now),
        "profile": {
            "sub": user.as_str(),
            "username": held.user.username,
            "email": email,
            "email_verified": is_verified,
            "claims": claims,
            "roles": held.user.roles,
            "created_at": written(held.history.created_at),
            "updated_at": written(held.history.updated_at),
            "password_set_at": held.history.password_set_at.map(written),
        },
        "consents": consents.iter().map(consent).collect::<Vec<_>>(),
        "grants": families.iter().map(grant).collect::<Vec<_>>(),
        "sessions": sessions.iter().map(session).collect::<Vec<_>>(),
        "personal_tokens": tokens.iter().map(token).collect::<Vec<_>>(),
        "activity": entries.iter().map(event).collect::<Vec<_>>(),
    }))
}

async fn record(provider: &Provider, context: &Context, person: &Person) -> Result<(), FlowError> {
    let concerning =
        Concerning { actor: "user", session: Some(&person.session.id), ..Concerning::user(&person.user.id) };
    let record = context.record(Event::DataExported, Outcome::Success, concerning, "")?;
    let written = provider.store.write_with((context.clone(), record), |(context, record), tx| {
        Box::pin(async move { audit::append(tx, &context.realm.id, record, context.now).await })
    });
    Ok(written.await?)
}

fn consent(listed: &consents::Listed) -> Value {
    json!({
        "client_id": listed.client.as_str(),
        "scope": listed.consent.scope.to_string(),
        "claims": listed.consent.claims,
        "granted_at": written(listed.granted_at),
    })
}

fn grant(family: &token_families::Listed) -> Value {
    json!({
        "client_id": family.client.as_str(),
        "scope": family.scope,
        "resources": family.resources,
        "offline": family.offline,
        "created_at": written(family.created_at),
        "used_at": family.used_at.map(written),
        "expires_at": written(family.expires_at),
    })
}

fn session(listed: &sessions::Listed) -> Value {
    let session = &listed.session;
    json!({
        "sid": session.id.as_str(),
        "signed_in_at": written(session.authentication.time),
        "methods": session.authentication.methods,
        "last_seen_at": written(session.last_seen_at),
        "expires_at": written(session.idle_expires_at.min(session.expires_at)),
        "address": listed.address,
        "user_agent": listed.user_agent,
    })
}

/// A personal access token, without the token itself.
fn token(token: &personal_tokens::PersonalToken) -> Value {
    json!({
        "name": token.name,
        "scope": token.scope.to_string(),
        "resources": token.resources,
        "created_at": written(token.created_at),
        "expires_at": written(token.expires_at),
        "used_at": token.used_at.map(written),
    })
}

fn event(entry: &Entry) -> Value {
    json!({
        "at": written(entry.at),
        "event": entry.event,
        "actor": entry.actor.name(),
        "client_id": entry.application.as_ref().map(|client| client.id.as_str()),
        "address": entry.origin.as_ref().map(|origin| origin.address.as_str()),
        "user_agent": entry.origin.as_ref().map(|origin| origin.user_agent.as_str()),
    })
}

fn written(at: Timestamp) -> String {
    at.to_chrono().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

//! The applications that have access to a person's account, and the end of their access.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::person::Person;
use super::{announce, operator};
use crate::flows::{Context, FlowError, Provider};
use signet_protocol::authorize::consent::Consent;
use signet_protocol::client::Client;
use signet_protocol::ids::ClientId;
use signet_protocol::scope::{OFFLINE_ACCESS, Scope};
use signet_protocol::time::Timestamp;
use signet_store::authorize::consents;
use signet_store::token::token_families::{self, FamilyOwner};

/// An application with a consent of the person or with a live grant.
#[derive(Clone, Debug)]
pub struct Application {
    pub client: Arc<Client>,
    /// Everything that it may have by consent or grant.
    pub access: Consent,
    /// The resources that its grants are for.
    pub resources: Vec<String>,
    /// True if a grant outlives the session, or may do so.
    pub is_offline: bool,
    /// The time of the oldest live grant, or of the consent.
    pub since: Timestamp,
    /// The time of the last token, if there is a live grant.
    pub used_at: Option<Timestamp>,
}

/// The parts of an application's access, while they are collected.
#[derive(Default)]
struct Access {
    consent: Consent,
    resources: Vec<String>,
    is_offline: bool,
    since: Option<Timestamp>,
    used_at: Option<Timestamp>,
}

impl Access {
    fn add_consent(&mut self, listed: &consents::Listed) {
        self.consent = self.consent.union(&listed.consent);
        self.note(listed.granted_at);
    }

    fn add_grant(&mut self, family: &token_families::Listed) {
        let scope = Scope::parse_stored(&family.scope).unwrap_or_default();
        self.consent = self.consent.union(&Consent { scope, claims: Vec::new() });
        self.resources.extend(family.resources.iter().cloned());
        self.is_offline |= family.offline;
        self.note(family.created_at);
        self.used_at = self.used_at.max(Some(family.used_at.unwrap_or(family.created_at)));
    }

    fn note(&mut self, at: Timestamp) {
        self.since = Some(self.since.map_or(at, |since| since.min(at)));
    }

    fn of(self, client: Arc<Client>, now: Timestamp) -> Application {
        let mut resources = self.resources;
        resources.sort();
        resources.dedup();
        Application {
            client,
            is_offline: self.is_offline || self.consent.scope.contains(OFFLINE_ACCESS),
            access: self.consent,
            resources,
            since: self.since.unwrap_or(now),
            used_at: self.used_at,
        }
    }
}

/// The applications of the person, ordered by name.
pub async fn list(provider: &Provider, context: &Context, person: &Person) -> Result<Vec<Application>, FlowError> {
    let realm = &context.realm.id;
    let mut tx = provider.store.read().await?;
    let consents = consents::list(&mut tx, realm, &person.user.id).await?;
    let families = token_families::list(&mut tx, realm, FamilyOwner::User(&person.user.id), context.now).await?;
    drop(tx);
    let mut access: BTreeMap<ClientId, Access> = BTreeMap::new();
    for consent in &consents {
        access.entry(consent.client.clone()).or_default().add_consent(consent);
    }
    for family in &families {
        access.entry(family.client.clone()).or_default().add_grant(family);
    }
    let mut applications = Vec::new();
    for (id, access) in access {
        let client = provider.view.client(realm, &id).await?;
        applications.extend(client.map(|client| access.of(client, context.now)));
    }
    applications.sort_by_key(|application| application.client.name().to_lowercase());
    Ok(applications)
}

/// Ends the access of an application: its consent, codes, refresh tokens and access tokens. Returns false if it had
/// none.
pub async fn remove(
    provider: &Provider,
    context: &Context,
    person: &Person,
    client: &ClientId,
) -> Result<bool, FlowError> {
    let has_access = list(provider, context, person).await?.iter().any(|held| held.client.id == *client);
    if has_access {
        operator(provider, context).revocations().withdraw(person.user.id.clone(), client).await?;
        announce(provider).await?;
    }
    Ok(has_access)
}

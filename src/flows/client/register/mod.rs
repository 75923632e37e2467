//! Dynamic client registration (RFC 7591 §3, OpenID Connect Registration §3). The data that strangers can store is
//! bounded, and their metadata cannot override an administrator's decisions.

mod budget;
mod manage;
mod remote;
mod upkeep;

use std::sync::Arc;

use serde_json::{Map, Value};

pub use manage::{read, remove, replace};
pub use upkeep::{record_use, remove_unused};

use super::registry::{SecretOwner, check_metadata, stored};
use crate::config::{Registration as Settings, RegistrationMode};
use crate::flows::{Concerning, Context, FlowError, Provider};
use signet_protocol::cause::Cause;
use signet_protocol::client::registration::{self, ClientInformation, Policy, RegistrationRequest};
use signet_protocol::client::{ClientMetadata, Supported};
use signet_protocol::ids::{ClientId, RealmId};
use signet_protocol::scope::{OIDC_SCOPES, Scope};
use signet_protocol::secret::{ClientSecret, Digest, InitialAccessToken, RegistrationAccessToken};
use signet_protocol::time::{Span, Timestamp};
use signet_store::Tx;
use signet_store::client::clients;
use signet_store::client::clients::{NewClient, NewSecret};
use signet_store::client::logos::{self, Logo};
use signet_store::client::registrations::{self, NewRegistration};
use signet_store::events::audit::{self, Event, Outcome, Record};
use signet_store::node::changes;
use signet_store::token::used_once;

/// The path of the registration endpoint, below the issuer.
pub const PATH: &str = signet_protocol::endpoint::REGISTER.path;
/// The time for which a registration counts towards the hourly limit.
const HOUR: Span = Span::from_hours(1);

/// The rules of dynamic client registration.
pub struct Rules {
    settings: Settings,
    policy: Policy,
}

impl Rules {
    /// The rules of validated settings.
    pub fn new(settings: Settings) -> Self {
        let mut names: Vec<&str> = OIDC_SCOPES.to_vec();
        names.extend(settings.scopes.iter().map(String::as_str));
        let scope = Scope::parse(&names.join(" ")).unwrap_or_default();
        let grants = crate::flows::token::grants::NAMES.as_slice();
        let resources = settings.resources.clone();
        Self { policy: Policy { profile: settings.profile, scope, grants, resources }, settings }
    }

    /// True if clients can register at all.
    pub fn is_on(&self) -> bool {
        self.settings.mode != RegistrationMode::Off
    }

    /// The time at which a client that is used now is removed, unless it is used again.
    fn end_of_use(&self, now: Timestamp) -> Option<Timestamp> {
        let lifetime = self.settings.unused_lifetime;
        (lifetime != Span::ZERO).then(|| now.plus(lifetime))
    }
}

/// The reason why a registration is refused.
#[derive(Debug)]
pub enum RegisterError {
    /// An initial access token is required.
    NoToken,
    /// There are too many clients; the client may retry after this time.
    TooMany(Span),
    /// The metadata is refused, or a use case fails.
    Flow(FlowError),
}

impl<E: Into<FlowError>> From<E> for RegisterError {
    fn from(error: E) -> Self {
        Self::Flow(error.into())
    }
}

/// The registration response (RFC 7591 §3.2.1).
pub type Told = Map<String, Value>;

/// Registers a client.
///
/// # Errors
/// [`RegisterError`]; refused metadata does not use up an initial access token.
pub async fn register(
    provider: &Provider,
    context: &Context,
    bearer: Option<&str>,
    body: &[u8],
) -> Result<Told, RegisterError> {
    let initial = admit(provider, context, bearer).await?;
    let metadata = RegistrationRequest::parse(body, &provider.clients.registration.policy)?.metadata.for_new_client();
    check(&metadata, &provider.supported(&context.realm.id))?;
    let logo = remote::visit(provider, context, &metadata).await?;
    let id = ClientId::from_random(context.entropy.bytes()?);
    let token = RegistrationAccessToken::from_random(context.entropy.bytes()?);
    let secret = metadata.has_secret().then(|| context.entropy.bytes().map(ClientSecret::generate)).transpose()?;
    let keys = Some(&provider.keys);
    let owner = SecretOwner { id: &id, metadata: &metadata };
    let stored = secret.as_ref().map(|secret| stored(context, keys, owner, secret)).transpose()?;
    let entry = Entry {
        context: context.clone(),
        record: record(context, Event::ClientAdded, &id)?,
        metadata,
        secret: stored,
        registration: NewRegistration {
            client: id,
            token: token.digest(),
            expires_at: provider.clients.registration.end_of_use(context.now),
        },
        initial,
        logo,
        limits: Limits::of(&provider.clients.registration.settings),
    };
    let entry = Arc::new(entry);
    let written = provider.store.write_with(entry.clone(), |entry, tx| Box::pin(enter(tx, entry)));
    written.await?;
    let client_id = &entry.registration.client;
    tracing::info!(client_id = client_id.as_str(), "a client has registered itself");
    let issuer = context.realm.issuer.as_str();
    let secret = secret.as_ref();
    let metadata = &entry.metadata;
    response(&ClientInformation { issuer, client_id, issued_at: context.now, token: &token, secret, metadata })
}

/// Authorizes a registration before any work is done for it: in open mode always, otherwise with a valid initial
/// access token. Also checks that there is room.
async fn admit(provider: &Provider, context: &Context, bearer: Option<&str>) -> Result<Option<Digest>, RegisterError> {
    let rules = &provider.clients.registration.settings;
    let realm = &context.realm.id;
    let now = context.now;
    let token = match (rules.mode, bearer) {
        (RegistrationMode::Open, _) => None,
        (RegistrationMode::Token, None) => return Err(RegisterError::NoToken),
        (RegistrationMode::Token, Some(token)) => {
            Some(InitialAccessToken::parse(token).ok_or(Cause::InitialAccessToken)?.digest())
        }
        (RegistrationMode::Off, _) => return Err(Cause::RegistrationClosed.into()),
    };
    let mut tx = provider.store.read().await?;
    if let Some(token) = token
        && !registrations::has_initial(&mut tx, realm, token, now).await?
    {
        return Err(Cause::InitialAccessToken.into());
    }
    Limits::of(rules).leave_room_for(1, &mut tx, realm, now).await?;
    Ok(token)
}

/// Validates the metadata with the rules for an administrator's clients.
fn check(metadata: &ClientMetadata, supported: &Supported<'_>) -> Result<(), RegisterError> {
    check_metadata(metadata, supported).map_err(|error| registration::refusal(&error).into())
}

/// The rows of a self-registered client.
struct Entry {
    context: Context,
    record: Record,
    metadata: ClientMetadata,
    secret: Option<NewSecret>,
    registration: NewRegistration,
    initial: Option<Digest>,
    logo: Option<Logo>,
    limits: Limits,
}

async fn enter(tx: &mut Tx, entry: &Entry) -> Result<(), RegisterError> {
    let realm = &entry.context.realm.id;
    let now = entry.context.now;
    let id = &entry.registration.client;
    if let Some(token) = entry.initial
        && !registrations::use_initial(tx, realm, token, now).await?
    {
        return Err(Cause::InitialAccessToken.into());
    }
    let client = NewClient { id, metadata: &entry.metadata, created_by: &entry.record.actor };
    clients::insert(tx, realm, &client, now).await?;
    if let Some(secret) = &entry.secret {
        clients::add_secret(tx, realm, id, secret, now).await?;
    }
    registrations::insert(tx, realm, &entry.registration, now).await?;
    if let Some(logo) = &entry.logo {
        logos::put(tx, realm, id, logo, now).await?;
    }
    used_once::first_use(tx, &counted(realm), Digest::of(id.as_str().as_bytes()), now.plus(HOUR)).await?;
    audit::append(tx, realm, &entry.record, now).await?;
    changes::publish(tx, realm, changes::Kind::Client, id.as_str(), now).await?;
    // Checked again under the lock taken by the insert, so that concurrent registrations on any node see each other.
    entry.limits.leave_room_for(0, tx, realm, now).await
}

/// The limits on the number of clients and on registrations in an hour.
#[derive(Clone, Copy)]
struct Limits {
    kept: i64,
    hourly: i64,
}

impl Limits {
    fn of(settings: &Settings) -> Self {
        Self { kept: settings.max_clients.into(), hourly: settings.per_hour.into() }
    }

    /// Refuses if there is no room for this many more.
    async fn leave_room_for(
        self,
        more: i64,
        tx: &mut Tx,
        realm: &RealmId,
        now: Timestamp,
    ) -> Result<(), RegisterError> {
        let (recent, first_ends) = used_once::count_live(tx, &counted(realm), now).await?;
        if recent.saturating_add(more) > self.hourly {
            return Err(RegisterError::TooMany(first_ends.map_or(HOUR, |end| end.since(now))));
        }
        if registrations::count(tx, realm).await?.saturating_add(more) > self.kept {
            return Err(RegisterError::TooMany(HOUR));
        }
        Ok(())
    }
}

/// The purpose under which the registrations of the last hour are counted. They stay counted when the client is
/// removed; otherwise a client could register and remove itself without end.
fn counted(realm: &RealmId) -> String {
    format!("registration:{realm}")
}

fn record(context: &Context, event: Event, client: &ClientId) -> Result<Record, FlowError> {
    let concerning = Concerning { actor: "client", user: None, client: Some(client), session: None };
    Ok(context.record(event, Outcome::Success, concerning, "registration")?)
}

fn response(information: &ClientInformation<'_>) -> Result<Told, RegisterError> {
    Ok(information.to_json().map_err(|error| FlowError::Internal(error.to_string()))?)
}

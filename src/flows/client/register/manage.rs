//! Registration management (RFC 7592 §2): a client reads, changes and removes its registration with its own
//! registration access token. Unknown clients and wrong tokens get the same answer.

use std::sync::Arc;

use super::{RegisterError, Told, budget, check, record, remote, response};
use crate::flows::admin::{ClientPlan, Revision};
use crate::flows::client::registry;
use crate::flows::{Context, FlowError, Provider};
use signet_protocol::authorize::redirect_uri::RedirectUri;
use signet_protocol::cause::Cause;
use signet_protocol::client::registration::{ClientInformation, Policy, RegistrationRequest};
use signet_protocol::client::{Client, ClientMetadata, GrantEffect};
use signet_protocol::ids::ClientId;
use signet_protocol::secret::{ClientSecret, Digest, RegistrationAccessToken};
use signet_protocol::time::Timestamp;
use signet_store::Tx;
use signet_store::authorize::consents;
use signet_store::client::logos::{self, Logo};
use signet_store::client::{clients, registrations};
use signet_store::events::audit::{self, Event, Outcome, Record};

/// The registration (RFC 7592 §2.1). It does not include the secret, because only a digest is stored.
pub async fn read(
    provider: &Provider,
    context: &Context,
    id: &str,
    bearer: Option<&str>,
) -> Result<Told, RegisterError> {
    let managed = authenticate(provider, context, id, bearer).await?;
    managed.response(context, &managed.client.metadata, None)
}

/// Replaces the registration as a whole (RFC 7592 §2.2).
///
/// # Errors
/// [`RegisterError`]; the registration is then unchanged.
pub async fn replace(
    provider: &Provider,
    context: &Context,
    id: &str,
    bearer: Option<&str>,
    body: &[u8],
) -> Result<Told, RegisterError> {
    let managed = authenticate(provider, context, id, bearer).await?;
    let client = &managed.client;
    let policy = Policy { profile: client.metadata.profile, ..provider.clients.registration.policy.clone() };
    let metadata = RegistrationRequest::parse(body, &policy)?.replacing(client, context.now)?;
    check(&metadata, &provider.supported(&context.realm.id).with_held(&client.metadata))?;
    let revision = Revision {
        client,
        version: managed.version,
        next: metadata,
        horizon: provider.revocation_horizon(context.now),
    };
    let record = record(context, Event::ClientUpdated, &client.id)?;
    let plan = ClientPlan::of(context, Some(&provider.keys), revision, record)?;
    let metadata = plan.metadata();
    if plan.narrowing() == GrantEffect::Grants {
        budget::narrowing(provider, context, &client.id).await?;
    }
    remote::count(provider, context, metadata).await?;
    remote::sector(provider, metadata).await?;
    let logo =
        if metadata.logo_uri == client.metadata.logo_uri { None } else { Some(remote::logo(provider, metadata).await) };
    let consents = consent_change(client, metadata);
    let change = Arc::new(Change { context: context.clone(), client: client.id.clone(), consents, plan, logo });
    let written = provider.store.write_with(change.clone(), |change, tx| Box::pin(carry_out(tx, change)));
    written.await?;
    provider.catch_up().await?;
    tracing::info!(client_id = client.id.as_str(), "a client has replaced its registration");
    managed.response(context, change.plan.metadata(), change.plan.secret())
}

/// Removes the client (RFC 7592 §2.3) and everything issued to it, on every node.
pub async fn remove(
    provider: &Provider,
    context: &Context,
    id: &str,
    bearer: Option<&str>,
) -> Result<(), RegisterError> {
    let client = authenticate(provider, context, id, bearer).await?.client;
    let horizon = provider.revocation_horizon(context.now);
    let record = record(context, Event::ClientRemoved, &client.id)?;
    let written = provider.store.write_with((context.clone(), client.id, record), move |given, tx| {
        Box::pin(async move {
            let (context, id, record) = given;
            match registry::remove(tx, context, id, record, horizon).await? {
                true => Ok::<_, RegisterError>(()),
                false => Err(Cause::RegistrationAccessToken.into()),
            }
        })
    });
    written.await?;
    provider.catch_up().await?;
    tracing::info!("a client has removed itself");
    Ok(())
}

/// A client authenticated by its registration access token.
struct Managed {
    client: Client,
    version: i64,
    issued_at: Timestamp,
    token: RegistrationAccessToken,
}

impl Managed {
    fn response(
        &self,
        context: &Context,
        metadata: &ClientMetadata,
        secret: Option<&ClientSecret>,
    ) -> Result<Told, RegisterError> {
        let issuer = context.realm.issuer.as_str();
        let client_id = &self.client.id;
        let token = &self.token;
        response(&ClientInformation { issuer, client_id, issued_at: self.issued_at, token, secret, metadata })
    }
}

/// Authenticates a client by its token. A token presented for another client has leaked and is voided (RFC 7592 §2).
async fn authenticate(
    provider: &Provider,
    context: &Context,
    id: &str,
    bearer: Option<&str>,
) -> Result<Managed, RegisterError> {
    let token = bearer.ok_or(RegisterError::NoToken)?;
    let token = RegistrationAccessToken::parse(token).ok_or(Cause::RegistrationAccessToken)?;
    let realm = &context.realm.id;
    let mut tx = provider.store.read().await?;
    let found = registrations::find(&mut tx, realm, token.digest()).await?;
    let (owner, issued_at) = found.ok_or(Cause::RegistrationAccessToken)?;
    if owner.as_str() != id {
        drop(tx);
        void(provider, context, &owner, token.digest()).await?;
        return Err(Cause::RegistrationAccessToken.into());
    }
    let history = clients::history(&mut tx, realm, &owner).await?.ok_or(Cause::RegistrationAccessToken)?;
    let client = clients::find(&mut tx, realm, &owner).await?;
    let client = client.filter(|client| client.enabled).ok_or(Cause::RegistrationAccessToken)?;
    Ok(Managed { client, version: history.version, issued_at, token })
}

/// Voids a token by replacing its digest with that of an unknown value.
async fn void(provider: &Provider, context: &Context, owner: &ClientId, token: Digest) -> Result<(), FlowError> {
    tracing::warn!(client_id = owner.as_str(), "voided a registration access token that was used for another client");
    let nobodys = RegistrationAccessToken::from_random(context.entropy.bytes()?).digest();
    let record = record(context, Event::RegistrationTokenMisused, owner)?;
    let given = (context.clone(), Record { outcome: Outcome::Failure, ..record });
    let written = provider.store.write_with(given, move |given, tx| {
        Box::pin(async move {
            let (context, record) = given;
            if registrations::replace_token(tx, &context.realm.id, token, nobodys).await? {
                audit::append(tx, &context.realm.id, record, context.now).await?;
            }
            Ok::<_, FlowError>(())
        })
    });
    written.await
}

/// The effect of a change on the consents to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ConsentChange {
    Keep,
    /// Consents were given for responses to other hosts: people are asked again.
    Forget,
}

/// Consent applies to the hosts that the client had; a new host does not inherit it.
fn consent_change(client: &Client, metadata: &ClientMetadata) -> ConsentChange {
    let host = |uri: &RedirectUri| RedirectUri::host_for_display(uri.as_str());
    let known: Vec<String> = client.metadata.redirect_uris.iter().map(host).collect();
    if metadata.redirect_uris.iter().all(|uri| known.contains(&host(uri))) {
        ConsentChange::Keep
    } else {
        ConsentChange::Forget
    }
}

struct Change {
    context: Context,
    client: ClientId,
    plan: ClientPlan,
    consents: ConsentChange,
    /// The new logo or its absence, if the client names another one.
    logo: Option<Option<Logo>>,
}

async fn carry_out(tx: &mut Tx, change: &Change) -> Result<(), RegisterError> {
    let realm = &change.context.realm.id;
    let now = change.context.now;
    let id = &change.client;
    if !change.plan.apply(tx, &change.context).await? {
        return Err(FlowError::Unavailable("the registration has just been changed".to_owned()).into());
    }
    match &change.logo {
        None => {}
        Some(None) => logos::delete(tx, realm, id).await?,
        Some(Some(logo)) => logos::put(tx, realm, id, logo, now).await?,
    }
    if change.consents == ConsentChange::Forget {
        consents::forget_client(tx, realm, id).await?;
    }
    Ok(())
}

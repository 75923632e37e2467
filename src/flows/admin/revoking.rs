//! Revocation by an operator: of a token, a grant, a session, a consent, or everything of a user, a client or the
//! realm. Each is one transaction, including its audit row, and returns once every node has acknowledged it.

use super::AdminError;
pub use super::person::Ended;
use super::person::{end_everything, find_user};
use crate::flows::client::cut_off::cut_off;
use crate::flows::token::family::end_family;
use crate::flows::token::revoke::{deny, identify, void};
use crate::flows::{Concerning, Context, FlowError, LONGEST_ACCESS_TOKEN, Provider, session};
use signet_protocol::ids::{ClientId, FamilyId, RealmId, SessionId, TokenId};
use signet_protocol::time::{Span, Timestamp};
use signet_protocol::token::revocation::{self, Reason, Target, consent_subject};
use signet_store::account::users;
use signet_store::authorize::{authorization_requests, consents};
use signet_store::client::clients;
use signet_store::events::audit::{self, Event, Outcome, Record};
use signet_store::events::outbox;
use signet_store::node::changes;
use signet_store::realm::realms;
use signet_store::session::sessions;
use signet_store::token::{authorization_codes, revocations, token_families};
use signet_store::{Store, StoreError};

/// The actor, the reason and the horizon of a revocation.
pub struct Revoker<'a> {
    pub store: &'a Store,
    pub context: &'a Context,
    /// The actor for the audit log.
    pub actor: &'a str,
    pub reason: &'a Reason,
    /// The time at which everything issued until now has expired.
    pub horizon: Timestamp,
}

impl Revoker<'_> {
    /// The audit record of an action on `what`.
    pub(crate) fn record(&self, event: Event, concerning: Concerning<'_>, what: &str) -> Result<Record, FlowError> {
        let concerning = Concerning { actor: self.actor, ..concerning };
        Ok(self.context.record(event, Outcome::Success, concerning, &self.reason.about(what))?)
    }

    fn realm(&self) -> &RealmId {
        &self.context.realm.id
    }
}

/// Revokes a presented token: an access token, or a refresh token with its grant. A void or unknown token is ignored.
pub async fn revoke_presented(provider: &Provider, revoker: &Revoker<'_>, token: &str) -> Result<Ended, AdminError> {
    let context = revoker.context;
    let issued = identify(provider, context, token).await?.filter(|issued| !issued.is_void());
    let Some(issued) = issued else { return Ok(Ended::default()) };
    let concerning = Concerning { user: issued.user(), client: Some(issued.client()), ..Concerning::default() };
    let record = revoker.record(Event::Revocation, concerning, issued.id())?;
    let grants = u64::from(issued.is_grant());
    let revoked = void(provider, context, issued, record).await?;
    Ok(Ended { revoked, sessions: 0, grants })
}

/// Revokes an access token by its `jti`. Its expiry is unknown, so the row is kept for the longest possible lifetime.
pub async fn revoke_named(revoker: &Revoker<'_>, jti: &TokenId, skew: Span) -> Result<Ended, AdminError> {
    let now = revoker.context.now;
    let expires_at = revocation::end_of_life(jti, LONGEST_ACCESS_TOKEN, skew, now).ok_or(AdminError::Jti)?;
    let realm = format!("{}:{}", Target::Realm.as_str(), revoker.realm());
    let mut tx = revoker.store.read().await?;
    let cut_off = revocations::find(&mut tx, revoker.realm(), &realm).await?;
    drop(tx);
    let covered = cut_off.is_some_and(|cut_off| jti.issued_at() <= Some(cut_off.not_before));
    if covered || expires_at <= now {
        return Ok(Ended::default());
    }
    let record = revoker.record(Event::Revocation, Concerning::default(), jti.as_str())?;
    let revoked = deny(revoker.store, revoker.context, jti, expires_at, record).await?;
    Ok(Ended { revoked, ..Ended::default() })
}

/// Revokes a grant and everything issued from it. A grant without a refresh token has no row: it is revoked by its id,
/// for as long as an access token of it could be valid.
pub async fn revoke_grant(revoker: &Revoker<'_>, id: &FamilyId) -> Result<Ended, AdminError> {
    let mut tx = revoker.store.read().await?;
    let family = token_families::find(&mut tx, revoker.realm(), id, revoker.context.now).await?;
    drop(tx);
    let concerning = match &family {
        Some(family) if family.is_void() => return Ok(Ended::default()),
        Some(family) => Concerning {
            user: Some(&family.user_id),
            client: Some(&family.state.client_id),
            session: Some(&family.session_id),
            ..Concerning::default()
        },
        None if may_have_tokens(id, revoker) => Concerning::default(),
        None => return Err(AdminError::UnknownId("grant")),
    };
    let record = revoker.record(Event::Revocation, concerning, id.as_str())?;
    let horizon = revoker.horizon;
    let written = revoker.store.write_with((revoker.context.clone(), id.clone(), record), move |given, tx| {
        Box::pin(async move {
            let (context, family, record) = given;
            end_family(context, family, record.clone(), horizon, tx).await
        })
    });
    let revoked = written.await?;
    Ok(Ended { revoked, sessions: 0, grants: u64::from(revoked) })
}

/// Returns true if access tokens of a grant without a row may still be valid.
fn may_have_tokens(id: &FamilyId, revoker: &Revoker<'_>) -> bool {
    let now = revoker.context.now;
    let lifetime = revoker.horizon.since(now);
    id.granted_at().is_some_and(|granted| granted <= now && now < granted.plus(lifetime))
}

/// Ends a session and the grants that do not outlive it; its clients are notified.
pub async fn end_session(revoker: &Revoker<'_>, id: &SessionId) -> Result<Ended, AdminError> {
    let mut tx = revoker.store.read().await?;
    let user = sessions::owner(&mut tx, revoker.realm(), id).await?.ok_or(AdminError::UnknownId("session"))?;
    drop(tx);
    let concerning = Concerning { user: Some(&user), session: Some(id), ..Concerning::default() };
    let record = revoker.record(Event::SessionEnded, concerning, id.as_str())?;
    let horizon = revoker.horizon;
    let written = revoker.store.write_with((revoker.context.clone(), id.clone(), record), move |given, tx| {
        Box::pin(async move {
            let (context, session, record) = given;
            let ended = session::end(tx, context, session, horizon).await?;
            if ended.is_some() {
                audit::append(tx, &context.realm.id, record, context.now).await?;
            }
            Ok::<_, FlowError>(ended)
        })
    });
    let written = written.await?;
    let ended = written.unwrap_or_default();
    Ok(Ended { revoked: written.is_some(), sessions: ended.sessions, grants: ended.grants })
}

/// Withdraws a user's consent to a client and revokes everything issued under it; the client has to ask again.
pub async fn withdraw_consent(revoker: &Revoker<'_>, username: &str, client: &ClientId) -> Result<Ended, AdminError> {
    let user = find_user(revoker.store, revoker.context, username).await?;
    let mut tx = revoker.store.read().await?;
    clients::find(&mut tx, revoker.realm(), client).await?.ok_or(AdminError::Unknown("client"))?;
    drop(tx);
    let concerning = Concerning { user: Some(&user), client: Some(client), ..Concerning::default() };
    let record = revoker.record(Event::ConsentWithdrawn, concerning, client.as_str())?;
    let horizon = revoker.horizon;
    let written =
        revoker.store.write_with((revoker.context.clone(), user, client.clone(), record), move |given, tx| {
            Box::pin(async move {
                let (context, user, client, record) = given;
                let realm = &context.realm.id;
                let now = context.now;
                let key = consents::ConsentKey { user, client };
                consents::withdraw(tx, realm, user, client).await?;
                authorization_requests::remove_consent(tx, realm, key).await?;
                // Codes first: a concurrent redemption is waited for, and the family that it creates is revoked too.
                authorization_codes::drop_consent(tx, realm, key).await?;
                let because = "consent withdrawn";
                let grants = token_families::revoke_consent(tx, realm, key, because, now).await?;
                audit::append(tx, realm, record, now).await?;
                cut_off(tx, context, Target::Consent, &consent_subject(user, client), horizon).await?;
                Ok::<_, StoreError>(grants)
            })
        });
    Ok(Ended { revoked: true, sessions: 0, grants: written.await? })
}

/// Voids everything issued to a user, and optionally bars sign-ins until a given time.
pub async fn sign_out_user(
    revoker: &Revoker<'_>,
    username: &str,
    until: Option<Timestamp>,
) -> Result<Ended, AdminError> {
    let context = revoker.context;
    if until.is_some_and(|until| until <= context.now) {
        return Err(AdminError::Past);
    }
    let user = find_user(revoker.store, context, username).await?;
    let concerning = Concerning { user: Some(&user), ..Concerning::default() };
    let record = match until {
        Some(until) => {
            let until = format!("until {}", until.to_chrono().format("%Y-%m-%dT%H:%M:%SZ"));
            revoker.record(Event::UserBanned, concerning, &until)?
        }
        None => revoker.record(Event::UserSignedOut, concerning, "signed out")?,
    };
    let valid_from = until.unwrap_or(context.now);
    let horizon = revoker.horizon;
    let written = revoker.store.write_with((context.clone(), user, record), move |given, tx| {
        Box::pin(async move {
            let (context, user, record) = given;
            let realm = &context.realm.id;
            let now = context.now;
            users::cut_off(tx, realm, user, valid_from).await?;
            audit::append(tx, realm, record, now).await?;
            let ended = end_everything(tx, context, user, "user signed out", horizon).await?;
            changes::publish(tx, realm, changes::Kind::User, user.as_str(), now).await?;
            Ok::<_, StoreError>(ended)
        })
    });
    Ok(written.await?)
}

/// Voids everything issued to a client, which stays enabled.
pub async fn sign_out_client(revoker: &Revoker<'_>, id: &ClientId) -> Result<Ended, AdminError> {
    let mut tx = revoker.store.read().await?;
    clients::find(&mut tx, revoker.realm(), id).await?.ok_or(AdminError::Unknown("client"))?;
    drop(tx);
    let concerning = Concerning { client: Some(id), ..Concerning::default() };
    let record = revoker.record(Event::ClientSignedOut, concerning, "signed out")?;
    let horizon = revoker.horizon;
    let written = revoker.store.write_with((revoker.context.clone(), id.clone(), record), move |given, tx| {
        Box::pin(async move {
            let (context, id, record) = given;
            let realm = &context.realm.id;
            let now = context.now;
            authorization_codes::drop_unused(tx, realm, id).await?;
            let grants = token_families::revoke_client(tx, realm, id, "client signed out", now).await?;
            audit::append(tx, realm, record, now).await?;
            cut_off(tx, context, Target::Client, id.as_str(), horizon).await?;
            Ok::<_, StoreError>(grants)
        })
    });
    Ok(Ended { revoked: true, sessions: 0, grants: written.await? })
}

/// Voids everything issued in the realm until now.
pub async fn sign_out_realm(revoker: &Revoker<'_>) -> Result<Ended, AdminError> {
    let record = revoker.record(Event::RealmSignedOut, Concerning::default(), "signed out")?;
    let horizon = revoker.horizon;
    let written = revoker.store.write_with((revoker.context.clone(), record), move |given, tx| {
        Box::pin(async move {
            let (context, record) = given;
            let realm = &context.realm.id;
            let now = context.now;
            realms::cut_off(tx, realm, now).await?;
            outbox::queue_logouts_of_realm(tx, realm, now).await?;
            let sessions = sessions::end_realm(tx, realm, now).await?;
            authorization_codes::drop_realm(tx, realm).await?;
            let grants = token_families::revoke_realm(tx, realm, "realm signed out", now).await?;
            audit::append(tx, realm, record, now).await?;
            cut_off(tx, context, Target::Realm, realm.as_str(), horizon).await?;
            Ok::<_, StoreError>((sessions, grants))
        })
    });
    let (sessions, grants) = written.await?;
    Ok(Ended { revoked: true, sessions, grants })
}

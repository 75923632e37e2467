//! Browser sessions: which one a browser holds, how one begins and how it ends with all that hangs on it.

use aws_lc_rs::hmac;

use super::meters::log_user;
use super::{Context, FlowError, Lifetimes, Provider};
use crate::protocol::authentication::Authentication;
use crate::protocol::authorization_request::AuthorizationRequest;
use crate::protocol::client::Client;
use crate::protocol::consent::Consent;
use crate::protocol::ids::{ClientId, RealmId, SessionId, UserId};
use crate::protocol::revocation::{Revocation, Target};
use crate::protocol::scope::OPENID;
use crate::protocol::secret::{Digest, SessionCookie};
use crate::protocol::session_state::{BrowserState, session_state};
use crate::protocol::time::{Span, Timestamp};
use crate::store::sessions::{ExpiredSession, NewSession, Session};
use crate::store::token_families::SessionUse;
use crate::store::{
    Tx, authorization_codes, clock_steps, outbox, revocations, session_clients, sessions, token_families,
};

/// How much time passes before a session's use is written down again.
const TOUCH_EVERY: Span = Span::from_minutes(1);
/// The time for which the clock must have gone on steadily before expired sessions are ended for good: one that has
/// jumped may be set right within it, and the sessions go on.
const STEADY: Span = Span::from_hours(1);

/// What a browser brings, by digest: the secrets themselves are left at the edge.
#[derive(Clone, Copy, Debug, Default)]
pub struct Browser {
    /// The cookie that names the browser.
    pub id: Option<Digest>,
    /// The session cookie.
    pub session: Option<Digest>,
    /// The cookie of a browser that somebody has signed in with.
    pub device: Option<Digest>,
}

/// The live session of a browser.
///
/// # Errors
/// [`FlowError`] where the database fails.
pub async fn current(provider: &Provider, context: &Context, browser: Browser) -> Result<Option<Session>, FlowError> {
    if browser.session.is_none() {
        return Ok(None);
    }
    let mut tx = provider.store.read().await?;
    find(&mut tx, context, browser).await
}

/// As [`current`], over a connection.
pub(super) async fn find(tx: &mut Tx, context: &Context, browser: Browser) -> Result<Option<Session>, FlowError> {
    let Some(cookie) = browser.session else { return Ok(None) };
    let session = sessions::find(tx, &context.realm.id, cookie).await?;
    Ok(session.filter(|session| is_live(session, context)).inspect(|session| log_user(&session.user_id)))
}

/// As [`find`], and what its user has granted to this client.
pub(super) async fn find_with_consent(
    tx: &mut Tx,
    context: &Context,
    browser: Browser,
    client: &ClientId,
) -> Result<Option<(Session, Option<Consent>)>, FlowError> {
    let Some(cookie) = browser.session else { return Ok(None) };
    let found = sessions::find_with_consent(tx, &context.realm.id, cookie, client).await?;
    Ok(found.filter(|(session, _)| is_live(session, context)))
}

fn is_live(session: &Session, context: &Context) -> bool {
    context.now < session.idle_expires_at && context.now < session.expires_at
}

/// Whether the person asked to stay signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remember {
    /// For this browser session.
    No,
    /// For longer.
    Yes,
}

/// A session that begins now, with the cookie that will name it. Somebody who authenticates again keeps their `sid`.
///
/// # Errors
/// [`FlowError`] where the system has no random bytes.
pub(super) fn begin(
    lifetimes: &Lifetimes,
    context: &Context,
    user: UserId,
    remember: Remember,
    before: Option<&Session>,
) -> Result<(Session, SessionCookie), FlowError> {
    let now = context.now;
    let absolute = match remember {
        Remember::No => lifetimes.session,
        Remember::Yes => lifetimes.session_remembered,
    };
    let id = match before.filter(|session| session.user_id == user) {
        Some(session) => session.id.clone(),
        None => SessionId::from_random(context.entropy.bytes()?),
    };
    let expires_at = now.plus(absolute);
    let session = Session {
        id,
        user_id: user,
        authentication: Authentication { time: now, methods: vec!["pwd".to_owned()] },
        last_seen_at: now,
        idle_expires_at: idle_end(lifetimes, remember, now).min(expires_at),
        expires_at,
        remembered: remember == Remember::Yes,
    };
    Ok((session, SessionCookie::from_random(context.entropy.bytes()?)))
}

/// When a session ends unless it is used. A remembered one may lie idle until its absolute end.
fn idle_end(lifetimes: &Lifetimes, remember: Remember, now: Timestamp) -> Timestamp {
    match remember {
        Remember::No => now.plus(lifetimes.session_idle),
        Remember::Yes => now.plus(lifetimes.session_remembered),
    }
}

/// Writes a session that begins, in place of the one before: the same person's is renewed, another's is ended.
pub(super) async fn write(
    tx: &mut Tx,
    context: &Context,
    session: &Session,
    cookie: Digest,
    (before, horizon): (Option<&Session>, Timestamp),
) -> Result<(), FlowError> {
    let new = NewSession {
        session,
        digest: cookie,
        address: &context.origin.address,
        user_agent: &context.origin.user_agent,
    };
    let realm = &context.realm.id;
    match before {
        Some(before) if before.id == session.id => {
            if !sessions::renew(tx, realm, &new).await? {
                return Err(FlowError::Unavailable("the session has just been ended".to_owned()));
            }
        }
        Some(before) => {
            sessions::insert(tx, realm, &new, context.now).await?;
            end(tx, context, &before.id, horizon).await?;
        }
        None => sessions::insert(tx, realm, &new, context.now).await?,
    }
    Ok(())
}

/// The state of a browser in which this session is live: the same for as long as it is.
pub fn browser_state(provider: &Provider, session: &SessionId) -> BrowserState {
    BrowserState::from_tag(hmac::sign(&provider.browser_state_key, session.as_str().as_bytes()).as_ref())
}

/// The `session_state` of a successful response, where that is switched on and the request has the openid scope.
///
/// # Errors
/// [`FlowError`] where the system has no random bytes.
pub(super) fn state_for(
    provider: &Provider,
    context: &Context,
    request: &AuthorizationRequest,
    session: &Session,
) -> Result<Option<String>, FlowError> {
    if !provider.session_management || !request.scope.contains(OPENID) {
        return Ok(None);
    }
    let (browser, salt) = (browser_state(provider, &session.id), context.entropy.bytes()?);
    Ok(session_state(&request.client_id, &request.redirect_uri, &browser, salt))
}

/// Notes that a session is used, at most once a minute.
pub(super) async fn touch(
    tx: &mut Tx,
    lifetimes: &Lifetimes,
    context: &Context,
    session: &Session,
) -> Result<(), FlowError> {
    let used = SessionUse {
        last_seen_at: session.last_seen_at,
        idle_expires_at: session.idle_expires_at,
        expires_at: session.expires_at,
        remembered: session.remembered,
    };
    match idle_end_after_use(lifetimes, &used, context.now) {
        Some(idle_end) => Ok(sessions::touch(tx, &context.realm.id, &session.id, context.now, idle_end).await?),
        None => Ok(()),
    }
}

/// The idle end of a session that is used now, at most its absolute end; nothing where the last use is noted already.
pub fn idle_end_after_use(lifetimes: &Lifetimes, used: &SessionUse, now: Timestamp) -> Option<Timestamp> {
    if now.since(used.last_seen_at) < TOUCH_EVERY {
        return None;
    }
    let remember = if used.remembered { Remember::Yes } else { Remember::No };
    Some(idle_end(lifetimes, remember, now).min(used.expires_at))
}

/// Notes that a client takes part in a session, if it wants to hear of its end.
pub(super) async fn join(tx: &mut Tx, context: &Context, session: &Session, client: &Client) -> Result<(), FlowError> {
    match client.hears_of_logout() {
        true => Ok(session_clients::join(tx, &context.realm.id, &session.id, &client.id).await?),
        false => Ok(()),
    }
}

/// What the end of a session took with it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SessionEnd {
    /// The sessions that were live: one, or none where it had expired and only its access tokens were left to end.
    pub sessions: u64,
    /// The grants that did not outlive it.
    pub grants: u64,
}

/// Ends a session that has a row, the grants that do not outlive it, and the access tokens that were issued in it; its
/// clients are notified (OpenID Connect Back-Channel Logout §2.3). Nothing comes back where all that had ended before.
///
/// Upkeep ends an expired session and leaves its access tokens, so that they are revoked here all the same.
pub(super) async fn end(
    tx: &mut Tx,
    context: &Context,
    session: &SessionId,
    horizon: Timestamp,
) -> Result<Option<SessionEnd>, FlowError> {
    let realm = &context.realm.id;
    let now = context.now;
    let mut ended = SessionEnd::default();
    if sessions::end(tx, realm, session, now).await? {
        ended.sessions = 1;
        ended.grants = end_derived(tx, realm, session, "session ended", now).await?;
    }
    let revocation = Revocation {
        realm: realm.clone(),
        target: Target::Session,
        subject: session.as_str().to_owned(),
        not_before: now,
        expires_at: horizon,
    };
    let is_news = revocations::insert(tx, &revocation, "session ended", now).await?;
    Ok((is_news || ended.sessions > 0).then_some(ended))
}

/// Announces the end of a session to its clients, and ends its codes and the grants that do not outlive it; how many
/// grants there were.
async fn end_derived(
    tx: &mut Tx,
    realm: &RealmId,
    session: &SessionId,
    because: &str,
    now: Timestamp,
) -> Result<u64, FlowError> {
    outbox::session_ends(tx, realm, session, now).await?;
    authorization_codes::drop_session(tx, realm, session).await?;
    Ok(token_families::revoke_session(tx, realm, session, because, now).await?)
}

/// Ends the sessions that have expired, with the grants that do not outlive them; how many there were. Their clients
/// hear of it by back-channel logout, as of any other end. It goes in portions, so that no write waits for long.
///
/// Access tokens of an expired session are not revoked one by one: each lives to its own end, which is near. After a
/// jump of the clock nothing is ended for an hour: an expired session is worth nothing before it is ended, either.
///
/// # Errors
/// [`FlowError`] where the database fails.
pub async fn end_expired(provider: &Provider, now: Timestamp) -> Result<u64, FlowError> {
    let mut all = 0;
    loop {
        let written = provider.store.write(move |tx| Box::pin(async move { end_portion(tx, now).await }));
        let ended = written.await?;
        all += ended;
        if ended > 0 {
            provider.announced.notify_one();
        }
        if ended < sessions::PORTION {
            return Ok(all);
        }
    }
}

async fn end_portion(tx: &mut Tx, now: Timestamp) -> Result<u64, FlowError> {
    if !clock_steps::is_steady(tx, STEADY, now).await? {
        return Ok(0);
    }
    let expired = sessions::end_expired(tx, now).await?;
    for ExpiredSession { realm, id } in &expired {
        end_derived(tx, realm, id, "session expired", now).await?;
    }
    Ok(expired.len() as u64)
}

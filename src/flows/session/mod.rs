//! Browser sessions: finding the session of a browser, starting one, and ending one with everything derived from it.

pub mod back_channel;
pub(crate) mod front_channel;
pub mod logout;
pub(crate) mod others;
mod state;

pub use state::Browsers;

use aws_lc_rs::hmac;

use super::meters::log_user;
use super::sign_in::attempt::{Attempt, Confirmed, Passed};
use super::{Context, FlowError, Lifetimes, Provider};
use signet_protocol::authorize::consent::Consent;
use signet_protocol::authorize::request::AuthorizationRequest;
use signet_protocol::client::Client;
use signet_protocol::ids::{ClientId, RealmId, SessionId, UserId};
use signet_protocol::scope::OPENID;
use signet_protocol::secret::{Digest, SessionCookie};
use signet_protocol::session::session_state::{BrowserState, session_state};
use signet_protocol::time::{Span, Timestamp};
use signet_protocol::token::revocation::{Revocation, Target};
use signet_store::Tx;
use signet_store::account::users::User;
use signet_store::events::outbox;
use signet_store::node::clock_steps;
use signet_store::session::sessions::{ExpiredSession, NewSession, Session};
use signet_store::session::{session_clients, sessions};
use signet_store::token::token_families::SessionUse;
use signet_store::token::{authorization_codes, revocations, token_families};

/// The interval at which a session's use is written.
const TOUCH_EVERY: Span = Span::from_minutes(1);
/// The time for which the clock must have advanced steadily before expired sessions are ended. A clock that has jumped
/// may be corrected within it, and the sessions continue.
const STEADY: Span = Span::from_hours(1);

/// The cookies of a browser, as digests; the secrets themselves stay in the HTTP layer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Browser {
    /// The cookie that identifies the browser.
    pub id: Option<Digest>,
    pub session: Option<Digest>,
    /// The cookie that marks the browser as known.
    pub device: Option<Digest>,
}

pub async fn current(provider: &Provider, context: &Context, browser: Browser) -> Result<Option<Session>, FlowError> {
    if browser.session.is_none() {
        return Ok(None);
    }
    let mut tx = provider.store.read().await?;
    find(&mut tx, context, browser).await
}

/// Like [`current`], on an open connection.
pub(crate) async fn find(tx: &mut Tx, context: &Context, browser: Browser) -> Result<Option<Session>, FlowError> {
    let Some(cookie) = browser.session else { return Ok(None) };
    let session = sessions::find(tx, &context.realm.id, cookie).await?;
    Ok(session.filter(|session| is_live(session, context)).inspect(|session| log_user(&session.user_id)))
}

/// Like [`find`], with the consent that the session's user has granted to this client.
pub(crate) async fn find_with_consent(
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

/// The person's choice of "stay signed in".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionLength {
    /// The session ends with the browser.
    Browser,
    /// The session lasts longer and has no idle end.
    Remembered,
}

/// The session of an attempt that has passed, and its cookie.
pub struct FreshSession {
    session: Session,
    cookie: SessionCookie,
}

impl FreshSession {
    pub const fn session(&self) -> &Session {
        &self.session
    }

    pub const fn cookie(&self) -> &SessionCookie {
        &self.cookie
    }
}

/// A new session, to be written by [`write()`]. If the same person authenticates again, the `sid` is kept.
pub(crate) fn begin(
    lifetimes: &Lifetimes,
    context: &Context,
    attempt: &Attempt<Passed>,
    length: SessionLength,
) -> Result<FreshSession, FlowError> {
    let now = context.now;
    let absolute = match length {
        SessionLength::Browser => lifetimes.session,
        SessionLength::Remembered => lifetimes.session_remembered,
    };
    let before = attempt.session_before().filter(|before| before.user_id == *attempt.user());
    let id = match before {
        Some(before) => before.id.clone(),
        None => SessionId::from_random(context.entropy.bytes()?),
    };
    let expires_at = now.plus(absolute);
    let session = Session {
        id,
        user_id: attempt.user().clone(),
        authentication: attempt.authentication(now),
        last_seen_at: now,
        idle_expires_at: idle_end(lifetimes, length, now).min(expires_at),
        expires_at,
        remembered: length == SessionLength::Remembered,
    };
    Ok(FreshSession { session, cookie: SessionCookie::from_random(context.entropy.bytes()?) })
}

/// The end of a session unless it is used. A remembered one may be idle until its absolute end.
fn idle_end(lifetimes: &Lifetimes, length: SessionLength, now: Timestamp) -> Timestamp {
    match length {
        SessionLength::Browser => now.plus(lifetimes.session_idle),
        SessionLength::Remembered => now.plus(lifetimes.session_remembered),
    }
}

/// Writes a new session, replacing the browser's previous one: the same person's is renewed, another person's is ended,
/// and the revocation of its access tokens is kept until `horizon`.
pub(crate) async fn write(
    tx: &mut Tx,
    context: &Context,
    fresh: &FreshSession,
    confirmed: &Confirmed<'_>,
    horizon: Timestamp,
) -> Result<(), FlowError> {
    let FreshSession { session, cookie } = fresh;
    let new = NewSession {
        session,
        digest: cookie.digest(),
        address: &context.origin.address,
        user_agent: &context.origin.user_agent,
    };
    let realm = &context.realm.id;
    match confirmed.attempt().session_before() {
        Some(before) if before.id == session.id => {
            if !sessions::renew(tx, realm, &new).await? {
                return Err(FlowError::Unavailable("the session was ended meanwhile".to_owned()));
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

/// Ends the sessions of the person beyond this number, those that were used the longest time ago, and returns them. The
/// new one stays. Sign-ins of one person wait for each other, so that two of them do not both stay.
pub(crate) async fn end_excess(
    tx: &mut Tx,
    context: &Context,
    fresh: &FreshSession,
    most: usize,
    horizon: Timestamp,
) -> Result<Vec<SessionId>, FlowError> {
    let session = &fresh.session;
    let listed = sessions::list(tx, &context.realm.id, &session.user_id, context.now).await?;
    let others = listed.into_iter().map(|listed| listed.session.id).filter(|id| *id != session.id);
    let excess: Vec<SessionId> = others.skip(most.saturating_sub(1)).collect();
    for id in &excess {
        end(tx, context, id, horizon).await?;
    }
    Ok(excess)
}

/// The browser state of this session (session management), constant while the session is live.
pub fn browser_state(provider: &Provider, session: &SessionId) -> BrowserState {
    BrowserState::from_tag(hmac::sign(&provider.browsers.state_key, session.as_str().as_bytes()).as_ref())
}

/// The `session_state` of a successful response, if session management is on and the request has the scope `openid`.
pub(crate) fn state_for(
    provider: &Provider,
    context: &Context,
    request: &AuthorizationRequest,
    session: &Session,
) -> Result<Option<String>, FlowError> {
    if !provider.browsers.session_management || !request.scope.contains(OPENID) {
        return Ok(None);
    }
    let browser = browser_state(provider, &session.id);
    let salt = context.entropy.bytes()?;
    Ok(session_state(&request.client_id, &request.redirect_uri, &browser, salt))
}

/// Records the use of a session, at most once a minute.
pub(crate) async fn touch(
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

/// Like [`touch`], in a transaction of its own, which is begun only if there is something to record.
pub(crate) async fn record_use(provider: &Provider, context: &Context, session: &Session) -> Result<(), FlowError> {
    if context.now.since(session.last_seen_at) < TOUCH_EVERY {
        return Ok(());
    }
    let lifetimes = provider.lifetimes;
    let context = context.clone();
    let written = provider.store.write_with(session.clone(), move |session, tx| {
        let context = context.clone();
        Box::pin(async move { touch(tx, &lifetimes, &context, session).await })
    });
    written.await
}

/// The new idle end of a session that is used now, at most its absolute end; `None` if a recent use is recorded.
pub fn idle_end_after_use(lifetimes: &Lifetimes, used: &SessionUse, now: Timestamp) -> Option<Timestamp> {
    if now.since(used.last_seen_at) < TOUCH_EVERY {
        return None;
    }
    let length = if used.remembered { SessionLength::Remembered } else { SessionLength::Browser };
    Some(idle_end(lifetimes, length, now).min(used.expires_at))
}

/// Records that a client takes part in a session, if it wants to be notified of the session's end.
pub(crate) async fn join(tx: &mut Tx, context: &Context, session: &Session, client: &Client) -> Result<(), FlowError> {
    if client.receives_logout() {
        session_clients::join(tx, &context.realm.id, &session.id, &client.id).await?;
    }
    Ok(())
}

/// The numbers of live things that ended with a session.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SessionEnd {
    /// 1, or 0 if the session had expired and only its access tokens were left to revoke.
    pub sessions: u64,
    /// The grants that do not outlive the session.
    pub grants: u64,
}

/// Ends a stored session, the grants that do not outlive it, and the access tokens issued in it, and notifies its
/// clients (OpenID Connect Back-Channel Logout §2.3). Returns `None` if everything had ended before.
///
/// Upkeep ends an expired session but leaves its access tokens, so this still revokes them.
pub(crate) async fn end(
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

/// Queues the logout notifications of a session, and ends its codes and the grants that do not outlive it. Returns the
/// number of grants.
async fn end_derived(
    tx: &mut Tx,
    realm: &RealmId,
    session: &SessionId,
    because: &str,
    now: Timestamp,
) -> Result<u64, FlowError> {
    outbox::queue_logout(tx, realm, session, now).await?;
    authorization_codes::drop_session(tx, realm, session).await?;
    Ok(token_families::revoke_session(tx, realm, session, because, now).await?)
}

/// Ends expired sessions and the grants that do not outlive them, and returns their number. Clients are notified by
/// back-channel logout, as for any other end. The work is done in batches, so that no write waits for long.
///
/// Access tokens of an expired session are not revoked, because each expires soon by itself. After a jump of the clock
/// nothing is ended for an hour; an expired session is refused even before it is ended.
pub async fn end_expired(provider: &Provider, now: Timestamp) -> Result<u64, FlowError> {
    let mut all = 0;
    loop {
        let written = provider.store.write(move |tx| Box::pin(async move { end_portion(tx, now).await }));
        let ended = written.await?;
        all += ended;
        if ended > 0 {
            provider.outbound.announced.notify_one();
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

/// The person of a session, as pages name and address them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addressee {
    pub username: String,
    /// The claim `locale`.
    pub locale: Option<String>,
}

impl From<&User> for Addressee {
    fn from(user: &User) -> Self {
        Self { username: user.username.clone(), locale: user.claims.get("locale").map(str::to_owned) }
    }
}

/// The person behind an account, from memory where possible.
pub(crate) async fn addressee(provider: &Provider, context: &Context, user: &UserId) -> Result<Addressee, FlowError> {
    let user = provider.view.user(&context.realm.id, user).await?;
    Ok(user.map(|user| Addressee::from(&*user)).unwrap_or_default())
}

//! Signing in with a password. An unknown name, a wrong password, a disabled account and one that is paused under
//! another name get the same answer, after the same work. A pause is shown for the typed name, whether or not it has an
//! account.

use std::sync::Arc;

use super::soft_lock::{self, Claimant, Gate, NewBlock, Reservation};
use crate::flows::authorize;
use crate::flows::authorize::browser_step::BrowserStep;
use crate::flows::authorize::device;
use crate::flows::authorize::pending::{Interaction, InteractionError};
use crate::flows::meters::log_user;
use crate::flows::session::{self, Browser, Replaced, SessionLength};
use crate::flows::{Concerning, Context, FlowError, Provider};
use crate::passwords::{Check, Stored};
use signet_protocol::account::person;
use signet_protocol::authorize::next_step::{InteractiveRequest, NextStep};
use signet_protocol::error::{ErrorCode, OAuthError};
use signet_protocol::ids::{RequestId, UserId};
use signet_protocol::secret::{DeviceCookie, Digest, Password, SessionCookie};
use signet_protocol::time::{Span, Timestamp, format_wait};
use signet_store::Tx;
use signet_store::account::users::{self, LoginRecord, StoredPassword};
use signet_store::authorize::authorization_requests;
use signet_store::events::audit::{self, Event, Outcome};
use signet_store::session::known_devices;
use signet_store::session::known_devices::Used;
use signet_store::session::sessions::Session;

/// The sentence of the sign-in page after too many failures, the same for existing and unknown accounts.
pub fn wait_message(wait: Span) -> String {
    format!("There have been too many failed attempts. Try again in {}.", format_wait(wait))
}

/// The lifetime of the cookie that marks a known browser.
pub const DEVICE_LIFETIME: Span = Span::from_days(180);

/// The sentence of the sign-in page after a failure, the same for every reason.
pub const FAILURE: &str = "Incorrect username or password.";

/// The outcome of a request for the sign-in page.
pub enum Shown {
    Form {
        /// The name to fill in.
        username: String,
        /// True if the signed-in person confirms the password.
        reauthenticate: bool,
    },
    /// The browser's session is sufficient.
    Next(BrowserStep),
}

/// The intention of the person who opens the sign-in page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountPrompt {
    /// Continue as the signed-in person.
    Current,
    /// Sign in with another account: the form is shown in any case.
    Another,
}

/// Shows the sign-in page of an interaction, or continues if the session is sufficient.
pub async fn show(
    provider: &Provider,
    context: &Context,
    interaction: &Interaction,
    browser: Browser,
    switch: AccountPrompt,
) -> Result<Shown, InteractionError> {
    if switch == AccountPrompt::Another {
        return Ok(Shown::Form { username: String::new(), reauthenticate: false });
    }
    let request = match &interaction.pending.request {
        InteractiveRequest::Authorization(request) => request,
        InteractiveRequest::Device(_) => {
            return match device::advance(provider, context, interaction, browser).await? {
                BrowserStep::Login(_) => Ok(Shown::Form { username: String::new(), reauthenticate: false }),
                next => Ok(Shown::Next(next)),
            };
        }
    };
    let step = authorize::position(provider, context, interaction, request, browser).await?;
    match step {
        NextStep::Login => {
            let username = request.login_hint.clone().unwrap_or_default();
            Ok(Shown::Form { username, reauthenticate: false })
        }
        NextStep::Reauthenticate(session) => {
            let username = session::username(provider, context, &session.user_id).await?;
            Ok(Shown::Form { username, reauthenticate: true })
        }
        NextStep::Consent { .. } | NextStep::Issue(_) | NextStep::Refuse(_) => {
            authorize::proceed(provider, context, interaction, request, step).await.map(Shown::Next)
        }
    }
}

/// The submitted form.
pub struct Credentials {
    /// The user name or e-mail address.
    pub username: String,
    pub password: Password,
    pub remember: SessionLength,
}

pub enum SignIn {
    /// The sign-in succeeded, with a new session cookie.
    Done {
        session: Box<Session>,
        cookie: SessionCookie,
        /// The new cookie that marks the browser as known.
        device: DeviceCookie,
    },
    /// The sign-in failed; the sentence is shown with the form.
    Failed(&'static str),
    /// There were too many failures; the password was not checked.
    Locked(Span),
}

/// Signs a person in for a pending authorization request.
pub async fn sign_in(
    provider: &Provider,
    context: &Context,
    typed: Credentials,
    browser: Browser,
    request: &RequestId,
) -> Result<SignIn, FlowError> {
    let (record, before, known_device) = load_account(provider, context, &typed.username, browser).await?;
    let claimant = Claimant { user: record.as_ref().map(|record| &record.id), typed: &typed.username, known_device };
    let (ending, stored, reason) = match soft_lock::reserve(provider, context, &claimant).await? {
        Gate::Open(slots) => (slots, stored(record.as_ref(), context), "wrong credentials"),
        Gate::Held(slots) => (slots, Stored::Unknown, "locked under another name"),
        Gate::Locked(wait) => {
            let reason = "locked";
            tracing::info!(target: "security", event = "login_attempt", success = false, reason, "refused a sign-in");
            provider.count_sign_in("failure", reason);
            return Ok(SignIn::Locked(wait));
        }
    };
    let salt = context.entropy.bytes()?;
    let check = match provider.sign_ins.passwords.check(typed.password, stored.clone(), salt, context.region()).await {
        Ok(check) => check,
        Err(error) => {
            ending.release(provider).await?;
            provider.count_sign_in("failure", "busy");
            return Err(error.into());
        }
    };
    let new_hash = match check {
        Check::Wrong => return fail(provider, context, ending, record, reason).await,
        Check::Right => None,
        Check::RightWithNewHash(new) => stored.hash().map(|old| (old.to_owned(), new)),
    };
    let set_at = record.as_ref().and_then(|record| record.password.as_ref()).map(|password| password.set_at);
    let Some(password_set_at) = set_at else {
        return fail(provider, context, ending, record, reason).await;
    };
    let user = match record.as_ref().map(|record| may_sign_in(record, context)) {
        Some(Ok(user)) => user,
        Some(Err(reason)) => return fail(provider, context, ending, record, reason).await,
        None => return fail(provider, context, ending, record, "wrong credentials").await,
    };
    // A browser with a live session of this person counts as known, even if its device cookie is gone.
    let known = known_device.is_some() || before.as_ref().is_some_and(|before| before.user_id == user);
    let (session, cookie) = session::begin(&provider.lifetimes, context, user, typed.remember, before.as_ref())?;
    let success = Success {
        ending: ending.clone(),
        before,
        old_device: browser.device,
        known,
        password_set_at,
        new_hash,
        request: request.clone(),
    };
    match succeed(provider, context, success, session, cookie).await? {
        Some(done) => Ok(done),
        None => fail(provider, context, ending, record, "password changed meanwhile").await,
    }
}

/// The account of the typed name, the browser's session, and its device if known for this account.
async fn load_account(
    provider: &Provider,
    context: &Context,
    typed: &str,
    browser: Browser,
) -> Result<(Option<LoginRecord>, Option<Session>, Option<Digest>), FlowError> {
    let realm = &context.realm.id;
    let mut tx = provider.store.read().await?;
    let record = match person::lookup_key(typed) {
        Some(key) => users::find_for_login(&mut tx, realm, &key).await?,
        None => None,
    };
    let before = session::find(&mut tx, context, browser).await?;
    let known = match (&record, browser.device) {
        (Some(record), Some(device)) => {
            known_devices::knows(&mut tx, realm, device, &record.id, context.now).await?.then_some(device)
        }
        (Some(_) | None, None) | (None, Some(_)) => None,
    };
    Ok((record, before, known))
}

/// The hash to check the password against.
fn stored(record: Option<&LoginRecord>, context: &Context) -> Stored {
    let Some(record) = record else { return Stored::Unknown };
    let Some(StoredPassword { hash, .. }) = record.password.clone() else { return Stored::Unknown };
    match may_sign_in(record, context) {
        Ok(_) => Stored::Open(hash),
        Err(_) => Stored::Barred(hash),
    }
}

/// The user id, or the reason why the account may not sign in, for the audit log only.
fn may_sign_in(record: &LoginRecord, context: &Context) -> Result<UserId, &'static str> {
    match (record.enabled, record.valid_from < context.now) {
        (true, true) => Ok(record.id.clone()),
        (true, false) => Err("account banned"),
        (false, _) => Err("account disabled"),
    }
}

async fn fail(
    provider: &Provider,
    context: &Context,
    ending: Reservation,
    record: Option<LoginRecord>,
    reason: &'static str,
) -> Result<SignIn, FlowError> {
    let user = record.map(|record| record.id);
    user.iter().for_each(log_user);
    let concerning = Concerning { actor: "user", user: user.as_ref(), ..Concerning::default() };
    let record = |event, reason| context.record(event, Outcome::Failure, concerning, reason);
    let failure = record(Event::Login, reason)?;
    let pause = ending.account_pause();
    let locked = pause.filter(|pause| pause.is_first);
    let locked = locked.map(|_| record(Event::AccountSoftLocked, "too many failed sign-ins")).transpose()?;
    let system = Concerning { actor: "system", ..Concerning::default() };
    let block = context.record(Event::AddressBlocked, Outcome::Success, system, "failed sign-ins to many accounts")?;
    tracing::info!(target: "security", event = "login_attempt", success = false, reason, "refused a sign-in");
    let is_locked = locked.is_some();
    let written = provider.store.write_with((context.clone(), ending, failure, locked, block), move |given, tx| {
        Box::pin(async move {
            let (context, ending, failure, locked, block) = given;
            let realm = &context.realm.id;
            let now = context.now;
            audit::append(tx, realm, failure, now).await?;
            if let Some(locked) = locked {
                audit::append(tx, realm, locked, now).await?;
            }
            let blocked = ending.failure(tx, context).await?;
            if blocked.is_some() {
                audit::append(tx, realm, block, now).await?;
            }
            Ok::<_, FlowError>(blocked)
        })
    });
    let blocked = written.await?;
    provider.count_sign_in("failure", reason);
    provider.metrics.access.soft_locks.inc_by(u64::from(is_locked));
    provider.metrics.access.addresses_blocked.inc_by(u64::from(blocked.is_some()));
    announce(user.as_ref(), pause.map(|pause| pause.length), blocked);
    if blocked.is_some() {
        provider.catch_up().await?;
    }
    Ok(SignIn::Failed(reason))
}

/// Logs a pause or a block. An unknown name is not logged: people type passwords into that field.
fn announce(user: Option<&UserId>, pause: Option<Span>, blocked: Option<NewBlock>) {
    if let Some(pause) = pause {
        let user = user.map_or("unknown", UserId::as_str);
        let millis = pause.as_millis();
        tracing::warn!(target: "security", event = "account_soft_locked", user, millis, "paused an account");
    }
    if let Some(NewBlock { network, until }) = blocked {
        let until = until.as_secs();
        tracing::warn!(target: "security", event = "address_blocked", %network, until, "blocked an address");
    }
}

/// The data that a successful sign-in writes, in addition to its session.
struct Success {
    ending: Reservation,
    before: Option<Session>,
    old_device: Option<Digest>,
    /// True if the user had signed in with this browser before.
    known: bool,
    /// The time at which the verified password was set.
    password_set_at: Timestamp,
    new_hash: Option<(String, String)>,
    /// The pending authorization request.
    request: RequestId,
}

/// Writes a sign-in. Returns `None` if the password was changed or removed after it was verified: that change ends the
/// sessions of the old password, and would miss this one.
async fn succeed(
    provider: &Provider,
    context: &Context,
    success: Success,
    session: Session,
    cookie: SessionCookie,
) -> Result<Option<SignIn>, FlowError> {
    let concerning =
        Concerning { actor: "user", user: Some(&session.user_id), session: Some(&session.id), ..Concerning::default() };
    let record = context.record(Event::Login, Outcome::Success, concerning, "password")?;
    let new_device = context.record(Event::NewDevice, Outcome::Success, concerning, "")?;
    let device = DeviceCookie::from_random(context.entropy.bytes()?);
    let digests = (cookie.digest(), device.digest());
    let horizon = provider.revocation_horizon(context.now);
    let replaces_another = success.before.as_ref().is_some_and(|before| before.id != session.id);
    let shared = Arc::new((context.clone(), session, success, record, new_device));
    let written = shared.clone();
    let stored = provider.store.write(move |tx| {
        let shared = written.clone();
        Box::pin(async move {
            let (context, session, success, record, new_device) = &*shared;
            // Taken first, in the lock order of a password change: the password before the counters that it resets.
            let realm = &context.realm.id;
            if !users::lock_password(tx, realm, &session.user_id, success.password_set_at).await? {
                return Ok(false);
            }
            success.ending.success(tx).await?;
            remember_browser(tx, context, success.old_device, digests.1, &session.user_id).await?;
            authorization_requests::recognize(tx, realm, &success.request).await?;
            if let Some((old, new)) = &success.new_hash {
                users::rehash(tx, realm, &session.user_id, old, new).await?;
            }
            audit::append(tx, realm, record, context.now).await?;
            if !success.known {
                audit::append(tx, realm, new_device, context.now).await?;
            }
            let replaced = Replaced { session: success.before.as_ref(), horizon };
            session::write(tx, context, session, digests.0, replaced).await?;
            Ok::<_, FlowError>(true)
        })
    });
    if !stored.await? {
        return Ok(None);
    }
    provider.count_sign_in("success", "password");
    if replaces_another {
        provider.outbound.announced.notify_one();
        provider.catch_up().await?;
    }
    let session = &shared.1;
    let sid = session.id.as_str();
    log_user(&session.user_id);
    tracing::info!(target: "security", event = "login_attempt", success = true, sid, "signed a person in");
    Ok(Some(SignIn::Done { session: Box::new(session.clone()), cookie, device }))
}

/// Records that the user has signed in with this browser. The device gets a new name each time, for all its users, so
/// that an old name that leaked or was planted is no longer known.
async fn remember_browser(
    tx: &mut Tx,
    context: &Context,
    old: Option<Digest>,
    new: Digest,
    user: &UserId,
) -> Result<(), FlowError> {
    let realm = &context.realm.id;
    let now = context.now;
    if let Some(old) = old {
        known_devices::rename(tx, realm, old, new).await?;
    }
    let network = context.region_name();
    let used = Used { device: new, user, network: &network };
    Ok(known_devices::put(tx, realm, used, now, now.plus(DEVICE_LIFETIME)).await?)
}

/// Cancels the sign-in; the client gets `access_denied`.
pub async fn cancel(
    provider: &Provider,
    context: &Context,
    interaction: &Interaction,
) -> Result<BrowserStep, InteractionError> {
    let error = OAuthError::new(ErrorCode::AccessDenied, "The person did not sign in.");
    authorize::refuse_interaction(provider, context, interaction, error).await
}

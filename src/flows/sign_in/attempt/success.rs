//! A sign-in that has passed: one transaction confirms the proof, clears the counters and begins the session.

use std::sync::Arc;

use super::{Attempt, Failed, Passed};
use crate::flows::meters::log_user;
use crate::flows::session::{self, FreshSession, SessionLength};
use crate::flows::sign_in::Purpose;
use crate::flows::sign_in::factors::Lapsed;
use crate::flows::{Concerning, Context, FlowError, Provider};
use signet_protocol::secret::{DeviceCookie, Digest};
use signet_protocol::time::{Span, Timestamp};
use signet_store::authorize::authorization_requests;
use signet_store::events::audit::{self, Event, Outcome, Record};
use signet_store::session::known_devices::{self, Listing, Used};
use signet_store::{StoreError, Tx};

/// The lifetime of the cookie that marks a known browser.
pub(crate) const DEVICE_LIFETIME: Span = Span::from_days(180);

/// The outcome of [`Attempt::begin_session`].
pub(crate) enum Begun {
    Session {
        session: Arc<FreshSession>,
        /// The new cookie that marks the browser as known.
        device: DeviceCookie,
    },
    /// The credential was changed or removed after it was verified. That change ends the sessions of the old
    /// credential, and would miss this one.
    Lapsed(Box<Attempt<Failed>>),
}

impl Attempt<Passed> {
    /// Begins a session.
    pub async fn begin_session(
        self,
        provider: &Provider,
        context: &Context,
        purpose: &Purpose,
        length: SessionLength,
    ) -> Result<Begun, FlowError> {
        let attempt = Arc::new(self);
        let session = Arc::new(session::begin(&provider.lifetimes, context, &attempt, length)?);
        let device = DeviceCookie::from_random(context.entropy.bytes()?);
        let user = attempt.user();
        let sid = &session.session().id;
        let concerning = Concerning { actor: "user", user: Some(user), session: Some(sid), ..Concerning::default() };
        let factor = attempt.state.factor.name();
        let success = Success {
            context: context.clone(),
            attempt: attempt.clone(),
            session: session.clone(),
            device: device.digest(),
            listing: match length {
                SessionLength::Remembered => Listing::Listed,
                SessionLength::Browser => Listing::Unchanged,
            },
            purpose: purpose.clone(),
            login: context.record(Event::Login, Outcome::Success, concerning, factor)?,
            new_device: context.record(Event::NewDevice, Outcome::Success, concerning, "")?,
            horizon: provider.revocation_horizon(context.now),
            max_sessions: provider.browsers.max_sessions,
        };
        let written = provider.store.write_with(success, |success, tx| Box::pin(success.write(tx)));
        if let Err(lapsed) = written.await? {
            return Ok(Begun::Lapsed(Box::new(attempt.lapsed(lapsed))));
        }
        provider.count_sign_in("success", factor);
        let has_limit = provider.browsers.max_sessions > 0;
        if has_limit || attempt.session_before().is_some_and(|before| before.id != *sid) {
            provider.outbound.announced.notify_one();
            provider.catch_up().await?;
        }
        log_user(user);
        let sid = sid.as_str();
        tracing::info!(target: "security", event = "login_attempt", success = true, sid, "signed a person in");
        Ok(Begun::Session { session, device })
    }
}

/// The rows of a success.
struct Success {
    context: Context,
    attempt: Arc<Attempt<Passed>>,
    session: Arc<FreshSession>,
    /// The new cookie that marks the browser as known.
    device: Digest,
    listing: Listing,
    purpose: Purpose,
    login: Record,
    /// Written if the browser is not known.
    new_device: Record,
    /// The time until which the revocation of a replaced session's access tokens is kept.
    horizon: Timestamp,
    /// The maximum number of sessions of the person; 0 means no limit.
    max_sessions: usize,
}

impl Success {
    async fn write(&self, tx: &mut Tx) -> Result<Result<(), Lapsed>, FlowError> {
        let Self { context, attempt, .. } = self;
        let realm = &context.realm.id;
        // First, in the lock order of a password change: the credential before the counters that it resets.
        let confirmed = match attempt.confirm(context, tx).await? {
            Ok(confirmed) => confirmed,
            Err(lapsed) => return Ok(Err(lapsed)),
        };
        attempt.reservation.success(tx).await?;
        self.remember_browser(tx).await?;
        if let Purpose::Request(request) = &self.purpose {
            authorization_requests::recognize(tx, realm, request).await?;
        }
        audit::append(tx, realm, &self.login, context.now).await?;
        if !attempt.is_known_browser() {
            audit::append(tx, realm, &self.new_device, context.now).await?;
        }
        session::write(tx, context, &self.session, &confirmed, self.horizon).await?;
        if self.max_sessions > 0 {
            self.end_excess(tx).await?;
        }
        Ok(Ok(()))
    }

    /// Ends the sessions beyond the limit.
    async fn end_excess(&self, tx: &mut Tx) -> Result<(), FlowError> {
        let Self { context, attempt, .. } = self;
        let excess = session::end_excess(tx, context, &self.session, self.max_sessions, self.horizon).await?;
        for session in &excess {
            let concerning = Concerning { actor: "system", session: Some(session), ..Concerning::user(attempt.user()) };
            let record = context.record(Event::SessionEnded, Outcome::Success, concerning, "too many sessions")?;
            audit::append(tx, &context.realm.id, &record, context.now).await?;
        }
        Ok(())
    }

    /// Records that the person has signed in with this browser. The device gets a new name each time, for all its
    /// people, so that an old name that leaked or was planted is no longer known.
    async fn remember_browser(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let realm = &self.context.realm.id;
        let now = self.context.now;
        if let Some(old) = self.attempt.state.visitor.device {
            known_devices::rename(tx, realm, old, self.device).await?;
        }
        let network = self.context.region_name();
        let used = Used { device: self.device, user: self.attempt.user(), network: &network, listing: self.listing };
        known_devices::put(tx, realm, used, now, now.plus(DEVICE_LIFETIME)).await
    }
}

//! An attempt to sign in, as a typestate. It takes its slots in the failure counters, one factor verifies it, and only
//! one that has passed can begin a session, in a transaction that confirms the proof.
//!
//! ```text
//! begin -> Attempt<Open> -> verify -> Attempt<Passed> -> confirm -> the session is written
//!                              |  |         ^       | the credential has changed since
//!                              |  |         |       v
//!                              |  +-----> Attempt<Due>: the credential must be replaced first
//!                              +----> Attempt<Failed> -> record
//! ```
//!
//! An attempt that is dropped, as when the browser hangs up, keeps its slots: it counts as a failure.

mod failure;
mod success;

pub(crate) use self::success::{Begun, DEVICE_LIFETIME};
use super::factors::{Candidate, Factor, Lapsed, Presented, Proof, Standing};
use super::soft_lock::{self, Claimant, Reservation};
use crate::flows::{Context, FlowError, Provider};
use signet_protocol::ids::UserId;
use signet_protocol::params::Params;
use signet_protocol::secret::Digest;
use signet_protocol::time::{Span, Timestamp};
use signet_protocol::token::authentication::Authentication;
use signet_store::Tx;
use signet_store::account::users::LoginRecord;
use signet_store::session::sessions::Session;

/// The account that a typed name leads to, and the browser that it was typed into.
pub(crate) struct Claim {
    /// The typed name.
    pub typed: String,
    pub account: Option<LoginRecord>,
    pub visitor: Visitor,
}

/// The facts about the browser of an attempt.
pub(crate) struct Visitor {
    /// Its live session.
    pub session: Option<Session>,
    /// The cookie that marks it as known, for any account.
    pub device: Option<Digest>,
    /// The same cookie, if it is known for the claimed account.
    pub known_device: Option<Digest>,
}

/// An attempt in one of the states [`Open`], [`Passed`] and [`Failed`].
pub(crate) struct Attempt<S> {
    reservation: Reservation,
    state: S,
}

/// Nothing has been verified.
pub(crate) struct Open {
    claim: Claim,
    /// True if the account is paused under another name: no factor sees the account.
    is_held: bool,
}

/// A factor was verified, for an account that may sign in.
pub(crate) struct Passed {
    user: UserId,
    visitor: Visitor,
    factor: &'static dyn Factor,
    proof: Box<dyn Proof>,
}

/// A factor was verified, but its credential must be replaced before a session may begin.
pub(crate) struct Due {
    passed: Passed,
    /// The time at which the verified credential was set.
    set_at: Timestamp,
}

/// The attempt counts as a failure.
pub(crate) struct Failed {
    user: Option<UserId>,
    /// For operators only; every failure gets the same answer.
    reason: &'static str,
}

/// The outcome of [`Attempt::begin`].
pub(crate) enum Gate {
    Open(Box<Attempt<Open>>),
    /// The typed name is paused for this much longer.
    Locked(Span),
}

/// The outcome of [`Attempt::verify`].
pub(crate) enum Verdict {
    Passed(Attempt<Passed>),
    Due(Attempt<Due>),
    Failed(Attempt<Failed>),
}

/// A credential that was verified, and the proof that replaces it.
pub(crate) struct Replaced {
    pub user: UserId,
    pub factor: &'static dyn Factor,
    pub proof: Box<dyn Proof>,
}

/// The permission to write the session of an attempt. It exists only in the transaction that has confirmed the proof.
pub(crate) struct Confirmed<'a>(&'a Attempt<Passed>);

impl Confirmed<'_> {
    /// The attempt.
    pub fn attempt(&self) -> &Attempt<Passed> {
        self.0
    }
}

impl Attempt<Open> {
    /// Takes the slots of an attempt.
    pub async fn begin(provider: &Provider, context: &Context, claim: Claim) -> Result<Gate, FlowError> {
        let claimant = Claimant {
            user: claim.account.as_ref().map(|account| &account.id),
            typed: &claim.typed,
            known_device: claim.visitor.known_device,
        };
        let gate = soft_lock::reserve(provider, context, &claimant).await?;
        let open = |reservation, state| Gate::Open(Box::new(Self { reservation, state }));
        Ok(match gate {
            soft_lock::Gate::Open(reservation) => open(reservation, Open { claim, is_held: false }),
            soft_lock::Gate::Held(reservation) => open(reservation, Open { claim, is_held: true }),
            soft_lock::Gate::Locked(wait) => Gate::Locked(wait),
        })
    }

    /// Verifies a form by its factor. The work is the same if there is no account, or one that is paused or may not sign
    /// in.
    pub async fn verify(
        self,
        provider: &Provider,
        context: &Context,
        factor: &'static dyn Factor,
        form: &Params,
    ) -> Result<Verdict, FlowError> {
        let Self { reservation, state: Open { claim, is_held } } = self;
        let account = claim.account.as_ref();
        let visible = account.filter(|_| !is_held);
        let candidate = visible.map(|record| Candidate { record, standing: Standing::of(record, context.now) });
        let proof = match factor.verify(provider, context, Presented { candidate, form }).await {
            Ok(proof) => proof,
            Err(error) => {
                if matches!(error, FlowError::Overloaded { .. }) {
                    reservation.release(provider).await?;
                    provider.count_sign_in("failure", "busy");
                }
                return Err(error);
            }
        };
        let user = account.map(|record| record.id.clone());
        let reason = match (proof, candidate) {
            (Some(proof), Some(Candidate { record, standing: Standing::Open })) => {
                let due = proof.due();
                let passed = Passed { user: record.id.clone(), visitor: claim.visitor, factor, proof };
                return Ok(match due {
                    Some(set_at) => Verdict::Due(Attempt { reservation, state: Due { passed, set_at } }),
                    None => Verdict::Passed(Attempt { reservation, state: passed }),
                });
            }
            (Some(_), Some(Candidate { standing: Standing::Barred { reason }, .. })) => reason,
            (Some(_) | None, _) if is_held => "locked under another name",
            (Some(_) | None, _) => "wrong credentials",
        };
        Ok(Verdict::Failed(Attempt { reservation, state: Failed { user, reason } }))
    }
}

impl Attempt<Due> {
    pub fn user(&self) -> &UserId {
        &self.state.passed.user
    }

    /// The time at which the verified credential was set.
    pub const fn set_at(&self) -> Timestamp {
        self.state.set_at
    }

    /// The attempt with a proof that replaces the credential as the session begins.
    pub fn replacing(self, proof: Box<dyn Proof>) -> Attempt<Passed> {
        Attempt { reservation: self.reservation, state: self.state.passed }.replacing(proof)
    }

    /// Clears the slots of the attempt, which has not failed. It continues with a ticket.
    pub async fn clear(self, provider: &Provider) -> Result<(), FlowError> {
        let written = provider
            .store
            .write_with(self.reservation, |reservation, tx| Box::pin(async move { reservation.success(tx).await }));
        Ok(written.await?)
    }
}

impl Attempt<Passed> {
    /// A due attempt that continues, with the proof that replaces the credential as the session begins. Its ticket has
    /// shown that the old credential was verified.
    pub fn resumed(provider: &Provider, context: &Context, visitor: Visitor, replaced: Replaced) -> Self {
        let Replaced { user, factor, proof } = replaced;
        let reservation = Reservation::without_slots(&provider.sign_ins.locks, &context.realm.id);
        Self { reservation, state: Passed { user, visitor, factor, proof } }
    }

    /// The attempt with a proof that replaces the credential as the session begins.
    pub fn replacing(self, proof: Box<dyn Proof>) -> Self {
        Self { state: Passed { proof, ..self.state }, ..self }
    }

    /// The person who has signed in.
    pub fn user(&self) -> &UserId {
        &self.state.user
    }

    /// The login as tokens report it: the methods are those of the proof.
    pub fn authentication(&self, now: Timestamp) -> Authentication {
        let methods = self.state.proof.methods().iter().map(|method| (*method).to_owned());
        Authentication { time: now, methods: methods.collect() }
    }

    /// The browser's session before the attempt.
    pub fn session_before(&self) -> Option<&Session> {
        self.state.visitor.session.as_ref()
    }

    /// True if the person had signed in with this browser before. A live session counts, even if the device cookie is
    /// gone.
    fn is_known_browser(&self) -> bool {
        let Visitor { session, known_device, .. } = &self.state.visitor;
        known_device.is_some() || session.as_ref().is_some_and(|before| before.user_id == self.state.user)
    }

    /// Confirms the proof in the transaction that writes the session.
    async fn confirm(&self, context: &Context, tx: &mut Tx) -> Result<Result<Confirmed<'_>, Lapsed>, FlowError> {
        let confirmed = self.state.proof.confirm(context, &self.state.user, tx).await?;
        Ok(confirmed.map(|()| Confirmed(self)))
    }

    /// The failure of an attempt whose proof had lapsed.
    fn lapsed(&self, lapsed: Lapsed) -> Attempt<Failed> {
        let state = Failed { user: Some(self.state.user.clone()), reason: lapsed.reason };
        Attempt { reservation: self.reservation.clone(), state }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use async_trait::async_trait;

    use super::*;
    use crate::flows::session::{self, SessionLength};
    use crate::flows::sign_in::factors;
    use crate::flows::{Lifetimes, Realm};
    use signet_crypto::entropy::Entropy;
    use signet_protocol::ids::RealmId;
    use signet_store::events::audit::Origin;

    /// A proof with methods that no factor of this server has.
    struct Phone;

    #[async_trait]
    impl Proof for Phone {
        fn methods(&self) -> &'static [&'static str] {
            &["sms", "tel"]
        }

        async fn confirm(&self, _: &Context, _: &UserId, _: &mut Tx) -> Result<Result<(), Lapsed>, FlowError> {
            Ok(Ok(()))
        }
    }

    fn context() -> Context {
        let id = RealmId::from_stored("default".to_owned());
        let realm = Realm { id, issuer: "https://id.example".to_owned(), mails: false };
        let now = Timestamp::from_secs(1_000);
        Context { realm: Arc::new(realm), now, entropy: Entropy::default(), origin: Origin::default() }
    }

    fn lifetimes() -> Lifetimes {
        let hour = Span::from_hours(1);
        Lifetimes {
            access_token: hour,
            id_token: hour,
            code: hour,
            refresh_idle: hour,
            refresh: hour,
            refresh_grace: hour,
            skew: hour,
            session_idle: hour,
            session: hour,
            session_remembered: hour,
            request: hour,
            client_assertion: hour,
        }
    }

    #[test]
    fn a_session_reports_the_methods_of_the_proof_that_began_it() {
        let context = context();
        let state = Passed {
            user: UserId::from_stored("alice".to_owned()),
            visitor: Visitor { session: None, device: None, known_device: None },
            factor: factors::presented(&Params::default()),
            proof: Box::new(Phone),
        };
        let attempt = Attempt { reservation: Reservation::unlimited(&context.realm.id), state };
        let fresh = session::begin(&lifetimes(), &context, &attempt, SessionLength::Browser).unwrap();
        let authentication = &fresh.session().authentication;
        assert_eq!(authentication.methods, ["sms", "tel"]);
        assert_eq!(authentication.time, context.now);
        assert_eq!(authentication.class(), None, "no class is claimed that the methods do not reach");
    }
}

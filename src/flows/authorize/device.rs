//! The device authorization grant up to its tokens (RFC 8628 §3.1 to §3.3): a device asks for codes, a person enters the
//! user code in a browser, signs in there, and is asked whether the device is theirs. Only the person answers: neither a
//! recorded consent nor a first-party client skips the question, and a link with the code only fills in the form
//! (RFC 8628 §5.4, RFC 10027).
//!
//! A device whose person has allowed it holds an authorization code, under the digest of its device code. It is bound to
//! the session of the browser that allowed it: what ends that session, the person or the client ends the code, and what
//! it yields lives as what any code yields. Without `offline_access` it ends with that session.

mod ask;

use std::sync::Arc;

use super::browser_step::BrowserStep;
use super::pending::{self, Interaction, InteractionError, PendingFault};
use crate::flows::session::{self, Addressee, Browser};
use crate::flows::{Concerning, Context, FlowError, Provider};
use signet_protocol::authorize::consent::Consent;
use signet_protocol::authorize::next_step::InteractiveRequest;
use signet_protocol::authorize::request::RESOURCE;
use signet_protocol::events::audit_details::Details;
use signet_protocol::ids::{FamilyId, in_order};
use signet_protocol::secret::BrowserCookie;
use signet_protocol::token::code::CodeRecord;
use signet_protocol::token::device_authorization::{Answer, DeviceRequest, Place, UserCode};
use signet_store::Tx;
use signet_store::authorize::{authorization_requests, consents};
use signet_store::events::audit::{self, Event, Outcome, Record};
use signet_store::session::sessions::Session;
use signet_store::token::{authorization_codes, device_authorizations};

pub use self::ask::{DeviceAuthorization, authorize};

/// The outcome of entering a user code.
pub enum Entered {
    /// A device waits for the code.
    Found {
        next: BrowserStep,
        /// A new cookie for a browser that had none.
        cookie: Option<BrowserCookie>,
    },
    /// No live device has this code.
    Unknown,
}

/// Finds the device that shows a code, and stores its request as pending in this browser.
pub async fn enter(
    provider: &Provider,
    context: &Context,
    typed: &str,
    browser: Browser,
) -> Result<Entered, FlowError> {
    provider.view.check_fresh()?;
    let Some(code) = UserCode::parse(typed) else { return Ok(Entered::Unknown) };
    let mut tx = provider.store.read().await?;
    let found = device_authorizations::find(&mut tx, &context.realm.id, &code, context.now).await?;
    drop(tx);
    let Some(request) = found else { return Ok(Entered::Unknown) };
    let client = provider.view.client(&context.realm.id, &request.client_id).await?;
    if !client.is_some_and(|client| client.enabled) {
        return Ok(Entered::Unknown);
    }
    let (id, cookie) = pending::keep(provider, context, InteractiveRequest::Device(request), browser).await?;
    let next = match session::current(provider, context, browser).await? {
        Some(_) => BrowserStep::Device(id),
        None => BrowserStep::Login(id),
    };
    Ok(Entered::Found { next, cookie })
}

/// The question to the signed-in person.
pub struct Question {
    pub person: Addressee,
    /// The device that asks.
    pub place: Place,
}

/// The page of a device request.
pub enum Shown {
    Question(Question),
    /// Another step comes first, such as signing in.
    Next(BrowserStep),
}

/// Shows the question about a device, or the sign-in page without a session.
pub async fn show(
    provider: &Provider,
    context: &Context,
    interaction: &Interaction,
    browser: Browser,
) -> Result<Shown, InteractionError> {
    let request = of(interaction)?;
    let Some(session) = session::current(provider, context, browser).await? else {
        return Ok(Shown::Next(BrowserStep::Login(interaction.pending.id.clone())));
    };
    let person = session::addressee(provider, context, &session.user_id).await?;
    let place = Place::compare(&request.network, &context.region_name());
    Ok(Shown::Question(Question { person, place }))
}

/// The next step of a device request: only a signed-in person may decide.
pub(crate) async fn advance(
    provider: &Provider,
    context: &Context,
    interaction: &Interaction,
    browser: Browser,
) -> Result<BrowserStep, FlowError> {
    let id = interaction.pending.id.clone();
    match session::current(provider, context, browser).await? {
        Some(_) => Ok(BrowserStep::Device(id)),
        None => Ok(BrowserStep::Login(id)),
    }
}

/// The outcome of a decision.
pub enum Decided {
    Done,
    /// Another step comes first, such as signing in.
    Next(BrowserStep),
}

/// Stores the decision of the person. Fails if the request was answered before or has expired.
pub async fn answer(
    provider: &Provider,
    context: &Context,
    interaction: &Interaction,
    browser: Browser,
    answer: Answer,
) -> Result<Decided, InteractionError> {
    let request = of(interaction)?;
    let Some(session) = session::current(provider, context, browser).await? else {
        return Ok(Decided::Next(BrowserStep::Login(interaction.pending.id.clone())));
    };
    provider.limits.rates.take_of_person(context, &session.user_id, &interaction.client.id)?;
    let decision = Arc::new(Decision::of(context, interaction, request, answer, session)?);
    let written = provider.store.write_with(decision.clone(), |decision, tx| Box::pin(decision.store(tx)));
    match written.await? {
        Stored::Done => {}
        Stored::AnsweredBefore => return Err(InteractionError::Fault(PendingFault::Answered)),
        Stored::Over => return Err(InteractionError::Fault(PendingFault::Expired)),
    }
    provider.requests.waiting.add(&context.realm.id, -1);
    let (outcome, client_id) = (decision.record.event.as_str(), interaction.client.id.as_str());
    tracing::info!(target: "security", event = "device_decided", outcome, client_id, "a person decided about a device");
    Ok(Decided::Done)
}

/// Returns the pending request of the device.
fn of(interaction: &Interaction) -> Result<&DeviceRequest, InteractionError> {
    match &interaction.pending.request {
        InteractiveRequest::Device(request) => Ok(request),
        InteractiveRequest::Authorization(_) => Err(InteractionError::Fault(PendingFault::Unknown)),
    }
}

/// A decision, stored in one transaction with its audit row.
struct Decision {
    context: Context,
    interaction: Interaction,
    request: DeviceRequest,
    answer: Answer,
    session: Session,
    family: FamilyId,
    granted: Consent,
    record: Record,
}

/// The outcome of the transaction.
enum Stored {
    Done,
    AnsweredBefore,
    Over,
}

impl Decision {
    fn of(
        context: &Context,
        interaction: &Interaction,
        request: &DeviceRequest,
        answer: Answer,
        session: Session,
    ) -> Result<Self, FlowError> {
        let (event, outcome) = match answer {
            Answer::Allowed => (Event::DeviceAllowed, Outcome::Success),
            Answer::Denied => (Event::DeviceDenied, Outcome::Failure),
        };
        let concerning = Concerning {
            actor: "user",
            user: Some(&session.user_id),
            client: Some(&interaction.client.id),
            session: Some(&session.id),
        };
        let from = if request.network.is_empty() { "an unknown network" } else { &request.network };
        let record = context.record(event, outcome, concerning, &format!("a device in {from}"))?;
        let granted = Consent { scope: request.scope.clone(), claims: Vec::new() };
        Ok(Self {
            record: Record { details: Details::of_consent(&granted), ..record },
            granted,
            family: FamilyId::from_random(in_order(context.now, context.entropy.bytes()?)),
            context: context.clone(),
            interaction: interaction.clone(),
            request: request.clone(),
            answer,
            session,
        })
    }

    async fn store(&self, tx: &mut Tx) -> Result<Stored, FlowError> {
        let realm = &self.context.realm.id;
        let now = self.context.now;
        if !authorization_requests::close(tx, realm, &self.interaction.pending.id, now).await? {
            return Ok(Stored::AnsweredBefore);
        }
        // If two browsers entered the same user code, the first decision counts.
        if !device_authorizations::answer(tx, realm, self.request.device, self.answer, now).await? {
            return Ok(if now < self.request.expires_at { Stored::AnsweredBefore } else { Stored::Over });
        }
        if self.answer == Answer::Allowed {
            self.allow(tx).await?;
        }
        audit::append(tx, realm, &self.record, now).await?;
        Ok(Stored::Done)
    }

    /// Stores the code that the device redeems, and the consent that the person can withdraw.
    async fn allow(&self, tx: &mut Tx) -> Result<(), FlowError> {
        let realm = &self.context.realm.id;
        let client = &self.interaction.client;
        if !client.metadata.skip_consent {
            let key = consents::ConsentKey { user: &self.session.user_id, client: &client.id };
            consents::add(tx, realm, key, &self.granted, self.context.now).await?;
        }
        let resources = self.request.resources.iter().map(|resources| (RESOURCE.to_owned(), resources.clone()));
        let record = CodeRecord {
            client_id: client.id.clone(),
            user_id: self.session.user_id.clone(),
            session_id: self.session.id.clone(),
            family_id: self.family.clone(),
            redirect_uri: String::new(),
            redirect_uri_named: false,
            scope: self.request.scope.clone(),
            extensions: resources.collect(),
            authentication: self.session.authentication.clone(),
            expires_at: self.request.expires_at,
        };
        authorization_codes::insert(tx, realm, self.request.device, &record).await?;
        session::join(tx, &self.context, &self.session, client).await
    }
}

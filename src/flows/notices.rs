//! Telling people by mail of what concerns their account. That there is something to tell stands in the outbox since it
//! happened, with the row of the audit log that says what; whom it goes to is looked up when it is told.

use super::outbox::Attempt;
use super::{Context, FlowError, Provider};
use crate::mail::{Letter, MailError};
use crate::protocol::delivery::verdict;
use crate::protocol::ids::{ClientId, UserId};
use crate::protocol::notice::{Notice, device};
use crate::protocol::time::Timestamp;
use crate::store::{audit_log, users};

/// The status of an answer that is a refusal, to whoever judges answers.
const REFUSED: u16 = 400;

/// What a mail tells. Nothing that a stranger has written is among it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// What has happened.
    pub notice: Notice,
    /// The address of the person concerned, which has been shown to be theirs.
    pub to: String,
    /// The name that they sign in with.
    pub username: String,
    /// This server's issuer identifier.
    pub issuer: String,
    /// When it happened.
    pub at: Timestamp,
    /// From which address it was done; nothing where an administrator did it.
    pub address: Option<String>,
    /// With which browser, as far as its name is known.
    pub device: Option<String>,
    /// Which application it was about.
    pub application: Option<String>,
}

/// A row of the audit log that a mail to a person is about.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The person.
    pub user: &'a UserId,
    /// The row's id.
    pub row: &'a str,
    /// The verified address to send to, if it is not the person's current one.
    pub address: Option<&'a str>,
}

/// What a row of the audit log tells a person; nothing where there is no such person any more, they cannot be written
/// to, or the row is gone.
///
/// # Errors
/// [`FlowError`] where the database fails.
pub async fn facts(provider: &Provider, context: &Context, wanted: Wanted<'_>) -> Result<Option<Facts>, FlowError> {
    let Wanted { user, row, address } = wanted;
    let realm = &context.realm;
    let mut tx = provider.store.read().await?;
    let person = users::find(&mut tx, &realm.id, user).await?;
    let row = audit_log::find(&mut tx, &realm.id, row).await?;
    drop(tx);
    let (Some(person), Some(row)) = (person, row) else { return Ok(None) };
    // An address that nobody has shown to be theirs may be a stranger's.
    let current = person.email.filter(|(_, verified)| *verified).map(|(address, _)| address);
    let to = address.map(str::to_owned).or(current);
    let (Some(to), Some(notice)) = (to, Notice::of(&row.event)) else { return Ok(None) };
    let application = match row.client.map(ClientId::from_stored) {
        Some(id) => provider.view.client(&realm.id, &id).await?.map(|client| client.name().to_owned()),
        None => None,
    };
    Ok(Some(Facts {
        notice,
        to,
        username: person.username,
        issuer: realm.issuer.clone(),
        at: row.at,
        address: Some(row.address).filter(|address| !address.is_empty()),
        device: device(&row.user_agent),
        application,
    }))
}

/// Hands a mail over, in the attempt of this number. A node without a mail server leaves it to others.
pub async fn attempt(provider: &Provider, letter: &Letter, number: i64) -> Attempt {
    let sent = match &provider.mailer {
        Some(mailer) => mailer.send(letter).await,
        None => Err(MailError::NotNow("no mail server is set".to_owned())),
    };
    let refused = match &sent {
        Ok(()) => return Attempt::Told,
        Err(MailError::Refused(_)) => Some(REFUSED),
        Err(MailError::NotNow(_)) => None,
    };
    let reason = sent.err().map(|error| error.to_string());
    tracing::warn!(event = "mail", attempts = number, reason, "a mail could not be handed over");
    Attempt::of(verdict(refused, number), "the mail server refuses it")
}

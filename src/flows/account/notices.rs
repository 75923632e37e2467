//! Mails to people about security events of their account. A pending mail is in the outbox, committed with the audit
//! row of its event; the recipient is looked up when the mail is sent.

use crate::flows::events::outbox::Attempt;
use crate::flows::{Context, FlowError, Provider};
use crate::mail::{Letter, MailError};
use signet_protocol::account::notice::{Notice, device};
use signet_protocol::events::delivery;
use signet_protocol::ids::{ClientId, UserId};
use signet_protocol::time::Timestamp;
use signet_store::account::users;
use signet_store::events::audit_log;

/// The status that stands for a refusal of the mail server in the delivery rules.
const REFUSED: u16 = 400;

/// The facts in a mail. None of them is text that a stranger can choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    pub notice: Notice,
    /// The verified address of the person.
    pub to: String,
    pub username: String,
    /// The person's claim `locale`.
    pub locale: Option<String>,
    pub at: Timestamp,
    /// The client address of the event; `None` for an administrator's action.
    pub address: Option<String>,
    /// The browser, from a fixed list of names.
    pub device: Option<String>,
    /// The application concerned.
    pub application: Option<String>,
}

/// A pending mail about a row of the audit log.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub user: &'a UserId,
    /// The id of the audit row.
    pub row: &'a str,
    /// The verified address to send to, if it is not the person's current one.
    pub address: Option<&'a str>,
}

/// The facts of a pending mail; `None` if the person is gone or has no verified address, or the audit row is gone.
pub async fn facts(provider: &Provider, context: &Context, wanted: Wanted<'_>) -> Result<Option<Facts>, FlowError> {
    let Wanted { user, row, address } = wanted;
    let realm = &context.realm;
    let mut tx = provider.store.read().await?;
    let person = users::find(&mut tx, &realm.id, user).await?;
    let row = audit_log::find(&mut tx, &realm.id, row).await?;
    drop(tx);
    let (Some(person), Some(row)) = (person, row) else { return Ok(None) };
    // An unverified address may belong to a stranger.
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
        locale: person.claims.get("locale").map(str::to_owned),
        at: row.at,
        address: Some(row.address).filter(|address| !address.is_empty()),
        device: device(&row.user_agent),
        application,
    }))
}

/// Sends a mail. A node without a mail server leaves it to other nodes.
pub async fn attempt(provider: &Provider, letter: &Letter, number: i64) -> Attempt {
    let sent = match &provider.outbound.mailer {
        Some(mailer) => mailer.send(letter).await,
        None => Err(MailError::NotNow("no mail server is set".to_owned())),
    };
    let refused = match &sent {
        Ok(()) => return Attempt::Delivered,
        Err(MailError::Refused(_)) => Some(REFUSED),
        Err(MailError::NotNow(_)) => None,
    };
    let reason = sent.err().map(|error| error.to_string());
    tracing::warn!(event = "mail", attempts = number, reason, "could not send a mail");
    Attempt::of(delivery::decide(refused, number), "the mail server refuses it")
}

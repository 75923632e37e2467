//! The choice of a new password that an operator demands, between the verified old one and the session.

use std::sync::Arc;

use super::attempt::{Attempt, Begun, Replaced, Visitor};
use super::factors::{self, Standing};
use super::replacement::{NewHash, Replacement};
use super::ticket::{Place, Ticket};
use crate::flows::account::passwords::personal_words;
use crate::flows::session::{self, FreshSession};
use crate::flows::{Context, FlowError, Provider};
use crate::passwords::{Check, NewPasswordError, Stored};
use signet_protocol::account::password::PasswordRefusal;
use signet_protocol::secret::{DeviceCookie, Password};
use signet_store::account::users::{self, LoginRecord, StoredPassword, User, Validity};

/// The outcome of a submitted new password.
pub enum Changed {
    /// The password is set, and the person is signed in.
    Done {
        session: Arc<FreshSession>,
        /// The new cookie that marks the browser as known.
        device: DeviceCookie,
    },
    Refused(PasswordRefusal),
    /// The ticket has expired, or the password was changed in the meantime: the person signs in again.
    Lapsed,
}

/// The submitted form.
pub struct Choice<'a> {
    pub ticket: &'a str,
    pub password: Password,
}

/// Sets the new password of a person whose ticket shows that the old one was verified, and signs the person in.
pub async fn change(
    provider: &Provider,
    context: &Context,
    place: Place<'_>,
    choice: Choice<'_>,
) -> Result<Changed, FlowError> {
    let opened = Ticket::open(&provider.sign_ins.ticket_key, context, place, choice.ticket);
    let Some(ticket) = opened else { return Ok(Changed::Lapsed) };
    let Some(due) = load(provider, context, place, &ticket).await? else { return Ok(Changed::Lapsed) };
    let hash = match accept(provider, context, &due, choice.password).await {
        Ok(hash) => hash,
        Err(NewPasswordError::Refused(refusal)) => return Ok(Changed::Refused(refusal)),
        Err(NewPasswordError::Failed(error)) => return Err(error.into()),
    };
    let new = NewHash { user: ticket.user.clone(), replaces: ticket.set_at, hash, kept: None };
    let proof = Box::new(Replacement::new(provider, context, new)?);
    let replaced = Replaced { user: ticket.user.clone(), factor: factors::password(), proof };
    let attempt = Attempt::resumed(provider, context, due.visitor, replaced);
    match attempt.begin_session(provider, context, place.purpose, ticket.length).await? {
        Begun::Session { session, device } => {
            provider.outbound.announced.notify_one();
            provider.catch_up().await?;
            Ok(Changed::Done { session, device })
        }
        Begun::Lapsed(_) => Ok(Changed::Lapsed),
    }
}

/// A person whose password is still the one of the ticket.
struct DuePerson {
    user: User,
    old: StoredPassword,
    visitor: Visitor,
}

async fn load(
    provider: &Provider,
    context: &Context,
    place: Place<'_>,
    ticket: &Ticket,
) -> Result<Option<DuePerson>, FlowError> {
    let realm = &context.realm.id;
    let mut tx = provider.store.read().await?;
    let record = users::find_login_of(&mut tx, realm, &ticket.user).await?;
    let user = users::find(&mut tx, realm, &ticket.user).await?;
    // An own session would be ended with the others.
    let session = session::find(&mut tx, context, place.browser).await?;
    let session = session.filter(|before| before.user_id != ticket.user);
    drop(tx);
    let is_open = |record: &LoginRecord| Standing::of(record, context.now) == Standing::Open;
    let old = record.filter(is_open).and_then(|record| record.password);
    let old = old.filter(|old| old.set_at == ticket.set_at && old.validity == Validity::NextSignIn);
    let (Some(user), Some(old)) = (user, old) else { return Ok(None) };
    let visitor = Visitor { session, device: place.browser.device, known_device: None };
    Ok(Some(DuePerson { user, old, visitor }))
}

/// The hash of a new password that is another one than the old.
async fn accept(
    provider: &Provider,
    context: &Context,
    due: &DuePerson,
    password: Password,
) -> Result<String, NewPasswordError> {
    let passwords = &provider.sign_ins.passwords;
    let address = due.user.email.as_ref().map(|(address, _)| address.as_str());
    let personal = personal_words(&context.realm, &due.user.username, address, &due.user.claims);
    let accepted = passwords.accept(password, &personal, context.region()).await?;
    let again = Password::new(accepted.password().expose().to_owned());
    let salt = || context.entropy.bytes().map_err(|_| crate::passwords::PasswordError::Malformed);
    match passwords.check(again, Stored::Open(due.old.hash.clone()), salt()?, context.region()).await? {
        Check::Wrong => {}
        Check::Right | Check::RightWithNewHash(_) => return Err(PasswordRefusal::Unchanged.into()),
    }
    Ok(passwords.hash(accepted, salt()?).await?)
}

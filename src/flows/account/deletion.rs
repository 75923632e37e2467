//! The deletion of an account by its person. Everything that was issued ends, applications are notified, and the rows
//! are removed. The audit log keeps its rows, which name the person by their `sub` alone from then on.

use super::person::FreshPerson;
use super::{announce, operator, profile};
use crate::flows::{Context, FlowError, Provider};
use signet_protocol::account::person::lookup_key;

/// The outcome of the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    Deleted,
    /// The typed name is not that of the account.
    OtherName,
}

/// Deletes the account, if its name was typed. Names are compared as at a sign-in.
pub async fn delete(
    provider: &Provider,
    context: &Context,
    person: &FreshPerson,
    typed: &str,
) -> Result<Deletion, FlowError> {
    let user = &person.person().user;
    if lookup_key(typed).is_none() || lookup_key(typed) != lookup_key(&user.username) {
        return Ok(Deletion::OtherName);
    }
    operator(provider, context).people().remove_user(user.id.clone()).await.map_err(profile::failed)?;
    announce(provider).await?;
    Ok(Deletion::Deleted)
}

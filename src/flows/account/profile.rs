//! The profile of a person, and its update by the person.

use super::person::Person;
use super::{announce, operator};
use crate::flows::admin::{PeopleError, PersonUpdate, RegisteredUser};
use crate::flows::{Context, FlowError, Provider};
use signet_protocol::account::person::{PersonError, Username};
use signet_protocol::account::profile::{self, FieldPolicy, Refused};
use signet_protocol::params::Params;

/// The form of a profile.
pub struct Edit<'a, P> {
    /// The version of the profile that the form was made from.
    pub version: Option<i64>,
    /// The policy of each field.
    pub policy: P,
    pub form: &'a Params,
}

/// The outcome of an update.
pub enum Saved {
    Changed,
    Unchanged,
    /// These fields are refused, and nothing was changed.
    Refused(Vec<Refused>),
    /// The user name is refused.
    Username(PersonError),
    /// Another person has the user name.
    Taken,
    /// The profile was changed after the form had been made.
    Stale,
}

/// Loads the profile with its version.
pub async fn load(provider: &Provider, context: &Context, person: &Person) -> Result<RegisteredUser, FlowError> {
    operator(provider, context).people().read_user(&person.user.id).await.map_err(failed)
}

/// Updates the profile, if it still has the version of the form.
pub async fn save<P: Fn(&str) -> FieldPolicy>(
    provider: &Provider,
    context: &Context,
    person: &Person,
    edit: Edit<'_, P>,
) -> Result<Saved, FlowError> {
    let operator = operator(provider, context);
    let held = load(provider, context, person).await?;
    if edit.version != Some(held.history.version) {
        return Ok(Saved::Stale);
    }
    let mut next = PersonUpdate::from(&held.user);
    let name = edit.form.get("username").filter(|name| *name != next.username);
    if let Some(name) = name.filter(|_| (edit.policy)("username") == FieldPolicy::Edit) {
        match Username::parse(name) {
            Ok(name) => name.as_str().clone_into(&mut next.username),
            Err(error) => return Ok(Saved::Username(error)),
        }
    }
    next.claims = match profile::edited(&held.user.claims, &edit.policy, |field| typed(edit.form, field)) {
        Ok(claims) => claims,
        Err(refused) => return Ok(Saved::Refused(refused)),
    };
    let saved = match operator.people().update(&held, next).await {
        Ok(changed) if changed.is_empty() => Saved::Unchanged,
        Ok(_) => Saved::Changed,
        Err(PeopleError::Changed(_)) => Saved::Stale,
        Err(PeopleError::Exists(_)) => Saved::Taken,
        Err(error) => return Err(failed(error)),
    };
    announce(provider).await?;
    Ok(saved)
}

/// The text of a field, also an empty one, which removes the value.
fn typed<'f>(form: &'f Params, field: &str) -> Option<&'f str> {
    form.pairs().find(|(name, _)| *name == field).map(|(_, text)| text)
}

/// The person of a session exists, and their profile follows the rules: other errors are those of the server.
pub(super) fn failed(error: PeopleError) -> FlowError {
    match error {
        PeopleError::Flow(failure) => failure,
        other => FlowError::Internal(other.to_string()),
    }
}

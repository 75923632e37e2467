//! The overview of an account: numbers and times from which the person sees whether all is well.

use super::activity;
use super::person::Person;
use crate::flows::{Context, FlowError, Provider};
use signet_protocol::time::Timestamp;
use signet_store::account::directory;
use signet_store::account::holdings::{self, OfUser};

/// The state of an account.
#[derive(Clone, Copy, Debug)]
pub struct Summary {
    pub holdings: OfUser,
    /// The time at which the password was set, if there is one.
    pub password_set_at: Option<Timestamp>,
    /// The time of the sign-in before the one that began the present session.
    pub previous_sign_in: Option<Timestamp>,
}

/// Loads the state of the person's account.
pub async fn load(provider: &Provider, context: &Context, person: &Person) -> Result<Summary, FlowError> {
    let realm = &context.realm.id;
    let user = &person.user.id;
    let mut tx = provider.store.read().await?;
    let holdings = holdings::of_user(&mut tx, realm, user, context.now).await?;
    let history = directory::history(&mut tx, realm, user).await?;
    drop(tx);
    let previous_sign_in = activity::previous_sign_in(provider, context, person).await?;
    Ok(Summary { holdings, password_set_at: history.and_then(|history| history.password_set_at), previous_sign_in })
}

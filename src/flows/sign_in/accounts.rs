//! The accounts that a browser lists on its sign-in page, for people who chose to stay signed in there. The list is
//! kept with the browser's device cookie. It fills in a name and proves nothing.

use crate::flows::authorize;
use crate::flows::authorize::browser_step::BrowserStep;
use crate::flows::authorize::pending::{Interaction, InteractionError, PendingFault};
use crate::flows::session::{self, Browser};
use crate::flows::{Context, FlowError, Provider};
use signet_protocol::ids::UserId;
use signet_store::authorize::authorization_requests;
use signet_store::session::known_devices::{self, ListedAccount};

/// The accounts that this browser lists, the last used first.
pub async fn listed(provider: &Provider, context: &Context, browser: Browser) -> Result<Vec<ListedAccount>, FlowError> {
    let Some(device) = browser.device else { return Ok(Vec::new()) };
    let mut tx = provider.store.read().await?;
    Ok(known_devices::listed(&mut tx, &context.realm.id, device, context.now).await?)
}

/// Removes an account from the list of this browser.
pub async fn forget(provider: &Provider, context: &Context, browser: Browser, user: UserId) -> Result<(), FlowError> {
    let Some(device) = browser.device else { return Ok(()) };
    let realm = context.realm.id.clone();
    let written = provider.store.write_with(user, move |user, tx| {
        let realm = realm.clone();
        Box::pin(async move { Ok::<_, FlowError>(known_devices::unlist(tx, &realm, device, user).await?) })
    });
    written.await
}

/// Answers a request with the account that the signed-in person chose. If its session has ended or is another
/// person's, the next step is to sign in.
pub async fn choose(
    provider: &Provider,
    context: &Context,
    interaction: &Interaction,
    browser: Browser,
    user: UserId,
) -> Result<BrowserStep, InteractionError> {
    let session = session::current(provider, context, browser).await?;
    if session.is_none_or(|session| session.user_id != user) {
        return Ok(BrowserStep::Login(interaction.pending.id.clone()));
    }
    let realm = context.realm.id.clone();
    let chosen = (interaction.pending.id.clone(), user.clone());
    let written = provider.store.write_with(chosen, move |(id, user), tx| {
        let realm = realm.clone();
        Box::pin(async move { Ok::<_, FlowError>(authorization_requests::select_account(tx, &realm, id, user).await?) })
    });
    if !written.await? {
        return Err(InteractionError::Fault(PendingFault::Answered));
    }
    let mut chosen = interaction.clone();
    chosen.pending.selected_by = Some(user);
    authorize::advance(provider, context, &chosen, browser).await
}

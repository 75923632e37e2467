//! Front-channel logout: the clients' pages that the browser loads after a session has ended (OpenID Connect
//! Front-Channel Logout §3).

use crate::flows::token::subject;
use crate::flows::{Context, FlowError, Provider};
use signet_protocol::ids::{ClientId, SessionId};
use signet_protocol::session::frontchannel_logout::frame_url;

/// The logout pages of those clients that have one.
pub(crate) async fn frames(
    provider: &Provider,
    context: &Context,
    session: &SessionId,
    clients: &[ClientId],
) -> Result<Vec<String>, FlowError> {
    let mut frames = Vec::new();
    for id in clients {
        let client = provider.view.client(&context.realm.id, id).await?.filter(|client| client.enabled);
        let Some(client) = client else { continue };
        if let Some(uri) = &client.metadata.frontchannel_logout_uri {
            let sid = subject::sid(provider.keys.pairwise()?, &client, session)?;
            frames.push(frame_url(uri, &context.realm.issuer, &sid));
        }
    }
    Ok(frames)
}

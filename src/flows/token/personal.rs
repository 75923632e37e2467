//! Personal access tokens as resource servers see them. They are accepted at introspection alone, for the resources
//! that the client may introspect, and within what the settings allow now.

use serde_json::{Value, json};

use super::subject;
use crate::flows::{Context, FlowError, Provider};
use signet_protocol::client::Client;
use signet_protocol::secret::PersonalAccessToken;
use signet_protocol::time::Span;
use signet_store::account::personal_tokens::{self, PersonalToken};
use signet_store::client::resources;

/// The interval at which the use of a token is recorded.
const USE_EVERY: Span = Span::from_hours(1);

/// The answer about a personal access token (RFC 7662 §2.2), if it is live and for a resource of this client.
pub async fn introspected(
    provider: &Provider,
    context: &Context,
    client: &Client,
    token: &str,
) -> Result<Option<Value>, FlowError> {
    let policy = &provider.tokens.personal;
    let Some(token) = PersonalAccessToken::recognize(token).filter(|_| policy.enabled) else { return Ok(None) };
    let realm = &context.realm.id;
    let mut tx = provider.store.read().await?;
    let Some(token) = personal_tokens::find(&mut tx, realm, token.digest(), context.now).await? else {
        return Ok(None);
    };
    let mut audience = Vec::new();
    for resource in token.resources.iter().filter(|uri| may_see(client, uri)) {
        audience.extend(resources::find(&mut tx, realm, resource).await?.map(|_| resource.as_str()));
    }
    drop(tx);
    if audience.is_empty() {
        return Ok(None);
    }
    record_use(provider, context, &token).await;
    Ok(Some(json!({
        "active": true,
        "iss": context.realm.issuer,
        "sub": subject::of(provider, client, &token.user)?,
        "aud": audience,
        "scope": token.scope.filtered(|scope| policy.scopes.iter().any(|allowed| allowed == scope)).to_string(),
        "token_type": "Bearer",
        "jti": token.id.as_str(),
        "iat": token.created_at.as_secs(),
        "exp": token.expires_at.as_secs(),
    })))
}

fn may_see(client: &Client, resource: &str) -> bool {
    client.id.as_str() == resource || client.metadata.introspects.iter().any(|uri| uri == resource)
}

/// Records a use, at most once an hour. The answer does not depend on it.
async fn record_use(provider: &Provider, context: &Context, token: &PersonalToken) {
    if token.used_at.is_some_and(|used| context.now.since(used) < USE_EVERY) {
        return;
    }
    let given = (context.realm.id.clone(), token.id.clone(), context.now);
    let written = provider.store.write_with(given, |(realm, id, now), tx| {
        Box::pin(async move { personal_tokens::used(tx, realm, id, *now).await })
    });
    if let Err(error) = written.await {
        tracing::warn!(%error, "could not record the use of a personal access token");
    }
}

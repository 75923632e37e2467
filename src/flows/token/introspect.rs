//! Token introspection (RFC 7662). A client sees its own tokens, those whose audience it is, and those for resources
//! that an operator lets it introspect for. All others are reported as not active. Personal access tokens belong to no client.

use serde_json::{Value, json};

use super::{mapped, personal, subject, verify};
use crate::flows::client::auth;
use crate::flows::defense::rates::Class;
use crate::flows::{Context, FlowError, Provider};
use signet_protocol::cause::Cause;
use signet_protocol::client::Client;
use signet_protocol::client::call::ClientCall;
use signet_protocol::scope::PROFILE;
use signet_protocol::secret::PersonalAccessToken;
use signet_protocol::token::confirmation::token_type;
use signet_protocol::token::refresh::{PREFIX, RefreshToken};
use signet_store::token::token_families;

/// The answer to an introspection request (RFC 7662 §2.2).
pub struct Introspection(pub Value);

impl Introspection {
    /// Returns true for the answer about a token that is void, unknown or none of the client's business.
    pub fn is_inactive(&self) -> bool {
        self.0.get("active") == Some(&Value::Bool(false))
    }
}

/// Answers an introspection request.
pub async fn introspect(provider: &Provider, context: &Context, call: ClientCall) -> Result<Introspection, FlowError> {
    let client = auth::authenticate(provider, context, &call).await?;
    provider.limits.rates.take_of_client(context, Class::Introspect, &client)?;
    if client.is_public() {
        return Err(Cause::ClientPublic.into());
    }
    let token = call.params.require("token", "token is required.")?;
    let found = if token.starts_with(PREFIX) {
        refresh_token(provider, context, &client, token).await?
    } else if token.starts_with(PersonalAccessToken::PREFIX) {
        personal::introspected(provider, context, &client, token).await?
    } else {
        access_token(provider, context, &client, token).await?
    };
    Ok(Introspection(found.unwrap_or_else(|| json!({ "active": false }))))
}

async fn access_token(
    provider: &Provider,
    context: &Context,
    client: &Client,
    token: &str,
) -> Result<Option<Value>, FlowError> {
    let facts = match verify::access_token(provider, context, token).await {
        Ok(facts) => facts,
        Err(FlowError::Refused(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let claims = &facts.claims;
    if claims.client_id != client.id && !client.introspects(&claims.aud) {
        return Ok(None);
    }
    let mut answer = serde_json::to_value(claims).map_err(|error| FlowError::Internal(error.to_string()))?;
    if let Some(object) = answer.as_object_mut() {
        object.insert("active".to_owned(), Value::from(true));
        object.insert("token_type".to_owned(), Value::from(token_type(claims.cnf.as_ref())));
        let user = match &facts.user {
            Some(user) => provider.view.user(&context.realm.id, user).await?,
            None => None,
        };
        object.extend(mapped::of_access_token(provider, context, claims, user.as_deref()));
        // The name is a claim of the scope `profile`, and would defeat a pairwise subject.
        let named = user.filter(|user| claims.scope.contains(PROFILE) && claims.sub == user.id.as_str());
        object.extend(named.map(|user| ("username".to_owned(), Value::from(user.username.clone()))));
    }
    Ok(Some(answer))
}

/// The response for a refresh token, which only its owner sees.
async fn refresh_token(
    provider: &Provider,
    context: &Context,
    client: &Client,
    token: &str,
) -> Result<Option<Value>, FlowError> {
    // The master key derives the tag of a refresh token. Without it, a valid one would look forged.
    provider.keys.require_private()?;
    provider.view.check_fresh()?;
    let Some(token) = RefreshToken::parse(token, &provider.tokens.mac) else { return Ok(None) };
    let mut tx = provider.store.read().await?;
    let Some(family) = token_families::find(&mut tx, &context.realm.id, &token.family(), context.now).await? else {
        return Ok(None);
    };
    let state = &family.state;
    let end = state.idle_expires_at.min(state.expires_at);
    let live = state.client_id == client.id
        && !state.revoked
        && context.now < end
        && token.generation() == state.generation
        && token.digest().matches(&state.leaf);
    let Ok(scope) = client.remaining_scope(&family.scope) else { return Ok(None) };
    let subject = subject::of(provider, client, &family.user_id)?;
    Ok(live.then(|| {
        json!({
            "active": true,
            "iss": context.realm.issuer,
            "sub": subject,
            "client_id": client.id.as_str(),
            "scope": scope.to_string(),
            "grant_id": family.id.as_str(),
            "exp": end.as_secs(),
            "auth_time": family.authentication.time.as_secs(),
        })
    }))
}

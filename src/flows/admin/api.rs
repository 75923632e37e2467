//! The administration API: authorizes the bearer of an access token, then runs the same operations as the commands. The
//! audit log names the client.

use std::sync::Arc;

use super::{AdminError, Ended, Revoker};
use crate::flows::admin;
use crate::flows::defense::rates::Class;
use crate::flows::token::verify;
use crate::flows::{Context, FlowError, Provider};
use signet_protocol::admin::order::{self, Denial, Order, OrderError, Permission, What};
use signet_protocol::client::Client;
use signet_protocol::defense::rate_limit::Exceeded;

/// An authorized client of the API.
pub struct Administrator {
    client: Arc<Client>,
}

/// The reason why a request is refused.
#[derive(Debug)]
pub enum ApiError {
    NoToken,
    /// The token is invalid, or not for this API.
    WrongToken,
    Forbidden(Permission),
    /// The body is invalid.
    Order(OrderError),
    TooMany(Exceeded),
    Admin(AdminError),
}

impl From<FlowError> for ApiError {
    fn from(error: FlowError) -> Self {
        match error {
            FlowError::Refused(_) => Self::WrongToken,
            FlowError::TooMany(exceeded) => Self::TooMany(exceeded),
            failure @ (FlowError::Unavailable(_) | FlowError::Overloaded { .. } | FlowError::Internal(_)) => {
                Self::Admin(failure.into())
            }
        }
    }
}

impl From<AdminError> for ApiError {
    fn from(error: AdminError) -> Self {
        Self::Admin(error)
    }
}

/// Authorizes the bearer of a token.
pub async fn admit(
    provider: &Provider,
    context: &Context,
    bearer: Option<&str>,
    permission: Permission,
) -> Result<Administrator, ApiError> {
    let facts = verify::access_token(provider, context, bearer.ok_or(ApiError::NoToken)?).await?;
    let found = provider.view.client(&context.realm.id, &facts.claims.client_id).await.map_err(FlowError::from)?;
    let client = found.filter(|client| client.enabled).ok_or(ApiError::WrongToken)?;
    match order::permit(&facts.claims, &client, &context.realm.issuer, permission) {
        Ok(()) => {}
        Err(denial) => {
            let client_id = client.id.as_str();
            let event = "access_denied";
            tracing::warn!(target: "security", event, client_id, ?denial, "refused a token at the administration API");
            return Err(match denial {
                Denial::Audience => ApiError::WrongToken,
                Denial::Permission => ApiError::Forbidden(permission),
            });
        }
    }
    provider.limits.rates.take_of_client(context, Class::Token, &client).map_err(ApiError::TooMany)?;
    Ok(Administrator { client })
}

/// Revokes the target named in the body. Returns once the revocation is durable and this node enforces it.
///
/// # Errors
/// [`ApiError`]; a revocation that could not be written is never reported as done.
pub async fn revoke(
    provider: &Provider,
    context: &Context,
    administrator: &Administrator,
    body: &[u8],
) -> Result<Ended, ApiError> {
    let Order { what, reason } = Order::parse(body).map_err(ApiError::Order)?;
    let actor = format!("client:{}", administrator.client.id);
    let horizon = provider.revocation_horizon(context.now);
    let revoker = Revoker { store: &provider.store, context, actor: &actor, reason: &reason, horizon };
    let ended = match what {
        What::Presented(token) => admin::revoke_presented(provider, &revoker, token.expose()).await,
        What::Token(jti) => admin::revoke_named(&revoker, &jti, provider.lifetimes.skew).await,
        What::Grant(id) => admin::revoke_grant(&revoker, &id).await,
        What::Session(id) => admin::end_session(&revoker, &id).await,
        What::Consent { username, client } => admin::withdraw_consent(&revoker, &username, &client).await,
        What::User { username, until } => admin::sign_out_user(&revoker, &username, until).await,
        What::Client(id) => admin::sign_out_client(&revoker, &id).await,
        What::Realm => admin::sign_out_realm(&revoker).await,
    }?;
    provider.outbound.announced.notify_one();
    provider.catch_up().await?;
    Ok(ended)
}

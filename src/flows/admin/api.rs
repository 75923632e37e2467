//! The administration API: authorizes the bearer of an access token as an operator, who has the same rooms as that of a
//! command. The audit log names the client.

use std::sync::Arc;

use super::error::RoomError;
use super::operator::{Actor, Operator};
use super::person::Ended;
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

impl Administrator {
    /// The client as the author of orders.
    pub fn operator<'a>(&self, provider: &'a Provider, context: &'a Context) -> Operator<'a> {
        let actor = Actor::Client(self.client.id.clone());
        Operator::new(&provider.store, context, actor, provider.lifetimes.skew)
    }
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
    /// A room of administration refuses the order, or fails.
    Room(Box<dyn RoomError>),
    /// The authorization fails.
    Failed(FlowError),
}

impl From<FlowError> for ApiError {
    fn from(error: FlowError) -> Self {
        match error {
            FlowError::Refused(_) => Self::WrongToken,
            FlowError::TooMany(exceeded) => Self::TooMany(exceeded),
            failure @ (FlowError::Unavailable(_) | FlowError::Overloaded { .. } | FlowError::Internal(_)) => {
                Self::Failed(failure)
            }
        }
    }
}

impl<E: RoomError> From<E> for ApiError {
    fn from(error: E) -> Self {
        Self::Room(Box::new(error))
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
    let operator = administrator.operator(provider, context).because(reason);
    let revocations = operator.revocations();
    let ended = match what {
        What::Presented(token) => revocations.revoke_presented(provider, token.expose()).await,
        What::Token(jti) => revocations.revoke_token(&jti).await,
        What::Grant(id) => revocations.revoke_grant(&id).await,
        What::Session(id) => revocations.end_session(&id).await,
        What::Consent { username, client } => revocations.withdraw_consent(&username, &client).await,
        What::User { username, until } => revocations.sign_out_user(&username, until).await,
        What::Client(id) => revocations.sign_out_client(&id).await,
        What::Realm => revocations.sign_out_realm().await,
    }?;
    provider.outbound.announced.notify_one();
    provider.catch_up().await?;
    Ok(ended)
}

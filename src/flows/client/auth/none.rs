//! Public clients: they name themselves and prove nothing (RFC 6749 §2.3, OAuth 2.1 §2.4), in the form, or in the header
//! beside an empty password.

use async_trait::async_trait;

use super::Method;
use crate::flows::{Context, FlowError, Provider};
use signet_protocol::client::call::ClientCall;
use signet_protocol::client::{AUTH_NONE, Client};
use signet_protocol::error::OAuthError;
use signet_protocol::ids::ClientId;

/// The name of the method.
pub const NAME: &str = AUTH_NONE;

/// The method `none`.
pub struct Public;

#[async_trait]
impl Method for Public {
    fn name(&self) -> &'static str {
        NAME
    }

    fn claimed(&self, call: &ClientCall) -> Result<Option<ClientId>, OAuthError> {
        match call.named_without_secret() {
            Some(client_id) => Ok(Some(client_id.clone())),
            None => Ok(call.params.get("client_id").and_then(ClientId::parse)),
        }
    }

    async fn verify(
        &self,
        _provider: &Provider,
        _context: &Context,
        _client: &Client,
        _call: &ClientCall,
    ) -> Result<(), FlowError> {
        Ok(())
    }
}

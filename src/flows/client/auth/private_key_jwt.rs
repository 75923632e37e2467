//! Client assertions signed with a key of the client's own (RFC 7523 §2.2, OpenID Connect Core §9).

use async_trait::async_trait;

use super::{Method, assertion};
use crate::flows::client::published_keys;
use crate::flows::{Context, FlowError, Provider};
use signet_protocol::cause::Cause;
use signet_protocol::client::Client;
use signet_protocol::client::call::ClientCall;
use signet_protocol::error::OAuthError;
use signet_protocol::ids::ClientId;

/// The method `private_key_jwt`.
pub struct PrivateKeyJwt;

#[async_trait]
impl Method for PrivateKeyJwt {
    fn name(&self) -> &'static str {
        "private_key_jwt"
    }

    fn claimed(&self, call: &ClientCall) -> Result<Option<ClientId>, OAuthError> {
        let assertion = assertion::presented(call)?.filter(|assertion| !assertion.is_symmetric());
        assertion.map(|assertion| assertion.issuer()).transpose()
    }

    /// The header names a key of the client's; it never brings one (RFC 8725 §3.10).
    async fn verify(
        &self,
        provider: &Provider,
        context: &Context,
        client: &Client,
        call: &ClientCall,
    ) -> Result<(), FlowError> {
        let assertion = assertion::presented(call)?.ok_or(Cause::AssertionMalformed)?;
        assertion.check_algorithm(client)?;
        if !published_keys::have_signed(provider, context, client, &assertion.jws).await? {
            return Err(Cause::AssertionSignature.into());
        }
        assertion.accept(provider, context, client).await
    }
}

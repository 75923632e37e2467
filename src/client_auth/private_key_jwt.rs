//! Client assertions signed with a key of the client's own (RFC 7523 §2.2, OpenID Connect Core §9).

use async_trait::async_trait;

use super::{Method, Presented, assertion};
use crate::flows::{Context, FlowError, Provider, client_keys};
use crate::protocol::cause::Cause;
use crate::protocol::client::Client;
use crate::protocol::error::OAuthError;
use crate::protocol::ids::ClientId;

/// The method `private_key_jwt`.
pub struct PrivateKeyJwt;

#[async_trait]
impl Method for PrivateKeyJwt {
    fn name(&self) -> &'static str {
        "private_key_jwt"
    }

    fn claimed(&self, presented: &Presented<'_>) -> Result<Option<ClientId>, OAuthError> {
        let assertion = assertion::presented(presented)?.filter(|assertion| !assertion.is_symmetric());
        assertion.map(|assertion| assertion.issuer()).transpose()
    }

    /// The header names a key of the client's; it never brings one (RFC 8725 §3.10).
    async fn verify(
        &self,
        provider: &Provider,
        context: &Context,
        client: &Client,
        presented: &Presented<'_>,
    ) -> Result<(), FlowError> {
        let assertion = assertion::presented(presented)?.ok_or(Cause::AssertionMalformed)?;
        assertion.check_algorithm(client)?;
        let signed = (assertion.message, assertion.signature);
        if !client_keys::have_signed(provider, context, client, &assertion.jws, signed).await? {
            return Err(Cause::AssertionSignature.into());
        }
        assertion.accept(provider, context, client).await
    }
}

//! Client assertions signed with a key of the client's own (RFC 7523 §2.2, OpenID Connect Core §9).

use async_trait::async_trait;

use super::{FAILED, Method, Presented, assertion};
use crate::flows::{Context, FlowError, Provider, client_keys};
use crate::keys;
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
        let assertion = assertion::presented(presented)?.ok_or(FAILED)?;
        assertion.check_algorithm(client)?;
        let (alg, kid) = (assertion.jws.alg(), assertion.jws.kid());
        let keys = client_keys::signing_keys(provider, context, client, alg, kid).await?;
        let by = |key| keys::verify_with(key, alg, assertion.message, assertion.signature).is_ok();
        if !keys.iter().any(by) {
            return Err(FAILED.into());
        }
        assertion.accept(provider, context, client).await
    }
}

//! Client secrets, in the header or in the form (RFC 6749 §2.3.1). Compared by digest in constant time; during a
//! rotation two are valid.

use async_trait::async_trait;

use super::Method;
use crate::flows::{Context, FlowError, Provider};
use signet_protocol::cause::Cause;
use signet_protocol::client::Client;
use signet_protocol::client::call::ClientCall;
use signet_protocol::client::credentials::Authorization;
use signet_protocol::error::OAuthError;
use signet_protocol::ids::ClientId;
use signet_protocol::secret::{ClientSecret, Digest};
use signet_protocol::time::Timestamp;

/// The method `client_secret_basic`.
pub struct Basic;

/// The method `client_secret_post`.
pub struct Post;

#[async_trait]
impl Method for Basic {
    fn name(&self) -> &'static str {
        "client_secret_basic"
    }

    fn claimed(&self, call: &ClientCall) -> Result<Option<ClientId>, OAuthError> {
        match &call.authorization {
            Authorization::Basic(credentials) if credentials.secret.is_some() => {
                Ok(Some(credentials.client_id.clone()))
            }
            Authorization::Basic(_) | Authorization::None | Authorization::Bearer(_) => Ok(None),
        }
    }

    async fn verify(
        &self,
        provider: &Provider,
        context: &Context,
        client: &Client,
        call: &ClientCall,
    ) -> Result<(), FlowError> {
        let Authorization::Basic(credentials) = &call.authorization else {
            return Err(Cause::ClientUnnamed.into());
        };
        let secret = credentials.secret.as_ref().ok_or(Cause::SecretMalformed)?;
        check(provider, context, client, secret.digest())
    }
}

#[async_trait]
impl Method for Post {
    fn name(&self) -> &'static str {
        "client_secret_post"
    }

    fn claimed(&self, call: &ClientCall) -> Result<Option<ClientId>, OAuthError> {
        if call.params.get("client_secret").is_none() {
            return Ok(None);
        }
        let client_id = call.params.get("client_id").and_then(ClientId::parse);
        Ok(Some(client_id.ok_or(Cause::ClientUnnamed)?))
    }

    async fn verify(
        &self,
        provider: &Provider,
        context: &Context,
        client: &Client,
        call: &ClientCall,
    ) -> Result<(), FlowError> {
        let secret = call.params.get("client_secret").and_then(ClientSecret::parse).ok_or(Cause::SecretMalformed)?;
        check(provider, context, client, secret.digest())
    }
}

/// Compares the digest, at a client with a weak secret unless there were too many wrong ones: strong secrets cannot be
/// guessed, and a limit would let strangers lock their clients out. Nothing is awaited between the two steps, so that
/// attempts at the same time do not overrun the limit.
fn check(provider: &Provider, context: &Context, client: &Client, presented: Digest) -> Result<(), FlowError> {
    if !client.secrets.iter().any(|secret| secret.is_weak) {
        return Ok(compare(client, presented, context.now)?);
    }
    provider.limits.rates.check_secret(context, client)?;
    compare(client, presented, context.now).inspect_err(|cause| {
        if *cause == Cause::SecretMismatch {
            provider.limits.rates.count_wrong_secret(context, client, presented);
        }
    })?;
    Ok(())
}

/// Checks that the digest is that of a secret that has not expired. Every secret is compared, so that timing is even.
fn compare(client: &Client, presented: Digest, now: Timestamp) -> Result<(), Cause> {
    let mut valid = false;
    let mut known = false;
    for secret in &client.secrets {
        let live = secret.expires_at.is_none_or(|end| now < end);
        let matches = secret.digest.matches(&presented);
        valid |= matches & live;
        known |= matches;
    }
    match (valid, known, client.secrets.is_empty()) {
        (true, _, _) => Ok(()),
        (false, true, _) => Err(Cause::SecretExpired),
        (false, false, true) => Err(Cause::SecretMissing),
        (false, false, false) => Err(Cause::SecretMismatch),
    }
}

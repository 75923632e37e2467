//! Client secrets, in the header or in the form (RFC 6749 §2.3.1). Compared by digest in constant time; during a
//! rotation two are valid.

use async_trait::async_trait;

use super::{FAILED, Method, Presented};
use crate::flows::{Context, FlowError, Provider};
use crate::protocol::client::Client;
use crate::protocol::credentials::Authorization;
use crate::protocol::error::OAuthError;
use crate::protocol::ids::ClientId;
use crate::protocol::secret::{ClientSecret, Digest};
use crate::protocol::time::Timestamp;

/// The method `client_secret_basic`.
pub struct Basic;

/// The method `client_secret_post`.
pub struct Post;

#[async_trait]
impl Method for Basic {
    fn name(&self) -> &'static str {
        "client_secret_basic"
    }

    fn claimed(&self, presented: &Presented<'_>) -> Result<Option<ClientId>, OAuthError> {
        match presented.authorization {
            Authorization::Basic(credentials) => Ok(Some(credentials.client_id.clone())),
            Authorization::None | Authorization::Bearer(_) => Ok(None),
        }
    }

    async fn verify(
        &self,
        _provider: &Provider,
        context: &Context,
        client: &Client,
        presented: &Presented<'_>,
    ) -> Result<(), FlowError> {
        match presented.authorization {
            Authorization::Basic(credentials) => compare(client, credentials.secret.digest(), context.now),
            Authorization::None | Authorization::Bearer(_) => Err(FAILED.into()),
        }
    }
}

#[async_trait]
impl Method for Post {
    fn name(&self) -> &'static str {
        "client_secret_post"
    }

    fn claimed(&self, presented: &Presented<'_>) -> Result<Option<ClientId>, OAuthError> {
        if presented.params.get("client_secret").is_none() {
            return Ok(None);
        }
        let client_id = presented.params.get("client_id").and_then(ClientId::parse);
        client_id.map(Some).ok_or(FAILED)
    }

    async fn verify(
        &self,
        _provider: &Provider,
        context: &Context,
        client: &Client,
        presented: &Presented<'_>,
    ) -> Result<(), FlowError> {
        let secret = presented.params.get("client_secret").and_then(ClientSecret::parse).ok_or(FAILED)?;
        compare(client, secret.digest(), context.now)
    }
}

/// Whether the digest is that of a secret that has not expired. All are looked at, whichever fits.
fn compare(client: &Client, presented: Digest, now: Timestamp) -> Result<(), FlowError> {
    let mut valid = false;
    for secret in &client.secrets {
        let live = secret.expires_at.is_none_or(|end| now < end);
        valid |= secret.digest.matches(&presented) & live;
    }
    if valid { Ok(()) } else { Err(FAILED.into()) }
}

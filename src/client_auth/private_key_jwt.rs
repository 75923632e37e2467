//! Client assertions signed with a registered key (RFC 7523 §2.2, OpenID Connect Core §9). Each is accepted once,
//! across nodes and restarts.

use async_trait::async_trait;

use super::{FAILED, Method, Presented};
use crate::flows::client_keys;
use crate::flows::{Context, FlowError, Provider};
use crate::keys;
use crate::protocol::client::Client;
use crate::protocol::client_assertion::{self, AssertionRules};
use crate::protocol::error::OAuthError;
use crate::protocol::ids::ClientId;
use crate::protocol::jws::{self, UnverifiedJws};
use crate::protocol::secret::Digest;
use crate::protocol::time::Span;
use crate::store::{StoreError, used_once};

/// The `client_assertion_type` of JWTs (RFC 7523 §2.2).
const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The longest life of an assertion that is left when it arrives.
const MAX_AGE: Span = Span::from_minutes(5);
/// How far the client's clock may be apart.
const LEEWAY: Span = Span::from_secs(30);

/// The method `private_key_jwt`.
pub struct PrivateKeyJwt;

#[async_trait]
impl Method for PrivateKeyJwt {
    fn name(&self) -> &'static str {
        "private_key_jwt"
    }

    fn claimed(&self, presented: &Presented<'_>) -> Result<Option<ClientId>, OAuthError> {
        let params = presented.params;
        match (params.get("client_assertion_type"), params.get("client_assertion")) {
            (None, None) => Ok(None),
            (Some(TYPE), Some(assertion)) => {
                let jws = UnverifiedJws::parse(assertion).map_err(|_| FAILED)?;
                let issuer = jws::string(jws.payload(), "iss").map_err(|_| FAILED)?;
                issuer.and_then(ClientId::parse).map(Some).ok_or(FAILED)
            }
            (Some(_), Some(_)) => Err(OAuthError::invalid_client("client_assertion_type is not supported.")),
            (Some(_), None) | (None, Some(_)) => {
                Err(OAuthError::invalid_request("client_assertion and client_assertion_type belong together."))
            }
        }
    }

    async fn verify(
        &self,
        provider: &Provider,
        context: &Context,
        client: &Client,
        presented: &Presented<'_>,
    ) -> Result<(), FlowError> {
        let assertion = presented.params.get("client_assertion").ok_or(FAILED)?;
        let jws = UnverifiedJws::parse(assertion).map_err(|_| FAILED)?;
        verify_signature((provider, context), client, assertion, &jws).await?;
        let issuer = context.realm.issuer.as_str();
        let token_endpoint = format!("{issuer}/token");
        let rules = AssertionRules {
            client_id: &client.id,
            audiences: &[issuer, &token_endpoint],
            single_audience: client.metadata.profile.rules().assertion_audience,
            max_age: MAX_AGE,
            leeway: LEEWAY,
        };
        let id = client_assertion::check(jws.payload(), &rules, context.now)?;
        let digest = Digest::of(format!("{}\n{}\n{}", context.realm.id, client.id, id.jti).as_bytes());
        let first = provider.store.write(move |tx| {
            Box::pin(async move { used_once::first_use(tx, "client_assertion", digest, id.expires_at).await })
        });
        let first: Result<bool, StoreError> = first.await;
        if first? { Ok(()) } else { Err(FAILED.into()) }
    }
}

/// Whether one of the client's keys made the signature. The header names a key; it never brings one (RFC 8725 §3.10).
async fn verify_signature(
    (provider, context): (&Provider, &Context),
    client: &Client,
    assertion: &str,
    jws: &UnverifiedJws<'_>,
) -> Result<(), FlowError> {
    let (message, signature) = assertion.rsplit_once('.').ok_or(FAILED)?;
    let bound = client.metadata.token_endpoint_auth_signing_alg.as_deref();
    if bound.is_some_and(|bound| bound != jws.alg()) {
        return Err(FAILED.into());
    }
    let candidates = client_keys::signing_keys(provider, context, client, jws.alg(), jws.kid()).await?;
    let signed = candidates.iter().any(|key| keys::verify_with(key, jws.alg(), message, signature).is_ok());
    if signed { Ok(()) } else { Err(FAILED.into()) }
}

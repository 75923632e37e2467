//! The common part of both kinds of client assertion (RFC 7523 §2.2, OpenID Connect Core §9): the parameters, the
//! claims, and the rule that each is accepted once, across nodes and restarts.

use crate::flows::{Context, FlowError, Provider};
use signet_protocol::cause::{Cause, Shown};
use signet_protocol::client::Client;
use signet_protocol::client::assertion::{self, AssertionRules};
use signet_protocol::client::call::ClientCall;
use signet_protocol::endpoint;
use signet_protocol::error::OAuthError;
use signet_protocol::ids::ClientId;
use signet_protocol::jose::jws::{self, UnverifiedJws};
use signet_protocol::secret::Digest;
use signet_protocol::time::Span;
use signet_store::StoreError;
use signet_store::token::used_once;

/// The `client_assertion_type` of JWTs (RFC 7523 §2.2).
const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The tolerated difference to the client's clock.
const LEEWAY: Span = Span::from_secs(30);

/// An assertion, not verified yet.
pub(crate) struct Assertion<'a> {
    pub(crate) jws: UnverifiedJws<'a>,
}

/// The assertion of a request, if it presents one.
///
/// # Errors
/// `invalid_request` where half of it is missing, `invalid_client` where it cannot be read.
pub(crate) fn presented(call: &ClientCall) -> Result<Option<Assertion<'_>>, OAuthError> {
    let params = &call.params;
    match (params.get("client_assertion_type"), params.get("client_assertion")) {
        (None, None) => Ok(None),
        (Some(TYPE), Some(token)) => {
            let jws = UnverifiedJws::parse(token).map_err(|_| Cause::AssertionMalformed)?;
            Ok(Some(Assertion { jws }))
        }
        (Some(_), Some(_)) => Err(Cause::AssertionType.into()),
        (Some(_), None) | (None, Some(_)) => {
            Err(OAuthError::invalid_request("client_assertion and client_assertion_type belong together."))
        }
    }
}

impl Assertion<'_> {
    /// Returns true for a MAC, which the server could have made too.
    pub(crate) fn is_symmetric(&self) -> bool {
        self.jws.alg().starts_with("HS")
    }

    /// The client that it claims to come from.
    pub(crate) fn issuer(&self) -> Result<ClientId, OAuthError> {
        let issuer = jws::string(self.jws.payload(), "iss").map_err(|_| Cause::AssertionMalformed)?;
        Ok(issuer.and_then(ClientId::parse).ok_or(Cause::AssertionMalformed)?)
    }

    /// Checks that the algorithm is the one that the client has registered, if any.
    pub(crate) fn check_algorithm(&self, client: &Client) -> Result<(), OAuthError> {
        match client.metadata.token_endpoint_auth_signing_alg.as_deref() {
            Some(bound) if bound != self.jws.alg() => {
                Err(Cause::AssertionAlgorithm { registered: bound.to_owned(), used: Shown::text(self.jws.alg()) }
                    .into())
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Takes an assertion whose signature was verified: what it says, and that it comes for the first time.
    pub(crate) async fn accept(
        &self,
        provider: &Provider,
        context: &Context,
        client: &Client,
    ) -> Result<(), FlowError> {
        let issuer = context.realm.issuer.as_str();
        // RFC 9126 §2: at the endpoint for pushed requests its own URL is an audience too.
        let token_endpoint = endpoint::TOKEN.url(issuer);
        let push_endpoint = endpoint::PAR.url(issuer);
        let profile = client.metadata.profile.rules();
        let rules = AssertionRules {
            client_id: &client.id,
            audiences: &[issuer, &token_endpoint, &push_endpoint],
            single_audience: profile.assertion_audience,
            max_age: profile.assertion_lifetime(provider.lifetimes.client_assertion),
            leeway: LEEWAY,
        };
        assertion::check_kind(self.jws.typ(), self.jws.payload())?;
        let id = assertion::check(self.jws.payload(), &rules, context.now)?;
        let digest = Digest::of(format!("{}\n{}\n{}", context.realm.id, client.id, id.jti).as_bytes());
        let first = provider.store.write(move |tx| {
            Box::pin(async move { used_once::first_use(tx, "client_assertion", digest, id.expires_at).await })
        });
        let first: Result<bool, StoreError> = first.await;
        if first? { Ok(()) } else { Err(Cause::AssertionUsed.into()) }
    }
}

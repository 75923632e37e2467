//! L2: the grant types (RFC 6749 §1.3). A grant is one file and one line in `GRANTS`; the token endpoint, discovery
//! and registration read the registry. A grant decides; `flows::token` alone carries the decision out.

mod authorization_code;
mod client_credentials;
mod device_code;
mod refresh_token;

use std::sync::{Arc, LazyLock};

use async_trait::async_trait;

use crate::flows::client::auth::AuthenticatedClient;
use crate::flows::token::issuance::Mint;
pub use crate::flows::token::issuance::{Issuance, RefreshPlan, UserGrant};
use crate::flows::{Context, Lifetimes, Provider};
use signet_crypto::entropy::EntropyError;
use signet_crypto::{PairwiseKey, TokenMac};
use signet_protocol::cause::{Cause, Shown};
use signet_protocol::client::call::CallFacts;
use signet_protocol::error::OAuthError;
use signet_protocol::ids::{FamilyId, UserId};
use signet_protocol::jose::jwk::SigningAlgorithm;
use signet_protocol::params::Params;
use signet_protocol::token::confirmation::Confirmation;
use signet_store::client::resources::Headers;
use signet_store::events::audit::Event;
use signet_store::{StoreError, Tx};

/// The grant types of the token endpoint.
static GRANTS: [&dyn Grant; 4] = [
    &authorization_code::AuthorizationCode,
    &client_credentials::ClientCredentials,
    &refresh_token::Refresh,
    &device_code::DeviceCode,
];

/// The names of the grant types, for discovery and registration.
pub static NAMES: LazyLock<Vec<&'static str>> = LazyLock::new(|| GRANTS.iter().map(|grant| grant.name()).collect());

/// The grant type of this name.
///
/// # Errors
/// `unsupported_grant_type` where there is none (RFC 6749 §5.2).
pub fn named(name: &str) -> Result<&'static dyn Grant, OAuthError> {
    let grant = GRANTS.into_iter().find(|grant| grant.name() == name);
    Ok(grant.ok_or_else(|| Cause::GrantUnsupported { received: Shown::text(name) })?)
}

/// A request at the token endpoint by a client that has authenticated.
pub struct TokenRequest {
    /// The client.
    pub client: AuthenticatedClient,
    /// The form.
    pub params: Params,
    /// The facts of the HTTP request.
    pub facts: CallFacts,
    /// The key that access tokens are bound to.
    pub confirmation: Option<Confirmation>,
    pub context: Context,
    pub lifetimes: Lifetimes,
    /// The keyed hashes of refresh tokens.
    pub mac: TokenMac,
    /// The key of pairwise subjects.
    pub pairwise: Arc<PairwiseKey>,
    /// The headers that resources have chosen for their access tokens.
    pub headers: Arc<Headers>,
    /// The server's algorithm of access tokens.
    pub algorithm: SigningAlgorithm,
}

impl TokenRequest {
    /// Returns the settings and keys to draft access tokens with.
    pub fn mint(&self) -> Mint<'_> {
        Mint {
            lifetime: self.lifetimes.access_token,
            tolerance: self.lifetimes.skew,
            pairwise: &self.pairwise,
            headers: &self.headers,
            algorithm: self.algorithm,
        }
    }
}

/// A grant type. The token endpoint calls [`prepare`](Self::prepare) once, then [`redeem`](Self::redeem) in the
/// transaction, which may be run again.
#[async_trait]
pub trait Grant: Sync {
    /// The value of `grant_type`; discovery uses it too.
    fn name(&self) -> &'static str;

    /// The parameters that the grant reads, beside `grant_type` and those by which clients authenticate.
    fn parameters(&self) -> &'static [&'static str];

    /// The evidence for the decision that needs no transaction or must not be gathered in one: signatures are verified
    /// and keys are fetched here.
    ///
    /// # Errors
    /// [`GrantError::Refused`] for evidence that proves nothing.
    async fn prepare(&self, _provider: &Provider, _request: &TokenRequest) -> Result<Evidence, GrantError> {
        Ok(Evidence::None)
    }

    /// The decision, after a guarded write that consumes what the request presents.
    ///
    /// # Errors
    /// [`GrantError`]; then nothing that was written stays. What must stay is a [`Decision`].
    async fn redeem(&self, request: &TokenRequest, evidence: &Evidence, tx: &mut Tx) -> Result<Decision, GrantError>;
}

/// The outcome of [`Grant::prepare`].
pub enum Evidence {
    /// The transaction alone decides.
    None,
    /// The decision, of a grant that consumes nothing: no transaction is needed.
    Decided(Box<Issuance>),
}

/// The decision about a request. Every variant is committed.
pub enum Decision {
    /// Tokens are issued.
    Issue(Box<Issuance>),
    /// The presented value was used before: its family is revoked (RFC 9700 §4.14.2).
    RevokeFamily {
        family: FamilyId,
        /// The owner of the grant.
        user: UserId,
        /// The event for the audit log.
        event: Event,
    },
    /// The presented value is consumed, and nothing is issued for it.
    Refuse(OAuthError),
}

/// The reason why a grant is not redeemed. Nothing is committed.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// The client receives the cause as its error.
    #[error(transparent)]
    Refused(#[from] OAuthError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system has no random bytes.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

impl From<Cause> for GrantError {
    fn from(cause: Cause) -> Self {
        Self::Refused(cause.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_grant_names_the_parameters_that_it_reads() {
        let rows: [(&str, &[&str]); 4] = [
            // RFC 6749 §4.1.3, RFC 7636 §4.5, RFC 8707 §2.2.
            ("authorization_code", &["code", "redirect_uri", "code_verifier", "resource"]),
            // RFC 6749 §4.4.2, RFC 8707 §2.2.
            ("client_credentials", &["scope", "resource"]),
            // RFC 6749 §6, RFC 8707 §2.2.
            ("refresh_token", &["refresh_token", "scope", "resource"]),
            // RFC 8628 §3.4.
            ("urn:ietf:params:oauth:grant-type:device_code", &["device_code"]),
        ];
        assert_eq!(*NAMES, rows.map(|(name, _)| name));
        for (name, parameters) in rows {
            assert_eq!(named(name).unwrap().parameters(), parameters, "{name}");
        }
    }

    #[test]
    fn no_grant_reads_what_authenticates_the_client() {
        let credentials = ["client_id", "client_secret", "client_assertion", "client_assertion_type", "grant_type"];
        for grant in GRANTS {
            let read = grant.parameters().iter().find(|name| credentials.contains(name));
            assert_eq!(read, None, "{}", grant.name());
        }
    }
}

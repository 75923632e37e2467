//! A request of a client, as read by client authentication and grants: credentials, parameters, and the facts of the
//! HTTP request that proofs cover (RFC 6749 §2.3, RFC 8705 §2, RFC 9449 §4.3,
//! draft-ietf-oauth-attestation-based-client-auth §4).

use super::credentials::{Authorization, BasicCredentials};
use crate::ids::ClientId;
use crate::params::Params;

/// A request of a client that is not authenticated yet.
pub struct ClientCall {
    /// The `Authorization` header, parsed.
    pub authorization: Authorization,
    /// The form parameters, each at most once.
    pub params: Params,
    /// Facts that proofs and certificates are checked against.
    pub facts: CallFacts,
}

/// Facts of a request besides its credentials and parameters. None of them has been verified.
#[derive(Clone, Debug, Default)]
pub struct CallFacts {
    /// The HTTP method, for `htm`.
    pub method: String,
    /// The URL as requested, without query and fragment, for `htu`.
    pub url: String,
    /// The client certificate of the TLS handshake, in DER; `None` as long as handshakes do not request one.
    pub certificate: Option<Box<[u8]>>,
    /// Values of the `DPoP` header. A request with a proof has exactly one.
    pub dpop: Vec<String>,
    /// Values of the `OAuth-Client-Attestation` header.
    pub attestation: Vec<String>,
    /// Values of the `OAuth-Client-Attestation-PoP` header.
    pub attestation_proof: Vec<String>,
}

impl ClientCall {
    /// Returns the client named by HTTP Basic with an empty password.
    pub const fn named_without_secret(&self) -> Option<&ClientId> {
        match &self.authorization {
            Authorization::Basic(BasicCredentials { client_id, secret: None }) => Some(client_id),
            Authorization::Basic(_) | Authorization::None | Authorization::Bearer(_) => None,
        }
    }
}

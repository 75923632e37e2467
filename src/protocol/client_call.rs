//! A request of a client as authentication and grants read it: credentials, parameters, and the facts of the HTTP
//! request that proofs are made over (RFC 6749 §2.3, RFC 8705 §2, RFC 9449 §4.3,
//! draft-ietf-oauth-attestation-based-client-auth §4).

use super::credentials::{Authorization, BasicCredentials};
use super::ids::ClientId;
use super::params::Params;

/// A request of a client that has not been authenticated.
pub struct ClientCall {
    /// The `Authorization` header.
    pub authorization: Authorization,
    /// The parameters of the form.
    pub params: Params,
    /// The facts that proofs and certificates are checked against.
    pub facts: CallFacts,
}

/// The facts of a request beside its credentials and parameters. Nothing here has been verified.
#[derive(Clone, Debug, Default)]
pub struct CallFacts {
    /// The HTTP method, for `htm`.
    pub method: String,
    /// The URL as the caller used it, without query and fragment, for `htu`.
    pub url: String,
    /// The certificate that the client showed in the TLS handshake, in DER; none until handshakes ask for one.
    pub certificate: Option<Box<[u8]>>,
    /// The values of the `DPoP` header. A request with a proof has exactly one.
    pub dpop: Vec<String>,
    /// The values of the `OAuth-Client-Attestation` header.
    pub attestation: Vec<String>,
    /// The values of the `OAuth-Client-Attestation-PoP` header.
    pub attestation_proof: Vec<String>,
}

impl ClientCall {
    /// The client that the header names beside an empty password.
    pub const fn named_without_secret(&self) -> Option<&ClientId> {
        match &self.authorization {
            Authorization::Basic(BasicCredentials { client_id, secret: None }) => Some(client_id),
            Authorization::Basic(_) | Authorization::None | Authorization::Bearer(_) => None,
        }
    }
}

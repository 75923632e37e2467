//! The key to which the access tokens of a token request are bound, decided here for every grant (RFC 8705 §3, RFC 9449
//! §5). A bound token is useless to a thief without the key.

use signet_protocol::client::Client;
use signet_protocol::client::call::CallFacts;
use signet_protocol::token::confirmation::Confirmation;

/// The key to which the access tokens of this request are bound. It is always `None`: no client can register a
/// binding (`dpop_bound_access_tokens`, `tls_client_certificate_bound_access_tokens`), and proofs are not read yet.
pub(crate) const fn confirmation(_facts: &CallFacts, _client: &Client) -> Option<Confirmation> {
    None
}

//! The key that the access tokens of a token request are bound to, decided here for every grant (RFC 8705 §3, RFC 9449
//! §5): a token that is bound is of no use to a thief who lacks the key.

use crate::protocol::client::Client;
use crate::protocol::client_call::CallFacts;
use crate::protocol::confirmation::Confirmation;

/// The key that the access tokens of this request are bound to. It is none for every client: no client can register a
/// binding (`dpop_bound_access_tokens`, `tls_client_certificate_bound_access_tokens`), and proofs are not read yet.
pub(super) const fn confirmation(_facts: &CallFacts, _client: &Client) -> Option<Confirmation> {
    None
}

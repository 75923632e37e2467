//! stub
use super::{Context, FlowError, Provider};
use crate::protocol::client::Client;
use crate::protocol::jwk::PublicJwk;
/// stub
pub async fn signing_keys(
    _provider: &Provider,
    _context: &Context,
    client: &Client,
    alg: &str,
    kid: Option<&str>,
) -> Result<Vec<PublicJwk>, FlowError> {
    Ok(client.assertion_keys(alg, kid))
}

//! Client assertions keyed by the client's secret (RFC 7523 §2.2, OpenID Connect Core §9), for clients that insist: the
//! secret itself has to be kept for them, sealed.

use async_trait::async_trait;

use super::{Method, assertion};
use crate::flows::token::jose;
use crate::flows::{Context, FlowError, Provider};
use signet_protocol::cause::{Cause, Shown};
use signet_protocol::client::call::ClientCall;
use signet_protocol::client::{CLIENT_SECRET_JWT, Client};
use signet_protocol::error::OAuthError;
use signet_protocol::ids::ClientId;

/// The one algorithm of these assertions (RFC 7518 §3.2).
const ALG: &str = "HS256";

/// The method `client_secret_jwt`.
pub struct ClientSecretJwt;

#[async_trait]
impl Method for ClientSecretJwt {
    fn name(&self) -> &'static str {
        CLIENT_SECRET_JWT
    }

    fn claimed(&self, call: &ClientCall) -> Result<Option<ClientId>, OAuthError> {
        let assertion = assertion::presented(call)?.filter(assertion::Assertion::is_symmetric);
        assertion.map(|assertion| assertion.issuer()).transpose()
    }

    async fn verify(
        &self,
        provider: &Provider,
        context: &Context,
        client: &Client,
        call: &ClientCall,
    ) -> Result<(), FlowError> {
        let assertion = assertion::presented(call)?.ok_or(Cause::AssertionMalformed)?;
        assertion.check_algorithm(client)?;
        let jws = &assertion.jws;
        let by = |secret: &zeroize::Zeroizing<Vec<u8>>| {
            signet_crypto::verify_hs256(secret, jws.signing_input(), jws.encoded_signature()).is_ok()
        };
        if jws.alg() != ALG {
            let used = Shown::text(jws.alg());
            return Err(Cause::AssertionAlgorithm { registered: ALG.to_owned(), used }.into());
        }
        if !jose::secrets(provider, context, client)?.any(|secret| by(&secret)) {
            return Err(Cause::AssertionSignature.into());
        }
        assertion.accept(provider, context, client).await
    }
}

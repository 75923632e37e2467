//! The device authorization grant (RFC 8628 §3.4, §3.5): a device polls until its person has decided. Then it holds an
//! authorization code under the digest of its device code, which one guarded write consumes.

use async_trait::async_trait;

use super::{Decision, Evidence, Grant, GrantError, TokenRequest, authorization_code};
use signet_protocol::authorize::request::RESOURCE;
use signet_protocol::cause::Cause;
use signet_protocol::client::DEVICE_CODE;
use signet_protocol::error::OAuthError;
use signet_protocol::secret;
use signet_protocol::token::code::{CodeRecord, Redemption, split_resources};
use signet_protocol::token::device_authorization;
use signet_store::Tx;
use signet_store::token::device_authorizations;

/// The grant type `urn:ietf:params:oauth:grant-type:device_code`.
pub struct DeviceCode;

#[async_trait]
impl Grant for DeviceCode {
    fn name(&self) -> &'static str {
        DEVICE_CODE
    }

    fn parameters(&self) -> &'static [&'static str] {
        &["device_code"]
    }

    /// Commits refusals too, so that the poll is recorded together with the increased interval.
    async fn redeem(&self, request: &TokenRequest, _: &Evidence, tx: &mut Tx) -> Result<Decision, GrantError> {
        let TokenRequest { client, params, context, .. } = request;
        let code = params.require("device_code", "device_code is required.")?;
        let Some(code) = secret::DeviceCode::parse(code).map(|code| code.digest()) else {
            return Err(Cause::DeviceCodeUnknown.into());
        };
        let poll = device_authorizations::poll(tx, &context.realm.id, &client.id, code, context.now).await?;
        let poll = poll.ok_or(Cause::DeviceCodeUnknown)?;
        if let Err(cause) = device_authorization::check(&poll, context.now) {
            return Ok(Decision::Refuse(cause.into()));
        }
        match authorization_code::consume(request, code, tx).await? {
            authorization_code::Consumed::Record(record) => match redemption(request, *record) {
                Ok(redemption) => {
                    let issuance = authorization_code::issuance(request, redemption)?;
                    Ok(Decision::Issue(Box::new(issuance)))
                }
                Err(error) => Ok(Decision::Refuse(error)),
            },
            authorization_code::Consumed::Unusable(decision) => Ok(decision),
        }
    }
}

/// Limits the grant to the scope and resources that the client may still have.
fn redemption(request: &TokenRequest, record: CodeRecord) -> Result<Redemption, OAuthError> {
    let client = &request.client;
    let scope = client.remaining_scope(&record.scope)?;
    let named = record.extensions.get(RESOURCE).map(|kept| split_resources(kept)).unwrap_or_default();
    let resources = client.remaining_resources(named)?;
    Ok(Redemption { granted: resources.clone(), resources, nonce: None, record: CodeRecord { scope, ..record } })
}

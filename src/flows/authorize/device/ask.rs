//! The device authorization endpoint (RFC 8628 §3.1, §3.2).

use serde::Serialize;

use crate::flows::client::auth;
use crate::flows::defense::rates::Class;
use crate::flows::token::issue;
use crate::flows::{Context, FlowError, Provider};
use signet_protocol::cause::Cause;
use signet_protocol::client::DEVICE_CODE;
use signet_protocol::client::call::ClientCall;
use signet_protocol::endpoint;
use signet_protocol::ids::in_order;
use signet_protocol::secret::DeviceCode;
use signet_protocol::token::device_authorization::{DeviceRequest, INTERVAL, LIFETIME, UserCode};
use signet_store::token::device_authorizations::{self, Inserted};

/// Attempts to draw a user code that no other device has.
const DRAWS: u32 = 3;

/// The device authorization response (RFC 8628 §3.2).
#[derive(Serialize)]
pub struct DeviceAuthorization {
    pub device_code: String,
    pub user_code: String,
    pub verification_uri: String,
    /// The page with the code filled in, for a QR code.
    pub verification_uri_complete: String,
    /// Lifetime of both codes in seconds.
    pub expires_in: i64,
    /// Minimum time between two polls in seconds.
    pub interval: i64,
}

/// Authenticates the client and issues a device code and a user code. Refusals are errors of RFC 6749 §5.2.
pub async fn authorize(
    provider: &Provider,
    context: &Context,
    call: ClientCall,
) -> Result<DeviceAuthorization, FlowError> {
    let client = auth::authenticate(provider, context, &call).await?;
    provider.limits.rates.take_of_client(context, Class::Token, &client)?;
    if !client.may_use(DEVICE_CODE) {
        return Err(Cause::GrantNotAllowed { grant: DEVICE_CODE }.into());
    }
    let scope = client.requested_scope(call.params.get("scope"))?;
    let resources = client.resources(call.params.get_all("resource"), &context.realm.issuer)?;
    let headers = provider.view.resource_headers();
    issue::Mint::of(provider, &headers)?.header(context, &client, resources.as_deref().unwrap_or_default())?;
    provider.limits.rates.take_of_address(&context.realm.id, Class::Waiting, context.address(), context.now)?;
    make_room(provider, context).await?;
    let device_code = DeviceCode::from_random(in_order(context.now, context.entropy.bytes()?));
    for _ in 0..DRAWS {
        let user_code = UserCode::from_random(context.entropy.bytes()?);
        let user_code = user_code.ok_or(FlowError::Unavailable("no user code could be drawn".to_owned()))?;
        let request = DeviceRequest {
            client_id: client.id.clone(),
            device: device_code.digest(),
            user_code: user_code.clone(),
            scope: scope.clone(),
            resources: resources.as_ref().map(|resources| resources.join(" ")),
            network: context.region_name(),
            asked_at: context.now,
            expires_at: context.now.plus(LIFETIME),
        };
        if keep(provider, context, request).await? == Inserted::Stored {
            let page = endpoint::DEVICE.url(&context.realm.issuer);
            return Ok(DeviceAuthorization {
                device_code: device_code.expose().to_owned(),
                user_code: user_code.to_string(),
                verification_uri_complete: format!("{page}?user_code={user_code}"),
                verification_uri: page,
                expires_in: LIFETIME.as_secs(),
                interval: INTERVAL.as_secs(),
            });
        }
    }
    Err(FlowError::Unavailable("all user codes that were drawn are taken".to_owned()))
}

async fn keep(provider: &Provider, context: &Context, request: DeviceRequest) -> Result<Inserted, FlowError> {
    let written = provider.store.write_with((context.realm.id.clone(), request), |(realm, request), tx| {
        Box::pin(async move { device_authorizations::insert(tx, realm, request, INTERVAL).await })
    });
    let inserted = written.await?;
    provider.requests.devices.add(&context.realm.id, i64::from(inserted == Inserted::Stored));
    Ok(inserted)
}

/// Evicts authorizations of the networks with the most, if the realm has reached its cap.
async fn make_room(provider: &Provider, context: &Context) -> Result<(), FlowError> {
    let realm = &context.realm.id;
    let trim = |most| {
        provider.store.write_with(realm.clone(), move |realm, tx| {
            Box::pin(async move { device_authorizations::trim(tx, realm, most).await })
        })
    };
    provider.requests.devices.make_room(realm, trim).await
}

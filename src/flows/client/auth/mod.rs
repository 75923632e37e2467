//! L2: client authentication (RFC 6749 §2.3). A method is one file and one line in `METHODS`.
//! A request presents exactly one method, and it is one that the client has registered.

mod assertion;
mod client_secret;
mod client_secret_jwt;
mod none;
mod private_key_jwt;

use std::sync::{Arc, LazyLock};

use async_trait::async_trait;

use crate::flows::{Context, FlowError, Provider};
use signet_protocol::cause::Cause;
use signet_protocol::client::Client;
use signet_protocol::client::call::ClientCall;
use signet_protocol::client::credentials::Authorization;
use signet_protocol::error::OAuthError;
use signet_protocol::ids::ClientId;

/// The authentication methods; `none` last, since any request could be taken for it.
static METHODS: [&dyn Method; 5] = [
    &client_secret::Basic,
    &client_secret::Post,
    &client_secret_jwt::ClientSecretJwt,
    &private_key_jwt::PrivateKeyJwt,
    &none::Public,
];

/// The names of the methods, for discovery and registration.
pub static NAMES: LazyLock<Vec<&'static str>> = LazyLock::new(|| METHODS.iter().map(|method| method.name()).collect());

/// A way to authenticate.
#[async_trait]
pub trait Method: Sync {
    /// The value of `token_endpoint_auth_method`.
    fn name(&self) -> &'static str;

    /// The client that the request claims to be by this method, or nothing where it does not use it.
    ///
    /// # Errors
    /// The error for a request that uses the method wrongly.
    fn claimed(&self, call: &ClientCall) -> Result<Option<ClientId>, OAuthError>;

    /// Verifies the claim; `invalid_client` if it is false.
    async fn verify(
        &self,
        provider: &Provider,
        context: &Context,
        client: &Client,
        call: &ClientCall,
    ) -> Result<(), FlowError>;
}

/// A client that has proven who it is, or a public one that cannot.
#[derive(Clone, Debug)]
pub struct AuthenticatedClient(Arc<Client>);

impl std::ops::Deref for AuthenticatedClient {
    type Target = Arc<Client>;

    fn deref(&self) -> &Arc<Client> {
        &self.0
    }
}

/// Authenticates the client of a request.
///
/// # Errors
/// `invalid_request` where several methods are used at once, else `invalid_client`.
pub async fn authenticate(
    provider: &Provider,
    context: &Context,
    call: &ClientCall,
) -> Result<AuthenticatedClient, FlowError> {
    let (method, client_id) = choose(call).inspect_err(|_| provider.count_client_failure("malformed"))?;
    provider.ensure_current(&context.realm.id).await?;
    let client = provider.view.client(&context.realm.id, &client_id).await?;
    let fail = |reason, cause: Cause| {
        provider.count_client_failure(reason);
        cause
    };
    let client = client.ok_or_else(|| fail("unknown", Cause::ClientUnknown))?;
    if !client.enabled {
        return Err(fail("disabled", Cause::ClientDisabled).into());
    }
    if !client.authenticates_by(method.name()) {
        let registered = client.metadata.token_endpoint_auth_method.clone();
        let cause = Cause::AuthMethod { registered, used: method.name() };
        return Err(fail("method", cause).into());
    }
    let verified = method.verify(provider, context, &client, call).await;
    if let Err(FlowError::Refused(_)) = &verified {
        provider.count_client_failure("credentials");
    }
    verified?;
    tracing::Span::current().record("client_id", client.id.as_str());
    Ok(AuthenticatedClient(client))
}

/// The one method that the request uses, and whom it claims to be.
fn choose(call: &ClientCall) -> Result<(&'static dyn Method, ClientId), OAuthError> {
    if matches!(call.authorization, Authorization::Bearer(_)) {
        return Err(Cause::ClientUnnamed.into());
    }
    let mut chosen: Option<(&'static dyn Method, ClientId)> = None;
    for method in METHODS {
        // A `client_id` in the form is taken for `none` where no other method is used; in the header it is that method.
        if chosen.is_some() && method.name() == none::NAME && call.named_without_secret().is_none() {
            break;
        }
        if let Some(client_id) = method.claimed(call)? {
            if chosen.is_some() {
                return Err(OAuthError::invalid_request("Several client authentication methods are used at once."));
            }
            chosen = Some((method, client_id));
        }
    }
    let (method, client_id) = chosen.ok_or(Cause::ClientUnnamed)?;
    match call.params.get("client_id") {
        Some(named) if named != client_id.as_str() => Err(Cause::ClientDiffers.into()),
        Some(_) | None => Ok((method, client_id)),
    }
}

//! Client secrets: kept as a digest, and sealed beside it where the secret itself is needed (OpenID Connect Core §10.1).

use super::AdminError;
use crate::flows::{Context, FlowError, jose};
use crate::keys::Keyring;
use crate::protocol::client::ClientMetadata;
use crate::protocol::ids::ClientId;
use crate::protocol::secret::ClientSecret;
use crate::store::clients::NewSecret;

/// The least length of a secret that an operator brings.
const MIN_SECRET: usize = 32;

/// Where a client's secret comes from.
pub enum SecretSource {
    /// It is made here and shown once.
    Generated,
    /// The operator brings it.
    Given(ClientSecret),
}

/// The secret as it is stored, and the secret itself where it was made here.
pub(super) fn source(
    context: &Context,
    keys: Option<&Keyring>,
    client: (&ClientId, &ClientMetadata),
    source: SecretSource,
) -> Result<(NewSecret, Option<ClientSecret>), AdminError> {
    match source {
        SecretSource::Given(secret) if secret.expose().len() < MIN_SECRET => Err(AdminError::WeakSecret),
        SecretSource::Given(secret) => Ok((stored(context, keys, client, &secret)?, None)),
        SecretSource::Generated => {
            let secret = ClientSecret::generate(context.entropy.bytes().map_err(FlowError::from)?);
            Ok((stored(context, keys, client, &secret)?, Some(secret)))
        }
    }
}

/// A secret as it is stored for a client with this metadata.
///
/// # Errors
/// [`FlowError::Internal`] where it has to be sealed and cannot be.
pub(in crate::flows) fn stored(
    context: &Context,
    keys: Option<&Keyring>,
    (id, metadata): (&ClientId, &ClientMetadata),
    secret: &ClientSecret,
) -> Result<NewSecret, FlowError> {
    let sealed = match metadata.needs_recoverable_secret() {
        true => {
            let keys = keys.ok_or_else(|| FlowError::Internal("there is no master key to seal with".to_owned()))?;
            Some(keys.seal(secret.expose().as_bytes(), &jose::secret_place(&context.realm.id, id))?)
        }
        false => None,
    };
    Ok(NewSecret { digest: secret.digest(), sealed })
}

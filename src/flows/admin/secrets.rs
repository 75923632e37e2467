//! Client secrets: stored as a digest, and also sealed if the secret itself is needed (OpenID Connect Core §10.1).

use super::AdminError;
use crate::flows::client::registry::{is_short, stored};
use crate::flows::{Context, FlowError};
use crate::keys::Keyring;
use signet_protocol::client::{Client, ClientMetadata, SecretRecord};
use signet_protocol::ids::ClientId;
use signet_protocol::secret::{ClientSecret, Digest};
use signet_protocol::time::Timestamp;
use signet_store::client::clients::NewSecret;

/// The minimum length of a weak secret.
const MIN_WEAK_SECRET: usize = 8;

/// The origin of a client's secret.
pub enum SecretSource {
    /// Generated here, and shown once.
    Generated,
    /// Provided by the operator.
    Given(ClientSecret),
    /// The existing secret of an application, from an operator who accepts that it may be weak.
    Existing(ClientSecret),
}

impl SecretSource {
    /// True if the secret is weaker than those that this server generates or otherwise accepts.
    pub fn is_weak(&self) -> bool {
        matches!(self, Self::Existing(secret) if is_short(secret))
    }
}

/// The secret to store, and its clear text if it was generated here.
pub(crate) fn source(
    context: &Context,
    keys: Option<&Keyring>,
    client: (&ClientId, &ClientMetadata),
    source: SecretSource,
) -> Result<(NewSecret, Option<ClientSecret>), AdminError> {
    match source {
        SecretSource::Given(secret) if is_short(&secret) => Err(AdminError::WeakSecret),
        SecretSource::Existing(secret) => {
            check_weak(&secret, client.1)?;
            Ok((stored(context, keys, client, &secret)?, None))
        }
        SecretSource::Given(secret) => Ok((stored(context, keys, client, &secret)?, None)),
        SecretSource::Generated => {
            let secret = ClientSecret::generate(context.entropy.bytes().map_err(FlowError::from)?);
            Ok((stored(context, keys, client, &secret)?, Some(secret)))
        }
    }
}

/// Validates a secret that may be weak. An attacker who reads the database can guess it from its digest, and it is too
/// short a key for HS256 (RFC 7518 §3.2).
fn check_weak(secret: &ClientSecret, metadata: &ClientMetadata) -> Result<(), AdminError> {
    if !is_short(secret) {
        return Ok(());
    }
    if metadata.profile.is_strict() {
        return Err(AdminError::WeakSecretOfStrictProfile(metadata.profile.rules().name));
    }
    if metadata.needs_recoverable_secret() {
        return Err(AdminError::WeakKey);
    }
    if secret.expose().len() < MIN_WEAK_SECRET { Err(AdminError::ShortSecret) } else { Ok(()) }
}

/// The effect of new metadata on a client's secrets.
pub(crate) enum SecretChange {
    /// A stored secret matches the metadata and is kept.
    Keep(Digest),
    /// The client no longer has a secret.
    Drop,
    /// Only this one works from now on (RFC 7592 §2.2).
    New(NewSecret),
}

/// A change of secrets, with the generated secret.
pub(crate) struct PlannedSecret {
    pub change: SecretChange,
    pub made: Option<ClientSecret>,
}

impl PlannedSecret {
    /// Plans the change of secrets of a client that gets this metadata.
    pub fn of(
        context: &Context,
        keys: Option<&Keyring>,
        client: &Client,
        next: &ClientMetadata,
    ) -> Result<Self, FlowError> {
        if !next.has_secret() {
            return Ok(Self { change: SecretChange::Drop, made: None });
        }
        if let Some(kept) = fit_secret(client, next, context.now) {
            return Ok(Self { change: SecretChange::Keep(kept), made: None });
        }
        let made = ClientSecret::generate(context.entropy.bytes()?);
        let new = stored(context, keys, (&client.id, next), &made)?;
        Ok(Self { change: SecretChange::New(new), made: Some(made) })
    }
}

/// The stored secret of the client that matches its new metadata, if any.
fn fit_secret(client: &Client, metadata: &ClientMetadata, now: Timestamp) -> Option<Digest> {
    let fits = |sealed: &Option<Vec<u8>>| sealed.is_some() || !metadata.needs_recoverable_secret();
    let fit = |secret: &&SecretRecord| secret.expires_at.is_none_or(|end| now < end) && fits(&secret.sealed);
    client.secrets.iter().find(fit).map(|secret| secret.digest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flows::client::registry::MIN_SECRET;
    use signet_protocol::client::profile::Profile;

    #[test]
    fn a_strict_profile_takes_no_weak_secret() {
        let weak = ClientSecret::parse("12345678").unwrap();
        let strong = ClientSecret::parse(&"x".repeat(MIN_SECRET)).unwrap();
        for profile in Profile::TABLE {
            let metadata = ClientMetadata { profile, ..ClientMetadata::default() };
            assert_eq!(check_weak(&weak, &metadata).is_err(), profile.is_strict(), "{profile:?}");
            assert!(check_weak(&strong, &metadata).is_ok(), "{profile:?}");
        }
    }
}

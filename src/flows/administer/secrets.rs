//! Client secrets: kept as a digest, and sealed beside it where the secret itself is needed (OpenID Connect Core §10.1).

use super::AdminError;
use crate::flows::{Context, FlowError, jose};
use crate::keys::Keyring;
use crate::protocol::client::{Client, ClientMetadata, SecretRecord};
use crate::protocol::ids::ClientId;
use crate::protocol::secret::{ClientSecret, Digest};
use crate::protocol::time::Timestamp;
use crate::store::clients::NewSecret;

/// The least length of a secret that an operator brings.
const MIN_SECRET: usize = 32;
/// The minimum length of a weak secret.
const MIN_WEAK_SECRET: usize = 8;

/// True if an attacker who reads the database could guess the secret from its digest.
fn is_short(secret: &ClientSecret) -> bool {
    secret.expose().len() < MIN_SECRET
}

/// The origin of a client's secret.
pub enum SecretSource {
    /// It is made here and shown once.
    Generated,
    /// The operator brings it.
    Given(ClientSecret),
    /// The existing secret of an application, from an operator who accepts that it may be weak.
    Existing(ClientSecret),
}

impl SecretSource {
    /// True if the secret is weaker than any that this server makes or otherwise accepts.
    pub fn is_weak(&self) -> bool {
        matches!(self, Self::Existing(secret) if is_short(secret))
    }
}

/// The secret as it is stored, and the secret itself where it was made here.
pub(super) fn source(
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

/// Checks a secret that may be weak. An attacker who reads the database can guess it from its digest, and it is too
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
    Ok(NewSecret { digest: secret.digest(), sealed, is_weak: is_short(secret) })
}

/// The effect of other metadata on a client's secrets.
pub(in crate::flows) enum SecretChange {
    /// A stored secret fits the metadata and is kept.
    Keep(Digest),
    /// The client no longer has one.
    Drop,
    /// Only this one works from now on (RFC 7592 §2.2).
    New(NewSecret),
}

/// A change of secrets, and the secret that was made for it.
pub(in crate::flows) struct PlannedSecret {
    pub change: SecretChange,
    pub made: Option<ClientSecret>,
}

impl PlannedSecret {
    /// Plans the change of secrets of a client that gets this metadata.
    ///
    /// # Errors
    /// [`FlowError::Internal`] if a secret cannot be sealed.
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

/// The stored secret of the client that fits its new metadata, if there is one.
fn fit_secret(client: &Client, metadata: &ClientMetadata, now: Timestamp) -> Option<Digest> {
    let fits = |sealed: &Option<Vec<u8>>| sealed.is_some() || !metadata.needs_recoverable_secret();
    let fit = |secret: &&SecretRecord| secret.expires_at.is_none_or(|end| now < end) && fits(&secret.sealed);
    client.secrets.iter().find(fit).map(|secret| secret.digest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::profile::Profile;

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

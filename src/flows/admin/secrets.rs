//! Client secrets: stored as a digest, and also sealed if the secret itself is needed (OpenID Connect Core §10.1).

use super::error::{Kind, RoomError};
use crate::flows::client::registry::{SecretOwner, is_short, stored};
use crate::flows::{Context, FlowError};
use crate::keys::Keyring;
use signet_protocol::client::{Client, ClientMetadata, SecretRecord};
use signet_protocol::secret::{ClientSecret, Digest};
use signet_protocol::time::Timestamp;
use signet_store::client::clients::NewSecret;

/// The minimum length of a weak secret.
const MIN_WEAK_SECRET: usize = 8;

/// The reason why a secret is refused.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The client's authentication method uses no secret.
    #[error("a client that authenticates with {0} has no secret")]
    Unused(String),
    #[error(
        "the secret must have 32 to 512 visible ASCII characters; --allow-weak-secret takes a shorter one that an \
         application has already"
    )]
    Weak,
    /// The secret is too short even for a weak one.
    #[error("a weak secret must have 8 visible ASCII characters or more")]
    Short,
    #[error("a client of the profile {0} cannot have a weak secret")]
    WeakInStrictProfile(&'static str),
    /// A weak secret would be used to sign.
    #[error("a secret that signs (client_secret_jwt, HS256) must have 32 characters or more")]
    WeakKey,
    #[error(transparent)]
    Flow(#[from] FlowError),
}

impl RoomError for SecretError {
    fn kind(&self) -> Kind<'_> {
        match self {
            Self::Unused(_) | Self::Weak | Self::Short | Self::WeakInStrictProfile(_) | Self::WeakKey => Kind::Invalid,
            Self::Flow(error) => Kind::Failed(error),
        }
    }
}

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

/// A secret to store, with its clear text if it was generated here.
pub(super) struct PreparedSecret {
    pub stored: NewSecret,
    pub made: Option<ClientSecret>,
}

impl PreparedSecret {
    /// Validates or generates the secret of a client.
    pub fn of(
        context: &Context,
        keys: Option<&Keyring>,
        owner: SecretOwner<'_>,
        source: SecretSource,
    ) -> Result<Self, SecretError> {
        let given = match source {
            SecretSource::Generated => {
                let secret = ClientSecret::generate(context.entropy.bytes().map_err(FlowError::from)?);
                let stored = stored(context, keys, owner, &secret)?;
                return Ok(Self { stored, made: Some(secret) });
            }
            SecretSource::Given(secret) if is_short(&secret) => return Err(SecretError::Weak),
            SecretSource::Given(secret) => secret,
            SecretSource::Existing(secret) => {
                check_weak(&secret, owner.metadata)?;
                secret
            }
        };
        Ok(Self { stored: stored(context, keys, owner, &given)?, made: None })
    }
}

/// Validates a secret that may be weak. An attacker who reads the database can guess it from its digest, and it is too
/// short a key for HS256 (RFC 7518 §3.2).
fn check_weak(secret: &ClientSecret, metadata: &ClientMetadata) -> Result<(), SecretError> {
    if !is_short(secret) {
        return Ok(());
    }
    if metadata.profile.is_strict() {
        return Err(SecretError::WeakInStrictProfile(metadata.profile.rules().name));
    }
    if metadata.needs_recoverable_secret() {
        return Err(SecretError::WeakKey);
    }
    if secret.expose().len() < MIN_WEAK_SECRET { Err(SecretError::Short) } else { Ok(()) }
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
        let owner = SecretOwner { id: &client.id, metadata: next };
        let new = stored(context, keys, owner, &made)?;
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

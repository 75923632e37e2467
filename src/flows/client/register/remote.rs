//! Documents that a registration refers to and this server fetches: the sector identifier document, which is required
//! (OpenID Connect Registration §5), and the logo, which is optional.

use futures_util::future::join;

use super::{RegisterError, budget};
use crate::flows::{Context, Provider};
use signet_protocol::client::ClientMetadata;
use signet_protocol::client::logo::LogoType;
use signet_protocol::client::registration;
use signet_protocol::error::OAuthError;
use signet_store::client::logos::Logo;

/// Fetches both documents concurrently. A logo that cannot be fetched is ignored.
///
/// # Errors
/// `invalid_client_metadata` if the sector document cannot be fetched, or does not list the redirect URIs.
pub(crate) async fn visit(
    provider: &Provider,
    context: &Context,
    metadata: &ClientMetadata,
) -> Result<Option<Logo>, RegisterError> {
    count(provider, context, metadata).await?;
    let (sector, logo) = join(sector(provider, metadata), logo(provider, metadata)).await;
    sector?;
    Ok(logo)
}

/// Counts the fetches of a registration in advance, whether or not it succeeds, so that strangers cannot make this
/// server send requests without limit.
///
/// # Errors
/// [`RegisterError::TooMany`] if the fetches of the hour are used up.
pub(crate) async fn count(
    provider: &Provider,
    context: &Context,
    metadata: &ClientMetadata,
) -> Result<(), RegisterError> {
    let fetches_logo = metadata.logo_uri.is_some() && provider.clients.registration.settings.fetch_logos;
    if metadata.sector_identifier_uri.is_none() && !fetches_logo {
        return Ok(());
    }
    let purpose = format!("registration-visit:{}", context.realm.id);
    budget::spend(provider, context, purpose, provider.clients.registration.settings.per_hour.into()).await
}

/// Validates the sector document, if the metadata names one. All failures get the same answer, so that it reveals
/// nothing about this server's network.
///
/// # Errors
/// `invalid_client_metadata`
pub(crate) async fn sector(provider: &Provider, metadata: &ClientMetadata) -> Result<(), OAuthError> {
    let Some(uri) = &metadata.sector_identifier_uri else { return Ok(()) };
    match provider.outbound.strangers.get(uri, &["application/json"]).await {
        Ok(fetched) => registration::check_sector(&fetched.body, metadata),
        Err(error) => {
            tracing::info!(%error, "could not fetch a sector identifier document");
            Err(registration::WRONG_SECTOR)
        }
    }
}

/// The logo, if logos are fetched; failures are ignored.
pub(crate) async fn logo(provider: &Provider, metadata: &ClientMetadata) -> Option<Logo> {
    let uri = metadata.logo_uri.as_ref().filter(|_| provider.clients.registration.settings.fetch_logos)?;
    match provider.outbound.strangers.get(uri, &LogoType::ALL.map(LogoType::media_type)).await {
        Ok(fetched) => LogoType::of(&fetched.body).ok().map(|kind| Logo { kind, image: fetched.body }),
        Err(error) => {
            tracing::info!(%error, "could not fetch a logo");
            None
        }
    }
}

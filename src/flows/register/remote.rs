//! What a client that registers has put elsewhere and this server fetches: the document of its sector, which must be had
//! (OpenID Connect Registration §5), and its logo, without which it goes too.

use futures_util::future::join;

use super::{RegisterError, budget};
use crate::flows::{Context, Provider};
use crate::protocol::client::ClientMetadata;
use crate::protocol::error::OAuthError;
use crate::protocol::logo::LogoType;
use crate::protocol::registration;
use crate::store::logos::Logo;

/// Fetches what the metadata names, both at once; the logo, if it is to be had.
///
/// # Errors
/// `invalid_client_metadata` where the document of the sector cannot be had, or does not name the redirect URIs.
pub(super) async fn visit(
    provider: &Provider,
    context: &Context,
    metadata: &ClientMetadata,
) -> Result<Option<Logo>, RegisterError> {
    count(provider, context, metadata).await?;
    let (sector, logo) = join(sector(provider, metadata), logo(provider, metadata)).await;
    sector?;
    Ok(logo)
}

/// Counts what is about to be fetched, whether or not a client comes of it, so that nobody can make this server call
/// others without end.
///
/// # Errors
/// [`RegisterError::TooMany`] where enough has been fetched within the hour.
pub(super) async fn count(
    provider: &Provider,
    context: &Context,
    metadata: &ClientMetadata,
) -> Result<(), RegisterError> {
    let fetches_logo = metadata.logo_uri.is_some() && provider.registration.settings.fetch_logos;
    if metadata.sector_identifier_uri.is_none() && !fetches_logo {
        return Ok(());
    }
    let purpose = format!("registration-visit:{}", context.realm.id);
    budget::spend(provider, context, purpose, provider.registration.settings.per_hour.into()).await
}

/// Checks the document of the sector, if the metadata names one. There is one answer to every failure, so that nobody
/// learns from it what there is in this server's network.
///
/// # Errors
/// `invalid_client_metadata`
pub(super) async fn sector(provider: &Provider, metadata: &ClientMetadata) -> Result<(), OAuthError> {
    let Some(uri) = &metadata.sector_identifier_uri else { return Ok(()) };
    match provider.stranger_fetcher.get(uri, &["application/json"]).await {
        Ok(fetched) => registration::check_sector(&fetched.body, metadata),
        Err(error) => {
            tracing::info!(%error, "the document of a sector could not be had");
            Err(registration::WRONG_SECTOR)
        }
    }
}

/// The logo, where logos are fetched; a failure is not the client's concern.
pub(super) async fn logo(provider: &Provider, metadata: &ClientMetadata) -> Option<Logo> {
    let uri = metadata.logo_uri.as_ref().filter(|_| provider.registration.settings.fetch_logos)?;
    match provider.stranger_fetcher.get(uri, &LogoType::ALL.map(LogoType::media_type)).await {
        Ok(fetched) => LogoType::of(&fetched.body).ok().map(|kind| Logo { kind, image: fetched.body }),
        Err(error) => {
            tracing::info!(%error, "a logo could not be had");
            None
        }
    }
}

//! What a client that registers has put elsewhere and this server fetches: the document of its sector, which must be had
//! (OpenID Connect Registration §5), and its logo, without which it goes too.

use futures_util::future::join;

use super::{HOUR, RegisterError};
use crate::flows::{Context, Provider};
use crate::protocol::client::ClientMetadata;
use crate::protocol::error::OAuthError;
use crate::protocol::logo::LogoType;
use crate::protocol::registration;
use crate::protocol::secret::Digest;
use crate::store::logos::Logo;
use crate::store::{row_locks, used_once};

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
    let (most, now) = (i64::from(provider.registration.settings.per_hour), context.now);
    let realm = context.realm.id.clone();
    let visit = context.entropy.bytes::<32>()?;
    let counted = provider.store.write(move |tx| {
        let realm = realm.clone();
        Box::pin(async move {
            let purpose = format!("registration-visit:{realm}");
            row_locks::realm(tx, &realm).await?;
            let (lately, first_ends) = used_once::count_live(tx, &purpose, now).await?;
            if lately >= most {
                return Err(RegisterError::TooMany(first_ends.map_or(HOUR, |end| end.since(now))));
            }
            used_once::first_use(tx, &purpose, Digest::of(&visit), now.plus(HOUR)).await?;
            Ok(())
        })
    });
    counted.await
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

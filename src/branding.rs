//! L1: the appearance of pages as prepared when the server starts: the style sheet with the accent colors, and the logo,
//! both under names that contain their hash.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::config;
use signet_protocol::branding::Color;
use signet_protocol::client::logo::{LogoError, LogoType};
use signet_protocol::secret::Digest;

/// The style sheet of every page.
pub const STYLE: &str = include_str!("../templates/assets/signet.css");

/// A file for browsers, which never changes under its name.
#[derive(Clone, Debug)]
pub struct Asset {
    pub name: String,
    pub media_type: &'static str,
    pub bytes: Vec<u8>,
}

/// The appearance of a realm's pages.
#[derive(Clone, Debug)]
pub struct Branding {
    pub settings: config::Branding,
    pub style: Asset,
    pub logo: Option<Asset>,
}

/// The reason why the logo cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BrandingError {
    #[error("branding.logo: {} cannot be read: {reason}", path.display())]
    Unreadable { path: PathBuf, reason: String },
    #[error("branding.logo: {reason}")]
    Logo { reason: LogoError },
}

impl Branding {
    /// Reads the logo and prepares the style sheet.
    pub fn load(settings: &config::Branding) -> Result<Self, BrandingError> {
        let logo = settings.logo.as_deref().map(read_logo).transpose()?;
        let css = format!("{STYLE}{}", accents(settings));
        let style = Asset::new("signet", "css", "text/css; charset=utf-8", css.into_bytes());
        Ok(Self { settings: settings.clone(), style, logo })
    }

    /// The asset of this name.
    pub fn asset(&self, name: &str) -> Option<&Asset> {
        std::iter::once(&self.style).chain(&self.logo).find(|asset| asset.name == name)
    }
}

impl Asset {
    fn new(stem: &str, ending: &str, media_type: &'static str, bytes: Vec<u8>) -> Self {
        let digest = Digest::of(&bytes);
        let hash: String = digest.as_bytes().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        Self { name: format!("{stem}-{hash}.{ending}"), media_type, bytes }
    }
}

fn read_logo(path: &Path) -> Result<Asset, BrandingError> {
    let unreadable =
        |error: std::io::Error| BrandingError::Unreadable { path: path.to_owned(), reason: error.to_string() };
    let bytes = std::fs::read(path).map_err(unreadable)?;
    let kind = LogoType::of(&bytes).map_err(|reason| BrandingError::Logo { reason })?;
    let ending = match kind {
        LogoType::Png => "png",
        LogoType::Jpeg => "jpg",
        LogoType::Webp => "webp",
    };
    Ok(Asset::new("logo", ending, kind.media_type(), bytes))
}

/// The rules that replace the colors of the style sheet. Text on the accent is black or white.
fn accents(settings: &config::Branding) -> String {
    let mut css = String::new();
    let rule = |accent: Color| {
        format!(":root {{ --accent: {accent}; --accent-strong: {accent}; --on-accent: {}; }}", accent.readable())
    };
    // Writing to a string cannot fail.
    if let Some(accent) = settings.accent_light {
        let ink = accent.readable();
        let _ = writeln!(css, "\n@media not (prefers-color-scheme: dark) {{ {} }}", rule(accent));
        let cover = format!("--cover: {accent}; --cover-ink: {ink}; --cover-quiet: {ink}; --brass: {ink}");
        let _ = writeln!(css, ":root {{ {cover}; --brass-line: {ink}; }}");
    }
    if let Some(accent) = settings.accent_dark {
        let _ = writeln!(css, "\n@media (prefers-color-scheme: dark) {{ {} }}", rule(accent));
    }
    css
}

#[cfg(test)]
mod tests {
    use super::*;
    use signet_protocol::branding::{Scheme, TEXT_CONTRAST, check_accent};

    fn variable(block: &str, name: &str) -> Color {
        let value = block.split(&format!("--{name}: ")).nth(1).unwrap();
        Color::parse(value.split(';').next().unwrap()).unwrap()
    }

    #[test]
    fn the_rules_know_the_colors_of_the_style_sheet() {
        let (light, dark) = STYLE.split_once("@media (prefers-color-scheme: dark)").unwrap();
        for (block, scheme) in [(light, Scheme::Light), (dark, Scheme::Dark)] {
            let grounds = ["sheet", "tint", "ground"].map(|name| variable(block, name));
            assert_eq!(scheme.grounds().map(|(_, color)| color), grounds, "{scheme:?}");
            let accent = variable(block, "accent");
            assert_eq!(check_accent(accent, scheme), Ok(()));
            assert!(accent.contrast(variable(block, "on-accent")) >= TEXT_CONTRAST);
        }
    }

    #[test]
    fn accents_change_the_style_sheet_and_its_name() {
        let plain = Branding::load(&config::Branding::default()).unwrap();
        assert_eq!(plain.style.bytes, STYLE.as_bytes());
        let settings = config::Branding {
            accent_light: Color::parse("#7a1f5c"),
            accent_dark: Color::parse("#f0b0d8"),
            ..config::Branding::default()
        };
        let branded = Branding::load(&settings).unwrap();
        assert_ne!(branded.style.name, plain.style.name);
        let css = String::from_utf8(branded.style.bytes).unwrap();
        assert!(css.contains("--accent: #7a1f5c; --accent-strong: #7a1f5c; --on-accent: #ffffff;"), "{css}");
        assert!(css.contains("--accent: #f0b0d8; --accent-strong: #f0b0d8; --on-accent: #000000;"), "{css}");
    }

    #[test]
    fn a_logo_is_an_image_of_a_known_type() {
        let folder = tempfile::tempdir().unwrap();
        let load = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            Branding::load(&config::Branding { logo: Some(path), ..config::Branding::default() })
        };
        let png = load("logo.svg", b"\x89PNG\r\n\x1a\n....").unwrap().logo.unwrap();
        assert!(png.name.starts_with("logo-") && png.name.ends_with(".png") && png.media_type == "image/png");
        let svg = load("logo.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>").unwrap_err().to_string();
        assert_eq!(svg, "branding.logo: a logo must be a PNG, JPEG or WebP picture");
        assert!(load("large.png", &[&b"\x89PNG\r\n\x1a\n"[..], &[0; 70_000]].concat()).is_err());
        let missing = config::Branding { logo: Some(folder.path().join("none")), ..config::Branding::default() };
        assert!(Branding::load(&missing).unwrap_err().to_string().contains("branding.logo: "));
    }
}

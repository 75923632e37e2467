//! The appearance that operators choose for pages: colors, with the contrast that WCAG 2.2 §1.4.3 and §1.4.11 ask for
//! (W3C Recommendation).

use std::fmt;

use serde::{Serialize, Serializer};

/// The contrast of text and its ground, at least (WCAG 2.2 §1.4.3, level AA).
pub const TEXT_CONTRAST: f64 = 4.5;

/// An opaque color in sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color {
    red: u8,
    green: u8,
    blue: u8,
}

impl Color {
    pub const WHITE: Self = Self { red: 0xff, green: 0xff, blue: 0xff };
    pub const BLACK: Self = Self { red: 0, green: 0, blue: 0 };

    /// Parses six hexadecimal digits after `#`, and nothing else, so that a color cannot contain other CSS.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let value = u32::from_str_radix(digits, 16).ok()?;
        let [_, red, green, blue] = value.to_be_bytes();
        Some(Self { red, green, blue })
    }

    /// Returns the contrast with another color, from 1 to 21.
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// Returns black or white, whichever has the greater contrast.
    pub fn readable(self) -> Self {
        if self.contrast(Self::WHITE) >= self.contrast(Self::BLACK) { Self::WHITE } else { Self::BLACK }
    }

    /// Returns the relative luminance, from 0 to 1.
    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.red) + 0.7152 * linear(self.green) + 0.0722 * linear(self.blue)
    }
}

impl fmt::Display for Color {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

impl Serialize for Color {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The color scheme of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    Light,
    Dark,
}

impl Scheme {
    /// The grounds on which the accent is used as text: sheet, tinted notice, and page, as in the style sheet.
    pub fn grounds(self) -> [(&'static str, Color); 3] {
        let color = |red, green, blue| Color { red, green, blue };
        match self {
            Self::Light => [
                ("the sheet", color(0xfd, 0xfe, 0xfd)),
                ("a notice", color(0xee, 0xf3, 0xef)),
                ("the page", color(0xe6, 0xea, 0xe6)),
            ],
            Self::Dark => [
                ("the sheet", color(0x16, 0x1d, 0x1a)),
                ("a notice", color(0x1d, 0x27, 0x23)),
                ("the page", color(0x0c, 0x11, 0x0f)),
            ],
        }
    }
}

/// An accent that people could not read.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("has a contrast of {ratio:.2} to {ground} ({color}), and needs {TEXT_CONTRAST}")]
pub struct LowContrast {
    pub ratio: f64,
    pub ground: &'static str,
    pub color: Color,
}

/// Checks an accent as text on every ground of its scheme. Text on a button of this color is black or white, one of
/// which always suffices.
pub fn check_accent(accent: Color, scheme: Scheme) -> Result<(), LowContrast> {
    let grounds = scheme.grounds().into_iter();
    let ratios = grounds.map(|(ground, color)| LowContrast { ratio: accent.contrast(color), ground, color });
    match ratios.min_by(|one, two| one.ratio.total_cmp(&two.ratio)) {
        Some(lowest) if lowest.ratio < TEXT_CONTRAST => Err(lowest),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn color(text: &str) -> Color {
        Color::parse(text).unwrap()
    }

    #[test]
    fn a_color_is_six_hexadecimal_digits() {
        for good in ["#000000", "#12493f", "#FFFFFF"] {
            assert_eq!(color(good).to_string(), good.to_ascii_lowercase());
        }
        for bad in ["", "#", "#fff", "red", "12493f", "#12493", "#12493f0", "#+12345", "#12493g", "#12493f;}", "#é1234"]
        {
            assert_eq!(Color::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_contrast_is_that_of_the_recommendation() {
        let rows = [
            ("#000000", "#ffffff", 21.0),
            ("#ffffff", "#ffffff", 1.0),
            ("#777777", "#ffffff", 4.48),
            ("#767676", "#ffffff", 4.54),
            ("#0000ff", "#ffffff", 8.59),
            ("#ff0000", "#000000", 5.25),
        ];
        for (one, two, expected) in rows {
            let found = color(one).contrast(color(two));
            assert!((found - expected).abs() < 0.01, "{one} {two}: {found}");
            assert!((found - color(two).contrast(color(one))).abs() < f64::EPSILON, "in either order");
        }
    }

    #[test]
    fn an_accent_must_be_readable_on_every_ground() {
        let rows = [
            ("#12493f", Scheme::Light, true),
            ("#96d0bb", Scheme::Dark, true),
            ("#96d0bb", Scheme::Light, false),
            ("#12493f", Scheme::Dark, false),
            // Enough on the sheet, too little on the page.
            ("#727272", Scheme::Light, false),
            ("#000000", Scheme::Light, true),
            ("#ffffff", Scheme::Dark, true),
        ];
        for (accent, scheme, expected) in rows {
            assert_eq!(check_accent(color(accent), scheme).is_ok(), expected, "{accent} {scheme:?}");
        }
        let refused = check_accent(color("#96d0bb"), Scheme::Light).unwrap_err().to_string();
        assert!(refused.starts_with("has a contrast of 1.4") && refused.contains("the page (#e6eae6)"), "{refused}");
    }

    #[test]
    fn black_or_white_is_readable_on_every_color() {
        for red in (0..=255).step_by(15) {
            for green in (0..=255).step_by(15) {
                for blue in (0..=255).step_by(15) {
                    let ground = Color { red, green, blue };
                    assert!(ground.contrast(ground.readable()) >= TEXT_CONTRAST, "{ground}");
                }
            }
        }
    }
}

//! Client logos: small images whose type is detected from their first bytes, never from a declared type (PNG: RFC 2083
//! §3.1; WebP: RFC 9649 §2.4; JPEG: ITU-T T.81 §B.2). They are stored and served without decoding.

/// The maximum size of a logo, in bytes.
pub const MAX_LOGO: usize = 65_536;

/// The accepted image types. SVG is excluded because it can contain scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogoType {
    Png,
    Jpeg,
    Webp,
}

/// The reason why an image is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogoError {
    #[error("a logo must have at most 64 KB")]
    TooLarge,
    #[error("a logo must be a PNG, JPEG or WebP picture")]
    Kind,
}

impl LogoType {
    pub const ALL: [Self; 3] = [Self::Png, Self::Jpeg, Self::Webp];

    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
        }
    }

    /// Detects the type of an image.
    pub fn of(image: &[u8]) -> Result<Self, LogoError> {
        if image.len() > MAX_LOGO {
            return Err(LogoError::TooLarge);
        }
        match image {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', _, ..] => Ok(Self::Png),
            [0xff, 0xd8, 0xff, _, ..] => Ok(Self::Jpeg),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', _, ..] => Ok(Self::Webp),
            _ => Err(LogoError::Kind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_determine_the_type() {
        let rows: [(&str, Vec<u8>, Result<LogoType, LogoError>); 10] = [
            ("PNG", b"\x89PNG\r\n\x1a\n....".to_vec(), Ok(LogoType::Png)),
            ("JPEG", b"\xff\xd8\xff\xe0....".to_vec(), Ok(LogoType::Jpeg)),
            ("WebP", b"RIFF\x10\0\0\0WEBPVP8 ".to_vec(), Ok(LogoType::Webp)),
            ("nothing", Vec::new(), Err(LogoError::Kind)),
            ("the signature alone", b"\x89PNG\r\n\x1a\n".to_vec(), Err(LogoError::Kind)),
            ("SVG", b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), Err(LogoError::Kind)),
            ("HTML", b"<!doctype html><script>".to_vec(), Err(LogoError::Kind)),
            ("GIF", b"GIF89a....".to_vec(), Err(LogoError::Kind)),
            ("another RIFF", b"RIFF\x10\0\0\0WAVEfmt ".to_vec(), Err(LogoError::Kind)),
            ("too large", [b"\x89PNG\r\n\x1a\n".as_slice(), &[0; MAX_LOGO]].concat(), Err(LogoError::TooLarge)),
        ];
        for (rule, bytes, expected) in rows {
            assert_eq!(LogoType::of(&bytes), expected, "{rule}");
        }
    }
}

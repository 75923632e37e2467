//! The stored form of a foreign hash: `$kept$SCHEME$PARAMETERS$SALT$OUTPUT`, or `$wrapped$SCHEME$PARAMETERS$SALT$LENGTH`
//! and the PHC string of an argon2id hash of an output of this length. Salt and output are base64url.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{DigestName, ForeignHash, SaltPlace, Scheme};

const KEPT: &str = "$kept$";
const WRAPPED: &str = "$wrapped$";

/// A stored hash that is no argon2 hash of the password itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredForeign {
    Kept(ForeignHash),
    Wrapped {
        scheme: Scheme,
        salt: Vec<u8>,
        /// The length of the scheme's output, in bytes.
        length: usize,
        /// The argon2id hash of the scheme's output, as a PHC string.
        outer: String,
    },
}

impl StoredForeign {
    /// Parses a stored hash; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(rest) = text.strip_prefix(KEPT) {
            let parts: Vec<&str> = rest.split('$').collect();
            let [name, parameters, salt, output] = parts.as_slice() else { return None };
            let scheme = scheme(name, parameters)?;
            return Some(Self::Kept(ForeignHash { scheme, salt: decode(salt)?, output: decode(output)? }));
        }
        let mut parts = text.strip_prefix(WRAPPED)?.splitn(5, '$');
        let scheme = scheme(parts.next()?, parts.next()?)?;
        let salt = decode(parts.next()?)?;
        let length = parts.next()?.parse().ok()?;
        Some(Self::Wrapped { scheme, salt, length, outer: format!("${}", parts.next()?) })
    }

    /// Returns the text to store.
    pub fn to_text(&self) -> String {
        match self {
            Self::Kept(ForeignHash { scheme, salt, output }) => {
                format!("{KEPT}{}${}${}", name(*scheme), URL_SAFE_NO_PAD.encode(salt), URL_SAFE_NO_PAD.encode(output))
            }
            Self::Wrapped { scheme, salt, length, outer } => {
                format!("{WRAPPED}{}${}${length}{outer}", name(*scheme), URL_SAFE_NO_PAD.encode(salt))
            }
        }
    }

    pub const fn scheme(&self) -> Scheme {
        match self {
            Self::Kept(hash) => hash.scheme,
            Self::Wrapped { scheme, .. } => *scheme,
        }
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

const fn digest_name(digest: DigestName) -> &'static str {
    match digest {
        DigestName::Md5 => "md5",
        DigestName::Sha1 => "sha1",
        DigestName::Sha256 => "sha256",
        DigestName::Sha512 => "sha512",
    }
}

fn digest(name: &str) -> Option<DigestName> {
    let all = [DigestName::Md5, DigestName::Sha1, DigestName::Sha256, DigestName::Sha512];
    all.into_iter().find(|digest| digest_name(*digest) == name)
}

/// The name and the parameters of a scheme.
fn name(scheme: Scheme) -> String {
    match scheme {
        Scheme::Bcrypt { cost } => format!("bcrypt${cost}"),
        Scheme::Pbkdf2 { digest, iterations } => format!("pbkdf2-{}${iterations}", digest_name(digest)),
        Scheme::Scrypt { log_n, r, p } => format!("scrypt${log_n},{r},{p}"),
        Scheme::ShaCrypt { digest, rounds } => format!("crypt-{}${rounds}", digest_name(digest)),
        Scheme::Salted { digest, salt: SaltPlace::First } => format!("{}$first", digest_name(digest)),
        Scheme::Salted { digest, salt: SaltPlace::Last } => format!("{}$last", digest_name(digest)),
    }
}

fn scheme(name: &str, parameters: &str) -> Option<Scheme> {
    match (name.split_once('-'), name) {
        (Some(("pbkdf2", of)), _) => Some(Scheme::Pbkdf2 { digest: digest(of)?, iterations: parameters.parse().ok()? }),
        (Some(("crypt", of)), _) => Some(Scheme::ShaCrypt { digest: digest(of)?, rounds: parameters.parse().ok()? }),
        (_, "bcrypt") => Some(Scheme::Bcrypt { cost: parameters.parse().ok()? }),
        (_, "scrypt") => {
            let mut numbers = parameters.split(',');
            let log_n = numbers.next()?.parse().ok()?;
            let r = numbers.next()?.parse().ok()?;
            let p = numbers.next()?.parse().ok()?;
            numbers.next().is_none().then_some(Scheme::Scrypt { log_n, r, p })
        }
        (_, of) => {
            let salt = match parameters {
                "first" => SaltPlace::First,
                "last" => SaltPlace::Last,
                _ => return None,
            };
            Some(Scheme::Salted { digest: digest(of)?, salt })
        }
    }
}

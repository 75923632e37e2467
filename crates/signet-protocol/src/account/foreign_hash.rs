//! Password hashes of other systems: the formats in which they are exported, what becomes of each at import, and the
//! form in which it is stored. Fast ones are wrapped in argon2id, slow ones are kept until the first sign-in, and those
//! that would take too long to verify are not taken over.

use std::ops::RangeInclusive;

use super::hash_work::{Unit, Work};

mod formats;
mod stored;

pub use formats::parse;
pub use stored::StoredForeign;

/// The costs of kept bcrypt hashes. Here and below, hashes of a lower cost are wrapped, those of a higher are not taken
/// over.
const BCRYPT: RangeInclusive<u64> = 10..=12;
/// The iterations of kept PBKDF2 hashes.
const PBKDF2: RangeInclusive<u64> = 100_000..=1_000_000;
/// The products of N and r of kept scrypt hashes: 16 to 64 MiB.
const SCRYPT_MEMORY: RangeInclusive<u64> = 1 << 17..=1 << 19;
/// The highest product of N, r and p of a scrypt hash.
const SCRYPT_WORK: u64 = 1 << 20;
/// The rounds of kept sha-crypt hashes.
const SHA_CRYPT: RangeInclusive<u64> = 100_000..=1_000_000;
/// The highest memory of an argon2 hash, in KiB, and the highest product of memory and passes.
const ARGON2_MEMORY: u64 = 128 * 1024;
const ARGON2_WORK: u64 = 512 * 1024;

/// The reason why a hash cannot be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForeignHashError {
    /// The text has none of the known formats.
    #[error("the password hash has an unknown format")]
    UnknownFormat,
    /// The text begins like a known format, but a part is missing or out of range.
    #[error("the {0} password hash is malformed")]
    Malformed(&'static str),
}

/// A digest function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestName {
    Md5,
    Sha1,
    Sha256,
    Sha512,
}

/// The place of the salt in the text that is digested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaltPlace {
    First,
    Last,
}

/// A function with its cost parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    Bcrypt {
        cost: u32,
    },
    /// PBKDF2 (RFC 8018 §5.2).
    Pbkdf2 {
        digest: DigestName,
        iterations: u32,
    },
    /// scrypt (RFC 7914). N is two to the power of `log_n`.
    Scrypt {
        log_n: u8,
        r: u32,
        p: u32,
    },
    /// `$5$` and `$6$` of crypt(3).
    ShaCrypt {
        digest: DigestName,
        rounds: u32,
    },
    /// A digest of salt and password.
    Salted {
        digest: DigestName,
        salt: SaltPlace,
    },
}

impl Scheme {
    /// Returns the work of one verification. That of a single digest is nothing.
    pub fn work(&self) -> Work {
        match *self {
            Self::Bcrypt { cost } => Work::of(Unit::Bcrypt, 1_u64.checked_shl(cost).unwrap_or(u64::MAX)),
            Self::Pbkdf2 { digest, iterations } => {
                let unit = match digest {
                    DigestName::Sha256 => Unit::Pbkdf2Sha256,
                    DigestName::Sha512 => Unit::Pbkdf2Sha512,
                    DigestName::Sha1 | DigestName::Md5 => Unit::Pbkdf2Sha1,
                };
                Work::of(unit, iterations.into())
            }
            Self::Scrypt { log_n, r, p } => Work::of(Unit::Scrypt, scrypt_memory(log_n, r).saturating_mul(p.into())),
            Self::ShaCrypt { digest, rounds } => {
                let unit = if digest == DigestName::Sha512 { Unit::Sha512Crypt } else { Unit::Sha256Crypt };
                Work::of(unit, rounds.into())
            }
            Self::Salted { .. } => Work::NONE,
        }
    }

    /// Returns what becomes of a hash with these parameters.
    fn treatment(&self) -> Treatment {
        let by = |value: u64, kept: RangeInclusive<u64>| match value {
            value if value > *kept.end() => Treatment::Reset,
            value if value < *kept.start() => Treatment::Wrap,
            _ => Treatment::Keep,
        };
        match *self {
            Self::Bcrypt { cost } => by(cost.into(), BCRYPT),
            Self::Pbkdf2 { iterations, .. } => by(iterations.into(), PBKDF2),
            Self::Scrypt { .. } if self.work().amount(Unit::Scrypt) > SCRYPT_WORK => Treatment::Reset,
            Self::Scrypt { log_n, r, .. } => by(scrypt_memory(log_n, r), SCRYPT_MEMORY),
            Self::ShaCrypt { rounds, .. } => by(rounds.into(), SHA_CRYPT),
            Self::Salted { .. } => Treatment::Wrap,
        }
    }
}

/// The product of N and r, of which each takes 128 bytes.
fn scrypt_memory(log_n: u8, r: u32) -> u64 {
    1_u64.checked_shl(log_n.into()).unwrap_or(u64::MAX).saturating_mul(r.into())
}

/// A hash with its salt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignHash {
    pub scheme: Scheme,
    pub salt: Vec<u8>,
    pub output: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Treatment {
    Keep,
    Wrap,
    Reset,
}

/// A hash to import, by what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Import {
    /// An argon2 hash, stored as it is.
    Argon2(String),
    /// Slow enough to be kept until the first sign-in.
    Keep(ForeignHash),
    /// Fast: its output is hashed with argon2id before it is stored.
    Wrap(ForeignHash),
    /// Too slow to verify here: the person must reset the password.
    Reset,
}

impl Import {
    fn of(hash: ForeignHash) -> Self {
        match hash.scheme.treatment() {
            Treatment::Keep => Self::Keep(hash),
            Treatment::Wrap => Self::Wrap(hash),
            Treatment::Reset => Self::Reset,
        }
    }
}

#[cfg(test)]
mod tests;

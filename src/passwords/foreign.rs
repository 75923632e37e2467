//! Verification of hashes that were imported from other systems, and the same work without a result.

use std::num::NonZeroU32;
use std::ops::RangeInclusive;

use aws_lc_rs::{digest, pbkdf2};
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::NO_PAD;
use base64::{Engine as _, alphabet};
use md5::{Digest as _, Md5};
use zeroize::Zeroizing;

use signet_protocol::account::foreign_hash::{DigestName, ForeignHash, SaltPlace, Scheme, StoredForeign};
use signet_protocol::account::hash_work::{Unit, Work};
use signet_protocol::secret::Password;

/// The maximum length of a password that matches a foreign hash, in bytes. The time of sha-crypt grows with it.
const MAX_BYTES: usize = 256;
/// The salt of hashes whose result is discarded.
const DECOY_SALT: [u8; 16] = [b'A'; 16];
/// The output that bcrypt keeps.
const BCRYPT_OUTPUT: usize = 23;
const BCRYPT_BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::BCRYPT, NO_PAD);
/// The costs of bcrypt, as powers of two.
const BCRYPT: RangeInclusive<u32> = 4..=31;
/// The bounds of N in discarded scrypt hashes with r = 8, as powers of two; the highest takes 64 MiB.
const SCRYPT: RangeInclusive<u32> = 1..=16;
const SCRYPT_R: u32 = 8;
/// The output order of sha-crypt.
const SHA256_ORDER: [usize; 32] = [
    20, 10, 0, 11, 1, 21, 2, 22, 12, 23, 13, 3, 14, 4, 24, 5, 25, 15, 26, 16, 6, 17, 7, 27, 8, 28, 18, 29, 19, 9, 30,
    31,
];
const SHA512_ORDER: [usize; 64] = [
    42, 21, 0, 1, 43, 22, 23, 2, 44, 45, 24, 3, 4, 46, 25, 26, 5, 47, 48, 27, 6, 7, 49, 28, 29, 8, 50, 51, 30, 9, 10,
    52, 31, 32, 11, 53, 54, 33, 12, 13, 55, 34, 35, 14, 56, 57, 36, 15, 16, 58, 37, 38, 17, 59, 60, 39, 18, 19, 61, 40,
    41, 20, 62, 63,
];

/// Returns true if a password has this hash. A long password costs the work, but matches none.
pub fn matches(hash: &ForeignHash, password: &Password) -> bool {
    let made = derive(hash.scheme, &hash.salt, password, hash.output.len());
    made.is_some_and(|made| aws_lc_rs::constant_time::verify_slices_are_equal(&made, &hash.output).is_ok())
        && password.expose().len() <= MAX_BYTES
}

/// Returns the output that a wrapped hash was made of. A long password costs the work, but matches none.
pub fn unwrapped(hash: &StoredForeign, password: &Password) -> Option<Zeroizing<Vec<u8>>> {
    let StoredForeign::Wrapped { scheme, salt, length, .. } = hash else { return None };
    let made = derive(*scheme, salt, password, *length);
    made.filter(|_| password.expose().len() <= MAX_BYTES)
}

/// Returns the output of a scheme for a password, of this length where the scheme has one of any length. `None` if its
/// parameters are out of range.
pub fn derive(scheme: Scheme, salt: &[u8], password: &Password, length: usize) -> Option<Zeroizing<Vec<u8>>> {
    let bytes = password.expose().as_bytes();
    let typed = bytes.get(..bytes.len().min(MAX_BYTES))?;
    let output = match scheme {
        Scheme::Bcrypt { cost } => bcrypt(cost, salt, typed)?,
        Scheme::Pbkdf2 { digest, iterations } => derive_pbkdf2(digest, iterations, salt, typed, length)?,
        Scheme::Scrypt { log_n, r, p } => {
            let mut output = vec![0; length];
            let params = scrypt::Params::new(log_n, r, p).ok()?;
            scrypt::scrypt(typed, salt, &params, &mut output).ok()?;
            output
        }
        Scheme::ShaCrypt { digest, rounds } => sha_crypt(digest, rounds, salt, typed)?,
        Scheme::Salted { digest, salt: SaltPlace::First } => digest_of(digest, salt, typed),
        Scheme::Salted { digest, salt: SaltPlace::Last } => digest_of(digest, typed, salt),
    };
    Some(Zeroizing::new(output))
}

/// Implementations of bcrypt have always ignored what follows the first 72 bytes of a password.
fn bcrypt(cost: u32, salt: &[u8], typed: &[u8]) -> Option<Vec<u8>> {
    let made = bcrypt::hash_with_salt(typed, cost, salt.try_into().ok()?).ok()?;
    let text = made.format_for_version(bcrypt::Version::TwoB);
    let output = BCRYPT_BASE64.decode(text.get(29..)?).ok()?;
    (output.len() == BCRYPT_OUTPUT).then_some(output)
}

fn derive_pbkdf2(digest: DigestName, iterations: u32, salt: &[u8], typed: &[u8], length: usize) -> Option<Vec<u8>> {
    let algorithm = match digest {
        DigestName::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
        DigestName::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
        DigestName::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
        DigestName::Md5 => return None,
    };
    let mut output = vec![0; length];
    pbkdf2::derive(algorithm, NonZeroU32::new(iterations)?, salt, typed, &mut output);
    Some(output)
}

/// The output in the order in which crypt(3) writes it.
fn sha_crypt(digest: DigestName, rounds: u32, salt: &[u8], typed: &[u8]) -> Option<Vec<u8>> {
    let params = sha_crypt::Params::new(rounds).ok()?;
    let in_order = |output: &[u8], order: &[usize]| order.iter().map(|at| output.get(*at).copied()).collect();
    match digest {
        DigestName::Sha512 => in_order(&sha_crypt::sha512_crypt(typed, salt, params), &SHA512_ORDER),
        _ => in_order(&sha_crypt::sha256_crypt(typed, salt, params), &SHA256_ORDER),
    }
}

fn digest_of(name: DigestName, first: &[u8], last: &[u8]) -> Vec<u8> {
    let text = Zeroizing::new([first, last].concat());
    let algorithm = match name {
        DigestName::Md5 => return Md5::digest(text.as_slice()).to_vec(),
        DigestName::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        DigestName::Sha256 => &digest::SHA256,
        DigestName::Sha512 => &digest::SHA512,
    };
    digest::digest(algorithm, &text).as_ref().to_vec()
}

/// Does the work of every unit but argon2's, and returns how much was done. Amounts too small for a function are
/// skipped.
pub fn waste(work: &Work, password: &Password) -> Work {
    let pbkdf2 =
        |unit, digest| waste_once(work.amount(unit), |iterations| Scheme::Pbkdf2 { digest, iterations }, password);
    let crypt = |unit, digest| waste_once(work.amount(unit), |rounds| Scheme::ShaCrypt { digest, rounds }, password);
    let parts = [
        waste_powers(work.amount(Unit::Bcrypt), BCRYPT, |cost| Scheme::Bcrypt { cost }, password),
        pbkdf2(Unit::Pbkdf2Sha1, DigestName::Sha1),
        pbkdf2(Unit::Pbkdf2Sha256, DigestName::Sha256),
        pbkdf2(Unit::Pbkdf2Sha512, DigestName::Sha512),
        waste_powers(work.amount(Unit::Scrypt) / u64::from(SCRYPT_R), SCRYPT, scrypt_of, password),
        crypt(Unit::Sha256Crypt, DigestName::Sha256),
        crypt(Unit::Sha512Crypt, DigestName::Sha512),
    ];
    parts.iter().fold(Work::NONE, |sum, part| sum.plus(part))
}

fn scrypt_of(log_n: u32) -> Scheme {
    Scheme::Scrypt { log_n: u8::try_from(log_n).unwrap_or(u8::MAX), r: SCRYPT_R, p: 1 }
}

/// Repeats a function whose work doubles with its parameter until an amount is reached.
fn waste_powers(amount: u64, range: RangeInclusive<u32>, scheme: impl Fn(u32) -> Scheme, password: &Password) -> Work {
    let mut rest = amount;
    let mut done = Work::NONE;
    while let Some(power) = rest.checked_ilog2().filter(|power| power >= range.start()) {
        let power = power.min(*range.end());
        done = done.plus(&discard(scheme(power), password));
        rest -= 1 << power;
    }
    done
}

fn waste_once(amount: u64, scheme: impl Fn(u32) -> Scheme, password: &Password) -> Work {
    match u32::try_from(amount) {
        Ok(0) | Err(_) => Work::NONE,
        Ok(amount) => discard(scheme(amount), password),
    }
}

fn discard(scheme: Scheme, password: &Password) -> Work {
    let made = derive(scheme, &DECOY_SALT, password, 16);
    std::hint::black_box(&made);
    made.map_or(Work::NONE, |_| scheme.work())
}

//! The formats of other systems: crypt(3), passlib, Django, LDAP (RFC 2307 §5.3 and its salted relatives) and PHC
//! strings.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};

use super::ForeignHashError::{Malformed, UnknownFormat};
use super::{ARGON2_MEMORY, ARGON2_WORK, DigestName, ForeignHash, ForeignHashError, Import, SaltPlace, Scheme};

/// The alphabet of bcrypt. Its last character may have bits that mean nothing.
const BCRYPT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::BCRYPT,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::RequireNone),
);
/// The rounds of sha-crypt where the hash names none, the least, and the most that are read.
const SHA_CRYPT_DEFAULT: u32 = 5_000;
const SHA_CRYPT_LEAST: u32 = 1_000;
/// The longest salt, in bytes, so that a row stays small.
const MAX_SALT: usize = 128;

type Parsed = Result<Import, ForeignHashError>;

/// Parses an exported hash.
pub fn parse(text: &str) -> Parsed {
    let text = text.strip_prefix("{CRYPT}").or_else(|| text.strip_prefix("{crypt}")).unwrap_or(text);
    // Django names the library before the hash.
    let text = text.strip_prefix("bcrypt$").filter(|rest| rest.starts_with("$2")).unwrap_or(text);
    let text = if text.starts_with("argon2$argon2") { text.strip_prefix("argon2").unwrap_or(text) } else { text };
    if let Some(rest) = text.strip_prefix('{') {
        let (name, value) = rest.split_once('}').ok_or(UnknownFormat)?;
        return ldap(name, value);
    }
    let parts: Vec<&str> = text.split('$').collect();
    match parts.as_slice() {
        ["", "2a" | "2b" | "2y", cost, rest] => bcrypt(cost, rest).ok_or(Malformed("bcrypt")),
        ["", "argon2id" | "argon2i", ..] => argon2(text, &parts).ok_or(Malformed("argon2")),
        ["", "5", rest @ ..] => sha_crypt(DigestName::Sha256, rest).ok_or(Malformed("sha-crypt")),
        ["", "6", rest @ ..] => sha_crypt(DigestName::Sha512, rest).ok_or(Malformed("sha-crypt")),
        ["", "scrypt", parameters, salt, output] => scrypt(parameters, salt, output).ok_or(Malformed("scrypt")),
        ["scrypt", salt, n, r, p, output] => django_scrypt(salt, &[n, r, p], output).ok_or(Malformed("scrypt")),
        ["", name, parameters, salt, output] if name.starts_with("pbkdf2") => {
            pbkdf2(name, parameters, &[salt, output]).ok_or(Malformed("PBKDF2"))
        }
        [name, iterations, salt, output] if name.starts_with("pbkdf2_") => {
            django_pbkdf2(name, iterations, &[salt, output]).ok_or(Malformed("PBKDF2"))
        }
        ["", name @ ("md5" | "sha1" | "sha256" | "sha512"), salt, output]
        | [name @ ("md5" | "sha1" | "sha256" | "sha512"), salt, output] => {
            salted_hex(name, salt, output).ok_or(Malformed("salted digest"))
        }
        _ => Err(UnknownFormat),
    }
}

fn import(scheme: Scheme, salt: Vec<u8>, output: Vec<u8>) -> Option<Import> {
    (salt.len() <= MAX_SALT).then(|| Import::of(ForeignHash { scheme, salt, output }))
}

/// Returns a number without sign or leading text.
fn number<N: std::str::FromStr>(text: &str) -> Option<N> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// The salt of 22 characters and the output of 31.
fn bcrypt(cost: &str, rest: &str) -> Option<Import> {
    let (salt, output) = rest.split_at_checked(22)?;
    let salt = BCRYPT.decode(salt).ok().filter(|salt| salt.len() == 16)?;
    let output = BCRYPT.decode(output).ok().filter(|output| output.len() == 23)?;
    let cost = number(cost).filter(|cost| (4..=31).contains(cost))?;
    import(Scheme::Bcrypt { cost }, salt, output)
}

/// A PHC string (RFC 9106), which is read to its end when it is verified.
fn argon2(text: &str, parts: &[&str]) -> Option<Import> {
    let parameters = parts.iter().find(|part| part.starts_with("m="))?;
    let find = |name: &str| parameters.split(',').find_map(|part| part.strip_prefix(name)).and_then(number::<u64>);
    let memory = find("m=")?;
    let passes = find("t=")?;
    find("p=").filter(|lanes| (1..=64).contains(lanes))?;
    let [.., salt, output] = parts else { return None };
    STANDARD_NO_PAD.decode(salt).ok().filter(|salt| (8..=48).contains(&salt.len()))?;
    STANDARD_NO_PAD.decode(output).ok().filter(|output| (16..=64).contains(&output.len()))?;
    if memory > ARGON2_MEMORY || memory.saturating_mul(passes) > ARGON2_WORK {
        return Some(Import::Reset);
    }
    Some(Import::Argon2(text.to_owned()))
}

/// `[rounds=N$]SALT$OUTPUT` of crypt(3). The salt is used as it is written.
fn sha_crypt(digest: DigestName, parts: &[&str]) -> Option<Import> {
    let (rounds, salt, output) = match parts {
        [rounds, salt, output] => (number(rounds.strip_prefix("rounds=")?)?, salt, output),
        [salt, output] => (SHA_CRYPT_DEFAULT, salt, output),
        _ => return None,
    };
    let length = if digest == DigestName::Sha512 { 64 } else { 32 };
    let output = crypt_base64(output).filter(|output| output.len() == length)?;
    let rounds = rounds.max(SHA_CRYPT_LEAST);
    let salt = salt.get(..salt.len().min(16))?;
    import(Scheme::ShaCrypt { digest, rounds }, salt.as_bytes().to_vec(), output)
}

/// The base64 of crypt(3), whose groups begin with the lowest bits.
fn crypt_base64(text: &str) -> Option<Vec<u8>> {
    const ALPHABET: &str = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut bytes = Vec::new();
    let mut held: u32 = 0;
    let mut bits = 0;
    for character in text.chars() {
        let value = u32::try_from(ALPHABET.find(character)?).ok()?;
        held |= value << bits;
        bits += 6;
        if bits >= 8 {
            bytes.push(u8::try_from(held & 0xff).ok()?);
            held >>= 8;
            bits -= 8;
        }
    }
    Some(bytes)
}

/// `ln=N,r=R,p=P` and two base64 values, of PHC strings and passlib.
fn scrypt(parameters: &str, salt: &str, output: &str) -> Option<Import> {
    let find = |name: &str| parameters.split(',').find_map(|part| part.strip_prefix(name));
    let log_n = number(find("ln=")?)?;
    scrypt_of(log_n, &[find("r=")?, find("p=")?], base64(salt)?, base64(output)?)
}

/// Django writes N itself, and a salt that is text.
fn django_scrypt(salt: &str, numbers: &[&str], output: &str) -> Option<Import> {
    let [n, rest @ ..] = numbers else { return None };
    let n = number::<u64>(n).filter(|n| n.is_power_of_two())?;
    scrypt_of(u8::try_from(n.trailing_zeros()).ok()?, rest, salt.as_bytes().to_vec(), base64(output)?)
}

fn scrypt_of(log_n: u8, numbers: &[&str], salt: Vec<u8>, output: Vec<u8>) -> Option<Import> {
    let [r, p] = numbers else { return None };
    let r = number(r).filter(|r| *r > 0)?;
    let p = number(p).filter(|p| *p > 0)?;
    let possible = (1..64).contains(&log_n) && (16..=64).contains(&output.len());
    possible.then(|| import(Scheme::Scrypt { log_n, r, p }, salt, output)).flatten()
}

/// passlib (`$pbkdf2-sha256$29000$…`, where `$pbkdf2$` is SHA-1) and PHC strings (`$pbkdf2-sha256$i=29000,l=32$…`).
fn pbkdf2(name: &str, parameters: &str, values: &[&str]) -> Option<Import> {
    let digest = match name {
        "pbkdf2" | "pbkdf2-sha1" => DigestName::Sha1,
        "pbkdf2-sha256" => DigestName::Sha256,
        "pbkdf2-sha512" => DigestName::Sha512,
        _ => return None,
    };
    let iterations = parameters.split(',').find_map(|part| part.strip_prefix("i=")).unwrap_or(parameters);
    let [salt, output] = values else { return None };
    pbkdf2_of(digest, iterations, base64(salt)?, base64(output)?)
}

/// Django (`pbkdf2_sha256$…`), whose salt is text.
fn django_pbkdf2(name: &str, iterations: &str, values: &[&str]) -> Option<Import> {
    let digest = match name {
        "pbkdf2_sha1" => DigestName::Sha1,
        "pbkdf2_sha256" => DigestName::Sha256,
        "pbkdf2_sha512" => DigestName::Sha512,
        _ => return None,
    };
    let [salt, output] = values else { return None };
    pbkdf2_of(digest, iterations, salt.as_bytes().to_vec(), base64(output)?)
}

fn pbkdf2_of(digest: DigestName, iterations: &str, salt: Vec<u8>, output: Vec<u8>) -> Option<Import> {
    let iterations = number(iterations).filter(|iterations| *iterations > 0)?;
    // More than a block would cost more than its iterations say.
    let block = match digest {
        DigestName::Md5 => 16,
        DigestName::Sha1 => 20,
        DigestName::Sha256 => 32,
        DigestName::Sha512 => 64,
    };
    let possible = (16..=block).contains(&output.len());
    possible.then(|| import(Scheme::Pbkdf2 { digest, iterations }, salt, output)).flatten()
}

/// `NAME$SALT$HEX`, as Django writes it: the digest of the salt and then the password.
fn salted_hex(name: &str, salt: &str, output: &str) -> Option<Import> {
    let digest = digest_of(name)?;
    let output = hex(output).filter(|output| output.len() == length_of(digest))?;
    import(Scheme::Salted { digest, salt: SaltPlace::First }, salt.as_bytes().to_vec(), output)
}

/// `{SSHA}` and its relatives: base64 of the digest of password and salt, followed by the salt.
fn ldap(name: &str, value: &str) -> Parsed {
    let digest = match name.to_ascii_uppercase().as_str() {
        "MD5" | "SMD5" => DigestName::Md5,
        "SHA" | "SSHA" => DigestName::Sha1,
        "SHA256" | "SSHA256" => DigestName::Sha256,
        "SHA512" | "SSHA512" => DigestName::Sha512,
        _ => return Err(UnknownFormat),
    };
    let parsed = || {
        let bytes = base64(value)?;
        let (output, salt) = bytes.split_at_checked(length_of(digest))?;
        import(Scheme::Salted { digest, salt: SaltPlace::Last }, salt.to_vec(), output.to_vec())
    };
    parsed().ok_or(Malformed("LDAP"))
}

fn digest_of(name: &str) -> Option<DigestName> {
    match name {
        "md5" => Some(DigestName::Md5),
        "sha1" => Some(DigestName::Sha1),
        "sha256" => Some(DigestName::Sha256),
        "sha512" => Some(DigestName::Sha512),
        _ => None,
    }
}

const fn length_of(digest: DigestName) -> usize {
    match digest {
        DigestName::Md5 => 16,
        DigestName::Sha1 => 20,
        DigestName::Sha256 => 32,
        DigestName::Sha512 => 64,
    }
}

/// Base64 with or without padding; passlib writes a dot for a plus.
fn base64(text: &str) -> Option<Vec<u8>> {
    let text = text.replace('.', "+");
    STANDARD.decode(&text).or_else(|_| STANDARD_NO_PAD.decode(&text)).ok()
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    digits
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |sum, digit| sum * 16 + digit))
        .map(|b| u8::try_from(b).ok())
        .collect()
}

//! The master key: a file readable by its owner only, or a setting where hosts share a database. It seals private keys
//! (AES-256-GCM) and derives a key for each other purpose (HKDF-SHA-256, RFC 5869); it signs nothing itself.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::{hkdf, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::PairwiseKey;
use crate::entropy::Entropy;
use signet_protocol::token::refresh::Mac;

/// The name of the master key's file in the key directory.
const FILE: &str = "master.key";

/// The reason why there is no master key. An unreadable one is never replaced.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// Other users can read the file.
    #[error("{0} can be read by users other than its owner; run: chmod 600 {0}")]
    Permissions(PathBuf),
    /// The file is not 32 bytes in base64url.
    #[error("{0} is not a master key; restore it from a backup")]
    Malformed(PathBuf),
    /// The database has sealed keys, but the file that opens them is missing.
    #[error("{0} is missing, but the database has keys that were sealed with it; restore it from a backup")]
    Missing(PathBuf),
    /// There is no file yet, and this process must not create one.
    #[error("{0} does not exist yet; `signet init` creates it, or set keys.master_key_file")]
    NotCreated(PathBuf),
    /// The settings keep the master key away from this host.
    #[error("keys.verify_only is set: this node has no master key; run this where the master key is")]
    VerifyOnly,
    #[error("{0}: {1}")]
    Io(PathBuf, io::Error),
    #[error("the system's source of random bytes failed")]
    Entropy,
}

impl MasterKeyError {
    /// Returns the error of a process that must not create the file in this directory.
    pub fn not_created(directory: &Path) -> Self {
        Self::NotCreated(directory.join(FILE))
    }
}

pub struct MasterKey(Zeroizing<[u8; 32]>);

impl MasterKey {
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads the master key of a directory; `None` if there is no file. A file that is readable by others or malformed
    /// is an error.
    pub fn read(directory: &Path) -> Result<Option<Self>, MasterKeyError> {
        let file = directory.join(FILE);
        let failed = |error| MasterKeyError::Io(file.clone(), error);
        let metadata = match fs::metadata(&file) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(MasterKeyError::Permissions(file));
        }
        let text = Zeroizing::new(fs::read_to_string(&file).map_err(failed)?);
        let bytes = URL_SAFE_NO_PAD.decode(text.trim()).ok().map(Zeroizing::new);
        let bytes = bytes.and_then(|bytes| bytes.as_slice().try_into().ok());
        bytes.map(Self::new).map(Some).ok_or(MasterKeyError::Malformed(file))
    }

    /// Reads the master key of a directory, where a missing file is an error.
    pub fn require(directory: &Path) -> Result<Self, MasterKeyError> {
        Self::read(directory)?.ok_or_else(|| MasterKeyError::Missing(directory.join(FILE)))
    }

    /// Reads the master key of a directory, or creates it if there is none. Two processes that start at once get the
    /// same key.
    pub fn read_or_create(directory: &Path, entropy: &Entropy) -> Result<Self, MasterKeyError> {
        if let Some(key) = Self::read(directory)? {
            return Ok(key);
        }
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |error| MasterKeyError::Io(path, error)
        };
        let bytes = Zeroizing::new(entropy.bytes::<32>().map_err(|_| MasterKeyError::Entropy)?);
        let name = URL_SAFE_NO_PAD.encode(entropy.bytes::<9>().map_err(|_| MasterKeyError::Entropy)?);
        let scratch = directory.join(format!(".{name}"));
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed(directory))?;
        let opened = fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(&scratch);
        let mut file = opened.map_err(failed(&scratch))?;
        let text = Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice()) + "\n");
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed(&scratch))?;
        // Unlike a rename, a link does not replace a key that another process has created in the meantime.
        let linked = fs::hard_link(&scratch, directory.join(FILE));
        fs::remove_file(&scratch).map_err(failed(&scratch))?;
        fs::File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed(directory))?;
        match linked {
            Ok(()) => Ok(Self(bytes)),
            Err(_) => Self::read(directory)?.ok_or_else(|| MasterKeyError::Malformed(directory.join(FILE))),
        }
    }

    /// Writes the master key to a directory that must not have one.
    pub fn save(&self, directory: &Path) -> Result<(), MasterKeyError> {
        let file = directory.join(FILE);
        let failed = |error| MasterKeyError::Io(file.clone(), error);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
        let opened = fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(&file);
        let text = Zeroizing::new(URL_SAFE_NO_PAD.encode(self.0.as_slice()) + "\n");
        let mut opened = opened.map_err(failed)?;
        opened.write_all(text.as_bytes()).and_then(|()| opened.sync_all()).map_err(failed)
    }

    /// Seals bytes for one place; they cannot be opened for another.
    pub fn seal(&self, plain: &[u8], place: &str) -> Option<Vec<u8>> {
        let key = RandomizedNonceKey::new(&AES_256_GCM, self.derive(b"signet seal v1").as_slice()).ok()?;
        let mut sealed = plain.to_vec();
        let nonce = key.seal_in_place_append_tag(Aad::from(place.as_bytes()), &mut sealed).ok()?;
        Some([nonce.as_ref().as_slice(), &sealed].concat())
    }

    /// Opens bytes that were sealed for this place with this key.
    pub fn open(&self, sealed: &[u8], place: &str) -> Option<Zeroizing<Vec<u8>>> {
        let key = RandomizedNonceKey::new(&AES_256_GCM, self.derive(b"signet seal v1").as_slice()).ok()?;
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut buffer = Zeroizing::new(sealed.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = key.open_in_place(nonce, Aad::from(place.as_bytes()), &mut buffer).ok()?.len();
        buffer.truncate(length);
        Some(buffer)
    }

    /// Derives the keyed hash that binds forms to a browser.
    pub fn csrf_key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.derive(b"signet csrf v1").as_slice())
    }

    /// Derives the keyed hash of tickets that continue a sign-in.
    pub fn ticket_key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.derive(b"signet sign-in tickets v1").as_slice())
    }

    /// Derives the keyed hash for counters of failed sign-ins.
    pub fn failure_key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.derive(b"signet failures v1").as_slice())
    }

    /// Derives the keyed hashes of refresh tokens.
    pub fn token_mac(&self) -> TokenMac {
        TokenMac(Arc::new(TokenKeys {
            tag: hmac::Key::new(hmac::HMAC_SHA256, self.derive(b"signet refresh tag v1").as_slice()),
            successor: hmac::Key::new(hmac::HMAC_SHA256, self.derive(b"signet refresh successor v1").as_slice()),
        }))
    }

    /// Derives the keyed hash of sessions that frames of other sites can read.
    pub fn browser_state_key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.derive(b"signet browser state v1").as_slice())
    }

    /// Derives the key of pairwise subjects.
    pub fn pairwise_key(&self) -> PairwiseKey {
        let mac = hmac::Key::new(hmac::HMAC_SHA256, self.derive(b"signet pairwise mac v1").as_slice());
        PairwiseKey::new(mac, self.derive(b"signet pairwise encryption v1"))
    }

    fn derive(&self, purpose: &[u8]) -> Zeroizing<[u8; 32]> {
        let mut derived = Zeroizing::new([0; 32]);
        let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, b"signet").extract(self.0.as_slice());
        let info = [purpose];
        if let Ok(output) = secret.expand(&info, hkdf::HKDF_SHA256) {
            // The output has the length of the hash, 32 bytes, so filling 32 bytes cannot fail.
            let _ = output.fill(derived.as_mut_slice());
        }
        derived
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey")
    }
}

#[derive(Clone)]
pub struct TokenMac(Arc<TokenKeys>);

/// The prepared keys, about a kilobyte of state each.
struct TokenKeys {
    tag: hmac::Key,
    successor: hmac::Key,
}

impl Mac for TokenMac {
    fn tag(&self, message: &[u8]) -> [u8; 32] {
        bytes(&hmac::sign(&self.0.tag, message))
    }

    fn successor(&self, message: &[u8]) -> [u8; 32] {
        bytes(&hmac::sign(&self.0.successor, message))
    }
}

fn bytes(tag: &hmac::Tag) -> [u8; 32] {
    tag.as_ref().first_chunk::<32>().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_sealed_for_one_place_opens_for_no_other() {
        let key = MasterKey::new([7; 32]);
        let sealed = key.seal(b"private", "default|kid|sign").unwrap();
        assert_eq!(key.open(&sealed, "default|kid|sign").unwrap().as_slice(), b"private");
        assert!(!sealed.windows(7).any(|window| window == b"private"));
        assert!(key.open(&sealed, "default|other|sign").is_none(), "another row");
        assert!(MasterKey::new([8; 32]).open(&sealed, "default|kid|sign").is_none(), "another key");
        let mut damaged = sealed.clone();
        *damaged.last_mut().unwrap() ^= 1;
        assert!(key.open(&damaged, "default|kid|sign").is_none(), "a flipped bit");
        assert!(key.open(&sealed[..5], "default|kid|sign").is_none(), "cut off");
    }

    #[test]
    fn each_purpose_has_a_key_of_its_own() {
        let mac = MasterKey::new([7; 32]).token_mac();
        assert_ne!(mac.tag(b"x"), mac.successor(b"x"));
        assert_ne!(mac.tag(b"x"), MasterKey::new([8; 32]).token_mac().tag(b"x"));
    }

    #[test]
    fn the_master_key_is_created_once_with_strict_permissions() {
        let directory = tempfile::tempdir().unwrap();
        let keys = directory.path().join("keys");
        assert!(MasterKey::read(&keys).unwrap().is_none());
        let made = MasterKey::read_or_create(&keys, &Entropy::default()).unwrap();
        let read = MasterKey::read_or_create(&keys, &Entropy::default()).unwrap();
        assert_eq!(made.0, read.0);
        let file = keys.join(FILE);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(&keys).unwrap().permissions().mode() & 0o777, 0o700);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(MasterKey::read(&keys), Err(MasterKeyError::Permissions(_))));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&file, "truncated").unwrap();
        let refused = MasterKey::read_or_create(&keys, &Entropy::default());
        assert!(matches!(refused, Err(MasterKeyError::Malformed(_))), "a damaged key is not replaced");
    }
}

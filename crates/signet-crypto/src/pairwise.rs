//! Pairwise subjects (OpenID Connect Core §8.1), which replace user ids towards clients. Nothing is stored: a subject
//! is the encrypted id. A user and a sector always yield the same subject, different sectors yield different ones, and
//! only this server can decrypt or create a subject (the synthetic IV construction of RFC 5297 §2.6, with HMAC-SHA-256
//! and AES-256-CTR).

use aws_lc_rs::cipher::{
    AES_256, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::{constant_time, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::KeyError;
use signet_protocol::ids::{SessionId, UserId};

/// The kind of the hidden id, so that a subject cannot be used as a `sid`.
const USER: u8 = 1;
const SESSION: u8 = 2;
/// The length of the synthetic initialization vector, which authenticates sector and id, in bytes.
const IV: usize = 16;

/// The key that encrypts user ids to subjects and decrypts them.
pub struct PairwiseKey {
    mac: hmac::Key,
    encryption: Zeroizing<[u8; 32]>,
}

impl PairwiseKey {
    pub fn new(mac: hmac::Key, encryption: Zeroizing<[u8; 32]>) -> Self {
        Self { mac, encryption }
    }

    /// Returns the subject of a user for the clients of a sector.
    pub fn subject(&self, sector: &str, user: &UserId) -> Result<String, KeyError> {
        self.hide(USER, sector, user.as_str())
    }

    /// Returns the user of a subject in this sector, or `None` if this server did not create it for the sector.
    pub fn user(&self, sector: &str, subject: &str) -> Option<UserId> {
        self.reveal(USER, sector, subject).as_deref().and_then(UserId::parse)
    }

    /// Returns the `sid` of a session for the clients of a sector. A `sid` common to all clients would correlate
    /// pairwise subjects.
    pub fn sid(&self, sector: &str, session: &SessionId) -> Result<String, KeyError> {
        self.hide(SESSION, sector, session.as_str())
    }

    /// Returns the session of a `sid` in this sector.
    pub fn session(&self, sector: &str, sid: &str) -> Option<SessionId> {
        self.reveal(SESSION, sector, sid).as_deref().and_then(SessionId::parse)
    }

    fn hide(&self, kind: u8, sector: &str, id: &str) -> Result<String, KeyError> {
        let iv = self.iv(kind, sector, id);
        let mut text = id.as_bytes().to_vec();
        let key = UnboundCipherKey::new(&AES_256, self.encryption.as_slice()).and_then(EncryptingKey::ctr);
        let context = EncryptionContext::Iv128(FixedLength::from(iv));
        let encrypted = key.and_then(|key| key.less_safe_encrypt(&mut text, context));
        encrypted.map_err(|_| KeyError::Encryption)?;
        Ok(URL_SAFE_NO_PAD.encode([iv.as_slice(), &text].concat()))
    }

    fn reveal(&self, kind: u8, sector: &str, hidden: &str) -> Option<String> {
        let bytes = URL_SAFE_NO_PAD.decode(hidden).ok()?;
        let (iv, encrypted) = bytes.split_first_chunk::<IV>()?;
        let mut text = encrypted.to_vec();
        let key = UnboundCipherKey::new(&AES_256, self.encryption.as_slice()).and_then(DecryptingKey::ctr).ok()?;
        let plain = key.decrypt(&mut text, DecryptionContext::Iv128(FixedLength::from(*iv))).ok()?;
        let id = std::str::from_utf8(plain).ok()?;
        constant_time::verify_slices_are_equal(&self.iv(kind, sector, id), iv).ok()?;
        Some(id.to_owned())
    }

    /// Computes the synthetic IV. Neither a sector, which is a host or names a client, nor an id contains the
    /// separator.
    fn iv(&self, kind: u8, sector: &str, id: &str) -> [u8; IV] {
        let message = [&[kind], sector.as_bytes(), &[0], id.as_bytes()].concat();
        hmac::sign(&self.mac, &message).as_ref().first_chunk().copied().unwrap_or_default()
    }
}

impl std::fmt::Debug for PairwiseKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PairwiseKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MasterKey;

    fn key() -> PairwiseKey {
        MasterKey::new([7; 32]).pairwise_key()
    }

    fn user(id: &str) -> UserId {
        UserId::parse(id).unwrap()
    }

    #[test]
    fn a_subject_is_the_same_each_time_and_leads_back_to_its_user() {
        for id in ["alice-1", "0AxvPK8ZTU2vLrmQ1ZpQ4A", &"x".repeat(150)] {
            let subject = key().subject("rp.example", &user(id)).unwrap();
            assert_eq!(key().subject("rp.example", &user(id)).unwrap(), subject, "{id}");
            assert_eq!(key().user("rp.example", &subject), Some(user(id)), "{id}");
            assert!(subject.len() <= 255 && !subject.contains(id), "{subject}");
        }
    }

    #[test]
    fn a_sid_leads_back_to_its_session_and_is_no_subject() {
        let session = SessionId::parse("0AxvPK8ZTU2vLrmQ1ZpQ4A").unwrap();
        let sid = key().sid("rp.example", &session).unwrap();
        assert_eq!(key().session("rp.example", &sid), Some(session.clone()));
        assert_eq!(key().session("other.example", &sid), None);
        assert_eq!(key().user("rp.example", &sid), None, "a sid is no subject");
        assert_ne!(key().sid("other.example", &session).unwrap(), sid);
        assert_ne!(key().subject("rp.example", &user(session.as_str())).unwrap(), sid);
    }

    #[test]
    fn subjects_differ_between_sectors_users_and_installations() {
        let subject = |sector: &str, id: &str| key().subject(sector, &user(id)).unwrap();
        let first = subject("rp.example", "alice");
        let elsewhere = MasterKey::new([8; 32]).pairwise_key();
        for (rule, other) in [
            ("sector", subject("other.example", "alice")),
            ("user", subject("rp.example", "alicf")),
            ("sector and user shifted", subject("rp.examplea", "lice")),
            ("master key", elsewhere.subject("rp.example", &user("alice")).unwrap()),
        ] {
            assert_ne!(first, other, "{rule}");
            assert_ne!(first[22..], other[22..], "{rule}: not even the encrypted id is alike");
        }
    }

    #[test]
    fn a_subject_is_invalid_for_another_sector_or_key_or_when_changed() {
        let subject = key().subject("rp.example", &user("alice")).unwrap();
        assert_eq!(key().user("other.example", &subject), None, "another sector");
        assert_eq!(MasterKey::new([8; 32]).pairwise_key().user("rp.example", &subject), None, "another key");
        let bytes = URL_SAFE_NO_PAD.decode(&subject).unwrap();
        for at in 0..bytes.len() {
            for bit in [1, 4, 128] {
                let mut changed = bytes.clone();
                changed[at] ^= bit;
                assert_eq!(key().user("rp.example", &URL_SAFE_NO_PAD.encode(changed)), None, "byte {at}, {bit}");
            }
        }
        for bad in ["", "alice", &subject[..22], &format!("{subject}A"), &format!("{subject}=")] {
            assert_eq!(key().user("rp.example", bad), None, "{bad}");
        }
    }
}

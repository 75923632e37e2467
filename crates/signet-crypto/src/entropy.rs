//! The system's source of random bytes. Use cases receive an [`Entropy`] and call nothing else for randomness.

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};

/// The system returned no random bytes, so nothing may be issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system's source of random bytes failed")]
pub struct EntropyError;

/// The system's cryptographic source of random bytes.
#[derive(Clone, Debug, Default)]
pub struct Entropy(SystemRandom);

impl Entropy {
    /// Returns `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> Result<[u8; N], EntropyError> {
        let mut bytes = [0; N];
        self.0.fill(&mut bytes).map_err(|_| EntropyError)?;
        Ok(bytes)
    }
}

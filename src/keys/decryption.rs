//! Decryption with the server's private keys. Strangers trigger it, so it runs on a few blocking threads with a short
//! queue, which bounds what a flood can cost.

use std::sync::Arc;

use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::encryption_key::EncryptionKey;
use super::jwe::DecryptError;
use crate::protocol::jwe::EncryptedToken;

/// Queue length per worker: under 50 ms at 3 ms per RSA-3072 operation.
const WAITING: usize = 16;

/// A token and the one key that may have been encrypted to.
pub struct Decryption {
    pub(super) key: Arc<EncryptionKey>,
    pub(super) token: String,
}

impl Decryption {
    /// Uses the private key, once.
    ///
    /// # Errors
    /// [`DecryptError::Failed`], which does not tell why.
    pub fn run(self) -> Result<Zeroizing<String>, DecryptError> {
        let token = EncryptedToken::parse(&self.token)?;
        let plain = self.key.private.decrypt(&token)?;
        let text = std::str::from_utf8(&plain).map_err(|_| DecryptError::Failed)?;
        Ok(Zeroizing::new(text.to_owned()))
    }
}

/// The threads that decrypt.
pub(super) struct Decrypters {
    /// Those that are running.
    workers: Arc<Semaphore>,
    /// Those that are running or waiting.
    places: Arc<Semaphore>,
}

impl Default for Decrypters {
    /// Half of the processors, so that the rest is left to everybody else.
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let workers = (processors / 2).max(1);
        Self::new(workers, workers.saturating_mul(WAITING))
    }
}

impl Decrypters {
    fn new(workers: usize, waiting: usize) -> Self {
        Self {
            workers: Arc::new(Semaphore::new(workers)),
            places: Arc::new(Semaphore::new(workers.saturating_add(waiting))),
        }
    }

    /// Runs a decryption when its turn comes. It goes on, in its place, though the caller hangs up.
    ///
    /// # Errors
    /// [`DecryptError::Busy`] where the queue is full, and those of the decryption.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, DecryptError> + Send + 'static,
    ) -> Result<T, DecryptError> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| DecryptError::Busy)?;
        let worker = self.workers.clone().acquire_owned().await.map_err(|_| DecryptError::Busy)?;
        let running = tokio::task::spawn_blocking(move || {
            let done = work();
            drop((worker, place));
            done
        });
        running.await.map_err(|_| DecryptError::Failed)?
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn a_full_queue_refuses_at_once_and_is_served_in_turn() {
        let decrypters = Arc::new(Decrypters::new(1, 1));
        let (release, held) = mpsc::channel();
        let run = |work: Box<dyn FnOnce() -> Result<u8, DecryptError> + Send>| {
            let decrypters = decrypters.clone();
            tokio::spawn(async move { decrypters.run(work).await })
        };
        let first = run(Box::new(move || {
            held.recv().unwrap();
            Ok(1)
        }));
        let second = run(Box::new(|| Ok(2)));
        while decrypters.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(decrypters.run(|| Ok(3)).await, Err(DecryptError::Busy));
        release.send(()).unwrap();
        assert_eq!((first.await.unwrap(), second.await.unwrap()), (Ok(1), Ok(2)));
        assert_eq!(decrypters.run(|| Ok(4)).await, Ok(4), "every place is free again");
    }
}

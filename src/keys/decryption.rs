//! Decryption with the server's private keys. Strangers trigger it, so it runs on a few blocking threads behind a short
//! queue in which networks take turns.

use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::fair_queue::{Lane, Queue};
use signet_crypto::encryption_key::EncryptionKey;
use signet_crypto::jwe::DecryptError;
use signet_protocol::jose::jwe::EncryptedToken;

/// The longest wait of a newcomer in the queue.
const LONGEST_WAIT: Duration = Duration::from_millis(250);
/// The initial estimate of a decryption's duration: one operation with an RSA-3072 key.
const ESTIMATE: Duration = Duration::from_millis(3);

/// A token and the one key that it may have been encrypted to.
pub struct Decryption {
    pub(super) key: Arc<EncryptionKey>,
    pub(super) token: String,
}

impl Decryption {
    /// Uses the private key, once. [`DecryptError::Failed`] does not reveal the reason.
    pub fn run(self) -> Result<Zeroizing<String>, DecryptError> {
        let token = EncryptedToken::parse(&self.token)?;
        let private = self.key.private().map_err(|_| DecryptError::Failed)?;
        let plain = private.decrypt(&token)?;
        let text = std::str::from_utf8(&plain).map_err(|_| DecryptError::Failed)?;
        Ok(Zeroizing::new(text.to_owned()))
    }
}

/// The threads that decrypt.
pub(super) struct Decrypters {
    queue: Arc<Queue>,
}

impl Default for Decrypters {
    /// Half of the processors; the rest serves requests without decryption.
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { queue: Queue::new(processors / 2, LONGEST_WAIT, ESTIMATE) }
    }
}

impl Decrypters {
    /// Runs a decryption when its network's turn comes. [`DecryptError::Busy`] means that the queue is full.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        lane: Lane,
        work: impl FnOnce() -> Result<T, DecryptError> + Send + 'static,
    ) -> Result<T, DecryptError> {
        let turn = self.queue.turn(lane).await.map_err(|_| DecryptError::Busy)?;
        turn.spend(work).await.map_err(|_| DecryptError::Failed)?
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use ipnet::IpNet;

    use super::*;

    fn lane(name: u8) -> Lane {
        Some(IpNet::new([192, 0, name, 0].into(), 24).unwrap())
    }

    #[tokio::test]
    async fn a_flood_fills_its_own_lane_only() {
        let decrypters = Arc::new(Decrypters { queue: Queue::new(1, LONGEST_WAIT, LONGEST_WAIT / 4) });
        let (release, held) = mpsc::channel();
        let run = |network, work: Box<dyn FnOnce() -> Result<u8, DecryptError> + Send>| {
            let decrypters = decrypters.clone();
            tokio::spawn(async move { decrypters.run(lane(network), work).await })
        };
        let first = run(
            1,
            Box::new(move || {
                held.recv().unwrap();
                Ok(1)
            }),
        );
        tokio::task::yield_now().await;
        let flood: Vec<_> = (0..8).map(|_| run(1, Box::new(|| Ok(2)))).collect();
        let other = run(2, Box::new(|| Ok(3)));
        while flood.iter().filter(|task| task.is_finished()).count() < 5 {
            tokio::task::yield_now().await;
        }
        release.send(()).unwrap();
        assert_eq!(first.await.unwrap(), Ok(1));
        assert_eq!(other.await.unwrap(), Ok(3));
        let refused = futures_util::future::join_all(flood).await;
        let refused = refused.into_iter().filter(|done| *done.as_ref().unwrap() == Err(DecryptError::Busy)).count();
        assert_eq!(refused, 5, "four places, of which the newest made room");
        assert_eq!(decrypters.run(lane(1), || Ok(4)).await, Ok(4), "every place is free again");
    }
}

//! Password hashing: argon2id on a bounded number of threads, so that a flood of sign-ins stalls nothing else.

mod work;

use std::sync::Arc;
use std::time::Duration;

use self::work::Worker;
use crate::fair_queue::{Full, Lane, Queue};
use crate::metrics::Hashing;
use signet_protocol::secret::Password;
use signet_store::metrics::timed;

/// The longest wait of a newcomer in the queue.
pub const LONGEST_WAIT: Duration = Duration::from_secs(3);

/// The cost parameters of argon2id (RFC 9106 §4, OWASP Password Storage).
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
    pub parallelism: u32,
}

impl Cost {
    /// Returns the initial estimate of a hash's duration: a microsecond per KiB and pass.
    fn estimate(self) -> Duration {
        Duration::from_micros(u64::from(self.memory_kib).saturating_mul(u64::from(self.iterations)))
    }
}

/// The reason why a password could not be checked or hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// The queue is full.
    #[error("too many passwords are being checked")]
    Busy {
        /// The time until the queue is done.
        wait: Duration,
    },
    /// The hash cannot be parsed or computed.
    #[error("the password hash is malformed")]
    Malformed,
}

impl From<Full> for PasswordError {
    fn from(full: Full) -> Self {
        Self::Busy { wait: full.wait }
    }
}

/// The outcome of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// The password does not match.
    Wrong,
    /// The password matches.
    Right,
    /// The password matches an old hash; this is one with current parameters.
    RightWithNewHash(String),
}

/// The stored hash to check a password against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// No account has the name, or it has no password.
    Unknown,
    /// The hash of an account that may not sign in.
    Barred(String),
    /// The hash of an account that may sign in.
    Open(String),
}

impl Stored {
    pub fn hash(&self) -> Option<&str> {
        match self {
            Self::Unknown => None,
            Self::Barred(hash) | Self::Open(hash) => Some(hash),
        }
    }
}

/// The password hashing pool.
#[derive(Clone)]
pub struct Passwords {
    worker: Arc<Worker>,
    queue: Arc<Queue>,
    metrics: Hashing,
}

impl Passwords {
    /// Creates a pool of at most `workers` threads. A cost outside argon2's range is [`PasswordError::Malformed`].
    pub fn new(cost: Cost, workers: usize) -> Result<Self, PasswordError> {
        let worker = Arc::new(Worker::new(cost)?);
        Ok(Self { worker, queue: Queue::new(workers, LONGEST_WAIT, cost.estimate()), metrics: Hashing::default() })
    }

    /// Records the cost of a stored hash. Failed checks cost as much as the most expensive one.
    pub fn note(&self, hash: &str) {
        self.worker.note(hash);
    }

    /// Hashes a password in PHC form, with a salt of 16 bytes. A full queue is [`PasswordError::Busy`].
    pub async fn hash(&self, password: Password, salt: [u8; 16]) -> Result<String, PasswordError> {
        self.run(None, move |worker| worker.hash(&password, &salt)).await?
    }

    /// Checks a password from a network. A failure takes the same work for every stored hash. Without a hash, or with
    /// an unreadable one, the result is [`Check::Wrong`]. A full queue is [`PasswordError::Busy`].
    pub async fn check(
        &self,
        password: Password,
        stored: Stored,
        salt: [u8; 16],
        network: Lane,
    ) -> Result<Check, PasswordError> {
        self.run(network, move |worker| worker.verify(&password, &stored, &salt).check).await
    }

    async fn run<T, F>(&self, network: Lane, work: F) -> Result<T, PasswordError>
    where
        T: Send + 'static,
        F: FnOnce(&Worker) -> T + Send + 'static,
    {
        let turn = self.metrics.turn(self.queue.turn(network)).await.inspect_err(|_| {
            self.metrics.refused.inc();
        })?;
        let worker = self.worker.clone();
        let done = turn.spend(move || work(&worker));
        timed(&self.metrics.work, done).await.map_err(|_| PasswordError::Busy { wait: Duration::ZERO })
    }

    /// Returns true if the queue has a free place.
    pub fn has_room(&self) -> bool {
        self.queue.has_room()
    }

    pub fn metrics(&self) -> &Hashing {
        &self.metrics
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost { memory_kib: 64, iterations: 1, parallelism: 1 };

    fn password(text: &str) -> Password {
        Password::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_password_matches_its_own_hash_only() {
        let pool = Passwords::new(CHEAP, 2).unwrap();
        let hash = pool.hash(password("correct horse"), [1; 16]).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{hash}");
        let rows = [
            ("right", "correct horse", Stored::Open(hash.clone()), Check::Right),
            ("wrong", "Correct horse", Stored::Open(hash.clone()), Check::Wrong),
            ("right, of an account that may not sign in", "correct horse", Stored::Barred(hash), Check::Right),
            ("no account", "correct horse", Stored::Unknown, Check::Wrong),
            ("garbage", "correct horse", Stored::Open("x".into()), Check::Wrong),
            ("no account, no password", "", Stored::Unknown, Check::Wrong),
        ];
        for (rule, text, stored, expected) in rows {
            assert_eq!(pool.check(password(text), stored, [2; 16], None).await.unwrap(), expected, "{rule}");
        }
    }

    #[tokio::test]
    async fn a_hash_with_old_parameters_is_replaced() {
        let old = Passwords::new(CHEAP, 1).unwrap().hash(password("correct horse"), [1; 16]).await.unwrap();
        let pool = Passwords::new(Cost { memory_kib: 128, ..CHEAP }, 1).unwrap();
        let right =
            async |hash| pool.check(password("correct horse"), Stored::Open(hash), [2; 16], None).await.unwrap();
        let Check::RightWithNewHash(new) = right(old).await else {
            panic!("the hash was not replaced");
        };
        assert!(new.contains("m=128"));
        assert_eq!(right(new).await, Check::Right);
    }

    #[tokio::test]
    async fn passwords_beyond_the_queue_are_refused_at_once() {
        let pool = Passwords::new(Cost { memory_kib: 19_456, iterations: 2, parallelism: 1 }, 1).unwrap();
        let all = (0..200).map(|_| pool.check(password("x"), Stored::Unknown, [1; 16], None));
        let refused = futures_util::future::join_all(all).await.into_iter().filter_map(Result::err);
        let waits: Vec<Duration> = refused
            .map(|error| match error {
                PasswordError::Busy { wait } => wait,
                PasswordError::Malformed => panic!("malformed"),
            })
            .collect();
        assert!(!waits.is_empty(), "two hundred at once found a place before one worker");
        assert!(waits.iter().all(|wait| *wait > Duration::ZERO && *wait <= LONGEST_WAIT * 4), "{waits:?}");
    }
}

//! Passwords of people: argon2id on a bounded number of threads, so that a flood of sign-ins stalls nothing else.

mod work;

use std::sync::Arc;
use std::time::Duration;

use self::work::Worker;
use crate::fair_queue::{Full, Lane, Queue};
use crate::metrics::Hashing;
use crate::protocol::secret::Password;
use crate::store::metrics::timed;

/// The longest time that the passwords before a newcomer's may take.
pub const LONGEST_WAIT: Duration = Duration::from_secs(3);

/// What hashing costs (RFC 9106 §4, OWASP Password Storage).
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
}

impl Cost {
    /// The first estimate of what a hash takes: a microsecond for each KiB and pass.
    fn estimate(self) -> Duration {
        Duration::from_micros(u64::from(self.memory_kib).saturating_mul(u64::from(self.iterations)))
    }
}

/// Why there is no answer about a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too many are being hashed.
    #[error("too many passwords are being checked")]
    Busy {
        /// The time in which those are done.
        wait: Duration,
    },
    /// The hash cannot be read or made.
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
    /// The password is another one.
    Wrong,
    /// It is the password.
    Right,
    /// It is the password; its hash has old parameters, and this is a new one.
    RightWithNewHash(String),
}

/// The hash that a password is checked against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// No account has the name, or it has no password.
    Unknown,
    /// The hash of an account that may not sign in.
    Barred(String),
    /// The hash of an account that may.
    Open(String),
}

impl Stored {
    /// The hash, if there is one.
    pub fn hash(&self) -> Option<&str> {
        match self {
            Self::Unknown => None,
            Self::Barred(hash) | Self::Open(hash) => Some(hash),
        }
    }
}

/// The pool that hashes.
#[derive(Clone)]
pub struct Passwords {
    worker: Arc<Worker>,
    queue: Arc<Queue>,
    metrics: Hashing,
}

impl Passwords {
    /// A pool of `workers` threads at most.
    ///
    /// # Errors
    /// [`PasswordError::Malformed`] where the cost is out of argon2's range.
    pub fn new(cost: Cost, workers: usize) -> Result<Self, PasswordError> {
        let worker = Arc::new(Worker::new(cost)?);
        Ok(Self { worker, queue: Queue::new(workers, LONGEST_WAIT, cost.estimate()), metrics: Hashing::default() })
    }

    /// Takes note of a stored hash: failed checks cost as much as the costliest.
    pub fn note(&self, hash: &str) {
        self.worker.note(hash);
    }

    /// A hash of the password in PHC form, with a salt of 16 bytes.
    ///
    /// # Errors
    /// [`PasswordError::Busy`] where the queue is full.
    pub async fn hash(&self, password: Password, salt: [u8; 16]) -> Result<String, PasswordError> {
        self.run(None, move |worker| worker.hash(&password, &salt)).await?
    }

    /// Checks a password that came from a network. A failure takes the same work whatever is stored; without a hash, or
    /// with one that cannot be read, the answer is [`Check::Wrong`].
    ///
    /// # Errors
    /// [`PasswordError::Busy`] where the queue is full.
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

    /// Returns true if a password would find a place in the queue.
    pub fn has_room(&self) -> bool {
        self.queue.has_room()
    }

    /// What the pool counts.
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
    async fn a_password_fits_its_own_hash_only() {
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
    async fn what_cannot_be_hashed_in_time_is_refused_at_once() {
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

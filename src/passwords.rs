//! Passwords of people: argon2id in a bounded pool of its own, so that a flood of logins stalls nothing else.

use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher as _, PasswordVerifier as _, Version};
use tokio::sync::Semaphore;

use crate::metrics::{Hashing, timed};
use crate::protocol::secret::Password;

/// The most bytes of a password that are hashed.
const MAX_BYTES: usize = 1024;

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

/// Why there is no answer about a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too many are being hashed; ask again.
    #[error("too many passwords are being checked")]
    Busy,
    /// The hash cannot be read or made.
    #[error("the password hash is malformed")]
    Malformed,
}

/// What a check turned up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// The password is another one.
    Wrong,
    /// It is the password.
    Right,
    /// It is the password; its hash has old parameters, and this is a new one.
    RightWithNewHash(String),
}

/// The pool that hashes.
#[derive(Clone)]
pub struct Passwords {
    hasher: Argon2<'static>,
    workers: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    decoy: Arc<str>,
    metrics: Hashing,
}

impl Passwords {
    /// A pool of `workers` threads at most, with a queue of eight times as many.
    ///
    /// # Errors
    /// [`PasswordError::Malformed`] where the cost is out of argon2's range.
    pub fn new(cost: Cost, workers: usize) -> Result<Self, PasswordError> {
        let params = Params::new(cost.memory_kib, cost.iterations, cost.parallelism, None);
        let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.map_err(|_| PasswordError::Malformed)?);
        let decoy = decoy(cost).into();
        let (workers, queue) = (Semaphore::new(workers), Semaphore::new(workers.saturating_mul(9)));
        let (workers, queue, metrics) = (Arc::new(workers), Arc::new(queue), Hashing::default());
        Ok(Self { hasher, workers, queue, decoy, metrics })
    }

    /// A hash of the password in PHC form, with a salt of 16 bytes.
    ///
    /// # Errors
    /// [`PasswordError::Busy`] where the queue is full.
    pub async fn hash(&self, password: Password, salt: [u8; 16]) -> Result<String, PasswordError> {
        let hasher = self.hasher.clone();
        self.run(move || make(&hasher, &password, &salt)).await?
    }

    /// Checks a password against a hash. Without a hash, or with one that cannot be read, the answer is
    /// [`Check::Wrong`] after as much work as with one.
    ///
    /// # Errors
    /// [`PasswordError::Busy`] where the queue is full.
    pub async fn check(
        &self,
        password: Password,
        hash: Option<String>,
        salt: [u8; 16],
    ) -> Result<Check, PasswordError> {
        let (hasher, decoy) = (self.hasher.clone(), self.decoy.clone());
        self.run(move || verify(&hasher, &password, hash.as_deref(), (&decoy, &salt))).await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, PasswordError> {
        let Ok(_place) = self.queue.clone().try_acquire_owned() else {
            self.metrics.refused.inc();
            return Err(PasswordError::Busy);
        };
        let worker = self.metrics.turn(self.workers.clone().acquire_owned()).await.map_err(|_| PasswordError::Busy)?;
        let done = tokio::task::spawn_blocking(move || {
            let _worker = worker;
            work()
        });
        timed(&self.metrics.work, done).await.map_err(|_| PasswordError::Busy)
    }

    /// Whether a password would find a place in the queue.
    pub fn has_room(&self) -> bool {
        self.queue.available_permits() > 0
    }

    /// What the pool counts.
    pub fn metrics(&self) -> &Hashing {
        &self.metrics
    }
}

fn verify(hasher: &Argon2<'_>, password: &Password, hash: Option<&str>, (decoy, salt): (&str, &[u8; 16])) -> Check {
    let stored = hash.and_then(|hash| PasswordHash::new(hash).ok());
    let known = stored.is_some();
    let Some(parsed) = stored.or_else(|| PasswordHash::new(decoy).ok()) else { return Check::Wrong };
    let fits = password.expose().len() <= MAX_BYTES;
    let right = hasher.verify_password(password.expose().as_bytes(), &parsed).is_ok();
    if !(known && right && fits) {
        return Check::Wrong;
    }
    if is_current(hasher, &parsed) {
        return Check::Right;
    }
    make(hasher, password, salt).map_or(Check::Right, Check::RightWithNewHash)
}

/// Whether a hash has the algorithm and the cost that new ones get.
fn is_current(hasher: &Argon2<'_>, hash: &PasswordHash) -> bool {
    let same = |params: Params| {
        let (a, b) = (&params, hasher.params());
        (a.m_cost(), a.t_cost(), a.p_cost()) == (b.m_cost(), b.t_cost(), b.p_cost())
    };
    hash.algorithm.as_str() == "argon2id" && Params::try_from(hash).is_ok_and(same)
}

fn make(hasher: &Argon2<'_>, password: &Password, salt: &[u8; 16]) -> Result<String, PasswordError> {
    if password.expose().len() > MAX_BYTES {
        return Err(PasswordError::Malformed);
    }
    let hash = hasher.hash_password_with_salt(password.expose().as_bytes(), salt);
    hash.map(|hash| hash.to_string()).map_err(|_| PasswordError::Malformed)
}

/// A hash that no password fits, of the same cost, for names that nobody has.
fn decoy(cost: Cost) -> String {
    let (m, t, p) = (cost.memory_kib, cost.iterations, cost.parallelism);
    let (salt, output) = ("A".repeat(22), "A".repeat(43));
    format!("$argon2id$v=19$m={m},t={t},p={p}${salt}${output}")
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
            ("right", "correct horse", Some(hash.clone()), Check::Right),
            ("wrong", "Correct horse", Some(hash.clone()), Check::Wrong),
            ("nobody", "correct horse", None, Check::Wrong),
            ("garbage", "correct horse", Some("x".into()), Check::Wrong),
            ("nobody, decoy", "", None, Check::Wrong),
        ];
        for (rule, text, hash, expected) in rows {
            assert_eq!(pool.check(password(text), hash, [2; 16]).await.unwrap(), expected, "{rule}");
        }
    }

    #[tokio::test]
    async fn a_hash_with_old_parameters_is_made_anew() {
        let old = Passwords::new(CHEAP, 1).unwrap().hash(password("correct horse"), [1; 16]).await.unwrap();
        let pool = Passwords::new(Cost { memory_kib: 128, ..CHEAP }, 1).unwrap();
        let Check::RightWithNewHash(new) = pool.check(password("correct horse"), Some(old), [2; 16]).await.unwrap()
        else {
            panic!("the hash was not made anew");
        };
        assert!(new.contains("m=128"));
        assert_eq!(pool.check(password("correct horse"), Some(new), [3; 16]).await.unwrap(), Check::Right);
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once() {
        let pool = Passwords::new(Cost { memory_kib: 19_456, iterations: 2, parallelism: 1 }, 1).unwrap();
        let all = (0..40).map(|_| pool.check(password("x"), None, [1; 16]));
        let refused = futures_util::future::join_all(all).await.into_iter().filter(Result::is_err).count();
        assert!(refused > 0, "forty at once found a place");
    }
}

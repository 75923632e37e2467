//! Passwords: new ones are checked by the rules, the list of breached ones, and hashed with argon2id; typed ones are
//! verified, also by hashes of other systems. All of it runs on a bounded number of threads, so that a flood of sign-ins
//! stalls nothing else.

mod breached;
mod foreign;
mod work;

use std::sync::Arc;
use std::time::Duration;

pub use self::breached::{BreachedFile, BreachedFileError};
use self::work::Worker;
use crate::fair_queue::{Full, Lane, Queue};
use crate::metrics::Hashing;
use signet_protocol::account::foreign_hash::{ForeignHash, Import, StoredForeign};
use signet_protocol::account::hash_work::Work;
use signet_protocol::account::password::{AcceptedPassword, Breach, PasswordRefusal, PasswordRules, PlausiblePassword};
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
    /// The file of breached passwords cannot be read any more; its error has been logged.
    #[error("the file of breached passwords cannot be read")]
    BreachedFile,
}

/// The reason why a new password is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NewPasswordError {
    #[error(transparent)]
    Refused(#[from] PasswordRefusal),
    /// It could not be checked.
    #[error(transparent)]
    Failed(#[from] PasswordError),
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

/// A hash of another system in the form in which it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedHash {
    pub hash: String,
    /// The work of a check apart from argon2's, as stored beside the hash.
    pub work: Option<String>,
}

/// The rules of development and of tests: those of the default settings.
const DEFAULT_RULES: PasswordRules = PasswordRules { min_chars: 8, min_score: 2 };

/// The password hashing pool, with the rules for new passwords.
#[derive(Clone)]
pub struct Passwords {
    rules: PasswordRules,
    breached: Option<Arc<BreachedFile>>,
    worker: Arc<Worker>,
    queue: Arc<Queue>,
    metrics: Hashing,
}

impl Passwords {
    /// Creates a pool of at most `workers` threads. A cost outside argon2's range is [`PasswordError::Malformed`].
    pub fn new(cost: Cost, workers: usize) -> Result<Self, PasswordError> {
        let worker = Arc::new(Worker::new(cost)?);
        let queue = Queue::new(workers, LONGEST_WAIT, cost.estimate());
        Ok(Self { rules: DEFAULT_RULES, breached: None, worker, queue, metrics: Hashing::default() })
    }

    /// Checks new passwords by these rules, and looks them up in this list.
    #[must_use]
    pub fn with_rules(self, rules: PasswordRules, breached: Option<BreachedFile>) -> Self {
        Self { rules, breached: breached.map(Arc::new), ..self }
    }

    pub const fn rules(&self) -> &PasswordRules {
        &self.rules
    }

    /// Records the cost of a stored hash. Failed checks cost as much as the most expensive one.
    pub fn note(&self, hash: &str) {
        self.worker.note(hash);
    }

    /// Replaces the work of imported hashes, as stored beside them.
    pub fn set_foreign<'a>(&self, stored: impl Iterator<Item = &'a str>) {
        let work = stored.fold(Work::NONE, |most, text| most.or_more(&Work::from_stored(text)));
        self.worker.set_foreign(&work);
    }

    /// Checks a new password from a network. `personal` are words of the person and of the realm. Its length is checked
    /// before it takes a place in the queue.
    pub async fn accept(
        &self,
        password: Password,
        personal: &[&str],
        network: Lane,
    ) -> Result<AcceptedPassword, NewPasswordError> {
        self.rules.check_length(&password)?;
        let rules = self.rules;
        let breached = self.breached.clone();
        let personal: Vec<String> = personal.iter().map(|word| (*word).to_owned()).collect();
        let check = move |_: &Worker| {
            let personal: Vec<&str> = personal.iter().map(String::as_str).collect();
            let plausible = rules.check(password, &personal)?;
            let breach = look_up(breached.as_deref(), &plausible)?;
            Ok(plausible.accept(breach)?)
        };
        self.run(network, check).await?
    }

    /// Hashes a password in PHC form, with a salt of 16 bytes. A full queue is [`PasswordError::Busy`].
    pub async fn hash(&self, password: AcceptedPassword, salt: [u8; 16]) -> Result<String, PasswordError> {
        self.run(None, move |worker| worker.hash(password.password(), &salt)).await?
    }

    /// Returns the stored form of an imported hash; `None` if the person must reset the password.
    pub async fn import(&self, import: Import, salt: [u8; 16]) -> Result<Option<ImportedHash>, PasswordError> {
        let kept = |stored: StoredForeign| {
            Some(ImportedHash { hash: stored.to_text(), work: stored.scheme().work().to_stored() })
        };
        match import {
            Import::Argon2(hash) => Ok(Some(ImportedHash { hash, work: None })),
            Import::Keep(hash) => Ok(kept(StoredForeign::Kept(hash))),
            Import::Wrap(hash) => self.wrap(hash, salt).await.map(kept),
            Import::Reset => Ok(None),
        }
    }

    async fn wrap(&self, hash: ForeignHash, salt: [u8; 16]) -> Result<StoredForeign, PasswordError> {
        self.run(None, move |worker| worker.wrap(&hash, &salt)).await?
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

fn look_up(breached: Option<&BreachedFile>, password: &PlausiblePassword) -> Result<Breach, PasswordError> {
    let Some(breached) = breached else { return Ok(Breach::Unknown) };
    breached.find(password.password()).map_err(|error| {
        tracing::error!(%error, "could not read the file of breached passwords; no new password is accepted");
        PasswordError::BreachedFile
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost { memory_kib: 64, iterations: 1, parallelism: 1 };

    fn password(text: &str) -> Password {
        Password::new(text.to_owned())
    }

    async fn hash(pool: &Passwords, text: &str) -> String {
        let accepted = pool.accept(password(text), &[], None).await.unwrap();
        pool.hash(accepted, [1; 16]).await.unwrap()
    }

    #[tokio::test]
    async fn a_password_is_accepted_by_rules_and_list_before_it_is_hashed() {
        let rules = PasswordRules { min_chars: 10, min_score: 2 };
        let mut list = tempfile::NamedTempFile::new().unwrap();
        // The SHA-1 digest of "correct horse".
        std::io::Write::write_all(&mut list, b"2F9E53523B62ABC141A2B4D6019D23CBA835DBD0:1\n").unwrap();
        let pool = Passwords::new(CHEAP, 1).unwrap().with_rules(rules, Some(BreachedFile::open(list.path()).unwrap()));
        let accept = async |text: &str| pool.accept(password(text), &["kwyjibo"], None).await.map(|_| ());
        assert_eq!(accept("onyx jumps thrice").await, Ok(()));
        let rows = [
            ("onyx kxqz", PasswordRefusal::TooShort { min_chars: 10 }),
            (&*"x".repeat(1 << 20), PasswordRefusal::TooLong),
            ("password123", PasswordRefusal::Common),
            ("kwyjibo2026", PasswordRefusal::Personal),
            ("correct horse", PasswordRefusal::Breached),
        ];
        for (text, refusal) in rows {
            assert_eq!(accept(text).await, Err(NewPasswordError::Refused(refusal)));
        }
    }

    #[tokio::test]
    async fn a_password_matches_its_own_hash_only() {
        let pool = Passwords::new(CHEAP, 2).unwrap();
        let hash = hash(&pool, "correct horse").await;
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
        let old = hash(&Passwords::new(CHEAP, 1).unwrap(), "correct horse").await;
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
                other => panic!("{other}"),
            })
            .collect();
        assert!(!waits.is_empty(), "two hundred at once found a place before one worker");
        assert!(waits.iter().all(|wait| *wait > Duration::ZERO && *wait <= LONGEST_WAIT * 4), "{waits:?}");
    }
}

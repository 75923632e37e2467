//! The work of one password check. Every failed check costs as much as the most expensive hash in use, so that its
//! duration reveals neither the existence of the account nor the age of its hash (CWE-208).

use std::sync::atomic::{AtomicU64, Ordering};

use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher as _, PasswordVerifier as _, Version};

use super::{Check, Cost, PasswordError, Stored};
use signet_protocol::secret::Password;

/// The maximum length of a password that is hashed, in bytes.
const MAX_BYTES: usize = 1024;
/// The salt of hashes whose result is discarded.
const DECOY_SALT: [u8; 16] = [b'A'; 16];
/// The minimum memory of argon2, in KiB.
const LEAST_MEMORY: u64 = 8;

/// The hasher, with the cost of the most expensive hash seen.
pub struct Worker {
    hasher: Argon2<'static>,
    /// In KiB-passes: memory times passes, to which argon2's duration is proportional.
    costliest: AtomicU64,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Done {
    /// The outcome.
    pub check: Check,
    /// The work done, in KiB-passes.
    pub work: u64,
}

impl Worker {
    /// Creates a worker that hashes at this cost. A cost outside argon2's range is [`PasswordError::Malformed`].
    pub fn new(cost: Cost) -> Result<Self, PasswordError> {
        let params = Params::new(cost.memory_kib, cost.iterations, cost.parallelism, None);
        let params = params.map_err(|_| PasswordError::Malformed)?;
        let costliest = AtomicU64::new(work_of(&params));
        Ok(Self { hasher: argon2id(params), costliest })
    }

    /// Records the cost of a stored hash; the highest one becomes the cost of failed checks.
    pub fn note(&self, hash: &str) {
        let params = PasswordHash::new(hash).ok().and_then(|hash| Params::try_from(&hash).ok());
        if let Some(params) = params {
            self.costliest.fetch_max(work_of(&params), Ordering::Relaxed);
        }
    }

    /// Checks a password. An old hash is renewed only for an account that may sign in.
    pub fn verify(&self, password: &Password, stored: &Stored, salt: &[u8; 16]) -> Done {
        let hash = stored.hash().and_then(|hash| PasswordHash::new(hash).ok());
        let params = hash.as_ref().and_then(|hash| Params::try_from(hash).ok());
        let work = params.as_ref().map_or(0, work_of);
        self.costliest.fetch_max(work, Ordering::Relaxed);
        let fits = password.expose().len() <= MAX_BYTES;
        let verify = |hash: &PasswordHash| self.hasher.verify_password(password.expose().as_bytes(), hash).is_ok();
        let right = hash.as_ref().is_some_and(verify) && fits;
        let (Some(hash), Stored::Open(_), true) = (&hash, stored, right) else {
            let check = if right { Check::Right } else { Check::Wrong };
            return Done { check, work: work.saturating_add(self.equalize_work(password, work)) };
        };
        if self.is_current(hash) {
            return Done { check: Check::Right, work };
        }
        let check = self.hash(password, salt).map_or(Check::Right, Check::RightWithNewHash);
        Done { check, work: work.saturating_add(work_of(self.hasher.params())) }
    }

    /// Hashes a password in PHC form. One that is too long is [`PasswordError::Malformed`].
    pub fn hash(&self, password: &Password, salt: &[u8; 16]) -> Result<String, PasswordError> {
        if password.expose().len() > MAX_BYTES {
            return Err(PasswordError::Malformed);
        }
        let hash = self.hasher.hash_password_with_salt(password.expose().as_bytes(), salt);
        hash.map(|hash| hash.to_string()).map_err(|_| PasswordError::Malformed)
    }

    /// Adds the work that a check lacks compared with the most expensive one, using at most the memory of the current
    /// cost. Returns the added work.
    fn equalize_work(&self, password: &Password, work: u64) -> u64 {
        let lacking = self.costliest.load(Ordering::Relaxed).saturating_sub(work);
        let memory = u64::from(self.hasher.params().m_cost());
        let whole = self.waste(password, memory, lacking / memory.max(1));
        whole.saturating_add(self.waste(password, lacking.saturating_sub(whole), 1))
    }

    fn waste(&self, password: &Password, memory: u64, passes: u64) -> u64 {
        let narrow = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
        if passes == 0 || memory < LEAST_MEMORY {
            return 0;
        }
        let Ok(params) = Params::new(narrow(memory), narrow(passes), 1, None) else { return 0 };
        let work = work_of(&params);
        let mut output = [0; 32];
        let done = argon2id(params).hash_password_into(password.expose().as_bytes(), &DECOY_SALT, &mut output);
        std::hint::black_box(&output);
        if done.is_ok() { work } else { 0 }
    }

    /// Returns true if a hash has the current algorithm and cost.
    fn is_current(&self, hash: &PasswordHash) -> bool {
        let same = |params: Params| {
            let current = self.hasher.params();
            params.m_cost() == current.m_cost()
                && params.t_cost() == current.t_cost()
                && params.p_cost() == current.p_cost()
        };
        hash.algorithm.as_str() == "argon2id" && Params::try_from(hash).is_ok_and(same)
    }
}

fn argon2id(params: Params) -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn work_of(params: &Params) -> u64 {
    u64::from(params.m_cost()).saturating_mul(u64::from(params.t_cost()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost { memory_kib: 64, iterations: 1, parallelism: 1 };
    const COSTLY: Cost = Cost { memory_kib: 200, iterations: 3, parallelism: 1 };

    fn password(text: &str) -> Password {
        Password::new(text.to_owned())
    }

    fn hash(cost: Cost) -> String {
        Worker::new(cost).unwrap().hash(&password("correct horse"), &[1; 16]).unwrap()
    }

    #[test]
    fn every_failed_check_costs_as_much_as_the_most_expensive() {
        for (rule, now) in [("the cost was raised", COSTLY), ("the cost was lowered", CHEAP)] {
            let worker = Worker::new(now).unwrap();
            worker.note(&hash(COSTLY));
            let cheap = hash(CHEAP);
            let costly = hash(COSTLY);
            let rows = [
                ("unknown", "correct horse", Stored::Unknown),
                ("wrong, cheap hash", "wrong", Stored::Open(cheap.clone())),
                ("wrong, costly hash", "wrong", Stored::Open(costly.clone())),
                ("disabled, wrong, cheap hash", "wrong", Stored::Barred(cheap.clone())),
                ("disabled, right, cheap hash", "correct horse", Stored::Barred(cheap)),
                ("disabled, right, costly hash", "correct horse", Stored::Barred(costly)),
                ("a hash that cannot be read", "correct horse", Stored::Open("x".to_owned())),
            ];
            for (case, text, stored) in rows {
                let done = worker.verify(&password(text), &stored, &[2; 16]);
                assert_eq!(done.work, 600, "{rule}: {case}");
            }
        }
    }

    #[test]
    fn the_cost_of_a_checked_hash_is_recorded() {
        let worker = Worker::new(CHEAP).unwrap();
        let wrong = |stored| worker.verify(&password("wrong"), &stored, &[2; 16]).work;
        assert_eq!(wrong(Stored::Unknown), 64);
        assert_eq!(wrong(Stored::Open(hash(COSTLY))), 600);
        assert_eq!(wrong(Stored::Unknown), 600);
    }

    #[test]
    fn a_success_costs_its_own_hash_and_the_new_one() {
        let worker = Worker::new(COSTLY).unwrap();
        let right = |stored| worker.verify(&password("correct horse"), &stored, &[2; 16]);
        assert_eq!(right(Stored::Open(hash(COSTLY))), Done { check: Check::Right, work: 600 });
        let done = right(Stored::Open(hash(CHEAP)));
        assert_eq!(done.work, 664);
        assert!(matches!(done.check, Check::RightWithNewHash(new) if new.contains("m=200,t=3")));
    }
}

//! The work of one password check. Every failed check costs as much as the most expensive hash in use, so that its
//! duration reveals neither the existence of the account nor the age of its hash (CWE-208).

use std::sync::{Mutex, PoisonError};

use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher as _, PasswordVerifier as _, Version};

use super::{Check, Cost, PasswordError, Stored, foreign};
use signet_protocol::account::foreign_hash::{ForeignHash, StoredForeign};
use signet_protocol::account::hash_work::{Unit, Work};
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
    /// The largest amount of each unit.
    costliest: Mutex<Work>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Done {
    /// The outcome.
    pub check: Check,
    /// The work done.
    pub work: Work,
}

/// A stored hash that could be read.
enum Readable {
    Argon2 { hash: PasswordHash, params: Params },
    Kept(ForeignHash),
    Wrapped { inner: StoredForeign, outer: PasswordHash, params: Params },
}

impl Readable {
    fn parse(text: &str) -> Option<Self> {
        let argon2 = |text: &str| {
            let hash = PasswordHash::new(text).ok()?;
            let params = Params::try_from(&hash).ok()?;
            Some((hash, params))
        };
        match StoredForeign::parse(text) {
            None => argon2(text).map(|(hash, params)| Self::Argon2 { hash, params }),
            Some(StoredForeign::Kept(hash)) => Some(Self::Kept(hash)),
            Some(inner @ StoredForeign::Wrapped { .. }) => {
                let StoredForeign::Wrapped { outer, .. } = &inner else { return None };
                let (outer, params) = argon2(outer)?;
                Some(Self::Wrapped { inner, outer, params })
            }
        }
    }

    fn work(&self) -> Work {
        match self {
            Self::Argon2 { params, .. } => Work::of(Unit::Argon2, work_of(params)),
            Self::Kept(hash) => hash.scheme.work(),
            Self::Wrapped { inner, params, .. } => inner.scheme().work().plus(&Work::of(Unit::Argon2, work_of(params))),
        }
    }
}

impl Worker {
    /// Creates a worker that hashes at this cost. A cost outside argon2's range is [`PasswordError::Malformed`].
    pub fn new(cost: Cost) -> Result<Self, PasswordError> {
        let params = Params::new(cost.memory_kib, cost.iterations, cost.parallelism, None);
        let params = params.map_err(|_| PasswordError::Malformed)?;
        let costliest = Mutex::new(Work::of(Unit::Argon2, work_of(&params)));
        Ok(Self { hasher: argon2id(params), costliest })
    }

    /// Records the cost of a stored hash; the highest one becomes the cost of failed checks.
    pub fn note(&self, hash: &str) {
        if let Some(hash) = Readable::parse(hash) {
            self.raise(&hash.work());
        }
    }

    /// Replaces the work of imported hashes, which ends when the last of them has been renewed.
    pub fn set_foreign(&self, work: &Work) {
        let mut costliest = self.costliest.lock().unwrap_or_else(PoisonError::into_inner);
        let own = Work::of(Unit::Argon2, costliest.amount(Unit::Argon2));
        *costliest = own.or_more(work);
    }

    fn raise(&self, work: &Work) {
        let mut costliest = self.costliest.lock().unwrap_or_else(PoisonError::into_inner);
        *costliest = costliest.or_more(work);
    }

    /// Checks a password. An old hash is renewed only for an account that may sign in.
    pub fn verify(&self, password: &Password, stored: &Stored, salt: &[u8; 16]) -> Done {
        let hash = stored.hash().and_then(Readable::parse);
        let work = hash.as_ref().map_or(Work::NONE, Readable::work);
        self.raise(&work);
        let fits = password.expose().len() <= MAX_BYTES;
        let right = hash.as_ref().is_some_and(|hash| self.matches(password, hash)) && fits;
        let (Some(hash), Stored::Open(_), true) = (&hash, stored, right) else {
            let check = if right { Check::Right } else { Check::Wrong };
            return Done { check, work: work.plus(&self.equalize_work(password, &work)) };
        };
        if self.is_current(hash) {
            return Done { check: Check::Right, work };
        }
        let check = self.hash(password, salt).map_or(Check::Right, Check::RightWithNewHash);
        Done { check, work: work.plus(&Work::of(Unit::Argon2, work_of(self.hasher.params()))) }
    }

    fn matches(&self, password: &Password, hash: &Readable) -> bool {
        match hash {
            Readable::Argon2 { hash, .. } => self.hasher.verify_password(password.expose().as_bytes(), hash).is_ok(),
            Readable::Kept(hash) => foreign::matches(hash, password),
            Readable::Wrapped { inner, outer, .. } => foreign::unwrapped(inner, password)
                .is_some_and(|output| self.hasher.verify_password(&output, outer).is_ok()),
        }
    }

    /// Hashes a password in PHC form. One that is too long is [`PasswordError::Malformed`].
    pub fn hash(&self, password: &Password, salt: &[u8; 16]) -> Result<String, PasswordError> {
        if password.expose().len() > MAX_BYTES {
            return Err(PasswordError::Malformed);
        }
        self.hash_bytes(password.expose().as_bytes(), salt)
    }

    /// Wraps the output of a fast hash.
    pub fn wrap(&self, hash: &ForeignHash, salt: &[u8; 16]) -> Result<StoredForeign, PasswordError> {
        let outer = self.hash_bytes(&hash.output, salt)?;
        Ok(StoredForeign::Wrapped { scheme: hash.scheme, salt: hash.salt.clone(), length: hash.output.len(), outer })
    }

    fn hash_bytes(&self, bytes: &[u8], salt: &[u8; 16]) -> Result<String, PasswordError> {
        let hash = self.hasher.hash_password_with_salt(bytes, salt);
        hash.map(|hash| hash.to_string()).map_err(|_| PasswordError::Malformed)
    }

    /// Adds the work that a check lacks compared with the most expensive one, using at most the memory of the current
    /// cost for argon2. Returns the added work.
    fn equalize_work(&self, password: &Password, work: &Work) -> Work {
        let costliest = *self.costliest.lock().unwrap_or_else(PoisonError::into_inner);
        let all = work.lacking(&costliest);
        let lacking = all.amount(Unit::Argon2);
        let memory = u64::from(self.hasher.params().m_cost());
        let whole = self.waste(password, memory, lacking / memory.max(1));
        let argon2 = whole.saturating_add(self.waste(password, lacking.saturating_sub(whole), 1));
        Work::of(Unit::Argon2, argon2).plus(&foreign::waste(&all, password))
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
    fn is_current(&self, hash: &Readable) -> bool {
        let Readable::Argon2 { hash, params } = hash else { return false };
        let current = self.hasher.params();
        hash.algorithm.as_str() == "argon2id"
            && params.m_cost() == current.m_cost()
            && params.t_cost() == current.t_cost()
            && params.p_cost() == current.p_cost()
    }
}

fn argon2id(params: Params) -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn work_of(params: &Params) -> u64 {
    u64::from(params.m_cost()).saturating_mul(u64::from(params.t_cost()))
}

#[cfg(test)]
mod tests;

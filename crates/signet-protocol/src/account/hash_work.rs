//! The work of verifying a password by its hash, so that every failed check can be given the same one (CWE-208). Each
//! function has a unit of its own, to which its duration is proportional; no unit is converted into another.

/// A function whose repetitions are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// KiB of memory times passes (RFC 9106 §3.1).
    Argon2,
    /// Rounds of the key schedule: two to the power of the cost.
    Bcrypt,
    /// Iterations (RFC 8018 §5.2).
    Pbkdf2Sha1,
    Pbkdf2Sha256,
    Pbkdf2Sha512,
    /// The product of N, r and p (RFC 7914 §2).
    Scrypt,
    /// Rounds of crypt(3).
    Sha256Crypt,
    Sha512Crypt,
}

impl Unit {
    pub const ALL: [Self; 8] = [
        Self::Argon2,
        Self::Bcrypt,
        Self::Pbkdf2Sha1,
        Self::Pbkdf2Sha256,
        Self::Pbkdf2Sha512,
        Self::Scrypt,
        Self::Sha256Crypt,
        Self::Sha512Crypt,
    ];

    /// Returns the name in the database.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Argon2 => "argon2",
            Self::Bcrypt => "bcrypt",
            Self::Pbkdf2Sha1 => "pbkdf2-sha1",
            Self::Pbkdf2Sha256 => "pbkdf2-sha256",
            Self::Pbkdf2Sha512 => "pbkdf2-sha512",
            Self::Scrypt => "scrypt",
            Self::Sha256Crypt => "sha256-crypt",
            Self::Sha512Crypt => "sha512-crypt",
        }
    }
}

/// An amount for each unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work([u64; Unit::ALL.len()]);

impl Work {
    pub const NONE: Self = Self([0; Unit::ALL.len()]);

    pub fn of(unit: Unit, amount: u64) -> Self {
        Self::from_each(|one| if one == unit { amount } else { 0 })
    }

    pub fn amount(&self, unit: Unit) -> u64 {
        Unit::ALL.into_iter().zip(self.0).find(|(one, _)| *one == unit).map_or(0, |(_, amount)| amount)
    }

    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self::from_each(|unit| self.amount(unit).saturating_add(other.amount(unit)))
    }

    /// Returns the larger amount of each unit.
    #[must_use]
    pub fn or_more(&self, other: &Self) -> Self {
        Self::from_each(|unit| self.amount(unit).max(other.amount(unit)))
    }

    /// Returns what this work lacks compared with another.
    #[must_use]
    pub fn lacking(&self, other: &Self) -> Self {
        Self::from_each(|unit| other.amount(unit).saturating_sub(self.amount(unit)))
    }

    /// Returns the amounts as stored, such as `bcrypt 4096`, without those of argon2. `None` if there are no others.
    pub fn to_stored(&self) -> Option<String> {
        let foreign = Unit::ALL.into_iter().filter(|unit| *unit != Unit::Argon2 && self.amount(*unit) > 0);
        let parts: Vec<String> = foreign.map(|unit| format!("{} {}", unit.as_str(), self.amount(unit))).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// Reads stored amounts. Unknown parts, as a later release may write them, are skipped.
    pub fn from_stored(text: &str) -> Self {
        let part = |text: &str| {
            let (name, amount) = text.split_once(' ')?;
            let unit = Unit::ALL.into_iter().find(|unit| unit.as_str() == name)?;
            Some(Self::of(unit, amount.parse().ok()?))
        };
        text.split(", ").filter_map(part).fold(Self::NONE, |sum, part| sum.plus(&part))
    }

    fn from_each(amount: impl Fn(Unit) -> u64) -> Self {
        Self(Unit::ALL.map(amount))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unit_is_counted_by_itself() {
        let one = Work::of(Unit::Bcrypt, 4096).plus(&Work::of(Unit::Argon2, 64));
        let other = Work::of(Unit::Bcrypt, 1024).plus(&Work::of(Unit::Scrypt, 8));
        let most = one.or_more(&other);
        assert_eq!(Unit::ALL.map(|unit| most.amount(unit)), [64, 4096, 0, 0, 0, 8, 0, 0]);
        let lacking = other.lacking(&most);
        assert_eq!(Unit::ALL.map(|unit| lacking.amount(unit)), [64, 3072, 0, 0, 0, 0, 0, 0]);
        assert_eq!(other.plus(&lacking), most);
    }

    #[test]
    fn work_is_stored_without_that_of_argon2() {
        for unit in Unit::ALL {
            let work = Work::of(unit, 5000);
            let expected = if unit == Unit::Argon2 { Work::NONE } else { work };
            assert_eq!(work.to_stored().map_or(Work::NONE, |text| Work::from_stored(&text)), expected, "{unit:?}");
        }
        assert_eq!(Work::of(Unit::Bcrypt, 4096).to_stored().as_deref(), Some("bcrypt 4096"));
        assert_eq!(Work::from_stored("bcrypt 16, future 7, scrypt x, nonsense"), Work::of(Unit::Bcrypt, 16));
    }
}

//! Rules for new passwords (NIST SP 800-63B §3.1.1.2): a length, no composition, and no password that is easily guessed.
//! A password is accepted or refused as typed, never truncated, trimmed or normalized.

use zxcvbn::zxcvbn;

use super::person::canonical;
use crate::secret::Password;

mod common_passwords;

use common_passwords::COMMON_PASSWORDS;

/// The maximum length of a password, in characters.
pub const MAX_PASSWORD: usize = 128;
/// The number of characters that are scored at once. Signs that stand for letters take the most time: 95 ms for 32 of
/// them, but more than a second for 100 (measured 2026-11-30).
const SCORED: usize = 32;
/// The minimum length of a personal word that a whole password is compared with, in characters.
const MIN_PERSONAL: usize = 4;
/// The minimum length of a part of a personal word that counts as known to a guesser, in characters.
const MIN_PART: usize = 3;

/// The reason why a new password is refused. Its message appears beside the form field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRefusal {
    #[error("The password must have at least {min_chars} characters.")]
    TooShort { min_chars: usize },
    #[error("The password must have at most 128 characters.")]
    TooLong,
    /// The password is among the most commonly guessed ones.
    #[error("This password is too common.")]
    Common,
    /// The password is the user's own name or e-mail address, or little more.
    #[error("The password must not be your name or e-mail address, or close to one of them.")]
    Personal,
    /// The password takes too few guesses.
    #[error("This password is too easy to guess. Use more words, or less common ones.")]
    Guessable,
    /// The password is in the list of breached passwords.
    #[error("This password is known from a data breach. Choose another one.")]
    Breached,
    /// The password is the one that must be replaced.
    #[error("The new password must differ from the old one.")]
    Unchanged,
}

/// The rules of a realm.
#[derive(Clone, Copy, Debug)]
pub struct PasswordRules {
    /// The minimum length, in characters.
    pub min_chars: usize,
    /// The minimum score of zxcvbn, from 0 to 4.
    pub min_score: u32,
}

/// The finding about a password in the list of breached ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breach {
    /// The password is not in the list, or there is no list.
    Unknown,
    Known,
}

/// A password that fulfills the rules, but has not been looked up in the list of breached passwords.
#[derive(Debug)]
pub struct PlausiblePassword(Password);

/// A password that may become a person's; only such passwords are hashed.
#[derive(Debug)]
pub struct AcceptedPassword(Password);

impl PasswordRules {
    /// Checks the length in characters. A long text is not read to its end.
    pub fn check_length(&self, password: &Password) -> Result<(), PasswordRefusal> {
        let length = password.expose().chars().take(MAX_PASSWORD + 1).count();
        if length < self.min_chars {
            return Err(PasswordRefusal::TooShort { min_chars: self.min_chars });
        }
        if length > MAX_PASSWORD {
            return Err(PasswordRefusal::TooLong);
        }
        Ok(())
    }

    /// Checks a new password. `personal` are words of the user and of the realm: user name, names, e-mail address.
    pub fn check(&self, password: Password, personal: &[&str]) -> Result<PlausiblePassword, PasswordRefusal> {
        self.check_length(&password)?;
        let folded = zeroize::Zeroizing::new(canonical(password.expose()));
        let mut characters = folded.chars();
        let first = characters.next();
        if COMMON_PASSWORDS.contains(&folded.as_str()) || characters.all(|c| Some(c) == first) {
            return Err(PasswordRefusal::Common);
        }
        let is_own = |word: &str| word.chars().count() >= MIN_PERSONAL && canonical(word) == *folded;
        let local_part = |word: &str| word.split_once('@').is_some_and(|(local, _)| is_own(local));
        if personal.iter().any(|word| is_own(word) || local_part(word)) {
            return Err(PasswordRefusal::Personal);
        }
        self.check_score(&folded, personal)?;
        Ok(PlausiblePassword(password))
    }

    /// Checks the estimated number of guesses by an attacker who knows these words. The beginning or the end of a long
    /// password suffices, since the rest only makes it harder to guess.
    fn check_score(&self, folded: &str, personal: &[&str]) -> Result<(), PasswordRefusal> {
        let words = known_words(personal);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let parts =
            [folded.chars().take(SCORED).collect(), last(folded, SCORED)].map(zeroize::Zeroizing::<String>::new);
        let [beginning, end] = &parts;
        let withstands =
            |part: &str, words: &[&str]| u32::from(u8::from(zxcvbn(part, words).score())) >= self.min_score;
        if withstands(beginning, &words) || (end != beginning && withstands(end, &words)) {
            return Ok(());
        }
        if withstands(beginning, &[]) { Err(PasswordRefusal::Personal) } else { Err(PasswordRefusal::Guessable) }
    }
}

impl PlausiblePassword {
    /// Returns the password, to look it up.
    pub const fn password(&self) -> &Password {
        &self.0
    }

    /// Accepts the password unless it is in the list of breached ones.
    pub fn accept(self, breach: Breach) -> Result<AcceptedPassword, PasswordRefusal> {
        match breach {
            Breach::Unknown => Ok(AcceptedPassword(self.0)),
            Breach::Known => Err(PasswordRefusal::Breached),
        }
    }
}

impl AcceptedPassword {
    /// Returns the password, for the hash function.
    pub const fn password(&self) -> &Password {
        &self.0
    }
}

/// The last characters of a text.
fn last(text: &str, count: usize) -> String {
    let start = text.chars().count().saturating_sub(count);
    text.chars().skip(start).collect()
}

/// The words and their parts, in the form in which passwords are scored.
fn known_words(personal: &[&str]) -> Vec<String> {
    let mut known: Vec<String> = Vec::new();
    for word in personal {
        let whole = canonical(word);
        known.extend(whole.split(|c: char| !c.is_alphanumeric()).map(str::to_owned));
        known.push(whole);
    }
    known.retain(|word| word.chars().count() >= MIN_PART);
    known.sort();
    known.dedup();
    known
}

#[cfg(test)]
mod tests;

//! Settings of passwords and of their hashes.

use std::path::PathBuf;

use serde::Serialize;

use super::table::settings;

settings! {
    [passwords]

    /// Rules for new passwords, and the cost parameters of argon2id (RFC 9106). Hashes with other parameters are renewed at
    /// the next sign-in.
    #[derive(Clone, Debug, Serialize)]
    pub struct Passwords {
        /// The memory per hash, in KiB. Production refuses less than the default.
        pub memory_kib: u32 = 19_456,
        /// The passes over the memory. Production refuses less than the default.
        pub iterations: u32 = 2,
        /// The number of lanes.
        pub parallelism: u32 = 1,
        /// The number of hashing threads. `0` means one per core.
        pub workers: usize = 0,
        /// The minimum length of a new password, in characters. Production refuses less than 8.
        pub min_length: usize = 8,
        /// The minimum score of a new password, from 0 to 4, by the guesses that zxcvbn estimates: 2 withstands guessing at
        /// the sign-in page, 3 and 4 also some guessing by an attacker who has the hash.
        pub min_score: u32 = 2,
        /// A file of breached passwords that are refused: SHA-1 digests in hexadecimal, or prefixes of at least 10 digits,
        /// one a line, in ascending order, with or without `:COUNT`. It is searched on the disk, and read again after a
        /// restart.
        pub breached_file: Option<PathBuf> = None,
    }
}

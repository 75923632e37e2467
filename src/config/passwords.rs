//! Settings of passwords and of their hashes.

use serde::Serialize;

use super::table::settings;

settings! {
    [passwords]

    /// Cost parameters of argon2id (RFC 9106). Hashes with other parameters are renewed at the next sign-in.
    #[derive(Clone, Copy, Debug, Serialize)]
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
    }
}

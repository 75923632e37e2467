//! The state of signing in.

use super::soft_lock;
use crate::passwords::Passwords;

/// The state that sign-ins share.
pub struct SignIns {
    /// The worker pool that hashes passwords.
    pub passwords: Passwords,
    /// The rules about pauses after failed sign-ins.
    pub locks: soft_lock::Rules,
}

//! The state of signing in.

use aws_lc_rs::hmac;

use super::soft_lock;
use crate::passwords::Passwords;

/// The state that sign-ins share.
pub struct SignIns {
    /// The worker pool that hashes passwords.
    pub passwords: Passwords,
    /// The rules about pauses after failed sign-ins.
    pub locks: soft_lock::Rules,
    /// The HMAC key of tickets that continue a sign-in.
    pub ticket_key: hmac::Key,
}

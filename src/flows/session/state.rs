//! The keys by which browsers are recognized.

use aws_lc_rs::hmac;

use crate::config::Settings;
use signet_crypto::MasterKey;

/// The keys of what browsers hold besides cookies.
pub struct Browsers {
    /// The HMAC key that binds forms to a browser.
    pub csrf_key: hmac::Key,
    /// The HMAC key of the browser state in session management.
    pub state_key: hmac::Key,
    /// Enables OpenID Connect Session Management.
    pub session_management: bool,
    /// The maximum number of sessions of a person; 0 means no limit.
    pub max_sessions: usize,
}

impl Browsers {
    pub fn new(master: &MasterKey, settings: &Settings) -> Self {
        Self {
            csrf_key: master.csrf_key(),
            state_key: master.browser_state_key(),
            session_management: settings.sessions.management,
            max_sessions: settings.accounts.max_sessions.try_into().unwrap_or(usize::MAX),
        }
    }
}

//! Logout and the session iframe.

pub(crate) mod check_session;
pub(crate) mod logout;

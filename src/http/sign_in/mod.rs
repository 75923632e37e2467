//! The login page and the start page.

pub(crate) mod home;
pub(crate) mod login;

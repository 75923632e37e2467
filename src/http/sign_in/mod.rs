//! The login page and the start page.

pub mod for_account;
mod for_request;
mod form;
pub(crate) mod home;
pub(crate) mod login;

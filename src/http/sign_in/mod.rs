//! The login page and the start page.

mod chooser;
pub mod for_account;
mod for_request;
pub(crate) mod form;
pub(crate) mod home;
pub(crate) mod login;
pub(crate) mod new_password;

//! Client authentication, registration and settings.

pub mod client_assertions;
pub mod client_authentication;
pub mod client_defaults;
pub mod client_key_sets;
pub mod client_update;
pub mod cors;
pub mod logos;
pub mod registration;
pub mod registration_limits;
pub mod registration_management;
pub mod weak_secrets;

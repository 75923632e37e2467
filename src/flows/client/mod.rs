//! Clients: authentication, registration, published keys, logos and profiles.

pub mod auth;
pub(crate) mod cut_off;
pub mod logo;
pub mod profiles;
pub mod published_keys;
pub mod register;
pub(crate) mod registry;
mod state;
pub(crate) mod supported;

pub use state::Clients;

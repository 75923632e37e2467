//! Clients, their registrations, resources, logos and mappers.

pub mod claim_mappers;
pub mod client_profiles;
pub mod clients;
pub mod logos;
pub(crate) mod origins;
pub mod registrations;
pub mod resources;

//! Browser sessions and the devices that a person has signed in from.

pub mod known_devices;
pub mod session_clients;
pub mod sessions;

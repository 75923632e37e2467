//! The administration API and the management listener.

pub(crate) mod api;
pub mod management;

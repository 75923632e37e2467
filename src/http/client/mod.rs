//! Client registration and the logos of clients.

pub(crate) mod logo;
pub(crate) mod register;

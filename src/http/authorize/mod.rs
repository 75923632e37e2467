//! The authorization endpoint, pushed requests and the consent page.

pub(crate) mod consent;
pub(crate) mod device;
pub(crate) mod endpoint;
pub(crate) mod interaction;
pub(crate) mod par;

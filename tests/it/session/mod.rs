//! Sessions, logout and its channels.

pub mod backchannel_logout;
pub mod frontchannel_logout;
pub mod logout;
pub mod logout_hints;
pub mod session_lifetimes;
pub mod session_management;
pub mod sessions;

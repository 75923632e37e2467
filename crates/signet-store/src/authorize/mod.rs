//! Authorization requests, pushed requests and consents.

pub mod authorization_requests;
pub mod consents;
pub mod pushed_requests;

//! L2: what the packages oxide-auth and openidconnect do for this server. Nothing else knows their types.

pub mod openid_connect;
pub mod oxide_auth;

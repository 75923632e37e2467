//! L2: adapters to the packages oxide-auth and openidconnect. No other module uses their types.

pub mod openid_connect;
pub mod oxide_auth;

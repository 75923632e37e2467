//! Sessions seen by clients: logout tokens, front-channel logout, session state (OpenID Connect Session Management).

pub mod frontchannel_logout;
pub mod logout_token;
pub mod session_state;

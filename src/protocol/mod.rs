//! L0: the rules of the specifications as plain functions and values, one file a subject, each citing its source.
//! Nothing here waits, reads a clock, draws a random number, logs or knows of a database.

pub mod access_token;
pub mod authorization_request;
pub mod authorization_response;
pub mod claims;
pub mod client;
pub mod client_assertion;
pub mod code_redemption;
pub mod credentials;
pub mod error;
pub mod frontchannel_logout;
pub mod id_token;
pub mod ids;
pub mod interaction;
pub mod jwk;
pub mod jws;
pub mod key_schedule;
pub mod logout_token;
pub mod metadata;
pub mod outbound;
pub mod params;
pub mod person;
pub mod pkce;
pub mod profile;
pub mod redirect_uri;
pub mod refresh_rotation;
pub mod response_type;
pub mod revocation;
pub mod scope;
pub mod secret;
pub mod session_state;
pub mod special_addresses;
pub mod time;

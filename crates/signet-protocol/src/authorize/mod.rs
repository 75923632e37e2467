//! Authorization requests and responses (RFC 6749 §4.1, OpenID Connect Core §3): parsing, redirect URIs, PKCE,
//! request objects, consent, and the next step of a browser.

pub mod consent;
pub mod next_step;
pub mod pkce;
pub mod redirect_uri;
pub mod request;
pub mod request_object;
pub mod response;
pub mod response_type;

//! Authorization requests, from the parameters to the consent page.

pub mod code_injection;
pub mod consent;
pub mod escaping;
pub mod form_post;
pub mod hybrid;
pub mod pages;
pub mod prompts;
pub mod pushed_requests;
pub mod redirect_uris;
pub mod request_objects;
pub mod requested_claims;
pub mod requests;

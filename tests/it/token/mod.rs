//! The token endpoint and the tokens that it issues.

pub mod access_tokens;
pub mod claim_mappers;
pub mod client_credentials;
pub mod code_flow;
pub mod code_redemption;
pub mod device_grant;
pub mod discovery;
pub mod forged_tokens;
pub mod introspection;
pub mod narrowing;
pub mod pairwise;
pub mod races;
pub mod refresh;
pub mod refresh_reuse;
pub mod resources;
pub mod revocation;
pub mod scopes;
pub mod signed_answers;
pub mod signed_claims;
pub mod single_use;
pub mod token_endpoint;
pub mod token_sizes;
pub mod userinfo;

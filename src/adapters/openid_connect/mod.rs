//! Discovery documents, ID tokens and userinfo in the types of the package openidconnect (OpenID Connect Core §2, §5.3,
//! OpenID Connect Discovery §3).

pub mod id_token;
pub mod keys;
pub mod metadata;
pub mod userinfo;

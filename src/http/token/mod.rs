//! Token, introspection, revocation and userinfo endpoints, and discovery.

pub(crate) mod discovery;
pub(crate) mod endpoint;
pub(crate) mod introspect;
pub(crate) mod revoke;
pub(crate) mod userinfo;

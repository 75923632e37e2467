//! Claims about a person (OpenID Connect Core §5): their formats, the scopes and parameters that release them, mappers.

pub mod mapper;
pub mod requested;
pub mod standard;
pub mod values;

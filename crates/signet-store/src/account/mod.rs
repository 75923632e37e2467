//! People and what belongs to them.

pub mod directory;
pub mod holdings;
pub mod imported_users;
pub mod personal_tokens;
pub mod users;

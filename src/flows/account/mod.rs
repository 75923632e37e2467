//! The use cases of a person's own account, and notices about it.

pub mod notices;
pub mod overview;
pub mod passwords;
pub mod person;

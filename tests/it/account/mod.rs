//! People, their account console, and the mails that they get.

pub mod console;
pub mod imports;
pub mod notices;
pub mod password_change;
pub mod password_rules;
pub mod people;

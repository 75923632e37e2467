//! People, their account console, and the mails that they get.

mod activity_page;
mod applications_page;
mod console;
mod data_page;
pub mod imports;
pub mod notices;
pub mod password_change;
pub mod password_rules;
pub mod people;
mod profile_page;
pub mod sessions_page;
mod tokens_page;

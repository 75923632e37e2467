//! People: identifiers, passwords, attributes and the notices that they get.

pub mod activity;
pub mod attributes;
pub mod foreign_hash;
pub mod hash_work;
pub mod import_row;
pub mod notice;
pub mod password;
pub mod person;
pub mod personal_token;
pub mod profile;

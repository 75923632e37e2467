//! People: identifiers, passwords, attributes and the notices that they get.

pub mod attributes;
pub mod notice;
pub mod person;

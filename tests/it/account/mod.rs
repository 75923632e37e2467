//! People and the mails that they get.

pub mod notices;
pub mod people;

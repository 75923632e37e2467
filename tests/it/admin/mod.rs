//! Commands and the administration API.

pub mod administration_api;
pub mod commands;
pub mod cut_offs;
pub mod init;
pub mod mail_commands;
pub mod orders;
pub mod resource_commands;
pub mod revoking;
pub mod revoking_commands;

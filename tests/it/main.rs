//! The integration tests: stories over public HTTP, on the database in the environment.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test says what is wrong by panicking"
)]

pub mod account;
pub mod admin;
pub mod authorize;
pub mod client;
pub mod defense;
pub mod events;
pub mod house;
pub mod keys;
pub mod node;
pub mod session;
pub mod sign_in;
mod support;
pub mod token;

mod conformance;
mod golden;
mod model;

#[path = "../browser/mod.rs"]
mod browser;
#[path = "../faults/mod.rs"]
mod faults;
#[path = "../interop/mod.rs"]
mod interop;

//! The integration tests: stories through public HTTP, on the database that the environment names.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test says what is wrong by panicking"
)]

mod support;

mod architecture;
mod authorize;
mod client_authentication;
mod client_credentials;
mod code_flow;
mod commands;
mod cors;
mod cut_offs;
mod demo;
mod discovery;
mod forged_tokens;
mod hostile_input;
mod introspection;
mod keys;
mod keys_at_start;
mod login;
mod logout;
mod nodes;
mod pages;
mod races;
mod refresh;
mod revocation;
mod secrets;
mod statements;
mod store;
mod tls;
mod token_endpoint;
mod userinfo;

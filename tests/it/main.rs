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

mod support;

mod access_tokens;
mod address_blocks;
mod administration_api;
mod architecture;
mod audit_chain;
mod audit_events;
mod audit_export;
mod authorize;
mod backchannel_logout;
mod backup;
mod canaries;
mod claim_mappers;
mod client_assertions;
mod client_authentication;
mod client_credentials;
mod client_defaults;
mod client_key_sets;
mod client_update;
mod clocks;
mod code_flow;
mod code_injection;
mod code_redemption;
mod commands;
mod conformance;
mod connections;
mod consent;
mod cors;
mod cut_offs;
mod database_faults;
mod demo;
mod dependencies;
mod deploy;
mod device_grant;
mod discovery;
mod doctor;
mod documentation;
mod edge;
mod encryption_keys;
mod escaping;
mod examples;
mod fetch;
mod first_boot;
mod floods;
mod forged_tokens;
mod form_post;
mod frontchannel_logout;
mod golden;
mod hostile_input;
mod hybrid;
mod init;
mod introspection;
mod key_compromise;
mod key_transfer;
mod keys;
mod keys_at_start;
mod login;
mod logos;
mod logout;
mod logout_hints;
mod mail_commands;
mod model;
mod narrowing;
mod nodes;
mod notices;
mod observability;
mod pages;
mod pairwise;
mod people;
mod plans;
mod prompts;
mod pushed_requests;
mod races;
mod rate_limits;
mod redirect_uris;
mod refresh;
mod refresh_reuse;
mod refusals;
mod registration;
mod registration_limits;
mod registration_management;
mod request_objects;
mod requested_claims;
mod resource_commands;
mod resources;
mod revocation;
mod revoking;
mod revoking_commands;
mod scopes;
mod secrets;
mod security_log;
mod session_lifetimes;
mod session_management;
mod sessions;
mod shared_connections;
mod sign_in_timings;
mod signed_answers;
mod signed_claims;
mod single_use;
mod snapshots;
mod soft_locks;
pub mod staleness;
mod statements;
mod store;
mod sweeping;
mod tls;
mod token_endpoint;
mod token_sizes;
mod transitions;
mod userinfo;
mod weak_secrets;
mod webhooks;
mod windows;

#[path = "../browser/mod.rs"]
mod browser;
#[path = "../faults/mod.rs"]
mod faults;
#[path = "../interop/mod.rs"]
mod interop;

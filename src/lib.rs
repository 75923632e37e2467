//! Signet, an OAuth 2.0 and OpenID Connect authorization server.
pub mod app;
pub mod cli;
pub mod client_auth;
pub mod clock;
pub mod config;
pub mod demo;
pub mod fetch;
pub mod flows;
pub mod grants;
pub mod http;
pub mod jobs;
pub mod keys;
pub mod mail;
pub mod pages;
pub mod passwords;
pub mod protocol;
pub mod store;

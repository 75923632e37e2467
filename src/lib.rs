//! Signet, an OAuth 2.0 and OpenID Connect authorization server.
//!
//! The map: each package and module, from the bottom layer up, with what it owns and the specifications it follows.
//! `docs/architecture.md` has the ideas; `tests/it/house/architecture.rs` holds the layers.
//!
//! | layer | module | owns | specifications |
//! |---|---|---|---|
//! | L0 | [`signet_protocol`] | every rule, as pure functions over plain values: requests, PKCE, redirect URIs, scopes, consent, refresh rotation, JOSE, registration metadata, logout, key schedule, audit chain | RFC 6749, 7636, 8252, 9700, 9068, 7515-7519, 7591, 8707, 9101, 9126, 9207, OpenID Connect Core |
//! | L1 | [`signet_crypto`] | signing, verifying, encrypting, decrypting, sealing, random bytes | RFC 7515-7518, 8037, 8725 |
//! | L1 | [`signet_store::clock`] | the time that the nodes of one database agree on | |
//! | L1 | [`config`] | settings from file and environment, checked, and their reference page | |
//! | L1 | [`fair_queue`] | queues for expensive work, in which networks take turns | |
//! | L1 | [`metrics`] | counters and histograms, and their exposition | OpenMetrics 1.0 |
//! | L1 | [`signet_store`] | all SQL, for SQLite and PostgreSQL: transactions, migrations, the change sequence, rows in memory | |
//! | L1 | [`keys`] | the keys of each realm: making, rotating and using them; pairwise subjects | OpenID Connect Core §8.1 |
//! | L1 | [`passwords`] | the pool that hashes passwords | RFC 9106 |
//! | L1 | [`fetch`] | calls to URLs that clients choose, to public addresses only | |
//! | L1 | [`mail`] | making mails and handing them to a mail server | RFC 5321, 5322, 3834 |
//! | L1 | [`branding`] | the style sheet with the accent colors, and the logo | WCAG 2.2 §1.4.3 |
//! | L1 | [`messages`] | the messages of pages and mails in every language | |
//! | L2 | [`adapters`] | the packages oxide-auth and openidconnect: a second opinion on requests and grants, and the documents that clients read | RFC 6749 §4 and §6, OpenID Connect Core §2 and §5.3, OpenID Connect Discovery §3 |
//! | L2 | [`flows::client::auth`] | the registry of client authentication methods | RFC 6749 §2.3, 7523, OpenID Connect Core §9 |
//! | L2 | [`flows::token::grants`] | the registry of grant types | RFC 6749 §4 and §6 |
//! | L2 | [`flows`] | use cases: authorize, sign in, consent, token, userinfo, introspection, revocation, logout, registration, administration, events | RFC 7009, 7662, 7592, 8417, 8935, OpenID Connect Core, RP-Initiated and Back-Channel Logout |
//! | L3 | [`app`] | the state that handlers share, prepared documents, readiness and checks | |
//! | L3 | [`pages`] | the words of pages and mails | |
//! | L3 | [`http`] | the router, a file an endpoint, and what stands around each: limits, headers, cookies, CORS, TLS, the accept loop | RFC 9110, 6750, 8414, 9457, Fetch, CSP Level 3, OpenID Connect Discovery |
//! | L4 | [`jobs`] | work beside requests: following changes, upkeep, deliveries | |
//! | L4 | [`demo`] | the application of `serve --demo` | |
//! | L4 | [`cli`] | the commands, the log and the life of the process | |

pub mod adapters;
pub mod app;
pub mod branding;
pub mod cli;
pub mod config;
pub mod demo;
pub mod fair_queue;
pub mod fetch;
pub mod flows;
pub mod http;
pub mod jobs;
pub mod keys;
pub mod mail;
pub mod messages;
pub mod metrics;
pub mod pages;
pub mod passwords;

//! The rules of OAuth 2.0 and OpenID Connect as pure functions over plain values. Nothing here does I/O, waits, reads a
//! clock, draws a random number, logs, or knows a database or a cryptographic backend: the caller passes `now`, random
//! bytes and verified signatures.
//!
//! | room | rules | specifications |
//! |---|---|---|
//! | [`authorize`] | authorization requests and responses, redirect URIs, PKCE, request objects, consent, the next step | RFC 6749 §4.1, 7636, 8252, 9101, 9126, 9207, OpenID Connect Core §3 |
//! | [`token`] | code redemption, access and ID tokens, refresh rotation, revocation, sizes | RFC 6749 §5 and §6, 7009, 9068, 9700, OpenID Connect Core §2 |
//! | [`claims`] | formats of claims, the scopes and parameters that release them, mappers | OpenID Connect Core §5 |
//! | [`client`] | client metadata, registration, authentication, profiles, narrowing, resources | RFC 7591, 7592, 7523, 8707 |
//! | [`jose`] | JWS, JWE and JWK; the schedule of keys | RFC 7515 to 7518, 8725 |
//! | [`session`] | logout tokens, front-channel logout, session state | OpenID Connect Session Management, Front-Channel and Back-Channel Logout |
//! | [`account`] | user names, e-mail addresses, passwords, attributes, notices | NIST SP 800-63B |
//! | [`admin`] | orders of administrators | |
//! | [`defense`] | rate limits, locks after failed sign-ins, address blocks, outbound addresses | RFC 9110, 6890 |
//! | [`events`] | the hash chain of the audit log, security event tokens, webhooks, retries | RFC 8417, 8935 |

pub mod account;
pub mod admin;
pub mod authorize;
pub mod branding;
pub mod cause;
pub mod claims;
pub mod client;
pub mod cookie_header;
pub mod defense;
pub mod endpoint;
pub mod error;
pub mod events;
pub mod ids;
pub mod jose;
pub mod language;
pub mod metadata;
pub mod params;
pub mod scope;
pub mod secret;
pub mod session;
pub mod time;
pub mod token;
pub mod trace_context;

//! The lifetimes of sessions, codes, tokens and requests, as the settings have them.

use crate::config::Settings;
use signet_protocol::time::Span;

/// The lifetimes of tokens, sessions and requests.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// Of access tokens, unless their client has its own lifetime.
    pub access_token: Span,
    pub id_token: Span,
    pub code: Span,
    /// Of refresh tokens, from their last use.
    pub refresh_idle: Span,
    /// Of refresh tokens, from the login.
    pub refresh: Span,
    /// The time within which a replaced refresh token may be retried.
    pub refresh_grace: Span,
    /// The tolerated clock difference when this server reads its own tokens.
    pub skew: Span,
    /// Of sessions, from their last use.
    pub session_idle: Span,
    pub session: Span,
    /// Of sessions with "stay signed in".
    pub session_remembered: Span,
    /// Of pending authorization requests.
    pub request: Span,
    /// The maximum lifetime of client assertions; a profile may shorten it.
    pub client_assertion: Span,
}

impl Lifetimes {
    pub fn new(settings: &Settings) -> Self {
        let tokens = &settings.tokens;
        let sessions = &settings.sessions;
        Self {
            access_token: tokens.access_token_lifetime,
            id_token: tokens.id_token_lifetime,
            code: tokens.authorization_code_lifetime,
            refresh_idle: tokens.refresh_token_idle,
            refresh: tokens.refresh_token_lifetime,
            refresh_grace: tokens.refresh_reuse_grace,
            skew: tokens.clock_skew,
            session_idle: sessions.idle,
            session: sessions.lifetime,
            session_remembered: sessions.remembered_lifetime,
            request: sessions.authorization_request_lifetime,
            client_assertion: settings.clients.assertion_lifetime,
        }
    }

    /// The time from its issue for which an ID token is accepted as a hint: the longest session, plus the skew.
    pub fn hint(&self) -> Span {
        Span::from_secs(self.session.max(self.session_remembered).as_secs().saturating_add(self.skew.as_secs()))
    }
}

/// The maximum lifetime of any access token. Revocations must be kept at least as long.
pub const LONGEST_ACCESS_TOKEN: Span = Span::from_hours(24);

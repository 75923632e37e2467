//! Counters of use cases, and the subjects of a request on its lines in the log.

use super::{FlowError, Provider};
use crate::metrics::labels::{Delivery, Issued, Operation, Reason, Replayed, SignIn};
use crate::protocol::client::Client;
use crate::protocol::ids::{TokenId, UserId};
use crate::store::audit::Event;

/// Puts the person that a request is about on each further line of the log about it.
pub(crate) fn log_user(user: &UserId) {
    tracing::Span::current().record("user_id", user.as_str());
}

/// Puts the `jti` of the access token that a request presents or gets on each further line of the log about it.
pub(crate) fn log_token(token: &TokenId) {
    tracing::Span::current().record("jti", token.as_str());
}

impl Provider {
    /// Counts what was issued to a client.
    pub(super) fn count_issued(
        &self,
        client: &Client,
        grant: &'static str,
        kinds: impl IntoIterator<Item = &'static str>,
    ) {
        let profile = client.metadata.profile.rules().name;
        for kind in kinds {
            self.metrics.tokens.issued.get_or_create(&Issued { kind, grant, profile }).inc();
        }
    }

    /// Counts a code or refresh token whose second presentation has revoked its grant.
    pub(super) fn count_replay(&self, event: Event) {
        let kind = if event == Event::CodeReplay { "authorization_code" } else { "refresh_token" };
        self.metrics.tokens.replays.get_or_create(&Replayed { kind }).inc();
    }

    /// Counts an attempt to sign in.
    pub(super) fn count_sign_in(&self, outcome: &'static str, reason: &'static str) {
        self.metrics.access.sign_ins.get_or_create(&SignIn { outcome, reason }).inc();
    }

    /// Counts a request whose client could not be authenticated.
    pub(crate) fn count_client_failure(&self, reason: &'static str) {
        self.metrics.tokens.client_failures.get_or_create(&Reason { reason }).inc();
    }

    /// Counts a request about a token, by what came of it.
    pub fn count_operation(&self, operation: &'static str, outcome: &'static str) {
        self.metrics.tokens.operations.get_or_create(&Operation { operation, outcome }).inc();
    }

    /// Counts an attempt to tell another server something.
    pub fn count_delivery(&self, outcome: &'static str) {
        self.metrics.deliveries.get_or_create(&Delivery { outcome }).inc();
    }
}

impl FlowError {
    /// What came of a request that ended so, in a word.
    pub const fn outcome(&self) -> &'static str {
        match self {
            Self::Refused(error) => error.code.as_str(),
            Self::TooMany(_) => "too_many",
            Self::Unavailable(_) | Self::Overloaded { .. } => "unavailable",
            Self::Internal(_) => "failed",
        }
    }
}

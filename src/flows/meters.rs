//! Counters of use cases, and the log fields of a request's user and token.

use super::{FlowError, Provider};
use crate::metrics::labels::{Delivery, Issued, Operation, Reason, Replayed, SignIn};
use signet_protocol::client::Client;
use signet_protocol::ids::{TokenId, UserId};
use signet_store::events::audit::Event;

/// Adds the user to all further log lines of the request.
pub(crate) fn log_user(user: &UserId) {
    tracing::Span::current().record("user_id", user.as_str());
}

/// Adds the `jti` of the presented or issued access token to all further log lines of the request.
pub(crate) fn log_token(token: &TokenId) {
    tracing::Span::current().record("jti", token.as_str());
}

impl Provider {
    /// Counts the tokens issued to a client.
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

    /// Counts a replayed code or refresh token whose grant was revoked.
    pub(super) fn count_replay(&self, event: Event) {
        let kind = if event == Event::CodeReplay { "authorization_code" } else { "refresh_token" };
        self.metrics.tokens.replays.get_or_create(&Replayed { kind }).inc();
    }

    pub(super) fn count_sign_in(&self, outcome: &'static str, reason: &'static str) {
        self.metrics.access.sign_ins.get_or_create(&SignIn { outcome, reason }).inc();
    }

    /// Counts a failed client authentication.
    pub(crate) fn count_client_failure(&self, reason: &'static str) {
        self.metrics.tokens.client_failures.get_or_create(&Reason { reason }).inc();
    }

    /// Counts a token operation by its outcome.
    pub fn count_operation(&self, operation: &'static str, outcome: &'static str) {
        self.metrics.tokens.operations.get_or_create(&Operation { operation, outcome }).inc();
    }

    /// Counts a delivery attempt.
    pub fn count_delivery(&self, outcome: &'static str) {
        self.metrics.deliveries.get_or_create(&Delivery { outcome }).inc();
    }
}

impl FlowError {
    /// The outcome of a failed request, as a metric label.
    pub const fn outcome(&self) -> &'static str {
        match self {
            Self::Refused(error) => error.code.as_str(),
            Self::TooMany(_) => "too_many",
            Self::Unavailable(_) | Self::Overloaded { .. } => "unavailable",
            Self::Internal(_) => "failed",
        }
    }
}

//! Deleting what nobody can use any more. Expiry is checked at use; this only keeps the tables small.

use super::tx::{execute, statements};
use super::{StoreError, Tx};
use crate::protocol::time::{Span, Timestamp};

statements! {
    REQUESTS = "DELETE FROM authorization_requests WHERE expires_at < $1";
    CODES = "DELETE FROM authorization_codes WHERE expires_at < $1";
    OPAQUE = "DELETE FROM opaque_access_tokens WHERE expires_at < $1";
    FAMILIES = "DELETE FROM token_families WHERE expires_at < $1";
    SESSIONS = "DELETE FROM sessions WHERE expires_at < $1";
    REVOCATIONS = "DELETE FROM revocations WHERE expires_at < $1";
    USED = "DELETE FROM used_once WHERE expires_at < $1";
    SECRETS = "DELETE FROM client_secrets WHERE expires_at < $1";
    CHANGES = "DELETE FROM changes WHERE at < $1";
}

/// How long things are kept past their end.
struct Keep {
    statement: &'static str,
    past_end: Span,
}

/// A used code is kept for a day, so that a replay is still told from a code that never was.
const SWEPT: [Keep; 9] = [
    Keep { statement: REQUESTS, past_end: Span::ZERO },
    Keep { statement: CODES, past_end: Span::from_days(1) },
    Keep { statement: OPAQUE, past_end: Span::from_minutes(2) },
    Keep { statement: FAMILIES, past_end: Span::ZERO },
    Keep { statement: SESSIONS, past_end: Span::from_days(1) },
    Keep { statement: REVOCATIONS, past_end: Span::from_minutes(2) },
    Keep { statement: USED, past_end: Span::from_minutes(2) },
    Keep { statement: SECRETS, past_end: Span::from_days(1) },
    Keep { statement: CHANGES, past_end: Span::from_hours(1) },
];

/// Deletes what has ended; how many rows there were.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn sweep(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    let mut swept = 0;
    for Keep { statement, past_end } in SWEPT {
        swept += execute!(tx, statement, [now.minus(past_end).as_millis()])?;
    }
    Ok(swept)
}

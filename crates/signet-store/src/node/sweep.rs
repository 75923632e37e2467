//! Deletion of expired rows. Expiry is checked at use; this only keeps tables small. It runs in portions, so that other
//! writes do not wait long.

use super::clock_steps::{self, UNNOTICED};
use crate::engine::statement::{Statement, statements};
use crate::engine::tx::execute;
use crate::{Store, StoreError, Tx};
use signet_protocol::time::{Span, Timestamp};

statements! {
    REQUESTS = "
        DELETE FROM authorization_requests
        WHERE (realm_id, id) IN (SELECT realm_id, id FROM authorization_requests WHERE expires_at < $1 LIMIT 500)
    ";
    PUSHED = "
        DELETE FROM pushed_requests
        WHERE digest IN (SELECT digest FROM pushed_requests WHERE kept_until < $1 LIMIT 500)
    ";
    DEVICE_AUTHORIZATIONS = "
        DELETE FROM device_authorizations
        WHERE digest IN (SELECT digest FROM device_authorizations WHERE expires_at < $1 LIMIT 500)
    ";
    CODES = "
        DELETE FROM authorization_codes
        WHERE digest IN (SELECT digest FROM authorization_codes WHERE expires_at < $1 LIMIT 500)
    ";
    OPAQUE = "
        DELETE FROM opaque_access_tokens
        WHERE digest IN (SELECT digest FROM opaque_access_tokens WHERE expires_at < $1 LIMIT 500)
    ";
    PERSONAL = "
        DELETE FROM personal_tokens
        WHERE digest IN (SELECT digest FROM personal_tokens WHERE expires_at < $1 LIMIT 500)
    ";
    FAMILIES = "
        DELETE FROM token_families
        WHERE (realm_id, id) IN (SELECT realm_id, id FROM token_families WHERE expires_at < $1 LIMIT 500)
    ";
    SESSIONS = "
        DELETE FROM sessions
        WHERE (realm_id, id) IN (
            SELECT realm_id, id FROM sessions WHERE expires_at < $1 AND ended_at IS NOT NULL LIMIT 500
        )
    ";
    REVOCATIONS = "
        DELETE FROM revocations
        WHERE (realm_id, target, subject) IN (
            SELECT realm_id, target, subject FROM revocations WHERE expires_at < $1 LIMIT 500
        )
    ";
    USED = "
        DELETE FROM used_once
        WHERE (purpose, digest) IN (SELECT purpose, digest FROM used_once WHERE expires_at < $1 LIMIT 500)
    ";
    SECRETS = "
        DELETE FROM client_secrets
        WHERE (realm_id, client_id, digest) IN (
            SELECT realm_id, client_id, digest FROM client_secrets WHERE expires_at < $1 LIMIT 500
        )
    ";
    CHANGES = "DELETE FROM changes WHERE seq IN (SELECT seq FROM changes WHERE at < $1 LIMIT 500)";
    INITIAL = "
        DELETE FROM initial_access_tokens
        WHERE digest IN (SELECT digest FROM initial_access_tokens WHERE expires_at < $1 LIMIT 500)
    ";
    FAILURES = "
        DELETE FROM login_failures
        WHERE (realm_id, kind, subject) IN (
            SELECT realm_id, kind, subject FROM login_failures WHERE drained_at < $1 AND locked_until < $1 LIMIT 500
        )
    ";
    FAILED_ACCOUNTS = "
        DELETE FROM failed_accounts
        WHERE (realm_id, network, subject) IN (
            SELECT realm_id, network, subject FROM failed_accounts WHERE expires_at < $1 LIMIT 500
        )
    ";
    DEVICES = "
        DELETE FROM known_devices
        WHERE (realm_id, digest, user_id) IN (
            SELECT realm_id, digest, user_id FROM known_devices WHERE expires_at < $1 LIMIT 500
        )
    ";
    BLOCKS = "
        DELETE FROM address_blocks
        WHERE (realm_id, network) IN (SELECT realm_id, network FROM address_blocks WHERE expires_at < $1 LIMIT 500)
    ";
    HINT_KEYS = "
        DELETE FROM hint_keys
        WHERE (realm_id, kid) IN (SELECT realm_id, kid FROM hint_keys WHERE expires_at < $1 LIMIT 500)
    ";
    RATES = "
        DELETE FROM rate_exchanges
        WHERE (node, number) IN (SELECT node, number FROM rate_exchanges WHERE sent_at < $1 LIMIT 500)
    ";
    REFUSALS = "
        DELETE FROM refusals
        WHERE (realm_id, request_id) IN (SELECT realm_id, request_id FROM refusals WHERE at < $1 LIMIT 500)
    ";
    DEAD_LETTERS = "
        DELETE FROM dead_letters
        WHERE (realm_id, webhook_id, event_id) IN (
            SELECT realm_id, webhook_id, event_id FROM dead_letters WHERE died_at < $1 LIMIT 500
        )
    ";
}

/// Limit of rows per portion, as in the statements.
const PORTION: u64 = 500;

/// A table to be swept.
#[derive(Clone, Copy)]
pub struct Swept {
    statement: &'static Statement,
    past_end: Span,
    /// Time without a clock jump before rows may be deleted, for rows that keep something void.
    steady: Option<Span>,
}

/// Longest lifetime of a revoked token: 24 hours and the clock tolerance.
const LONGEST_REVOKED: Span = Span::from_hours(25);
/// Longest lifetime of a single-use id: an hour and the clock tolerance.
const LONGEST_USED: Span = Span::from_hours(2);

pub static REVOKED: Swept = Swept { statement: REVOCATIONS, past_end: UNNOTICED, steady: Some(LONGEST_REVOKED) };

/// The tables with the time that their rows are kept past expiry. A used code is kept for a day, so that a replay is
/// distinguished from an unknown code; a device authorization for ten minutes, so that its device learns that it has
/// expired; an authorization request for an hour, so that its page can say that it has expired. A session is deleted
/// only after it was ended, which queues logout messages. [`crate::events::audit_log`] has its own retention.
pub static TABLES: [Swept; 21] = [
    Swept { statement: REQUESTS, past_end: Span::from_hours(1), steady: None },
    Swept { statement: PUSHED, past_end: Span::ZERO, steady: None },
    Swept { statement: DEVICE_AUTHORIZATIONS, past_end: Span::from_minutes(10), steady: None },
    Swept { statement: CODES, past_end: Span::from_days(1), steady: None },
    Swept { statement: PERSONAL, past_end: Span::from_days(1), steady: None },
    Swept { statement: OPAQUE, past_end: Span::from_minutes(2), steady: None },
    Swept { statement: FAMILIES, past_end: Span::ZERO, steady: None },
    Swept { statement: SESSIONS, past_end: Span::from_days(1), steady: None },
    REVOKED,
    Swept { statement: USED, past_end: UNNOTICED, steady: Some(LONGEST_USED) },
    Swept { statement: SECRETS, past_end: Span::from_days(1), steady: None },
    Swept { statement: CHANGES, past_end: Span::from_hours(1), steady: None },
    Swept { statement: INITIAL, past_end: Span::ZERO, steady: None },
    Swept { statement: FAILURES, past_end: Span::from_minutes(2), steady: None },
    Swept { statement: FAILED_ACCOUNTS, past_end: Span::ZERO, steady: None },
    Swept { statement: DEVICES, past_end: Span::ZERO, steady: None },
    Swept { statement: RATES, past_end: Span::from_minutes(10), steady: None },
    Swept { statement: BLOCKS, past_end: Span::from_days(1), steady: None },
    Swept { statement: HINT_KEYS, past_end: Span::ZERO, steady: None },
    Swept { statement: REFUSALS, past_end: Span::from_days(1), steady: None },
    Swept { statement: DEAD_LETTERS, past_end: Span::from_days(30), steady: None },
];

/// Deletes the expired rows of a table in portions, so that other writes run in between. Returns their number.
pub async fn clear(store: &Store, table: Swept, now: Timestamp) -> Result<u64, StoreError> {
    let mut all = 0;
    loop {
        let swept = store.write(move |tx| Box::pin(async move { sweep(tx, table, now).await })).await?;
        all += swept;
        if swept < PORTION {
            return Ok(all);
        }
    }
}

async fn sweep(tx: &mut Tx, table: Swept, now: Timestamp) -> Result<u64, StoreError> {
    if let Some(since) = table.steady
        && !clock_steps::is_steady(tx, since, now).await?
    {
        return Ok(0);
    }
    execute!(tx, table.statement, [now.minus(table.past_end).as_millis()])
}

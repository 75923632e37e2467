//! Invariants of the stored data: one query per rule, which counts the rows that violate it. Read-only; they scan whole
//! tables.

use serde::Deserialize;

use crate::engine::db::Db;
use crate::engine::rows::from_json;
use crate::engine::statement::{Statement, statement, statements};
use crate::engine::tx::{fetch_all, fetch_one};
use crate::{Store, StoreError, Tx};
use signet_protocol::authorize::redirect_uri::RedirectUri;
use signet_protocol::time::Timestamp;

statements! {
    CODE_TWICE = "
        SELECT count(*) AS broken
        FROM (SELECT family_id FROM authorization_codes GROUP BY realm_id, family_id HAVING count(*) > 1) AS d
    ";
    CODE_UNREDEEMED = "
        SELECT count(*) AS broken
        FROM authorization_codes c
        JOIN token_families f ON f.realm_id = c.realm_id AND f.id = c.family_id
        WHERE c.redeemed_at IS NULL
    ";
    LEAF_TWICE = "
        SELECT count(*) AS broken
        FROM (SELECT leaf FROM token_families GROUP BY leaf HAVING count(*) > 1) AS d
    ";
    ROTATION = "SELECT count(*) AS broken FROM token_families WHERE (generation > 0) <> (rotated_at IS NOT NULL)";
    FAMILY_OF_DISABLED = "
        SELECT count(*) AS broken
        FROM token_families f
        JOIN users u ON u.realm_id = f.realm_id AND u.id = f.user_id
        JOIN clients c ON c.realm_id = f.realm_id AND c.id = f.client_id
        WHERE f.revoked_at IS NULL
            AND f.expires_at > $1
            AND (u.enabled = 0 OR c.enabled = 0 OR u.valid_from >= f.auth_time)
    ";
    FAMILY_OF_ENDED = "
        SELECT count(*) AS broken
        FROM token_families f
        JOIN sessions s ON s.realm_id = f.realm_id AND s.id = f.session_id
        WHERE f.revoked_at IS NULL AND f.offline = 0 AND f.expires_at > $1 AND s.ended_at IS NOT NULL
    ";
    SESSION_OF_DISABLED = "
        SELECT count(*) AS broken
        FROM sessions s
        JOIN users u ON u.realm_id = s.realm_id AND u.id = s.user_id
        WHERE s.ended_at IS NULL AND s.expires_at > $1 AND (u.enabled = 0 OR u.valid_from >= s.auth_time)
    ";
    FAMILY_ORPHANED = "
        SELECT count(*) AS broken
        FROM token_families f
        WHERE NOT EXISTS (SELECT 1 FROM users u WHERE u.realm_id = f.realm_id AND u.id = f.user_id)
            OR NOT EXISTS (SELECT 1 FROM clients c WHERE c.realm_id = f.realm_id AND c.id = f.client_id)
    ";
    CODE_ORPHANED = "
        SELECT count(*) AS broken
        FROM authorization_codes a
        WHERE NOT EXISTS (SELECT 1 FROM users u WHERE u.realm_id = a.realm_id AND u.id = a.user_id)
            OR NOT EXISTS (SELECT 1 FROM clients c WHERE c.realm_id = a.realm_id AND c.id = a.client_id)
            OR (
                a.redeemed_at IS NULL
                AND a.expires_at > $1
                AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.realm_id = a.realm_id AND s.id = a.session_id)
            )
    ";
    SESSION_ORPHANED = "
        SELECT count(*) AS broken
        FROM sessions s
        WHERE NOT EXISTS (SELECT 1 FROM users u WHERE u.realm_id = s.realm_id AND u.id = s.user_id)
    ";
    CONSENT_ORPHANED = "
        SELECT count(*) AS broken
        FROM consents g
        WHERE NOT EXISTS (SELECT 1 FROM users u WHERE u.realm_id = g.realm_id AND u.id = g.user_id)
            OR NOT EXISTS (SELECT 1 FROM clients c WHERE c.realm_id = g.realm_id AND c.id = g.client_id)
    ";
    TOKEN_ORPHANED = "
        SELECT count(*) AS broken
        FROM opaque_access_tokens t
        WHERE NOT EXISTS (SELECT 1 FROM clients c WHERE c.realm_id = t.realm_id AND c.id = t.client_id)
    ";
    USED_TWICE = "
        SELECT count(*) AS broken
        FROM (SELECT digest FROM used_once GROUP BY purpose, digest HAVING count(*) > 1) AS d
    ";
    COUNTER_BEHIND = "
        SELECT count(*) AS broken
        FROM change_counter
        WHERE value < (SELECT COALESCE(MAX(seq), 0) FROM changes)
    ";
    METADATA = "SELECT metadata FROM clients";
    NEWEST = "SELECT MAX(at) AS at FROM audit_events";
}

// Integrity as each engine reports it.
statement!(SQLITE_INTEGRITY = "PRAGMA integrity_check(5)");
statement!(SQLITE_FOREIGN_KEYS = "SELECT \"table\" AS problem FROM pragma_foreign_key_check LIMIT 5");
statement!(
    POSTGRES_INTEGRITY = "
        SELECT CAST(conname AS TEXT) AS problem
        FROM pg_constraint
        WHERE NOT convalidated
        UNION ALL
        SELECT CAST(indexrelid AS regclass)::TEXT
        FROM pg_index
        WHERE NOT indisvalid LIMIT 5
    "
);

/// An invariant with the query that counts its violations.
pub struct Rule {
    pub name: &'static str,
    /// The violation, as text after a number of rows.
    pub broken: &'static str,
    /// Advice to the operator.
    pub remedy: &'static str,
    check: Check,
}

/// A method to count the violations.
#[derive(Clone, Copy)]
enum Check {
    Query(&'static Statement),
    /// A query with the current time as its parameter.
    QueryNow(&'static Statement),
    /// A scan of the metadata of every client.
    RedirectUris,
}

const TAMPERED: &str = "the database was changed from outside; sign the users out, or restore a backup";
const LEFTOVER: &str = "disable the user or the client once more, or sign the user out";
const COUNTER: &str = "nodes miss changes; stop every server, then restore a backup, which moves the counter on";
const ORPHAN: &str = "foreign keys were switched off; delete these rows or restore a backup";

const fn rule(name: &'static str, query: &'static Statement, broken: &'static str, remedy: &'static str) -> Rule {
    Rule { name, broken, remedy, check: Check::Query(query) }
}

const fn timed(name: &'static str, query: &'static Statement, broken: &'static str, remedy: &'static str) -> Rule {
    Rule { name, broken, remedy, check: Check::QueryNow(query) }
}

pub static RULES: [Rule; 15] = [
    rule("code-grants-once", CODE_TWICE, "grants have several codes", TAMPERED),
    rule("code-before-grant", CODE_UNREDEEMED, "codes can be redeemed although their grant exists", TAMPERED),
    rule("one-refresh-token", LEAF_TWICE, "refresh tokens belong to several grants", TAMPERED),
    rule("rotation-is-dated", ROTATION, "grants have a generation that does not fit their last rotation", TAMPERED),
    timed("disabled-holds-no-grant", FAMILY_OF_DISABLED, "live grants of a disabled or signed-out owner", LEFTOVER),
    timed("ended-holds-no-grant", FAMILY_OF_ENDED, "live grants of sessions that have ended", LEFTOVER),
    timed("disabled-has-no-session", SESSION_OF_DISABLED, "live sessions of disabled or signed-out users", LEFTOVER),
    rule("no-orphan-grant", FAMILY_ORPHANED, "grants without their user or client", ORPHAN),
    timed("no-orphan-code", CODE_ORPHANED, "codes without their user, client or session", ORPHAN),
    rule("no-orphan-session", SESSION_ORPHANED, "sessions without their user", ORPHAN),
    rule("no-orphan-consent", CONSENT_ORPHANED, "consents without their user or client", ORPHAN),
    rule("no-orphan-token", TOKEN_ORPHANED, "access tokens without their client", ORPHAN),
    rule("used-once", USED_TWICE, "one-time ids were used twice", TAMPERED),
    rule("changes-are-counted", COUNTER_BEHIND, "counters are behind the newest change", COUNTER),
    Rule {
        name: "redirect-uris-are-registrable",
        broken: "clients have a redirect URI that could not be registered",
        remedy: TAMPERED,
        check: Check::RedirectUris,
    },
];

/// Counts the rows that violate a rule.
pub async fn count(tx: &mut Tx, rule: &Rule, now: Timestamp) -> Result<i64, StoreError> {
    let (broken,): (i64,) = match rule.check {
        Check::QueryNow(query) => fetch_one!(tx, query, [now.as_millis()])?,
        Check::Query(query) => fetch_one!(tx, query, [])?,
        Check::RedirectUris => return with_unregistrable_uris(tx).await,
    };
    Ok(broken)
}

/// The URIs of a client as stored, not validated.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Uris {
    redirect_uris: Vec<String>,
    post_logout_redirect_uris: Vec<String>,
}

/// Counts the clients with a URI that [`RedirectUri::register`] refuses, such as `javascript:`.
async fn with_unregistrable_uris(tx: &mut Tx) -> Result<i64, StoreError> {
    let rows: Vec<(String,)> = fetch_all!(tx, METADATA, [])?;
    let mut broken = 0;
    for (stored,) in rows {
        let metadata: Uris = from_json(&stored, "client metadata")?;
        let mut uris = metadata.redirect_uris.iter().chain(&metadata.post_logout_redirect_uris);
        broken += i64::from(uris.any(|uri| RedirectUri::register(uri).is_err()));
    }
    Ok(broken)
}

/// Returns the time of the newest row of the audit log.
pub async fn newest(tx: &mut Tx) -> Result<Option<Timestamp>, StoreError> {
    let (at,): (Option<i64>,) = fetch_one!(tx, NEWEST, [])?;
    Ok(at.map(Timestamp::from_millis))
}

/// Returns the engine's findings about its files, constraints and indexes.
pub async fn integrity(store: &Store) -> Result<Vec<String>, StoreError> {
    let mut tx = store.read().await?;
    let mut found: Vec<(String,)> = Vec::new();
    match &store.db {
        Db::Sqlite { .. } => {
            found.extend::<Vec<(String,)>>(fetch_all!(tx, SQLITE_INTEGRITY, [])?);
            found.retain(|(line,)| line != "ok");
            found.extend::<Vec<(String,)>>(fetch_all!(tx, SQLITE_FOREIGN_KEYS, [])?);
        }
        Db::Postgres(_) => found.extend::<Vec<(String,)>>(fetch_all!(tx, POSTGRES_INTEGRITY, [])?),
    }
    Ok(found.into_iter().map(|(line,)| line).collect())
}

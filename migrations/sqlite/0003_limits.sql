-- Brute force: counters of failed sign-ins, the browsers that people have signed in with, and blocked addresses.

-- Subjects are keyed digests, since people type passwords into the field for the name. `drained_at` is the time at
-- which every failure is forgotten: each one pushes it on.
CREATE TABLE login_failures (
    realm_id     TEXT NOT NULL REFERENCES realms (id),
    kind         TEXT NOT NULL CHECK (kind IN ('account', 'device', 'address', 'realm')),
    subject      BLOB NOT NULL CHECK (length(subject) = 32),
    drained_at   INTEGER NOT NULL,
    locked_until INTEGER NOT NULL,
    PRIMARY KEY (realm_id, kind, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX login_failures_by_end ON login_failures (drained_at);

-- The accounts at which an address has failed lately and not succeeded since.
CREATE TABLE failed_accounts (
    realm_id   TEXT NOT NULL REFERENCES realms (id),
    network    TEXT NOT NULL,
    subject    BLOB NOT NULL CHECK (length(subject) = 32),
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (realm_id, network, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX failed_accounts_by_expiry ON failed_accounts (expires_at);

CREATE TABLE known_devices (
    realm_id     TEXT NOT NULL,
    digest       BLOB NOT NULL CHECK (length(digest) = 32),
    user_id      TEXT NOT NULL,
    last_used_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    PRIMARY KEY (realm_id, digest, user_id),
    FOREIGN KEY (realm_id, user_id) REFERENCES users (realm_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX known_devices_by_user ON known_devices (realm_id, user_id, last_used_at);
CREATE INDEX known_devices_by_expiry ON known_devices (expires_at);

CREATE TABLE address_blocks (
    realm_id   TEXT NOT NULL REFERENCES realms (id),
    network    TEXT NOT NULL,
    reach      TEXT NOT NULL CHECK (reach IN ('everything', 'sign-in')),
    reason     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (realm_id, network)
) STRICT, WITHOUT ROWID;
CREATE INDEX address_blocks_by_expiry ON address_blocks (expires_at);

-- The same table with one kind more; its numbers go on, since they come from the counter.
DROP TABLE changes;
CREATE TABLE changes (
    seq      INTEGER PRIMARY KEY,
    realm_id TEXT NOT NULL,
    kind     TEXT NOT NULL CHECK (kind IN ('client', 'user', 'key', 'revocation', 'mapper', 'block')),
    subject  TEXT NOT NULL,
    at       INTEGER NOT NULL
) STRICT;
CREATE INDEX changes_by_time ON changes (at);

-- What an operator can void: a consent beside what could be revoked before, and a whole realm for good.

-- The same table with one kind more: what a user has granted to a client.
CREATE TABLE all_revocations (
    realm_id   TEXT NOT NULL REFERENCES realms (id),
    target     TEXT NOT NULL CHECK (target IN ('token', 'family', 'session', 'consent', 'user', 'client', 'realm')),
    subject    TEXT NOT NULL,
    not_before INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    reason     TEXT NOT NULL,
    PRIMARY KEY (realm_id, target, subject)
) STRICT, WITHOUT ROWID;
INSERT INTO all_revocations (realm_id, target, subject, not_before, expires_at, reason) SELECT realm_id, target, subject, not_before, expires_at, reason FROM revocations;
DROP TABLE revocations;
ALTER TABLE all_revocations RENAME TO revocations;
CREATE INDEX revocations_by_expiry ON revocations (expires_at);

-- Sessions, codes and grants of a login before this time are void, as with a user's.
ALTER TABLE realms ADD COLUMN valid_from INTEGER NOT NULL DEFAULT 0;

-- Users who are banned for a while are counted by it.
CREATE INDEX users_by_valid_from ON users (realm_id, valid_from);

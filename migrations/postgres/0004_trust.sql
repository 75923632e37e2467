-- What lets an operator believe the stored data: an audit log whose rows are chained by hashes, and restores that say so.

-- Rows that were written before this migration stay outside of the chain; the first checkpoint says how many they are.
ALTER TABLE audit_events ADD COLUMN seq BIGINT;
ALTER TABLE audit_events ADD COLUMN hash BYTEA;
CREATE UNIQUE INDEX audit_events_by_seq ON audit_events (realm_id, seq);

-- The end of each realm's chain. Its row is locked by whoever appends, so that numbers become visible in order.
CREATE TABLE audit_chains (
    realm_id TEXT NOT NULL PRIMARY KEY REFERENCES realms (id),
    seq      BIGINT NOT NULL CHECK (seq >= 0),
    hash     BYTEA CHECK (length(hash) = 32)
);
INSERT INTO audit_chains (realm_id, seq) SELECT id, 0 FROM realms;

-- What a signing key of the realm vouches for: the part of the chain that was there at a time.
CREATE TABLE audit_checkpoints (
    realm_id TEXT NOT NULL REFERENCES realms (id),
    number   BIGINT NOT NULL,
    seq      BIGINT NOT NULL,
    hash     BYTEA NOT NULL CHECK (length(hash) = 32),
    at       BIGINT NOT NULL,
    signed   TEXT NOT NULL,
    PRIMARY KEY (realm_id, number)
);

-- When the data came back from a backup, which voided what had been issued before.
CREATE TABLE restore_epochs (
    realm_id  TEXT NOT NULL REFERENCES realms (id),
    epoch     BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    backup_at BIGINT,
    PRIMARY KEY (realm_id, epoch)
);

-- What a session holds ends with it, however it ends: sessions that have expired are found by their idle end.
UPDATE sessions SET idle_expires_at = expires_at WHERE idle_expires_at > expires_at;
CREATE INDEX sessions_by_idle_end ON sessions (idle_expires_at) WHERE ended_at IS NULL;

-- The public parts of signing keys that are gone: they verify logout hints and nothing else.
CREATE TABLE hint_keys (
    realm_id   TEXT NOT NULL REFERENCES realms (id),
    kid        TEXT NOT NULL,
    algorithm  TEXT NOT NULL,
    public     TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (realm_id, kid)
) STRICT, WITHOUT ROWID;
CREATE INDEX hint_keys_by_expiry ON hint_keys (expires_at);

-- Personal access tokens, which people make for scripts of their own. `resources` is JSON.
CREATE TABLE personal_tokens (
    digest     BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    realm_id   TEXT NOT NULL,
    id         TEXT NOT NULL,
    user_id    TEXT NOT NULL,
    name       TEXT NOT NULL,
    scope      TEXT NOT NULL,
    resources  TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER,
    revoked_at INTEGER,
    UNIQUE (realm_id, id),
    FOREIGN KEY (realm_id, user_id) REFERENCES users (realm_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX personal_tokens_by_user ON personal_tokens (realm_id, user_id, created_at);
CREATE INDEX personal_tokens_by_end ON personal_tokens (expires_at);

-- The tokens that a person has made: how many on the last such day, and when the last one. Revoking one changes nothing.
CREATE TABLE personal_token_quotas (
    realm_id TEXT NOT NULL,
    user_id  TEXT NOT NULL,
    day      INTEGER NOT NULL,
    made     INTEGER NOT NULL CHECK (made > 0),
    last_at  INTEGER NOT NULL,
    PRIMARY KEY (realm_id, user_id),
    FOREIGN KEY (realm_id, user_id) REFERENCES users (realm_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

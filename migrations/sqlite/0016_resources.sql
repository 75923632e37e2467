-- The resources that access tokens are for, each with the header that its tokens have; nothing where the client or the
-- server decides.
CREATE TABLE resources (
    realm_id         TEXT NOT NULL REFERENCES realms (id),
    uri              TEXT NOT NULL,
    access_token_alg TEXT,
    access_token_typ TEXT CHECK (access_token_typ IN ('at+jwt', 'JWT')),
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    PRIMARY KEY (realm_id, uri)
) STRICT, WITHOUT ROWID;

-- What clients may ask tokens for becomes a row.
INSERT INTO resources (realm_id, uri, created_at, updated_at)
    SELECT DISTINCT c.realm_id, audience.value, c.updated_at, c.updated_at
    FROM clients c, json_each(c.metadata, '$.audiences') AS audience
    WHERE true
    ON CONFLICT (realm_id, uri) DO NOTHING;

-- The same table with one kind more; its numbers go on, since they come from the counter.
DROP TABLE changes;
CREATE TABLE changes (
    seq      INTEGER PRIMARY KEY,
    realm_id TEXT NOT NULL,
    kind     TEXT NOT NULL CHECK (kind IN ('client', 'user', 'key', 'revocation', 'mapper', 'block', 'resource')),
    subject  TEXT NOT NULL,
    at       INTEGER NOT NULL
) STRICT;
CREATE INDEX changes_by_time ON changes (at);

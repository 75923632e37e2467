-- What OpenID Connect asks for beyond a sign-in: claims, pushed requests, registration by clients, logout channels.

-- The secret itself, sealed, of clients whose tokens or assertions are keyed by it (OpenID Connect Core §10.1).
ALTER TABLE client_secrets ADD COLUMN sealed BYTEA;

-- Values beyond the standard claims, for claim mappers: a JSON object.
ALTER TABLE users ADD COLUMN attributes TEXT NOT NULL DEFAULT '{}';

-- What was asked for by the `claims` parameter: names that were consented to, and the request of the grant.
ALTER TABLE consents ADD COLUMN claims TEXT NOT NULL DEFAULT '';
ALTER TABLE token_families ADD COLUMN claims TEXT NOT NULL DEFAULT '';

CREATE TABLE claim_mappers (
    realm_id   TEXT NOT NULL REFERENCES realms (id),
    id         TEXT NOT NULL,
    client_id  TEXT,
    definition TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (realm_id, id),
    FOREIGN KEY (realm_id, client_id) REFERENCES clients (realm_id, id) ON DELETE CASCADE
);

CREATE TABLE pushed_requests (
    digest     BYTEA NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    realm_id   TEXT NOT NULL,
    client_id  TEXT NOT NULL,
    params     TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    kept_until BIGINT NOT NULL,
    used_at    BIGINT,
    FOREIGN KEY (realm_id, client_id) REFERENCES clients (realm_id, id) ON DELETE CASCADE
);
CREATE INDEX pushed_requests_by_end ON pushed_requests (kept_until);
CREATE INDEX pushed_requests_by_client ON pushed_requests (realm_id, client_id, expires_at);

-- So that a client can be removed without a look at everybody's consents.
CREATE INDEX consents_by_client ON consents (realm_id, client_id);

CREATE TABLE client_registrations (
    realm_id     TEXT NOT NULL,
    client_id    TEXT NOT NULL,
    token        BYTEA NOT NULL CHECK (length(token) = 32),
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    expires_at   BIGINT,
    PRIMARY KEY (realm_id, client_id),
    FOREIGN KEY (realm_id, client_id) REFERENCES clients (realm_id, id) ON DELETE CASCADE
);
CREATE INDEX client_registrations_by_expiry ON client_registrations (expires_at);
CREATE INDEX client_registrations_by_time ON client_registrations (realm_id, created_at);
CREATE INDEX client_registrations_by_token ON client_registrations (realm_id, token);

CREATE TABLE initial_access_tokens (
    digest     BYTEA NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    realm_id   TEXT NOT NULL REFERENCES realms (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    uses_left  BIGINT NOT NULL CHECK (uses_left >= 0)
);
CREATE INDEX initial_access_tokens_by_expiry ON initial_access_tokens (expires_at);

CREATE TABLE client_logos (
    realm_id   TEXT NOT NULL,
    client_id  TEXT NOT NULL,
    media_type TEXT NOT NULL,
    image      BYTEA NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (realm_id, client_id),
    FOREIGN KEY (realm_id, client_id) REFERENCES clients (realm_id, id) ON DELETE CASCADE
);

-- The clients that take part in a session and want to be told of its end.
CREATE TABLE session_clients (
    realm_id   TEXT NOT NULL,
    session_id TEXT NOT NULL,
    client_id  TEXT NOT NULL,
    PRIMARY KEY (realm_id, session_id, client_id),
    FOREIGN KEY (realm_id, session_id) REFERENCES sessions (realm_id, id) ON DELETE CASCADE,
    FOREIGN KEY (realm_id, client_id) REFERENCES clients (realm_id, id) ON DELETE CASCADE
);
CREATE INDEX session_clients_by_client ON session_clients (realm_id, client_id);

-- What is to be told to other servers: written with the change that it tells of, delivered and deleted by a job.
CREATE TABLE outbox (
    id         TEXT NOT NULL PRIMARY KEY,
    realm_id   TEXT NOT NULL REFERENCES realms (id),
    kind       TEXT NOT NULL,
    client_id  TEXT NOT NULL,
    session_id TEXT NOT NULL,
    user_id    TEXT NOT NULL,
    attempts   BIGINT NOT NULL CHECK (attempts >= 0),
    next_at    BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX outbox_by_turn ON outbox (realm_id, kind, next_at);

-- The same table with one kind more; its numbers go on, since they come from the counter.
DROP TABLE changes;
CREATE TABLE changes (
    seq      BIGINT PRIMARY KEY,
    realm_id TEXT NOT NULL,
    kind     TEXT NOT NULL CHECK (kind IN ('client', 'user', 'key', 'revocation', 'mapper')),
    subject  TEXT NOT NULL,
    at       BIGINT NOT NULL
);
CREATE INDEX changes_by_time ON changes (at);

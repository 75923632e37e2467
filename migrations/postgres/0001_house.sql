-- Every row belongs to a realm. Times are UTC milliseconds, booleans 0 or 1, digests 32 bytes, JSON is text.
-- The same tables stand in ../sqlite under the same number; neither file is edited once it has landed.

CREATE TABLE realms (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);

CREATE TABLE clients (
    realm_id   TEXT NOT NULL REFERENCES realms (id),
    id         TEXT NOT NULL,
    metadata   TEXT NOT NULL,
    enabled    BIGINT NOT NULL CHECK (enabled IN (0, 1)),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (realm_id, id)
);

CREATE TABLE client_secrets (
    realm_id   TEXT NOT NULL,
    client_id  TEXT NOT NULL,
    digest     BYTEA NOT NULL CHECK (length(digest) = 32),
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    PRIMARY KEY (realm_id, client_id, digest),
    FOREIGN KEY (realm_id, client_id) REFERENCES clients (realm_id, id) ON DELETE CASCADE
);

CREATE TABLE client_origins (
    realm_id  TEXT NOT NULL,
    origin    TEXT NOT NULL,
    client_id TEXT NOT NULL,
    PRIMARY KEY (realm_id, origin, client_id),
    FOREIGN KEY (realm_id, client_id) REFERENCES clients (realm_id, id) ON DELETE CASCADE
);

CREATE TABLE users (
    realm_id       TEXT NOT NULL REFERENCES realms (id),
    id             TEXT NOT NULL,
    username       TEXT NOT NULL,
    username_key   TEXT NOT NULL,
    email          TEXT,
    email_key      TEXT,
    email_verified BIGINT NOT NULL CHECK (email_verified IN (0, 1)),
    claims         TEXT NOT NULL,
    salt           BYTEA NOT NULL CHECK (length(salt) >= 16),
    enabled        BIGINT NOT NULL CHECK (enabled IN (0, 1)),
    valid_from     BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    PRIMARY KEY (realm_id, id),
    UNIQUE (realm_id, username_key),
    UNIQUE (realm_id, email_key)
);

CREATE TABLE user_roles (
    realm_id TEXT NOT NULL,
    user_id  TEXT NOT NULL,
    role     TEXT NOT NULL,
    PRIMARY KEY (realm_id, user_id, role),
    FOREIGN KEY (realm_id, user_id) REFERENCES users (realm_id, id) ON DELETE CASCADE
);

CREATE TABLE passwords (
    realm_id   TEXT NOT NULL,
    user_id    TEXT NOT NULL,
    hash       TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (realm_id, user_id),
    FOREIGN KEY (realm_id, user_id) REFERENCES users (realm_id, id) ON DELETE CASCADE
);

CREATE TABLE sessions (
    realm_id        TEXT NOT NULL,
    id              TEXT NOT NULL,
    digest          BYTEA NOT NULL UNIQUE CHECK (length(digest) = 32),
    user_id         TEXT NOT NULL,
    auth_time       BIGINT NOT NULL,
    methods         TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    last_seen_at    BIGINT NOT NULL,
    idle_expires_at BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    remembered      BIGINT NOT NULL CHECK (remembered IN (0, 1)),
    ended_at        BIGINT,
    address         TEXT NOT NULL,
    user_agent      TEXT NOT NULL,
    PRIMARY KEY (realm_id, id),
    FOREIGN KEY (realm_id, user_id) REFERENCES users (realm_id, id) ON DELETE CASCADE
);
CREATE INDEX sessions_by_user ON sessions (realm_id, user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE consents (
    realm_id   TEXT NOT NULL,
    user_id    TEXT NOT NULL,
    client_id  TEXT NOT NULL,
    scope      TEXT NOT NULL,
    granted_at BIGINT NOT NULL,
    PRIMARY KEY (realm_id, user_id, client_id),
    FOREIGN KEY (realm_id, user_id) REFERENCES users (realm_id, id) ON DELETE CASCADE,
    FOREIGN KEY (realm_id, client_id) REFERENCES clients (realm_id, id) ON DELETE CASCADE
);

CREATE TABLE authorization_requests (
    realm_id     TEXT NOT NULL,
    id           TEXT NOT NULL,
    client_id    TEXT NOT NULL,
    browser      BYTEA NOT NULL CHECK (length(browser) = 32),
    request      TEXT NOT NULL,
    arrived_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    consented_at BIGINT,
    consented_by TEXT,
    closed_at    BIGINT,
    PRIMARY KEY (realm_id, id),
    FOREIGN KEY (realm_id, client_id) REFERENCES clients (realm_id, id) ON DELETE CASCADE
);
CREATE INDEX authorization_requests_by_expiry ON authorization_requests (expires_at);

CREATE TABLE authorization_codes (
    digest             BYTEA NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    realm_id           TEXT NOT NULL,
    client_id          TEXT NOT NULL,
    user_id            TEXT NOT NULL,
    session_id         TEXT NOT NULL,
    family_id          TEXT NOT NULL,
    redirect_uri       TEXT NOT NULL,
    redirect_uri_named BIGINT NOT NULL CHECK (redirect_uri_named IN (0, 1)),
    scope              TEXT NOT NULL,
    extensions         TEXT NOT NULL,
    auth_time          BIGINT NOT NULL,
    methods            TEXT NOT NULL,
    expires_at         BIGINT NOT NULL,
    redeemed_at        BIGINT,
    FOREIGN KEY (realm_id, client_id) REFERENCES clients (realm_id, id) ON DELETE CASCADE,
    FOREIGN KEY (realm_id, user_id) REFERENCES users (realm_id, id) ON DELETE CASCADE
);
CREATE INDEX authorization_codes_by_expiry ON authorization_codes (expires_at);
CREATE INDEX authorization_codes_by_user ON authorization_codes (realm_id, user_id);

CREATE TABLE token_families (
    realm_id        TEXT NOT NULL,
    id              TEXT NOT NULL,
    client_id       TEXT NOT NULL,
    user_id         TEXT NOT NULL,
    session_id      TEXT NOT NULL,
    offline         BIGINT NOT NULL CHECK (offline IN (0, 1)),
    scope           TEXT NOT NULL,
    resources       TEXT NOT NULL,
    auth_time       BIGINT NOT NULL,
    methods         TEXT NOT NULL,
    generation      BIGINT NOT NULL CHECK (generation >= 0),
    leaf            BYTEA NOT NULL CHECK (length(leaf) = 32),
    created_at      BIGINT NOT NULL,
    rotated_at      BIGINT,
    idle_expires_at BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    revoked_at      BIGINT,
    revoked_because TEXT,
    PRIMARY KEY (realm_id, id),
    CHECK ((revoked_at IS NULL) = (revoked_because IS NULL)),
    FOREIGN KEY (realm_id, client_id) REFERENCES clients (realm_id, id) ON DELETE CASCADE,
    FOREIGN KEY (realm_id, user_id) REFERENCES users (realm_id, id) ON DELETE CASCADE
);
CREATE INDEX token_families_by_user ON token_families (realm_id, user_id, client_id);
CREATE INDEX token_families_by_client ON token_families (realm_id, client_id);
CREATE INDEX token_families_by_session ON token_families (realm_id, session_id);
CREATE INDEX token_families_by_expiry ON token_families (expires_at);

CREATE TABLE opaque_access_tokens (
    digest     BYTEA NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    realm_id   TEXT NOT NULL,
    client_id  TEXT NOT NULL,
    claims     TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    FOREIGN KEY (realm_id, client_id) REFERENCES clients (realm_id, id) ON DELETE CASCADE
);
CREATE INDEX opaque_access_tokens_by_expiry ON opaque_access_tokens (expires_at);

CREATE TABLE signing_keys (
    realm_id     TEXT NOT NULL REFERENCES realms (id),
    kid          TEXT NOT NULL,
    algorithm    TEXT NOT NULL,
    generation   BIGINT NOT NULL,
    sealed       BYTEA NOT NULL,
    announced_at BIGINT NOT NULL,
    activates_at BIGINT NOT NULL,
    dropped_at   BIGINT,
    PRIMARY KEY (realm_id, kid),
    UNIQUE (realm_id, algorithm, generation)
);

CREATE TABLE revocations (
    realm_id   TEXT NOT NULL REFERENCES realms (id),
    target     TEXT NOT NULL CHECK (target IN ('token', 'family', 'session', 'user', 'client', 'realm')),
    subject    TEXT NOT NULL,
    not_before BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    reason     TEXT NOT NULL,
    PRIMARY KEY (realm_id, target, subject)
);
CREATE INDEX revocations_by_expiry ON revocations (expires_at);

CREATE TABLE used_once (
    purpose    TEXT NOT NULL,
    digest     BYTEA NOT NULL CHECK (length(digest) = 32),
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (purpose, digest)
);
CREATE INDEX used_once_by_expiry ON used_once (expires_at);

-- Nodes follow this sequence. Its number comes from one row, so that numbers become visible in order.
CREATE TABLE change_counter (
    id    BIGINT PRIMARY KEY CHECK (id = 1),
    value BIGINT NOT NULL
);
INSERT INTO change_counter (id, value) VALUES (1, 0);

CREATE TABLE changes (
    seq      BIGINT PRIMARY KEY,
    realm_id TEXT NOT NULL,
    kind     TEXT NOT NULL CHECK (kind IN ('client', 'user', 'key', 'revocation')),
    subject  TEXT NOT NULL,
    at       BIGINT NOT NULL
);

CREATE INDEX changes_by_time ON changes (at);

CREATE TABLE audit_events (
    id         TEXT PRIMARY KEY,
    realm_id   TEXT NOT NULL,
    at         BIGINT NOT NULL,
    event      TEXT NOT NULL,
    outcome    TEXT NOT NULL CHECK (outcome IN ('success', 'failure')),
    actor      TEXT NOT NULL,
    user_id    TEXT,
    client_id  TEXT,
    session_id TEXT,
    address    TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    request_id TEXT NOT NULL,
    reason     TEXT NOT NULL
);
CREATE INDEX audit_events_by_time ON audit_events (realm_id, at);

CREATE TABLE leases (
    name       TEXT PRIMARY KEY,
    holder     TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);

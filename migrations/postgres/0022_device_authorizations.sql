-- Device authorizations (RFC 8628): the request of a device, and its polls. `pause` is the least time between two polls,
-- in milliseconds; `hasty` says that the last one came before it was over.
CREATE TABLE device_authorizations (
    digest     BYTEA NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    realm_id   TEXT NOT NULL,
    client_id  TEXT NOT NULL,
    user_code  TEXT NOT NULL,
    scope      TEXT NOT NULL,
    resources  TEXT,
    network    TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    answer     TEXT CHECK (answer IN ('allowed', 'denied')),
    polled_at  BIGINT,
    pause      BIGINT NOT NULL,
    hasty      BIGINT NOT NULL DEFAULT 0 CHECK (hasty IN (0, 1)),
    FOREIGN KEY (realm_id, client_id) REFERENCES clients (realm_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX device_authorizations_by_user_code ON device_authorizations (realm_id, user_code);
CREATE INDEX device_authorizations_by_client ON device_authorizations (realm_id, client_id);
CREATE INDEX device_authorizations_by_end ON device_authorizations (expires_at);

-- Refused requests with their private causes, for a day. Strangers write them: texts are short, rows are few, and each
-- client and each network has a share. `owner` is the client that exists under `client_id`, or empty; `network` is the
-- region of the address.
CREATE TABLE refusals (
    realm_id    TEXT NOT NULL REFERENCES realms (id),
    request_id  TEXT NOT NULL CHECK (length(request_id) <= 64),
    at          BIGINT NOT NULL,
    endpoint    TEXT NOT NULL CHECK (length(endpoint) <= 64),
    client_id   TEXT NOT NULL CHECK (length(client_id) <= 255),
    owner       TEXT NOT NULL CHECK (length(owner) <= 255),
    network     TEXT NOT NULL CHECK (length(network) <= 64),
    status      BIGINT NOT NULL,
    error       TEXT NOT NULL CHECK (length(error) <= 64),
    description TEXT NOT NULL CHECK (length(description) <= 500),
    cause       TEXT NOT NULL CHECK (length(cause) <= 1000),
    hint        TEXT CHECK (length(hint) <= 500),
    PRIMARY KEY (realm_id, request_id)
);
CREATE INDEX refusals_by_share ON refusals (realm_id, owner, network, at);
CREATE INDEX refusals_by_client ON refusals (realm_id, client_id, at);
CREATE INDEX refusals_by_time ON refusals (at);

-- Shares of what strangers make the server keep, and failures of whole networks.

-- The network that a request came from, and 1 where the browser is one that a person has signed in with: over the cap,
-- the network with the most rows loses its oldest ones first, those of such browsers last.
ALTER TABLE authorization_requests ADD COLUMN network TEXT NOT NULL DEFAULT '';
ALTER TABLE authorization_requests ADD COLUMN known BIGINT NOT NULL DEFAULT 0 CHECK (known IN (0, 1));
CREATE INDEX authorization_requests_by_network
    ON authorization_requests (realm_id, closed_at, network, known, expires_at);

-- The share that a pushed request counts for: the network where the client is public, else the client.
ALTER TABLE pushed_requests ADD COLUMN holder TEXT NOT NULL DEFAULT '';

-- The network of a browser's last sign-in: people come back to where they have signed in before.
ALTER TABLE known_devices ADD COLUMN network TEXT NOT NULL DEFAULT '';
CREATE INDEX known_devices_by_network ON known_devices (realm_id, network, last_used_at);

-- Names as they were typed ('name') and networks of many addresses ('region') have counters as well.
CREATE TABLE login_failures_next (
    realm_id     TEXT NOT NULL REFERENCES realms (id),
    kind         TEXT NOT NULL CHECK (kind IN ('name', 'account', 'device', 'address', 'region', 'realm')),
    subject      BYTEA NOT NULL CHECK (length(subject) = 32),
    drained_at   BIGINT NOT NULL,
    locked_until BIGINT NOT NULL,
    PRIMARY KEY (realm_id, kind, subject)
);
INSERT INTO login_failures_next (realm_id, kind, subject, drained_at, locked_until)
    SELECT realm_id, kind, subject, drained_at, locked_until FROM login_failures;
DROP TABLE login_failures;
ALTER TABLE login_failures_next RENAME TO login_failures;
CREATE INDEX login_failures_by_end ON login_failures (drained_at);

-- The requests that the nodes have granted, as far as other nodes have to count them: one row a node and exchange.
CREATE TABLE rate_exchanges (
    node    TEXT NOT NULL,
    number  BIGINT NOT NULL,
    sent_at BIGINT NOT NULL,
    granted TEXT NOT NULL,
    PRIMARY KEY (node, number)
);
CREATE INDEX rate_exchanges_by_time ON rate_exchanges (sent_at);

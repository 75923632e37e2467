-- Servers that hear of security events, and how far along the audit log each has been told.
CREATE TABLE webhooks (
    realm_id   TEXT NOT NULL REFERENCES realms (id),
    id         TEXT NOT NULL,
    url        TEXT NOT NULL,
    audience   TEXT NOT NULL,
    events     TEXT NOT NULL,
    enabled    BIGINT NOT NULL CHECK (enabled IN (0, 1)),
    told_up_to BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (realm_id, id)
);

-- What a webhook would not take.
CREATE TABLE dead_letters (
    realm_id   TEXT NOT NULL,
    webhook_id TEXT NOT NULL,
    event_id   TEXT NOT NULL,
    attempts   BIGINT NOT NULL,
    reason     TEXT NOT NULL,
    died_at    BIGINT NOT NULL,
    PRIMARY KEY (realm_id, webhook_id, event_id),
    FOREIGN KEY (realm_id, webhook_id) REFERENCES webhooks (realm_id, id) ON DELETE CASCADE
);
CREATE INDEX dead_letters_by_time ON dead_letters (died_at);

ALTER TABLE outbox ADD COLUMN webhook_id TEXT;
CREATE INDEX outbox_by_webhook ON outbox (realm_id, webhook_id) WHERE webhook_id IS NOT NULL;

-- When a key was seen to have begun to sign, which follows from the time alone.
ALTER TABLE signing_keys ADD COLUMN seen_active_at BIGINT;
UPDATE signing_keys SET seen_active_at = activates_at WHERE activates_at <= (SELECT max(at) FROM audit_events);

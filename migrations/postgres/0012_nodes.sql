-- The processes that serve: what each has heard of the change sequence, and for how long after it has asked for changes it
-- answers from memory. One that did not say in time that it had heard of a revocation is dropped until it has caught up.
CREATE TABLE nodes (
    id         TEXT NOT NULL PRIMARY KEY,
    started_at BIGINT NOT NULL,
    heard_seq  BIGINT NOT NULL,
    heard_at   BIGINT NOT NULL,
    lease_ms   BIGINT NOT NULL CHECK (lease_ms >= 0),
    channel    TEXT NOT NULL CHECK (channel IN ('none', 'listen', 'http')),
    advertise  TEXT NOT NULL,
    dropped_at BIGINT
);

-- People are told by mail of what concerns their account: a row of the outbox names the row of the audit log.
ALTER TABLE outbox ADD COLUMN event_id TEXT;

-- Whether somebody has been told of failed sign-ins lately.
CREATE INDEX audit_events_of_soft_locks ON audit_events (realm_id, user_id, at) WHERE event = 'account.soft_locked';

-- More about what happened: a JSON object, under the hash of rows that have one.
ALTER TABLE audit_events ADD COLUMN details TEXT;

-- Rows about one user, client, address or event are found without a look at all others.
CREATE INDEX audit_events_by_user ON audit_events (realm_id, user_id, at) WHERE user_id IS NOT NULL;
CREATE INDEX audit_events_by_client ON audit_events (realm_id, client_id, at) WHERE client_id IS NOT NULL;
CREATE INDEX audit_events_by_address ON audit_events (realm_id, address, at) WHERE address <> '';
CREATE INDEX audit_events_by_event ON audit_events (realm_id, event, at) WHERE event <> '';

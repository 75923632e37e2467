-- Clients and people can be changed: a row counts its changes, so that a change is refused where another came first.
ALTER TABLE clients ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE users ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

-- The actor of the audit log that registered a client; empty where it was registered before this was kept.
ALTER TABLE clients ADD COLUMN created_by TEXT NOT NULL DEFAULT '';

-- A mail about a change of address goes to the address from before too.
ALTER TABLE outbox ADD COLUMN address TEXT;

-- Mails that wait for a person go with the person.
CREATE INDEX outbox_mails_by_user ON outbox (realm_id, user_id) WHERE kind = 'mail';

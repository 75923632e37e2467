-- Accounts that the sign-in page of a browser lists: those whose people chose to stay signed in there.
ALTER TABLE known_devices ADD COLUMN listed INTEGER NOT NULL DEFAULT 0 CHECK (listed IN (0, 1));

-- The person who chose to answer a request with the present session (prompt=select_account).
ALTER TABLE authorization_requests ADD COLUMN selected_by TEXT;

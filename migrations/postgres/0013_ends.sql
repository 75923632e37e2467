-- What ends with a session, a client or a user is found by it alone. The realm does not come first: without statistics
-- the rows of a realm are taken for as few as those of a session. The key of the row, realm included, follows anyway.
CREATE INDEX authorization_codes_open_by_session ON authorization_codes (realm_id, session_id)
    WHERE redeemed_at IS NULL;
CREATE INDEX authorization_codes_by_client ON authorization_codes (realm_id, client_id, redeemed_at);

DROP INDEX token_families_by_session;
CREATE INDEX token_families_by_session ON token_families (session_id);
DROP INDEX token_families_by_client;
CREATE INDEX token_families_by_client ON token_families (client_id);
DROP INDEX token_families_by_user;
CREATE INDEX token_families_by_user ON token_families (user_id);
DROP INDEX sessions_by_user;
CREATE INDEX sessions_by_user ON sessions (user_id);

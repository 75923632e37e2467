-- A change of a client replaces its origins in the memory of every node, which are found by it.
CREATE INDEX client_origins_by_client ON client_origins (realm_id, client_id);

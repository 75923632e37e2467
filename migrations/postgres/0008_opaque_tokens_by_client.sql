-- Removing a client takes its opaque access tokens with it, which are found by it.
CREATE INDEX opaque_access_tokens_by_client ON opaque_access_tokens (realm_id, client_id);

-- The public part of each key as a JWK, beside the sealed one. Nodes that only verify read it, without the master key.
-- It is NULL for a key of an earlier release until a node with the master key adds it.
ALTER TABLE signing_keys ADD COLUMN public_jwk TEXT;

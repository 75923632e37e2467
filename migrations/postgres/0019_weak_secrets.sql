-- A secret that is short enough to be guessed: attempts at its client are limited.
ALTER TABLE client_secrets ADD COLUMN weak BIGINT NOT NULL DEFAULT 0;

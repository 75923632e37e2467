-- Imported hashes and forced changes. `work` is the work of checking a hash of another system, apart from argon2's; NULL
-- for the server's own hashes. `must_change` is 1 if the person has to choose a new password at the next sign-in.
ALTER TABLE passwords ADD COLUMN work TEXT;
ALTER TABLE passwords ADD COLUMN must_change INTEGER NOT NULL DEFAULT 0 CHECK (must_change IN (0, 1));
CREATE INDEX passwords_by_work ON passwords (realm_id, work) WHERE work IS NOT NULL;

-- The people that an import has created, by their id in the other system, with the digest of what it said about them,
-- so that it can be repeated.
CREATE TABLE imported_users (
    realm_id    TEXT NOT NULL,
    source      TEXT NOT NULL,
    external_id TEXT NOT NULL,
    user_id     TEXT NOT NULL,
    digest      BLOB NOT NULL CHECK (length(digest) = 32),
    imported_at INTEGER NOT NULL,
    PRIMARY KEY (realm_id, source, external_id),
    FOREIGN KEY (realm_id, user_id) REFERENCES users (realm_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX imported_users_by_user ON imported_users (user_id);

-- What has ended stays ended: an update that would take such a step back fails, whatever statement makes it.

-- A grant is active, exchanges its refresh token for the next one until it expires, and is revoked for good. A rotation
-- whose tokens were never sent is taken back by one generation; then the grace of the rotation is over too.
CREATE TRIGGER token_families_rotation BEFORE UPDATE OF generation, leaf, rotated_at ON token_families
FOR EACH ROW WHEN (
    CASE
        WHEN OLD.revoked_at IS NOT NULL THEN NEW.generation <> OLD.generation OR NEW.leaf <> OLD.leaf
        WHEN NEW.generation = OLD.generation + 1 THEN
            NEW.rotated_at IS NULL OR NEW.rotated_at >= OLD.idle_expires_at OR NEW.rotated_at >= OLD.expires_at
            OR NEW.leaf = OLD.leaf
        WHEN NEW.generation = OLD.generation - 1 THEN
            (NEW.generation > 0) <> (NEW.rotated_at IS NOT NULL) OR NEW.rotated_at > NEW.created_at
        WHEN NEW.generation = OLD.generation THEN
            (NEW.generation > 0) <> (NEW.rotated_at IS NOT NULL) OR NEW.leaf <> OLD.leaf
        ELSE TRUE
    END
) BEGIN SELECT RAISE(ABORT, 'impossible transition of a grant'); END;

CREATE TRIGGER token_families_revocation BEFORE UPDATE OF revoked_at ON token_families FOR EACH ROW WHEN (
    OLD.revoked_at IS NOT NULL AND (NEW.revoked_at IS NULL OR NEW.revoked_at <> OLD.revoked_at)
) BEGIN SELECT RAISE(ABORT, 'impossible transition of a grant'); END;

CREATE TRIGGER token_families_extension BEFORE UPDATE OF expires_at, offline ON token_families FOR EACH ROW WHEN (
    NEW.expires_at > OLD.expires_at OR NEW.offline > OLD.offline
) BEGIN SELECT RAISE(ABORT, 'impossible transition of a grant'); END;

-- A code is redeemed once.
CREATE TRIGGER authorization_codes_redemption BEFORE UPDATE OF redeemed_at ON authorization_codes FOR EACH ROW WHEN (
    OLD.redeemed_at IS NOT NULL AND (NEW.redeemed_at IS NULL OR NEW.redeemed_at <> OLD.redeemed_at)
) BEGIN SELECT RAISE(ABORT, 'impossible transition of an authorization code'); END;

CREATE TRIGGER authorization_codes_extension BEFORE UPDATE OF expires_at ON authorization_codes FOR EACH ROW WHEN (
    NEW.expires_at > OLD.expires_at
) BEGIN SELECT RAISE(ABORT, 'impossible transition of an authorization code'); END;

-- A session that has ended neither goes on nor gets another cookie.
CREATE TRIGGER sessions_transition BEFORE UPDATE OF ended_at, digest ON sessions FOR EACH ROW WHEN (
    OLD.ended_at IS NOT NULL AND (NEW.ended_at IS NULL OR NEW.ended_at <> OLD.ended_at OR NEW.digest <> OLD.digest)
) BEGIN SELECT RAISE(ABORT, 'impossible transition of a session'); END;

-- A request that was answered is not answered again, and gets no consent.
CREATE TRIGGER authorization_requests_transition BEFORE UPDATE OF closed_at, consented_at ON authorization_requests
FOR EACH ROW WHEN (
    OLD.closed_at IS NOT NULL AND (
        NEW.closed_at IS NULL OR NEW.closed_at <> OLD.closed_at
        OR (NEW.consented_at IS NOT NULL AND OLD.consented_at IS NULL) OR NEW.consented_at > OLD.consented_at
    )
) BEGIN SELECT RAISE(ABORT, 'impossible transition of an authorization request'); END;

-- A pushed request is used once.
CREATE TRIGGER pushed_requests_transition BEFORE UPDATE OF used_at ON pushed_requests FOR EACH ROW WHEN (
    OLD.used_at IS NOT NULL AND (NEW.used_at IS NULL OR NEW.used_at <> OLD.used_at)
) BEGIN SELECT RAISE(ABORT, 'impossible transition of a pushed request'); END;

-- A use of an initial access token is not given back.
CREATE TRIGGER initial_access_tokens_transition BEFORE UPDATE OF uses_left ON initial_access_tokens
FOR EACH ROW WHEN (
    NEW.uses_left > OLD.uses_left
) BEGIN SELECT RAISE(ABORT, 'impossible transition of an initial access token'); END;

-- A key that was dropped is never trusted again, and one that may sign is not put off.
CREATE TRIGGER signing_keys_transition BEFORE UPDATE OF dropped_at, activates_at ON signing_keys FOR EACH ROW WHEN (
    (OLD.dropped_at IS NOT NULL AND (NEW.dropped_at IS NULL OR NEW.dropped_at <> OLD.dropped_at))
    OR NEW.activates_at > OLD.activates_at
) BEGIN SELECT RAISE(ABORT, 'impossible transition of a signing key'); END;

-- A cut-off covers no less than before.
CREATE TRIGGER revocations_transition BEFORE UPDATE OF not_before, expires_at ON revocations FOR EACH ROW WHEN (
    NEW.not_before < OLD.not_before OR NEW.expires_at < OLD.expires_at
) BEGIN SELECT RAISE(ABORT, 'impossible transition of a revocation'); END;

-- What was void in a realm stays void.
CREATE TRIGGER realms_transition BEFORE UPDATE OF valid_from ON realms FOR EACH ROW WHEN (
    NEW.valid_from < OLD.valid_from
) BEGIN SELECT RAISE(ABORT, 'impossible transition of a realm'); END;

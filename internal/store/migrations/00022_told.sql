-- What a node tells the others of itself, as JSON: the ids of its keys and the digest of
-- its rules. NULL is a build that tells nothing; it counts as having everything. See
-- ledger.Told.

-- +goose Up

ALTER TABLE leases ADD COLUMN told TEXT;

-- Whether live tokens are under a key that a keyring lacks.
CREATE INDEX secrets_key ON secrets (key_id);

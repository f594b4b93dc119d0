-- Retention: what is deleted once nobody may keep it any longer, and what
-- proves afterwards that nothing else is missing.

-- +goose Up

-- The payload's digest is keyed with the salt, which goes when the payload is
-- erased: the digest then says nothing. Rows from before have none. An erased
-- row has a seal over what is left of it.
ALTER TABLE audit ADD COLUMN salt BYTEA;
ALTER TABLE audit ADD COLUMN erasure BYTEA;

-- The last purged row of a chain, under a seal.
CREATE TABLE audit_anchors (
    workspace BIGINT PRIMARY KEY,
    sequence BIGINT NOT NULL CHECK (sequence > 0),
    hash BYTEA NOT NULL CHECK (length(hash) = 32),
    occurred_at BIGINT NOT NULL,
    seal BYTEA NOT NULL CHECK (length(seal) = 32),
    key_id BIGINT NOT NULL CHECK (key_id > 0)
);

-- A purged workspace keeps its row, for its slug; an erased user, for its id.
ALTER TABLE workspaces ADD COLUMN purged_at BIGINT;
ALTER TABLE users ADD COLUMN erased_at BIGINT;

CREATE INDEX tokens_revoked ON tokens (workspace, revoked_at, id) WHERE revoked_at IS NOT NULL;
CREATE INDEX tokens_revoke_at ON tokens (workspace, revoke_at, id) WHERE revoke_at IS NOT NULL;
CREATE INDEX members_removed ON members (workspace, removed_at, id) WHERE removed_at IS NOT NULL;
CREATE INDEX members_all ON members (user_id);
CREATE INDEX service_accounts_removed ON service_accounts (workspace, removed_at, id) WHERE removed_at IS NOT NULL;
CREATE INDEX workspaces_deleted ON workspaces (id) WHERE deleted_at IS NOT NULL;

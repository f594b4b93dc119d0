-- Lists that are narrowed read what they show, and not what they leave out. What was
-- found by tokens_live is found by tokens_expires.

-- +goose Up

CREATE INDEX tokens_kind ON tokens (workspace, kind, id);
CREATE INDEX tokens_disabled ON tokens (workspace, id) WHERE disabled_at IS NOT NULL AND revoked_at IS NULL;
CREATE INDEX tokens_ended ON tokens (workspace, id) WHERE revoked_at IS NOT NULL;
CREATE INDEX tokens_expires ON tokens (workspace, expires_at, id) WHERE expires_at IS NOT NULL;
CREATE INDEX audit_action ON audit (workspace, action, sequence);
DROP INDEX tokens_live;

-- The latest moment at which anything was committed, so that time does not run
-- back over a restart; and how often an operator said which time is right.

-- +goose Up

ALTER TABLE head ADD COLUMN moment BIGINT;

ALTER TABLE head ADD COLUMN settlements BIGINT NOT NULL DEFAULT 0;

-- Tokens whose end was set for a moment, and that are not revoked yet.
CREATE INDEX tokens_lapsing ON tokens (revoke_at) WHERE revoke_at IS NOT NULL AND revoked_at IS NULL;

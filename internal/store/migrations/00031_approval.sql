-- Tokens that work once a second person has approved them, and who was handed a secret. A build
-- of before takes a token that waits for any other, and asks for no approval.

-- +goose Up

ALTER TABLE tokens ADD COLUMN waits BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE tokens ADD COLUMN approval TEXT;

CREATE INDEX tokens_waiting ON tokens (workspace, id) WHERE waits AND revoked_at IS NULL;

ALTER TABLE secrets ADD COLUMN holder BIGINT;

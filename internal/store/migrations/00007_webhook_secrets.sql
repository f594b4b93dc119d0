-- Every signing secret that was replaced signs for its whole day, however many
-- were replaced meanwhile: a list in place of the one before the last.

-- +goose Up

-- One row for each former secret of an endpoint, sealed, and when it ends.
CREATE TABLE webhook_secrets (
    webhook BIGINT NOT NULL REFERENCES webhooks (id),
    number BIGINT NOT NULL CHECK (number > 0),
    sealed BYTEA NOT NULL,
    ends_at BIGINT NOT NULL,
    PRIMARY KEY (webhook, number)
);
INSERT INTO webhook_secrets (webhook, number, sealed, ends_at)
SELECT id, 1, old_secret, old_secret_until FROM webhooks WHERE old_secret IS NOT NULL AND old_secret_until IS NOT NULL;
ALTER TABLE webhooks DROP COLUMN old_secret;
ALTER TABLE webhooks DROP COLUMN old_secret_until;

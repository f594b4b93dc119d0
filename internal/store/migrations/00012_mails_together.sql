-- What waits for one person is found without looking at what waits for others:
-- notices to one person that are due together are one mail.

-- +goose Up

CREATE INDEX mails_recipient ON mails (recipient COLLATE "binary", id) WHERE next_attempt_at IS NOT NULL;

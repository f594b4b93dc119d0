-- Tokens that nobody uses, see ledger.Unused: when each was enabled again, and when it is disabled
-- if nobody uses it; how far each workspace has come with that; and the last mail about it to
-- somebody, by which few are sent. Nothing is filled: who has no day is told before they get one.

-- +goose Up

ALTER TABLE tokens ADD COLUMN enabled_at BIGINT;
ALTER TABLE tokens ADD COLUMN unused_due BIGINT;
ALTER TABLE tokens ADD COLUMN unused TEXT;

CREATE INDEX tokens_unused ON tokens (workspace, unused_due, id) WHERE unused_due IS NOT NULL;

CREATE TABLE unused (
    workspace BIGINT PRIMARY KEY REFERENCES workspaces (id),
    agreed BIGINT,
    facts TEXT NOT NULL
);

CREATE INDEX unused_agreed ON unused (workspace) WHERE agreed IS NOT NULL;
CREATE INDEX mails_unused ON mails (recipient COLLATE "binary", id) WHERE kind = 'unused';

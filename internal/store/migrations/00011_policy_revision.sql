-- A policy is an object of its own: renaming a workspace is no change of its
-- policy. What was there before begins at the workspace's revision.

-- +goose Up

ALTER TABLE workspaces ADD COLUMN policy_revision BIGINT NOT NULL DEFAULT 0;
UPDATE workspaces SET policy_revision = revision;
ALTER TABLE instance ADD COLUMN policy_revision BIGINT NOT NULL DEFAULT 0;

-- Which workspace alone vouches for a person's e-mail, see ledger.User; 0 is nobody, which
-- is what a build of before writes.

-- +goose Up

ALTER TABLE users ADD COLUMN vouched_by BIGINT NOT NULL DEFAULT 0;

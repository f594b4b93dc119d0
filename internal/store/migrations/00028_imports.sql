-- Strings of other systems: how they look and what is kept of them, and which secrets are such.

-- +goose Up

ALTER TABLE instance ADD COLUMN formats TEXT;

ALTER TABLE secrets ADD COLUMN origin TEXT;

CREATE INDEX secrets_imported ON secrets (token) WHERE origin IS NOT NULL;

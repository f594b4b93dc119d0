-- The key that tokens derived from a secret are checked with, sealed; secrets of before have none.

-- +goose Up

ALTER TABLE secrets ADD COLUMN derives BYTEA;

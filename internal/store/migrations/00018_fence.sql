-- A database that was moved elsewhere, or is being filled, takes no changes; see
-- ledger.Fence. A program from before this column refuses the schema, so it writes
-- to neither.

-- +goose Up

ALTER TABLE head ADD COLUMN fence TEXT;

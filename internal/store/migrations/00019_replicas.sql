-- What the programs that verify by a node's word have not applied, by workspace; NULL is
-- nothing. See ledger.Behind.

-- +goose Up

ALTER TABLE leases ADD COLUMN behind TEXT;

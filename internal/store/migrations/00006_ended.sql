-- The end of a secret that was decided is a state: ended_at, whatever a clock says
-- later. retires_at is left to an overlap that has yet to run. Whoever decided an
-- end wrote it with the moment of its commit, and nothing was committed later than
-- the last event.

-- +goose Up

ALTER TABLE secrets ADD COLUMN ended_at BIGINT;

UPDATE secrets SET ended_at = retires_at, retires_at = NULL
    WHERE retires_at <= (SELECT max(occurred_at) FROM audit);

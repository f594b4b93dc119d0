-- What waits for one endpoint is found without looking at what waits for others:
-- a backlog of one must not cost everybody.

-- +goose Up

CREATE INDEX deliveries_waiting ON deliveries (webhook, next_attempt_at, id) WHERE next_attempt_at IS NOT NULL;

-- What a batch wrote of what nodes remember under the lock, see recall.Wrote; nothing of a
-- build that does not say so.

-- +goose Up

ALTER TABLE changes ADD COLUMN wrote TEXT;

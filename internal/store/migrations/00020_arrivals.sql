-- Who counts for whom when limits are divided among nodes: each arrival in the list has a
-- number, in their order, and each row says up to which arrival its node has made room. A
-- node of an older build divides nothing, and nobody waits for it.

-- +goose Up

ALTER TABLE leases ADD COLUMN arrival BIGINT NOT NULL DEFAULT 0;
ALTER TABLE leases ADD COLUMN made_room BIGINT NOT NULL DEFAULT 9223372036854775807;
ALTER TABLE runner ADD COLUMN arrivals BIGINT NOT NULL DEFAULT 0;

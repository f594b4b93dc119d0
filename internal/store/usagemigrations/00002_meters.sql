-- The states of rate limits whose windows are longer than a minute, so that they
-- outlive a restart; see verify.Meter.
--
-- token '' is a workspace's limit, workspace 0 a token's. drained_at is rounded up.
-- step is in ns, because many requests in a short time have steps below a µs. There
-- is no index on drained_at: each write would write it too, and what has drained is
-- looked for once in an hour.

-- +goose Up

CREATE TABLE usage_meters (
    token TEXT COLLATE "binary" NOT NULL,
    workspace BIGINT NOT NULL,
    drained_at BIGINT NOT NULL,
    requests BIGINT NOT NULL,
    step BIGINT NOT NULL,
    PRIMARY KEY (token, workspace)
);

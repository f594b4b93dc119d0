-- From which networks tokens were let through, see ledger.NetworkStore, and since when
-- nothing is missing of what was recorded.
--
-- network is the first address of one; '' is the token itself, wherever it was used from, and
-- crowded on that row says that its networks became too many. last_at is kept to the day.

-- +goose Up

CREATE TABLE usage_networks (
    token TEXT COLLATE "binary" NOT NULL,
    network BYTEA NOT NULL,
    workspace BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    crowded BIGINT NOT NULL,
    PRIMARY KEY (token, network)
);
CREATE INDEX usage_networks_workspace ON usage_networks (workspace, last_at);

CREATE TABLE usage_recorded (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    since_at BIGINT NOT NULL,
    until_at BIGINT NOT NULL
);

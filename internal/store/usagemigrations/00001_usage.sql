-- What was done with tokens, for both engines; see internal/authority/usage.go.
--
-- On SQLite this is a file of its own, on PostgreSQL it stands beside the spine
-- and refers to none of its rows: nothing here may wait for a change of a token,
-- nor a change of a token for anything here. Tokens are named by locator.
--
-- Times are BIGINT microseconds UTC. Addresses are 16 bytes (IPv4 as mapped), so
-- that a network is a range; no bytes mean not known.

-- +goose Up

-- The batches of the last day, so that none is added twice.
CREATE TABLE usage_batches (
    id TEXT COLLATE "binary" PRIMARY KEY,
    added_at BIGINT NOT NULL
);
CREATE INDEX usage_batches_added_at ON usage_batches (added_at);

-- secret 0 is the token, whatever the secret.
CREATE TABLE usage_last (
    token TEXT COLLATE "binary" NOT NULL,
    secret BIGINT NOT NULL,
    workspace BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    address BYTEA NOT NULL,
    agent TEXT COLLATE "binary" NOT NULL,
    PRIMARY KEY (token, secret)
);
CREATE INDEX usage_last_workspace ON usage_last (workspace, used_at);

-- token '' is the workspace's total.
CREATE TABLE usage_hours (
    workspace BIGINT NOT NULL,
    token TEXT COLLATE "binary" NOT NULL,
    started_at BIGINT NOT NULL,
    code TEXT COLLATE "binary" NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (workspace, token, started_at, code)
);
CREATE INDEX usage_hours_started_at ON usage_hours (started_at);
CREATE INDEX usage_hours_token ON usage_hours (token);

CREATE TABLE usage_days (
    workspace BIGINT NOT NULL,
    token TEXT COLLATE "binary" NOT NULL,
    started_at BIGINT NOT NULL,
    code TEXT COLLATE "binary" NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (workspace, token, started_at, code)
);
CREATE INDEX usage_days_token ON usage_days (token);

CREATE TABLE usage_scopes (
    token TEXT COLLATE "binary" NOT NULL,
    scope TEXT COLLATE "binary" NOT NULL,
    workspace BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (token, scope)
);
CREATE INDEX usage_scopes_workspace ON usage_scopes (workspace, last_at);

-- rest = 1 is the row of what there was no row for.
CREATE TABLE usage_activity (
    token TEXT COLLATE "binary" NOT NULL,
    day BIGINT NOT NULL,
    address BYTEA NOT NULL,
    agent TEXT COLLATE "binary" NOT NULL,
    method TEXT COLLATE "binary" NOT NULL,
    path TEXT COLLATE "binary" NOT NULL,
    outcome TEXT COLLATE "binary" NOT NULL,
    rest BIGINT NOT NULL,
    workspace BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (token, day, address, agent, method, path, outcome, rest)
);
CREATE INDEX usage_activity_last_at ON usage_activity (token, last_at);
CREATE INDEX usage_activity_address ON usage_activity (token, address);
CREATE INDEX usage_activity_workspace ON usage_activity (workspace, day);

CREATE TABLE usage_denials (
    workspace BIGINT NOT NULL,
    serial BIGINT NOT NULL,
    denied_at BIGINT NOT NULL,
    token TEXT COLLATE "binary" NOT NULL,
    code TEXT COLLATE "binary" NOT NULL,
    address BYTEA NOT NULL,
    agent TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    scopes TEXT,
    resource TEXT NOT NULL,
    request_id TEXT NOT NULL,
    PRIMARY KEY (workspace, serial)
);
CREATE INDEX usage_denials_token ON usage_denials (token);

CREATE TABLE usage_reuses (
    token TEXT COLLATE "binary" NOT NULL,
    secret BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    workspace BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    address BYTEA NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (token, secret, started_at)
);
CREATE INDEX usage_reuses_workspace ON usage_reuses (workspace, started_at);

-- What is told to the outside: endpoints of webhooks, the deliveries to them,
-- mails, and which notices were given. Times, texts and bytes as in 00001; the
-- workspace 0 is the instance's.

-- +goose Up
CREATE TABLE webhooks (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    workspace BIGINT NOT NULL,
    public_id TEXT COLLATE "binary" NOT NULL UNIQUE,
    url TEXT NOT NULL,
    description TEXT NOT NULL,
    events TEXT,
    secret BYTEA NOT NULL,
    old_secret BYTEA,
    old_secret_until BIGINT,
    enabled BOOLEAN NOT NULL,
    failing_since BIGINT,
    disabled_at BIGINT,
    disabled_reason TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    revision BIGINT NOT NULL
);
CREATE INDEX webhooks_list ON webhooks (workspace, id);

-- A row is due while it has a next_attempt_at; leased_until says until when
-- somebody is at it.
CREATE TABLE deliveries (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    public_id TEXT COLLATE "binary" NOT NULL UNIQUE,
    webhook BIGINT NOT NULL REFERENCES webhooks (id),
    type TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    log TEXT,
    next_attempt_at BIGINT,
    leased_until BIGINT,
    created_at BIGINT NOT NULL,
    settled_at BIGINT
);
CREATE INDEX deliveries_list ON deliveries (webhook, id);
CREATE INDEX deliveries_due ON deliveries (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX deliveries_leased ON deliveries (webhook, leased_until) WHERE leased_until IS NOT NULL;
CREATE INDEX deliveries_settled ON deliveries (settled_at) WHERE settled_at IS NOT NULL;

CREATE TABLE mails (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    public_id TEXT COLLATE "binary" NOT NULL UNIQUE,
    workspace BIGINT NOT NULL,
    kind TEXT NOT NULL,
    recipient TEXT NOT NULL,
    token TEXT COLLATE "binary",
    expires_at BIGINT,
    step BIGINT NOT NULL,
    facts TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    error TEXT NOT NULL,
    next_attempt_at BIGINT,
    leased_until BIGINT,
    created_at BIGINT NOT NULL,
    settled_at BIGINT
);
CREATE INDEX mails_due ON mails (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX mails_settled ON mails (settled_at) WHERE settled_at IS NOT NULL;

-- One row for each step of each expiry of a token: that it was noticed, and
-- when a mail server first accepted a mail about it.
CREATE TABLE notices (
    token BIGINT NOT NULL REFERENCES tokens (id),
    expires_at BIGINT NOT NULL,
    step BIGINT NOT NULL,
    noticed_at BIGINT NOT NULL,
    sent_at BIGINT,
    PRIMARY KEY (token, expires_at, step)
);
CREATE INDEX notices_expires_at ON notices (expires_at);
CREATE INDEX tokens_expiring ON tokens (expires_at) WHERE revoked_at IS NULL AND deleted_at IS NULL;

-- One row for each retired secret that was presented again: when that was last
-- told, and how often it happened since.
CREATE TABLE reuses_told (
    token BIGINT NOT NULL REFERENCES tokens (id),
    secret BIGINT NOT NULL,
    told_at BIGINT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (token, secret)
);

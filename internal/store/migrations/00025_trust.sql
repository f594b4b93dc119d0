-- Whose ID tokens a service account trusts, and which of them were used. Nothing refers to
-- other tables: a build of before deletes what it knows, and is in nobody's way.

-- +goose Up

CREATE TABLE trust_rules (
    id BIGINT PRIMARY KEY,
    workspace BIGINT NOT NULL,
    service_account BIGINT NOT NULL,
    public_id TEXT COLLATE "binary" NOT NULL UNIQUE,
    label TEXT NOT NULL,
    system TEXT NOT NULL,
    issuer TEXT NOT NULL,
    audience TEXT NOT NULL,
    claims TEXT NOT NULL,
    keys TEXT, -- a JWKS; NULL asks the issuer
    grants TEXT, -- NULL is all that the account may do
    allowed_ips TEXT,
    rate_limit TEXT,
    lifetime BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    created_with TEXT COLLATE "binary",
    created_at BIGINT NOT NULL,
    -- tokens that were made before are to be ended
    ending BIGINT,
    deleted_at BIGINT,
    revision BIGINT NOT NULL
);
CREATE INDEX trust_rules_list ON trust_rules (workspace, id);
CREATE INDEX trust_rules_account ON trust_rules (service_account, id);
CREATE INDEX trust_rules_ending ON trust_rules (id) WHERE ending IS NOT NULL;

CREATE TABLE exchanges (
    workspace BIGINT NOT NULL,
    used BYTEA NOT NULL, -- the name of an ID token, see trust.Used
    rule BIGINT NOT NULL,
    token TEXT COLLATE "binary" NOT NULL,
    at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL, -- of what it was exchanged for
    kept_until BIGINT NOT NULL, -- neither that nor the ID token lives any more
    PRIMARY KEY (workspace, used)
);
CREATE INDEX exchanges_rule ON exchanges (rule, ends_at);
CREATE INDEX exchanges_kept ON exchanges (kept_until);

-- Ephemeral tokens are purged by their end.
CREATE INDEX tokens_ephemeral ON tokens (workspace, expires_at, id) WHERE kind = 'e';

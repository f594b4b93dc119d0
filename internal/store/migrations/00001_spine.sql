-- The spine: everything of records.go, for both engines.
--
-- Times are BIGINT microseconds UTC, NULL where a record has the zero time.
-- Empty texts that are keys or filters are NULL, so that unique and partial
-- indexes leave them out. JSON is TEXT, NULL for nil. Digests are bytes, of
-- exactly 32, never NULL. COLLATE "binary" orders by bytes on both engines; on
-- PostgreSQL the program creates it before it migrates. BYTEA means nothing to
-- SQLite, which keeps the bytes as they are bound.

-- +goose Up
CREATE TABLE head (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    revision BIGINT NOT NULL,
    next_id BIGINT NOT NULL
);
INSERT INTO head (id, revision, next_id) VALUES (1, 0, 1);

-- server names who holds the server lock; only PostgreSQL uses it.
CREATE TABLE server (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    holder TEXT NOT NULL,
    since BIGINT NOT NULL
);

CREATE TABLE key_checks (
    key_id BIGINT PRIMARY KEY CHECK (key_id > 0),
    digest BYTEA NOT NULL CHECK (length(digest) = 32)
);

CREATE TABLE instance (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    policy TEXT NOT NULL,
    prefixes TEXT,
    setup_digest BYTEA CHECK (length(setup_digest) = 32),
    setup_expires_at BIGINT,
    bootstrapped_at BIGINT
);
INSERT INTO instance (id, policy) VALUES (1, '{}');

CREATE TABLE workspaces (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    slug TEXT COLLATE "binary" NOT NULL UNIQUE,
    name TEXT NOT NULL,
    external_id TEXT COLLATE "binary",
    metadata TEXT,
    policy TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    suspended_at BIGINT,
    deleted_at BIGINT,
    revision BIGINT NOT NULL
);
CREATE UNIQUE INDEX workspaces_external_id ON workspaces (external_id) WHERE deleted_at IS NULL;

CREATE TABLE users (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    public_id TEXT COLLATE "binary" NOT NULL UNIQUE,
    email TEXT COLLATE "binary" UNIQUE,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    instance_admin BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    deactivated_at BIGINT,
    revision BIGINT NOT NULL
);
CREATE INDEX users_instance_admins ON users (id) WHERE instance_admin;

CREATE TABLE members (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    workspace BIGINT NOT NULL REFERENCES workspaces (id),
    user_id BIGINT NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    external_id TEXT COLLATE "binary",
    grants TEXT,
    created_at BIGINT NOT NULL,
    deactivated_at BIGINT,
    removed_at BIGINT,
    revision BIGINT NOT NULL
);
CREATE UNIQUE INDEX members_user ON members (user_id, workspace) WHERE removed_at IS NULL;
CREATE UNIQUE INDEX members_external_id ON members (workspace, external_id) WHERE removed_at IS NULL;
CREATE INDEX members_list ON members (workspace, id) WHERE removed_at IS NULL;

CREATE TABLE service_accounts (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    workspace BIGINT NOT NULL REFERENCES workspaces (id),
    public_id TEXT COLLATE "binary" NOT NULL UNIQUE,
    name TEXT COLLATE "binary" NOT NULL,
    description TEXT NOT NULL,
    contacts TEXT,
    grants TEXT,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT,
    removed_at BIGINT,
    revision BIGINT NOT NULL
);
CREATE UNIQUE INDEX service_accounts_name ON service_accounts (workspace, name) WHERE removed_at IS NULL;
CREATE INDEX service_accounts_list ON service_accounts (workspace, id) WHERE removed_at IS NULL;

CREATE TABLE tokens (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    locator TEXT COLLATE "binary" NOT NULL UNIQUE CHECK (length(locator) = 12),
    prefix TEXT COLLATE "binary" NOT NULL,
    kind TEXT COLLATE "binary" NOT NULL CHECK (kind IN ('p', 's', 'w', 'e')),
    workspace BIGINT NOT NULL REFERENCES workspaces (id),
    owner_member BIGINT REFERENCES members (id),
    owner_service_account BIGINT REFERENCES service_accounts (id),
    created_by TEXT COLLATE "binary" NOT NULL,
    created_by_user BIGINT REFERENCES users (id),
    created_with TEXT COLLATE "binary" CHECK (length(created_with) = 12),
    label TEXT COLLATE "binary" NOT NULL,
    description TEXT COLLATE "binary" NOT NULL,
    grants TEXT,
    not_before BIGINT,
    expires_at BIGINT,
    lifetime BIGINT NOT NULL,
    disabled_at BIGINT,
    revoke_at BIGINT,
    revoked_at BIGINT,
    revoke_reason TEXT NOT NULL,
    revoke_comment TEXT NOT NULL,
    deleted_at BIGINT,
    allowed_ips TEXT,
    rate_limit TEXT,
    recoverable BOOLEAN NOT NULL,
    standing BOOLEAN NOT NULL,
    metadata TEXT,
    created_at BIGINT NOT NULL,
    rotated_at BIGINT,
    revision BIGINT NOT NULL,
    CHECK (owner_member IS NULL OR owner_service_account IS NULL)
);
CREATE INDEX tokens_list ON tokens (workspace, id);
CREATE INDEX tokens_member ON tokens (workspace, owner_member, id) WHERE owner_member IS NOT NULL;
CREATE INDEX tokens_service_account ON tokens (workspace, owner_service_account, id) WHERE owner_service_account IS NOT NULL;
CREATE INDEX tokens_created_by ON tokens (workspace, created_by, id);
CREATE INDEX tokens_created_with ON tokens (workspace, created_with, id) WHERE created_with IS NOT NULL;
CREATE INDEX tokens_live ON tokens (workspace, expires_at) WHERE revoked_at IS NULL AND deleted_at IS NULL;

CREATE TABLE secrets (
    token BIGINT NOT NULL REFERENCES tokens (id),
    number BIGINT NOT NULL CHECK (number > 0),
    digest BYTEA NOT NULL CHECK (length(digest) = 32),
    key_id BIGINT NOT NULL CHECK (key_id > 0),
    retires_at BIGINT,
    retire_on_use BOOLEAN NOT NULL,
    tracked BOOLEAN NOT NULL,
    first_used_at BIGINT,
    sealed BYTEA,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (token, number)
);
CREATE INDEX secrets_sealed ON secrets (token) WHERE sealed IS NOT NULL;

-- In roles, scopes and audit the workspace 0 is the instance's, which has no
-- row in workspaces to refer to.
CREATE TABLE roles (
    workspace BIGINT NOT NULL,
    name TEXT COLLATE "binary" NOT NULL,
    display_name TEXT NOT NULL,
    description TEXT NOT NULL,
    scopes TEXT,
    rate_limit TEXT,
    locked BOOLEAN NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (workspace, name)
);

CREATE TABLE scopes (
    workspace BIGINT NOT NULL,
    name TEXT COLLATE "binary" NOT NULL,
    description TEXT NOT NULL,
    implies TEXT,
    roles TEXT,
    locked BOOLEAN NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (workspace, name)
);

CREATE TABLE resources (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    workspace BIGINT NOT NULL REFERENCES workspaces (id),
    name TEXT COLLATE "binary" NOT NULL,
    description TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    UNIQUE (workspace, name)
);
CREATE INDEX resources_list ON resources (workspace, id);

CREATE TABLE audit (
    workspace BIGINT NOT NULL,
    sequence BIGINT NOT NULL CHECK (sequence > 0),
    revision BIGINT NOT NULL,
    occurred_at BIGINT NOT NULL,
    action TEXT COLLATE "binary" NOT NULL,
    actor TEXT COLLATE "binary" NOT NULL,
    actor_token TEXT NOT NULL,
    on_behalf TEXT NOT NULL,
    target TEXT NOT NULL,
    token TEXT COLLATE "binary",
    payload TEXT,
    payload_digest BYTEA NOT NULL CHECK (length(payload_digest) = 32),
    hash BYTEA NOT NULL CHECK (length(hash) = 32),
    key_id BIGINT NOT NULL CHECK (key_id > 0),
    PRIMARY KEY (workspace, sequence)
);
CREATE INDEX audit_token ON audit (workspace, token, sequence) WHERE token IS NOT NULL;
CREATE INDEX audit_actor ON audit (workspace, actor, sequence);
CREATE INDEX audit_time ON audit (workspace, occurred_at, sequence);

CREATE TABLE idempotency (
    caller TEXT COLLATE "binary" NOT NULL,
    route TEXT COLLATE "binary" NOT NULL,
    name TEXT COLLATE "binary" NOT NULL,
    body BYTEA NOT NULL,
    token TEXT,
    secret BIGINT NOT NULL,
    object TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (caller, route, name)
);
CREATE INDEX idempotency_created_at ON idempotency (created_at);

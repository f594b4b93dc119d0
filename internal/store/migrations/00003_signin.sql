-- Signing in: sessions, failed tries, one-time codes, identities, second
-- factors. Every secret is a keyed digest or sealed.

-- +goose Up
CREATE TABLE sessions (
    id TEXT COLLATE "binary" PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users (id),
    digest BYTEA NOT NULL CHECK (length(digest) = 32),
    key_id BIGINT NOT NULL CHECK (key_id > 0),
    method TEXT NOT NULL,
    portal TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    address TEXT NOT NULL,
    agent TEXT NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id, created_at);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

CREATE TABLE signin_attempts (
    name TEXT COLLATE "binary" PRIMARY KEY,
    attempts BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX signin_attempts_expires_at ON signin_attempts (expires_at);

CREATE TABLE signin_codes (
    id TEXT COLLATE "binary" PRIMARY KEY,
    purpose TEXT COLLATE "binary" NOT NULL,
    user_id BIGINT REFERENCES users (id),
    alias TEXT COLLATE "binary" UNIQUE,
    digest BYTEA NOT NULL CHECK (length(digest) = 32),
    key_id BIGINT NOT NULL CHECK (key_id > 0),
    data TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX signin_codes_user ON signin_codes (user_id, purpose) WHERE user_id IS NOT NULL;
CREATE INDEX signin_codes_purpose ON signin_codes (purpose, expires_at);
CREATE INDEX signin_codes_expires_at ON signin_codes (expires_at);

CREATE TABLE identities (
    issuer TEXT COLLATE "binary" NOT NULL,
    subject TEXT COLLATE "binary" NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id),
    email TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX identities_user ON identities (user_id);

CREATE TABLE factors (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    user_id BIGINT NOT NULL REFERENCES users (id),
    kind TEXT COLLATE "binary" NOT NULL,
    name TEXT NOT NULL,
    digest BYTEA NOT NULL CHECK (length(digest) = 32),
    key_id BIGINT NOT NULL,
    sealed BYTEA,
    last_step BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    confirmed_at BIGINT
);
CREATE INDEX factors_user ON factors (user_id, kind);

CREATE TABLE signin_addresses (
    user_id BIGINT NOT NULL REFERENCES users (id),
    address TEXT COLLATE "binary" NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, address)
);

-- How far each stream of the audit to the outside has come, and what was purged before it
-- came there. A build of before purges without noting the latter.

-- +goose Up

CREATE TABLE audit_streams (
    name TEXT COLLATE "binary" PRIMARY KEY,
    revision BIGINT NOT NULL,
    workspace BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
);

CREATE TABLE audit_stream_gaps (
    stream TEXT COLLATE "binary" NOT NULL,
    workspace BIGINT NOT NULL,
    first BIGINT NOT NULL,
    through BIGINT NOT NULL,
    hash BYTEA NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (stream, workspace)
);

CREATE INDEX audit_order ON audit (revision, workspace, sequence);

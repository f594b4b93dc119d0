-- What was strange about the use of a token and is not answered, see ledger.Strange; and the
-- last mail about that to somebody, by which few are sent.

-- +goose Up

CREATE TABLE strange (
    token BIGINT PRIMARY KEY REFERENCES tokens (id),
    workspace BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    told_at BIGINT,
    disowned_at BIGINT,
    signs TEXT NOT NULL
);

CREATE INDEX mails_strange ON mails (recipient COLLATE "binary", id) WHERE kind = 'strange';

-- What was removed is gone with one small row. What other rows say of it is
-- rewritten behind, in pieces; a row here says that there is some of it left, and
-- how far it is.

-- +goose Up

CREATE TABLE removals (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    workspace BIGINT NOT NULL,
    kind TEXT COLLATE "binary" NOT NULL,
    name TEXT COLLATE "binary" NOT NULL,
    owner BIGINT NOT NULL,
    replacement TEXT NOT NULL,
    undecided BOOLEAN NOT NULL,
    removed_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    total BIGINT NOT NULL,
    done BIGINT NOT NULL,
    place BIGINT NOT NULL,
    part BIGINT NOT NULL,
    after_id BIGINT NOT NULL
);

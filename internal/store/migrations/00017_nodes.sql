-- How the nodes of one database agree: what each change touched, chained, and the
-- leases by which they may believe their memory.

-- +goose Up

ALTER TABLE head ADD COLUMN digest BYTEA;

CREATE TABLE changes (
    revision BIGINT PRIMARY KEY,
    base BIGINT NOT NULL CHECK (base < revision),
    digest BYTEA NOT NULL CHECK (length(digest) = 32),
    touched TEXT NOT NULL
);

CREATE TABLE leases (
    node TEXT COLLATE "binary" PRIMARY KEY,
    incarnation TEXT NOT NULL,
    renewal BIGINT NOT NULL,
    applied BIGINT NOT NULL,
    due BIGINT NOT NULL,
    length BIGINT NOT NULL CHECK (length > 0 AND length <= 30000000),
    holder TEXT NOT NULL
);

-- The node that does what one does for all, and a number that is another one with each.
CREATE TABLE runner (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    node TEXT COLLATE "binary" NOT NULL,
    number BIGINT NOT NULL
);

INSERT INTO runner (id, node, number) VALUES (1, '', 0);

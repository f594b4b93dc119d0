-- Builds of before and of now on one database, while its nodes are replaced one by one.

-- +goose Up

-- Which version of the schema a build has to know, at least, to run on this one.
CREATE TABLE builds (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    lowest BIGINT NOT NULL
);

INSERT INTO builds (id, lowest) VALUES (1, 17);

-- Which version the node's build knows; none is a build from before this column.
ALTER TABLE leases ADD COLUMN schema BIGINT;

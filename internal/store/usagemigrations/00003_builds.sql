-- As the spine's: which version a build has to know, at least, to run on this one.

-- +goose Up

CREATE TABLE usage_builds (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    lowest BIGINT NOT NULL
);

INSERT INTO usage_builds (id, lowest) VALUES (1, 2);

-- What was done with a token is found as what was done to it is.

-- +goose Up

CREATE INDEX audit_with ON audit (workspace, actor_token COLLATE "binary", sequence) WHERE actor_token <> '';

-- When the roles and scopes of a workspace, or of the instance (0), changed last, so
-- that nobody reads them again who has read them. A workspace without a row has not
-- changed its own since there is this table.

-- +goose Up

CREATE TABLE catalogue_stamps (
    workspace BIGINT PRIMARY KEY,
    revision BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);

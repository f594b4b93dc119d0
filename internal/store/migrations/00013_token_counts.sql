-- How many tokens a workspace and each owner has is kept beside them, so that a
-- policy's max_tokens costs no count: n of the tokens that are neither revoked nor
-- deleted had at the moment counted_at no end behind them. The owner 0 is the
-- workspace as a whole. The owner's own row has the member's or the service account's
-- number, which no other row shares.

-- +goose Up

CREATE TABLE token_counts (
    workspace BIGINT NOT NULL,
    owner BIGINT NOT NULL,
    n BIGINT NOT NULL,
    counted_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, owner)
);

-- Nothing was committed later than the last event.
INSERT INTO token_counts (workspace, owner, n, counted_at)
    SELECT t.workspace, 0, sum(CASE WHEN t.revoked_at IS NULL AND t.deleted_at IS NULL
            AND (t.expires_at IS NULL OR t.expires_at > last.moment) AND (t.revoke_at IS NULL OR t.revoke_at > last.moment)
        THEN 1 ELSE 0 END), last.moment
    FROM tokens t, (SELECT coalesce(max(occurred_at), 0) AS moment FROM audit) AS last
    GROUP BY t.workspace, last.moment;

INSERT INTO token_counts (workspace, owner, n, counted_at)
    SELECT t.workspace, coalesce(t.owner_member, t.owner_service_account), sum(CASE WHEN t.revoked_at IS NULL AND t.deleted_at IS NULL
            AND (t.expires_at IS NULL OR t.expires_at > last.moment) AND (t.revoke_at IS NULL OR t.revoke_at > last.moment)
        THEN 1 ELSE 0 END), last.moment
    FROM tokens t, (SELECT coalesce(max(occurred_at), 0) AS moment FROM audit) AS last
    WHERE t.owner_member IS NOT NULL OR t.owner_service_account IS NOT NULL
    GROUP BY t.workspace, coalesce(t.owner_member, t.owner_service_account), last.moment;

CREATE INDEX tokens_standing ON tokens (workspace, owner_member, id) WHERE standing AND revoked_at IS NULL;

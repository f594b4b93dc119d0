-- When the next delivery to an endpoint may be claimed, with an index for those that
-- took what they were sent and one for those that did not: a claim read every endpoint
-- that waits.

-- +goose Up

ALTER TABLE webhooks ADD COLUMN due_at BIGINT;

UPDATE webhooks SET due_at = (SELECT CASE WHEN taken > earliest THEN taken ELSE earliest END FROM (SELECT
    (SELECT min(d.next_attempt_at) FROM deliveries AS d WHERE d.webhook = webhooks.id AND d.next_attempt_at IS NOT NULL) AS earliest,
    (SELECT max(d.leased_until) FROM deliveries AS d WHERE d.webhook = webhooks.id AND d.leased_until IS NOT NULL) AS taken) AS ends);

CREATE INDEX webhooks_due ON webhooks (due_at, id) WHERE due_at IS NOT NULL AND failing_since IS NULL;
CREATE INDEX webhooks_due_failing ON webhooks (due_at, id) WHERE due_at IS NOT NULL AND failing_since IS NOT NULL;

-- Who stopped or narrowed a token: its owner alone undoes only what they did. Of
-- what was stopped before, the audit says who did; what it does not say counts as
-- somebody else's.

-- +goose Up

ALTER TABLE tokens ADD COLUMN disabled_by TEXT NOT NULL DEFAULT '';
ALTER TABLE tokens ADD COLUMN held BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tokens ADD COLUMN held_by TEXT NOT NULL DEFAULT '';
ALTER TABLE members ADD COLUMN deactivated_by TEXT NOT NULL DEFAULT '';
ALTER TABLE service_accounts ADD COLUMN disabled_by TEXT NOT NULL DEFAULT '';

-- An actor is kept by an id, which says nothing of a person who is erased later. An
-- event has the moment of the change that it tells, by which an index finds it.
UPDATE tokens SET disabled_by = coalesce((SELECT u.public_id FROM users u WHERE coalesce(u.email, u.public_id) = (
        SELECT a.actor FROM audit a WHERE a.workspace = tokens.workspace AND a.token = tokens.locator
            AND a.action = 'token.disabled' ORDER BY a.sequence DESC LIMIT 1)), '')
    WHERE disabled_at IS NOT NULL;
UPDATE members SET deactivated_by = coalesce((SELECT u.public_id FROM users u WHERE coalesce(u.email, u.public_id) = (
        SELECT a.actor FROM audit a WHERE a.workspace = members.workspace AND a.occurred_at = members.deactivated_at
            AND a.action = 'member.deactivated' AND a.target = 'member:' || (SELECT coalesce(o.email, o.public_id) FROM users o WHERE o.id = members.user_id)
            ORDER BY a.sequence DESC LIMIT 1)), '')
    WHERE deactivated_at IS NOT NULL AND removed_at IS NULL;
UPDATE service_accounts SET disabled_by = coalesce((SELECT u.public_id FROM users u WHERE coalesce(u.email, u.public_id) = (
        SELECT a.actor FROM audit a WHERE a.workspace = service_accounts.workspace AND a.occurred_at = service_accounts.disabled_at
            AND a.action = 'service_account.disabled' AND a.target = 'service_account:' || service_accounts.name ORDER BY a.sequence DESC LIMIT 1)), '')
    WHERE disabled_at IS NOT NULL AND removed_at IS NULL;

-- 1 is disabled, 2 the scheduled end. It is the owner's if they alone disabled it
-- since it was last enabled.
UPDATE tokens SET held = 1 + CASE WHEN revoke_at IS NULL THEN 0 ELSE 2 END
    WHERE disabled_at IS NOT NULL AND (owner_member IS NULL
        OR NOT EXISTS (SELECT 1 FROM audit a WHERE a.workspace = tokens.workspace AND a.token = tokens.locator
            AND a.action = 'token.disabled' AND a.sequence > coalesce((SELECT max(e.sequence) FROM audit e
                WHERE e.workspace = tokens.workspace AND e.token = tokens.locator AND e.action = 'token.enabled'), 0))
        OR EXISTS (SELECT 1 FROM audit a WHERE a.workspace = tokens.workspace AND a.token = tokens.locator
            AND a.action = 'token.disabled' AND a.sequence > coalesce((SELECT max(e.sequence) FROM audit e
                WHERE e.workspace = tokens.workspace AND e.token = tokens.locator AND e.action = 'token.enabled'), 0)
            AND NOT EXISTS (SELECT 1 FROM members m JOIN users u ON u.id = m.user_id WHERE m.id = tokens.owner_member
                AND coalesce(u.email, u.public_id) IN (a.actor, a.on_behalf COLLATE "binary"))));

-- 4 are the addresses, 8 is the limit: whoever wrote what holds now, which stands in
-- an event once, as what was not there before it.
UPDATE tokens SET held = held + 4
    WHERE owner_member IS NOT NULL AND allowed_ips IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM audit a JOIN members m ON m.id = tokens.owner_member JOIN users u ON u.id = m.user_id
        WHERE a.workspace = tokens.workspace AND coalesce(u.email, u.public_id) IN (a.actor, a.on_behalf COLLATE "binary")
            AND a.sequence = (SELECT max(s.sequence) FROM audit s WHERE s.workspace = tokens.workspace AND s.token = tokens.locator
                AND s.action IN ('token.created', 'token.edited') AND (s.payload IS NULL
                    OR length(s.payload) - length(replace(s.payload, '"allowed_ips":' || tokens.allowed_ips, ''))
                        = length('"allowed_ips":' || tokens.allowed_ips))));
UPDATE tokens SET held = held + 8
    WHERE owner_member IS NOT NULL AND rate_limit IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM audit a JOIN members m ON m.id = tokens.owner_member JOIN users u ON u.id = m.user_id
        WHERE a.workspace = tokens.workspace AND coalesce(u.email, u.public_id) IN (a.actor, a.on_behalf COLLATE "binary")
            AND a.sequence = (SELECT max(s.sequence) FROM audit s WHERE s.workspace = tokens.workspace AND s.token = tokens.locator
                AND s.action IN ('token.created', 'token.edited') AND (s.payload IS NULL
                    OR length(s.payload) - length(replace(s.payload, '"rate_limit":' || tokens.rate_limit, ''))
                        = length('"rate_limit":' || tokens.rate_limit))));

-- 16 is the start: somebody else's unless the owner alone ever wrote the token.
UPDATE tokens SET held = held + 16
    WHERE owner_member IS NOT NULL AND not_before IS NOT NULL AND (
        NOT EXISTS (SELECT 1 FROM audit a WHERE a.workspace = tokens.workspace AND a.token = tokens.locator AND a.action = 'token.created')
        OR EXISTS (SELECT 1 FROM audit a WHERE a.workspace = tokens.workspace AND a.token = tokens.locator
            AND a.action IN ('token.created', 'token.edited')
            AND NOT EXISTS (SELECT 1 FROM members m JOIN users u ON u.id = m.user_id WHERE m.id = tokens.owner_member
                AND coalesce(u.email, u.public_id) IN (a.actor, a.on_behalf COLLATE "binary"))));

-- Who suspended a workspace, deactivated a person or disabled an endpoint; and of a
-- member, service account or endpoint, that the instance stopped it, so that its
-- workspace does not bring it back. Of what was stopped before, the audit says who
-- did; what it does not say counts as the instance's.

-- +goose Up

ALTER TABLE workspaces ADD COLUMN suspended_by TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN deactivated_by TEXT NOT NULL DEFAULT '';
ALTER TABLE webhooks ADD COLUMN disabled_by TEXT NOT NULL DEFAULT '';
ALTER TABLE members ADD COLUMN held BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE service_accounts ADD COLUMN held BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE webhooks ADD COLUMN held BOOLEAN NOT NULL DEFAULT FALSE;

-- First as the audit names an actor, then by an id that says nothing of a person. An
-- event has the moment of the change that it tells.
UPDATE workspaces SET suspended_by = coalesce((SELECT a.actor FROM audit a WHERE a.workspace = workspaces.id
        AND a.occurred_at = workspaces.suspended_at AND a.action = 'workspace.suspended' ORDER BY a.sequence DESC LIMIT 1), '')
    WHERE suspended_at IS NOT NULL;
UPDATE users SET deactivated_by = coalesce((SELECT a.actor FROM audit a WHERE a.workspace = 0
        AND a.occurred_at = users.deactivated_at AND a.action = 'user.deactivated' AND a.target = 'user:' || users.public_id
        ORDER BY a.sequence DESC LIMIT 1), '')
    WHERE deactivated_at IS NOT NULL;
UPDATE members SET deactivated_by = coalesce((SELECT a.actor FROM audit a WHERE a.workspace = members.workspace
        AND a.occurred_at = members.deactivated_at AND a.action = 'member.deactivated'
        AND a.target = 'member:' || (SELECT coalesce(o.email, o.public_id) FROM users o WHERE o.id = members.user_id)
        ORDER BY a.sequence DESC LIMIT 1), '')
    WHERE deactivated_at IS NOT NULL AND removed_at IS NULL AND deactivated_by = '';
UPDATE service_accounts SET disabled_by = coalesce((SELECT a.actor FROM audit a WHERE a.workspace = service_accounts.workspace
        AND a.occurred_at = service_accounts.disabled_at AND a.action = 'service_account.disabled'
        AND a.target = 'service_account:' || service_accounts.name ORDER BY a.sequence DESC LIMIT 1), '')
    WHERE disabled_at IS NOT NULL AND removed_at IS NULL AND disabled_by = '';
UPDATE webhooks SET disabled_by = coalesce((SELECT a.actor FROM audit a WHERE a.workspace = webhooks.workspace
        AND a.occurred_at = webhooks.disabled_at AND a.action = 'webhook.edited'
        AND a.target = 'webhook:' || webhooks.public_id ORDER BY a.sequence DESC LIMIT 1), '')
    WHERE disabled_at IS NOT NULL AND NOT enabled AND disabled_reason = '';

UPDATE workspaces SET suspended_by = coalesce((SELECT u.public_id FROM users u WHERE u.email = workspaces.suspended_by COLLATE "binary"),
        (SELECT max(s.public_id) FROM service_accounts s JOIN workspaces w ON w.id = s.workspace
            WHERE s.name || '@' || w.slug || '.service' = workspaces.suspended_by COLLATE "binary" AND s.removed_at IS NULL),
        CASE WHEN workspaces.suspended_by LIKE '%@workspace' OR workspaces.suspended_by NOT LIKE '%@%' THEN workspaces.suspended_by ELSE '' END)
    WHERE suspended_by LIKE '%@%';
UPDATE users SET deactivated_by = coalesce((SELECT u.public_id FROM users u WHERE u.email = users.deactivated_by COLLATE "binary"),
        (SELECT max(s.public_id) FROM service_accounts s JOIN workspaces w ON w.id = s.workspace
            WHERE s.name || '@' || w.slug || '.service' = users.deactivated_by COLLATE "binary" AND s.removed_at IS NULL),
        CASE WHEN users.deactivated_by LIKE '%@workspace' OR users.deactivated_by NOT LIKE '%@%' THEN users.deactivated_by ELSE '' END)
    WHERE deactivated_by LIKE '%@%';
UPDATE members SET deactivated_by = coalesce((SELECT u.public_id FROM users u WHERE u.email = members.deactivated_by COLLATE "binary"),
        (SELECT max(s.public_id) FROM service_accounts s JOIN workspaces w ON w.id = s.workspace
            WHERE s.name || '@' || w.slug || '.service' = members.deactivated_by COLLATE "binary" AND s.removed_at IS NULL),
        CASE WHEN members.deactivated_by LIKE '%@workspace' OR members.deactivated_by NOT LIKE '%@%' THEN members.deactivated_by ELSE '' END)
    WHERE deactivated_by LIKE '%@%';
UPDATE service_accounts SET disabled_by = coalesce((SELECT u.public_id FROM users u WHERE u.email = service_accounts.disabled_by COLLATE "binary"),
        (SELECT max(s.public_id) FROM service_accounts s JOIN workspaces w ON w.id = s.workspace
            WHERE s.name || '@' || w.slug || '.service' = service_accounts.disabled_by COLLATE "binary" AND s.removed_at IS NULL),
        CASE WHEN service_accounts.disabled_by LIKE '%@workspace' OR service_accounts.disabled_by NOT LIKE '%@%' THEN service_accounts.disabled_by ELSE '' END)
    WHERE disabled_by LIKE '%@%';
UPDATE webhooks SET disabled_by = coalesce((SELECT u.public_id FROM users u WHERE u.email = webhooks.disabled_by COLLATE "binary"),
        (SELECT max(s.public_id) FROM service_accounts s JOIN workspaces w ON w.id = s.workspace
            WHERE s.name || '@' || w.slug || '.service' = webhooks.disabled_by COLLATE "binary" AND s.removed_at IS NULL),
        CASE WHEN webhooks.disabled_by LIKE '%@workspace' OR webhooks.disabled_by NOT LIKE '%@%' THEN webhooks.disabled_by ELSE '' END)
    WHERE disabled_by LIKE '%@%';

-- The workspace's is what its own token or service account stopped, or a member who
-- could by what the membership says: an Owner or Administrator of now, or whoever does
-- not administer the instance. An endpoint that failed for too long is nobody's.
UPDATE members SET held = TRUE
    WHERE deactivated_at IS NOT NULL AND removed_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM workspaces w WHERE w.id = members.workspace AND members.deactivated_by COLLATE "binary" = w.slug || '@workspace')
        AND NOT EXISTS (SELECT 1 FROM service_accounts s WHERE s.workspace = members.workspace AND s.public_id = members.deactivated_by COLLATE "binary")
        AND NOT EXISTS (SELECT 1 FROM members m JOIN users u ON u.id = m.user_id
            WHERE m.workspace = members.workspace AND u.public_id = members.deactivated_by COLLATE "binary"
                AND (NOT u.instance_admin OR m.grants LIKE '%"Owner"%' OR m.grants LIKE '%"Administrator"%'));
UPDATE service_accounts SET held = TRUE
    WHERE disabled_at IS NOT NULL AND removed_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM workspaces w WHERE w.id = service_accounts.workspace AND service_accounts.disabled_by COLLATE "binary" = w.slug || '@workspace')
        AND NOT EXISTS (SELECT 1 FROM service_accounts s WHERE s.workspace = service_accounts.workspace AND s.public_id = service_accounts.disabled_by COLLATE "binary")
        AND NOT EXISTS (SELECT 1 FROM members m JOIN users u ON u.id = m.user_id
            WHERE m.workspace = service_accounts.workspace AND u.public_id = service_accounts.disabled_by COLLATE "binary"
                AND (NOT u.instance_admin OR m.grants LIKE '%"Owner"%' OR m.grants LIKE '%"Administrator"%'));
UPDATE webhooks SET held = TRUE
    WHERE disabled_at IS NOT NULL AND NOT enabled AND disabled_reason = '' AND workspace <> 0
        AND NOT EXISTS (SELECT 1 FROM workspaces w WHERE w.id = webhooks.workspace AND webhooks.disabled_by COLLATE "binary" = w.slug || '@workspace')
        AND NOT EXISTS (SELECT 1 FROM service_accounts s WHERE s.workspace = webhooks.workspace AND s.public_id = webhooks.disabled_by COLLATE "binary")
        AND NOT EXISTS (SELECT 1 FROM members m JOIN users u ON u.id = m.user_id
            WHERE m.workspace = webhooks.workspace AND u.public_id = webhooks.disabled_by COLLATE "binary"
                AND (NOT u.instance_admin OR m.grants LIKE '%"Owner"%' OR m.grants LIKE '%"Administrator"%'));

package store

import (
	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/search"
)

const userColumns = `id, public_id, email, name, password_hash, instance_admin, created_at, deactivated_at, deactivated_by, erased_at, vouched_by, revision`

func userFields(u *ledger.User) []any {
	return []any{
		&u.ID, &u.PublicID, column.Word(&u.Email), &u.Name, &u.PasswordHash, &u.InstanceAdmin,
		column.Instant(&u.CreatedAt), column.Instant(&u.DeactivatedAt), &u.DeactivatedBy, column.Instant(&u.ErasedAt), &u.VouchedBy, &u.Revision,
	}
}

// User finds a person, deactivated or not.
func (r peopleRows) User(k ledger.UserKey) (ledger.User, error) {
	switch {
	case k.ID != 0:
		return one(r.session, userFields, `SELECT `+userColumns+` FROM users WHERE id = $1`, k.ID)
	case k.PublicID != "":
		return one(r.session, userFields, `SELECT `+userColumns+` FROM users WHERE public_id = $1`, k.PublicID)
	case k.Email != "":
		return one(r.session, userFields, `SELECT `+userColumns+` FROM users WHERE email = $1`, k.Email)
	}
	return ledger.User{}, ledger.ErrNoRow
}

// Users lists people, oldest first.
func (r peopleRows) Users(q ledger.Range) ([]ledger.User, error) {
	return list(r.session, userFields, search.Begin+` SELECT `+userColumns+` FROM users u WHERE id > $2
			AND (CAST($4 AS TEXT) <> '`+ledger.OnlyOneFactor+`' OR `+oneFactor+`)`+search.Every+`
			lower(email) LIKE pattern ESCAPE '\' OR lower(name) LIKE pattern ESCAPE '\' OR lower(public_id) LIKE pattern ESCAPE '\'`+
		search.Found+` ORDER BY id LIMIT CAST($3 AS BIGINT)`, search.Words(q.Text), q.After, column.Limit(q.Limit), q.Only)
}

// InstanceAdmins has an index of its own, since it is asked before every change
// that could take away the last.
func (r peopleRows) InstanceAdmins() ([]ledger.User, error) {
	return list(r.session, userFields, `SELECT `+userColumns+` FROM users
		WHERE instance_admin AND deactivated_at IS NULL ORDER BY id`)
}

// PutUser refuses an e-mail that another user has.
func (t peopleChanges) PutUser(u ledger.User) error {
	return t.exec(`
		INSERT INTO users (`+userColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (id) DO UPDATE SET
			public_id = excluded.public_id, email = excluded.email, name = excluded.name,
			password_hash = excluded.password_hash, instance_admin = excluded.instance_admin,
			created_at = excluded.created_at, deactivated_at = excluded.deactivated_at,
			deactivated_by = excluded.deactivated_by, erased_at = excluded.erased_at, vouched_by = excluded.vouched_by,
			revision = excluded.revision`, userFields(&u)...)
}

// memberHas is what a member is searched in.
const memberHas = `
	lower(m.name) LIKE pattern ESCAPE '\' OR lower(m.external_id) LIKE pattern ESCAPE '\' OR lower(u.email) LIKE pattern ESCAPE '\'
	OR lower(u.name) LIKE pattern ESCAPE '\' OR lower(u.public_id) LIKE pattern ESCAPE '\'`

const memberSelect = ` SELECT m.id, m.workspace, m.user_id, m.name, m.external_id, m.grants, m.created_at,
	m.deactivated_at, m.deactivated_by, m.held, m.removed_at, m.revision, u.public_id, u.email, u.name, u.instance_admin, u.deactivated_at
	FROM members m JOIN users u ON u.id = m.user_id `

// memberOwn are the fields of the membership; memberFields adds the user's.
func memberOwn(m *ledger.Member) []any {
	return []any{
		&m.ID, &m.Workspace, &m.User, &m.Name, column.Word(&m.ExternalID), column.Document(&m.Grants), column.Instant(&m.CreatedAt),
		column.Instant(&m.DeactivatedAt), &m.DeactivatedBy, &m.Held, column.Instant(&m.RemovedAt), &m.Revision,
	}
}

func memberFields(m *ledger.Member) []any {
	return append(memberOwn(m),
		&m.UserPublicID, column.Word(&m.UserEmail), &m.UserName, &m.UserInstanceAdmin, column.Instant(&m.UserDeactivatedAt))
}

// Member joins the user, so that one look-up answers who it is and whether both
// are active.
func (r peopleRows) Member(workspace ledger.ID, k ledger.MemberKey) (ledger.Member, error) {
	switch {
	case k.ID != 0:
		return one(r.session, memberFields, memberSelect+`
			WHERE m.id = $1 AND (m.workspace = $2 OR CAST($2 AS BIGINT) = 0)`, k.ID, workspace)
	case k.User != 0:
		return one(r.session, memberFields, memberSelect+`
			WHERE m.user_id = $1 AND m.workspace = $2 AND m.removed_at IS NULL`, k.User, workspace)
	case k.PublicID != "":
		return one(r.session, memberFields, memberSelect+`
			WHERE u.public_id = $1 AND m.workspace = $2 AND m.removed_at IS NULL`, k.PublicID, workspace)
	case k.Email != "":
		return one(r.session, memberFields, memberSelect+`
			WHERE u.email = $1 AND m.workspace = $2 AND m.removed_at IS NULL`, k.Email, workspace)
	case k.ExternalID != "":
		return one(r.session, memberFields, memberSelect+`
			WHERE m.external_id = $1 AND m.workspace = $2 AND m.removed_at IS NULL`, k.ExternalID, workspace)
	}
	return ledger.Member{}, ledger.ErrNoRow
}

// Memberships takes the newest: nobody is removed and comes back more often.
func (r peopleRows) Memberships(workspace ledger.ID, k ledger.MemberKey) ([]ledger.Member, error) {
	const newest = ` ORDER BY m.id DESC LIMIT 50`
	switch {
	case k.User != 0:
		return list(r.session, memberFields, memberSelect+`WHERE m.user_id = $1 AND m.workspace = $2`+newest, k.User, workspace)
	case k.PublicID != "":
		return list(r.session, memberFields, memberSelect+`WHERE u.public_id = $1 AND m.workspace = $2`+newest, k.PublicID, workspace)
	case k.Email != "":
		return list(r.session, memberFields, memberSelect+`WHERE u.email = $1 AND m.workspace = $2`+newest, k.Email, workspace)
	case k.ExternalID != "":
		return list(r.session, memberFields, memberSelect+`WHERE m.external_id = $1 AND m.workspace = $2`+newest, k.ExternalID, workspace)
	}
	return nil, nil
}

// Whom the two kinds of [ledger.Range] keep, of users u.
const (
	outside = `u.email IS NOT NULL AND u.password_hash = '' AND NOT EXISTS (SELECT 1 FROM identities o WHERE o.user_id = u.id)
		AND NOT EXISTS (SELECT 1 FROM factors o WHERE o.user_id = u.id AND o.kind = 'passkey')`
	oneFactor = `u.password_hash <> '' AND NOT EXISTS (SELECT 1 FROM factors o WHERE o.user_id = u.id
		AND (o.kind = 'passkey' OR o.kind = 'totp' AND o.confirmed_at IS NOT NULL))`
)

// Members lists those not removed, oldest first.
func (r peopleRows) Members(workspace ledger.ID, q ledger.Range) ([]ledger.Member, error) {
	return list(r.session, memberFields, search.Begin+memberSelect+`
		WHERE m.workspace = $2 AND m.id > $3 AND m.removed_at IS NULL
			AND (CAST($5 AS TEXT) <> '`+ledger.OnlyInvited+`' OR `+outside+`) AND (CAST($5 AS TEXT) <> '`+ledger.OnlyOneFactor+`' OR `+oneFactor+`)`+
		search.Every+memberHas+search.Found+`
		ORDER BY m.id LIMIT CAST($4 AS BIGINT)`, search.Words(q.Text), workspace, q.After, column.Limit(q.Limit), q.Only)
}

// PutMember stores the membership alone; the fields of the user are left as they
// are. It refuses a second membership while one is not removed.
func (t peopleChanges) PutMember(m ledger.Member) error {
	return t.exec(`
		INSERT INTO members (id, workspace, user_id, name, external_id, grants, created_at, deactivated_at,
			deactivated_by, held, removed_at, revision)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (id) DO UPDATE SET
			workspace = excluded.workspace, user_id = excluded.user_id, name = excluded.name,
			external_id = excluded.external_id, grants = excluded.grants, created_at = excluded.created_at,
			deactivated_at = excluded.deactivated_at, deactivated_by = excluded.deactivated_by,
			held = excluded.held, removed_at = excluded.removed_at, revision = excluded.revision`, memberOwn(&m)...)
}

const accountColumns = `id, workspace, public_id, name, description, contacts, grants, created_at, disabled_at,
	disabled_by, held, removed_at, revision`

func accountFields(a *ledger.ServiceAccount) []any {
	return []any{
		&a.ID, &a.Workspace, &a.PublicID, &a.Name, &a.Description, column.Document(&a.Contacts), column.Document(&a.Grants),
		column.Instant(&a.CreatedAt), column.Instant(&a.DisabledAt), &a.DisabledBy, &a.Held, column.Instant(&a.RemovedAt), &a.Revision,
	}
}

// ServiceAccount finds a removed one by its row number alone.
func (r peopleRows) ServiceAccount(workspace ledger.ID, k ledger.ServiceAccountKey) (ledger.ServiceAccount, error) {
	switch {
	case k.ID != 0:
		return one(r.session, accountFields, `SELECT `+accountColumns+` FROM service_accounts
			WHERE id = $1 AND (workspace = $2 OR CAST($2 AS BIGINT) = 0)`, k.ID, workspace)
	case k.PublicID != "":
		return one(r.session, accountFields, `SELECT `+accountColumns+` FROM service_accounts
			WHERE public_id = $1 AND workspace = $2 AND removed_at IS NULL`, k.PublicID, workspace)
	case k.Name != "":
		return one(r.session, accountFields, `SELECT `+accountColumns+` FROM service_accounts
			WHERE name = $1 AND workspace = $2 AND removed_at IS NULL`, k.Name, workspace)
	}
	return ledger.ServiceAccount{}, ledger.ErrNoRow
}

// ServiceAccountsEver is to accounts what Memberships is to members.
func (r peopleRows) ServiceAccountsEver(workspace ledger.ID, k ledger.ServiceAccountKey) ([]ledger.ServiceAccount, error) {
	const newest = ` ORDER BY id DESC LIMIT 50`
	if k.PublicID != "" {
		return list(r.session, accountFields, `SELECT `+accountColumns+` FROM service_accounts
			WHERE public_id = $1 AND workspace = $2`+newest, k.PublicID, workspace)
	}
	return list(r.session, accountFields, `SELECT `+accountColumns+` FROM service_accounts
		WHERE name = $1 AND workspace = $2`+newest, k.Name, workspace)
}

// ServiceAccounts lists those not removed, oldest first.
func (r peopleRows) ServiceAccounts(workspace ledger.ID, q ledger.Range) ([]ledger.ServiceAccount, error) {
	return list(r.session, accountFields, search.Begin+` SELECT `+accountColumns+` FROM service_accounts
		WHERE workspace = $2 AND id > $3 AND removed_at IS NULL`+search.Every+`
			lower(name) LIKE pattern ESCAPE '\' OR lower(description) LIKE pattern ESCAPE '\' OR lower(public_id) LIKE pattern ESCAPE '\'`+
		search.Found+` ORDER BY id LIMIT CAST($4 AS BIGINT)`, search.Words(q.Text), workspace, q.After, column.Limit(q.Limit))
}

// PutServiceAccount refuses a name that another one has which is not removed.
func (t peopleChanges) PutServiceAccount(a ledger.ServiceAccount) error {
	return t.exec(`
		INSERT INTO service_accounts (`+accountColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (id) DO UPDATE SET
			workspace = excluded.workspace, public_id = excluded.public_id, name = excluded.name,
			description = excluded.description, contacts = excluded.contacts, grants = excluded.grants,
			created_at = excluded.created_at, disabled_at = excluded.disabled_at, disabled_by = excluded.disabled_by,
			held = excluded.held, removed_at = excluded.removed_at, revision = excluded.revision`, accountFields(&a)...)
}

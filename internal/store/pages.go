package store

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tokenry/tokenry/internal/column"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/search"
)

// SignedIn joins, so that whoever opens a page costs one look-up.
func (r signInRows) SignedIn(session string) (ledger.Session, ledger.User, error) {
	type row struct {
		s ledger.Session
		u ledger.User
	}
	found, err := one(r.session, func(x *row) []any { return append(sessionFields(&x.s), userFields(&x.u)...) },
		`SELECT `+search.Qualified("s", sessionColumns)+`, `+search.Qualified("u", userColumns)+`
		FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = $1`, session)
	return found.s, found.u, err
}

// maybeMember are the columns of a member, and maybeAccount those of a service
// account, that a LEFT JOIN may not find.
const (
	maybeMember = `m.id, m.workspace, m.user_id, COALESCE(m.name, ''), m.external_id, m.grants, m.created_at, m.deactivated_at,
		COALESCE(m.deactivated_by, ''), COALESCE(m.held, FALSE), m.removed_at, COALESCE(m.revision, 0)`
	maybeAccount = `a.id, a.workspace, COALESCE(a.public_id, ''), COALESCE(a.name, ''), COALESCE(a.description, ''), a.contacts, a.grants,
		a.created_at, a.disabled_at, COALESCE(a.disabled_by, ''), COALESCE(a.held, FALSE), a.removed_at, COALESCE(a.revision, 0)`
)

func maybeMemberFields(m *ledger.Member) []any {
	out := memberOwn(m)
	out[0], out[1], out[2] = column.Ref(&m.ID), column.Ref(&m.Workspace), column.Ref(&m.User)
	return out
}

func maybeAccountFields(a *ledger.ServiceAccount) []any {
	out := accountFields(a)
	out[0], out[1] = column.Ref(&a.ID), column.Ref(&a.Workspace)
	return out
}

// The two ways to say where: by a slug, or the first workspace that the person is in.
const (
	standingAt    = `w.slug = $2 ` + standingRest
	standingFirst = `CAST($2 AS TEXT) = '' AND w.id = (SELECT min(f.id) FROM members o JOIN workspaces f ON f.id = o.workspace
		WHERE o.user_id = u.id AND o.removed_at IS NULL AND f.deleted_at IS NULL)` + standingRest
	standingRest = `
		LEFT JOIN members m ON m.workspace = w.id AND m.user_id = u.id AND m.removed_at IS NULL
		LEFT JOIN catalogue_stamps c ON c.workspace = 0 LEFT JOIN catalogue_stamps o ON o.workspace = w.id
		WHERE s.id = $1`
)

// Standing is one row: who asks and where they stand.
func (r pageRows) Standing(session, slug string) (ledger.Standing, error) {
	type row struct {
		ledger.Standing
		stamps [2][3]int64
	}
	where := standingAt
	if slug == "" {
		where = standingFirst
	}
	found, err := one(r.session, func(x *row) []any {
		all, own := &x.stamps[0], &x.stamps[1]
		return slices.Concat(sessionFields(&x.Session), userFields(&x.User), workspaceFields(&x.Workspace), maybeMemberFields(&x.Member),
			instanceFields(&x.Instance), []any{&x.Removals, &all[0], &all[1], &all[2], &own[0], &own[1], &own[2]})
	}, `SELECT `+search.Qualified("s", sessionColumns)+`, `+search.Qualified("u", userColumns)+`, `+workspaceColumns+`, `+maybeMember+`,
			i.policy, i.prefixes, i.formats, i.policy_revision, i.setup_digest, i.setup_expires_at, i.bootstrapped_at,
			EXISTS (SELECT 1 FROM removals),
			COALESCE(c.workspace, -1), COALESCE(c.revision, 0), COALESCE(c.changed_at, 0),
			COALESCE(o.workspace, -1), COALESCE(o.revision, 0), COALESCE(o.changed_at, 0)
		FROM sessions s JOIN users u ON u.id = s.user_id JOIN instance i ON i.id = 1 JOIN workspaces w ON `+where, session, slug)
	st := found.Standing
	st.Stamp = stamp(slices.DeleteFunc(found.stamps[:], func(of [3]int64) bool { return of[0] < 0 }))
	if st.Member.ID != 0 {
		ofUser(&st.Member, st.User)
	}
	return st, err
}

// ofUser writes what a member has of its person.
func ofUser(m *ledger.Member, u ledger.User) {
	m.UserPublicID, m.UserEmail, m.UserName = u.PublicID, u.Email, u.Name
	m.UserInstanceAdmin, m.UserDeactivatedAt = u.InstanceAdmin, u.DeactivatedAt
}

const (
	// nameWidth is what a public id takes in a list; see [search.ListedIn] for why that is a text.
	nameWidth = 64
	// pickAtOnce bounds that text, in which each entry is found by counting.
	pickAtOnce = 256
)

// eachListed runs a query about rows, so many at a time, and joins the answers.
func eachListed[T any](s *session, fields func(*T) []any, query string, rows []ledger.ID) (all []T, err error) {
	for chunk := range slices.Chunk(rows, pickAtOnce) {
		found, err := list(s, fields, search.ListedIn(search.RowWidth)+query, search.Rows(chunk))
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// SecretsOf counts on a token having few secrets: see keptSecrets of the authority.
func (r pageRows) SecretsOf(tokens []ledger.ID) ([]ledger.Secret, error) {
	return eachListed(r.session, secretFields, ` SELECT `+secretColumns+` FROM secrets
		WHERE token IN (SELECT CAST(entry AS BIGINT) FROM listed) ORDER BY token, number DESC`, tokens)
}

// Owners is one statement for both, for no row number is that of two rows.
func (r pageRows) Owners(rows []ledger.ID) (members []ledger.Member, accounts []ledger.ServiceAccount, err error) {
	type owner struct {
		m    ledger.Member
		user ledger.User
		a    ledger.ServiceAccount
	}
	found, err := eachListed(r.session, func(o *owner) []any {
		return slices.Concat(maybeMemberFields(&o.m), []any{&o.user.PublicID, column.Word(&o.user.Email), &o.user.Name, &o.user.InstanceAdmin, column.Instant(&o.user.DeactivatedAt)},
			maybeAccountFields(&o.a))
	}, ` SELECT `+maybeMember+`, COALESCE(u.public_id, ''), u.email, COALESCE(u.name, ''), COALESCE(u.instance_admin, FALSE), u.deactivated_at,
			`+maybeAccount+`
		FROM listed LEFT JOIN members m ON m.id = CAST(entry AS BIGINT) LEFT JOIN users u ON u.id = m.user_id
		LEFT JOIN service_accounts a ON a.id = CAST(entry AS BIGINT)`, rows)
	for _, o := range found {
		if o.m.ID != 0 {
			ofUser(&o.m, o.user)
			members = append(members, o.m)
		}
		if o.a.ID != 0 {
			accounts = append(accounts, o.a)
		}
	}
	return members, accounts, err
}

// UsersNamed finds nobody by what is longer than a public id is.
func (r pageRows) UsersNamed(publicIDs []string) (all []ledger.User, err error) {
	for chunk := range slices.Chunk(publicIDs, pickAtOnce) {
		var b strings.Builder
		for _, id := range chunk {
			if len(id) <= nameWidth {
				fmt.Fprintf(&b, "%-*s", nameWidth, id)
			}
		}
		rows, err := list(r.session, userFields, search.ListedIn(nameWidth)+` SELECT `+userColumns+` FROM users
			WHERE public_id IN (SELECT entry FROM listed) ORDER BY id`, b.String())
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	return all, nil
}

// Outsiders have one code of an invitation at most: a new one ends the old.
func (r pageRows) Outsiders(users []ledger.ID) ([]ledger.Outsider, error) {
	return eachListed(r.session, func(o *ledger.Outsider) []any {
		return []any{&o.User, &o.Code.ID, column.Verbatim(&o.Code.Data), column.Instant(&o.Code.CreatedAt), column.Instant(&o.Code.ExpiresAt)}
	}, ` SELECT u.id, COALESCE(c.id, ''), c.data, c.created_at, c.expires_at
		FROM users u LEFT JOIN signin_codes c ON c.user_id = u.id AND c.purpose = 'invitation'
		WHERE u.id IN (SELECT CAST(entry AS BIGINT) FROM listed) AND `+outside+` ORDER BY u.id`, users)
}

// WorkspacesOfEach lists the tenants of many people.
func (r pageRows) WorkspacesOfEach(users []ledger.ID) (map[ledger.ID][]ledger.Workspace, error) {
	type row struct {
		user ledger.ID
		ws   ledger.Workspace
	}
	rows, err := eachListed(r.session, func(x *row) []any { return append([]any{&x.user}, workspaceFields(&x.ws)...) }, ` SELECT m.user_id, `+workspaceColumns+`
		FROM members m JOIN workspaces w ON w.id = m.workspace
		WHERE m.user_id IN (SELECT CAST(entry AS BIGINT) FROM listed) AND m.removed_at IS NULL AND w.deleted_at IS NULL
		ORDER BY w.id`, users)
	out := make(map[ledger.ID][]ledger.Workspace, len(users))
	for _, x := range rows {
		out[x.user] = append(out[x.user], x.ws)
	}
	return out, err
}

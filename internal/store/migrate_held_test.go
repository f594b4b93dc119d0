package store_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/store"
)

// past is a database of before, with a workspace, the member eve and the
// administrator ada.
type past struct {
	engine
	db       *sql.DB
	sequence int
	bytes    string
}

func pastOf(on engine) *past {
	p := &past{engine: on, db: beside(on.T, on.url), bytes: `decode(repeat('00', 32), 'hex')`}
	if strings.HasPrefix(on.url, "sqlite:") {
		p.bytes = `x'` + strings.Repeat("00", 32) + `'`
	}
	before(on, p.db, 8)
	insert(on, p.db, `INSERT INTO workspaces (id, slug, name, policy, created_at, revision) VALUES (1, 'acme', 'Acme', '{}', 1, 1)`)
	for id, name := range map[int]string{2: "eve", 3: "ada"} {
		insert(on, p.db, fmt.Sprintf(`INSERT INTO users (id, public_id, email, name, password_hash, instance_admin, created_at, revision)
			VALUES (%d, 'usr_%[2]s', '%[2]s@example.com', '', '', FALSE, 1, 1)`, id, name))
	}
	insert(on, p.db, `INSERT INTO members (id, workspace, user_id, name, created_at, deactivated_at, revision) VALUES (4, 1, 2, '', 1, 500, 1)`)
	insert(on, p.db, `INSERT INTO service_accounts (id, workspace, public_id, name, description, created_at, disabled_at, revision)
		VALUES (5, 1, 'sac_ci', 'ci', '', 1, 600, 1)`)
	return p
}

// token has the columns and values that it is given, and eve for its owner unless
// they name a kind.
func (p *past) token(id int, label, columns, values string) {
	p.Helper()
	owned := map[bool]string{true: ", 'w', NULL", false: ", 'p', 4"}[strings.HasPrefix(label, "workspace")]
	insert(p.engine, p.db, fmt.Sprintf(`INSERT INTO tokens (id, locator, prefix, workspace, created_by, label, description, lifetime,
			revoke_reason, revoke_comment, recoverable, standing, created_at, revision, kind, owner_member%s)
		VALUES (%d, '%012d', 'tky', 1, 'x', '%s', '', 0, '', '', FALSE, FALSE, 1, 1%s%s)`, columns, id, id, label, owned, values))
}

func (p *past) event(token int, action, actor, payload string) {
	p.Helper()
	p.eventAt(7, fmt.Sprintf(`'%012d'`, token), action, actor, "", payload)
}

func (p *past) eventAt(at int, token, action, actor, target, payload string) {
	p.Helper()
	p.sequence++
	insert(p.engine, p.db, fmt.Sprintf(`INSERT INTO audit (workspace, sequence, revision, occurred_at, action, actor, actor_token, on_behalf, target,
			token, payload, payload_digest, hash, key_id)
		VALUES (1, %d, 1, %d, '%s', '%s', '', '', '%s', %s, '%s', %s, %s, 1)`, p.sequence, at, action, actor, target, token, payload, p.bytes, p.bytes))
}

// TestMigrateHeld: 00009_held reads in the audit who stopped or narrowed what, and
// takes what it does not say for somebody else's than the owner's.
func TestMigrateHeld(t *testing.T) {
	t.Parallel()
	const eve, ada, list = "eve@example.com", "ada@example.com", `["10.0.0.0/8"]`
	empty(t, func(on engine) {
		p := pastOf(on)
		disabled := func(id int, label string, events ...string) {
			p.token(id, label, ", disabled_at, revoke_at", ", 9, 99")
			for i := 0; i < len(events); i += 2 {
				p.event(id, events[i], events[i+1], "{}")
			}
		}
		disabled(10, "by its owner", "token.disabled", eve)
		disabled(11, "by an administrator", "token.disabled", ada)
		disabled(12, "by both", "token.disabled", ada, "token.disabled", eve)
		disabled(13, "by its owner again", "token.disabled", ada, "token.enabled", ada, "token.disabled", eve)
		disabled(14, "by nobody knows")
		disabled(15, "workspace", "token.disabled", "ci@acme.service")
		narrowed := func(id int, label, column, value string, events ...string) {
			p.token(id, label, ", "+column, ", '"+value+"'")
			for i := 0; i < len(events); i += 3 {
				p.event(id, events[i], events[i+1], events[i+2])
			}
		}
		with := func(before, after string) string {
			return `{"after":{"allowed_ips":` + after + `},"before":{"allowed_ips":` + before + `}}`
		}
		narrowed(20, "list of its owner", "allowed_ips", list, "token.created", eve, `{"after":{"allowed_ips":null}}`,
			"token.edited", eve, with("null", list), "token.edited", ada, with(list, list))
		narrowed(21, "list of an administrator", "allowed_ips", list, "token.created", eve, `{"after":{"allowed_ips":null}}`,
			"token.edited", ada, with("null", list), "token.edited", eve, with(list, list))
		narrowed(22, "list of nobody knows", "allowed_ips", list)
		narrowed(23, "limit of an administrator", "rate_limit", `{"requests":5,"window":"1m"}`, "token.edited", ada,
			`{"after":{"rate_limit":{"requests":5,"window":"1m"}},"before":{"rate_limit":null}}`)
		narrowed(24, "start of its owner", "not_before", "50", "token.created", eve, "{}")
		narrowed(25, "start of nobody knows", "not_before", "50")
		narrowed(26, "nothing", "expires_at", "50", "token.edited", ada, "{}")
		p.eventAt(500, "NULL", "member.deactivated", ada, "member:"+eve, "{}")
		p.eventAt(600, "NULL", "service_account.disabled", eve, "service_account:ci", "{}")
		open(on.T, store.Options{URL: on.url})
		db := beside(on.T, on.url)
		got := slices.Concat(
			texts(on.T, db, `SELECT label || ': ' || held || ' ' || disabled_by FROM tokens ORDER BY id`),
			texts(on.T, db, `SELECT 'eve: ' || deactivated_by FROM members`),
			texts(on.T, db, `SELECT 'ci: ' || disabled_by FROM service_accounts`))
		want := []string{
			"by its owner: 0 usr_eve", "by an administrator: 3 usr_ada", "by both: 3 usr_eve", "by its owner again: 0 usr_eve",
			"by nobody knows: 3 ", "workspace: 3 ", "list of its owner: 0 ", "list of an administrator: 4 ", "list of nobody knows: 4 ",
			"limit of an administrator: 8 ", "start of its owner: 0 ", "start of nobody knows: 16 ", "nothing: 0 ", "eve: usr_ada", "ci: usr_eve",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			on.Errorf("after the migration (-want +got):\n%s", diff)
		}
	})
}

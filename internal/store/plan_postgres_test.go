package store_test

import (
	"database/sql"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// TestListsUseTheirIndexesOnPostgreSQL: the same lists go by the same indexes, and by the
// same columns of them. This engine weighs what it counted of the rows; so that it is the
// statement that is held and not these few rows, it takes no other way where an index gives
// the order, and one that gives the order of nothing but a list's index is the only one.
func TestListsUseTheirIndexesOnPostgreSQL(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	open(t, store.Options{URL: url})
	db := pool(t, url)
	db.SetMaxOpenConns(1) // what is set and prepared is a session's
	crowded(t, db)
	for name, query := range store.Lists() {
		want := step.FindStringSubmatch(lists()[name])
		index := pkey.ReplaceAllString(want[1], "${1}_pkey")
		for _, workspace := range []int64{1, 5} { // the large one, and one of many
			values := valuesOf(name, workspace)
			if values == nil {
				t.Fatalf("say in valuesOf with what %q is asked", name)
			}
			got := planned(t, db, query, values)
			_, looked, found := strings.Cut(got, " using "+index+" on ")
			looked, _, _ = strings.Cut(looked, "\n  ->")
			_, cond, _ := strings.Cut(looked, "Index Cond: ")
			cond, _, _ = strings.Cut(cond, "\n")
			for _, column := range column.FindAllString(want[2], -1) {
				if !strings.Contains(cond, column) {
					found = false
				}
			}
			if !found || strings.Contains(got, "Seq Scan on tokens") || strings.Contains(got, "Seq Scan on audit") {
				t.Errorf("%s of %d does not go by %s of %s:\n%s", name, workspace, want[2], index, got)
			}
		}
	}
}

// What the golden steps of the other engine name: an index and what is compared there.
var (
	step   = regexp.MustCompile(`INDEX (\w+) \((.*?)\)(?:;|$)`)
	pkey   = regexp.MustCompile(`^sqlite_autoindex_(\w+)_1$`)
	column = regexp.MustCompile(`[a-z_]+`)
)

// valuesOf are values that somebody asks with: of a page that begins somewhere in the middle.
func valuesOf(name string, workspace int64) []any {
	const middle, page = 6_000, 51
	tokens := func(at int, value any) []any {
		out := []any{"", workspace, int64(middle), false, nil, nil, "", "", nil, nil, nil, nil, page, 0, "", "", "", nil}
		if at > 0 {
			out[at-1] = value
		}
		return out
	}
	audit := func(at int, value any) []any {
		out := []any{workspace, int64(middle), "", "", "", nil, nil, page, "", 0, ""}
		if at > 0 {
			out[at-1] = value
		}
		return out
	}
	switch name {
	case "tokens", "tokens that wait", "disabled tokens", "revoked tokens":
		return tokens(0, nil)
	case "what is presented":
		return []any{"000000000020"}
	case "tokens of a member":
		return tokens(5, 300)
	case "tokens of an account":
		return tokens(6, 2300)
	case "tokens of a kind":
		return tokens(7, "p")
	case "tokens made by somebody":
		return tokens(8, "u17")
	case "tokens made with a token":
		return tokens(9, "000000000020")
	case "a few that expire":
		out := tokens(10, int64(20_000))
		out[10] = int64(10_000)
		return out
	case "tokens whose end has come":
		return tokens(18, int64(100_000))
	case "audit":
		return audit(0, nil)
	case "audit of a token":
		return audit(3, "t40")
	case "audit of an actor":
		return audit(4, "u17")
	case "audit of an action":
		return audit(5, "action7")
	case "audit from a time":
		return audit(6, int64(1_900_000))
	case "audit with a token":
		return audit(11, "t70")
	case "how many expire":
		return []any{workspace, int64(15_000_000), int64(10_000)}
	case "a part of the tokens":
		return []any{workspace, int64(middle), 1000}
	case "a part of a kind":
		return []any{workspace, int64(middle), 1000, "p"}
	case "tokens that expired", "scheduled ends":
		return []any{workspace, int64(100_000), int64(200_000), 0}
	case "actions":
		return []any{workspace, "action20"}
	case "the end of the audit", "the beginning of it":
		return []any{workspace, int64(10_000_000), 5000}
	case "a standing token":
		return []any{workspace, 300}
	case "unended of a member":
		return []any{workspace, 300, 7000, 100}
	case "unended of an account":
		return []any{workspace, 2300, 7000, 100}
	case "tokens that were revoked", "tokens that lapsed", "ephemeral tokens", "members removed", "accounts removed":
		return []any{workspace, int64(500_000), 100}
	case "tokens that nobody uses":
		return []any{workspace, int64(500_000), 100}
	case "how many nobody uses":
		return []any{workspace, int64(500_000)}
	case "tokens that lapse":
		return []any{int64(500_000), 100}
	case "tokens that expire next":
		return []any{workspace, int64(500_000), int64(900_000), 10}
	case "a window of members", "a window of accounts", "a window of tokens":
		return []any{workspace, 7000, 1000}
	case "members who name", "accounts that name", "tokens that name":
		return []any{workspace, 7000, 12000, "%x%"}
	case "secrets under a key":
		return []any{3, 5}
	case "a part of the stream":
		return []any{7000, 1, 7, 100}
	case "what waits for a stream":
		return []any{7000, 1, 7, 10000}
	}
	return nil
}

// crowded writes rows that differ in what lists ask for.
func crowded(t *testing.T, db *sql.DB) {
	t.Helper()
	for _, statement := range []string{
		`SET plan_cache_mode = force_custom_plan`,
		`SET enable_seqscan = off`, `SET enable_bitmapscan = off`, `SET enable_sort = off`, `SET enable_incremental_sort = off`,
		`SET session_replication_role = replica`, // no look at what rows refer to
		`INSERT INTO workspaces (id, slug, name, policy, created_at, revision) SELECT n, 'w' || n, 'W', '{}', 1, 1 FROM generate_series(1, 11) AS n`,
		`INSERT INTO users (id, public_id, email, name, password_hash, instance_admin, created_at, revision)
			SELECT n, 'u' || n, 'u' || n || '@example.com', 'U', '', FALSE, 1, 1 FROM generate_series(100, 400) AS n`,
		`INSERT INTO members (id, workspace, user_id, name, created_at, removed_at, revision)
			SELECT n, 1 + n % 11, n, 'M', 1, CASE WHEN n % 50 = 0 THEN n END, 1 FROM generate_series(100, 400) AS n`,
		`INSERT INTO service_accounts (id, workspace, public_id, name, description, created_at, removed_at, revision)
			SELECT n, 1 + n % 11, 's' || n, 'S' || n, '', 1, CASE WHEN n % 50 = 0 THEN n END, 1 FROM generate_series(2001, 2300) AS n`,
		`INSERT INTO tokens (id, locator, prefix, kind, workspace, owner_member, owner_service_account, created_by, created_with, label, description,
				grants, expires_at, lifetime, disabled_at, revoke_at, revoked_at, revoke_reason, revoke_comment, recoverable, standing, waits, created_at, unused_due, revision)
			SELECT 5000 + n, lpad(n || '', 12, '0'), 'tky', CASE n % 9 WHEN 0 THEN 'w' WHEN 1 THEN 'e' WHEN 2 THEN 's' ELSE 'p' END, CASE WHEN n % 10 < 3 THEN 1 ELSE 1 + n % 11 END,
				CASE WHEN n % 9 <> 2 THEN 100 + n % 300 END, CASE WHEN n % 9 = 2 THEN 2001 + n % 300 END, 'u' || n % 300,
				CASE WHEN n % 20 = 0 THEN lpad(n % 500 || '', 12, '0') END, 'label ' || n, '', '[{"role":"r' || n % 7 || '","resources":["*"]}]',
				CASE WHEN n % 2 = 0 THEN n * 1000 END, 0, CASE WHEN n % 97 = 0 THEN n END, CASE WHEN n % 41 = 0 THEN n * 1000 END, CASE WHEN n % 11 = 0 THEN n * 1000 END,
				'', '', FALSE, n % 13 = 0, n % 101 = 0, n, CASE WHEN n % 17 = 0 THEN n * 1000 END, n
			FROM generate_series(1, 2000) AS n`,
		`INSERT INTO secrets (token, number, digest, key_id, retire_on_use, tracked, created_at)
			SELECT 5000 + n, 1, decode(repeat('00', 32), 'hex'), 1 + n % 5, FALSE, FALSE, 1 FROM generate_series(1, 2000) AS n`,
		`INSERT INTO audit (workspace, sequence, revision, occurred_at, action, actor, actor_token, on_behalf, target, token, payload_digest, hash, key_id)
			SELECT CASE WHEN n % 10 < 3 THEN 1 ELSE 1 + n % 11 END, n, n, n * 1000, 'action' || n % 40, 'u' || n % 300,
				CASE WHEN n % 7 = 0 THEN 't' || n % 500 ELSE '' END, '', '', CASE WHEN n % 2 = 0 THEN 't' || n % 4000 END,
				decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex'), 1 FROM generate_series(1, 2000) AS n`,
		`ANALYZE`,
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%v\n%s", err, statement)
		}
	}
}

// planned answers the lines of a plan that say which rows are looked at.
func planned(t *testing.T, db *sql.DB, query string, values []any) string {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), `PREPARE asked AS `+query); err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
	var said []string
	for _, v := range values {
		switch v := v.(type) {
		case nil:
			said = append(said, "NULL")
		case string:
			said = append(said, "'"+v+"'")
		default:
			said = append(said, fmt.Sprint(v))
		}
	}
	rows, err := db.QueryContext(t.Context(), `EXPLAIN (COSTS OFF) EXECUTE asked (`+strings.Join(said, ", ")+`)`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `DEALLOCATE asked`); err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

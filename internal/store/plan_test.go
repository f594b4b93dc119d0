package store_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// lists are how an engine is to go about each list: by the order of which index, and what it
// looks up there.
func lists() map[string]string {
	return map[string]string{
		"what is presented": "h USING INDEX sqlite_autoindex_head_1 (id=?); SEARCH t USING INDEX sqlite_autoindex_tokens_2 (locator=?) LEFT-JOIN; " +
			"SEARCH s USING INDEX sqlite_autoindex_secrets_1 (token=?) LEFT-JOIN",
		"tokens":                   "t USING INDEX tokens_list ((workspace,id)>(?,?) AND (workspace,id)<(?,?))",
		"tokens of a member":       "t USING INDEX tokens_member ((workspace,owner_member,id)>(?,?,?) AND (workspace,owner_member,id)<(?,?,?))",
		"tokens of an account":     "t USING INDEX tokens_service_account ((workspace,owner_service_account,id)>(?,?,?) AND (workspace,owner_service_account,id)<(?,?,?))",
		"tokens made with a token": "t USING INDEX tokens_created_with ((workspace,created_with,id)>(?,?,?) AND (workspace,created_with,id)<(?,?,?))",
		"tokens made by somebody":  "t USING INDEX tokens_created_by ((workspace,created_by,id)>(?,?,?) AND (workspace,created_by,id)<(?,?,?))",
		"tokens that expired":      "tokens USING INDEX tokens_expires (workspace=? AND expires_at>? AND expires_at<?)",
		"scheduled ends":           "tokens USING INDEX tokens_revoke_at (workspace=? AND revoke_at>? AND revoke_at<?)",
		"a standing token":         "tokens USING INDEX tokens_standing (workspace=? AND owner_member=?)",
		"tokens that were revoked": "tokens USING INDEX tokens_revoked (workspace=? AND revoked_at<?)",
		"tokens that lapsed":       "tokens USING INDEX tokens_revoke_at (workspace=? AND revoke_at<?)",
		"tokens that lapse":        "tokens USING INDEX tokens_lapsing (revoke_at<?)",
		"ephemeral tokens":         "tokens USING INDEX tokens_ephemeral (workspace=? AND expires_at<?)",
		"members removed": "m USING INDEX members_removed (workspace=? AND removed_at<?); CORRELATED SCALAR SUBQUERY 1; " +
			"SEARCH t USING COVERING INDEX tokens_member (workspace=? AND owner_member=?); SEARCH u USING INDEX sqlite_autoindex_users_1 (id=?)",
		"accounts removed": "s USING INDEX service_accounts_removed (workspace=? AND removed_at<?); CORRELATED SCALAR SUBQUERY 1; " +
			"SEARCH t USING COVERING INDEX tokens_service_account (workspace=? AND owner_service_account=?)",
		"unended of a member":   "tokens USING INDEX tokens_member ((workspace,owner_member,id)>(?,?,?) AND (workspace,owner_member)<(?,?))",
		"unended of an account": "tokens USING INDEX tokens_service_account ((workspace,owner_service_account,id)>(?,?,?) AND (workspace,owner_service_account)<(?,?))",
		"secrets under a key":   "s USING INDEX secrets_key (key_id=?); SEARCH t USING INDEX sqlite_autoindex_tokens_1 (id=?); SCAN rows",
		"a window of members":   "members USING INDEX members_list ((workspace,id)>(?,?) AND workspace<?); SEARCH rows",
		"a window of accounts":  "service_accounts USING INDEX service_accounts_list ((workspace,id)>(?,?) AND workspace<?); SEARCH rows",
		"a window of tokens":    "tokens USING COVERING INDEX tokens_list ((workspace,id)>(?,?) AND workspace<?); SEARCH rows",
		"members who name":      "members USING INDEX members_list ((workspace,id)>(?,?) AND (workspace,id)<(?,?))",
		"accounts that name":    "service_accounts USING INDEX service_accounts_list ((workspace,id)>(?,?) AND (workspace,id)<(?,?))",
		"tokens that name":      "tokens USING INDEX tokens_list ((workspace,id)>(?,?) AND (workspace,id)<(?,?))",
		"tokens that expire next": "tokens USING INDEX tokens_expires (workspace=? AND expires_at>? AND expires_at<?); CORRELATED SCALAR SUBQUERY 1; " +
			"SEARCH m USING INDEX sqlite_autoindex_members_1 (id=?); CORRELATED SCALAR SUBQUERY 2; " +
			"SEARCH a USING INDEX sqlite_autoindex_service_accounts_1 (id=?)",
		"tokens of a kind":          "t USING INDEX tokens_kind ((workspace,kind,id)>(?,?,?) AND (workspace,kind,id)<(?,?,?))",
		"revoked tokens":            "t USING INDEX tokens_ended ((workspace,id)>(?,?) AND (workspace,id)<(?,?))",
		"disabled tokens":           "t USING INDEX tokens_disabled ((workspace,id)>(?,?) AND (workspace,id)<(?,?))",
		"tokens that wait":          "t USING INDEX tokens_waiting ((workspace,id)>(?,?) AND (workspace,id)<(?,?))",
		"tokens whose end has come": "t USING INDEX tokens_revoke_at (workspace=? AND revoke_at<?)",
		"tokens that nobody uses":   "tokens USING INDEX tokens_unused (workspace=? AND unused_due<?)",
		"how many nobody uses":      "tokens USING COVERING INDEX tokens_unused (workspace=? AND unused_due<?)",
		"a few that expire":         "t USING INDEX tokens_expires (workspace=? AND expires_at>? AND expires_at<?)",
		"how many expire":           "t USING COVERING INDEX tokens_expires (workspace=? AND expires_at>? AND expires_at<?)",
		"a part of the tokens":      "t USING COVERING INDEX tokens_list (workspace>? AND (workspace,id)<(?,?))",
		"a part of a kind":          "t USING COVERING INDEX tokens_kind ((workspace,kind)>(?,?) AND (workspace,kind,id)<(?,?,?))",
		"audit of an action":        "audit USING INDEX audit_action (workspace=? AND action=? AND sequence<?)",
		"actions":                   "audit USING COVERING INDEX audit_action (workspace=? AND action>?)",
		"the end of the audit":      "audit USING COVERING INDEX audit_time (workspace=? AND occurred_at>?); SCAN span",
		"the beginning of it":       "audit USING COVERING INDEX audit_time (workspace=? AND occurred_at<?); SCAN span",
		"audit":                     "audit USING INDEX sqlite_autoindex_audit_1 (workspace=? AND sequence>? AND sequence<?)",
		"audit of a token":          "audit USING INDEX audit_token (workspace=? AND token=? AND sequence<?)",
		"audit with a token":        "audit USING INDEX audit_with (workspace=? AND actor_token=? AND sequence<?)",
		"audit of an actor":         "audit USING INDEX audit_actor (workspace=? AND actor=? AND sequence<?)",
		"a part of the stream":      "audit USING INDEX audit_order ((revision,workspace,sequence)>(?,?,?))",
		"what waits for a stream":   "audit USING COVERING INDEX audit_order ((revision,workspace,sequence)>(?,?,?)); SCAN rows",
		"audit from a time":         "audit USING INDEX audit_time (workspace=? AND occurred_at>?); USE TEMP B-TREE FOR ORDER BY",
	}
}

// TestListsUseTheirIndexes: no page costs more because a workspace has more
// rows that are not on it. SQLite shows how it would go about a statement.
func TestListsUseTheirIndexes(t *testing.T) {
	t.Parallel()
	url := storetest.SQLite(t)
	open(t, store.Options{URL: url})
	db := raw(t, url)
	want := lists()
	asked := store.Lists()
	for name, query := range asked {
		got := plan(t, db, query)
		for _, inner := range []string{"rows", "few", "span"} {
			got = strings.TrimPrefix(got, "CO-ROUTINE "+inner+"; ")
		}
		if strings.HasPrefix(want[name], "t ") {
			got, _, _ = strings.Cut(got, ";") // the rest is how words are searched in a row
		}
		if got != "SEARCH "+want[name] {
			t.Errorf("%s: %s\nwant SEARCH %s", name, got, want[name])
		}
	}
	if len(asked) != len(want) {
		t.Errorf("there are %d lists and %d expectations", len(asked), len(want))
	}
}

// TestABacklogCostsNoClaim: every step through what waits is a look-up by an index,
// and none goes through all endpoints; only what is under way is gone through.
func TestABacklogCostsNoClaim(t *testing.T) {
	t.Parallel()
	url := storetest.SQLite(t)
	open(t, store.Options{URL: url})
	db := raw(t, url)
	for query, index := range store.Claims() {
		steps := strings.Split(plan(t, db, query), "; ")
		for _, step := range steps {
			if strings.HasPrefix(step, "SCAN") && !strings.Contains(step, "INDEX deliveries_leased") && !slices.Contains([]string{"SCAN CONSTANT ROW", "SCAN ends"}, step) ||
				strings.Contains(step, "ORDER BY") {
				t.Errorf("%q goes through all rows: %s", step, strings.Join(steps, "\n"))
			}
		}
		if !slices.ContainsFunc(steps, func(s string) bool { return strings.Contains(s, index) }) {
			t.Errorf("no %s) in: %s", index, strings.Join(steps, "\n"))
		}
	}
}

func plan(t *testing.T, db *sql.DB, query string) string {
	t.Helper()
	var args []any
	for strings.Contains(query, fmt.Sprintf("$%d", len(args)+1)) {
		args = append(args, nil)
	}
	rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var steps []string
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(steps, "; ")
}

// raw opens the file of a SQLite database beside the store.
func raw(t *testing.T, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", strings.TrimPrefix(url, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

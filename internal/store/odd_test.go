package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/migrate"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// odd are settings that a database, or a role in it, may have for reasons of its
// own, each of which once made another program's statements mean something else.
func odd() []string {
	return []string{
		"standard_conforming_strings = off", "backslash_quote = on", "bytea_output = escape", "DateStyle = 'German, DMY'",
		"IntervalStyle = iso_8601", "TimeZone = 'Asia/Kathmandu'", "extra_float_digits = -15", "transform_null_equals = on",
		"default_transaction_isolation = serializable",
		"default_transaction_deferrable = on", "client_min_messages = error", "statement_timeout = 1",
		"lock_timeout = 1", "idle_session_timeout = 1", "idle_in_transaction_session_timeout = 1",
		"synchronous_commit = off", "enable_indexscan = off", "enable_seqscan = off", "array_nulls = off",
	}
}

// TestOddDatabases: what a database's owner set changes nothing of how the schema is made
// and commits are kept. That it changes nothing of what is stored and found is held by
// TestSuite and TestUsageSuite, which run as a role with these settings.
func TestOddDatabases(t *testing.T) {
	t.Parallel()
	t.Run("the schema is made", func(t *testing.T) {
		t.Parallel()
		url := storetest.EmptyPostgres(t)
		configure(t, url)
		open(t, store.Options{URL: url})
		openUsage(t, url)
	})
	t.Run("a commit is on the disk before it is answered", func(t *testing.T) {
		t.Parallel()
		url := storetest.Postgres(t)
		configure(t, url)
		s := open(t, store.Options{URL: url})
		batch(t, s, func(tx ledger.Tx) error { return tx.PutWorkspace(workspace(tx.NewID())) })
		if how, err := store.ShowSetting(t.Context(), s, "synchronous_commit"); err != nil || how != "on" {
			t.Errorf("synchronous_commit is %q, %v", how, err)
		}
	})
}

// oddly makes a role that has every odd setting, and answers addresses as they are for it.
func oddly(t *testing.T) func(url string) string {
	t.Helper()
	url := storetest.Postgres(t)
	role := pgx.Identifier{database(t, url) + "_odd"}.Sanitize()
	all := []string{"CREATE ROLE " + role + " SUPERUSER LOGIN"}
	for _, setting := range odd() {
		all = append(all, "ALTER ROLE "+role+" SET "+setting)
	}
	t.Cleanup(func() { postgres(t, url, "DROP ROLE "+role) })
	postgres(t, url, strings.Join(all, "; "))
	return func(url string) string {
		_, rest, _ := strings.Cut(url, "@")
		return "postgres://" + strings.Trim(role, `"`) + "@" + rest
	}
}

// configure sets every odd setting for whoever connects to a database.
func configure(t testing.TB, url string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	name := pgx.Identifier{conn.Config().Database}.Sanitize()
	for _, setting := range odd() {
		if _, err := conn.Exec(t.Context(), "ALTER DATABASE "+name+" SET "+setting); err != nil {
			t.Fatalf("%s: %v", setting, err)
		}
	}
}

// TestDeadConnectionsAreReplaced: whatever the server did to connections that
// nobody used, the next change and the next read find one that works.
func TestDeadConnectionsAreReplaced(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	s, usage := open(t, store.Options{URL: url}), openUsage(t, url)
	admin, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin.Close(context.WithoutCancel(t.Context())) })
	nothing := func(ledger.Reader) error { return nil }
	for round := range 10 {
		if err := errors.Join(s.Read(t.Context(), func(ledger.Reader) error { return s.Read(t.Context(), nothing) })); err != nil {
			t.Fatal(err) // two connections, at least, that were used just now
		}
		// All but the one that holds the server's lock: losing that ends the server.
		var ended int
		if err := admin.QueryRow(t.Context(), `SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid()
			AND pid NOT IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')`).Scan(&ended); err != nil || ended < 2 {
			t.Fatalf("%d connections were ended: %v", ended, err)
		}
		if round%2 == 0 {
			batch(t, s, func(tx ledger.Tx) error { return tx.PutWorkspace(workspace(tx.NewID())) })
		} else if err := s.Read(t.Context(), nothing); err != nil {
			t.Errorf("round %d: %v", round, err)
		}
		if err := usage.AddUsage(t.Context(), ledger.UsageBatch{ID: "node/" + string(rune('a'+round)), At: now()}); err != nil {
			t.Errorf("round %d: usage: %v", round, err)
		}
	}
}

// TestAStandbyIsTold: a server that takes no changes is named as that, and what
// only reads is content with it.
func TestAStandbyIsTold(t *testing.T) {
	t.Parallel()
	url := storetest.Standby(t)
	_, err := store.Open(t.Context(), store.Options{URL: url, Wait: time.Second})
	if err == nil || !strings.Contains(err.Error(), "standby") || !strings.Contains(err.Error(), "primary") {
		t.Errorf("answered %v", err)
	}
	var schema *migrate.SchemaError
	if _, err := store.Open(t.Context(), store.Options{URL: url, ReadOnly: true}); !errors.As(err, &schema) {
		t.Errorf("whoever only reads was answered %v", err)
	}
}

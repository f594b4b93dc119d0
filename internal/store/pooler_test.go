package store_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/tokenry/tokenry/internal/clock/clocktest"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// modes are the ways in which PgBouncer hands out sessions.
func modes(t *testing.T, f func(t *testing.T, mode string)) {
	t.Helper()
	for _, mode := range []string{"session", "transaction"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			f(t, mode)
		})
	}
}

// TestBehindAPooler: all that is stored is found again, whatever session a transaction
// is given. Where sessions are whole, so much is true as without a pooler.
func TestBehindAPooler(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("the whole suite once more")
	}
	pool := storetest.PgBouncer(t, storetest.Postgres(t), "transaction")
	t.Run("store", func(t *testing.T) {
		t.Parallel()
		storetest.RunReading(t, func(t *testing.T) ledger.Store {
			t.Helper()
			return open(t, store.Options{URL: onDatabase(t, pool, storetest.Postgres(t))})
		})
	})
	t.Run("usage", func(t *testing.T) {
		t.Parallel()
		storetest.RunUsage(t, func(t *testing.T) ledger.UsageStore {
			t.Helper()
			return openUsage(t, onDatabase(t, pool, storetest.Postgres(t)))
		})
	})
}

// onDatabase is the pooler's address of another database on the same server.
func onDatabase(t testing.TB, pool, address string) string {
	t.Helper()
	config, err := pgx.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	front, options, _ := strings.Cut(pool, "?")
	return front[:strings.LastIndex(front, "/")+1] + config.Database + "?" + options
}

// TestBehindAPoolerACommitIsOnTheDisk before it is answered, and a statement waits as
// long as we say: what the database wants, and what another client of the pooler left
// in the session, counts for nothing.
func TestBehindAPoolerACommitIsOnTheDisk(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, mode string) {
		t.Helper()
		address := storetest.Postgres(t)
		for _, setting := range []string{"synchronous_commit = off", "statement_timeout = 1234", "lock_timeout = 0", "client_min_messages = error"} {
			postgres(t, address, "ALTER DATABASE "+pgx.Identifier{database(t, address)}.Sanitize()+" SET "+setting)
		}
		pool := storetest.PgBouncer(t, address, mode)
		postgres(t, pool+"&default_query_exec_mode=exec", `SET synchronous_commit = local`)
		s := open(t, store.Options{URL: pool})
		for name, want := range map[string]string{
			"synchronous_commit": "on", "statement_timeout": "30s", "lock_timeout": "5s", "client_min_messages": "notice",
			"idle_in_transaction_session_timeout": "1s", "timezone": "UTC",
		} {
			if got, err := store.ShowSetting(t.Context(), s, name); err != nil || got != want {
				t.Errorf("%s is %q in a change, %v", name, got, err)
			}
		}
	})
}

// TestASettingOfTheServerThatChanges counts for nothing either, on connections that
// are open already.
func TestASettingOfTheServerThatChanges(t *testing.T) {
	t.Parallel()
	pg := storetest.OwnPostgres(t)
	s := open(t, store.Options{URL: pg.URL()})
	want := map[string]string{"off": "on", "local": "on", "remote_write": "on", "on": "on", "remote_apply": "remote_apply"}
	for set, want := range want {
		pg.Exec(t, "postgres", `ALTER SYSTEM SET synchronous_commit = `+set)
		pg.Exec(t, "postgres", `SELECT pg_reload_conf()`)
		clocktest.Until(t, func() bool { return pg.Show(t, "synchronous_commit") == set })
		if got, err := store.ShowSetting(t.Context(), s, "synchronous_commit"); err != nil || got != want {
			t.Errorf("with %s it is %q in a change, %v", set, got, err)
		}
	}
}

// database is the name in an address.
func database(t testing.TB, address string) string {
	t.Helper()
	config, err := pgx.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	return config.Database
}

// TestNodesThatStartAtTheSameTime on an empty database both come up: one migrates, the
// others wait. It is so behind a pooler that gives the same session to both.
func TestNodesThatStartAtTheSameTime(t *testing.T) {
	t.Parallel()
	together := func(t *testing.T, url string) {
		t.Helper()
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				s, err := store.Open(t.Context(), store.Options{URL: url})
				if err != nil {
					t.Error(err)
					return
				}
				usage, err := store.OpenUsage(t.Context(), store.Options{URL: url})
				if err != nil {
					t.Error(err)
				} else if err := usage.Close(); err != nil {
					t.Error(err)
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		var versions, distinct int
		err := pool(t, url+"&default_query_exec_mode=exec").QueryRowContext(t.Context(),
			`SELECT count(*), count(DISTINCT version_id) FROM goose_db_version`).Scan(&versions, &distinct)
		if err != nil || versions != distinct || versions < 2 {
			t.Errorf("%d migrations were made %d times, %v", distinct, versions, err)
		}
	}
	t.Run("direct", func(t *testing.T) {
		t.Parallel()
		together(t, storetest.EmptyPostgres(t))
	})
	modes(t, func(t *testing.T, mode string) {
		t.Helper()
		together(t, storetest.PgBouncer(t, storetest.EmptyPostgres(t), mode))
	})
}

// TestNothingIsLeftInASession that another client of the pooler is given next.
func TestNothingIsLeftInASession(t *testing.T) {
	t.Parallel()
	url := storetest.PgBouncer(t, storetest.Postgres(t), "transaction")
	s := open(t, store.Options{URL: url})
	batch(t, s, func(tx ledger.Tx) error { return tx.PutWorkspace(workspace(tx.NewID())) })
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	db := stdlib.OpenDB(*config)
	defer db.Close()
	found := texts(t, db, `SELECT 'setting ' || name FROM pg_settings WHERE source = 'session'
			AND name NOT IN ('application_name', 'client_encoding', 'DateStyle', 'TimeZone', 'standard_conforming_strings')
		UNION ALL SELECT 'statement ' || name FROM pg_prepared_statements
		UNION ALL SELECT 'lock ' || objid FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
	if len(found) > 0 {
		t.Errorf("left are %q", found)
	}
}

// TestWhatAPoolerCannotDoIsRefused at the start, with words.
func TestWhatAPoolerCannotDoIsRefused(t *testing.T) {
	t.Parallel()
	address := storetest.Postgres(t)
	url := storetest.PgBouncer(t, address, "transaction")
	for _, c := range []struct{ url, why string }{
		{url + "&search_path=other", "cannot set search_path; ALTER ROLE"},
		{url + "&default_query_exec_mode=describe_exec", "describe_exec"},
		{address + "&default_query_exec_mode=describe_exec", "describe_exec"},
		{address + "&default_query_exec_mode=simple_protocol", "simple_protocol"},
	} {
		for _, opens := range []func(context.Context, store.Options) error{
			func(ctx context.Context, o store.Options) error { _, err := store.Open(ctx, o); return err },
			func(ctx context.Context, o store.Options) error { _, err := store.OpenUsage(ctx, o); return err },
		} {
			if err := opens(t.Context(), store.Options{URL: c.url}); err == nil || !strings.Contains(err.Error(), c.why) {
				t.Errorf("answered %v, want a word about %s", err, c.why)
			}
		}
	}
	for _, said := range []string{"&statement_timeout=7s", "&timezone=Asia/Tokyo", "&default_query_exec_mode=cache_statement"} {
		open(t, store.Options{URL: url + said})
	}
	s := open(t, store.Options{URL: url + "&statement_timeout=7s"})
	if got, err := store.ShowSetting(t.Context(), s, "statement_timeout"); err != nil || got != "7s" {
		t.Errorf("the address sets statement_timeout to 7s, and it is %q, %v", got, err)
	}
}

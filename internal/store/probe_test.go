package store_test

import (
	"database/sql"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store"
)

// counting opens a store whose clock stands until it is moved, and counts commits.
func counting(t *testing.T, url string) (s *store.Store, commits *atomic.Int64, pass func(time.Duration)) {
	t.Helper()
	commits = new(atomic.Int64)
	var ahead atomic.Int64
	s = open(t, store.Options{
		URL: url, Wait: 100 * time.Millisecond, Now: func() time.Time { return now().Add(time.Duration(ahead.Load())) },
		Observe: func(op string, _ time.Duration, _ error) {
			if op == "commit" {
				commits.Add(1)
			}
		},
	})
	return s, commits, func(d time.Duration) { ahead.Add(int64(d)) }
}

// TestALateCommitSpeaksForChanges: as long as changes are committed, asking for it
// commits nothing more; afterwards, however many ask, one commit is tried.
func TestALateCommitSpeaksForChanges(t *testing.T) {
	t.Parallel()
	each(t, func(on engine) {
		s, commits, pass := counting(on.T, on.url)
		batch(on.T, s, func(tx ledger.Tx) error { return tx.PutWorkspace(workspace(tx.NewID())) })
		ask := func() {
			on.Helper()
			if err := s.Writable(on.Context()); err != nil {
				on.Error(err)
			}
		}
		for range 3 {
			ask()
		}
		if n := commits.Load(); n != 1 {
			on.Errorf("%d commits", n)
		}
		pass(time.Minute)
		var wait sync.WaitGroup
		for range 50 {
			wait.Go(ask)
		}
		wait.Wait()
		if n := commits.Load(); n != 2 {
			on.Errorf("%d commits after 50 asked", n)
		}
		batch(on.T, s, func(tx ledger.Tx) error {
			if n, err := tx.CountWorkspaces(0); n != 1 || tx.Revision() != 2 {
				on.Errorf("asking changed something: %d workspaces at revision %d, %v", n, tx.Revision(), err)
			}
			return nil
		})
	})
}

// TestWhoeverHoldsTheLockIsTold: reading goes on beside a lock that is not given
// back, and changes are said to be stuck until it is.
func TestWhoeverHoldsTheLockIsTold(t *testing.T) {
	t.Parallel()
	each(t, func(on engine) {
		s, _, pass := counting(on.T, on.url)
		give := takeLock(on)
		if err := s.Writable(on.Context()); err == nil {
			on.Error("a change could be committed, though the lock is held")
		}
		if err := s.Ping(on.Context()); err != nil {
			on.Errorf("reading: %v", err)
		}
		give()
		pass(time.Minute)
		if err := s.Writable(on.Context()); err != nil {
			on.Errorf("the lock was given back: %v", err)
		}
	})
}

// takeLock holds what changes need, from outside.
func takeLock(on engine) (give func()) {
	on.Helper()
	driver := "pgx"
	address, sqlite := strings.CutPrefix(on.url, "sqlite:")
	if sqlite {
		driver = "sqlite"
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		on.Fatal(err)
	}
	on.Cleanup(func() { _ = db.Close() })
	tx, err := db.BeginTx(on.Context(), nil)
	if err != nil {
		on.Fatal(err)
	}
	if _, err := tx.ExecContext(on.Context(), `UPDATE head SET revision = revision`); err != nil {
		on.Fatal(err)
	}
	return func() {
		if err := tx.Rollback(); err != nil {
			on.Error(err)
		}
	}
}

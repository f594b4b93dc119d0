package store_test

import (
	"bufio"
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// held wants an open to be refused and answers who holds the database.
func held(t *testing.T, o store.Options) *store.HeldError {
	t.Helper()
	s, err := store.Open(t.Context(), o)
	if err == nil {
		_ = s.Close()
		t.Fatal("a second server opened the database")
	}
	var held *store.HeldError
	if !errors.As(err, &held) {
		t.Fatalf("refused with %v", err)
	}
	return held
}

func TestSecondServerIsRefused(t *testing.T) {
	t.Parallel()
	each(t, func(on engine) {
		t, url := on.T, on.url
		first := open(t, store.Options{URL: url, Holder: "host:1 listening on :8080", Now: now})
		refusal := held(t, store.Options{URL: url, Holder: "host:2"})
		if refusal.Holder != "host:1 listening on :8080" || !refusal.Since.Equal(now()) {
			t.Errorf("refused in favour of %+v", refusal)
		}
		if !strings.Contains(refusal.Error(), refusal.Holder) || !strings.Contains(refusal.Error(), "stop it") {
			t.Errorf("the refusal reads %q", refusal)
		}
		batch(t, first, func(tx ledger.Tx) error { return tx.PutWorkspace(workspace(tx.NewID())) })
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		open(t, store.Options{URL: url})
	})
}

// TestLockEndsWithItsProcess: after kill -9 nobody has to tidy up.
func TestLockEndsWithItsProcess(t *testing.T) {
	t.Parallel()
	each(t, func(on engine) {
		t, url := on.T, on.url
		cmd := again(t, "hold", url)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
			t.Fatalf("the child said %q, %v", line, err)
		}
		if refusal := held(t, store.Options{URL: url}); refusal.Holder != "the child" || refusal.Since.IsZero() {
			t.Errorf("refused in favour of %+v", refusal)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was killed
		openSoon(t, store.Options{URL: url})
	})
}

func TestOthersReadBesideAServer(t *testing.T) {
	t.Parallel()
	each(t, func(on engine) {
		t, url := on.T, on.url
		server := open(t, store.Options{URL: url})
		batch(t, server, func(tx ledger.Tx) error { return tx.PutWorkspace(workspace(tx.NewID())) })
		reader := open(t, store.Options{URL: url, ReadOnly: true})
		err := reader.Read(t.Context(), func(r ledger.Reader) error {
			_, err := r.Workspace(ledger.WorkspaceKey{ID: 1})
			return err
		})
		if err != nil {
			t.Error(err)
		}
		if _, err := reader.Batch(t.Context(), []func(ledger.Tx) error{func(ledger.Tx) error { return nil }}); !errors.Is(err, store.ErrReadOnly) {
			t.Errorf("a batch of a reader answered %v", err)
		}
	})
}

// TestTwoNodes: without the server lock two stores on one database still have
// one order and never give a number twice.
func TestTwoNodes(t *testing.T) {
	t.Parallel()
	each(t, func(on engine) {
		t, url := on.T, on.url
		nodes := []*store.Store{open(t, store.Options{URL: url, Wait: time.Minute}), open(t, store.Options{URL: url, NoLock: true, Wait: time.Minute})}
		results := make(chan []int64)
		for i := range 4 {
			go func() {
				var ids []int64
				for range 25 {
					_, err := nodes[i%2].Batch(t.Context(), []func(ledger.Tx) error{func(tx ledger.Tx) error {
						ids = append(ids, tx.NewID(), tx.Revision())
						return tx.PutWorkspace(workspace(ids[len(ids)-2]))
					}})
					if err != nil {
						t.Error(err)
					}
				}
				results <- ids
			}()
		}
		ids, revisions := make(map[int64]bool), make(map[int64]bool)
		for range 4 {
			pairs := <-results
			for i := 0; i < len(pairs); i += 2 {
				ids[pairs[i]], revisions[pairs[i+1]] = true, true
			}
		}
		if len(ids) != 100 || len(revisions) != 100 || !revisions[1] || !revisions[100] {
			t.Errorf("100 mutations took %d numbers and %d revisions", len(ids), len(revisions))
		}
	})
}

func TestLockIsOfTheFileAndNotOfItsName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "tokenry.db")
	open(t, store.Options{URL: "sqlite:" + path, Holder: "first"})
	if err := os.Symlink(path, filepath.Join(dir, "other.db")); err != nil {
		t.Skip(err)
	}
	if refusal := held(t, store.Options{URL: "sqlite:" + filepath.Join(dir, "other.db")}); refusal.Holder != "first" {
		t.Errorf("refused in favour of %+v", refusal)
	}
}

// TestLostLock ends the session that holds the lock, as a restart of PostgreSQL
// does: the server learns of it and changes nothing more.
func TestLostLock(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	s := open(t, store.Options{URL: url})
	select {
	case <-s.Lost():
		t.Fatal("lost before anything happened")
	default:
	}
	postgres(t, url, `SELECT pg_terminate_backend(pid) FROM pg_locks
		WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
	<-s.Lost()
	_, err := s.Batch(t.Context(), []func(ledger.Tx) error{func(ledger.Tx) error { return nil }})
	if !errors.Is(err, ledger.ErrStoreUnavailable) {
		t.Errorf("without the lock a batch answered %v", err)
	}
	openSoon(t, store.Options{URL: url})
}

// TestInstancesInSchemas: one database may hold several instances.
func TestInstancesInSchemas(t *testing.T) {
	t.Parallel()
	address := storetest.Postgres(t)
	open(t, store.Options{URL: address, Holder: "first"})
	postgres(t, address, `CREATE SCHEMA other`)
	other := address + "&search_path=" + url.QueryEscape("other")
	s := open(t, store.Options{URL: other, Holder: "second"})
	batch(t, s, func(tx ledger.Tx) error { return tx.PutWorkspace(workspace(tx.NewID())) })
	if refusal := held(t, store.Options{URL: other}); refusal.Holder != "second" {
		t.Errorf("refused in favour of %+v", refusal)
	}
}

// postgres runs a statement beside the store.
func postgres(t *testing.T, url, statement string) {
	t.Helper()
	ctx := context.Background() // also for cleaning up
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatal(err)
	}
}

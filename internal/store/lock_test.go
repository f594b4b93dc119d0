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

	"github.com/tokenry/tokenry/internal/filelock"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// held wants an open to be refused and answers who holds the database.
func held(t *testing.T, o store.Options) *filelock.HeldError {
	t.Helper()
	s, err := store.Open(t.Context(), o)
	if err == nil {
		_ = s.Close()
		t.Fatal("a second server opened the database")
	}
	var held *filelock.HeldError
	if !errors.As(err, &held) {
		t.Fatalf("refused with %v", err)
	}
	return held
}

func TestSecondServerIsRefused(t *testing.T) {
	t.Parallel()
	url := storetest.SQLite(t)
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
}

// TestLockEndsWithItsProcess: after kill -9 nobody has to tidy up.
func TestLockEndsWithItsProcess(t *testing.T) {
	t.Parallel()
	url := storetest.SQLite(t)
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

// TestAServerOfBeforeKeepsItsDatabase: it takes a database for itself by an advisory
// lock, and tells nobody of what it changes.
func TestAServerOfBeforeKeepsItsDatabase(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	old, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close(context.Background())
	_, err = old.Exec(t.Context(), `SELECT pg_advisory_lock(1953200494, hashtext(current_schema()));`)
	if err == nil {
		_, err = old.Exec(t.Context(), `INSERT INTO server (id, holder, since) VALUES (1, 'the old one', 5)`)
	}
	if err != nil {
		t.Fatal(err)
	}
	if refusal := held(t, store.Options{URL: url}); refusal.Holder != "the old one" {
		t.Errorf("refused in favour of %+v", refusal)
	}
	if err := old.Close(t.Context()); err != nil {
		t.Fatal(err)
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
	err := open(t, store.Options{URL: address}).Read(t.Context(), func(r ledger.Reader) error {
		if all, err := r.Workspaces(ledger.Range{}); err != nil || len(all) != 0 || r.Revision() != 0 {
			t.Errorf("the other instance sees %v at %d, %v", all, r.Revision(), err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
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

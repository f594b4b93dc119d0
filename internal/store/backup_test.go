package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// TestBackupIsOneMoment copies while others write: the copy opens, and is of
// one revision.
func TestBackupIsOneMoment(t *testing.T) {
	t.Parallel()
	s := open(t, store.Options{URL: storetest.SQLite(t)})
	put := func(tx ledger.Tx) error { return tx.PutWorkspace(workspace(tx.NewID())) }
	batch(t, s, put)
	backup := filepath.Join(t.TempDir(), "backup.db")
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 50 {
			batch(t, s, put, put)
		}
	})
	err := s.BackupTo(t.Context(), backup)
	wg.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(backup), "*")); err != nil || len(left) != 1 {
		t.Errorf("beside the backup lie %v, %v", left, err)
	}
	copied := open(t, store.Options{URL: "sqlite:" + backup})
	err = copied.Read(t.Context(), func(r ledger.Reader) error {
		list, err := r.Workspaces(ledger.Range{})
		if int64(len(list)) != r.Revision() || len(list)%2 != 1 {
			t.Errorf("the backup has %d workspaces at revision %d", len(list), r.Revision())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	batch(t, copied, put)
}

func TestBackupOverwritesNothing(t *testing.T) {
	t.Parallel()
	s := open(t, store.Options{URL: storetest.SQLite(t)})
	precious := filepath.Join(t.TempDir(), "precious")
	if err := os.WriteFile(precious, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.BackupTo(t.Context(), precious); err == nil {
		t.Error("a file was overwritten")
	}
	if b, err := os.ReadFile(precious); string(b) != "x" {
		t.Errorf("the file holds %q, %v", b, err)
	}
	if err := s.BackupTo(t.Context(), filepath.Join(precious, "x")); err == nil {
		t.Error("a backup went into a folder that is none")
	}
}

func TestPostgresIsBackedUpWithItsOwnTools(t *testing.T) {
	t.Parallel()
	s := open(t, store.Options{URL: storetest.Postgres(t)})
	path := filepath.Join(t.TempDir(), "x")
	if err := s.BackupTo(t.Context(), path); err == nil || !strings.Contains(err.Error(), "pg_dump") {
		t.Errorf("answered %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error("a file was made")
	}
}

// TestDestroyedBytesAreGone: what was sealed is not left in the file.
func TestDestroyedBytesAreGone(t *testing.T) {
	t.Parallel()
	url := storetest.SQLite(t)
	s, err := store.Open(t.Context(), store.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	sealed := strings.Repeat("sealed copy ", 1000)
	put := func(sealed []byte) func(ledger.Tx) error {
		return func(tx ledger.Tx) error {
			tok, err := tx.Token(locatorOf(1))
			if err != nil {
				return err
			}
			return tx.PutSecret(ledger.Secret{Token: tok.ID, Number: 2, Key: 1, Sealed: sealed, CreatedAt: now()})
		}
	}
	batch(t, s,
		func(tx ledger.Tx) error { return tx.PutWorkspace(workspace(tx.NewID())) },
		func(tx ledger.Tx) error { return createToken(tx, 1, 1) },
		put([]byte(sealed)), put(nil))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(strings.TrimPrefix(url, "sqlite:"))
	if err != nil || strings.Contains(string(file), "sealed copy") {
		t.Errorf("the file still holds what was destroyed (%v)", err)
	}
}

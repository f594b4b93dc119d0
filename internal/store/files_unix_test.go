//go:build unix

package store_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store"
)

// TestFilesAreTheirOwners: whatever the umask says and whoever made the file.
func TestFilesAreTheirOwners(t *testing.T) {
	old := syscall.Umask(0) // of the process, so this test is not parallel
	defer syscall.Umask(old)
	folder := filepath.Join(t.TempDir(), "a", "b")
	path := filepath.Join(folder, "tokenry.db")
	for range 2 { // the second time the files are there, and open to others
		s, err := store.Open(t.Context(), store.Options{URL: "sqlite:" + path})
		if err != nil {
			t.Fatal(err)
		}
		batch(t, s, func(tx ledger.Tx) error { return tx.PutWorkspace(workspace(tx.NewID())) })
		backup := filepath.Join(folder, "backup.db")
		if err := s.BackupTo(t.Context(), backup); err != nil {
			t.Fatal(err)
		}
		names := map[string]fs.FileMode{folder: 0o700, filepath.Dir(folder): 0o700, backup: 0o600}
		for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
			names[path+suffix] = 0o600
		}
		for name, want := range names {
			if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
				t.Errorf("%s has mode %v, want %v (%v)", name, info.Mode().Perm(), want, err)
			}
		}
		if err := errors.Join(s.Close(), os.Remove(backup), os.Chmod(path, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store"
)

// TestFullDisk fills a small file system. What does not fit is refused as
// unavailable, reads go on, and once there is room so do writes.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Skipf("no file system can be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, store.Options{URL: "sqlite:" + filepath.Join(dir, "tokenry.db")})
	put := func(tx ledger.Tx) error {
		ws := workspace(tx.NewID())
		ws.Name = strings.Repeat("x", 10_000)
		return tx.PutWorkspace(ws)
	}
	stored := 0
	for ; stored < 1000; stored++ {
		errs, err := s.Batch(t.Context(), []func(ledger.Tx) error{put})
		if err = errors.Join(append(errs, err)...); err != nil {
			if !errors.Is(err, ledger.ErrStoreUnavailable) || errors.Is(err, ledger.ErrOutcomeUnknown) {
				t.Fatalf("on a full disk the batch answered %v", err)
			}
			break
		}
	}
	check := func(want int) {
		t.Helper()
		err := s.Read(t.Context(), func(r ledger.Reader) error {
			n, err := r.CountWorkspaces(0)
			if n != want || r.Revision() != int64(want) {
				t.Errorf("stored are %d at revision %d, want %d", n, r.Revision(), want)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	if stored == 1000 {
		t.Fatal("the disk was never full")
	}
	check(stored)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	batch(t, s, put)
	check(stored + 1)
}

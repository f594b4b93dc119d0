package filelock_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/filelock"
)

func at() time.Time { return time.Date(2026, 11, 30, 13, 0, 0, 0, time.FixedZone("", 3600)) }

// take takes a lock that is free.
func take(t *testing.T, path, holder string) *filelock.Lock {
	t.Helper()
	l, err := filelock.Take(path, holder, at())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// held wants that a lock is somebody's, and answers whose.
func held(t *testing.T, path string) filelock.HeldError {
	t.Helper()
	l, err := filelock.Take(path, "the second", at())
	e, is := errors.AsType[*filelock.HeldError](err)
	if !is || l != nil {
		t.Fatalf("%v, %v", l, err)
	}
	return *e
}

// TestAFileIsOnes: whoever comes second is told who has it, since when, and what to do;
// after a release it is the next one's, by the same file.
func TestAFileIsOnes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tokenry.db.lock")
	first := take(t, path, "web-1, process 7")
	for range 2 { // who was refused takes nothing away
		if e := held(t, path); e.Holder != "web-1, process 7" || !e.Since.Equal(at()) ||
			e.Error() != "another server holds this database (web-1, process 7, since 2026-11-30T12:00:00Z); stop it first, or give this one a database of its own" {
			t.Errorf("%+v", e)
		}
	}
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || len(text) > 0 {
		t.Errorf("a lock that is free says %q, %v", text, err)
	}
	next := take(t, path, "x")
	defer func() { _ = next.Release() }()
	after, err := os.Stat(path)
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("two files of one name can be locked, %v", err)
	}
	if e := held(t, path); e.Holder != "x" {
		t.Errorf("what a longer name left is read: %+v", e)
	}
	if err := first.Release(); err == nil {
		t.Error("a lock is released twice")
	}
	if e := held(t, path); e.Holder != "x" {
		t.Errorf("it was another's: %+v", e)
	}
}

// TestWhoHasNotNamedThemselvesYet: or writes something else there, holds it all the same.
func TestWhoHasNotNamedThemselvesYet(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	l := take(t, path, "web-1")
	defer func() { _ = l.Release() }()
	for _, text := range []string{"", "{", `[]`, `{"holder":7}`, strings.Repeat("x", 8192)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if e := held(t, path); e.Holder != "" || !strings.Contains(e.Error(), "(one that has not named itself yet)") {
			t.Errorf("%.10q: %+v", text, e)
		}
	}
}

// TestWhereNoFileCanBeThereIsNoLock: and nobody is said to hold it.
func TestWhereNoFileCanBeThereIsNoLock(t *testing.T) {
	t.Parallel()
	for _, path := range []string{filepath.Join(t.TempDir(), "no such folder", "lock"), t.TempDir()} {
		l, err := filelock.Take(path, "x", at())
		if _, is := errors.AsType[*filelock.HeldError](err); err == nil || is || l != nil {
			t.Errorf("%v, %v", l, err)
		}
	}
}

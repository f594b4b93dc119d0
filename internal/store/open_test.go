package store_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store"
)

func TestAddressesThatAreRefused(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"":                                  `"sqlite:"`,
		"mysql://root:hunter2@db/x":         `"sqlite:"`,
		"tokenry.db":                        `"sqlite:"`,
		"sqlite:":                           "names no file",
		"sqlite::memory:":                   "must be a file",
		"sqlite:file:x.db?mode=memory":      "must be a file",
		"sqlite:x.db?_txlock=deferred":      "no options",
		"postgres://u:hunter2@[bad":         "cannot be read",
		"postgres://u:hunter2@h/d?port=abc": "cannot be read",
		"postgres://u:hunter2@h/d?default_query_exec_mode=simple_protocol": "not supported",
	} {
		_, err := store.Open(t.Context(), store.Options{URL: address})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s was answered with %v, want %q", address, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the password is in %q", err)
		}
	}
}

func TestUnreachableServerIsUnavailable(t *testing.T) {
	t.Parallel()
	address := "postgres://u:hunter2@/d?host=" + t.TempDir()
	_, err := store.Open(t.Context(), store.Options{URL: address})
	if !errors.Is(err, ledger.ErrStoreUnavailable) || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("answered %v", err)
	}
}

func TestObserverIsTold(t *testing.T) {
	t.Parallel()
	each(t, func(on engine) {
		t, url := on.T, on.url
		var mu sync.Mutex
		seen := make(map[string]int)
		s := open(t, store.Options{URL: url, Observe: func(op string, d time.Duration, err error) {
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				op += " failed"
			}
			if d > 0 {
				seen[op]++
			}
		}})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		batch(t, s, func(tx ledger.Tx) error { return tx.PutWorkspace(workspace(tx.NewID())) })
		_ = s.Read(t.Context(), func(ledger.Reader) error { return nil })
		_ = s.Ping(t.Context())
		_ = s.Ping(ctx)
		mu.Lock()
		defer mu.Unlock()
		for _, op := range []string{"batch", "commit", "read", "ping", "ping failed"} {
			if seen[op] != 1 {
				t.Errorf("%s was told %d times: %v", op, seen[op], seen)
			}
		}
	})
}

func TestClosedStoreIsUnavailable(t *testing.T) {
	t.Parallel()
	each(t, func(on engine) {
		t, url := on.T, on.url
		s := open(t, store.Options{URL: url})
		if err := errors.Join(s.Close(), s.Close()); err != nil {
			t.Fatal(err)
		}
		nothing := func(ledger.Reader) error { return nil }
		_, err := s.Batch(t.Context(), []func(ledger.Tx) error{func(ledger.Tx) error { return nil }})
		for _, err := range []error{s.Ping(t.Context()), s.Read(t.Context(), nothing), err} {
			if !errors.Is(err, ledger.ErrStoreUnavailable) {
				t.Errorf("a closed store answered %v", err)
			}
		}
	})
}

// TestCloseWaits: the lock is given back after the last commit, not before.
func TestCloseWaits(t *testing.T) {
	t.Parallel()
	each(t, func(on engine) {
		t, url := on.T, on.url
		s := open(t, store.Options{URL: url})
		closed := make(chan error)
		batch(t, s, func(tx ledger.Tx) error {
			go func() { closed <- s.Close() }()
			for s.Ping(t.Context()) == nil { // until the door is shut
			}
			if strings.HasPrefix(url, "sqlite:") {
				_ = held(t, store.Options{URL: url})
			}
			return tx.PutWorkspace(workspace(tx.NewID()))
		})
		if err := <-closed; err != nil {
			t.Error(err)
		}
		next := open(t, store.Options{URL: url})
		batch(t, next, func(tx ledger.Tx) error {
			if tx.Revision() != 2 {
				t.Errorf("the batch before the end is not there: revision %d", tx.Revision()-1)
			}
			return nil
		})
	})
}

package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/token"
)

// TestErrorsHoldNoValues makes every kind of refusal with a value that must not
// be seen, also not by who unwraps.
func TestErrorsHoldNoValues(t *testing.T) {
	t.Parallel()
	const value = "hunter2"
	each(t, func(on engine) {
		t, url := on.T, on.url
		s := open(t, store.Options{URL: url})
		batch(t, s, func(tx ledger.Tx) error {
			return errors.Join(
				tx.PutUser(ledger.User{ID: tx.NewID(), PublicID: value, Email: value, CreatedAt: now()}),
				tx.PutWorkspace(workspace(tx.NewID())))
		})
		for name, f := range map[string]func(tx ledger.Tx) error{
			"a unique name": func(tx ledger.Tx) error {
				return tx.PutUser(ledger.User{ID: tx.NewID(), PublicID: value, CreatedAt: now()})
			},
			"a check": func(tx ledger.Tx) error {
				return tx.PutToken(ledger.Token{ID: tx.NewID(), Workspace: 2, Label: value, CreatedAt: now()})
			},
			"a reference": func(tx ledger.Tx) error {
				return tx.PutToken(ledger.Token{
					ID: tx.NewID(), Locator: locatorOf(1), Kind: token.Workspace, Workspace: 77, Label: value, CreatedAt: now(),
				})
			},
			"a missing column": func(tx ledger.Tx) error { return tx.PutWorkspace(ledger.Workspace{ID: tx.NewID(), Slug: value}) },
			"a NUL": func(tx ledger.Tx) error {
				return tx.PutUser(ledger.User{ID: tx.NewID(), PublicID: value + "\x00", CreatedAt: now()})
			},
			"no JSON": func(tx ledger.Tx) error {
				ws := workspace(tx.NewID())
				ws.Metadata = map[string]any{value: func() {}}
				return tx.PutWorkspace(ws)
			},
		} {
			errs, err := s.Batch(t.Context(), []func(ledger.Tx) error{f})
			if err != nil || errs[0] == nil || errors.Is(errs[0], ledger.ErrStoreUnavailable) {
				t.Errorf("%s was answered with %v, %v", name, errs, err)
				continue
			}
			for err := errs[0]; err != nil; err = errors.Unwrap(err) {
				if strings.Contains(fmt.Sprintf("%v %+v", err, err), value) {
					t.Errorf("%s: the value is in %+v", name, err)
				}
			}
			t.Logf("%s: %v", name, errs[0])
		}
	})
}

// TestDamagedRowIsAnError and nothing that a caller could take for an answer.
func TestDamagedRowIsAnError(t *testing.T) {
	t.Parallel()
	each(t, func(on engine) {
		t, url := on.T, on.url
		s := open(t, store.Options{URL: url})
		batch(t, s, func(tx ledger.Tx) error { return tx.PutWorkspace(workspace(tx.NewID())) })
		if _, err := beside(t, url).ExecContext(t.Context(), `UPDATE workspaces SET policy = 'hunter2'`); err != nil {
			t.Fatal(err)
		}
		err := s.Read(t.Context(), func(r ledger.Reader) error {
			_, err := r.Workspace(ledger.WorkspaceKey{ID: 1})
			return err
		})
		if err == nil || errors.Is(err, ledger.ErrNoRow) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("answered %v", err)
		}
	})
}

// TestLockedOutIsUnavailable: somebody else holds the head row for longer than
// we wait.
func TestLockedOutIsUnavailable(t *testing.T) {
	t.Parallel()
	each(t, func(on engine) {
		t, url := on.T, on.url
		s := open(t, store.Options{URL: url})
		other := open(t, store.Options{URL: url, NoLock: true, Wait: 50 * time.Millisecond})
		batch(t, s, func(ledger.Tx) error {
			_, err := other.Batch(t.Context(), []func(ledger.Tx) error{func(ledger.Tx) error { return nil }})
			if !errors.Is(err, ledger.ErrStoreUnavailable) {
				t.Errorf("locked out, a batch answered %v", err)
			}
			return other.Ping(t.Context()) // reads go on
		})
		batch(t, other, func(ledger.Tx) error { return nil })
	})
}

// TestWaitingEndsWithTheContext: whoever waits for a turn can stop.
func TestWaitingEndsWithTheContext(t *testing.T) {
	t.Parallel()
	each(t, func(on engine) {
		t, url := on.T, on.url
		s := open(t, store.Options{URL: url, Wait: time.Hour})
		batch(t, s, func(ledger.Tx) error {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			_, err := s.Batch(ctx, []func(ledger.Tx) error{func(ledger.Tx) error { return nil }})
			if !errors.Is(err, ledger.ErrStoreUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("out of time, a batch answered %v", err)
			}
			return nil
		})
		batch(t, s, func(ledger.Tx) error { return nil })
	})
}

// TestSessionThatEndsCommitsNothing kills the session of a batch in its middle.
func TestSessionThatEndsCommitsNothing(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	s := open(t, store.Options{URL: url})
	put := func(tx ledger.Tx) error { return tx.PutWorkspace(workspace(tx.NewID())) }
	_, err := s.Batch(t.Context(), []func(ledger.Tx) error{put, func(tx ledger.Tx) error {
		postgres(t, url, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND state = 'idle in transaction'`)
		return put(tx)
	}})
	if !errors.Is(err, ledger.ErrStoreUnavailable) || errors.Is(err, ledger.ErrOutcomeUnknown) {
		t.Errorf("the batch answered %v", err)
	}
	batch(t, s, func(tx ledger.Tx) error {
		if list, err := tx.Workspaces(ledger.Range{}); err != nil || len(list) != 0 || tx.Revision() != 1 {
			t.Errorf("afterwards there are %v at %d, %v", list, tx.Revision(), err)
		}
		return put(tx)
	})
}

func TestReadOnlyServerIsUnavailable(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	s := open(t, store.Options{URL: url + "&default_transaction_read_only=on", NoLock: true})
	_, err := s.Batch(t.Context(), []func(ledger.Tx) error{func(ledger.Tx) error { return nil }})
	if !errors.Is(err, ledger.ErrStoreUnavailable) {
		t.Errorf("on a standby a batch answered %v", err)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("a standby can be read: %v", err)
	}
}

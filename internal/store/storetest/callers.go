package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/token"
)

// Presenting is a caller that presents the current secret of a token, as a door
// makes it.
func Presenting(t testing.TB, s ledger.Store, locator string) authority.Caller {
	t.Helper()
	l, err := token.ParseLocator(locator)
	if err != nil {
		t.Fatalf("a locator: %v", err)
	}
	c := authority.Caller{Token: l, RequestID: "req-1"}
	err = s.Read(context.Background(), func(r ledger.Reader) error {
		row, err := r.Token(l)
		if err != nil {
			return err
		}
		secrets, err := r.Secrets(row.ID)
		if err == nil {
			c.Secret = secrets[0].Number
		}
		return err
	})
	if err != nil {
		t.Fatalf("the secrets of a token: %v", err)
	}
	return c
}

// SignedIn is a caller who is signed in as a user, as a door makes it. One user has
// one such session, which lasts as long as a test.
func SignedIn(t testing.TB, s ledger.Store, user ledger.ID) authority.Caller {
	t.Helper()
	return inSession(t, s, ledger.Session{ID: fmt.Sprintf("ses-%d", user), User: user})
}

// InPortal is [SignedIn] by a portal link into a workspace.
func InPortal(t testing.TB, s ledger.Store, user ledger.ID, workspace string) authority.Caller {
	t.Helper()
	return inSession(t, s, ledger.Session{ID: fmt.Sprintf("ses-%d-%s", user, workspace), User: user, Portal: workspace})
}

func inSession(t testing.TB, s ledger.Store, row ledger.Session) authority.Caller {
	t.Helper()
	ctx := context.Background()
	err := s.Read(ctx, func(r ledger.Reader) error {
		_, err := r.Session(row.ID)
		return err
	})
	if errors.Is(err, ledger.ErrNoRow) {
		begun := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
		row.Method, row.CreatedAt, row.LastSeenAt, row.ConfirmedAt, row.ExpiresAt = "password", begun, begun, begun, begun.AddDate(100, 0, 0)
		row.Key, row.Digest[0] = 1, 1 // of no cookie
		var errs []error
		errs, err = s.Batch(ctx, []func(ledger.Tx) error{func(tx ledger.Tx) error { return tx.PutSession(row) }})
		err = errors.Join(append(errs, err)...)
	}
	if err != nil {
		t.Fatalf("a session: %v", err)
	}
	return authority.Caller{User: row.User, Session: row.ID, Portal: row.Portal, RequestID: "req-2"}
}

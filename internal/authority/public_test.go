package authority_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

// TestWhatAStoreSaysIsToldInACode: what can be repeated is told apart from what may have
// happened, and nothing that a driver writes is told to anybody outside.
func TestWhatAStoreSaysIsToldInACode(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err   error
		code  api.Code
		retry time.Duration
	}{
		"there is no such row":       {ledger.ErrNoRow, api.CodeNotFound, 0},
		"a name is taken":            {ledger.ErrDuplicate, api.CodeAlreadyExists, 0},
		"a commit was not confirmed": {ledger.ErrOutcomeUnknown, api.CodeOutcomeUnknown, 0},
		"nobody answered in time":    {context.DeadlineExceeded, api.CodeBusy, time.Second},
		"whoever asked has left":     {context.Canceled, api.CodeBusy, time.Second},
		"it cannot be reached":       {ledger.ErrStoreUnavailable, api.CodeUnavailable, 0},
		"something else":             {errors.New("pq: password authentication failed for user tokenry"), api.CodeInternal, 0},
	} {
		for _, err := range []error{c.err, fmt.Errorf("read token: %w", c.err)} {
			got := api.AsError(authority.Public(err))
			if got.Code != c.code || got.RetryAfter != c.retry || !errors.Is(got, c.err) {
				t.Errorf("%s: %s, again after %s, because of %v", name, got.Code, got.RetryAfter, errors.Unwrap(got))
			}
			if officetest.ContainsAny(got.Message, "pq:", "read token", "row", "sql") {
				t.Errorf("%s: outside it reads %q", name, got.Message)
			}
		}
	}
	// Not confirmed, because nobody answered in time: the doubt is what matters.
	if err := authority.Public(fmt.Errorf("%w: %w", ledger.ErrOutcomeUnknown, context.DeadlineExceeded)); !errors.Is(err, api.CodeOutcomeUnknown) {
		t.Errorf("an unconfirmed commit that took too long is %v", err)
	}
}

// TestWhatHasACodeKeepsIt, whatever it was because of, and nothing is not an error.
func TestWhatHasACodeKeepsIt(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		nil, authority.ErrUnchanged,
		api.Errorf(api.CodeForbidden, "no").Wrap(ledger.ErrNoRow),
		authority.NotFound().Wrap(ledger.ErrStoreUnavailable),
	} {
		if got := authority.Public(err); got != err { //nolint:errorlint // the very same
			t.Errorf("%v became %v", err, got)
		}
	}
}

func TestADryRunUndoesWhatWentWell(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, c := range []struct {
		err, want error
		dry       bool
	}{{nil, nil, false}, {nil, authority.ErrUnchanged, true}, {broken, broken, false}, {broken, broken, true}} {
		if got := authority.OrDryRun(c.err, c.dry); !errors.Is(got, c.want) || (got == nil) != (c.want == nil) {
			t.Errorf("%v, dry %v: %v", c.err, c.dry, got)
		}
	}
}

package verify_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// lease is one that a test renews and ends: a stamp holds while it is the newest and
// nobody let it run out.
type lease struct {
	stamp atomic.Int64
	over  atomic.Int64 // stamps up to this one
}

func (l *lease) Stamp() int64           { return l.stamp.Load() }
func (l *lease) Holds(stamp int64) bool { return stamp > l.over.Load() }

// TestWithoutALeaseNothingIsDecided: neither yes nor no, of a token that memory knows
// and of one that it does not.
func TestWithoutALeaseNothingIsDecided(t *testing.T) {
	t.Parallel()
	l := &lease{}
	o := open(t, verify.Config{Lease: l})
	_, secret := o.issue(nil)
	_, gone := o.issue(func(t *verify.Token) { t.Revoked = true })
	l.stamp.Store(1)
	o.expect(api.CodeOK, bearer(secret))
	o.expect(api.CodeRevoked, bearer(gone))
	_, unknown := o.mint()
	l.over.Store(1)
	for _, secret := range []string{secret, gone, unknown} {
		var d verify.Decision
		req := bearer(secret)
		err := o.Verify(context.Background(), &req, &d)
		if !errors.Is(err, api.CodeUnavailable) || d.Code != api.CodeUnavailable || d.Matched || d.Owner != nil {
			t.Errorf("without a lease: %s, %v, %+v", d.Code, err, d.Owner)
		}
	}
	l.stamp.Store(2)
	o.expect(api.CodeOK, bearer(secret))
}

// TestALeaseThatWasRenewedMeanwhileDoesNotStandForWhatWasReadBefore: the reading is
// older than what the renewal brought.
func TestALeaseThatWasRenewedMeanwhileDoesNotStandForWhatWasReadBefore(t *testing.T) {
	t.Parallel()
	l := &lease{}
	l.stamp.Store(1)
	o := open(t, verify.Config{Lease: l})
	at, secret := o.issue(nil)
	g := o.holdReads(at)
	answered := make(chan error, 1)
	go func() {
		var d verify.Decision
		req := bearer(secret)
		answered <- o.Verify(context.Background(), &req, &d)
	}()
	<-g.arrived
	l.over.Store(1) // the lease under which it was asked runs out, and another begins
	l.stamp.Store(2)
	close(g.opened)
	if err := <-answered; !errors.Is(err, api.CodeUnavailable) {
		t.Errorf("decided under a lease that was over: %v", err)
	}
}

// TestAWholeWorkspaceIsReadAnew: so many of its tokens changed that they are not named.
// Others stay in memory, and so does it once it was read.
func TestAWholeWorkspaceIsReadAnew(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	const other = int64(2)
	o.set(func() { o.spaces[other] = verify.Workspace{ID: other, Slug: "other", Book: builtInBook()} })
	here, secret := o.issue(nil)
	there, elsewhere := o.issue(func(t *verify.Token) { t.Workspace = other })
	late, unseen := o.mint()
	for _, s := range []string{secret, elsewhere} {
		o.expect(api.CodeOK, bearer(s))
	}
	o.expect(api.CodeUnknown, bearer(unseen))
	o.Apply(o.commit(func() verify.Changes {
		revoked := o.tokens[here]
		revoked.Revoked = true
		o.tokens[here], o.tokens[late.Locator] = revoked, late
		return verify.Changes{Whole: []int64{home}}
	}))
	o.expect(api.CodeRevoked, bearer(secret))
	o.expect(api.CodeOK, bearer(unseen))
	o.expect(api.CodeOK, bearer(elsewhere))
	read := map[token.Locator]int{here: o.readsOf(here), there: o.readsOf(there)}
	for range 3 {
		o.expect(api.CodeRevoked, bearer(secret))
		o.expect(api.CodeOK, bearer(elsewhere))
	}
	if o.readsOf(here) != read[here] || read[here] != 2 || o.readsOf(there) != 1 {
		t.Errorf("read %d and %d times", o.readsOf(here), o.readsOf(there))
	}
	for range 100 { // again and again, nothing is left behind
		o.Apply(o.commit(func() verify.Changes { return verify.Changes{Whole: []int64{home, other}} }))
		o.expect(api.CodeRevoked, bearer(secret))
		o.expect(api.CodeOK, bearer(elsewhere))
	}
	if s := o.Stats(); s.Tokens > 3 || s.Workspaces > 2 {
		t.Errorf("in memory: %+v", s)
	}
}

// TestADecisionNamesNoRevisionOfWhichSomethingIsMissing: a batch of this node may be
// applied before one of another node that was committed first.
func TestADecisionNamesNoRevisionOfWhichSomethingIsMissing(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{})
	o.Apply(verify.Changes{Revision: 10})
	for _, step := range []struct {
		changes verify.Changes
		want    int64
	}{
		{verify.Changes{Base: 12, Revision: 13}, 10}, // its own; 11 and 12 are another's
		{verify.Changes{Base: 10, Revision: 12}, 12},
		{verify.Changes{Base: 12, Revision: 13}, 13},
		{verify.Changes{All: true, Revision: 5}, 5}, // another history
	} {
		o.Apply(step.changes)
		if got := o.Revision(); got != step.want {
			t.Errorf("after %+v decisions name %d, want %d", step.changes, got, step.want)
		}
	}
}

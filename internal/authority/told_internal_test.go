package authority

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
)

// scripted is a store in which each batch ends as it was told, and an observer of what
// is said of it.
type scripted struct {
	ledger.Store
	// ends are how the next batches end; lost says that there is no lock, so that no
	// mutation runs.
	ends []error
	lost bool
	told []verify.Changes
}

func (s *scripted) Apply(c verify.Changes) { s.told = append(s.told, c) }

func (s *scripted) Batch(_ context.Context, mutations []func(ledger.Tx) error) (errs []error, err error) {
	if len(s.ends) > 0 {
		err, s.ends = s.ends[0], s.ends[1:]
	}
	if s.lost {
		return nil, err
	}
	head := &lockOnlyHead{}
	for _, m := range mutations {
		errs = append(errs, m(ledger.Tx{Writer: ledger.Writer{HeadWriter: head}}))
		if head.last {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	return errs, nil
}

func (s *scripted) BatchNext(ctx context.Context, ms []func(ledger.Tx) error) ([]error, error) {
	return s.Batch(ctx, ms)
}

// changed is a mutation that touches a workspace at a revision and ends in err.
func changed(revision int64, workspace ledger.ID, err error) *mutation {
	m := &mutation{ctx: context.Background(), turn: turn{workspace: workspace}}
	m.run = func(ledger.Tx) error {
		m.revision, m.touched = revision, ledger.Touched{Workspaces: []ledger.ID{workspace}}
		return err
	}
	return m
}

// batched commits mutations together, and answers what is told of it.
func (s *scripted) batched(t *testing.T, c *committer, ms ...*mutation) verify.Changes {
	t.Helper()
	for _, m := range ms {
		c.queue.add(m)
	}
	if taken := c.commit(); !slices.Equal(taken, ms) {
		t.Fatalf("%d of %d were taken into the batch", len(taken), len(ms))
	}
	return s.told[len(s.told)-1]
}

func newScripted() (*scripted, *committer) {
	s := &scripted{}
	return s, &committer{store: s, now: time.Now, waited: func(string, time.Duration) {}, observers: []Observer{s}, fence: alone{}}
}

// TestABatchIsToldAsOneStepOfHistory: from before its first change to its last, with
// what every change touched; what failed touched nothing, and takes no place.
func TestABatchIsToldAsOneStepOfHistory(t *testing.T) {
	t.Parallel()
	refused := api.Errorf(api.CodeForbidden, "no")
	for name, c := range map[string]struct {
		ms   []*mutation
		want verify.Changes
	}{
		"two changes":                {[]*mutation{changed(8, 1, nil), changed(9, 2, nil)}, verify.Changes{Base: 7, Revision: 9, Workspaces: []int64{1, 2}}},
		"one was refused":            {[]*mutation{changed(8, 1, refused), changed(8, 2, nil)}, verify.Changes{Base: 7, Revision: 8, Workspaces: []int64{2}}},
		"the last was refused":       {[]*mutation{changed(8, 1, nil), changed(9, 2, refused)}, verify.Changes{Base: 7, Revision: 8, Workspaces: []int64{1}}},
		"one found nothing to do":    {[]*mutation{changed(8, 1, ErrUnchanged), changed(8, 2, nil)}, verify.Changes{Base: 7, Revision: 8, Workspaces: []int64{1, 2}}},
		"nobody found anything":      {[]*mutation{changed(8, 1, ErrUnchanged)}, verify.Changes{Workspaces: []int64{1}}},
		"all were refused":           {[]*mutation{changed(8, 1, refused)}, verify.Changes{}},
		"the same is touched twice":  {[]*mutation{changed(8, 5, nil), changed(9, 5, nil)}, verify.Changes{Base: 7, Revision: 9, Workspaces: []int64{5}}},
		"one waits to be worked out": {[]*mutation{changed(8, 1, errMissing), changed(8, 2, nil)}, verify.Changes{Base: 7, Revision: 8, Workspaces: []int64{2}}},
	} {
		s, committer := newScripted()
		told := s.batched(t, committer, c.ms...)
		told.Touched = ledger.Touched{} // the same, by workspace
		if diff := cmp.Diff(c.want, told); diff != "" {
			t.Errorf("%s, want - told +:\n%s", name, diff)
		}
	}
}

// TestWhatMayHaveBeenCommittedIsForgottenWhole: nobody knows whether it was, so memory
// holds nothing; and it may land later, so the next batch that commits, which waited
// for the same lock, says so once more.
func TestWhatMayHaveBeenCommittedIsForgottenWhole(t *testing.T) {
	t.Parallel()
	s, c := newScripted()
	s.ends = []error{ledger.ErrOutcomeUnknown, ledger.ErrStoreUnavailable, nil, nil}
	for i, want := range []bool{true, true, true, false} {
		m := changed(8, 1, nil)
		if told := s.batched(t, c, m); told.All != want {
			t.Errorf("of batch %d: everything is forgotten: %v", i+1, told.All)
		}
		if wrong := i < 2; wrong != (m.err != nil) {
			t.Errorf("batch %d is answered with %v", i+1, m.err)
		}
	}
}

// TestABatchThatFailedIsEverybodysError: and whoever waited while there was no lock is
// told too, rather than trying one after the other.
func TestABatchThatFailedIsEverybodysError(t *testing.T) {
	t.Parallel()
	for _, lost := range []bool{false, true} {
		s, c := newScripted()
		s.lost, s.ends = lost, []error{ledger.ErrStoreUnavailable}
		ms := []*mutation{changed(8, 1, nil), changed(9, 2, errors.New("its own")), changed(10, 3, nil)}
		if told := s.batched(t, c, ms...); told.Revision != 0 || told.Base != 0 || told.All || len(told.Workspaces) != 0 {
			t.Errorf("lock %v: what failed is told as %+v", !lost, told)
		}
		for i, m := range ms {
			if !errors.Is(m.err, ledger.ErrStoreUnavailable) {
				t.Errorf("lock %v: %d is answered with %v", !lost, i, m.err)
			}
		}
	}
}

// TestNoBatchIsLargerThanItMayBe: what is more goes into the next.
func TestNoBatchIsLargerThanItMayBe(t *testing.T) {
	t.Parallel()
	s, c := newScripted()
	c.now = func() time.Time { return time.Time{} } // so that time ends no batch
	for i := range maxBatch + 2 {
		c.queue.add(changed(int64(i)+1, ledger.ID(i)+1, nil))
	}
	if first, second := len(c.commit()), len(c.commit()); first != maxBatch || second != 2 {
		t.Errorf("%d and %d were taken", first, second)
	}
	if a, b := s.told[0], s.told[1]; a.Revision != maxBatch || b.Base != a.Revision || b.Revision != maxBatch+2 {
		t.Errorf("told %d to %d, then %d to %d", a.Base, a.Revision, b.Base, b.Revision)
	}
}

// TestWhenABatchTakesNoMore: its time is over, nothing waits, or it takes power away
// already, so that its commit is not kept back by what only gives.
func TestWhenABatchTakesNoMore(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)
	for name, c := range map[string]struct {
		waits     []Effect
		withdraws bool
		after     time.Duration
		want      bool
	}{
		"nothing waits":                           {nil, false, 0, false},
		"something waits":                         {[]Effect{Gives}, false, holdFor - 1, true},
		"its time is over":                        {[]Effect{Gives, Takes}, false, holdFor, false},
		"it takes, and what gives waits":          {[]Effect{Gives}, true, 0, false},
		"it takes, and what is in no hurry waits": {[]Effect{whenIdle}, true, 0, false},
		"it takes, and what takes waits too":      {[]Effect{Gives, Takes}, true, 0, true},
		"it takes, what takes waits, time over":   {[]Effect{Takes}, true, holdFor, false},
	} {
		_, committer := newScripted()
		committer.now = func() time.Time { return began.Add(c.after) }
		for i, e := range c.waits {
			committer.queue.add(&mutation{effect: e, turn: turn{user: ledger.ID(i)}})
		}
		b := &batch{c: committer, began: began, withdraws: c.withdraws}
		if got := b.goesOn(); got != c.want {
			t.Errorf("%s: it goes on %v", name, got)
		}
	}
}

// TestWhatAChangeAnswers: the revision it took, that of before where nothing changed,
// and none with an error.
func TestWhatAChangeAnswers(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, c := range []struct {
		err, wantErr error
		want         int64
	}{{nil, nil, 8}, {ErrUnchanged, nil, 7}, {fmt.Errorf("so: %w", ErrUnchanged), nil, 7}, {broken, broken, 0}} {
		m := mutation{revision: 8}
		if n, err := m.revisionOr(c.err); n != c.want || !errors.Is(err, c.wantErr) {
			t.Errorf("%v: %d, %v", c.err, n, err)
		}
	}
}

// TestWhoLeftChangesNothing, also when the lock comes in the same moment.
func TestWhoLeftChangesNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	m := changed(8, 1, nil)
	m.ctx = ctx
	err := m.apply(ledger.Tx{})
	if !errors.Is(err, api.CodeBusy) || !errors.Is(err, context.Canceled) || api.AsError(err).RetryAfter != time.Second || m.revision != 0 {
		t.Errorf("answered %v at revision %d", err, m.revision)
	}
}

// TestAChangeWaitsForItsTurnAndNoLonger: whoever sets no end of their own is told after
// TurnTime, when the lock is held by somebody who is stuck.
func TestAChangeWaitsForItsTurnAndNoLonger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newDesk(t)
		o.send(Gives, 1, "stuck", time.Hour)
		began, took := time.Now(), time.Duration(0)
		o.sendWith(context.Background(), Takes, 2, "revoke", 0, func(err error) {
			if took = time.Since(began); !errors.Is(err, api.CodeBusy) {
				t.Errorf("answered %v", err)
			}
		})
		pass(2 * time.Hour)
		if took != TurnTime {
			t.Errorf("answered after %s", took)
		}
	})
}

// TestHowLongEachWaitedIsMeasuredByItsEffect, until it is taken and not until it is done.
func TestHowLongEachWaitedIsMeasuredByItsEffect(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newDesk(t)
		var got []string
		o.waited = func(effect string, d time.Duration) { got = append(got, fmt.Sprint(effect, " ", d)) }
		o.send(Gives, 1, "holds the lock", 30*time.Millisecond)
		o.send(Takes, 2, "revoke", 5*time.Millisecond)
		pass(time.Minute)
		// The first batch was at its end of time when it was done; its commit takes a millisecond.
		if want := []string{"gives 0s", "takes 31ms"}; !slices.Equal(got, want) {
			t.Errorf("waited %q, want %q", got, want)
		}
	})
}

package verify_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/verify"
)

// broken is a counter that fails while it is told to, and says how often it was asked.
type broken struct {
	mu    sync.Mutex
	fail  error
	asked int
	told  []bool
}

func (b *broken) Count(_ context.Context, batch []*verify.Charge) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	for _, c := range batch {
		c.Room(0, 0)
	}
	return b.fail
}

func (b *broken) set(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail = err
}

func (b *broken) tell(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.told = append(b.told, err == nil)
}

// outage is an engine whose limit of two requests is counted by somebody who is away.
func outage(t *testing.T, atHand bool) (o *office, b *broken, ask func() api.Code) {
	t.Helper()
	b = &broken{fail: errors.New("nobody is there")}
	o = open(t, verify.Config{Together: verify.Together{Counter: b, All: true, Open: atHand, Tell: b.tell}})
	_, secret := o.issue(limit(2, time.Hour))
	return o, b, func() api.Code {
		var d verify.Decision
		err := o.Verify(t.Context(), &verify.Request{Token: secret, Cost: 1}, &d)
		if (err != nil) != (d.Code == api.CodeUnavailable) {
			t.Errorf("%s with the error %v", d.Code, err)
		}
		return d.Code
	}
}

// TestALimitThatNobodyCanCountIsNotAnswered: closed by default, it consumes nothing either.
func TestALimitThatNobodyCanCountIsNotAnswered(t *testing.T) {
	t.Parallel()
	o, b, ask := outage(t, false)
	for range 5 {
		if got := ask(); got != api.CodeUnavailable {
			t.Errorf("answered %s", got)
		}
	}
	b.set(nil)
	o.clock.Pass(time.Second)
	for _, want := range []api.Code{api.CodeOK, api.CodeOK, api.CodeRateLimited} {
		if got := ask(); got != want {
			t.Errorf("once somebody counts: %s, want %s", got, want)
		}
	}
}

// TestALimitThatNobodyCanCountMayBeLeftToThisNode, which lets through what fits its own count.
func TestALimitThatNobodyCanCountMayBeLeftToThisNode(t *testing.T) {
	t.Parallel()
	_, _, ask := outage(t, true)
	for _, want := range []api.Code{api.CodeOK, api.CodeOK, api.CodeRateLimited} {
		if got := ask(); got != want {
			t.Errorf("answered %s, want %s", got, want)
		}
	}
}

// TestAnOutageIsToldOnceAndTriedNowAndThen: the others do not wait for who is away.
func TestAnOutageIsToldOnceAndTriedNowAndThen(t *testing.T) {
	t.Parallel()
	o, b, ask := outage(t, false)
	refused := func(n int) {
		for range n {
			if got := ask(); got != api.CodeUnavailable {
				t.Errorf("answered %s while nobody counts", got)
			}
		}
	}
	refused(20)
	if b.asked != 3 || len(b.told) != 1 || b.told[0] || !o.Tally().Away || o.Tally().Failed != 20 {
		t.Errorf("asked %d times, told %v, %+v", b.asked, b.told, o.Tally())
	}
	o.clock.Pass(100 * time.Millisecond)
	refused(2)
	if b.asked != 4 {
		t.Errorf("asked %d times, want one more in a tenth of a second", b.asked)
	}
	b.set(nil)
	o.clock.Pass(100 * time.Millisecond)
	if got := ask(); got != api.CodeOK || len(b.told) != 2 || !b.told[1] || o.Tally().Away || o.Tally().Counted != 1 {
		t.Errorf("once it is back: %s, told %v, %+v", got, b.told, o.Tally())
	}
}

// TestWhoGaveUpIsNoOutage: a client that goes away says nothing of who counts.
func TestWhoGaveUpIsNoOutage(t *testing.T) {
	t.Parallel()
	o, b, _ := outage(t, true)
	_, secret := o.issue(limit(2, time.Hour))
	b.set(context.Canceled)
	for range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		var d verify.Decision
		if err := o.Verify(ctx, &verify.Request{Token: secret, Cost: 1}, &d); err == nil && d.Code == api.CodeOK {
			t.Error("who is not there any more was let through unasked")
		}
	}
	if o.Tally().Away || len(b.told) != 0 {
		t.Errorf("told %v, %+v", b.told, o.Tally())
	}
}

// TestALimitForAllWithNobodyWhoCountsIsNotAnswered.
func TestALimitForAllWithNobodyWhoCountsIsNotAnswered(t *testing.T) {
	t.Parallel()
	o := open(t, verify.Config{Together: verify.Together{All: true}})
	_, secret := o.issue(limit(2, time.Hour))
	var d verify.Decision
	if err := o.Verify(t.Context(), &verify.Request{Token: secret, Cost: 1}, &d); !errors.Is(err, api.CodeUnavailable) || d.Allowed() {
		t.Errorf("%s, %v", d.Code, err)
	}
	_, free := o.issue(nil)
	o.expect(api.CodeOK, bearer(free))
}

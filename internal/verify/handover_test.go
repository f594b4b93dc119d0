package verify_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// oneMeter is a database that counts one token's limit; what is counted may be on its way
// back for as long as told is not closed.
type oneMeter struct {
	row   token.Locator
	until time.Time // of the bucket's draining
	now   func() time.Time
	told  chan struct{}
}

// Count is [verify.Counter].
func (m *oneMeter) Count(ctx context.Context, batch []*verify.Charge) error {
	for _, c := range batch {
		if c.Room(max(m.until.Sub(m.now()), 0), 0) && !c.Look {
			m.until = m.now().Add(c.Own.Used)
		}
	}
	select {
	case <-m.told:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// counted is an engine that counts a limit of four requests together with others.
func counted(t *testing.T) (o *office, m *oneMeter, ask func() api.Code) {
	t.Helper()
	m = &oneMeter{told: make(chan struct{})}
	o = open(t, verify.Config{Together: verify.Together{Counter: m}})
	m.now = o.clock.Now
	var secret string
	m.row, secret = o.issue(limit(4, 24*time.Hour))
	o.Divide()
	return o, m, func() api.Code {
		var d verify.Decision
		if err := o.Verify(t.Context(), &verify.Request{Token: secret, Cost: 1}, &d); err != nil && d.Code != api.CodeUnavailable {
			t.Error(err)
		}
		return d.Code
	}
}

// until asks until it is refused, and answers how often it was not.
func until(ask func() api.Code) (passed int) {
	for ask() == api.CodeOK {
		passed++
	}
	return passed
}

var (
	leftAlone = ledger.Crowd{Nodes: 1, Mine: 1, Newest: 2, Room: 1 << 62}
	inCompany = ledger.Crowd{Nodes: 2, Mine: 1, Newest: 2, Room: 2}
)

// TestOneThatIsLeftAloneCountsWhatOthersLetThrough, those too that were counted together
// while memory was given what there was.
func TestOneThatIsLeftAloneCountsWhatOthersLetThrough(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, m, ask := counted(t)
		o.Share(inCompany)
		step := 6 * time.Hour
		m.until = m.now().Add(step) // another node let one through, and left
		o.Share(leftAlone)
		as, is := o.Lonely()
		if !is {
			t.Fatal("it is not lonely")
		}
		answers := make(chan api.Code, 2)
		spend := func() { answers <- ask() }
		kept := m.until
		go spend()
		synctest.Wait() // it is counted, and not told of
		o.Restore(ledger.Meter{Token: m.row, Drained: kept, Requests: 4, Step: step})
		go o.Gathered(as)
		synctest.Wait()
		go spend()
		synctest.Wait()
		close(m.told)
		passed := 0
		for range 2 {
			if code := <-answers; code == api.CodeOK {
				passed++
			}
		}
		if passed += until(ask); passed != 3 {
			t.Errorf("one that another let through and %d here, want 3 of 4", passed)
		}
	})
}

// TestWhatWaitsForOthersIsCountedOnce: a request that comes while a node that was alone
// writes what it counted is not written with it.
func TestWhatWaitsForOthersIsCountedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, m, ask := counted(t)
		close(m.told)
		o.Share(leftAlone)
		as, _ := o.Lonely()
		o.Gathered(as)
		if code := ask(); code != api.CodeOK {
			t.Fatal(code)
		}
		o.Share(inCompany)
		if !o.Crowded() {
			t.Fatal("nobody came")
		}
		o.Part()
		answer := make(chan api.Code)
		go func() { answer <- ask() }()
		synctest.Wait()
		written, _ := o.TakeDrawn(10)
		if len(written) != 1 || written[0].Drained.Sub(m.now()) != 6*time.Hour {
			t.Fatalf("one request was counted, written is %+v", written)
		}
		m.until = written[0].Drained
		o.Parted()
		if code := <-answer; code != api.CodeOK {
			t.Fatal(code)
		}
		if passed := 1 + until(ask); passed != 3 {
			t.Errorf("one alone and %d with others, want 3 of 4", passed)
		}
	})
}

// TestAHandoverThatTakesTooLongIsNoAnswer, and consumes nothing.
func TestAHandoverThatTakesTooLongIsNoAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, m, ask := counted(t)
		close(m.told)
		o.Share(inCompany)
		o.Part()
		if code := ask(); code != api.CodeUnavailable {
			t.Errorf("nobody knows who counts: %s", code)
		}
		o.Parted()
		if passed := until(ask); passed != 4 {
			t.Errorf("%d passed, want all 4", passed)
		}
	})
}

package verify_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// version counts the changes of one row: how many were begun, and how many were
// applied. A verification has to see one between those that were applied before
// it started and those that were begun before it ended.
type version struct{ begun, applied atomic.Int64 }

func (v *version) change(f func(text string, n int64)) {
	n := v.begun.Add(1)
	f(strconv.FormatInt(n, 10), n)
	v.applied.Store(n)
}

// crowded is an office where readers verify while writers revoke and restore
// tokens and change what they share. Each row says its version.
type crowded struct {
	*office
	locators     []token.Locator
	secrets      []string
	rows         []version
	owner, space version
	seen         atomic.Int64
	left         atomic.Int64 // readers at work
}

func newCrowded(t *testing.T, capacity, tokens int) *crowded {
	t.Helper()
	c := &crowded{office: open(t, verify.Config{Capacity: capacity, CacheSize: 140_000 + 2_000*int64(capacity)}), rows: make([]version, tokens)}
	for i := range tokens {
		l, secret := c.issue(func(t *verify.Token) { // each with shared records of its own
			t.Label, t.Metadata = "0", []byte(strconv.Itoa(i))
			t.Statements = on([]string{"system-" + strconv.Itoa(i)}, "tickets:read")
		})
		c.locators, c.secrets = append(c.locators, l), append(c.secrets, secret)
	}
	c.editOwner(ada, func(v *verify.Owner) { v.Name = "0" })
	c.editSpace(home, func(w *verify.Workspace) { w.ExternalID = "0" })
	c.set(func() { c.hold = func(context.Context, any) { runtime.Gosched() } })
	return c
}

// look verifies token n and compares what it saw.
func (c *crowded) look(n int) {
	counters := []*version{&c.rows[n], &c.owner, &c.space}
	var before [3]int64
	for i, v := range counters {
		before[i] = v.applied.Load()
	}
	d := c.ask(bearer(c.secrets[n]))
	for i, text := range []string{d.Label(), d.Owner.Name, d.Workspace.ExternalID} {
		v, err := strconv.ParseInt(text, 10, 64)
		if after := counters[i].begun.Load(); err != nil || v < before[i] || v > after {
			c.t.Errorf("saw version %q of row %d, want %d to %d", text, i, before[i], after)
		}
		if i == 0 && (d.Code == api.CodeRevoked) != (v%2 == 1) {
			c.t.Errorf("version %d of a token is answered %s", v, d.Code)
		}
	}
	if own := strconv.Itoa(n); string(d.Metadata) != own || d.Rights.Resources[0] != "system-"+own {
		c.t.Errorf("token %d was told metadata %s and resources %s", n, d.Metadata, d.Rights.Resources)
	}
	c.seen.Add(1)
}

// write changes what belongs to writer w until the readers are done, and lets
// some verifications pass between changes, so that memory is used too.
func (c *crowded) write(w int) {
	random := rand.New(rand.NewPCG(1, uint64(w)))
	for i := 0; c.left.Load() > 0; i++ {
		n := random.IntN(len(c.rows)/2)*2 + w
		c.rows[n].change(func(text string, v int64) {
			c.edit(c.locators[n], func(t *verify.Token) { t.Label, t.Revoked = text, v%2 == 1 })
		})
		switch {
		case i%100 == 99:
			c.Apply(verify.Changes{All: true})
		case i%5 == 4 && w == 0:
			c.owner.change(func(text string, _ int64) { c.editOwner(ada, func(v *verify.Owner) { v.Name = text }) })
		case i%5 == 4:
			c.space.change(func(text string, _ int64) { c.editSpace(home, func(v *verify.Workspace) { v.ExternalID = text }) })
		}
		pause := c.seen.Load() + int64(random.IntN(16))
		for c.seen.Load() < pause && c.left.Load() > 0 {
			runtime.Gosched()
		}
	}
}

func TestNoVerificationSeesWhatWasOverBeforeItStarted(t *testing.T) {
	t.Parallel()
	const tokens, readers, rounds = 12, 4, 4_000
	for what, capacity := range map[string]int{"room for all": 100, "evictions all the time": 8} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			c := newCrowded(t, capacity, tokens)
			c.left.Store(readers)
			var all sync.WaitGroup
			for r := range readers {
				all.Go(func() {
					defer c.left.Add(-1)
					for i := range rounds {
						c.look((i + r) % tokens)
					}
				})
			}
			for w := range 2 {
				all.Go(func() { c.write(w) })
			}
			all.Wait()
			if s := c.Stats(); s.Fills == 0 || int(s.Fills) > 2*readers*rounds {
				t.Errorf("%+v: the test proves nothing", s)
			}
			t.Logf("%d changes, %+v", c.revision, c.Stats())
		})
	}
}

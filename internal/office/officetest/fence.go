package officetest

import (
	"context"
	"crypto/rand"
	"sync"
	"testing"

	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// Watchman is the fence of a node among others: he notes what is awaited, and what
// his own memory had been told of by then.
type Watchman struct {
	// Hold is called with what is awaited; nil holds nobody up. Unsure is what Sure answers.
	Hold   func(revision int64)
	Unsure error

	mu      sync.Mutex // guards what follows
	awaited []int64
	told    int64
	// Of is what the last one concerns.
	Of ledger.Spaces
	// Late says that a revision was awaited that memory had not been told of.
	Late bool
}

// Await notes it.
func (f *Watchman) Await(revision int64, of ledger.Spaces) {
	f.mu.Lock()
	f.Of = of
	f.awaited, f.Late = append(f.awaited, revision), f.Late || revision > f.told
	f.mu.Unlock()
	if f.Hold != nil {
		f.Hold(revision)
	}
}

// Sure answers what it is told to.
func (f *Watchman) Sure(context.Context, ledger.Point) error { return f.Unsure }

// Apply is told of commits.
func (f *Watchman) Apply(c verify.Changes) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.told = max(f.told, c.Revision)
}

// Since answers what was awaited since the last time it was asked.
func (f *Watchman) Since() []int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := f.awaited
	f.awaited = nil
	return out
}

// AmongNodes is a world whose process is one of several.
func AmongNodes(t *testing.T) (*World, *Watchman) {
	t.Helper()
	w := NewWorld(t, storetest.SQLite(t))
	f := &Watchman{}
	w.Office = office.New(authority.Options{Store: w.Store, Keys: w.Keys, Now: w.Clock.Now, Rand: rand.Reader, Fence: f, Issuers: AllSigned{}})
	w.Engine = verify.New(w.Office, w.Keys, verify.Config{Now: w.Clock.Now, FirstUse: w.FirstUse, Prefixes: []token.Prefix{token.DefaultPrefix}})
	w.Observe(w.Engine)
	w.Observe(f)
	return w, f
}

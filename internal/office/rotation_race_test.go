package office_test

import (
	"context"
	"crypto/rand"
	"io"
	"sync"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
)

// gate is randomness that, once it is shut, lets nobody draw until it is opened.
type gate struct {
	io.Reader
	mu      sync.Mutex
	reached chan struct{} // closed by the first who waits; nil while the gate is open
	open    chan struct{}
}

func (g *gate) shut() (reached, open chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.reached, g.open = make(chan struct{}), make(chan struct{})
	return g.reached, g.open
}

func (g *gate) Read(p []byte) (int, error) {
	g.mu.Lock()
	reached, open := g.reached, g.open
	g.reached = nil
	g.mu.Unlock()
	if reached != nil {
		close(reached)
	}
	if open != nil {
		<-open
	}
	return g.Reader.Read(p)
}

// lookout tells when somebody has read: the verbs look at the current secret
// before they wait for the lock.
type lookout struct {
	ledger.Store
	asked chan struct{}
}

func (l lookout) Read(ctx context.Context, f func(ledger.Reader) error) error {
	defer func() { l.asked <- struct{}{} }()
	return l.Store.Read(ctx, f)
}

func TestOfTwoRotationsAtOnceOneWins(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		i := w.create(w.root, ask("personal", ""))
		g := &gate{Reader: rand.Reader}
		out := lookout{Store: w.store, asked: make(chan struct{}, 2)}
		a := office.New(authority.Options{Store: out, Keys: w.keys, Now: w.clock.Now, Rand: g})
		a.Observe(w.engine)
		type answer struct {
			authority.Issued
			err error
		}
		rotate := func(to chan<- answer) {
			got, err := a.RotateToken(w.ctx, w.root, "acme", i.Token.ID, api.RotateToken{})
			to <- answer{got, err}
		}
		first, second := make(chan answer, 1), make(chan answer, 1)
		reached, open := g.shut()
		go rotate(first)
		<-out.asked
		<-reached // the first holds the lock and is about to mint
		go rotate(second)
		<-out.asked // the second has seen the secret that the first replaces
		close(open)
		won, lost := <-first, <-second
		must(w.T, won.err)
		w.refused(lost.err, api.CodeRotationConflict)
		w.allow(won.Secret)
		w.allow(i.Secret) // in its overlap, as the winner was told
	})
}

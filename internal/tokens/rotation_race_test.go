package tokens_test

import (
	"context"
	"crypto/rand"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

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
	officetest.Each(t, func(w *officetest.World) {
		i := w.Create(w.Root, officetest.Ask("personal", ""))
		g := &officetest.Gate{Reader: rand.Reader}
		out := lookout{Store: w.Store, asked: make(chan struct{}, 2)}
		a := office.New(authority.Options{Store: out, Keys: w.Keys, Now: w.Clock.Now, Rand: g})
		a.Observe(w.Engine)
		type answer struct {
			authority.Issued
			err error
		}
		rotate := func(to chan<- answer) {
			got, err := a.RotateToken(w.Ctx, w.Root, "acme", i.Token.ID, api.RotateToken{})
			to <- answer{got, err}
		}
		first, second := make(chan answer, 1), make(chan answer, 1)
		reached, open := g.Shut()
		go rotate(first)
		<-out.asked
		<-reached // the first holds the lock and is about to mint
		go rotate(second)
		<-out.asked // the second has seen the secret that the first replaces
		close(open)
		won, lost := <-first, <-second
		officetest.Must(w.T, won.err)
		w.Refused(lost.err, api.CodeRotationConflict)
		w.Allow(won.Secret)
		w.Allow(i.Secret) // in its overlap, as the winner was told
	})
}

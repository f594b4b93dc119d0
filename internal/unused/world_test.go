package unused_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/outbox"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/internal/unused"
	"github.com/tokenry/tokenry/token"
)

// book is a store of usage that knows when tokens were last used.
type book struct {
	ledger.UsageReader
	used map[token.Locator]time.Time
	// busy is used all the time: the token that the tests ask with.
	busy token.Locator
	now  func() time.Time
}

func (b *book) LastUses(_ context.Context, ts []token.Locator) (out []ledger.LastUse, err error) {
	for _, l := range ts {
		at, ok := b.used[l]
		if l == b.busy {
			at, ok = b.now(), true
		}
		if ok {
			out = append(out, ledger.LastUse{Token: l, At: at})
		}
	}
	return out, nil
}

// world is acme, a store of usage, and a mail server that takes everything.
type world struct {
	*officetest.World
	book  *book
	since time.Time
}

func each(t *testing.T, f func(w *world)) {
	t.Helper()
	officetest.Each(t, func(w *officetest.World) { f(quiet(w)) })
}

// alone is a world over SQLite, where no store matters.
func alone(t *testing.T) *world {
	t.Helper()
	return quiet(officetest.NewWorld(t, storetest.SQLite(t)))
}

func quiet(w *officetest.World) *world {
	w.Helper()
	out := &world{World: w, since: w.Clock.Now(), book: &book{used: map[token.Locator]time.Time{}, busy: w.Root.Token, now: w.Clock.Now}}
	w.Office = out.node()
	w.Observe(w.Engine)
	w.Policy(func(p *api.PatchPolicy) { p.AllowNever, p.MaxLifetime = api.Some(true), api.Some(api.Duration(0)) })
	return out
}

// node is another office over the same store.
func (w *world) node() *office.Office {
	return office.New(authority.Options{Store: w.Store, Keys: w.Keys, Now: w.Clock.Now, Rand: rand.Reader, Mail: true, Usage: w.book,
		UsageSince: func() time.Time { return w.since }})
}

// after sets the policy.
func (w *world) after(d api.Duration) {
	w.Helper()
	w.Policy(func(p *api.PatchPolicy) { p.DisableUnusedAfter = api.Some(d) })
}

// token makes one that never expires.
func (w *world) token(label string) authority.Issued {
	w.Helper()
	in := officetest.Scoped("workspace", "", "tickets:read")
	in.Label, in.Never = api.Some(label), api.Some(true)
	return w.Create(w.ada(), in)
}

func (w *world) tokens(n int) (out []authority.Issued) {
	w.Helper()
	for i := range n {
		out = append(out, w.token(fmt.Sprint("number ", i)))
	}
	return out
}

func goOn(context.Context) error { return nil }

// look lets the job run once.
func (w *world) look() unused.Did {
	w.Helper()
	did, err := w.DisableUnused(w.Ctx, goOn)
	officetest.Must(w.T, err)
	return did
}

// did is what a look should have done.
func (w *world) did(want unused.Did) {
	w.Helper()
	if got := w.look(); got != want {
		w.Errorf("%s: it did %+v, want %+v", w.Clock.Now().Format(time.DateOnly), got, want)
	}
}

func (w *world) use(i authority.Issued) {
	w.Helper()
	w.book.used[officetest.Locator(w.World, i)] = w.Clock.Now()
}

func (w *world) show(i authority.Issued) api.Token {
	w.Helper()
	v, err := w.GetToken(w.Ctx, w.Root, "acme", i.Token.Locator)
	officetest.Must(w.T, err)
	return v
}

// disabled are those of tokens that are.
func (w *world) disabled(all []authority.Issued) (out []authority.Issued) {
	w.Helper()
	for _, i := range all {
		if w.show(i).Status == api.StatusDisabled {
			out = append(out, i)
		}
	}
	return out
}

func (w *world) stands() api.UnusedTokens {
	w.Helper()
	v, err := w.UnusedTokens(w.Ctx, w.Root, "acme", 0)
	officetest.Must(w.T, err)
	return v
}

func (w *world) confirm(c authority.Caller, in api.ConfirmUnused) error {
	return officetest.Second(w.ConfirmUnused(w.Ctx, c, "acme", in))
}

// shown is a yes to what waits now.
func (w *world) shown() api.ConfirmUnused {
	w.Helper()
	v := w.stands()
	if v.Waiting == nil {
		w.Fatalf("nothing waits: %+v", v)
	}
	return api.ConfirmUnused{Count: v.Waiting.Count, UpTo: v.Waiting.UpTo}
}

// mailed hands on what is due, and answers the mails about what nobody uses.
func (w *world) mailed() (out []outbox.Letter) {
	w.Helper()
	for {
		letters, err := w.ClaimLetters(w.Ctx, outbox.LetterClaim{Limit: 20}, 5*time.Minute)
		officetest.Must(w.T, err)
		if len(letters) == 0 {
			return out
		}
		for _, l := range letters {
			officetest.Must(w.T, w.SettleLetter(w.Ctx, l, outbox.Sent{Accepted: true}))
			if l.Kind == ledger.MailUnused {
				out = append(out, l)
			}
		}
	}
}

// what is told by a letter, in order.
func what(l outbox.Letter) (out []string) {
	for _, n := range l.Facts.Unused {
		out = append(out, n.What+" "+n.Label)
	}
	slices.Sort(out)
	return out
}

var errStopped = errors.New("the node stops")

// ada is the Owner, signed in: what she makes outlives no token.
func (w *world) ada() authority.Caller {
	w.Helper()
	return w.Person("ada@example.com")
}

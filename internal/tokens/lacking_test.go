package tokens_test

import (
	"slices"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store"
	"github.com/tokenry/tokenry/token"
)

// Weakness: a node whose keyring lacks a key finds that no secret matches, and takes a
// good one for wrong: a genuine leak was dropped and answered as taken, whoever gave
// their own token up was told that it was done. Proved: every door that is given a
// secret says that it cannot tell, and what can be told is done.
func TestANodeThatLacksAKeyTakesNoSecretForAWrongOne(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(w *officetest.World) {
		w.Policy(func(p *api.PatchPolicy) { p.Recoverable = api.Some(true) })
		newer, _ := w.Newer()
		in := officetest.Ask("personal", "")
		in.Recoverable = api.Some(true)
		i, err := newer.CreateToken(w.Ctx, w.Person("ada@example.com"), "acme", in)
		officetest.Must(w.T, err)
		s, known := i.Secret.Reveal(), w.Create(w.Root, officetest.Ask("personal", "")).Secret
		leaked := api.ReportLeaks{Tokens: []api.LeakedToken{{Token: s}, {Token: known.Reveal()}}}
		for name, ask := range map[string]func() error{
			"a leak report": func() error { return officetest.Second(w.ReportLeaks(w.Ctx, authority.Caller{}, leaked)) },
			"giving it up":  func() error { return officetest.Second(w.RevokeHeld(w.Ctx, authority.Caller{}, s)) },
			"its first use": func() error { return w.FirstUse(w.Ctx, s) },
			"a look-up": func() error {
				return officetest.Second(w.LookupTokens(w.Ctx, w.Root, "acme", api.LookupTokens{Text: "it is " + s}))
			},
			"an explanation": func() error {
				return officetest.Second(w.Explain(w.Ctx, w.Root, "acme", api.ExplainRequest{Token: s}))
			},
			"showing it again": func() error {
				return officetest.Second(w.RevealToken(w.Ctx, w.Person("ada@example.com"), "acme", i.Token.ID))
			},
		} {
			if err := ask(); api.AsError(err).Code != api.CodeUnavailable {
				w.Errorf("%s: %v, want %s", name, err, api.CodeUnavailable)
			}
		}
		w.Deny(api.CodeRevoked, known) // the rest of the report was acted on
		officetest.Must(w.T, officetest.Second(newer.ReportLeaks(w.Ctx, authority.Caller{}, leaked)))
		v, err := newer.GetToken(w.Ctx, w.Root, "acme", i.Token.ID)
		officetest.Must(w.T, err)
		if v.Status != api.StatusRevoked {
			w.Errorf("reported again to a node that has the key: %s", v.Status)
		}
	})
}

// TestWhatIsOverUnderADroppedKeyIsUnknown: a key that was taken out of use is on no
// node, so that nobody is asked to try again.
func TestWhatIsOverUnderADroppedKeyIsUnknown(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(w *officetest.World) {
		newer, keys := w.Newer()
		dropped := w.Over(officetest.WithoutFirst(w.T, keys))
		rotated, revoked := w.Create(w.Root, officetest.Ask("personal", "")), w.Create(w.Root, officetest.Ask("personal", ""))
		works := w.Create(w.Root, officetest.Ask("personal", ""))
		at, err := newer.RotateToken(w.Ctx, w.Root, "acme", rotated.Token.ID, api.RotateToken{Overlap: api.Some(api.Duration(0))})
		officetest.Must(w.T, err)
		officetest.Must(w.T, officetest.Second(newer.RevokeToken(w.Ctx, w.Root, "acme", revoked.Token.ID, api.RevokeToken{})))
		told := func(s token.Secret) (string, error) {
			found, err := dropped.LookupTokens(w.Ctx, w.Root, "acme", api.LookupTokens{Text: s.Reveal()})
			if err != nil {
				return string(api.AsError(err).Code), nil
			}
			return found.Items[0].Secret, nil
		}
		for _, c := range []struct {
			name   string
			secret token.Secret
			want   string
		}{
			{"one that was replaced", rotated.Secret, api.SecretUnknown},
			{"the one in its place", at.Secret, api.SecretCurrent},
			{"one of a revoked token", revoked.Secret, api.SecretUnknown},
			{"one that works", works.Secret, string(api.CodeUnavailable)},
		} {
			if got, err := told(c.secret); got != c.want || err != nil {
				w.Errorf("%s: %s (%v), want %s", c.name, got, err, c.want)
			}
		}
	})
}

// TestAKeyIsNeededWhileASecretThatWorksIsUnderIt: a node that lacks it is ready only when
// none is.
func TestAKeyIsNeededWhileASecretThatWorksIsUnderIt(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(w *officetest.World) {
		needed := func(want bool, when string) {
			w.Helper()
			db, _ := w.Store.(*store.Store)
			got, err := db.KeysNeeded(w.Ctx, []token.KeyID{2, 9}, w.Clock.Now())
			officetest.Must(w.T, err)
			if is := slices.Equal(got, []token.KeyID{2}); is != want || !is && len(got) > 0 {
				w.Errorf("%s: %v are needed", when, got)
			}
		}
		needed(false, "nothing is under it")
		newer, _ := w.Newer()
		in := officetest.Ask("personal", "")
		in.ExpiresIn = api.Some(api.Duration(time.Hour))
		short, err := newer.CreateToken(w.Ctx, w.Root, "acme", in)
		officetest.Must(w.T, err)
		needed(true, "a token lives")
		w.Clock.Pass(2 * time.Hour)
		needed(false, "it expired")
		officetest.Must(w.T, officetest.Second(newer.RotateToken(w.Ctx, w.Root, "acme", short.Token.ID, api.RotateToken{
			ExpiresIn: api.Some(api.Duration(24 * time.Hour)),
		})))
		needed(true, "it was renewed")
		officetest.Must(w.T, officetest.Second(w.RotateToken(w.Ctx, w.Root, "acme", short.Token.ID, api.RotateToken{
			Overlap: api.Some(api.Duration(time.Minute)),
		})))
		needed(true, "it was replaced by one under another key, and overlaps")
		w.Clock.Pass(2 * time.Minute)
		needed(false, "the overlap is over")
		other, err := newer.CreateToken(w.Ctx, w.Root, "acme", officetest.Ask("personal", ""))
		officetest.Must(w.T, err)
		officetest.Must(w.T, officetest.Second(w.RevokeToken(w.Ctx, w.Root, "acme", other.Token.ID, api.RevokeToken{})))
		needed(false, "one was revoked")
	})
}

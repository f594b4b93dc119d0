package tokens_test

import (
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// reading is what is derived of a token for reading tickets alone.
func reading(w *officetest.World, s token.Secret) token.Secret {
	w.Helper()
	out, err := token.Derive(s, token.Terms{Scopes: []string{"tickets:read"}, ExpiresAt: w.Clock.Now().Add(time.Hour).Truncate(time.Second)})
	officetest.Must(w.T, err)
	return out
}

// TestADerivedTokenDoesWhatItsTermsLeaveUntilItsSecretEnds, with the rows of a database.
func TestADerivedTokenDoesWhatItsTermsLeaveUntilItsSecretEnds(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		i := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read", "tickets:write"))
		d := reading(w, i.Secret)
		w.Allow(d, "tickets:read")
		w.Deny(api.CodeInsufficientScope, d, "tickets:write")
		fresh, err := w.RotateToken(w.Ctx, w.Root, "acme", i.Token.ID, api.RotateToken{Overlap: api.Some(api.Duration(time.Minute))})
		officetest.Must(w.T, err)
		w.Allow(d, "tickets:read")
		w.Allow(reading(w, fresh.Secret), "tickets:read")
		w.Clock.Pass(time.Minute)
		w.Deny(api.CodeRetired, d, "tickets:read")
		d = reading(w, fresh.Secret)
		w.Allow(d, "tickets:read")
		w.Clock.Pass(time.Hour)
		w.Deny(api.CodeExpired, d, "tickets:read")
		d = reading(w, fresh.Secret)
		officetest.Must(w.T, officetest.Second(w.RevokeToken(w.Ctx, w.Root, "acme", i.Token.ID, api.RevokeToken{})))
		w.Deny(api.CodeRevoked, d, "tickets:read")
	})
}

// TestNothingThatIsStoredDerives: who has the rows can sign nothing, and who can write them is
// not believed without the keyring.
func TestNothingThatIsStoredDerives(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		i, own := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read")), w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
		rowsOf := func(tx ledger.Tx, i authority.Issued) []ledger.Secret {
			t, err := tx.Token(officetest.Locator(w, i))
			officetest.Must(w.T, err)
			rows, err := tx.Secrets(t.ID)
			officetest.Must(w.T, err)
			return rows
		}
		victim, attacker := ledger.Secret{}, ledger.Secret{}
		in := func(f func(ledger.Tx) error) {
			errs, err := w.Store.Batch(w.Ctx, []func(ledger.Tx) error{f})
			officetest.Must(w.T, errors.Join(append(errs, err)...))
		}
		in(func(tx ledger.Tx) error {
			victim, attacker = rowsOf(tx, i)[0], rowsOf(tx, own)[0]
			return nil
		})
		if len(victim.Derives) == 0 || string(victim.Derives[12:44]) == string(token.DerivationKey(i.Secret)) {
			w.Errorf("kept is %x", victim.Derives)
		}
		// A key of one's own in the row of another's secret, as it is and as it was sealed for one's own token.
		p, err := token.Parse(i.Secret.Reveal())
		officetest.Must(w.T, err)
		mine, err := token.Mint(rand.Reader, p.Prefix, p.Kind, p.Locator)
		officetest.Must(w.T, err)
		for _, kept := range [][]byte{attacker.Derives, token.DerivationKey(mine), nil, {}, victim.Derives[:20]} {
			in(func(tx ledger.Tx) error {
				row := victim
				row.Derives = kept
				return tx.PutSecret(row)
			})
			w.Engine.Apply(verify.Changes{All: true})
			w.Deny(api.CodeUnknown, reading(w, mine), "tickets:read")
			w.Deny(api.CodeUnknown, reading(w, i.Secret), "tickets:read")
			w.Allow(i.Secret)
		}
	})
}

// TestTheFirstUseOfADerivedTokenEndsTheSecretBefore: who derives from the new secret has it.
func TestTheFirstUseOfADerivedTokenEndsTheSecretBefore(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		i := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
		before := reading(w, i.Secret)
		fresh, err := w.RotateToken(w.Ctx, w.Root, "acme", i.Token.ID, api.RotateToken{Overlap: api.Some(api.Duration(time.Hour)), RetireOnFirstUse: true})
		officetest.Must(w.T, err)
		w.Allow(before, "tickets:read")
		w.Allow(reading(w, fresh.Secret), "tickets:read")
		w.Deny(api.CodeRetired, before, "tickets:read")
		w.Deny(api.CodeRetired, i.Secret)
		w.Allow(fresh.Secret)
	})
}

// TestALeakedDerivedTokenEndsItsToken, as long as it opens anything: nothing else ends it.
func TestALeakedDerivedTokenEndsItsToken(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		i := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
		d := reading(w, i.Secret)
		w.Clock.Pass(2 * time.Hour)
		w.TellLeaked("https://git.example.com/a/b", d)
		w.Allow(i.Secret)
		if got := leaks(w, i.Token.ID); len(got) != 1 || got[0].Effect != api.LeakDead {
			w.Errorf("one that is over: %+v", got)
		}
		p, err := token.Parse(i.Secret.Reveal())
		officetest.Must(w.T, err)
		forged, err := token.Mint(rand.Reader, p.Prefix, p.Kind, p.Locator)
		officetest.Must(w.T, err)
		w.TellLeaked("https://git.example.com/a/c", reading(w, forged))
		w.Allow(i.Secret)
		w.TellLeaked("https://git.example.com/a/b", reading(w, i.Secret))
		w.Deny(api.CodeRevoked, i.Secret)
	})
}

// TestADerivedTokenEndsNothingByItself: what its holder was given is less than the token, whose
// end is not theirs to choose (RFC 7009), and nothing of Tokenry opens with it.
func TestADerivedTokenEndsNothingByItself(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		i := w.Create(w.Root, officetest.Scoped("personal", "", "*"))
		d, err := token.Derive(i.Secret, token.Terms{Scopes: []string{"*"}})
		officetest.Must(w.T, err)
		w.Policy(func(p *api.PatchPolicy) { p.VerifiersMayRevoke = api.Some(true) })
		for _, end := range []func(context.Context, authority.Caller, string) (int64, error){w.RevokeHeld, w.RevokePresented} {
			officetest.Must(w.T, officetest.Second(end(w.Ctx, w.Root, d.Reveal())))
		}
		w.Allow(i.Secret)
		w.Allow(d)
		var answer verify.Decision
		officetest.Must(w.T, w.Engine.Verify(w.Ctx, &verify.Request{Token: d.Reveal(), Caller: true}, &answer))
		if answer.Code != api.CodeMalformed || answer.Matched {
			w.Errorf("a caller with it is told %s", answer.Code)
		}
	})
}

// TestADerivedTokenIsFoundAndExplained: in what is pasted it is its token, and explain names the
// terms where they refuse.
func TestADerivedTokenIsFoundAndExplained(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		i := w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read", "tickets:write"))
		terms := token.Terms{Scopes: []string{"tickets:read"}, Resources: []string{"p1"}, ExpiresAt: w.Clock.Now().Add(time.Hour).Truncate(time.Second)}
		d, err := token.Derive(i.Secret, terms)
		officetest.Must(w.T, err)
		found, err := w.LookupTokens(w.Ctx, w.Root, "acme", api.LookupTokens{Text: "export T=" + d.Reveal() + "\n"})
		officetest.Must(w.T, err)
		if len(found.Items) != 1 || found.Items[0].Secret != api.SecretCurrent || found.Items[0].Token.ID != i.Token.ID {
			w.Errorf("found %+v", found)
		}
		explain := func(resource string, scopes ...string) api.Explanation {
			v, err := w.Explain(w.Ctx, w.Root, "acme", api.ExplainRequest{Token: d.Reveal(), Scopes: scopes, Resource: resource})
			officetest.Must(w.T, err)
			code := w.Verify(d, scopes...)
			if resource != "" {
				code = codeOn(w, d, resource, scopes...)
			}
			if v.Code != code {
				w.Errorf("explained %s, verified %s", v.Code, code)
			}
			return v
		}
		failed := func(v api.Explanation, want api.Code) api.Check {
			for _, c := range v.Checks {
				if c.Result == api.CheckFailed {
					if c.Check != want {
						w.Errorf("failed is %+v, want %s", c, want)
					}
					return c
				}
			}
			if want != api.CodeOK {
				w.Errorf("nothing failed, want %s", want)
			}
			return api.Check{}
		}
		failed(explain("p1", "tickets:read"), api.CodeOK)
		const less = "The token may, and this was derived from it for less."
		if c := failed(explain("p1", "tickets:write"), api.CodeInsufficientScope); c.Detail != less {
			w.Errorf("%+v", c)
		}
		if c := failed(explain("p2", "tickets:read"), api.CodeResourceDenied); c.Detail != less {
			w.Errorf("%+v", c)
		}
		if c := failed(explain("p1", "billing:read"), api.CodeInsufficientScope); c.Detail == less {
			w.Errorf("what the token has not is laid on the terms: %+v", c)
		}
		w.Clock.Pass(time.Hour)
		if c := failed(explain("p1", "tickets:read"), api.CodeExpired); c.Remedy != "Derive another one from the token; its terms cannot be changed." {
			w.Errorf("%+v", c)
		}
	})
}

func codeOn(w *officetest.World, s token.Secret, resource string, scopes ...string) api.Code {
	var d verify.Decision
	officetest.Must(w.T, w.Engine.Verify(w.Ctx, &verify.Request{Token: s.Reveal(), Scopes: scopes, Resource: resource}, &d))
	return d.Code
}

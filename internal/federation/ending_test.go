package federation_test

import (
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/federation"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

const issuer, audience = "https://token.example.com", "https://tokens.example.com"

// TestAJobEndsWhatACrashLeft: whoever changed or deleted a rule died before what it had
// given was ended. What it gave since stays.
func TestAJobEndsWhatACrashLeft(t *testing.T) {
	t.Parallel()
	for name, deleted := range map[string]bool{"a changed rule": false, "a deleted rule": true} {
		w, _ := officetest.AmongNodes(t)
		_, err := w.CreateServiceAccount(w.Ctx, w.Root, "acme", api.CreateServiceAccount{Name: "trusting"})
		officetest.Must(t, err)
		in := api.CreateTrustRule{ServiceAccount: "trusting"}
		in.Label, in.Issuer, in.Audience = api.Some("x"), api.Some(issuer), api.Some(audience)
		in.Claims = api.Some(map[string][]string{"sub": {"x"}})
		made, err := w.CreateTrustRule(w.Ctx, w.Root, "acme", in)
		officetest.Must(t, err)
		exchange := func() authority.Issued {
			t.Helper()
			w.Clock.Pass(time.Second)
			out, err := w.ExchangeToken(w.Ctx, authority.Caller{}, federation.Presented{
				Account: "trusting@acme.service", IDToken: officetest.IDToken(issuer, audience, "x", w.Clock.Now()),
			})
			officetest.Must(t, err)
			return out
		}
		before := exchange()
		w.Fill(1, func(tx ledger.Tx, ws ledger.ID, _ int) error {
			r, err := tx.TrustRule(ws, made.Value.ID)
			if err != nil {
				return err
			}
			if r.Ending = w.Clock.Now(); deleted {
				r.DeletedAt = r.Ending
			}
			return tx.PutTrustRule(r)
		})
		var since authority.Issued
		if !deleted {
			since = exchange()
		}
		officetest.Must(t, w.EndGiven(w.Ctx))
		status := func(i authority.Issued) string {
			t.Helper()
			got, err := w.GetToken(w.Ctx, w.Root, "acme", i.Token.ID)
			officetest.Must(t, err)
			return got.Status
		}
		if got := status(before); got != api.StatusRevoked {
			t.Errorf("%s: what it gave before is %s", name, got)
		}
		if !deleted && status(since) != api.StatusActive {
			t.Errorf("%s: what it gave since is %s", name, status(since))
		}
		officetest.Must(t, w.Store.Read(w.Ctx, func(r ledger.Reader) error {
			left, err := r.TrustRulesEnding(ledger.Range{Limit: 10})
			if len(left) > 0 {
				t.Errorf("%s: %d rules are still to be ended", name, len(left))
			}
			return err
		}))
	}
}

package authority_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/token"
)

// stuck is a store of usage that never answers, and does not see that whoever
// asked has gone.
type stuck struct {
	ledger.UsageReader
	never chan struct{}
}

func (s stuck) LastUses(context.Context, []token.Locator) ([]ledger.LastUse, error) {
	<-s.never
	return nil, nil
}

// TestAStuckStoreOfUsageKeepsNoChangeWaiting: nor does it where more wait for it
// than may.
func TestAStuckStoreOfUsageKeepsNoChangeWaiting(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(w *officetest.World) {
		never := make(chan struct{})
		w.Cleanup(func() { close(never) })
		w.Office = office.New(authority.Options{Store: w.Store, Keys: w.Keys, Now: w.Clock.Now, Rand: rand.Reader, Usage: stuck{never: never}, Glance: time.Millisecond})
		for i := range 20 {
			made, err := w.CreateToken(w.Ctx, w.Root, "acme", api.CreateToken{
				Kind: "workspace", TokenFields: api.TokenFields{Label: api.Some(fmt.Sprint(i)), Rights: officetest.Rights("tickets:read")},
			})
			officetest.Must(w.T, err)
			_, err = w.DisableToken(w.Ctx, w.Root, "acme", made.Token.ID, api.DisableToken{})
			officetest.Must(w.T, err)
			v, err := w.RevokeToken(w.Ctx, w.Root, "acme", made.Token.ID, api.RevokeToken{Reason: api.ReasonOther})
			officetest.Must(w.T, err)
			if v.Value.Status != api.StatusRevoked || v.Value.Effective == nil {
				w.Errorf("the answer is %+v", v.Value)
			}
		}
	})
}

// dear is a grant that took seconds to compile under everybody's lock.
func dear() api.Rights {
	r := mathrand.New(mathrand.NewPCG(1, 2))
	var sts []api.Statement
	for i := range 100 {
		s := api.Statement{Scopes: []string{fmt.Sprintf("n%d:read", i)}}
		for _, p := range r.Perm(300)[:60] {
			s.Resources = append(s.Resources, fmt.Sprintf("r%d", p))
		}
		sts = append(sts, s)
	}
	return api.Rights{Grants: api.Some(sts)}
}

// TestNobodyIsGivenMoreThanIsCompiledFast: the bound stands at every door, and
// names itself and what was asked.
func TestNobodyIsGivenMoreThanIsCompiledFast(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(w *officetest.World) {
		made, err := w.CreateToken(w.Ctx, w.Root, "acme", api.CreateToken{
			Kind: "workspace", TokenFields: api.TokenFields{Label: api.Some("small"), Rights: officetest.Rights("tickets:read")},
		})
		officetest.Must(w.T, err)
		w.Member("bob@example.com", "Viewer")
		_, err = w.CreateServiceAccount(w.Ctx, w.Root, "acme", api.CreateServiceAccount{Name: "ci", Rights: officetest.Rights("tickets:read")})
		officetest.Must(w.T, err)
		for name, give := range map[string]func() error{
			"a token": func() error {
				_, err := w.CreateToken(w.Ctx, w.Root, "acme", api.CreateToken{Kind: "workspace", TokenFields: api.TokenFields{Label: api.Some("x"), Rights: dear()}})
				return err
			},
			"an edit": func() error {
				_, err := w.EditToken(w.Ctx, w.Root, "acme", made.Token.ID, api.EditToken{TokenFields: api.TokenFields{Rights: dear()}})
				return err
			},
			"a member": func() error {
				_, err := w.CreateMember(w.Ctx, w.Root, "acme", api.CreateMember{Email: "eve@example.com", Rights: dear()})
				return err
			},
			"a member's edit": func() error {
				_, err := w.EditMember(w.Ctx, w.Root, "acme", "bob@example.com", api.EditMember{Rights: dear()})
				return err
			},
			"a member's replacement": func() error {
				_, err := w.PutMember(w.Ctx, w.Root, "acme", "bob@example.com", api.CreateMember{Rights: dear()})
				return err
			},
			"a service account": func() error {
				_, err := w.CreateServiceAccount(w.Ctx, w.Root, "acme", api.CreateServiceAccount{Name: "heavy", Rights: dear()})
				return err
			},
			"a service account's edit": func() error {
				_, err := w.EditServiceAccount(w.Ctx, w.Root, "acme", "ci", api.EditServiceAccount{Rights: dear()})
				return err
			},
		} {
			err := give()
			if !errors.Is(err, api.CodeInvalidField) || !strings.Contains(api.AsError(err).Message, "at most 10000") {
				w.Errorf("%s: %v", name, err)
			}
		}
	})
}

// rewriteGrants gives a token what it could be given before there was a bound.
func rewriteGrants(w *officetest.World, i authority.Issued, sts []grant.Statement) {
	w.Helper()
	errs, err := w.Store.Batch(w.Ctx, []func(ledger.Tx) error{func(tx ledger.Tx) error {
		row, err := tx.Token(officetest.Locator(w, i))
		if err != nil {
			return err
		}
		row.Grants = sts
		return tx.PutToken(row)
	}})
	officetest.Must(w.T, errors.Join(append(errs, err)...))
}

// TestWhatIsDearFromBeforeGoesOnAndCannotGrow: it is renamed and narrowed.
func TestWhatIsDearFromBeforeGoesOnAndCannotGrow(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(w *officetest.World) {
		made, err := w.CreateToken(w.Ctx, w.Root, "acme", api.CreateToken{
			Kind: "workspace", TokenFields: api.TokenFields{Label: api.Some("old"), Rights: officetest.Rights("tickets:read")},
		})
		officetest.Must(w.T, err)
		heavy := dear().Grants.Value
		var old []grant.Statement
		for _, s := range heavy {
			old = append(old, grant.Statement(s))
		}
		rewriteGrants(w, made, old)
		edit := func(f api.TokenFields) error {
			_, err := w.EditToken(w.Ctx, w.Root, "acme", made.Token.ID, api.EditToken{TokenFields: f})
			return err
		}
		if err := edit(api.TokenFields{Label: api.Some("new")}); err != nil {
			w.Errorf("renaming: %v", err)
		}
		wider := append(heavy[:99:99], api.Statement{Scopes: []string{"a:b", "c:d"}, Resources: heavy[99].Resources})
		if err := edit(api.TokenFields{Rights: api.Rights{Grants: api.Some(wider)}}); !errors.Is(err, api.CodeInvalidField) {
			w.Errorf("growing: %v", err)
		}
		if err := edit(api.TokenFields{Rights: api.Rights{Grants: api.Some(heavy[:98])}}); err != nil {
			w.Errorf("narrowing: %v", err)
		}
	})
}

// TestWhatIsWorkedOutStandsInNoAuditAndNoList: a list tells it when asked.
func TestWhatIsWorkedOutStandsInNoAuditAndNoList(t *testing.T) {
	t.Parallel()
	officetest.Each(t, func(w *officetest.World) {
		made, err := w.CreateToken(w.Ctx, w.Root, "acme", api.CreateToken{
			Kind: "workspace", TokenFields: api.TokenFields{Label: api.Some("x"), Rights: officetest.Rights("tickets:read")},
		})
		officetest.Must(w.T, err)
		v, err := w.EditToken(w.Ctx, w.Root, "acme", made.Token.ID, api.EditToken{TokenFields: api.TokenFields{Label: api.Some("y")}})
		officetest.Must(w.T, err)
		w.Member("bob@example.com", "Viewer")
		if len(made.Token.Effective) != 1 || len(v.Value.Effective) != 1 {
			w.Errorf("the answers say %v and %v", made.Token.Effective, v.Value.Effective)
		}
		rows, _, err := w.Audit(w.Ctx, w.Root, "acme", api.AuditFilter{}, authority.Page{})
		officetest.Must(w.T, err)
		for _, row := range rows {
			if strings.Contains(string(row.Before)+string(row.After), `"effective"`) {
				w.Errorf("the audit of %s says what was worked out", row.Action)
			}
		}
		for _, asked := range []bool{false, true} {
			page := authority.Page{Effective: asked}
			ts, _, err := w.ListTokens(w.Ctx, w.Root, "acme", api.TokenFilter{Can: api.Some("tickets:read")}, page)
			officetest.Must(w.T, err)
			ms, _, err := w.ListMembers(w.Ctx, w.Root, "acme", page)
			officetest.Must(w.T, err)
			if len(ts) == 0 || (ts[0].Effective != nil) != asked || (ms[0].Effective != nil) != asked {
				w.Errorf("asked %v: %v and %v", asked, ts[0].Effective, ms[0].Effective)
			}
		}
	})
}

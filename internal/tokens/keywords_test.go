package tokens_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// TestKeywordsAreNoNames: whatever some call reads as a word of its own, nothing is
// called so, in whatever letter case.
func TestKeywordsAreNoNames(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		at := authority.Where{Workspace: "acme"}
		refused := func(what, name string, err error) {
			w.Helper()
			if code := api.AsError(err).Code; err == nil || code != api.CodeInvalidField && code != api.CodeBuiltIn {
				w.Errorf("%s called %s: %v", what, name, err)
			}
		}
		for _, name := range []string{"any", "ANY", "*", "self", "Self", "me", "admin", "Admin", "ext:"} {
			refused("resource", name, officetest.Second(w.OnboardResource(w.Ctx, w.Root, "acme", api.CreateResource{Name: name})))
			refused("scope", name, officetest.Second(w.PutScope(w.Ctx, w.Root, at, name+":read", api.PutScope{})))
			refused("workspace", name, officetest.Second(w.CreateWorkspace(w.Ctx, w.Root, api.CreateWorkspace{Slug: name})))
			refused("service account", name, officetest.Second(w.CreateServiceAccount(w.Ctx, w.Root, "acme", api.CreateServiceAccount{Name: name})))
		}
		for _, name := range []string{"any", "ANY", "*", "self", "me", "admin", "owner", "OWNER", "product", "Instance", "ext:"} {
			refused("role", name, officetest.Second(w.PutRole(w.Ctx, w.Root, at, name, api.PutRole{})))
			refused("role of the instance", name, officetest.Second(w.PutRole(w.Ctx, w.Root, authority.Where{Instance: true}, name, api.PutRole{})))
		}
		for _, name := range []string{"sac_0123456789abcdef", "usr_0123456789abcdef", "new"} {
			err := officetest.Second(w.CreateServiceAccount(w.Ctx, w.Root, "acme", api.CreateServiceAccount{Name: name}))
			w.RefusedField(err, api.CodeInvalidField, "name")
		}
		for _, name := range []string{"viewer", "TEAM MEMBER", "administrator"} {
			w.RefusedField(officetest.Second(w.PutRole(w.Ctx, w.Root, at, name, api.PutRole{})), api.CodeInvalidField, "name")
		}
		for _, name := range []string{"any", "ANY"} {
			in := officetest.Scoped("workspace", "", "tickets:read")
			in.Resources = api.Some([]string{"payments", name})
			_, err := w.CreateToken(w.Ctx, w.Root, "acme", in)
			w.RefusedField(err, api.CodeInvalidField, "resources")
		}
		officetest.Must(w.T, officetest.Second(w.OnboardResource(w.Ctx, w.Root, "acme", api.CreateResource{Name: "anything"})))
	})
}

// TestWhatHadAKeywordForItsNameGoes, and is still changed until it does.
func TestWhatHadAKeywordForItsNameGoes(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		_, err := w.Store.Batch(w.Ctx, []func(ledger.Tx) error{func(tx ledger.Tx) error {
			ws, err := tx.Workspace(ledger.WorkspaceKey{Slug: "acme"})
			if err != nil {
				return err
			}
			officetest.Must(w.T, tx.PutResource(ledger.Resource{ID: tx.NewID(), Workspace: ws.ID, Name: "any", CreatedAt: w.Clock.Now()}))
			return tx.PutRole(ledger.Role{Workspace: ws.ID, Name: "owner", Scopes: []string{"tickets:read"}})
		}})
		officetest.Must(w.T, err)
		at := authority.Where{Workspace: "acme"}
		officetest.Must(w.T, officetest.Second(w.PutRole(w.Ctx, w.Root, at, "owner", api.PutRole{Scopes: []string{"tickets:write"}})))
		officetest.Must(w.T, officetest.Second(w.DeleteRole(w.Ctx, w.Root, at, "owner", "")))
		officetest.Must(w.T, officetest.Second(w.DeleteResource(w.Ctx, w.Root, "acme", "any")))
	})
}

// TestAResourceCalledAnyOpensNothing: where one is on board since before that was
// refused, the word may mean it, so a restricted token passes with the word only if it
// reaches that resource. It is told, and over once the resource is deleted.
func TestAResourceCalledAnyOpensNothing(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		made := func(resources ...string) token.Secret {
			in := officetest.Ask("workspace", "")
			in.Scopes, in.Resources = api.Some([]string{"tickets:read"}), api.Some(resources)
			return w.Create(w.Root, in).Secret
		}
		restricted, all, prefix := made("payments"), made("*"), made("an*")
		asks := func(s token.Secret, want api.Code, scopes ...string) {
			w.Helper()
			var d verify.Decision
			officetest.Must(w.T, w.Engine.Verify(w.Ctx, &verify.Request{Token: s.Reveal(), Scopes: scopes, Resource: verify.AnyResource, Cost: 1}, &d))
			if d.Code != want {
				w.Errorf("asked for any with %v: %s, want %s", scopes, d.Code, want)
			}
		}
		names := func(want ...string) {
			w.Helper()
			if got, err := w.NamesAny(w.Ctx); err != nil || !slices.Equal(got, want) {
				w.Errorf("it is told of %v (%v), want %v", got, err, want)
			}
		}
		asks(restricted, api.CodeOK, "tickets:read")
		names()
		errs, err := w.Store.Batch(w.Ctx, []func(ledger.Tx) error{func(tx ledger.Tx) error {
			ws, err := tx.Workspace(ledger.WorkspaceKey{Slug: "acme"})
			return errors.Join(err, tx.PutResource(ledger.Resource{ID: tx.NewID(), Workspace: ws.ID, Name: "any", CreatedAt: w.Clock.Now()}))
		}})
		officetest.Must(w.T, errors.Join(append(errs, err)...))
		w.Engine.Apply(verify.Changes{All: true}) // it was there at the start
		names("acme")
		asks(restricted, api.CodeResourceDenied, "tickets:read")
		asks(restricted, api.CodeResourceDenied)
		asks(all, api.CodeOK, "tickets:read")
		asks(prefix, api.CodeOK, "tickets:read")
		asks(all, api.CodeInsufficientScope, "tickets:write")
		why, err := w.Explain(w.Ctx, w.Root, "acme", api.ExplainRequest{Token: restricted.Reveal(), Scopes: []string{"tickets:read"}, Resource: "any"})
		officetest.Must(w.T, err)
		told := slices.ContainsFunc(why.Checks, func(c api.Check) bool { return strings.Contains(c.Remedy, "called any") })
		if why.Code != api.CodeResourceDenied || !told {
			w.Errorf("explained as %+v", why)
		}
		officetest.Must(w.T, officetest.Second(w.DeleteResource(w.Ctx, w.Root, "acme", "any")))
		asks(restricted, api.CodeOK, "tickets:read")
		names()
	})
}

// TestAnExternalIDThatIsMissingNamesNobody: it neither finds nor makes anything.
func TestAnExternalIDThatIsMissingNamesNobody(t *testing.T) {
	officetest.Each(t, func(w *officetest.World) {
		acting := w.Root
		acting.ActAs = "ext:"
		in := api.CreateMember{Email: "eve@example.com"}
		in.Role, in.Resources = api.Some("Viewer"), api.Some([]string{"*"})
		for what, err := range map[string]error{
			"put member":       officetest.Second(w.PutMember(w.Ctx, w.Root, "acme", "ext:", in)),
			"get member":       officetest.Second(w.GetMember(w.Ctx, w.Root, "acme", "ext:")),
			"put workspace":    officetest.Second(w.PutWorkspace(w.Ctx, w.Root, "ext:", api.PutWorkspace{Slug: "globex"})),
			"get workspace":    officetest.Second(w.GetWorkspace(w.Ctx, w.Root, "ext:")),
			"act as":           officetest.Second(w.GetWorkspace(w.Ctx, acting, "acme")),
			"owner of a token": officetest.Second(w.CreateToken(w.Ctx, w.Root, "acme", officetest.Ask("personal", "ext:"))),
			"owner of a list":  officetest.Third(w.ListTokens(w.Ctx, w.Root, "acme", api.TokenFilter{Owner: api.Some("ext:")}, officetest.Page(0))),
		} {
			if e := api.AsError(err); e.Status() != 400 {
				w.Errorf("%s: %v, want 400", what, err)
			}
		}
	})
}

package office_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/verify"
	"github.com/tokenry/tokenry/token"
)

// TestKeywordsAreNoNames: whatever some call reads as a word of its own, nothing is
// called so, in whatever letter case.
func TestKeywordsAreNoNames(t *testing.T) {
	each(t, func(w *world) {
		at := authority.Where{Workspace: "acme"}
		refused := func(what, name string, err error) {
			w.Helper()
			if code := api.AsError(err).Code; err == nil || code != api.CodeInvalidField && code != api.CodeBuiltIn {
				w.Errorf("%s called %s: %v", what, name, err)
			}
		}
		for _, name := range []string{"any", "ANY", "*", "self", "Self", "me", "admin", "Admin", "ext:"} {
			refused("resource", name, third(w.OnboardResource(w.ctx, w.root, "acme", api.CreateResource{Name: name})))
			refused("scope", name, fourth(w.PutScope(w.ctx, w.root, at, name+":read", api.PutScope{})))
			refused("workspace", name, third(w.CreateWorkspace(w.ctx, w.root, api.CreateWorkspace{Slug: name})))
			refused("service account", name, third(w.CreateServiceAccount(w.ctx, w.root, "acme", api.CreateServiceAccount{Name: name})))
		}
		for _, name := range []string{"any", "ANY", "*", "self", "me", "admin", "owner", "OWNER", "product", "Instance", "ext:"} {
			refused("role", name, fourth(w.PutRole(w.ctx, w.root, at, name, api.PutRole{})))
			refused("role of the instance", name, fourth(w.PutRole(w.ctx, w.root, authority.Where{Instance: true}, name, api.PutRole{})))
		}
		for _, name := range []string{"sac_0123456789abcdef", "usr_0123456789abcdef", "new"} {
			err := third(w.CreateServiceAccount(w.ctx, w.root, "acme", api.CreateServiceAccount{Name: name}))
			w.refusedField(err, api.CodeInvalidField, "name")
		}
		for _, name := range []string{"viewer", "TEAM MEMBER", "administrator"} {
			w.refusedField(fourth(w.PutRole(w.ctx, w.root, at, name, api.PutRole{})), api.CodeInvalidField, "name")
		}
		for _, name := range []string{"any", "ANY"} {
			in := scoped("workspace", "", "tickets:read")
			in.Resources = api.Some([]string{"payments", name})
			_, err := w.CreateToken(w.ctx, w.root, "acme", in)
			w.refusedField(err, api.CodeInvalidField, "resources")
		}
		must(w.T, third(w.OnboardResource(w.ctx, w.root, "acme", api.CreateResource{Name: "anything"})))
	})
}

// TestWhatHadAKeywordForItsNameGoes, and is still changed until it does.
func TestWhatHadAKeywordForItsNameGoes(t *testing.T) {
	each(t, func(w *world) {
		_, err := w.store.Batch(w.ctx, []func(ledger.Tx) error{func(tx ledger.Tx) error {
			ws, err := tx.Workspace(ledger.WorkspaceKey{Slug: "acme"})
			if err != nil {
				return err
			}
			must(w.T, tx.PutResource(ledger.Resource{ID: tx.NewID(), Workspace: ws.ID, Name: "any", CreatedAt: w.clock.Now()}))
			return tx.PutRole(ledger.Role{Workspace: ws.ID, Name: "owner", Scopes: []string{"tickets:read"}})
		}})
		must(w.T, err)
		at := authority.Where{Workspace: "acme"}
		must(w.T, fourth(w.PutRole(w.ctx, w.root, at, "owner", api.PutRole{Scopes: []string{"tickets:write"}})))
		must(w.T, third(w.DeleteRole(w.ctx, w.root, at, "owner", "")))
		must(w.T, third(w.DeleteResource(w.ctx, w.root, "acme", "any")))
	})
}

// TestAResourceCalledAnyOpensNothing: where one is on board since before that was
// refused, the word may mean it, so a restricted token passes with the word only if it
// reaches that resource. It is told, and over once the resource is deleted.
func TestAResourceCalledAnyOpensNothing(t *testing.T) {
	each(t, func(w *world) {
		made := func(resources ...string) token.Secret {
			in := ask("workspace", "")
			in.Scopes, in.Resources = api.Some([]string{"tickets:read"}), api.Some(resources)
			return w.create(w.root, in).Secret
		}
		restricted, all, prefix := made("payments"), made("*"), made("an*")
		asks := func(s token.Secret, want api.Code, scopes ...string) {
			w.Helper()
			var d verify.Decision
			must(w.T, w.engine.Verify(w.ctx, &verify.Request{Token: s.Reveal(), Scopes: scopes, Resource: verify.AnyResource, Cost: 1}, &d))
			if d.Code != want {
				w.Errorf("asked for any with %v: %s, want %s", scopes, d.Code, want)
			}
		}
		names := func(want ...string) {
			w.Helper()
			if got, err := w.NamesAny(w.ctx); err != nil || !slices.Equal(got, want) {
				w.Errorf("it is told of %v (%v), want %v", got, err, want)
			}
		}
		asks(restricted, api.CodeOK, "tickets:read")
		names()
		errs, err := w.store.Batch(w.ctx, []func(ledger.Tx) error{func(tx ledger.Tx) error {
			ws, err := tx.Workspace(ledger.WorkspaceKey{Slug: "acme"})
			return errors.Join(err, tx.PutResource(ledger.Resource{ID: tx.NewID(), Workspace: ws.ID, Name: "any", CreatedAt: w.clock.Now()}))
		}})
		must(w.T, errors.Join(append(errs, err)...))
		w.engine.Apply(verify.Changes{All: true}) // it was there at the start
		names("acme")
		asks(restricted, api.CodeResourceDenied, "tickets:read")
		asks(restricted, api.CodeResourceDenied)
		asks(all, api.CodeOK, "tickets:read")
		asks(prefix, api.CodeOK, "tickets:read")
		asks(all, api.CodeInsufficientScope, "tickets:write")
		why, err := w.Explain(w.ctx, w.root, "acme", api.ExplainRequest{Token: restricted.Reveal(), Scopes: []string{"tickets:read"}, Resource: "any"})
		must(w.T, err)
		told := slices.ContainsFunc(why.Checks, func(c api.Check) bool { return strings.Contains(c.Remedy, "called any") })
		if why.Code != api.CodeResourceDenied || !told {
			w.Errorf("explained as %+v", why)
		}
		must(w.T, third(w.DeleteResource(w.ctx, w.root, "acme", "any")))
		asks(restricted, api.CodeOK, "tickets:read")
		names()
	})
}

// TestAnExternalIDThatIsMissingNamesNobody: it neither finds nor makes anything.
func TestAnExternalIDThatIsMissingNamesNobody(t *testing.T) {
	each(t, func(w *world) {
		acting := w.root
		acting.ActAs = "ext:"
		in := api.CreateMember{Email: "eve@example.com"}
		in.Role, in.Resources = api.Some("Viewer"), api.Some([]string{"*"})
		for what, err := range map[string]error{
			"put member":       fourthErr(w.PutMember(w.ctx, w.root, "acme", "ext:", in)),
			"get member":       second(w.GetMember(w.ctx, w.root, "acme", "ext:")),
			"put workspace":    fourthErr(w.PutWorkspace(w.ctx, w.root, "ext:", api.PutWorkspace{Slug: "globex"})),
			"get workspace":    second(w.GetWorkspace(w.ctx, w.root, "ext:")),
			"act as":           second(w.GetWorkspace(w.ctx, acting, "acme")),
			"owner of a token": second(w.CreateToken(w.ctx, w.root, "acme", ask("personal", "ext:"))),
			"owner of a list":  third(w.ListTokens(w.ctx, w.root, "acme", api.TokenFilter{Owner: api.Some("ext:")}, page(0))),
		} {
			if e := api.AsError(err); e.Status() != 400 {
				w.Errorf("%s: %v, want 400", what, err)
			}
		}
	})
}

package authority_test

import (
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
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
		_, err := w.store.Batch(w.ctx, []func(authority.Tx) error{func(tx authority.Tx) error {
			ws, err := tx.Workspace(authority.WorkspaceKey{Slug: "acme"})
			if err != nil {
				return err
			}
			must(w.T, tx.PutResource(authority.Resource{ID: tx.NewID(), Workspace: ws.ID, Name: "any", CreatedAt: w.clock.Now()}))
			return tx.PutRole(authority.Role{Workspace: ws.ID, Name: "owner", Scopes: []string{"tickets:read"}})
		}})
		must(w.T, err)
		at := authority.Where{Workspace: "acme"}
		must(w.T, fourth(w.PutRole(w.ctx, w.root, at, "owner", api.PutRole{Scopes: []string{"tickets:write"}})))
		must(w.T, third(w.DeleteRole(w.ctx, w.root, at, "owner", "")))
		must(w.T, third(w.DeleteResource(w.ctx, w.root, "acme", "any")))
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

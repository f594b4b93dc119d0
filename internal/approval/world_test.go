package approval_test

import (
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

// world is acme, where whatever may write tickets needs a second person: ada and bob are
// Owners, eve an Administrator, carl a Workspace Manager.
type world struct {
	*officetest.World
	ada, bob, eve, carl authority.Caller
}

func each(t *testing.T, f func(w world)) {
	t.Helper()
	officetest.Each(t, func(w *officetest.World) { f(asked(w)) })
}

func asked(w *officetest.World) world {
	w.Helper()
	out := world{World: w, ada: w.Person("ada@example.com"), bob: w.Member("bob@example.com", "Owner"),
		eve: w.Member("eve@example.com", "Administrator"), carl: w.Member("carl@example.com", "Workspace Manager")}
	out.rules(api.ApprovalRule{Scopes: []string{"tickets:write"}})
	return out
}

func (w world) rules(rules ...api.ApprovalRule) {
	w.Helper()
	w.Policy(func(p *api.PatchPolicy) { p.RequireApproval = api.Some(rules) })
}

// writer is a request that the rule of the world fits.
func writer(kind, owner string) api.CreateToken {
	return officetest.Scoped(kind, owner, "tickets:write")
}

// ask makes a token that has to wait.
func (w world) ask(c authority.Caller, in api.CreateToken) authority.Issued {
	w.Helper()
	out := w.Create(c, in)
	if a := out.Token.Approval; a == nil || a.State != api.ApprovalPending || out.Token.Status != api.StatusPending || out.Token.Usable {
		w.Fatalf("it does not wait: %+v", out.Token)
	}
	w.Deny(api.CodeApprovalPending, out.Secret)
	return out
}

func (w world) approve(c authority.Caller, of authority.Issued) (api.Token, error) {
	done, err := w.ApproveToken(w.Ctx, c, "acme", of.Token.ID, api.DecideToken{Comment: "it is for the new shop"})
	return done.Value, err
}

func (w world) refuse(c authority.Caller, of authority.Issued) (api.Token, error) {
	done, err := w.RefuseToken(w.Ctx, c, "acme", of.Token.ID, api.DecideToken{Comment: "too much"})
	return done.Value, err
}

// approval is what is shown of a token now.
func (w world) approval(of authority.Issued) api.Approval {
	w.Helper()
	v, err := w.GetToken(w.Ctx, w.ada, "acme", of.Token.ID)
	officetest.Must(w.T, err)
	if v.Approval == nil {
		w.Fatal("nobody was asked")
	}
	return *v.Approval
}

package rights_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

// manyOf are so many scopes of one noun.
func manyOf(noun string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("%s:v%d", noun, i)
	}
	return out
}

// A name that means something already, that no list could hold, or that another one reads
// as, is no role and no scope; and what a role lists are scopes of the product and of a
// workspace, each once.
func TestWhatNoNameMayBe(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	for _, c := range []struct {
		name  string
		in    api.PutRole
		field string
	}{
		{"admin", api.PutRole{}, "name"}, {"product", api.PutRole{}, "name"}, {"instance", api.PutRole{}, "name"}, {"viewer", api.PutRole{}, "name"},
		{"OWNER", api.PutRole{}, "name"}, {"", api.PutRole{}, "name"}, {" Agent", api.PutRole{}, "name"}, {"Agent ", api.PutRole{}, "name"},
		{"a/b", api.PutRole{}, "name"}, {"a,b", api.PutRole{}, "name"}, {strings.Repeat("x", 65), api.PutRole{}, "name"}, {"a\nb", api.PutRole{}, "name"},
		{"Agent", api.PutRole{DisplayName: strings.Repeat("x", 65)}, "display_name"},
		{"Agent", api.PutRole{Description: strings.Repeat("x", 5000)}, "description"},
		{"Agent", api.PutRole{Scopes: []string{"instance:admin"}}, "scopes"},
		{"Agent", api.PutRole{Scopes: []string{"instance:*"}}, "scopes"},
		{"Agent", api.PutRole{Scopes: []string{"tickets"}}, "scopes"},
		{"Agent", api.PutRole{Scopes: []string{"tickets:read", "bills:read", "tickets:read"}}, "scopes"},
		{"Agent", api.PutRole{Scopes: manyOf("tickets", 1001)}, "scopes"},
	} {
		err := officetest.Second(w.PutRole(w.Ctx, w.Root, officetest.Acme(), c.name, c.in))
		if e := api.AsError(err); e == nil || e.Code != api.CodeInvalidField || e.Field != c.field {
			t.Errorf("the role %q of %d scopes: %v, want a refusal of %s", c.name, len(c.in.Scopes), err, c.field)
		}
	}
	for _, c := range []struct {
		name  string
		in    api.PutScope
		code  api.Code
		field string
	}{
		{"tokens:frobnicate", api.PutScope{}, api.CodeInvalidField, "name"}, {"product:read", api.PutScope{}, api.CodeInvalidField, "name"},
		{"members:write", api.PutScope{}, api.CodeBuiltIn, ""}, {"instance:admin", api.PutScope{}, api.CodeBuiltIn, ""},
		{"self:read", api.PutScope{}, api.CodeInvalidField, "name"}, {"any:read", api.PutScope{}, api.CodeInvalidField, "name"},
		{"Tickets:read", api.PutScope{}, api.CodeInvalidField, "name"}, {"tickets:*", api.PutScope{}, api.CodeInvalidField, "name"},
		{strings.Repeat("x", 60) + ":read", api.PutScope{}, api.CodeInvalidField, "name"},
		{"bills:read", api.PutScope{Implies: []string{"bills:*"}}, api.CodeInvalidField, "implies"},
		{"bills:read", api.PutScope{Implies: []string{"instance:admin"}}, api.CodeInvalidField, "implies"},
		{"bills:read", api.PutScope{Implies: manyOf("bills", 101)}, api.CodeInvalidField, "implies"},
		{"bills:read", api.PutScope{Description: strings.Repeat("x", 5000)}, api.CodeInvalidField, "description"},
	} {
		err := officetest.Second(w.PutScope(w.Ctx, w.Root, officetest.Acme(), c.name, c.in))
		if e := api.AsError(err); e == nil || e.Code != c.code || e.Field != c.field {
			t.Errorf("the scope %q: %v, want %s of %q", c.name, err, c.code, c.field)
		}
	}
	officetest.Must(t, officetest.Second(w.PutRole(w.Ctx, w.Root, officetest.Acme(), strings.Repeat("x", 64), api.PutRole{Scopes: manyOf("tickets", 1000)})))
	officetest.Must(t, officetest.Second(w.PutScope(w.Ctx, w.Root, officetest.Acme(), "bills:read", api.PutScope{Implies: manyOf("bills", 100)})))
	// What has such a name since before it was refused can be changed, and so be emptied.
	w.Fill(1, func(tx ledger.Tx, ws ledger.ID, _ int) error {
		return tx.PutRole(ledger.Role{Workspace: ws, Name: "viewer", Scopes: []string{"tickets:read"}, Revision: 1})
	})
	officetest.Must(t, officetest.Second(w.PutRole(w.Ctx, w.Root, officetest.Acme(), "viewer", api.PutRole{})))
}

// All that a place names is read by each change there, so there is an end to it: of roles
// and scopes, and of what they list. What is too much from before is made less, and no more.
func TestACatalogueHasAnEnd(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	w.Workspace("globex")
	id := func(tx ledger.Tx, ws ledger.ID, i int) (ledger.ID, error) { // acme has many, globex such that name much
		if i >= 0 {
			return ws, nil
		}
		other, err := tx.Workspace(ledger.WorkspaceKey{Slug: "globex"})
		return other.ID, err
	}
	rows := func(n int, of func(i int) (ledger.Role, ledger.Scope)) {
		w.Fill(n, func(tx ledger.Tx, ws ledger.ID, i int) error {
			role, scope := of(i)
			at, err := id(tx, ws, int(role.Workspace))
			if err != nil {
				return err
			}
			role.Workspace, scope.Workspace = at, at
			return errors.Join(tx.PutRole(role), tx.PutScope(scope))
		})
	}
	rows(500, func(i int) (ledger.Role, ledger.Scope) {
		return ledger.Role{Name: fmt.Sprintf("R%d", i), Revision: 1}, ledger.Scope{Name: fmt.Sprintf("bills:s%d", i), Revision: 1}
	})
	w.Fill(499, func(tx ledger.Tx, ws ledger.ID, i int) error {
		return tx.PutScope(ledger.Scope{Workspace: ws, Name: fmt.Sprintf("bills:t%d", i), Revision: 1})
	})
	rows(50, func(i int) (ledger.Role, ledger.Scope) {
		return ledger.Role{Workspace: -1, Name: fmt.Sprintf("R%d", i), Scopes: manyOf("tickets", 400), Revision: 1},
			ledger.Scope{Name: fmt.Sprintf("bills:s%d", i), Implies: manyOf("bills", 100), Revision: 1}
	})
	role := func(ws, name string, scopes ...string) error {
		return officetest.Second(w.PutRole(w.Ctx, w.Root, officetest.In(ws), name, api.PutRole{Scopes: scopes}))
	}
	scope := func(ws, name string, implies ...string) error {
		return officetest.Second(w.PutScope(w.Ctx, w.Root, officetest.In(ws), name, api.PutScope{Implies: implies}))
	}
	for _, step := range []struct {
		what string
		err  error
		code api.Code
	}{
		{"a 501st role", role("acme", "One more"), api.CodeInvalidRequest},
		{"its own version of a built-in one", role("acme", "Viewer"), api.CodeInvalidRequest},
		{"one of the 500", role("acme", "R1", "tickets:read"), ""},
		{"20,001 scopes listed", role("globex", "R1", manyOf("tickets", 401)...), api.CodeInvalidRequest},
		{"as many as may be", role("globex", "R1", manyOf("tickets", 400)...), ""},
		{"a 1000th scope", scope("acme", "bills:last"), ""},
		{"a 1001st scope", scope("acme", "bills:more"), api.CodeInvalidRequest},
		{"5,001 implied", scope("globex", "bills:more", "bills:v1"), api.CodeInvalidRequest},
		{"as many as before", scope("globex", "bills:s1", manyOf("bills", 100)...), ""},
	} {
		if got := api.AsError(step.err); (step.err == nil) != (step.code == "") || step.err != nil && got.Code != step.code {
			t.Errorf("%s: %v, want %s", step.what, step.err, step.code)
		}
	}
	rows(1, func(int) (ledger.Role, ledger.Scope) { // from before there was an end
		return ledger.Role{Workspace: -1, Name: "Huge", Scopes: manyOf("tickets", 9), Revision: 1}, ledger.Scope{Name: "bills:huge", Implies: manyOf("bills", 9), Revision: 1}
	})
	w.Refused(role("globex", "Huge", manyOf("tickets", 10)...), api.CodeInvalidRequest)
	w.Refused(scope("globex", "bills:huge", manyOf("bills", 10)...), api.CodeInvalidRequest)
	officetest.Must(t, role("globex", "Huge", manyOf("tickets", 8)...))
	officetest.Must(t, scope("globex", "bills:huge", manyOf("bills", 8)...))
}

// A list of what there is begins with what is built in, says of each whose it is, and is
// the workspace's own version where there is one, unless the instance locked its own.
func TestACatalogueSaysWhoseEachNameIs(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	w.WriteRole(officetest.Acme(), "Sealed", "bills:pay") // before the instance locks it
	w.WriteScope(officetest.Acme(), "bills:pay", api.PutScope{Implies: []string{"bills:read"}})
	for name, locked := range map[string]bool{"Zeta": false, "Alpha": false, "Sealed": true} {
		officetest.Must(t, officetest.Second(w.PutRole(w.Ctx, w.Root, officetest.Instance(), name, api.PutRole{Scopes: []string{"tickets:read"}, Locked: locked})))
	}
	w.WriteScope(officetest.Instance(), "bills:pay", api.PutScope{Locked: true})
	w.WriteRole(officetest.Acme(), "Alpha", "tickets:write")
	eve := w.Member("eve@example.com", "Viewer")
	roles, err := w.ListRoles(w.Ctx, eve, officetest.Acme())
	officetest.Must(t, err)
	var names []string
	for _, r := range roles {
		names = append(names, r.Name)
		if one, err := w.GetRole(w.Ctx, eve, officetest.Acme(), r.Name); err != nil || !cmp.Equal(one, r) {
			t.Errorf("%s alone: %s, %v", r.Name, cmp.Diff(r, one), err)
		}
	}
	var want []string
	for _, d := range grant.BuiltInRoles() {
		want = append(want, d.Name)
	}
	if want = append(want, "Alpha", "Sealed", "Zeta"); !cmp.Equal(names, want) {
		t.Errorf("the roles are %v, want %v", names, want)
	}
	by := map[string]api.Role{}
	for _, r := range roles {
		by[r.Name] = r
	}
	if r := by["Alpha"]; r.Inherited || !cmp.Equal(r.Scopes, []string{"tickets:write"}) {
		t.Errorf("its own version: %+v", r)
	}
	if r := by["Sealed"]; !r.Inherited || !r.Locked || !cmp.Equal(r.Scopes, []string{"tickets:read"}) {
		t.Errorf("what the instance locked: %+v", r)
	}
	if r := by["Viewer"]; !r.BuiltIn || !r.Inherited {
		t.Errorf("what is built in: %+v", r)
	}
	for name, err := range map[string]error{
		"the role written":  officetest.Second(w.PutRole(w.Ctx, w.Root, officetest.Acme(), "Sealed", api.PutRole{})),
		"the scope written": officetest.Second(w.PutScope(w.Ctx, w.Root, officetest.Acme(), "bills:pay", api.PutScope{})),
	} {
		if api.AsError(err).Code != api.CodeLocked {
			t.Errorf("%s: %v", name, err)
		}
	}
	scopes, err := w.ListScopes(w.Ctx, eve, officetest.Acme())
	officetest.Must(t, err)
	if last := scopes[len(scopes)-1]; last.Name != "bills:pay" || !last.Locked || len(last.Implies) > 0 || !scopes[0].BuiltIn || len(scopes) != len(grant.BuiltIn())+1 {
		t.Errorf("%d scopes, the last %+v", len(scopes), last)
	}
	for _, name := range []string{"bills:pay", "tokens:read"} {
		one, err := w.GetScope(w.Ctx, eve, officetest.Acme(), name)
		if err != nil || !slices.ContainsFunc(scopes, func(s api.Scope) bool { return cmp.Equal(s, one) }) {
			t.Errorf("%s alone: %+v, %v", name, one, err)
		}
	}
	blind := w.With(w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read")))
	for name, err := range map[string]error{
		"roles": officetest.Second(w.ListRoles(w.Ctx, blind, officetest.Acme())), "a role": officetest.Second(w.GetRole(w.Ctx, blind, officetest.Acme(), "Viewer")),
		"scopes": officetest.Second(w.ListScopes(w.Ctx, blind, officetest.Acme())), "a scope": officetest.Second(w.GetScope(w.Ctx, blind, officetest.Acme(), "tokens:read")),
		"the instance's roles":  officetest.Second(w.ListRoles(w.Ctx, eve, officetest.Instance())),
		"the instance's scopes": officetest.Second(w.ListScopes(w.Ctx, eve, officetest.Instance())),
	} {
		if api.AsError(err).Code != api.CodeInsufficientScope {
			t.Errorf("%s to whoever may not read them: %v", name, err)
		}
	}
	w.Refused(officetest.Second(w.GetScope(w.Ctx, eve, officetest.Acme(), "bills:none")), api.CodeNotFound)
}

// Of the instance's role it is asked in every workspace whether somebody has it, and what
// a workspace calls so of its own is another role.
func TestARoleOfTheInstanceIsInUseWhereverItIs(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	w.Workspace("globex")
	w.WriteRole(officetest.Instance(), "Night", "tickets:read")
	w.WriteRole(officetest.In("globex"), "Night", "tickets:write")
	w.MemberOf("globex", "gil@example.com", "Night", "*")
	ends := func(replacement string) error {
		return officetest.Second(w.DeleteRole(w.Ctx, w.Root, officetest.Instance(), "Night", replacement))
	}
	w.Account("ci", "*")
	trusted := func(on bool) {
		w.Fill(1, func(tx ledger.Tx, ws ledger.ID, _ int) error {
			ci, err := tx.ServiceAccount(ws, ledger.ServiceAccountKey{Name: "ci"})
			rule := ledger.TrustRule{ID: 7000, PublicID: "trust_1", Workspace: ws, ServiceAccount: ci.ID, Issuer: "https://ci.example.com", Audience: "a",
				Claims: map[string][]string{"sub": {"job"}}, Grants: []grant.Statement{{Scopes: []string{"tickets:read"}, Resources: []string{"*"}}}, CreatedAt: w.Clock.Now()}
			if on {
				rule.Grants = []grant.Statement{{Role: "Night", Resources: []string{"*"}}}
			}
			if err != nil {
				return err
			}
			return tx.PutTrustRule(rule)
		})
	}
	trusted(true)
	w.Refused(ends(""), api.CodeRoleInUse)
	trusted(false)
	w.MemberOf("acme", "eve@example.com", "Night", "*")
	w.Refused(ends(""), api.CodeRoleInUse)
	officetest.Must(t, w.DropMember(w.Ctx, "eve@example.com"))
	officetest.Must(t, ends(""))
	w.Refused(officetest.Second(w.GetRole(w.Ctx, w.Root, officetest.Acme(), "Night")), api.CodeNotFound)
	if m, err := w.GetMember(w.Ctx, w.Root, "globex", "gil@example.com"); err != nil || *m.Role != "Night" || len(m.Effective) != 1 {
		t.Errorf("gil of globex: %+v, %v", m, err)
	}
}

// Who gives a scope to a role gives it to all who have that: it takes what the role comes
// to, and what the scope comes to where it is held alone.
func TestAScopeIsGivenToARoleByWhoeverCoversIt(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	w.WriteRole(officetest.Acme(), "Clerk", "bills:read")
	by := w.With(w.Create(w.Root, officetest.Scoped("workspace", "", "roles:write", "bills:read", "bills:pay")))
	for name, c := range map[string]struct {
		scope string
		in    api.PutScope
		code  api.Code
	}{
		"to a role that is less":           {"bills:pay", api.PutScope{Roles: []string{"Clerk"}}, api.CodeOK},
		"to a role that is more":           {"bills:pay", api.PutScope{Roles: []string{"Viewer"}}, api.CodeGrantExceedsOwn},
		"one that they have not":           {"bills:void", api.PutScope{Roles: []string{"Clerk"}}, api.CodeGrantExceedsOwn},
		"one that implies what they have":  {"bills:pay", api.PutScope{Implies: []string{"bills:read"}}, api.CodeOK},
		"one that implies more":            {"bills:pay", api.PutScope{Implies: []string{"bills:void"}}, api.CodeGrantExceedsOwn},
		"to a pattern, by what it implies": {"bills:read", api.PutScope{Implies: []string{"bills:pay"}}, api.CodeGrantExceedsOwn}, // product:read of a Viewer
		"one that nobody is given":         {"bills:void", api.PutScope{}, api.CodeOK},
	} {
		before, err := w.ListRoles(w.Ctx, w.Root, officetest.Acme())
		officetest.Must(t, err)
		err = officetest.Second(w.PutScope(w.Ctx, by, officetest.Acme(), c.scope, c.in))
		if (err == nil) != (c.code == api.CodeOK) || err != nil && api.AsError(err).Code != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
		if after, failed := w.ListRoles(w.Ctx, w.Root, officetest.Acme()); err != nil && (failed != nil || !cmp.Equal(after, before)) {
			t.Errorf("%s was refused, and the roles are otherwise: %s", name, cmp.Diff(before, after))
		}
	}
}

// What a slow token writes is no faster than itself: a role that there is, by its limit or
// by losing it, and the one that shines through.
func TestASlowTokenMakesNoRoleFaster(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	limit := func(n int) *api.RateLimit { return &api.RateLimit{Requests: n, Window: api.Duration(time.Minute)} }
	put := func(c authority.Caller, at authority.Where, l *api.RateLimit) error {
		return officetest.Second(w.PutRole(w.Ctx, c, at, "Agent", api.PutRole{Scopes: []string{"tickets:read"}, RateLimit: l}))
	}
	in := officetest.Scoped("workspace", "", "roles:write", "tickets:read", "policy:write")
	in.RateLimit = api.Some(*limit(10))
	slow := w.With(w.Create(w.Root, in))
	officetest.Must(t, put(w.Root, officetest.Instance(), nil))
	officetest.Must(t, put(w.Root, officetest.Acme(), limit(5)))
	w.RefusedField(put(slow, officetest.Acme(), limit(11)), api.CodeGrantExceedsOwn, "rate_limit")
	w.RefusedField(put(slow, officetest.Acme(), nil), api.CodeGrantExceedsOwn, "rate_limit")
	w.RefusedField(remove(w, slow, "Agent", ""), api.CodeGrantExceedsOwn, "rate_limit")
	officetest.Must(t, put(slow, officetest.Acme(), limit(10)))
	officetest.Must(t, put(slow, officetest.Acme(), limit(1)))
	// And a role that is more than its own it does not speed up at all.
	officetest.Must(t, officetest.Second(w.PutRole(w.Ctx, w.Root, officetest.Acme(), "Strong", api.PutRole{Scopes: []string{"tickets:*"}, RateLimit: limit(1)})))
	strong := func(l *api.RateLimit) error {
		return officetest.Second(w.PutRole(w.Ctx, slow, officetest.Acme(), "Strong", api.PutRole{Scopes: []string{"tickets:*"}, RateLimit: l}))
	}
	w.Refused(strong(limit(2)), api.CodeGrantExceedsOwn)
	officetest.Must(t, strong(limit(1)))
}

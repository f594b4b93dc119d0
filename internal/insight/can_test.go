package insight_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store/storetest"
	"github.com/tokenry/tokenry/internal/verify"
)

// TestWhatATokenCanIsWhatItMay: for any rights of an owner and of a token, any scope and any
// resource, what is said it can is what verification lets it.
func TestWhatATokenCanIsWhatItMay(t *testing.T) {
	t.Parallel()
	w := newWatched(t, storetest.SQLite(t))
	w.WriteScope(officetest.Acme(), "tickets:read", api.PutScope{})
	w.WriteScope(officetest.Acme(), "tickets:write", api.PutScope{Implies: []string{"tickets:read"}})
	w.WriteRole(officetest.Acme(), "Agent", "tickets:write")
	w.Account("ci", "tickets:read")
	scopes := []string{"tickets:read", "tickets:write", "tokens:read", "orders:read", "tickets:*", "product:read", "*"}
	statement := rapid.Custom(func(t *rapid.T) api.Statement {
		s := api.Statement{Resources: rapid.SampledFrom([][]string{{"*"}, {"ledger"}, {"pay*"}, {"ledger", "payments"}}).Draw(t, "resources")}
		if rapid.Bool().Draw(t, "role") {
			s.Role = rapid.SampledFrom([]string{"Agent", "Viewer", "Team Member"}).Draw(t, "name")
		} else {
			s.Scopes = rapid.SliceOfNDistinct(rapid.SampledFrom(scopes), 1, 3, rapid.ID).Draw(t, "scopes")
		}
		return s
	})
	statements := rapid.SliceOfN(statement, 1, 3)
	i := w.Create(w.Root, officetest.Ask("service", "ci"))
	for n := range 30 { // drawn, and the same each time
		owner := api.Rights{Grants: api.Some(statements.Example(n))}
		officetest.Must(t, officetest.Second(w.EditServiceAccount(w.Ctx, w.admin(), "acme", "ci", api.EditServiceAccount{Rights: owner})))
		own := api.Rights{Grants: api.Null[[]api.Statement]()}
		if n%4 != 0 {
			own.Grants = api.Some(statements.Example(n + 100))
		}
		officetest.Must(t, officetest.Second(w.EditToken(w.Ctx, w.admin(), "acme", i.Token.ID, officetest.Patch(func(f *api.TokenFields) { f.Rights = own }))))
		for _, scope := range []string{"tickets:read", "tokens:read", scopes[n%4]} {
			for _, resource := range []string{"", []string{"ledger", "payments", "other"}[n%3]} {
				v, err := w.Can(w.Ctx, w.admin(), "acme", i.Token.ID, scope, resource)
				officetest.Must(t, err)
				if resource == "" {
					resource = verify.AnyResource
				}
				if code := w.decide(i.Secret, "192.0.2.1", resource, scope); code != v.Code || v.Allowed != (code == api.CodeOK) {
					t.Fatalf("%v of %v: %s on %s is verified as %s, and can: %s", own.Grants, owner.Grants, scope, resource, code, v.Code)
				}
			}
		}
	}
}

// TestWhatMendsIsToldToWhoMayExplain: it says what an owner lacks. Whoever only reads a
// token is told what it can, without that.
func TestWhatMendsIsToldToWhoMayExplain(t *testing.T) {
	t.Parallel()
	w := newWatched(t, storetest.SQLite(t))
	w.Account("reader", "tokens:read")
	w.Account("auditor", "tokens:read", "tokens:verify")
	w.Account("nobody", "tickets:read")
	reader := w.With(w.Create(w.Root, officetest.Ask("service", "reader")))
	auditor := w.With(w.Create(w.Root, officetest.Ask("service", "auditor")))
	nobody := w.With(w.Create(w.Root, officetest.Ask("service", "nobody")))
	w.MemberOf("acme", "bob@example.com", "Viewer", "*")
	bob := w.Person("bob@example.com")
	i := w.Create(w.Root, officetest.Ask("personal", "bob@example.com"))
	for who, c := range map[string]struct {
		caller authority.Caller
		code   api.Code // of a refusal
		told   bool
	}{
		"who may read":             {reader, "", false},
		"who may read and explain": {auditor, "", true},
		"its owner, signed in":     {bob, "", true},
		"the token itself":         {w.With(i), "", true},
		"who may neither":          {nobody, api.CodeInsufficientScope, false},
		"another Viewer":           {w.Member("vic@example.com", "Viewer"), "", false},
	} {
		v, err := w.Can(w.Ctx, c.caller, "acme", i.Token.ID, "policy:write", "")
		if codeOf(err) != c.code {
			t.Errorf("%s: %v, want %q", who, err, c.code)
			continue
		}
		if err != nil {
			continue
		}
		if remedy := failing(v).Remedy; v.Code != api.CodeInsufficientScope || (remedy != "") != c.told {
			t.Errorf("%s: %s, told %q", who, v.Code, remedy)
		}
	}
	w.Workspace("other")
	foreign, err := w.CreateToken(w.Ctx, w.Root, "other", officetest.Scoped("workspace", "", "tickets:read"))
	officetest.Must(t, err)
	for what, c := range map[string]struct{ ws, id, scope, resource, code, field string }{
		"a token of another workspace": {"acme", foreign.Token.ID, "tickets:read", "", "not_found", ""},
		"no workspace":                 {"nowhere", i.Token.ID, "tickets:read", "", "not_found", ""},
		"a pattern":                    {"acme", i.Token.ID, "tickets:*", "", "invalid_field", "scopes"},
		"no scope":                     {"acme", i.Token.ID, "", "", "invalid_field", "scopes"},
		"no name of a resource":        {"acme", i.Token.ID, "tickets:read", "a b", "invalid_field", "resource"},
	} {
		_, err := w.Can(w.Ctx, w.Root, c.ws, c.id, c.scope, c.resource)
		if e := api.AsError(err); err == nil || string(e.Code) != c.code || e.Field != c.field {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestWhoamiIsWhatMay: what a caller is told it may is what verification lets its token.
func TestWhoamiIsWhatMay(t *testing.T) {
	t.Parallel()
	w := newWatched(t, storetest.SQLite(t))
	w.Account("ci", "tickets:read", "orders:*")
	i := w.Create(w.Root, officetest.Scoped("service", "ci", "tickets:read", "tickets:write"))
	v, err := w.Whoami(w.Ctx, w.With(i))
	officetest.Must(t, err)
	if v.Workspace != "acme" || v.InstanceAdmin || !slices.Equal(v.Scopes, []string{"tickets:read"}) || !slices.Equal(v.Resources, []string{"*"}) ||
		v.Token == nil || v.Token.ID != i.Token.ID || len(v.Effective) != 1 {
		t.Errorf("a token: %+v", v)
	}
	for _, scope := range []string{"tickets:read", "tickets:write", "orders:read"} {
		if code := w.decide(i.Secret, "192.0.2.1", "any", scope); slices.Contains(v.Scopes, scope) != (code == api.CodeOK) {
			t.Errorf("told %v, and %s is %s", v.Scopes, scope, code)
		}
	}
	root, err := w.Whoami(w.Ctx, w.Root)
	officetest.Must(t, err)
	if !root.InstanceAdmin || root.Token == nil {
		t.Errorf("the first token: %+v", root)
	}
	w.MemberOf("acme", "bob@example.com", "Viewer", "ledger")
	if person, err := w.Whoami(w.Ctx, w.Person("bob@example.com")); codeOf(err) != api.CodeNotFound {
		t.Errorf("a person is in no workspace by itself: %+v, %v", person, err)
	}
	officetest.Must(t, officetest.Second(w.RevokeToken(w.Ctx, w.Root, "acme", i.Token.ID, api.RevokeToken{})))
	if _, err := w.Whoami(w.Ctx, w.With(i)); err == nil {
		t.Error("a revoked token is told who it is")
	}
}

// TestAWorkspaceIsFoundByWhatItIsCalled, and one that is alone by being so.
func TestAWorkspaceIsFoundByWhatItIsCalled(t *testing.T) {
	t.Parallel()
	w := newWatched(t, storetest.SQLite(t))
	if id, ok, err := w.Alone(w.Ctx); err != nil || !ok || id != w.WorkspaceID() {
		t.Errorf("alone: %d, %t, %v", id, ok, err)
	}
	_, err := w.CreateWorkspace(w.Ctx, w.Root, api.CreateWorkspace{Slug: "globex", ExternalID: api.Some("cust/7")})
	officetest.Must(t, err)
	if id, ok, err := w.Alone(w.Ctx); err != nil || ok || id != 0 {
		t.Errorf("of two: %d, %t, %v", id, ok, err)
	}
	globex, err := w.Resolve(w.Ctx, "globex")
	officetest.Must(t, err)
	for ref, want := range map[string]ledger.ID{"acme": w.WorkspaceID(), "globex": globex, "ext:cust/7": globex, "ext:": 0, "ext:cust/8": 0, "nowhere": 0, "Acme": 0, "any": 0} {
		if got, err := w.Resolve(w.Ctx, ref); got != want || want == 0 && codeOf(err) != api.CodeNotFound {
			t.Errorf("%q: %d, %v", ref, got, err)
		}
	}
	officetest.Must(t, officetest.Second(w.DeleteWorkspace(w.Ctx, w.Root, "globex")))
	if _, err := w.Resolve(w.Ctx, "globex"); codeOf(err) != api.CodeNotFound {
		t.Errorf("a deleted one: %v", err)
	}
	if _, ok, err := w.Alone(w.Ctx); err != nil || !ok {
		t.Errorf("alone again: %t, %v", ok, err)
	}
}

// TestHowLongUsageIsKeptIsEachWorkspacesOwn: the instance's stands for those that say nothing.
func TestHowLongUsageIsKeptIsEachWorkspacesOwn(t *testing.T) {
	t.Parallel()
	w := newWatched(t, storetest.SQLite(t))
	w.Workspace("globex")
	globex, err := w.Resolve(w.Ctx, "globex")
	officetest.Must(t, err)
	officetest.Must(t, officetest.Second(w.EditInstancePolicy(w.Ctx, w.admin(), api.PatchPolicy{Retention: api.Some(200 * api.Day)})))
	w.Policy(func(p *api.PatchPolicy) { p.Retention = api.Some(30 * api.Day) })
	keep, err := w.Retentions(w.Ctx)
	officetest.Must(t, err)
	if diff := cmp.Diff(map[ledger.ID]time.Duration{0: 200 * officetest.Day, globex: 200 * officetest.Day, w.WorkspaceID(): 30 * officetest.Day}, keep); diff != "" {
		t.Error(diff)
	}
}

// TestRemovalsAreListedForWhoMayKnowOfThem: each kind by the scope that reads what was
// removed, and of one's own workspace alone.
func TestRemovalsAreListedForWhoMayKnowOfThem(t *testing.T) {
	t.Parallel()
	w := newWatched(t, storetest.SQLite(t))
	w.Account("robot", "tickets:read")
	w.Account("other", "tickets:read")
	w.MemberOf("acme", "bob@example.com", "Viewer", "*")
	kinds := map[ledger.RemovalKind]string{
		ledger.RemovedRole: "", ledger.RemovedScope: "", ledger.RemovedResource: "", ledger.RemovedMember: "members:read",
		ledger.RemovedServiceAccount: "service-accounts:read", ledger.RemovedSealed: "policy:read",
	}
	w.removes(kinds)
	all, err := w.ListRemovals(w.Ctx, w.Root, officetest.Acme())
	officetest.Must(t, err)
	names := map[string]string{}
	for _, x := range all {
		names[x.Kind] = fmt.Sprint(x.Name, " ", x.Done, " by ", x.RemovedBy)
		if x.Total == nil || *x.Total != 9 {
			t.Errorf("%s: of %v", x.Kind, x.Total)
		}
	}
	want := map[string]string{"member": "bob@example.com 3 by eve@example.com", "service_account": "robot@acme.service 3 by eve@example.com"}
	for kind := range kinds {
		if k := string(kind); want[k] == "" {
			want[k] = "thing 3 by eve@example.com"
		}
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	for kind, scope := range kinds {
		name := "kind-" + string(kind[0]) + fmt.Sprint(len(kind))
		w.Account(name, "roles:read")
		if scope != "" {
			rights := officetest.Rights("roles:read", scope)
			officetest.Must(t, officetest.Second(w.EditServiceAccount(w.Ctx, w.Root, "acme", name, api.EditServiceAccount{Rights: rights})))
		}
		got, err := w.ListRemovals(w.Ctx, w.With(w.Create(w.Root, officetest.Ask("service", name))), officetest.Acme())
		officetest.Must(t, err)
		for _, x := range got {
			if needs := kinds[ledger.RemovalKind(x.Kind)]; needs != "" && needs != scope {
				t.Errorf("by roles:read and %q a removed %s is listed", scope, x.Kind)
			}
		}
		if n := len(got); scope == "" && n != 3 || scope != "" && n != 4 {
			t.Errorf("by roles:read and %q: %d", scope, n)
		}
	}
	w.Workspace("globex")
	for what, c := range map[string]struct {
		at   authority.Where
		want int
	}{"another workspace": {officetest.In("globex"), 0}, "the instance": {officetest.Instance(), 0}} {
		if got, err := w.ListRemovals(w.Ctx, w.Root, c.at); err != nil || len(got) != c.want {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
	_, err = w.ListRemovals(w.Ctx, w.With(w.Create(w.Root, officetest.Ask("service", "other"))), officetest.Acme())
	w.Refused(err, api.CodeInsufficientScope)
	_, err = w.ListRemovals(w.Ctx, w.Member("own@example.com", "Owner"), officetest.Instance())
	w.Refused(err, api.CodeInsufficientScope)
}

// removes puts a removal of each kind that goes on.
func (w *watched) removes(kinds map[ledger.RemovalKind]string) {
	w.Helper()
	ws := w.WorkspaceID()
	var member, account ledger.ID
	officetest.Must(w.T, w.Store.Read(w.Ctx, func(r ledger.Reader) error {
		m, err := r.Member(ws, ledger.MemberKey{Email: "bob@example.com"})
		officetest.Must(w.T, err)
		s, err := r.ServiceAccount(ws, ledger.ServiceAccountKey{Name: "robot"})
		member, account = m.ID, s.ID
		return err
	}))
	_, err := w.Store.Batch(w.Ctx, []func(ledger.Tx) error{func(tx ledger.Tx) error {
		id := ledger.ID(900)
		for kind := range kinds {
			id++
			x := ledger.Removal{ID: id, Workspace: ws, Kind: kind, Name: "thing", By: "eve@example.com", CreatedAt: w.Clock.Now(), Total: 9, Done: 3}
			if owner := map[ledger.RemovalKind]ledger.ID{ledger.RemovedMember: member, ledger.RemovedServiceAccount: account}[kind]; owner != 0 {
				x.Name, x.Owner = "", owner
			}
			if err := tx.PutRemoval(x); err != nil {
				return err
			}
		}
		return nil
	}})
	officetest.Must(w.T, err)
}

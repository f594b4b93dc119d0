package authority_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// leave writes a removal down and goes no further with it.
func leave(w *officetest.World, a *authority.Authority, x ledger.Removal) (id ledger.ID) {
	w.Helper()
	officetest.Must(w.T, officetest.Second(a.Mutate(w.Ctx, authority.Caller{Machine: "test"}, func(w *authority.Work) (err error) {
		id, err = w.Leave(authority.Machine(w.Caller), x)
		return err
	})))
	return id
}

// names says of each kind of row in acme whether it lists a scope, as it is stored.
func names(w *officetest.World, scope string) map[string]bool {
	w.Helper()
	out := map[string]bool{}
	lists := func(sts []grant.Statement) bool {
		return slices.ContainsFunc(sts, func(s grant.Statement) bool { return slices.Contains(s.Scopes, scope) })
	}
	ws := w.WorkspaceID()
	officetest.Must(w.T, w.Store.Read(w.Ctx, func(r ledger.Reader) error {
		roles, e1 := r.Roles(ws)
		scopes, e2 := r.Scopes(ws)
		members, e3 := r.Members(ws, ledger.Range{})
		accounts, e4 := r.ServiceAccounts(ws, ledger.Range{})
		tokens, e5 := r.Tokens(ws, ledger.TokenQuery{})
		rules, e6 := r.TrustRules(ws, 0, ledger.Range{})
		out["role"] = slices.ContainsFunc(roles, func(x ledger.Role) bool { return slices.Contains(x.Scopes, scope) })
		out["scope"] = slices.ContainsFunc(scopes, func(x ledger.Scope) bool { return slices.Contains(x.Implies, scope) })
		out["member"] = slices.ContainsFunc(members, func(x ledger.Member) bool { return lists(x.Grants) })
		out["account"] = slices.ContainsFunc(accounts, func(x ledger.ServiceAccount) bool { return lists(x.Grants) })
		out["token"] = slices.ContainsFunc(tokens, func(x ledger.Token) bool { return lists(x.Grants) })
		out["rule"] = slices.ContainsFunc(rules, func(x ledger.TrustRule) bool { return lists(x.Grants) })
		return errors.Join(e1, e2, e3, e4, e5, e6)
	}))
	return out
}

// TestWhatIsGoneLeavesEveryKindOfRow, one piece after the other and nothing else with it;
// and its name is nobody's until then.
func TestWhatIsGoneLeavesEveryKindOfRow(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	a := only(w, authority.Options{})
	sts := []grant.Statement{{Scopes: []string{"old:read", "tickets:read"}, Resources: []string{"*"}}}
	w.Account("ci", "old:read", "tickets:read")
	w.MemberOf("acme", "bob@example.com", "Viewer", "*")
	officetest.Must(t, officetest.Second(w.EditMember(w.Ctx, w.Root, "acme", "bob@example.com", api.EditMember{Rights: officetest.Rights("old:read", "tickets:read")})))
	officetest.Must(t, officetest.Second(w.PutRole(w.Ctx, w.Root, officetest.In("acme"), "Clerk", api.PutRole{Scopes: []string{"old:read", "tickets:read"}})))
	officetest.Must(t, officetest.Second(w.PutScope(w.Ctx, w.Root, officetest.In("acme"), "tickets:write", api.PutScope{Implies: []string{"old:read", "tickets:read"}})))
	i, other := w.Create(w.Root, officetest.Scoped("workspace", "", "old:read", "tickets:read")), w.Create(w.Root, officetest.Scoped("workspace", "", "tickets:read"))
	w.Fill(1, func(tx ledger.Tx, ws ledger.ID, _ int) error {
		accounts, err := tx.ServiceAccounts(ws, ledger.Range{})
		return errors.Join(err, tx.PutTrustRule(ledger.TrustRule{ID: tx.NewID(), Workspace: ws, ServiceAccount: accounts[0].ID, PublicID: "tru_1", Label: "x", System: "oidc", Issuer: "https://x.example", Audience: "x",
			Claims: map[string][]string{"sub": {"x"}}, Grants: sts, Lifetime: time.Minute, CreatedBy: "ada", CreatedAt: w.Clock.Now(), Revision: tx.Revision()}))
	})
	for kind, is := range names(w, "old:read") {
		if !is {
			t.Fatalf("no %s lists it, so nothing is to be rewritten there", kind)
		}
	}
	before := rowOf(w, other)
	id := leave(w, a, ledger.Removal{Workspace: w.WorkspaceID(), Kind: ledger.RemovedScope, Name: "old:read"})
	in(w, w.Root, func(_ *authority.Snapshot, _ *authority.Actor, sp *authority.Space) {
		for _, c := range []struct {
			kind  ledger.RemovalKind
			names []string
			free  bool
		}{
			{ledger.RemovedScope, []string{"old:read"}, false}, {ledger.RemovedScope, []string{"x:read", "old:read"}, false}, {ledger.RemovedScope, []string{"old:write"}, true},
			{ledger.RemovedResource, []string{"old:read"}, true}, {ledger.RemovedRole, []string{"old:read"}, true}, {ledger.RemovedScope, nil, true},
		} {
			if err := sp.Free(c.kind, c.names...); (err == nil) != c.free || err != nil && !errors.Is(err, api.CodeBeingDeleted) {
				t.Errorf("the %s %v: %v", c.kind, c.names, err)
			}
		}
	})
	if got := a.Begun(w.Ctx, id, 1); got <= before.Revision {
		t.Errorf("whoever removed it waits for revision %d", got)
	}
	for kind, is := range names(w, "old:read") {
		if is {
			t.Errorf("a %s lists it yet", kind)
		}
	}
	for kind, is := range names(w, "tickets:read") {
		if !is {
			t.Errorf("a %s lost what stood beside it", kind)
		}
	}
	if row := rowOf(w, i); row.Revision <= before.Revision || rowOf(w, other).Revision != before.Revision {
		t.Errorf("the token that was rewritten is at %d, and one that was not went from %d to %d", row.Revision, before.Revision, rowOf(w, other).Revision)
	}
	in(w, w.Root, func(_ *authority.Snapshot, _ *authority.Actor, sp *authority.Space) {
		officetest.Must(t, sp.Free(ledger.RemovedScope, "old:read"))
	})
	if got := a.Begun(w.Ctx, id, 42) + a.Begun(w.Ctx, 0, 42); got != 84 {
		t.Errorf("of what is done, and of nothing, the revisions are %d", got)
	}
}

// TestWhatAnOwnerLeftIsToldOfEach: each token by an event of its own, in the name of who
// removed the owner; without tokens there is nothing to be left.
func TestWhatAnOwnerLeftIsToldOfEach(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	w.Account("ci", "tickets:read")
	w.Account("idle", "tickets:read")
	w.Create(w.Root, officetest.Ask("service", "idle"))
	live, dead := w.Create(w.Root, officetest.Ask("service", "ci")), w.Create(w.Root, officetest.Ask("service", "ci"))
	officetest.Must(t, officetest.Second(w.RevokeToken(w.Ctx, w.Root, "acme", dead.Token.ID, api.RevokeToken{Reason: api.ReasonLeaked})))
	owner := rowOf(w, live).OwnerServiceAccount
	a := only(w, authority.Options{})
	left := func(x ledger.Removal) (id ledger.ID) {
		officetest.Must(t, officetest.Second(a.Withdraw(w.Ctx, authority.Caller{Machine: "test"}, func(work *authority.Work) (err error) {
			x.Workspace, x.Kind = w.WorkspaceID(), ledger.RemovedServiceAccount
			id, err = work.LeaveTokens(&authority.Actor{Principal: api.Principal{Address: "boss@example.com"}}, x)
			return err
		})))
		return id
	}
	w.Clock.Pass(time.Minute)
	removedAt := w.Clock.Now()
	id := left(ledger.Removal{Owner: owner})
	w.Clock.Pass(time.Minute)
	a.Begun(w.Ctx, id, 0)
	if row := rowOf(w, live); !row.RevokedAt.Equal(removedAt) || row.RevokeReason != api.ReasonOwnerLeft {
		t.Errorf("what it left was revoked at %s for %s, and it was removed at %s", row.RevokedAt, row.RevokeReason, removedAt)
	}
	if row := rowOf(w, dead); row.RevokeReason != api.ReasonLeaked {
		t.Errorf("the first reason gave way to %s", row.RevokeReason)
	}
	events, _, err := w.Audit(w.Ctx, w.Root, "acme", api.AuditFilter{Action: "token.revoked", Actor: "boss@example.com"}, officetest.Page(0))
	officetest.Must(t, err)
	if len(events) != 1 || events[0].Target != live.Token.ID {
		t.Errorf("in the name of who removed it: %+v", events)
	}
	if id := left(ledger.Removal{Owner: owner}); id != 0 {
		t.Errorf("nothing lives of it, and removal %d was left", id)
	}
}

// TestWhatNobodyDecidedIsGivenUp, in time and not before: the role is there until then.
func TestWhatNobodyDecidedIsGivenUp(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	officetest.Must(t, officetest.Second(w.PutRole(w.Ctx, w.Root, officetest.In("acme"), "Clerk", api.PutRole{Scopes: []string{"tickets:read"}})))
	ask := officetest.Ask("workspace", "")
	ask.Role, ask.Resources = api.Some("Clerk"), api.Some([]string{"*"})
	i := w.Create(w.Root, ask)
	a := only(w, authority.Options{})
	leave(w, a, ledger.Removal{Workspace: w.WorkspaceID(), Kind: ledger.RemovedRole, Name: "Clerk", Undecided: true})
	advance := func() {
		for _, x := range w.PendingRemovals() {
			done, err := (&authority.Rewriting{Authority: a, Removal: x}).Advance(w.Ctx)
			if err != nil || !done {
				t.Errorf("a step of the job: %v, %v", done, err)
			}
		}
	}
	for _, c := range []struct {
		pass time.Duration
		left int
	}{{0, 1}, {10*time.Minute - time.Second, 1}, {time.Second, 0}} {
		w.Clock.Pass(c.pass)
		advance()
		if got := w.PendingRemovals(); len(got) != c.left {
			t.Errorf("after %s more: %+v", c.pass, got)
		}
		w.Allow(i.Secret, "tickets:read")
	}
	if row := rowOf(w, i); row.Grants[0].Role != "Clerk" {
		t.Errorf("the token has %+v", row.Grants)
	}
}

// TestTwoWhoRewriteTheSameDoNoHarm: whoever comes late finds it gone, and writes nothing.
func TestTwoWhoRewriteTheSameDoNoHarm(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	i := w.Create(w.Root, officetest.Scoped("workspace", "", "old:read", "tickets:read"))
	a := only(w, authority.Options{})
	leave(w, a, ledger.Removal{Workspace: w.WorkspaceID(), Kind: ledger.RemovedScope, Name: "old:read"})
	late := &authority.Rewriting{Authority: a, Removal: w.PendingRemovals()[0]}
	officetest.Must(t, a.Stored(w.Ctx, func(r *authority.Snapshot) error { return officetest.Second(late.Search(r)) }))
	if len(late.Found) != 1 {
		t.Fatalf("found %v", late.Found)
	}
	officetest.Must(t, w.FinishRemovals(w.Ctx, func(context.Context) error { return nil }))
	before := rowOf(w, i)
	done, err := late.Advance(w.Ctx)
	if after := rowOf(w, i); err != nil || !done || after.Revision != before.Revision {
		t.Errorf("who is late: done %v, %v, and the row went from %d to %d", done, err, before.Revision, after.Revision)
	}
}

// TestWhatAPolicyLeavesToBeDestroyed: the copies of secrets, where it let them be kept
// before and does not now; and none can be kept again before the last is gone.
func TestWhatAPolicyLeavesToBeDestroyed(t *testing.T) {
	t.Parallel()
	keeps, free := api.Policy{Recoverable: true}, api.Policy{}
	locked := func(p api.Policy) api.Policy { p.Locked = []string{"recoverable"}; return p }
	w := officetest.NewWorld(t, storetest.SQLite(t))
	w.Workspace("globex")
	a := only(w, authority.Options{})
	acme := w.WorkspaceID()
	judge := func(at ledger.ID, before, after api.Policy) (left bool, err error) {
		_, err = a.Mutate(w.Ctx, authority.Caller{Machine: "test", Rehearse: true}, func(w *authority.Work) error {
			id, err := w.LeaveSealed(authority.Machine(w.Caller), at, before, after)
			left = id != 0
			return err
		})
		if errors.Is(err, authority.ErrUnchanged) {
			err = nil
		}
		return left, err
	}
	for name, c := range map[string]struct {
		at            ledger.ID
		before, after api.Policy
		left          bool
		busy          [2]bool // while copies are destroyed of acme, and of the instance
	}{
		"it never did":                           {acme, free, free, false, [2]bool{}},
		"it does yet":                            {acme, keeps, keeps, false, [2]bool{}},
		"it stops":                               {acme, keeps, free, true, [2]bool{}},
		"it begins":                              {acme, free, keeps, false, [2]bool{true, true}},
		"another begins":                         {acme + 1000, free, keeps, false, [2]bool{false, true}},
		"the instance begins":                    {0, free, keeps, false, [2]bool{true, true}},
		"the instance stops":                     {0, keeps, free, true, [2]bool{}},
		"the instance forbids what was free":     {0, free, locked(free), true, [2]bool{}},
		"the instance leaves it to workspaces":   {0, locked(free), free, false, [2]bool{true, true}},
		"the instance asks for it of all":        {0, keeps, locked(keeps), false, [2]bool{}},
		"the instance stops, and forbids it":     {0, keeps, locked(free), true, [2]bool{}},
		"the instance leaves, and begins":        {0, locked(free), keeps, false, [2]bool{true, true}},
		"a workspace's lock means nothing to it": {acme, free, locked(free), false, [2]bool{}},
	} {
		if left, err := judge(c.at, c.before, c.after); err != nil || left != c.left {
			t.Errorf("%s: left %v, %v", name, left, err)
		}
		for i, at := range []ledger.ID{acme, 0} {
			id := leave(w, a, ledger.Removal{Workspace: at, Kind: ledger.RemovedSealed, Name: "recoverable"})
			if _, err := judge(c.at, c.before, c.after); (err != nil) != c.busy[i] || err != nil && (!errors.Is(err, api.CodeBeingDeleted) || api.AsError(err).Field != "recoverable") {
				t.Errorf("%s, while those of %d are destroyed: %v", name, at, err)
			}
			officetest.Must(t, officetest.Second(a.Mutate(w.Ctx, authority.Caller{Machine: "test"}, func(w *authority.Work) error { return w.DeleteRemoval(id) })))
		}
	}
}

// TestCopiesAreDestroyedWhereNoneMayBeKeptNow: those of the instance's removal in every
// workspace but one whose own policy keeps them.
func TestCopiesAreDestroyedWhereNoneMayBeKeptNow(t *testing.T) {
	t.Parallel()
	w := officetest.NewWorld(t, storetest.SQLite(t))
	w.Workspace("globex")
	keep := api.PatchPolicy{Recoverable: api.Some(true)}
	officetest.Must(t, officetest.Second(w.EditInstancePolicy(w.Ctx, w.Root, keep)))
	officetest.Must(t, officetest.Second(w.EditPolicy(w.Ctx, w.Root, "globex", keep)))
	ask := officetest.Scoped("workspace", "", "tickets:read")
	here := w.Create(w.Root, ask)
	there, err := w.CreateToken(w.Ctx, w.Root, "globex", ask)
	officetest.Must(t, err)
	officetest.Must(t, officetest.Second(w.EditInstancePolicy(w.Ctx, w.Root, api.PatchPolicy{Recoverable: api.Some(false)})))
	w.Finish()
	for name, c := range map[string]struct {
		i    authority.Issued
		kept bool
	}{"acme": {here, false}, "globex": {there, true}} {
		row := rowOf(w, c.i)
		var secrets []ledger.Secret
		officetest.Must(t, w.Store.Read(w.Ctx, func(r ledger.Reader) (err error) { secrets, err = r.Secrets(row.ID); return err }))
		if row.Recoverable != c.kept || (secrets[0].Sealed != nil) != c.kept {
			t.Errorf("%s: recoverable %v, sealed %v, want %v", name, row.Recoverable, secrets[0].Sealed != nil, c.kept)
		}
		w.Allow(c.i.Secret)
	}
}

package authority

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/policy"
)

func roleOf(ws ledger.ID, name string, scopes ...string) ledger.Role {
	return ledger.Role{Workspace: ws, Name: name, Scopes: scopes}
}

func scopeOf(ws ledger.ID, name string, implies ...string) ledger.Scope {
	return ledger.Scope{Workspace: ws, Name: name, Implies: implies}
}

func locked(r ledger.Role) ledger.Role { r.Locked = true; return r }

// laid are rows of the instance and of workspace 1, as one catalogue.
func laid(gone []ledger.Removal, roles [2][]ledger.Role, scopes [2][]ledger.Scope) *catalogue {
	own := func(rows [2][]ledger.Role) [][]ledger.Role { // a catalogue is told them anew, and keeps them
		return [][]ledger.Role{slices.Clone(rows[0]), slices.Clone(rows[1])}
	}
	return newCatalogue(1, gone, own(roles), [][]ledger.Scope{slices.Clone(scopes[0]), slices.Clone(scopes[1])})
}

// TestWhoseWordCounts: a workspace's own over the instance's over what is built in, but
// for what the instance locked; and a built-in role can be extended, never emptied.
func TestWhoseWordCounts(t *testing.T) {
	t.Parallel()
	viewer := grant.BuiltInRoles()[slices.IndexFunc(grant.BuiltInRoles(), func(d grant.RoleDef) bool { return d.Name == "Viewer" })].Scopes
	more := append(slices.Clone(viewer), "tickets:read")
	for name, c := range map[string]struct {
		inst, own []ledger.Role
		role      string
		want      []string
	}{
		"built in":                     {nil, nil, "Viewer", viewer},
		"the instance's":               {[]ledger.Role{roleOf(0, "Clerk", "a:read")}, nil, "Clerk", []string{"a:read"}},
		"its own":                      {[]ledger.Role{roleOf(0, "Clerk", "a:read")}, []ledger.Role{roleOf(1, "Clerk", "b:read")}, "Clerk", []string{"b:read"}},
		"what is locked":               {[]ledger.Role{locked(roleOf(0, "Clerk", "a:read"))}, []ledger.Role{roleOf(1, "Clerk", "*")}, "Clerk", []string{"a:read"}},
		"a workspace locks nothing":    {[]ledger.Role{roleOf(0, "Clerk", "a:read")}, []ledger.Role{locked(roleOf(1, "Clerk", "b:read"))}, "Clerk", []string{"b:read"}},
		"built in, and extended":       {[]ledger.Role{roleOf(0, "Viewer", "tickets:read")}, nil, "Viewer", more},
		"extended twice is the latter": {[]ledger.Role{roleOf(0, "Viewer", "a:read")}, []ledger.Role{roleOf(1, "Viewer", "tickets:read")}, "Viewer", more},
		"built in, and emptied":        {nil, []ledger.Role{roleOf(1, "Viewer")}, "Viewer", viewer},
		"built in, and said twice":     {nil, []ledger.Role{roleOf(1, "Viewer", viewer...)}, "Viewer", viewer},
	} {
		cat := laid(nil, [2][]ledger.Role{c.inst, c.own}, [2][]ledger.Scope{})
		if diff := cmp.Diff(c.want, cat.Roles[c.role].Scopes); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(c.want, cat.book.Roles[c.role]); diff != "" {
			t.Errorf("%s, in the book (-want +got):\n%s", name, diff)
		}
		if cat.Roles[c.role].DisplayName != c.role {
			t.Errorf("%s: people read %q", name, cat.Roles[c.role].DisplayName)
		}
	}
	scopes := func(lock bool) *catalogue {
		inst := scopeOf(0, "a:write", "a:read")
		inst.Locked = lock
		return laid(nil, [2][]ledger.Role{}, [2][]ledger.Scope{{inst}, {scopeOf(1, "a:write", "a:read", "a:delete")}})
	}
	if free, held := scopes(false).book.Implies["a:write"], scopes(true).book.Implies["a:write"]; len(free) != 2 || len(held) != 1 {
		t.Errorf("a scope of its own implies %v, and over what is locked %v", free, held)
	}
}

// TestAScopeComesToTheRolesThatItNames, besides what their patterns give, and makes no
// role that is not there.
func TestAScopeComesToTheRolesThatItNames(t *testing.T) {
	t.Parallel()
	s := scopeOf(1, "b:read")
	s.Roles = []string{"Clerk", "Nobody"}
	cat := laid(nil, [2][]ledger.Role{nil, {roleOf(1, "Clerk", "a:read")}}, [2][]ledger.Scope{nil, {s}})
	if diff := cmp.Diff([]string{"a:read", "b:read"}, cat.book.Roles["Clerk"]); diff != "" {
		t.Errorf("the role gives (-want +got):\n%s", diff)
	}
	if _, made := cat.book.Roles["Nobody"]; made {
		t.Error("a scope made a role")
	}
	if got := cat.Roles["Clerk"].Scopes; len(got) != 1 {
		t.Errorf("the role is shown as written with %v", got)
	}
}

// TestWhatIsGoneIsInNoCatalogue: neither in a role nor in what a scope implies, while the
// rows say so still; and whoever had a removed role has the limit of what it means now.
func TestWhatIsGoneIsInNoCatalogue(t *testing.T) {
	t.Parallel()
	slow := roleOf(1, "Slow", "a:read")
	slow.RateLimit = &policy.KeptLimit{Requests: 3}
	roles := [2][]ledger.Role{{roleOf(0, "Clerk", "a:read", "old:read")}, {roleOf(1, "Own", "old:read"), slow}}
	scopes := [2][]ledger.Scope{nil, {scopeOf(1, "a:write", "old:read", "a:read")}}
	given := slices.Clone(roles[0][0].Scopes)
	gone := removed(ledger.RemovedScope, 0, "old:read")
	left := removed(ledger.RemovedRole, 1, "Fast")
	left.Replacement = "Slow"
	cat := laid([]ledger.Removal{gone, left}, roles, scopes)
	for _, c := range []struct{ got, want []string }{
		{cat.book.Roles["Clerk"], []string{"a:read"}}, {cat.book.Roles["Own"], []string{}}, {cat.book.Implies["a:write"], []string{"a:read"}},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("with a scope that is gone (-want +got):\n%s", diff)
		}
	}
	if !slices.Equal(given, roles[0][0].Scopes) {
		t.Errorf("the list that was read became %v", roles[0][0].Scopes)
	}
	if cat.limits["Fast"].Requests != 3 || cat.book.Gone.Roles["Fast"] != "Slow" {
		t.Errorf("who had the removed role has the limit %v", cat.limits["Fast"])
	}
}

// TestADigestNamesEverythingThatABookSays: what was worked out is found again by the
// digest, so two books with the same must mean the same.
func TestADigestNamesEverythingThatABookSays(t *testing.T) {
	t.Parallel()
	roles := [2][]ledger.Role{nil, {roleOf(1, "Clerk", "a:read", "b:read")}}
	scopes := [2][]ledger.Scope{nil, {scopeOf(1, "a:write", "a:read")}}
	named := scopeOf(1, "a:write", "a:read")
	named.Roles = []string{"Clerk"}
	seen := map[Digest]string{}
	for name, cat := range map[string]*catalogue{
		"as it is":                  laid(nil, roles, scopes),
		"another scope in a role":   laid(nil, [2][]ledger.Role{nil, {roleOf(1, "Clerk", "a:read", "c:read")}}, scopes),
		"one scope less":            laid(nil, [2][]ledger.Role{nil, {roleOf(1, "Clerk", "a:read")}}, scopes),
		"two names that read alike": laid(nil, [2][]ledger.Role{nil, {roleOf(1, "Clerk", "a:readb:read")}}, scopes),
		"another role":              laid(nil, [2][]ledger.Role{nil, {roleOf(1, "Clark", "a:read", "b:read")}}, scopes),
		"it implies something else": laid(nil, roles, [2][]ledger.Scope{nil, {scopeOf(1, "a:write", "b:read")}}),
		"it implies nothing":        laid(nil, roles, [2][]ledger.Scope{nil, {scopeOf(1, "a:write")}}),
		"it comes to a role":        laid(nil, roles, [2][]ledger.Scope{nil, {named}}),
		"a scope is gone":           laid([]ledger.Removal{removed(ledger.RemovedScope, 1, "x:read")}, roles, scopes),
		"a resource is gone":        laid([]ledger.Removal{removed(ledger.RemovedResource, 1, "x:read")}, roles, scopes),
		"a role is gone":            laid([]ledger.Removal{removed(ledger.RemovedRole, 1, "x:read")}, roles, scopes),
	} {
		if other, ok := seen[cat.Digest]; ok {
			t.Errorf("%s: the digest is that of %s", name, other)
		}
		seen[cat.Digest] = name
	}
	told := func(r ledger.Role) ledger.Role { r.Description, r.Revision = "for clerks", 9; return r }
	if cat := laid(nil, [2][]ledger.Role{nil, {told(roles[1][0])}}, scopes); seen[cat.Digest] != "as it is" {
		t.Error("what is only read by people made another digest")
	}
	if laid(nil, roles, scopes).weight() <= laid(nil, [2][]ledger.Role{}, [2][]ledger.Scope{}).weight() {
		t.Error("a larger catalogue weighs no more")
	}
}

// TestACatalogueIsReadAgainOnceItMayBeAnother: by the stamp of its rows, and by every
// removal of a name, also one that is decided; not by one of an owner.
func TestACatalogueIsReadAgainOnceItMayBeAnother(t *testing.T) {
	t.Parallel()
	x := removed(ledger.RemovedScope, 1, "a:read")
	undecided, later, again := x, x, x
	undecided.Undecided, again.ID = true, 9
	later.CreatedAt = x.CreatedAt.Add(time.Microsecond)
	as := func(ws ledger.ID, stamp string, all ...ledger.Removal) Digest { return catalogueKey(ws, stamp, all) }
	seen := map[Digest]string{}
	for name, key := range map[string]Digest{
		"as it is": as(1, "s"), "another workspace's": as(2, "s"), "other rows": as(1, "t"), "a name is gone": as(1, "s", x), "not yet": as(1, "s", undecided),
		"a later removal": as(1, "s", later), "another removal of it": as(1, "s", again), "two": as(1, "s", x, again),
	} {
		if other, ok := seen[key]; ok {
			t.Errorf("%s: the key is that of %s", name, other)
		}
		seen[key] = name
	}
	if as(1, "s", leftByMember(1, 7)) != as(1, "s") {
		t.Error("it is read again because a member left")
	}
}

func TestAUnionHasEachOnceInOrder(t *testing.T) {
	t.Parallel()
	a, b := []string{"c", "a", "c"}, []string{"b", "a", "d"}
	if diff := cmp.Diff([]string{"c", "a", "b", "d"}, Union(a, b)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{}, Union(nil, nil)); diff != "" {
		t.Errorf("of nothing: %s", diff)
	}
	room := append(make([]string, 0, 8), "a")
	Union(room, []string{"b"})
	if room[:2][1] != "" {
		t.Error("a union wrote into the list that it was given")
	}
}

package rights_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/office/officetest"
	"github.com/tokenry/tokenry/internal/store/storetest"
)

// deed is one thing that somebody may do with one resource.
type deed struct{ scope, resource string }

// errIdle says that nothing was tried.
var errIdle = errors.New("nothing was tried")

// might is everything that somebody may do, of the few things that the test looks at.
type might map[deed]bool

// mightOf reads what is effective, as it is shown to everybody.
func mightOf(active bool, effective []api.Statement) might {
	sts := make([]grant.Statement, len(effective))
	for i, s := range effective {
		sts[i] = grant.Statement(s)
	}
	var b grant.Book // which knows no names: what is effective is said without any
	g, m := b.Compile(sts), might{}
	for _, scope := range []string{"tickets:read", "tickets:write", "bills:read", "members:write", "roles:write", "tokens:create", "policy:write"} {
		for _, resource := range []string{"shop", "bank", "elsewhere"} {
			if active && g.Allows(scope, resource) {
				m[deed{scope, resource}] = true
			}
		}
	}
	return m
}

// realm is acme in the hands of many who try to get more than they have.
type realm struct {
	*officetest.World
	rand    *rand.Rand
	callers map[string]authority.Caller
	done    map[string]int
	made    int
}

func (r *realm) pick(from ...string) string { return from[r.rand.IntN(len(from))] }

func (r *realm) role() string {
	return r.pick("Viewer", "Team Member", "Administrator", "Owner", "Agent", "Clerk")
}
func (r *realm) member() string  { return r.pick("a", "b", "c", "d", "ada") + "@example.com" }
func (r *realm) account() string { return r.pick("ci", "cd") }
func (r *realm) scope() string   { return r.pick("tickets:read", "tickets:write", "bills:read") }

// rights are some, narrow and wide.
func (r *realm) rights() api.Rights {
	on := [][]string{{"*"}, {"*"}, {"shop"}, {"bank", "shop"}}[r.rand.IntN(4)]
	if r.rand.IntN(2) == 0 {
		return officetest.RoleOn(r.role(), on...)
	}
	return api.Rights{Resources: api.Some(on), Scopes: api.Some([][]string{
		{"tickets:read"}, {"tickets:*"}, {"tickets:read", "bills:read"}, {"members:write", "tickets:read"}, {"roles:write"}, {"*"}, {},
	}[r.rand.IntN(7)])}
}

// state is what everybody may do, and whether somebody owns the workspace.
func (r *realm) state() (all map[string]might, owned bool) {
	r.Helper()
	page, all := authority.Page{Limit: authority.MaxPage, Effective: true}, map[string]might{}
	god := authority.Caller{Machine: "test"}
	members, _, err := r.ListMembers(r.Ctx, god, "acme", page)
	officetest.Must(r.T, err)
	for _, m := range members {
		all[m.Address] = mightOf(m.Active, m.Effective)
		owned = owned || m.Active && m.Role != nil && *m.Role == "Owner" && slices.Contains(m.Resources, "*")
	}
	accounts, _, err := r.ListServiceAccounts(r.Ctx, god, "acme", page)
	officetest.Must(r.T, err)
	for _, s := range accounts {
		all[s.Address] = mightOf(s.Active, s.Effective)
	}
	tokens, _, err := r.ListTokens(r.Ctx, god, "acme", api.TokenFilter{}, page)
	officetest.Must(r.T, err)
	for _, t := range tokens {
		all[t.Locator] = mightOf(t.Usable, t.Effective)
	}
	return all, owned
}

// issue makes a token and lets it be a caller from then on, while there are few.
func (r *realm) issue(c authority.Caller) error {
	if r.made > 12 {
		return errIdle
	}
	in := officetest.Ask(r.pick("personal", "workspace", "service"), "")
	if in.Kind == "service" {
		in.Owner = r.account()
	}
	if in.Kind == "workspace" || r.rand.IntN(2) == 0 {
		in.Rights = r.rights()
	}
	made, err := r.CreateToken(r.Ctx, c, "acme", in)
	if err == nil {
		r.made++
		r.callers[made.Token.Locator] = r.With(made)
	}
	return err
}

// verbs are what callers try, each with names of its own choice.
func (r *realm) verbs() map[string]func(c authority.Caller) error {
	ctx, at := r.Ctx, officetest.Acme()
	return map[string]func(c authority.Caller) error{
		"edit a member": func(c authority.Caller) error {
			return officetest.Second(r.EditMember(ctx, c, "acme", r.member(), api.EditMember{Rights: r.rights()}))
		},
		"put a member": func(c authority.Caller) error {
			return officetest.Second(r.PutMember(ctx, c, "acme", r.member(), api.CreateMember{Rights: r.rights()}))
		},
		"deactivate a member": func(c authority.Caller) error {
			return officetest.Second(r.DeactivateMember(ctx, c, "acme", r.member(), false))
		},
		"activate a member": func(c authority.Caller) error {
			return officetest.Second(r.ActivateMember(ctx, c, "acme", r.member()))
		},
		"remove a member": func(c authority.Caller) error {
			if r.rand.IntN(2) > 0 {
				return errIdle
			}
			return officetest.Second(r.RemoveMember(ctx, c, "acme", r.member(), false))
		},
		"edit an account": func(c authority.Caller) error {
			return officetest.Second(r.EditServiceAccount(ctx, c, "acme", r.account(), api.EditServiceAccount{Rights: r.rights()}))
		},
		"disable an account": func(c authority.Caller) error {
			return officetest.Second(r.DisableServiceAccount(ctx, c, "acme", r.account(), false))
		},
		"enable an account": func(c authority.Caller) error {
			return officetest.Second(r.EnableServiceAccount(ctx, c, "acme", r.account()))
		},
		"write a role": func(c authority.Caller) error {
			in := api.PutRole{Scopes: []string{r.scope(), r.pick("tickets:*", "members:write", "roles:write", "tokens:create")}}
			return officetest.Second(r.PutRole(ctx, c, at, r.pick("Agent", "Clerk", "Viewer"), in))
		},
		"delete a role": func(c authority.Caller) error {
			return officetest.Second(r.DeleteRole(ctx, c, at, r.pick("Agent", "Clerk", "Viewer"), r.pick("", "Viewer", "Agent", "Administrator")))
		},
		"write a scope": func(c authority.Caller) error {
			in := api.PutScope{Implies: [][]string{nil, {r.scope()}}[r.rand.IntN(2)], Roles: [][]string{nil, {r.pick("Viewer", "Team Member")}}[r.rand.IntN(2)]}
			return officetest.Second(r.PutScope(ctx, c, at, r.scope(), in))
		},
		"delete a scope": func(c authority.Caller) error {
			return officetest.Second(r.DeleteScope(ctx, c, at, r.scope()))
		},
		"issue a token": r.issue,
		"edit a token": func(c authority.Caller) error {
			all := slices.DeleteFunc(slices.Sorted(maps.Keys(r.callers)), func(name string) bool { return r.callers[name].Token.IsZero() })
			if len(all) == 0 {
				return errIdle
			}
			return officetest.Second(r.EditToken(ctx, c, "acme", r.pick(all...), api.EditToken{TokenFields: api.TokenFields{Rights: r.rights()}}))
		},
	}
}

// order makes everybody what they are at the beginning, by Tokenry itself: a few rounds
// later nobody who is left may do much.
func (r *realm) order() {
	r.Helper()
	god := authority.Caller{Machine: "test"}
	for i, role := range []string{"Administrator", "Administrator", "Team Member", "Owner"} {
		email := fmt.Sprintf("%c@example.com", 'a'+i)
		on := [][]string{{"*"}, {"shop"}, {"*"}, {"*"}}[i]
		officetest.Must(r.T, officetest.Second(r.PutMember(r.Ctx, god, "acme", email, api.CreateMember{Rights: officetest.RoleOn(role, on...)})))
		officetest.Must(r.T, officetest.Second(r.ActivateMember(r.Ctx, god, "acme", email)))
		r.callers[email] = r.Person(email)
	}
	for name, scopes := range map[string][]string{"ci": {"tickets:read", "members:write", "roles:write"}, "cd": {"bills:read", "tokens:create"}} {
		officetest.Must(r.T, officetest.Second(r.EditServiceAccount(r.Ctx, god, "acme", name, api.EditServiceAccount{Rights: officetest.Rights(scopes...)})))
		officetest.Must(r.T, officetest.Second(r.EnableServiceAccount(r.Ctx, god, "acme", name)))
	}
	for _, name := range []string{"Agent", "Clerk"} {
		officetest.Must(r.T, officetest.Second(r.PutRole(r.Ctx, god, officetest.Acme(), name, api.PutRole{Scopes: []string{"tickets:write"}})))
	}
}

// step lets somebody try something, and looks at what everybody may do behind it.
func (r *realm) step(before map[string]might) (after map[string]might) {
	r.Helper()
	all := r.verbs()
	who, verb := r.pick(slices.Sorted(maps.Keys(r.callers))...), r.pick(slices.Sorted(maps.Keys(all))...)
	err := all[verb](r.callers[who])
	after, owned := r.state()
	if !owned {
		r.Fatalf("%s by %s left the workspace without an active Owner", verb, who)
	}
	for name, now := range after {
		for d := range now {
			if !before[name][d] && (err != nil || !before[who][d]) {
				r.Fatalf("%s by %s (%v): %s may now %s on %s, and %s might not", verb, who, err, name, d.scope, d.resource, who)
			}
		}
	}
	switch {
	case err == nil:
		r.done[verb]++
	case errors.Is(err, api.CodeGrantExceedsOwn):
		r.done["more than one's own"]++
	case errors.Is(err, api.CodeLastOwner):
		r.done["the last Owner"]++
	}
	return after
}

// However members, tokens and service accounts of every strength change members, roles,
// scopes and tokens, nobody comes to what whoever did it might not do themselves; what is
// refused gives nothing; and somebody owns the workspace all the time.
func TestNobodyEverGivesWhatTheyHaveNot(t *testing.T) {
	t.Parallel()
	succeeded, names := map[string]int{}, []string(nil)
	for seed := range uint64(2) {
		w := officetest.NewWorld(t, storetest.SQLite(t))
		r := &realm{World: w, rand: rand.New(rand.NewPCG(seed, 11)), callers: map[string]authority.Caller{}, done: succeeded}
		w.WriteScope(officetest.Acme(), "tickets:read", api.PutScope{})
		w.Account("ci")
		w.Account("cd")
		r.order()
		officetest.Must(t, officetest.Second(w.RemoveAdmin(w.Ctx, withSecondAdmin(w), "ada@example.com")))
		r.callers["ada@example.com"] = w.Person("ada@example.com")
		names = slices.Sorted(maps.Keys(r.verbs()))
		for range 7 {
			r.order()
			state, _ := r.state()
			for range 20 {
				state = r.step(state)
			}
		}
	}
	// It proves nothing where nobody succeeds, or nobody is refused for what they have not.
	if done := slices.DeleteFunc(names, func(verb string) bool { return succeeded[verb] == 0 }); len(done) < 12 || succeeded["more than one's own"] < 10 {
		t.Errorf("the test saw too little: %v", succeeded)
	}
}

// withSecondAdmin is a caller who administers the instance and is no member of acme.
func withSecondAdmin(w *officetest.World) authority.Caller {
	w.Helper()
	w.Workspace("office")
	w.MemberOf("office", "root@example.com", "Owner", "*")
	officetest.Must(w.T, officetest.Second(w.AddAdmin(w.Ctx, w.Root, api.AddAdmin{User: "root@example.com"})))
	return w.Person("root@example.com")
}

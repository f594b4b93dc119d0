package scim_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/office/officetest"
)

// flock is who is where by a model as simple as the words of the RFC, beside the server.
type flock struct {
	directory
	rand *rand.Rand
	// users are ids in the order of lists; in is who is in which group.
	users  []string
	in     map[string]map[string]bool
	active map[string]bool
	names  map[string]string
}

// some are ids of users, in any order, of which one may be there twice.
func (f *flock) some() []string {
	out := make([]string, f.rand.IntN(4))
	for i := range out {
		out[i] = f.users[f.rand.IntN(len(f.users))]
	}
	return out
}

// as writes ids as vendors do: as objects, or as the values alone.
func (f *flock) as(ids []string) string {
	list := make([]any, len(ids))
	for i, id := range ids {
		if list[i] = id; f.rand.IntN(2) == 0 {
			list[i] = map[string]string{"value": id, "display": "x"}
		}
	}
	b, _ := json.Marshal(list) // texts
	return string(b)
}

// step is one operation about members, and what it makes of who was in the group.
func (f *flock) step(in map[string]bool) (operation string, now map[string]bool) {
	ids := f.some()
	now = map[string]bool{}
	kind := f.rand.IntN(7)
	for id := range in {
		gone := kind == 3 || kind == 6 || kind == 4 && slices.Contains(ids, id) || kind == 5 && id == f.users[0]
		if !gone {
			now[id] = true
		}
	}
	for _, id := range ids {
		if kind <= 3 {
			now[id] = true
		}
	}
	return []string{
		`{"op":"Add","path":"members","value":` + f.as(ids) + `}`, `{"op":"add","value":{"members":` + f.as(ids) + `}}`,
		`{"op":"add","path":"urn:ietf:params:scim:schemas:core:2.0:Group:members","value":` + f.as(ids) + `}`,
		`{"op":"replace","path":"members","value":` + f.as(ids) + `}`, `{"op":"Remove","path":"members","value":` + f.as(ids) + `}`,
		`{"op":"remove","path":"members[value eq \"` + f.users[0] + `\"]"}`, `{"op":"remove","path":"members"}`,
	}[kind], now
}

// change changes one group as a whole or by operations; or tries to with somebody who is
// no user, by which nothing is done.
func (f *flock) change(id string) {
	f.Helper()
	if f.rand.IntN(5) == 0 {
		ids := f.some()
		f.is(200, "", "PUT", "/Groups/"+id, `{"members":`+f.as(ids)+`}`)
		f.in[id] = map[string]bool{}
		for _, user := range ids {
			f.in[id][user] = true
		}
		return
	}
	in := f.in[id]
	var ops []string
	for range 1 + f.rand.IntN(3) {
		var op string
		op, in = f.step(in)
		ops = append(ops, op)
	}
	if f.rand.IntN(6) == 0 {
		f.is(400, "invalidValue", "PATCH", "/Groups/"+id, patch(strings.Join(append(ops, `{"op":"add","path":"members","value":"usr_none"}`), ",")))
		return
	}
	f.is(200, "", "PATCH", "/Groups/"+id, patch(strings.Join(ops, ",")))
	f.in[id] = in
}

// edit changes one user: a name, whether they are active, or both.
func (f *flock) edit(id string) {
	f.Helper()
	name, active := fmt.Sprintf("Name %d", f.rand.IntN(5)), f.rand.IntN(2) == 0
	switch f.rand.IntN(3) {
	case 0:
		f.is(200, "", "PUT", "/Users/"+id, `{"displayName":"`+name+`"}`)
		f.names[id] = name
	case 1:
		f.is(200, "", "PATCH", "/Users/"+id, patch(fmt.Sprintf(`{"op":"replace","value":{"active":"%t"}}`, active)))
		f.active[id] = active
	case 2:
		f.is(200, "", "PATCH", "/Users/"+id, patch(fmt.Sprintf(`{"op":"replace","path":"active","value":%t},{"op":"replace","path":"displayName","value":"%s"}`, active, name)))
		f.active[id], f.names[id] = active, name
	}
}

// listed is a list of users or groups as far as the model knows them.
type listed struct {
	Resources []struct {
		ID, DisplayName string
		Active          bool
		Members, Groups []struct{ Value string }
	}
}

func (f *flock) list(path string) (out listed) {
	f.Helper()
	b, err := json.Marshal(f.is(200, "", "GET", path, "").body)
	officetest.Must(f.T, err)
	officetest.Must(f.T, json.Unmarshal(b, &out))
	return out
}

// agrees says that the groups list whom the model has in them, and the users what they are.
func (f *flock) agrees(when string) {
	f.Helper()
	for _, g := range f.list("/Groups").Resources {
		want, got := []string{}, []string{}
		for _, id := range f.users {
			if f.in[g.ID][id] {
				want = append(want, id)
			}
		}
		for _, m := range g.Members {
			got = append(got, m.Value)
		}
		if _, known := f.in[g.ID]; known && !cmp.Equal(got, want) {
			f.Fatalf("%s: in %s are %v, want %v", when, g.DisplayName, got, want)
		}
	}
	for _, u := range f.list("/Users").Resources {
		if !slices.Contains(f.users, u.ID) {
			continue
		}
		groups := 0
		for _, g := range u.Groups {
			groups++
			if !f.in[g.Value][u.ID] {
				f.Fatalf("%s: %s is in %s", when, u.DisplayName, g.Value)
			}
		}
		for _, in := range f.in {
			if in[u.ID] {
				groups--
			}
		}
		if groups != 0 || u.Active != f.active[u.ID] || u.DisplayName != f.names[u.ID] {
			f.Fatalf("%s: %+v, want active %t as %q", when, u, f.active[u.ID], f.names[u.ID])
		}
	}
}

// Whatever a directory sends, in whichever words, the groups and the users say what a list
// of who is where says; one bad operation and nothing is done; and what somebody was given
// by hand, on some resources or by scopes, stays with them.
func TestGroupsAndUsersAgreeWithAModel(t *testing.T) {
	t.Parallel()
	w := sqlite(t)
	f := &flock{directory: connect(w, "directory", "Administrator"), rand: rand.New(rand.NewPCG(3, 5)),
		in: map[string]map[string]bool{}, active: map[string]bool{}, names: map[string]string{}}
	for i := range 5 {
		id := f.user(fmt.Sprintf("u%d@example.com", i))
		f.users = append(f.users, id)
		f.active[id] = true
	}
	w.WriteRole(officetest.Acme(), "Staff", "tickets:read")
	byHand := [][]api.Statement{
		{{Role: "Staff", Resources: []string{"shop"}}}, {{Scopes: []string{"tickets:write"}, Resources: []string{"*"}}},
	}
	for i, sts := range byHand {
		officetest.Must(t, officetest.Second(w.EditMember(w.Ctx, w.Root, "acme", f.users[i], api.EditMember{Rights: api.Rights{Grants: api.Some(sts)}})))
	}
	var groups []string
	for _, name := range []string{"Staff", "Viewer", "Team Member"} {
		groups = append(groups, f.group(name))
		f.in[f.group(name)] = map[string]bool{}
	}
	for n := range 100 {
		if f.rand.IntN(4) == 0 {
			f.edit(f.users[f.rand.IntN(len(f.users))])
		} else {
			f.change(groups[f.rand.IntN(len(groups))])
		}
		f.agrees(fmt.Sprintf("behind request %d", n))
	}
	for i, sts := range byHand {
		m, err := w.GetMember(w.Ctx, w.Root, "acme", f.users[i])
		officetest.Must(t, err)
		if !slices.ContainsFunc(m.Grants, func(s api.Statement) bool { return cmp.Equal(s, sts[0]) }) {
			t.Errorf("what was given by hand: %+v, want %+v among it", m.Grants, sts)
		}
	}
	for i, id := range groups {
		f.is(200, "", "PUT", "/Groups/"+id, `{"members":[]}`)
		f.in[id] = map[string]bool{}
		f.agrees(fmt.Sprintf("without group %d", i))
	}
	for _, id := range f.users {
		m, err := w.GetMember(w.Ctx, w.Root, "acme", id)
		officetest.Must(t, err)
		if i := slices.Index(f.users, id); i < len(byHand) && !cmp.Equal(m.Grants, byHand[i]) || i >= len(byHand) && len(m.Grants) > 0 {
			t.Errorf("without any group %s may %+v", id, m.Grants)
		}
	}
}

package scim

import (
	"context"
	"slices"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/owners"
	"github.com/tokenry/tokenry/internal/rights"
)

// maxMembers is how many members one request puts into a group and takes out of it: all of
// it happens under the one lock.
const maxMembers = 1000

// team is a group while a request looks at it: its role, and who is in it.
type team struct {
	ac      *authority.Actor
	sp      *authority.Space
	role    ledger.Role
	members []ledger.Member
	// people is everybody of the workspace by their id: to look a thousand up one by one took
	// PostgreSQL seconds, under the lock.
	people map[string]ledger.Member
}

// enter is the gate before a group.
func (s *Scim) enter(r *authority.Snapshot, c authority.Caller, ws, id string, scopes ...string) (t team, err error) {
	if t.ac, t.sp, err = s.in.Enter(r, c, ws, append(scopes, "roles:read")...); err != nil {
		return t, err
	}
	var ok bool
	if t.role, ok = t.sp.Roles[roleOf(id)]; !ok {
		return t, authority.NotFound()
	}
	return t, t.fill(r)
}

// fill reads who is in the group.
func (t *team) fill(r *authority.Snapshot) error {
	t.members, t.people = nil, map[string]ledger.Member{}
	for m, err := range r.EveryMember(t.sp.Workspace.ID) {
		if err != nil {
			return err
		}
		t.people[m.UserPublicID] = m
		if inGroup(m.Grants, t.role.Name) {
			t.members = append(t.members, m)
		}
	}
	return nil
}

// begin is the gate before a change of a group; match is what its tag has to be.
func (s *Scim) begin(w *authority.Work, c authority.Caller, ws, id string, match condition) (t team, err error) {
	if t, err = s.enter(w.Snapshot, c, ws, id, "members:write"); err != nil {
		return t, err
	}
	return t, match.holds(groupTag(t.role, t.members))
}

// own says that the role was made in the workspace, so that a directory may name and end it.
func (t *team) own() bool {
	return t.role.Workspace == t.sp.Workspace.ID && !authority.IsBuiltInRole(t.role.Name)
}

// getGroup answers one group. It needs members:read and roles:read.
func (s *Scim) getGroup(ctx context.Context, c authority.Caller, f frame, id string) (d document, err error) {
	err = s.in.Read(ctx, func(r *authority.Snapshot) error {
		t, err := s.enter(r, c, f.workspace, id, "members:read")
		if err == nil {
			d = f.group(t.role, t.members)
		}
		return err
	})
	return d, err
}

// listGroups answers the groups that a filter finds. It needs members:read and roles:read.
func (s *Scim) listGroups(ctx context.Context, c authority.Caller, f frame, q query) (out page, err error) {
	err = s.in.Read(ctx, func(r *authority.Snapshot) error {
		out = page{query: q}
		_, sp, err := s.in.Enter(r, c, f.workspace, "members:read", "roles:read")
		if err != nil {
			return err
		}
		in := map[string][]ledger.Member{}
		for m, err := range r.EveryMember(sp.Workspace.ID) {
			if err != nil {
				return err
			}
			for _, st := range m.Grants {
				if have := in[st.Role]; gives(st, st.Role) && (len(have) == 0 || have[len(have)-1].ID != m.ID) {
					in[st.Role] = append(have, m)
				}
			}
		}
		for _, name := range groupNames(sp) {
			out.add(f.group(sp.Roles[name], in[name]))
		}
		return nil
	})
	return out, err
}

// groupNames are the roles that are groups, in an order that stays.
func groupNames(sp *authority.Space) (names []string) {
	for name := range sp.Roles {
		if name != owner {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// createGroup makes a role that gives nothing yet, and puts members into it. It needs
// members:write and roles:write. What the role gives is written by whoever may.
func (s *Scim) createGroup(ctx context.Context, c authority.Caller, f frame, want wantedGroup) (d document, rev int64, err error) {
	if want.display == nil || *want.display == "" {
		return nil, 0, fault(invalidValue, "a group has a displayName")
	}
	rev, err = s.in.Mutate(ctx, c, func(w *authority.Work) error {
		ac, sp, err := s.in.Enter(w.Snapshot, c, f.workspace, "members:write", "roles:write", "roles:read")
		if err != nil {
			return err
		}
		if err := free(sp, *want.display, ""); err != nil {
			return err
		}
		made, err := rights.WriteRole(w, authority.Entry{Actor: ac, Space: sp, Workspace: sp.Workspace}, *want.display, api.PutRole{})
		if err != nil {
			return err
		}
		t, err := s.enter(w.Snapshot, c, f.workspace, groupID(made.Name), "members:write")
		if err != nil {
			return err
		}
		d, err = s.join(w, f, &t, want)
		return err
	})
	return d, rev, err
}

// free refuses a name that another role has, whatever the case, or that none may have.
func free(sp *authority.Space, name, but string) error {
	for have, r := range sp.Roles {
		if have == but {
			continue
		}
		if strings.EqualFold(have, name) || strings.EqualFold(groupName(r), name) {
			if have == owner {
				return fault(invalidValue, "no group makes Owners")
			}
			return fault(uniqueness, "there is a group of this name; a directory finds it by its displayName")
		}
	}
	return nil
}

// changeGroup does what a PUT or PATCH asks of a group: its name, and who is in it. It needs
// members:write, and to name it otherwise roles:write. match is what its tag has to be.
func (s *Scim) changeGroup(ctx context.Context, c authority.Caller, f frame, id string, want wantedGroup, match condition) (d document, rev int64, err error) {
	rev, err = s.in.Mutate(ctx, c, func(w *authority.Work) error {
		t, err := s.begin(w, c, f.workspace, id, match)
		if err != nil {
			return err
		}
		before := groupTag(t.role, t.members)
		if want.display != nil && *want.display != groupName(t.role) {
			if err := s.rename(w, &t, *want.display); err != nil {
				return err
			}
		}
		if d, err = s.join(w, f, &t, want); err == nil && groupTag(t.role, t.members) == before {
			err = authority.ErrUnchanged
		}
		return err
	})
	return d, rev, err
}

// rename names a role of the workspace's own otherwise where people read it.
func (s *Scim) rename(w *authority.Work, t *team, name string) error {
	if err := input.First(t.ac.Need("roles:write"), free(t.sp, name, t.role.Name)); err != nil {
		return err
	}
	if !t.own() {
		return fault(mutability, "this role was not made here, so it keeps its name")
	}
	if name == "" {
		return fault(invalidValue, "a group has a displayName")
	}
	r := t.role
	in := api.PutRole{DisplayName: name, Description: r.Description, Scopes: r.Scopes, RateLimit: (*api.RateLimit)(r.RateLimit)}
	_, err := rights.WriteRole(w, authority.Entry{Actor: t.ac, Space: t.sp, Workspace: t.sp.Workspace}, r.Name, in)
	t.role.DisplayName = name
	return err
}

// join makes the members of a group those that are wanted, each by the rules of one who is
// edited by hand.
func (s *Scim) join(w *authority.Work, f frame, t *team, want wantedGroup) (document, error) {
	var have []string
	had := map[string]bool{}
	for _, m := range t.members {
		have, had[m.UserPublicID] = append(have, m.UserPublicID), true
	}
	now := want.apply(have, func(id string) document { return f.member(t.people[id]) })
	if len(now)+len(have) > maxMembers && distance(have, now) > maxMembers {
		return nil, fault(tooMany, "one request puts at most 1000 members into a group and takes them out of it")
	}
	left := map[string]bool{}
	for _, id := range now {
		left[id] = true
	}
	for _, m := range t.members {
		if !left[m.UserPublicID] {
			if err := regroup(w, t, m, slices.DeleteFunc(slices.Clone(m.Grants), func(s grant.Statement) bool { return gives(s, t.role.Name) })); err != nil {
				return nil, err
			}
		}
	}
	for _, id := range now {
		if had[id] {
			continue
		}
		m, is := t.people[id]
		if !is {
			return nil, fault(invalidValue, "a member is named that is no user of this workspace")
		}
		if err := regroup(w, t, m, append(slices.Clone(m.Grants), grant.Statement{Role: t.role.Name, Resources: []string{"*"}})); err != nil {
			return nil, err
		}
	}
	if err := t.fill(w.Snapshot); err != nil {
		return nil, err
	}
	return f.group(t.role, t.members), nil
}

// distance is how many are in one of two lists alone.
func distance(a, b []string) (n int) {
	in := map[string]int{}
	for _, id := range a {
		in[id]++
	}
	for _, id := range b {
		in[id]--
	}
	for _, d := range in {
		if d != 0 {
			n++
		}
	}
	return n
}

// regroup writes the statements of one member. Why one cannot be changed is said with who
// it is: a request may be about many.
func regroup(w *authority.Work, t *team, m ledger.Member, sts []grant.Statement) error {
	ch, err := owners.ChangeOf(t.ac, t.sp, m)
	if err == nil {
		err = owners.EditMember(w, ch, api.EditMember{Rights: api.Rights{Grants: api.Some(authority.StatementsView(sts))}})
	}
	if err == nil {
		_, err = owners.FinishMember(w, ch, "member.edited")
	}
	if e := api.AsError(err); err != nil && e.Status() < 500 {
		said := *e
		said.Message = m.UserPublicID + ": " + e.Message
		return &said
	}
	return err
}

// removeGroup takes a role from all who have it by the group, a thousand at a time, and then
// ends it where it is the workspace's own and nobody else uses it. Other roles stay, as
// groups without members.
func (s *Scim) removeGroup(ctx context.Context, c authority.Caller, f frame, id string, match condition) (rev int64, err error) {
	own, again := false, true
	for again {
		rev, err = s.in.Mutate(ctx, c, func(w *authority.Work) error {
			t, err := s.begin(w, c, f.workspace, id, match)
			if err != nil {
				return err
			}
			if own = t.own(); own {
				if err := t.ac.Need("roles:write"); err != nil {
					return err
				}
			}
			step := membership{op: "remove"}
			for i, m := range t.members {
				if i < maxMembers {
					step.ids = append(step.ids, m.UserPublicID)
				}
			}
			if again = len(t.members) > maxMembers; len(step.ids) == 0 {
				return authority.ErrUnchanged
			}
			_, err = s.join(w, f, &t, wantedGroup{steps: []membership{step}})
			return err
		})
		if err != nil {
			return rev, err
		}
		match = condition{}
	}
	if !own {
		return rev, nil
	}
	done, err := s.rights.DeleteRole(ctx, c, authority.Where{Workspace: f.workspace}, roleOf(id), "")
	if kept := api.AsError(err); err != nil && kept.Code == api.CodeRoleInUse {
		return rev, nil // by a token or a service account, or on some resources
	}
	return max(done.Revision, rev), err
}

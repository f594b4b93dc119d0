package scim

import (
	"cmp"
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
	// people is everybody of the workspace by their id.
	people map[string]ledger.Member
}

// enter is the gate before a group; no id is one that is yet to be made.
func (s *Scim) enter(r *authority.Snapshot, c authority.Caller, ws, id string, scopes ...string) (t team, err error) {
	if t.ac, t.sp, err = s.in.Enter(r, c, ws, append(scopes, "roles:read")...); err != nil || id == "" {
		return t, err
	}
	var ok bool
	if t.role, ok = t.sp.Roles[roleOf(id)]; !ok {
		return t, authority.NotFound()
	}
	return t, nil
}

// look reads a group and everybody of its workspace, however many they are: before the lock
// is asked for, under which [team.move] reads those alone who move.
func (s *Scim) look(ctx context.Context, c authority.Caller, ws, id string, scopes ...string) (t team, err error) {
	err = s.in.Read(ctx, func(r *authority.Snapshot) error {
		if t, err = s.enter(r, c, ws, id, scopes...); err != nil {
			return err
		}
		t.people = map[string]ledger.Member{}
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
	})
	return t, err
}

// before is look for a change: a refusal is written down.
func (s *Scim) before(ctx context.Context, c authority.Caller, ws, id string, scopes ...string) (team, error) {
	t, err := s.look(ctx, c, ws, id, scopes...)
	var met authority.Met
	if t.sp != nil {
		met.Workspace = t.sp.Workspace.ID
	}
	return t, s.in.Refused(ctx, c, met, err)
}

// own says that the role was made in the workspace, so that a directory may name and end it.
func (t *team) own() bool {
	return t.role.Workspace == t.sp.Workspace.ID && !authority.IsBuiltInRole(t.role.Name)
}

// getGroup answers one group. It needs members:read and roles:read.
func (s *Scim) getGroup(ctx context.Context, c authority.Caller, f frame, id string) (document, error) {
	t, err := s.look(ctx, c, f.workspace, id, "members:read")
	if err != nil {
		return nil, err
	}
	return f.group(t.role, t.members), nil
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
	seen, err := s.before(ctx, c, f.workspace, "", "members:write", "roles:write")
	if err != nil {
		return nil, 0, err
	}
	p, err := seen.plan(f, want)
	if err != nil {
		return nil, 0, err
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
		moved, err := t.move(w, p)
		d = f.group(t.role, p.after(nil, moved))
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
	seen, err := s.before(ctx, c, f.workspace, id, "members:write")
	if err != nil {
		return nil, 0, err
	}
	p, err := seen.plan(f, want)
	if err := input.First(match.holds(groupTag(seen.role, seen.members)), err); err != nil {
		return nil, 0, err
	}
	var moved moves
	rev, err = s.in.Mutate(ctx, c, func(w *authority.Work) error {
		t, err := s.enter(w.Snapshot, c, f.workspace, id, "members:write")
		if err != nil {
			return err
		}
		named := want.display != nil && *want.display != groupName(t.role)
		if named {
			if err := s.rename(w, &t, *want.display); err != nil {
				return err
			}
		}
		seen.role = t.role
		if moved, err = t.move(w, p); err == nil && moved.nobody && !named {
			err = authority.ErrUnchanged
		}
		return err
	})
	return f.group(seen.role, p.after(seen.members, moved)), rev, err
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

// turn is who leaves a group and who comes into it, by their row numbers.
type turn struct{ out, in []ledger.ID }

// plan is who leaves and who comes, by who is in the group now.
func (t *team) plan(f frame, want wantedGroup) (turn, error) {
	var have []string
	stays := map[string]bool{}
	for _, m := range t.members {
		have = append(have, m.UserPublicID)
	}
	var p turn
	for _, id := range want.apply(have, func(id string) document { return f.member(t.people[id]) }) {
		stays[id] = true
		m, is := t.people[id]
		switch {
		case !is:
			return p, stranger()
		case !inGroup(m.Grants, t.role.Name):
			p.in = append(p.in, m.ID)
		}
	}
	for _, m := range t.members {
		if !stays[m.UserPublicID] {
			p.out = append(p.out, m.ID)
		}
	}
	if len(p.in)+len(p.out) > maxMembers {
		return p, fault(tooMany, "one request puts at most 1000 members into a group and takes them out of it")
	}
	return p, nil
}

func stranger() error {
	return fault(invalidValue, "a member is named that is no user of this workspace")
}

// moves is what a turn found and did.
type moves struct {
	// rows are the members whom it is about, as they were under the lock.
	rows map[ledger.ID]ledger.Member
	// nobody says that everyone was where they should be.
	nobody bool
}

// move takes out of the group and puts into it who was planned, each by the rules of one who
// is edited by hand. Under the lock it reads those alone, anew: whom another request put in
// or took out meanwhile it leaves as they are, so nothing is undone that the plan did not see.
func (t *team) move(w *authority.Work, p turn) (out moves, err error) {
	found, _, err := w.Owners(slices.Concat(p.out, p.in))
	out = moves{map[ledger.ID]ledger.Member{}, true}
	for _, m := range found {
		if m.Workspace == t.sp.Workspace.ID && m.RemovedAt.IsZero() {
			out.rows[m.ID] = m
		}
	}
	put := func(id ledger.ID, in bool) error {
		m, is := out.rows[id]
		if !is && in {
			return stranger()
		}
		if inGroup(m.Grants, t.role.Name) == in {
			return nil
		}
		out.nobody = false
		sts := slices.DeleteFunc(slices.Clone(m.Grants), func(s grant.Statement) bool { return gives(s, t.role.Name) })
		if in {
			sts = append(sts, grant.Statement{Role: t.role.Name, Resources: []string{"*"}})
		}
		return regroup(w, t, m, sts)
	}
	for i, id := range slices.Concat(p.out, p.in) {
		if err == nil {
			err = put(id, i >= len(p.out))
		}
	}
	return out, err
}

// after is who is in a group after a turn, in the order of all lists.
func (p turn) after(have []ledger.Member, moved moves) []ledger.Member {
	left := map[ledger.ID]bool{}
	for _, id := range slices.Concat(p.out, p.in) {
		left[id] = true
	}
	now := slices.DeleteFunc(slices.Clone(have), func(m ledger.Member) bool { return left[m.ID] })
	for _, id := range p.in {
		if m, is := moved.rows[id]; is {
			now = append(now, m)
		}
	}
	slices.SortFunc(now, func(a, b ledger.Member) int { return cmp.Compare(a.ID, b.ID) })
	return now
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
		seen, err := s.before(ctx, c, f.workspace, id, "members:write")
		if err != nil {
			return rev, err
		}
		if err := match.holds(groupTag(seen.role, seen.members)); err != nil {
			return rev, err
		}
		var p turn
		for _, m := range seen.members[:min(len(seen.members), maxMembers)] {
			p.out = append(p.out, m.ID)
		}
		at, err := s.in.Mutate(ctx, c, func(w *authority.Work) error {
			t, err := s.enter(w.Snapshot, c, f.workspace, id, "members:write")
			if err != nil {
				return err
			}
			if own = t.own(); own {
				if err := t.ac.Need("roles:write"); err != nil {
					return err
				}
			}
			moved, err := t.move(w, p)
			if err == nil && moved.nobody {
				err = authority.ErrUnchanged
			}
			return err
		})
		if rev = max(rev, at); err != nil {
			return rev, err
		}
		match, again = condition{}, len(seen.members) > maxMembers
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

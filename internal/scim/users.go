package scim

import (
	"context"
	"errors"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/owners"
)

// createUser takes a person into the workspace, by an e-mail address and without rights:
// those come with groups. It needs members:write.
func (s *Scim) createUser(ctx context.Context, c authority.Caller, ws string, want wanted) (m api.Member, rev int64, err error) {
	if want.userName == nil {
		return m, 0, fault(invalidValue, "a user has a userName")
	}
	in := api.CreateMember{Email: *want.userName}
	if name := want.name(""); name != "" {
		in.Name = api.Some(name)
	}
	if want.externalID != nil && *want.externalID != "" {
		in.ExternalID = api.Some(*want.externalID)
	}
	if _, err := input.Email("userName", in.Email); err != nil {
		return m, 0, err
	}
	rev, err = s.in.Mutate(ctx, c, func(w *authority.Work) error {
		ac, sp, err := s.in.Enter(w.Snapshot, c, ws, "members:write")
		if err != nil {
			return err
		}
		if m, err = owners.NewMember(w, ac, sp, in); err != nil || want.active == nil || *want.active {
			return err
		}
		ch, err := owners.BeginMember(w, ws, m.ID)
		if err != nil {
			return err
		}
		owners.StopMember(w, ch)
		m, err = owners.FinishMember(w, ch, "member.deactivated")
		return err
	})
	return m, rev, err
}

// changeUser does what a PUT or PATCH asks of one member. It needs members:write. What
// deactivates goes before all that gives, like the verb of the API.
func (s *Scim) changeUser(ctx context.Context, c authority.Caller, f frame, id string, want wanted) (d document, rev int64, err error) {
	apply := func(w *authority.Work) error {
		ac, sp, err := s.in.Enter(w.Snapshot, c, f.workspace, "members:write")
		if err != nil {
			return err
		}
		row, err := userOf(w.Snapshot, sp, id)
		if err != nil {
			return err
		}
		if want.userName != nil && !strings.EqualFold(*want.userName, authority.MemberAddress(row)) {
			return fault(mutability, "a userName is the person's e-mail address and does not change; create a user for the other address")
		}
		err = change(w, ac, sp, row, want)
		if err == nil || errors.Is(err, authority.ErrUnchanged) {
			row, failed := userOf(w.Snapshot, sp, id)
			d, err = f.userRow(row, sp), input.First(failed, err)
		}
		return err
	}
	if want.active != nil && !*want.active {
		rev, err = s.in.Withdraw(ctx, c, apply)
	} else {
		rev, err = s.in.Mutate(ctx, c, apply)
	}
	return d, rev, err
}

// change writes what is other than it was, and nothing where nothing is: directories say
// the same again and again, and the audit is no place for that.
func change(w *authority.Work, ac *authority.Actor, sp *authority.Space, row ledger.Member, want wanted) error {
	was := authority.MemberRow(row, sp)
	edit, edited := want.edit(was)
	stopped := !row.DeactivatedAt.IsZero()
	stop := want.active != nil && !*want.active && !stopped
	back := want.active != nil && *want.active && stopped && (!want.whole || row.DeactivatedBy == ac.Name())
	if !edited && !stop && !back {
		return input.First(w.Expect(sp.Workspace, "member:"+was.Address, row.Revision), authority.ErrUnchanged)
	}
	ch, err := owners.ChangeOf(ac, sp, row)
	if err != nil {
		return err
	}
	if err := owners.EditMember(w, ch, edit); err != nil {
		return err
	}
	action := "member.edited"
	switch {
	case stop:
		action = "member.deactivated"
		owners.StopMember(w, ch)
	case back:
		action = "member.activated"
		if err := owners.ReturnMember(ch); err != nil {
			return err
		}
	}
	_, err = owners.FinishMember(w, ch, action)
	return err
}

// userOf finds a member by the id alone: not by an address, and not by a word like me.
func userOf(r *authority.Snapshot, sp *authority.Space, id string) (ledger.Member, error) {
	if !authority.IsUserID(id) {
		return ledger.Member{}, ledger.ErrNoRow
	}
	return r.Member(sp.Workspace.ID, ledger.MemberKey{PublicID: id})
}

// removeUser ends a membership for good. It needs members:write.
func (s *Scim) removeUser(ctx context.Context, c authority.Caller, ws, id string) (int64, error) {
	if !authority.IsUserID(id) {
		return 0, authority.NotFound()
	}
	done, err := s.owners.RemoveMember(ctx, c, ws, id, false)
	return done.Revision, err
}

// getUser answers one member, with the groups that it is in. It needs members:read.
func (s *Scim) getUser(ctx context.Context, c authority.Caller, f frame, id string) (d document, err error) {
	err = s.in.Read(ctx, func(r *authority.Snapshot) error {
		_, sp, err := s.in.Enter(r, c, f.workspace, "members:read")
		if err != nil {
			return err
		}
		m, err := userOf(r, sp, id)
		if err == nil {
			d = f.userRow(m, sp)
		}
		return err
	})
	return d, err
}

// listUsers answers the members that a filter finds. It needs members:read.
func (s *Scim) listUsers(ctx context.Context, c authority.Caller, f frame, q query) (out page, err error) {
	err = s.in.Read(ctx, func(r *authority.Snapshot) error {
		out = page{query: q}
		_, sp, err := s.in.Enter(r, c, f.workspace, "members:read")
		if err != nil {
			return err
		}
		if key, ok := keyOf(q.filter); ok {
			m, err := r.Member(sp.Workspace.ID, key)
			if err == nil {
				out.add(f.userRow(m, sp))
			}
			return authority.IgnoreNoRow(err)
		}
		for m, err := range r.EveryMember(sp.Workspace.ID) {
			if err != nil {
				return err
			}
			out.add(f.userRow(m, sp))
		}
		return nil
	})
	return out, err
}

// keyOf is how the one member that a filter can find is looked up.
func keyOf(f filter) (k ledger.MemberKey, ok bool) {
	if id := f.keys["id"]; id != "" {
		return ledger.MemberKey{PublicID: id}, true
	}
	if id := f.keys["externalid"]; id != "" {
		return ledger.MemberKey{ExternalID: id}, true
	}
	for _, key := range []string{"username", "emails.value"} {
		if email := strings.ToLower(f.keys[key]); strings.Contains(email, "@") {
			return ledger.MemberKey{Email: email}, true
		}
	}
	return k, false
}

// userRow is a member as a resource, with its groups.
func (f frame) userRow(m ledger.Member, sp *authority.Space) document {
	groups := []document{}
	for _, st := range m.Grants {
		role, ok := sp.Roles[st.Role]
		if ok && st.Role != owner && gives(st, st.Role) {
			id := groupID(role.Name)
			groups = append(groups, document{"value": id, "$ref": f.base + "/Groups/" + id, "display": groupName(role), "type": "direct"})
		}
	}
	return f.user(authority.MemberRow(m, sp), groups)
}

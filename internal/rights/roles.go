package rights

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/authority"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
	"github.com/tokenry/tokenry/internal/policy"
)

// ListRoles lists the roles that hold somewhere, built-in ones first. It needs
// roles:read.
func (a *Rights) ListRoles(ctx context.Context, c authority.Caller, at authority.Where) (out []api.Role, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		e, err := a.in.EnterRights(r, c, at.Workspace, at.Instance, "roles:read")
		if err != nil {
			return err
		}
		for _, name := range roleOrder(e.Space.Roles) {
			out = append(out, roleView(e.Space.Roles[name], e.Workspace.ID))
		}
		return nil
	})
	return out, err
}

// GetRole answers one role as it holds. It needs roles:read.
func (a *Rights) GetRole(ctx context.Context, c authority.Caller, at authority.Where, name string) (v api.Role, err error) {
	err = a.in.Read(ctx, func(r *authority.Snapshot) error {
		e, err := a.in.EnterRights(r, c, at.Workspace, at.Instance, "roles:read")
		if err != nil {
			return err
		}
		role, ok := e.Space.Roles[name]
		if !ok {
			return authority.NotFound()
		}
		v = roleView(role, e.Workspace.ID)
		return nil
	})
	return v, err
}

// roleOrder is the built-in roles in their order, then the others by name.
func roleOrder(roles map[string]ledger.Role) []string {
	var names, own []string
	for _, d := range grant.BuiltInRoles() {
		names = append(names, d.Name)
	}
	for name := range roles {
		if !slices.Contains(names, name) {
			own = append(own, name)
		}
	}
	slices.Sort(own)
	return append(names, own...)
}

func roleView(r ledger.Role, at ledger.ID) api.Role {
	return api.Role{Name: r.Name, DisplayName: r.DisplayName, Description: r.Description, Scopes: authority.Listed(r.Scopes),
		RateLimit: (*api.RateLimit)(r.RateLimit), BuiltIn: authority.IsBuiltInRole(r.Name), Inherited: at != 0 && r.Workspace != at, Locked: r.Locked, Revision: r.Revision}
}

// PutRole creates or replaces a role. It needs roles:write; what the role gains
// must be within the caller's own rights. Built-in roles can be extended and
// renamed where they are shown; Owner is fixed. Made says which.
func (a *Rights) PutRole(ctx context.Context, c authority.Caller, at authority.Where, name string, in api.PutRole) (done authority.Done[api.Role], err error) {
	done.Revision, err = a.in.Mutate(ctx, c, func(w *authority.Work) error {
		e, err := a.in.EnterRights(w.Snapshot, c, at.Workspace, at.Instance, "roles:write")
		if err != nil {
			return err
		}
		_, exists := e.Space.Roles[name]
		done.Made = !exists
		done.Value, err = WriteRole(w, e, name, in)
		return err
	})
	return done, err
}

// WriteRole creates or replaces a role for a caller who was let in with roles:write.
func WriteRole(w *authority.Work, e authority.Entry, name string, in api.PutRole) (api.Role, error) {
	was, exists := e.Space.Roles[name]
	if err := input.First(checkRole(e, name, was, in), w.ExpectEntry(e.Workspace, "role:"+name, was.Revision, exists)); err != nil {
		return api.Role{}, err
	}
	row := ledger.Role{Workspace: e.Workspace.ID, Name: name, DisplayName: in.DisplayName, Description: in.Description,
		Scopes: in.Scopes, RateLimit: (*policy.KeptLimit)(in.RateLimit), Locked: in.Locked, Revision: w.Revision()}
	if err := w.PutRole(row); err != nil {
		return api.Role{}, err
	}
	after, err := w.Authority.Space(w.Snapshot, e.Workspace)
	if err != nil {
		return api.Role{}, err
	}
	if err := input.First(gained(e, after, name), looserRole(e, was, in), boundRoles(w, e, was, in)); err != nil {
		return api.Role{}, err
	}
	v := roleView(after.Roles[name], e.Workspace.ID)
	w.TouchRights(e.Workspace)
	return v, w.Note(e.Actor, e.Workspace, authority.Event{Action: "role.written", Target: "role:" + name, Before: beforeRole(e, was, exists), After: v})
}

// The bounds of what one workspace names: all of it is read by every change there,
// under the one lock, so nobody's catalogue may keep others waiting.
const (
	maxRoles, maxScopes = 500, 1000
	// maxListed are the scopes that all of its roles list, maxImplied those that all
	// of its scopes imply, with the roles that they name.
	maxListed, maxImplied = 20_000, 5000
)

// boundRoles refuses what makes the roles of one workspace too many.
func boundRoles(w *authority.Work, e authority.Entry, was ledger.Role, in api.PutRole) error {
	rows, err := w.Roles(e.Workspace.ID)
	listed := 0
	for _, r := range rows {
		listed += len(r.Scopes)
	}
	if err != nil || len(rows) <= maxRoles && listed <= maxListed {
		return err
	}
	return tooMuch("roles", maxRoles, maxListed, was.Name == "" || was.Workspace != e.Workspace.ID || len(in.Scopes) > len(was.Scopes))
}

// tooMuch refuses more of what is too much already, and nothing that makes it less.
func tooMuch(what string, most, named int, more bool) error {
	if !more {
		return nil
	}
	return api.Errorf(api.CodeInvalidRequest, "there are at most %d %s in one place, and all of them name at most %d scopes", most, what, named)
}

// looserRole refuses to raise a role's limit above the policy's to whoever may
// not write the policy.
func looserRole(e authority.Entry, was ledger.Role, in api.PutRole) error {
	if in.RateLimit == nil || was.RateLimit != nil && !authority.Looser(in.RateLimit, (*api.RateLimit)(was.RateLimit)) || !authority.Looser(in.RateLimit, e.Space.Policy().RateLimit) {
		return nil
	}
	return e.Actor.Need("policy:write")
}

func beforeRole(e authority.Entry, was ledger.Role, exists bool) any {
	if !exists {
		return nil
	}
	return roleView(was, e.Workspace.ID)
}

// WritableRole refuses to write a role that is fixed where it is to be written: in a
// workspace, or for the instance.
func WritableRole(r api.Role, instance bool) error {
	switch {
	case r.Name == "Owner":
		return api.Errorf(api.CodeBuiltIn, "the role Owner is fixed")
	case r.Locked && !instance:
		return api.Errorf(api.CodeLocked, "this role is locked by the instance")
	}
	return nil
}

func checkRole(e authority.Entry, name string, was ledger.Role, in api.PutRole) error {
	instance := e.Workspace.ID == 0
	err := input.First(WritableRole(api.Role{Name: name, Locked: was.Locked}, instance), e.Space.Free(ledger.RemovedRole, name),
		e.Space.Free(ledger.RemovedScope, in.Scopes...))
	if err != nil {
		return err
	}
	if in.Locked && !instance {
		return api.FieldError("locked", "only the instance locks roles")
	}
	var limit api.Opt[api.RateLimit]
	if in.RateLimit != nil {
		limit = api.Some(*in.RateLimit)
	}
	return input.First(
		input.Text("name", name, 1, 64), checkRoleName(name, was), input.Text("display_name", in.DisplayName, 0, 64),
		input.Text("description", in.Description, 0, input.MaxDescription), checkPatterns("scopes", in.Scopes), input.Limit("rate_limit", limit),
	)
}

// checkRoleName lets a role that has a keyword for its name since before be changed.
func checkRoleName(name string, was ledger.Role) error {
	if was.Name == "" && grant.RoleKeyword(name) {
		return api.FieldError("name", "is a word of the API's own, or differs from a built-in role by letter case alone; choose another name")
	}
	if strings.TrimSpace(name) != name || strings.ContainsAny(name, "/,") {
		return api.FieldError("name", "must not begin or end with a space, or contain a slash or comma")
	}
	return nil
}

// checkPatterns refuses scopes that are not well-formed, and instance scopes:
// no role carries those.
func checkPatterns(field string, scopes []string) error {
	if len(scopes) > 1000 {
		return api.FieldError(field, "at most 1000 scopes")
	}
	for i, s := range scopes {
		if !grant.ValidPattern(s) || grant.IsInstance(s) {
			return api.FieldError(field, "entries must be scopes like tickets:read, or patterns like tickets:* and product:read")
		}
		if slices.Contains(scopes[:i], s) {
			return api.FieldError(field, "an entry appears twice")
		}
	}
	return nil
}

// gained refuses what a change of roles or scopes adds to any role beyond the
// caller's own rights, or speeds up a role that is more than those; narrowing
// needs only the scope.
func gained(e authority.Entry, after *authority.Space, names ...string) error {
	grown := growth(e.Space, after, names)
	for i, name := range names {
		faster := fasterRole(e.Space, after, name)
		if faster || i < len(grown) && grown[i] {
			if err := e.Actor.Cover(after.Compile(onAll(name))); err != nil {
				return err
			}
		}
		if faster && authority.Looser(roleLimit(after, name), e.Actor.Limit) {
			return authority.Exceeds("rate_limit", "a role cannot have a looser limit than the token that raises it")
		}
	}
	return nil
}

// growth says which of the roles come to more than before.
func growth(before, after *authority.Space, names []string) []bool {
	var c authority.Content
	c.Say("growth", string(before.Digest[:]), string(after.Digest[:]))
	c.List(names)
	cost := 0
	for _, name := range names {
		cost += after.Cost(onAll(name))
	}
	return authority.Reckon(after.Reckon, c.Digest(), cost, func(b []bool) int { return len(b) }, func() []bool {
		had, has := before.Facts.Book.Compiler(), after.Facts.Book.Compiler()
		out := make([]bool, len(names))
		for i, name := range names {
			out[i] = !had(onAll(name)).Covers(has(onAll(name)))
		}
		return out
	})
}

// fasterRole says whether a role that there was lets more through than before.
func fasterRole(before, after *authority.Space, name string) bool {
	_, was := before.Roles[name]
	return was && authority.Looser(roleLimit(after, name), roleLimit(before, name))
}

// roleLimit is the limit of whoever has one role: the role's, else the policy's.
func roleLimit(sp *authority.Space, name string) *api.RateLimit {
	if l, ok := sp.Facts.RoleLimits[name]; ok {
		return &l
	}
	return sp.Policy().RateLimit
}

// onAll is a role on the entire portfolio.
func onAll(role string) []grant.Statement {
	return []grant.Statement{{Role: role, Resources: []string{"*"}}}
}

// DeleteRole removes a role; its users get the replacement, at once, and their rows
// follow in pieces. A role in use cannot be removed without one: whether it is, is
// looked for before it is removed, while nobody is given it. Built-in and inherited
// roles stay; removing the workspace's own version of one returns to what it was.
func (a *Rights) DeleteRole(ctx context.Context, c authority.Caller, at authority.Where, name, replacement string) (done authority.Done[api.Role], err error) {
	var left ledger.ID
	done.Revision, err = a.in.Mutate(ctx, c, func(w *authority.Work) error {
		e, was, err := beginRoleRemoval(w, at, name)
		if err != nil {
			return err
		}
		if err := w.Expect(e.Workspace, "role:"+name, was.Revision); err != nil {
			return err
		}
		done.Value = roleView(was, e.Workspace.ID)
		left, err = replaceRole(w, e, was, replacement)
		return err
	})
	if err != nil || left == 0 {
		return done, err
	}
	if replacement != "" {
		done.Revision = a.in.Begun(ctx, left, done.Revision)
		return done, nil
	}
	c.Expected = authority.Expected{} // it was as expected when it was taken
	done.Revision, err = decideRole(ctx, a.in, c, at, left)
	return done, err
}

func beginRoleRemoval(w *authority.Work, at authority.Where, name string) (authority.Entry, ledger.Role, error) {
	e, err := w.Authority.EnterRights(w.Snapshot, w.Caller, at.Workspace, at.Instance, "roles:write")
	if err != nil {
		return e, ledger.Role{}, err
	}
	was, ok := e.Space.Roles[name]
	if err := e.Space.Free(ledger.RemovedRole, name); err != nil || !ok {
		return e, was, input.First(err, authority.NotFound())
	}
	_, err = authority.WrittenRole(w.Snapshot, e.Workspace.ID, name)
	if was.Workspace != e.Workspace.ID || errors.Is(err, ledger.ErrNoRow) {
		err = api.Errorf(api.CodeBuiltIn, "this role is not written here, so it cannot be removed here")
	}
	return e, was, err
}

// deleteRole is the end of a role, told to memory and the audit.
func deleteRole(w *authority.Work, e authority.Entry, was ledger.Role, replacement string) error {
	w.TouchRights(e.Workspace)
	return input.First(w.DeleteRole(e.Workspace.ID, was.Name),
		w.Note(e.Actor, e.Workspace, authority.Event{Action: "role.deleted", Target: "role:" + was.Name, Before: roleView(was, e.Workspace.ID),
			After: map[string]string{"replacement": replacement}}))
}

// replaceRole settles what becomes of a removed role's users; what it leaves is
// undecided without a replacement.
func replaceRole(w *authority.Work, e authority.Entry, was ledger.Role, replacement string) (ledger.ID, error) {
	written, err := authority.WrittenRole(w.Snapshot, e.Workspace.ID, was.Name)
	if err := input.First(err, w.DeleteRole(e.Workspace.ID, was.Name)); err != nil {
		return 0, err
	}
	after, err := w.Authority.Space(w.Snapshot, e.Workspace)
	if err != nil {
		return 0, err
	}
	if _, still := after.Roles[was.Name]; still { // what it inherits shines through again
		return 0, input.First(gained(e, after, was.Name), deleteRole(w, e, was, replacement))
	}
	if err := standsIn(w, e, was.Name); err != nil {
		return 0, err
	}
	x := ledger.Removal{Workspace: e.Workspace.ID, Kind: ledger.RemovedRole, Name: was.Name, Replacement: replacement}
	if replacement == "" {
		x.Undecided = true
		left, err := w.Leave(e.Actor, x)
		return left, input.First(err, w.PutRole(written)) // until it is decided
	}
	if err := e.Space.Free(ledger.RemovedRole, replacement); err != nil {
		return 0, err
	}
	if _, ok := after.Roles[replacement]; !ok {
		return 0, api.FieldError("replacement", "there is no such role")
	}
	if err := input.First(e.Actor.Cover(after.Compile(onAll(replacement))), fasterInstead(e, was.Name, replacement)); err != nil {
		return 0, err
	}
	left, err := w.Leave(e.Actor, x)
	return left, input.First(err, deleteRole(w, e, was, replacement))
}

// fasterInstead refuses to let a role stand in for one that lets less through to a
// token that is itself slower.
func fasterInstead(e authority.Entry, was, now string) error {
	limit := roleLimit(e.Space, now)
	if authority.Looser(limit, roleLimit(e.Space, was)) && authority.Looser(limit, e.Actor.Limit) {
		return authority.Exceeds("rate_limit", "a replacement cannot have a looser limit than the token that names it")
	}
	return nil
}

// standsIn refuses to remove a role that takes the place of one whose rows are not
// rewritten yet: they would come to name it when nobody looks for them any more.
func standsIn(w *authority.Work, e authority.Entry, name string) error {
	all, err := w.Removals()
	for _, x := range all {
		if x.Kind == ledger.RemovedRole && x.Replacement == name && (x.Workspace == e.Workspace.ID || x.Workspace == 0 || e.Workspace.ID == 0) {
			return api.Errorf(api.CodeBeingDeleted, "the role %s takes the place of %s, which is being deleted (%d rewritten so far); until that is done it cannot be deleted itself",
				name, x.Name, x.Done)
		}
	}
	return err
}

// decideRole removes a role that nothing names, and refuses one that is in use.
func decideRole(ctx context.Context, a *authority.Authority, c authority.Caller, at authority.Where, left ledger.ID) (int64, error) {
	used, err := roleInUse(ctx, a, left)
	revision, undone := a.Withdraw(context.WithoutCancel(ctx), c, func(w *authority.Work) error {
		x, gone := authority.Removal(w.Snapshot, left)
		if gone != nil {
			return gone
		}
		if err := w.Conclude(x); err != nil || used {
			return err
		}
		e, was, err := beginRoleRemoval(w, at, x.Name)
		if err != nil {
			return err
		}
		x.Undecided = false // scopes may list it yet
		return input.First(deleteRole(w, e, was, ""), w.PutRemoval(x))
	})
	switch {
	case err != nil:
		return 0, err
	case undone == nil && used:
		return 0, api.Errorf(api.CodeRoleInUse, "the role is in use; name its replacement")
	case undone == nil:
		revision = a.Begun(ctx, left, revision)
	}
	return revision, undone
}

// roleInUse looks for a row that gives the role of a removal.
func roleInUse(ctx context.Context, a *authority.Authority, id ledger.ID) (used bool, err error) {
	p := &authority.Rewriting{Authority: a}
	if err := a.Read(ctx, func(r *authority.Snapshot) (err error) {
		if p.Removal, err = authority.Removal(r, id); err == nil {
			used, err = trustedWith(r, p.Removal)
		}
		return err
	}); err != nil || used {
		return true, err
	}
	p.Removal.Part = ledger.PartMembers
	for finished := false; !finished && err == nil; {
		err = a.Read(ctx, func(r *authority.Snapshot) (err error) {
			if finished, err = p.Search(r); err != nil || len(p.Found) == 0 {
				return err
			}
			used, err = gives(p, r)
			finished, p.Found, p.Removal.After = used, nil, p.Through
			return err
		})
	}
	return used || err != nil, err
}

// trustedWith says whether a rule of trust gives the role.
func trustedWith(r *authority.Snapshot, x ledger.Removal) (bool, error) {
	names := func(t ledger.TrustRule) bool {
		return slices.ContainsFunc(t.Grants, func(s grant.Statement) bool { return s.Role == x.Name })
	}
	if x.Workspace != 0 {
		rules, err := r.TrustRules(x.Workspace, 0, ledger.Range{})
		return slices.ContainsFunc(rules, names), err
	}
	for ws, err := range authority.Rows(r.Workspaces, func(ws ledger.Workspace) ledger.ID { return ws.ID }) {
		if err != nil {
			return false, err
		}
		if rules, err := r.TrustRules(ws.ID, 0, ledger.Range{}); err != nil || slices.ContainsFunc(rules, names) {
			return err == nil, err
		}
	}
	return false, nil
}

// gives says whether one of the rows that were found gives the role.
func gives(p *authority.Rewriting, r *authority.Snapshot) (bool, error) {
	for _, id := range p.Found {
		var sts []grant.Statement
		switch p.Removal.Part {
		case ledger.PartMembers:
			m, err := r.Member(0, ledger.MemberKey{ID: id})
			if sts = m.Grants; err != nil {
				return false, err
			}
		case ledger.PartAccounts:
			s, err := r.ServiceAccount(0, ledger.ServiceAccountKey{ID: id})
			if sts = s.Grants; err != nil {
				return false, err
			}
		case ledger.PartTokens:
			ts, err := r.Tokens(p.Removal.Place, ledger.TokenQuery{Before: id + 1, Limit: 1, Deleted: true})
			if err != nil || len(ts) == 0 {
				return false, err
			}
			sts = ts[0].Grants
		case ledger.PartCatalogue, ledger.PartEnd:
		}
		if slices.ContainsFunc(sts, func(s grant.Statement) bool { return s.Role == p.Removal.Name }) {
			return true, nil
		}
	}
	return false, nil
}

package authority

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/tokenry/tokenry/api"
	"github.com/tokenry/tokenry/internal/grant"
	"github.com/tokenry/tokenry/internal/input"
	"github.com/tokenry/tokenry/internal/ledger"
)

// entry is where a role or scope is written: in a workspace, or for the whole
// instance (ws.ID 0).
type entry struct {
	ac *actor
	sp *space
	ws ledger.Workspace
}

// enterRights is the gate before roles and scopes: of the workspace that ref
// names, or of the instance when instance is set.
func (a *Authority) enterRights(r *Snapshot, c Caller, ref string, instance bool, scope string) (entry, error) {
	if !instance {
		ac, sp, err := a.enter(r, c, ref, scope)
		if err != nil {
			return entry{}, err
		}
		return entry{ac, sp, sp.ws}, nil
	}
	ac, err := a.enterInstance(r, c)
	if err != nil {
		return entry{}, err
	}
	sp, err := a.space(r, ledger.Workspace{})
	ac.grant = ac.grant.and(ownerGrant())
	return entry{ac, sp, ledger.Workspace{}}, err
}

// Where says whose catalogue is meant: a workspace's, or the instance's.
type Where struct {
	Workspace string
	Instance  bool
}

func (w *work) touchRights(ws ledger.Workspace) {
	if ws.ID == 0 {
		w.touchAllWorkspaces()
		return
	}
	w.touchWorkspace(ws.ID)
}

// ListRoles lists the roles that hold somewhere, built-in ones first. It needs
// roles:read.
func (a *Authority) ListRoles(ctx context.Context, c Caller, at Where) (out []api.Role, err error) {
	err = a.read(ctx, func(r *Snapshot) error {
		e, err := a.enterRights(r, c, at.Workspace, at.Instance, "roles:read")
		if err != nil {
			return err
		}
		for _, name := range roleOrder(e.sp.roles) {
			out = append(out, roleView(e.sp.roles[name], e.ws.ID))
		}
		return nil
	})
	return out, err
}

// GetRole answers one role as it holds. It needs roles:read.
func (a *Authority) GetRole(ctx context.Context, c Caller, at Where, name string) (v api.Role, err error) {
	err = a.read(ctx, func(r *Snapshot) error {
		e, err := a.enterRights(r, c, at.Workspace, at.Instance, "roles:read")
		if err != nil {
			return err
		}
		role, ok := e.sp.roles[name]
		if !ok {
			return notFound()
		}
		v = roleView(role, e.ws.ID)
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

func isBuiltInRole(name string) bool {
	return slices.ContainsFunc(grant.BuiltInRoles(), func(d grant.RoleDef) bool { return d.Name == name })
}

func roleView(r ledger.Role, at ledger.ID) api.Role {
	return api.Role{Name: r.Name, DisplayName: r.DisplayName, Description: r.Description, Scopes: list0(r.Scopes),
		RateLimit: r.RateLimit, BuiltIn: isBuiltInRole(r.Name), Inherited: at != 0 && r.Workspace != at, Locked: r.Locked, Revision: r.Revision}
}

// PutRole creates or replaces a role. It needs roles:write; what the role gains
// must be within the caller's own rights. Built-in roles can be extended and
// renamed where they are shown; Owner is fixed. Created says which.
func (a *Authority) PutRole(ctx context.Context, c Caller, at Where, name string, in api.PutRole) (v api.Role, created bool, revision int64, err error) {
	revision, err = a.mutate(ctx, c, func(w *work) error {
		e, err := a.enterRights(w.Snapshot, c, at.Workspace, at.Instance, "roles:write")
		if err != nil {
			return err
		}
		was, exists := e.sp.roles[name]
		created = !exists
		if err := input.First(checkRole(e, name, was, in), w.expectEntry(e.ws, "role:"+name, was.Revision, exists)); err != nil {
			return err
		}
		row := ledger.Role{Workspace: e.ws.ID, Name: name, DisplayName: in.DisplayName, Description: in.Description,
			Scopes: in.Scopes, RateLimit: in.RateLimit, Locked: in.Locked, Revision: w.Revision()}
		if err := w.PutRole(row); err != nil {
			return err
		}
		after, err := w.a.space(w.Snapshot, e.ws)
		if err != nil {
			return err
		}
		if err := input.First(gained(e, after, name), looserRole(e, was, in), w.boundRoles(e, was, in)); err != nil {
			return err
		}
		v = roleView(after.roles[name], e.ws.ID)
		w.touchRights(e.ws)
		return w.audit(e.ac, e.ws, event{action: "role.written", target: "role:" + name, before: beforeRole(e, was, exists), after: v})
	})
	return v, created, revision, err
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
func (w *work) boundRoles(e entry, was ledger.Role, in api.PutRole) error {
	rows, err := w.Roles(e.ws.ID)
	listed := 0
	for _, r := range rows {
		listed += len(r.Scopes)
	}
	if err != nil || len(rows) <= maxRoles && listed <= maxListed {
		return err
	}
	return tooMuch("roles", maxRoles, maxListed, was.Name == "" || was.Workspace != e.ws.ID || len(in.Scopes) > len(was.Scopes))
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
func looserRole(e entry, was ledger.Role, in api.PutRole) error {
	if in.RateLimit == nil || was.RateLimit != nil && !looser(in.RateLimit, was.RateLimit) || !looser(in.RateLimit, e.sp.policy().RateLimit) {
		return nil
	}
	return e.ac.need("policy:write")
}

func beforeRole(e entry, was ledger.Role, exists bool) any {
	if !exists {
		return nil
	}
	return roleView(was, e.ws.ID)
}

func checkRole(e entry, name string, was ledger.Role, in api.PutRole) error {
	if name == "Owner" {
		return api.Errorf(api.CodeBuiltIn, "the role Owner is fixed")
	}
	if err := input.First(e.sp.free(ledger.RemovedRole, name), e.sp.free(ledger.RemovedScope, in.Scopes...)); err != nil {
		return err
	}
	if was.Locked && e.ws.ID != 0 {
		return api.Errorf(api.CodeLocked, "this role is locked by the instance")
	}
	if in.Locked && e.ws.ID != 0 {
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
		return api.FieldError("name", "must not begin or end with a blank, or hold a slash or comma")
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
			return api.FieldError(field, "entries are scopes like tickets:read, or patterns like tickets:* and product:read")
		}
		if slices.Contains(scopes[:i], s) {
			return api.FieldError(field, "an entry is there twice")
		}
	}
	return nil
}

// gained refuses what a change of roles or scopes adds to any role beyond the
// caller's own rights, or speeds up a role that is more than those; narrowing
// needs only the scope.
func gained(e entry, after *space, names ...string) error {
	grown := growth(e.sp, after, names)
	for i, name := range names {
		faster := fasterRole(e.sp, after, name)
		if faster || i < len(grown) && grown[i] {
			if err := e.ac.cover(after.compile(onAll(name))); err != nil {
				return err
			}
		}
		if faster && looser(after.roleLimit(name), e.ac.limit) {
			return exceeds("rate_limit", "a role cannot have a looser limit than the token that raises it")
		}
	}
	return nil
}

// growth says which of the roles come to more than before.
func growth(before, after *space, names []string) []bool {
	var c content
	c.say("growth", string(before.digest[:]), string(after.digest[:]))
	c.list(names)
	cost := 0
	for _, name := range names {
		cost += after.cost(onAll(name))
	}
	return reckon(after.reckon, c.digest(), cost, func(b []bool) int { return len(b) }, func() []bool {
		had, has := before.facts.Book.Compiler(), after.facts.Book.Compiler()
		out := make([]bool, len(names))
		for i, name := range names {
			out[i] = !had(onAll(name)).Covers(has(onAll(name)))
		}
		return out
	})
}

// fasterRole says whether a role that there was lets more through than before.
func fasterRole(before, after *space, name string) bool {
	_, was := before.roles[name]
	return was && looser(after.roleLimit(name), before.roleLimit(name))
}

// roleLimit is the limit of whoever has one role: the role's, else the policy's.
func (sp *space) roleLimit(name string) *api.RateLimit {
	if l, ok := sp.facts.RoleLimits[name]; ok {
		return &l
	}
	return sp.policy().RateLimit
}

// onAll is a role on the entire portfolio.
func onAll(role string) []grant.Statement {
	return []grant.Statement{{Role: role, Resources: []string{"*"}}}
}

// DeleteRole removes a role; its users get the replacement, at once, and their rows
// follow in pieces. A role in use cannot be removed without one: whether it is, is
// looked for before it is removed, while nobody is given it. Built-in and inherited
// roles stay; removing the workspace's own version of one returns to what it was.
func (a *Authority) DeleteRole(ctx context.Context, c Caller, at Where, name, replacement string) (v api.Role, revision int64, err error) {
	var left ledger.ID
	revision, err = a.mutate(ctx, c, func(w *work) error {
		e, was, err := w.beginRoleRemoval(at, name)
		if err != nil {
			return err
		}
		if err := w.expect(e.ws, "role:"+name, was.Revision); err != nil {
			return err
		}
		v = roleView(was, e.ws.ID)
		left, err = w.replaceRole(e, was, replacement)
		return err
	})
	if err != nil || left == 0 {
		return v, revision, err
	}
	if replacement != "" {
		return v, a.begun(ctx, left, revision), nil
	}
	c.Expected = Expected{} // it was as expected when it was taken
	revision, err = a.decideRole(ctx, c, at, left)
	return v, revision, err
}

func (w *work) beginRoleRemoval(at Where, name string) (entry, ledger.Role, error) {
	e, err := w.a.enterRights(w.Snapshot, w.caller, at.Workspace, at.Instance, "roles:write")
	if err != nil {
		return e, ledger.Role{}, err
	}
	was, ok := e.sp.roles[name]
	if err := e.sp.free(ledger.RemovedRole, name); err != nil || !ok {
		return e, was, input.First(err, notFound())
	}
	_, err = writtenRole(w.Snapshot, e.ws.ID, name)
	if was.Workspace != e.ws.ID || errors.Is(err, ledger.ErrNoRow) {
		err = api.Errorf(api.CodeBuiltIn, "this role is not written here, so it cannot be removed here")
	}
	return e, was, err
}

// deleteRole is the end of a role, told to memory and the audit.
func (w *work) deleteRole(e entry, was ledger.Role, replacement string) error {
	w.touchRights(e.ws)
	return input.First(w.DeleteRole(e.ws.ID, was.Name),
		w.audit(e.ac, e.ws, event{action: "role.deleted", target: "role:" + was.Name, before: roleView(was, e.ws.ID),
			after: map[string]string{"replacement": replacement}}))
}

// writtenRole is a role as it is written in a place.
func writtenRole(r *Snapshot, ws ledger.ID, name string) (ledger.Role, error) {
	rows, err := r.Roles(ws)
	i := slices.IndexFunc(rows, func(r ledger.Role) bool { return r.Name == name })
	if err != nil || i < 0 {
		return ledger.Role{}, input.First(err, ledger.ErrNoRow)
	}
	return rows[i], nil
}

func hasRole(r *Snapshot, ws ledger.ID, name string) bool {
	_, err := writtenRole(r, ws, name)
	return err == nil
}

// replaceRole settles what becomes of a removed role's users; what it leaves is
// undecided without a replacement.
func (w *work) replaceRole(e entry, was ledger.Role, replacement string) (ledger.ID, error) {
	written, err := writtenRole(w.Snapshot, e.ws.ID, was.Name)
	if err := input.First(err, w.DeleteRole(e.ws.ID, was.Name)); err != nil {
		return 0, err
	}
	after, err := w.a.space(w.Snapshot, e.ws)
	if err != nil {
		return 0, err
	}
	if _, still := after.roles[was.Name]; still { // what it inherits shines through again
		return 0, input.First(gained(e, after, was.Name), w.deleteRole(e, was, replacement))
	}
	if err := w.standsIn(e, was.Name); err != nil {
		return 0, err
	}
	x := ledger.Removal{Workspace: e.ws.ID, Kind: ledger.RemovedRole, Name: was.Name, Replacement: replacement}
	if replacement == "" {
		x.Undecided = true
		left, err := w.leave(e.ac, x)
		return left, input.First(err, w.PutRole(written)) // until it is decided
	}
	if _, ok := after.roles[replacement]; !ok {
		return 0, api.FieldError("replacement", "there is no such role")
	}
	err = input.First(e.sp.free(ledger.RemovedRole, replacement), e.ac.cover(after.compile(onAll(replacement))), fasterInstead(e, was.Name, replacement))
	if err != nil {
		return 0, err
	}
	left, err := w.leave(e.ac, x)
	return left, input.First(err, w.deleteRole(e, was, replacement))
}

// fasterInstead refuses to let a role stand in for one that lets less through to a
// token that is itself slower.
func fasterInstead(e entry, was, now string) error {
	limit := e.sp.roleLimit(now)
	if looser(limit, e.sp.roleLimit(was)) && looser(limit, e.ac.limit) {
		return exceeds("rate_limit", "a replacement cannot have a looser limit than the token that names it")
	}
	return nil
}

// standsIn refuses to remove a role that takes the place of one whose rows are not
// rewritten yet: they would come to name it when nobody looks for them any more.
func (w *work) standsIn(e entry, name string) error {
	all, err := w.Removals()
	for _, x := range all {
		if x.Kind == ledger.RemovedRole && x.Replacement == name && (x.Workspace == e.ws.ID || x.Workspace == 0 || e.ws.ID == 0) {
			return api.Errorf(api.CodeBeingDeleted, "the role %s takes the place of %s, which is being deleted (%d rewritten so far); until that is done it cannot be deleted itself",
				name, x.Name, x.Done)
		}
	}
	return err
}

// decideRole removes a role that nothing names, and refuses one that is in use.
func (a *Authority) decideRole(ctx context.Context, c Caller, at Where, left ledger.ID) (int64, error) {
	used, err := a.roleInUse(ctx, left)
	revision, undone := a.withdraw(context.WithoutCancel(ctx), c, func(w *work) error {
		x, gone := removal(w.Snapshot, left)
		if gone != nil {
			return gone
		}
		if err := w.conclude(x); err != nil || used {
			return err
		}
		e, was, err := w.beginRoleRemoval(at, x.Name)
		if err != nil {
			return err
		}
		x.Undecided = false // scopes may list it yet
		return input.First(w.deleteRole(e, was, ""), w.PutRemoval(x))
	})
	switch {
	case err != nil:
		return 0, err
	case undone == nil && used:
		return 0, api.Errorf(api.CodeRoleInUse, "the role is in use; name its replacement")
	case undone == nil:
		revision = a.begun(ctx, left, revision)
	}
	return revision, undone
}

// roleInUse looks for a row that gives the role of a removal.
func (a *Authority) roleInUse(ctx context.Context, id ledger.ID) (used bool, err error) {
	p := &rewriting{a: a}
	if err := a.read(ctx, func(r *Snapshot) (err error) { p.x, err = removal(r, id); return err }); err != nil {
		return true, err
	}
	p.x.Part = ledger.PartMembers
	for finished := false; !finished && err == nil; {
		err = a.read(ctx, func(r *Snapshot) (err error) {
			if finished, err = p.search(r); err != nil || len(p.found) == 0 {
				return err
			}
			used, err = p.gives(r)
			finished, p.found, p.x.After = used, nil, p.through
			return err
		})
	}
	return used || err != nil, err
}

// gives says whether one of the rows that were found gives the role.
func (p *rewriting) gives(r *Snapshot) (bool, error) {
	for _, id := range p.found {
		var sts []grant.Statement
		switch p.x.Part {
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
			ts, err := r.Tokens(p.x.Place, ledger.TokenQuery{Before: id + 1, Limit: 1, Deleted: true})
			if err != nil || len(ts) == 0 {
				return false, err
			}
			sts = ts[0].Grants
		case ledger.PartCatalogue, ledger.PartEnd:
		}
		if slices.ContainsFunc(sts, func(s grant.Statement) bool { return s.Role == p.x.Name }) {
			return true, nil
		}
	}
	return false, nil
}

func eachWorkspace(r *Snapshot, f func(ledger.Workspace) error) error {
	for after := ledger.ID(0); ; {
		rows, err := r.Workspaces(ledger.Range{After: after, Limit: maxPage})
		if err != nil {
			return err
		}
		for _, ws := range rows {
			after = ws.ID
			if err := f(ws); err != nil {
				return err
			}
		}
		if len(rows) < maxPage {
			return nil
		}
	}
}
